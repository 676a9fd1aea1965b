"""What every pool is: state at one slot that can be quoted, and what the kinds share."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar, cast

from cambist.engine.reference.chain.token import TransferFee, TransferFeeConfig
from cambist.engine.reference.search.log2 import log2_ratio
from cambist.engine.reference.venues.quote_error import QuoteError, Reason, to_u64

PPM = 1_000_000
BASIS_POINTS = 10_000
_NO_FEE = TransferFee(0, 0, 0)


class ChainTime(NamedTuple):
    """The chain's clock at the time of a quote."""

    slot: int
    unix_timestamp: int
    epoch: int


class Quote(NamedTuple):
    """What one swap takes from and gives to the trader."""

    amount_in: int
    """What the trader sends, all fees included."""
    amount_out: int
    """What the trader receives, after all fees."""
    fee: int
    """Venue fee in atoms of the token in."""
    fee_out: int
    """Venue fee in atoms of the token out (a CPMM creator's)."""
    transfer_fee_in: int
    transfer_fee_out: int
    ticks_crossed: int


TransferFees = tuple[TransferFeeConfig | None, TransferFeeConfig | None]


class Pool(ABC):
    """The state of one pool at one slot. Token A is coin, token 0, mint A; `a_to_b` sells it."""

    is_product: ClassVar[bool] = False
    """Whether `virtual_reserves` hold for every size, up to rounding."""
    transfer_fees: TransferFees = (None, None)
    """Of tokens A and B."""

    @abstractmethod
    def mints(self) -> tuple[bytes, bytes]:
        """Returns the mints of tokens A and B."""

    @abstractmethod
    def swap(self, a_to_b: bool, amount_in: int, time: ChainTime) -> tuple[Quote, Pool]:
        """Returns the exact-in quote and the pool after it. Raises `QuoteError`."""

    @abstractmethod
    def swap_exact_out(self, a_to_b: bool, amount_out: int, time: ChainTime) -> tuple[Quote, Pool]:
        """Returns the exact-out quote and the pool after it. Raises `QuoteError`."""

    @abstractmethod
    def rate(self, a_to_b: bool, time: ChainTime) -> tuple[int, int] | None:
        """Returns the marginal rate, atoms out per atom in after all fees, as (num, den); `None` if not tradable."""

    @abstractmethod
    def virtual_reserves(self, a_to_b: bool, time: ChainTime) -> tuple[float, float, float] | None:
        """Returns (reserve in, reserve out, share of the input kept) of the constant product that holds here.

        Exact up to rounding for constant product, within the current tick range for a Whirlpool, as far as the price
        bends now for the others. For display and as a start of a search.
        """

    def levels(self, a_to_b: bool, most: int, time: ChainTime) -> list[tuple[float, float]] | None:
        """Returns (atoms in, atoms out) at each of its prices, the present one first.

        That is until `most` are in or it has no more to give; `None` where each atom moves the price.
        """
        del a_to_b, most, time
        return None

    def quote(self, a_to_b: bool, amount_in: int, time: ChainTime) -> Quote:
        """Returns what `amount_in` atoms buy. Raises `QuoteError`, liquidity too if only a part could be swapped."""
        return self.swap(a_to_b, amount_in, time)[0]

    def quote_exact_out(self, a_to_b: bool, amount_out: int, time: ChainTime) -> Quote:
        """Returns what buys `amount_out` atoms. Raises `QuoteError`."""
        return self.swap_exact_out(a_to_b, amount_out, time)[0]

    def with_transfer_fees(self, fees: TransferFees) -> Pool:
        """Returns the pool with other transfer fees of its tokens. Raises `TypeError` where they can have none."""
        made: Pool = dataclasses.replace(cast("Any", self), transfer_fees=fees)
        return made

    def weight(self, a_to_b: bool, time: ChainTime) -> int | None:
        """Returns −log2 of the marginal rate in 2⁻⁴⁰ units; `None` if not tradable."""
        rate = self.rate(a_to_b, time)
        if rate is None:
            return None
        log = log2_ratio(*rate)
        return None if log is None else -log


def transfer_fees_at(fees: TransferFees, a_to_b: bool, time: ChainTime) -> tuple[TransferFee, TransferFee]:
    """Returns the fees of the token in and the token out that hold at `time`."""
    first, second = (_NO_FEE if fee is None else fee.at(time.epoch) for fee in fees)
    return (first, second) if a_to_b else (second, first)


class VaultFill(NamedTuple):
    """What a swap moves between the vaults, before the mints' transfer fees."""

    amount_in: int
    amount_out: int
    fees: tuple[int, int]
    """Venue fees in atoms of the token in and of the token out."""
    ticks_crossed: int = 0

    def quote(self, fees: TransferFees, a_to_b: bool, time: ChainTime, sent: int | None) -> Quote:
        """Returns the trader's side. Raises `QuoteError` overflow.

        `sent` is what the trader asked to send, if all of it was used: the transfer fee's inverse isn't exact.
        """
        fee_in, fee_out = transfer_fees_at(fees, a_to_b, time)
        if sent is None:
            sent = to_u64(fee_in.gross(self.amount_in))
        withheld_out = fee_out.fee(self.amount_out)
        return Quote(
            amount_in=sent,
            amount_out=self.amount_out - withheld_out,
            fee=self.fees[0],
            fee_out=self.fees[1],
            transfer_fee_in=sent - self.amount_in,
            transfer_fee_out=withheld_out,
            ticks_crossed=self.ticks_crossed,
        )


