"""A Whirlpool swap: steps from tick to tick until the amount is used up."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from cambist.engine.reference.venues.adaptive_fee import FEE_RATE_DENOMINATOR, FeeRate
from cambist.engine.reference.venues.orca.layout import AdaptiveFeeVariables, Oracle, Whirlpool
from cambist.engine.reference.venues.quote_error import QuoteError, Reason, to_u64
from cambist.engine.reference.venues.sqrt_price import (
    MAX_SQRT_PRICE,
    MIN_SQRT_PRICE,
    delta_a,
    delta_b,
    next_sqrt_price,
    tick_from_sqrt_price,
)

if TYPE_CHECKING:
    from cambist.engine.reference.venues.tick_array_manager import Ticks

_U128 = 1 << 128
_BASIS_POINTS = 10_000
NO_LIMIT = 0
"""A √price limit that isn't one."""


class Curve(msgspec.Struct, frozen=True):
    """The part of a Whirlpool that a swap reads and changes."""

    sqrt_price: int
    tick: int
    liquidity: int
    fee_rate: int
    protocol_fee_rate: int
    fee_growth_a: int
    fee_growth_b: int

    @staticmethod
    def of(pool: Whirlpool) -> Curve:
        """Returns the curve of a decoded pool."""
        return Curve(
            pool.sqrt_price,
            pool.tick,
            pool.liquidity,
            pool.fee_rate,
            pool.protocol_fee_rate,
            pool.fee_growth_a,
            pool.fee_growth_b,
        )


class Crossing(NamedTuple):
    """An initialised tick that the price went over, with the global fee growths at that moment."""

    tick: int
    fee_growth_a: int
    fee_growth_b: int


class WhirlpoolFill(msgspec.Struct, frozen=True):
    """What one swap moves. Amounts are atoms inside the vaults."""

    amount_in: int
    """Fee included."""
    amount_out: int
    fee: int
    protocol_fee: int
    """Part of `fee`."""
    left: int
    """What was asked and not done, because the price limit or the end of the price range came first."""
    curve: Curve
    """After the swap."""
    variables: AdaptiveFeeVariables | None
    """After the swap, of a pool with adaptive fees."""
    crossings: tuple[Crossing, ...]
    steps: int


class Step(NamedTuple):
    """One step inside a range of constant liquidity."""

    amount_in: int
    amount_out: int
    sqrt_price: int
    fee: int


