"""A DLMM swap: bin after bin until the amount is used up."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from msgspec.structs import replace

from cambist.engine.reference.venues.dlmm.layout import BINS_PER_ARRAY, MAX_BIN_ID, VariableParameters
from cambist.engine.reference.venues.dlmm.maths.bins import array_index
from cambist.engine.reference.venues.dlmm.maths.fee import fee_on_net, fee_rate, update_accumulator, update_references
from cambist.engine.reference.venues.dlmm.maths.fill import BinFill, Terms, fill_bin, layers
from cambist.engine.reference.venues.dlmm.maths.price import amount_in
from cambist.engine.reference.venues.quote_error import U64_MAX, QuoteError, Reason, to_u64

if TYPE_CHECKING:
    from cambist.engine.reference.venues.dlmm.layout import Bin, LbPair
    from cambist.engine.reference.venues.dlmm.maths.bins import Bins


class BinStep(NamedTuple):
    """What one bin did."""

    bin_id: int
    fill: BinFill


class DlmmFill(msgspec.Struct, frozen=True):
    """What one swap moves. Amounts are atoms inside the vaults."""

    amount_in: int
    """Fee included, if it is on the input."""
    amount_out: int
    """Fee taken off, if it is on the output."""
    fee: int
    """If it is on the output, with what rounding gave beyond an exact output."""
    fee_on_input: bool
    protocol_fee: int
    """Part of `fee`."""
    limit_order_fee: int
    """Part of `fee`."""
    active_id: int
    """After the swap."""
    volatility: VariableParameters
    """After the swap."""
    steps: tuple[BinStep, ...]
    """The bins that filled a part, in order."""

    def changed(self) -> list[tuple[int, Bin]]:
        """Returns the bins after the swap, with their ids."""
        return [(step.bin_id, step.fill.bin) for step in self.steps]


class BinTotals(NamedTuple):
    """The sums over all bins, in the order of `BinFill`."""

    amount_in: int
    amount_out: int
    fee: int
    protocol_fee: int
    limit_order_fee: int


class _Run:
    """One swap under way."""

    def __init__(self, pair: LbPair, bins: Bins, now: int, *, exact_in: bool, x_to_y: bool) -> None:
        self.pair, self.bins, self.exact_in, self.x_to_y = pair, bins, exact_in, x_to_y
        self.active_id = pair.active_id
        self.volatility = update_references(pair.parameters, pair.volatility, pair.active_id, now)
        self.terms = Terms(
            x_to_y=x_to_y,
            fee_on_input=pair.fee_on_input(x_to_y=x_to_y),
            takes_limit_orders=pair.takes_limit_orders(),
            rate=0,
            protocol_share=pair.parameters.protocol_share,
        )
        self.steps: list[BinStep] = []
        self.totals = BinTotals(0, 0, 0, 0, 0)

    def walk(self, left: int) -> None:
        """Swaps all of `left`, or raises `QuoteError`."""
        while left:
            left = self.visit(self.seek(), left)
            if left:
                self.advance()

    def seek(self) -> Bin:
        """Goes to the first bin from the active one on that has something to give, and charges for the way."""
        while True:
            index = self.bins.next_array(array_index(self.active_id), x_to_y=self.x_to_y)
            if index is None:
                raise QuoteError(Reason.LIQUIDITY)
            array = self.bins.arrays.get(index)
            if array is None:
                raise QuoteError(Reason.MISSING_ACCOUNT)
            first = index * BINS_PER_ARRAY
            if self.x_to_y:
                self.active_id = min(self.active_id, first + BINS_PER_ARRAY - 1)
            else:
                self.active_id = max(self.active_id, first)
            while 0 <= self.active_id - first < BINS_PER_ARRAY:
                self.volatility = update_accumulator(self.pair.parameters, self.volatility, self.active_id)
                bin_ = array.bins[self.active_id - first]
                if any(layers(bin_, self.terms)) and (bin_.price != 0 or self.x_to_y):
                    return bin_
                self.advance()

    def advance(self) -> None:
        """Goes on to the next bin, or raises `QuoteError`."""
        self.active_id += -1 if self.x_to_y else 1
        if not -MAX_BIN_ID <= self.active_id <= MAX_BIN_ID:
            raise QuoteError(Reason.LIQUIDITY)

    def visit(self, bin_: Bin, left: int) -> int:
        """Fills what a bin takes of `left`, and returns the rest. Raises `QuoteError`."""
        total = sum(layers(bin_, self.terms))
        self.terms = self.terms._replace(rate=fee_rate(self.pair, self.volatility.volatility_accumulator))
        if self.exact_in:
            done = fill_bin(bin_, left, self.terms)
            used = done.amount_in
        else:
            done = self._exact_out(bin_, total, left)
            used = done.amount_out
        self.totals = BinTotals(*(to_u64(total + part) for total, part in zip(self.totals, done[:5], strict=True)))
        self.steps.append(BinStep(self.active_id, done))
        return left - used

    def _exact_out(self, bin_: Bin, total: int, left: int) -> BinFill:
        """Returns the bin's part of an exact output: all it has, or an exact-in swap of what should buy the rest."""
        rate = self.terms.rate
        gross = left if self.terms.fee_on_input else to_u64(left + fee_on_net(left, rate))
        if gross >= total:
            return fill_bin(bin_, U64_MAX, self.terms)
        needed = amount_in(gross, bin_.price, x_to_y=self.x_to_y)
        if self.terms.fee_on_input:
            needed = to_u64(needed + fee_on_net(needed, rate))
        done = fill_bin(bin_, needed, self.terms)
        if done.amount_out < left:
            raise QuoteError(Reason.SHORTFALL)
        surplus = 0 if self.terms.fee_on_input else done.amount_out - left
        return done._replace(amount_out=left, fee=done.fee + surplus, protocol_fee=done.protocol_fee + surplus)