F = TypeVar("F")
"""A swap as the room's maths gives it."""


class VaultPool(Pool, Generic[F]):
    """A pool whose swaps are told inside the vaults, so that transfer fees come on top."""

    transfer_fees: TransferFees
    pays_nothing: ClassVar[bool] = True
    """Whether a swap goes through whose output the transfer fee takes whole."""

    @abstractmethod
    def vault_swap(self, a_to_b: bool, amount: int, time: ChainTime, *, exact_in: bool) -> F:
        """Returns the whole swap as the program does it; amounts are inside the vaults. Raises `QuoteError`."""

    @abstractmethod
    def vault_fill(self, a_to_b: bool, fill: F) -> VaultFill:
        """Returns what a swap moves between the vaults."""

    @abstractmethod
    def swapped(self, a_to_b: bool, fill: F) -> Pool:
        """Returns the pool after a swap. Raises `QuoteError` overflow."""

    def swap(self, a_to_b: bool, amount_in: int, time: ChainTime) -> tuple[Quote, Pool]:
        """Returns the exact-in quote and the pool after it. Raises `QuoteError`."""
        fee_in, _ = transfer_fees_at(self.transfer_fees, a_to_b, time)
        fill = self.vault_swap(a_to_b, amount_in - fee_in.fee(amount_in), time, exact_in=True)
        return self.quote_of(a_to_b, fill, time, sent=amount_in), self.swapped(a_to_b, fill)

    def swap_exact_out(self, a_to_b: bool, amount_out: int, time: ChainTime) -> tuple[Quote, Pool]:
        """Returns the exact-out quote and the pool after it; one may pay more than asked. Raises `QuoteError`."""
        _, fee_out = transfer_fees_at(self.transfer_fees, a_to_b, time)
        fill = self.vault_swap(a_to_b, to_u64(fee_out.gross(amount_out)), time, exact_in=False)
        return self.quote_of(a_to_b, fill, time), self.swapped(a_to_b, fill)

    def quote_of(self, a_to_b: bool, fill: F, time: ChainTime, sent: int | None = None) -> Quote:
        """Returns the trader's side of a swap. Raises `QuoteError` overflow or zero output.

        `sent` is what the trader asked to send, if all of it was used: the transfer fee's inverse isn't exact.
        """
        quote = self.vault_fill(a_to_b, fill).quote(self.transfer_fees, a_to_b, time, sent)
        if quote.amount_out == 0 and not self.pays_nothing:
            raise QuoteError(Reason.ZERO_OUTPUT)
        return quote


def share_left(fee: TransferFee) -> int:
    """Returns what `fee` leaves of 10 000 atoms at the margin."""
    return max(BASIS_POINTS - fee.bps, 0)


def after_transfers(
    reserves: tuple[float, float], kept: float, fees: tuple[TransferFee, TransferFee]
) -> tuple[float, float, float] | None:
    """Returns (reserve in, reserve out, share kept) once the transfer fees in and out took theirs."""
    share_in, share_out = (share_left(fee) for fee in fees)
    if not share_in or not share_out:
        return None
    whole = float(BASIS_POINTS)
    return reserves[0], reserves[1] * (float(share_out) / whole), kept * (float(share_in) / whole)


def root_rate(sqrt_price: int, a_to_b: bool, net: int, whole: int) -> tuple[int, int] | None:
    """Returns the rate at a Q64.64 √price when `net` of `whole` is kept, of 54 bits of the √price.

    `None` from 2^118 on, which no program allows.
    """
    excess = max(sqrt_price.bit_length() - 54, 0)
    square, scale = (sqrt_price >> excess) ** 2, 128 - 2 * excess
    if scale < 0:
        return None
    return fit(square * net, whole << scale) if a_to_b else fit(net << scale, square * whole)


def root_reserves(liquidity: float, sqrt_price: int, a_to_b: bool) -> tuple[float, float]:
    """Returns (reserve in, reserve out) of the constant product at a liquidity and a Q64.64 √price."""
    root = float(sqrt_price) / 2.0**64
    reserve_a, reserve_b = liquidity / root, liquidity * root
    return (reserve_a, reserve_b) if a_to_b else (reserve_b, reserve_a)


def moved(pair: tuple[int, int], a_to_b: bool, put: int, taken: int) -> tuple[int, int]:
    """Returns `pair` with `put` added on the side of the token in and `taken` off the other, both still u64."""
    a, b = (pair[0] + put, pair[1] - taken) if a_to_b else (pair[0] - taken, pair[1] + put)
    return to_u64(a), to_u64(b)


def fit(num: int, den: int) -> tuple[int, int] | None:
    """Returns num/den with both below 2^128, cut at the low end; `None` if one would vanish."""
    excess = max(num.bit_length(), den.bit_length()) - 128
    if excess > 0:
        num, den = num >> excess, den >> excess
    return (num, den) if num and den else None