def step(amount: int, rate: int, liquidity: int, start: int, target: int, *, exact_in: bool, a_to_b: bool) -> Step:
    """Returns the step from √price `start` towards `target` that uses at most `amount`. Raises `QuoteError`."""
    fixed_is_a = exact_in == a_to_b
    fixed_delta, other_delta = (delta_a, delta_b) if fixed_is_a else (delta_b, delta_a)
    usable = amount * (FEE_RATE_DENOMINATOR - rate) // FEE_RATE_DENOMINATOR if exact_in else amount
    whole = fixed_delta(start, target, liquidity, up=exact_in)
    if whole is not None and whole <= usable:
        end = target
    else:
        end = next_sqrt_price(start, liquidity, usable, exact_in=exact_in, a_to_b=a_to_b)
    reached = end == target
    other = other_delta(start, end, liquidity, up=not exact_in)
    fixed = whole if reached and whole is not None else fixed_delta(start, end, liquidity, up=exact_in)
    if fixed is None or other is None:
        raise QuoteError(Reason.OVERFLOW)
    amount_in, amount_out = (fixed, other) if exact_in else (other, min(fixed, amount))
    if exact_in and not reached:
        fee = amount - amount_in
    else:
        fee = to_u64(-(-amount_in * rate // (FEE_RATE_DENOMINATOR - rate)))
    if fee < 0:
        raise QuoteError(Reason.OVERFLOW)
    return Step(amount_in, amount_out, end, fee)


class _Run:
    """One swap under way. While it is `between` ticks, its tick is the last one it was at."""

    def __init__(self, curve: Curve, ticks: Ticks, rate: FeeRate, *, exact_in: bool, a_to_b: bool) -> None:
        self.sqrt_price, self.tick, self.liquidity = curve.sqrt_price, curve.tick, curve.liquidity
        self.between = False
        self.growths = [curve.fee_growth_a, curve.fee_growth_b]
        self.ticks, self.rate, self.exact_in, self.a_to_b = ticks, rate, exact_in, a_to_b
        self.protocol_rate = curve.protocol_fee_rate
        self.amount_in = self.amount_out = self.fee = self.protocol_fee = self.steps = 0
        self.crossings: list[Crossing] = []

    def walk(self, amount: int, limit: int) -> int:
        """Swaps up to `amount` and √price `limit`; returns what is left of the amount."""
        reach = self.ticks.reach(self.tick, a_to_b=self.a_to_b)
        while amount > 0 and self.sqrt_price != limit:
            stop = reach.next_stop(self.tick)
            target = max(stop.sqrt_price, limit) if self.a_to_b else min(stop.sqrt_price, limit)
            while True:
                self.rate.update()
                bounded, skipped = self.rate.bounded_target(target, self.liquidity)
                before = self.sqrt_price
                amount = self._step(amount, bounded)
                arrived = self.sqrt_price == stop.sqrt_price
                self.between = not arrived and (self.between or self.sqrt_price != before)
                if arrived:
                    if stop.is_wall:
                        raise QuoteError(Reason.LIQUIDITY)
                    if stop.net is not None:
                        self._cross(stop.tick, stop.net)
                    self.tick = stop.tick - 1 if self.a_to_b else stop.tick
                self.rate.advance(self.sqrt_price, stop.tick if arrived else None, skipped=skipped)
                if amount == 0 or self.sqrt_price == target:
                    break
        return amount

    def _step(self, amount: int, target: int) -> int:
        done = step(
            amount,
            self.rate.rate,
            self.liquidity,
            self.sqrt_price,
            target,
            exact_in=self.exact_in,
            a_to_b=self.a_to_b,
        )
        left = amount - (done.amount_in + done.fee if self.exact_in else done.amount_out)
        if left < 0:
            raise QuoteError(Reason.OVERFLOW)
        self.amount_in = to_u64(self.amount_in + done.amount_in + done.fee)
        self.amount_out = to_u64(self.amount_out + done.amount_out)
        protocol = done.fee * self.protocol_rate // _BASIS_POINTS
        self.fee += done.fee
        self.protocol_fee += protocol
        if self.liquidity:
            side = not self.a_to_b
            self.growths[side] = (self.growths[side] + ((done.fee - protocol) << 64) // self.liquidity) % _U128
        self.sqrt_price = done.sqrt_price
        self.steps += 1
        return left

    def _cross(self, tick: int, net: int) -> None:
        self.liquidity += -net if self.a_to_b else net
        if not 0 <= self.liquidity < _U128:
            raise QuoteError(Reason.OVERFLOW)
        self.crossings.append(Crossing(tick, self.growths[0], self.growths[1]))


def swap(
    curve: Curve,
    ticks: Ticks,
    oracle: Oracle | None,
    amount: int,
    *,
    exact_in: bool,
    a_to_b: bool,
    limit: int = NO_LIMIT,
    now: int = 0,
) -> WhirlpoolFill:
    """Returns the swap of `amount` (in, or out if not `exact_in`), as the program does it at `now` (unix s).

    `limit` is a √price that is not passed. With it, or when the input exhausts all prices, the swap may be partial.
    Raises `QuoteError`.
    """
    if oracle is not None and oracle.trade_enable_timestamp > now:
        raise QuoteError(Reason.NOT_TRADABLE)
    bound = limit if limit != NO_LIMIT else MIN_SQRT_PRICE if a_to_b else MAX_SQRT_PRICE
    outside = not MIN_SQRT_PRICE <= bound <= MAX_SQRT_PRICE
    if outside or (bound >= curve.sqrt_price if a_to_b else bound <= curve.sqrt_price):
        raise QuoteError(Reason.PRICE_LIMIT)
    if amount == 0:
        raise QuoteError(Reason.ZERO_AMOUNT)
    if curve.protocol_fee_rate > _BASIS_POINTS:
        raise QuoteError(Reason.OVERFLOW)
    adaptive = None if oracle is None else (oracle.constants, oracle.variables)
    rate = FeeRate(curve.fee_rate, adaptive, curve.tick, now, a_to_b=a_to_b)
    run = _Run(curve, ticks, rate, exact_in=exact_in, a_to_b=a_to_b)
    left = run.walk(amount, bound)
    if left and not exact_in and limit == NO_LIMIT:
        raise QuoteError(Reason.LIQUIDITY)
    after = Curve(
        run.sqrt_price,
        tick_from_sqrt_price(run.sqrt_price) if run.between else run.tick,
        run.liquidity,
        curve.fee_rate,
        curve.protocol_fee_rate,
        run.growths[0],
        run.growths[1],
    )
    return WhirlpoolFill(
        amount_in=run.amount_in,
        amount_out=run.amount_out,
        fee=run.fee,
        protocol_fee=run.protocol_fee,
        left=left,
        curve=after,
        variables=rate.finish(curve.sqrt_price, run.sqrt_price, now),
        crossings=tuple(run.crossings),
        steps=run.steps,
    )