def swap(
    pair: LbPair,
    bins: Bins,
    amount: int,
    *,
    exact_in: bool,
    x_to_y: bool,
    now: int = 0,
    slot: int = 0,
) -> DlmmFill:
    """Returns the swap of `amount` (in, or out if not `exact_in`), as the program does it at `now` (unix s) and `slot`.

    A stored price of 0 is taken as it is, as the program does: such a bin fails on the way down and is passed over on
    the way up. Whether the reserves hold the output is the caller's check. Raises `QuoteError`.
    """
    _check_open(pair, slot, now)
    if amount == 0:
        raise QuoteError(Reason.ZERO_AMOUNT)
    run = _Run(pair, bins, now, exact_in=exact_in, x_to_y=x_to_y)
    run.walk(amount)
    if run.totals.amount_out == 0:
        raise QuoteError(Reason.ZERO_OUTPUT)
    volatility = run.volatility
    if run.active_id != pair.active_id:
        volatility = replace(volatility, last_update_timestamp=now)
    return DlmmFill(
        amount_in=run.totals.amount_in,
        amount_out=run.totals.amount_out,
        fee=run.totals.fee,
        fee_on_input=run.terms.fee_on_input,
        protocol_fee=run.totals.protocol_fee,
        limit_order_fee=run.totals.limit_order_fee,
        active_id=run.active_id,
        volatility=volatility,
        steps=tuple(run.steps),
    )


def levels(pair: LbPair, bins: Bins, amount: int, *, x_to_y: bool, now: int, slot: int) -> list[tuple[int, int]]:
    """Returns (amount in, amount out) of each bin that `amount` in would fill, as far as the bins go."""
    found: list[tuple[int, int]] = []
    with suppress(QuoteError):
        _check_open(pair, slot, now)
        run, left = _Run(pair, bins, now, exact_in=True, x_to_y=x_to_y), amount
        while left:
            before = run.totals
            left = run.visit(run.seek(), left)
            found.append((run.totals.amount_in - before.amount_in, run.totals.amount_out - before.amount_out))
            if left:
                run.advance()
    return found


class NextBin(NamedTuple):
    """Where a swap would start."""

    bin: Bin
    held: int
    """What it holds of the output token, at most a u64."""
    fee_rate: int
    """10⁻⁹"""


def next_bin(pair: LbPair, bins: Bins, *, x_to_y: bool, now: int, slot: int) -> NextBin:
    """Returns the bin that a swap would fill first. Raises `QuoteError`, as `swap`."""
    _check_open(pair, slot, now)
    run = _Run(pair, bins, now, exact_in=True, x_to_y=x_to_y)
    found = run.seek()
    held = min(sum(layers(found, run.terms)), U64_MAX)
    return NextBin(found, held, fee_rate(pair, run.volatility.volatility_accumulator))


def _check_open(pair: LbPair, slot: int, now: int) -> None:
    point = slot if pair.activation_type == 0 else now
    if pair.status != 0 or point < pair.activation_point:
        raise QuoteError(Reason.NOT_TRADABLE)
