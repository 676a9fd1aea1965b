"""A CLMM swap: steps from tick to tick, and the limit orders on them, until the amount is used up."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from cambist.engine.reference.venues.clmm.layout import ClmmConfig, ClmmDynamicFee, ClmmOrders, ClmmPool
from cambist.engine.reference.venues.clmm.maths.fee import ClmmFeeRate
from cambist.engine.reference.venues.clmm.maths.orders import match
from cambist.engine.reference.venues.clmm.maths.step import PPM, Part, Terms, step
from cambist.engine.reference.venues.quote_error import QuoteError, Reason, to_u64
from cambist.engine.reference.venues.raydium_price import (
    MAX_SQRT_PRICE,
    MIN_SQRT_PRICE,
    sqrt_price_from_tick,
    tick_from_sqrt_price,
)

if TYPE_CHECKING:
    from cambist.engine.reference.venues.clmm.maths.ticks import ClmmStop, ClmmTicks

NO_LIMIT = 0
"""A √price limit that isn't one."""
_U128 = 1 << 128


class ClmmCrossing(NamedTuple):
    """An initialised tick that the price went over, with the global fee growths (0, 1) at that moment."""

    tick: int
    fee_growths: tuple[int, int]


class ClmmFill(msgspec.Struct, frozen=True):
    """What one swap moves. Amounts are atoms inside the vaults."""

    amount_in: int
    """Fee included, if it is on the input."""
    amount_out: int
    """Fee taken off, if it is on the output."""
    fee: int
    fee_on_input: bool
    protocol_fee: int
    """Part of `fee`."""
    fund_fee: int
    """Part of `fee`."""
    left: int
    """What was asked and not done, because the price limit came first."""
    sqrt_price: int
    """After the swap."""
    tick: int
    """After the swap."""
    liquidity: int
    """After the swap."""
    fee_growth: int
    """Of the token that pays the fee, after the swap."""
    dynamic_fee: ClmmDynamicFee | None
    """After the swap."""
    ticks_crossed: int
    orders_matched: int
    steps: int
    changed: dict[int, ClmmOrders]
    """The orders that the swap took of, after it, by tick."""
    crossings: list[ClmmCrossing]


class _Run:
    """One swap under way."""

    def __init__(self, pool: ClmmPool, config: ClmmConfig, rate: ClmmFeeRate, terms: Terms) -> None:
        self.config, self.rate, self.terms = config, rate, terms
        self.sqrt_price, self.tick, self.liquidity = pool.sqrt_price, pool.tick, pool.liquidity
        self.growths = list(pool.fee_growths)
        self.side = int(terms.fee_on_input != terms.zero_for_one)
        """The token that pays the fee."""
        self.amount_in = self.amount_out = self.fee = self.protocol_fee = self.fund_fee = 0
        self.matched = self.steps = 0
        self.crossings: list[ClmmCrossing] = []
        self.changed: dict[int, ClmmOrders] = {}

    def walk(self, ticks: ClmmTicks, left: int, limit: int) -> int:
        """Swaps up to `left` and √price `limit`; returns what is left."""
        down = self.terms.zero_for_one
        reach = ticks.reach(self.tick, zero_for_one=down)
        while left and self.sqrt_price != limit:
            stop = reach.next_stop(self.tick)
            stop_price = sqrt_price_from_tick(stop.tick)
            target = max(stop_price, limit) if down else min(stop_price, limit)
            while True:
                self.rate.update()
                bounded, skipped = self.rate.bounded_target(target, self.liquidity)
                before = self.sqrt_price
                self.sqrt_price, part = step(left, self.rate.rate, self.liquidity, before, bounded, self.terms)
                self.steps += 1
                left = self._add(part, left)
                reached = self.tick
                if self.sqrt_price == stop_price:
                    left, reached = self._arrive(stop, left), stop.tick
                elif self.sqrt_price != before:
                    self.tick = reached = tick_from_sqrt_price(self.sqrt_price)
                self.rate.advance(reached, skipped=skipped)
                if not left or self.sqrt_price == target:
                    break
        return left

    def _arrive(self, stop: ClmmStop, left: int) -> int:
        """Takes of the tick's orders, crosses it if none is left; returns what is left of the amount."""
        orders = stop.entry.orders
        if orders.total() and left:
            orders, part = match(orders, left, self.rate.rate, self.sqrt_price, self.terms)
            self.changed[stop.tick] = orders
            self.matched += 1
            left = self._add(part, left)
        passed = not orders.total()
        if passed and stop.entry.gross:
            self._cross(stop.tick, stop.entry.net)
        self.tick = stop.tick - (passed == self.terms.zero_for_one)
        return left

    def _add(self, part: Part, left: int) -> int:
        left = to_u64(left - (part.amount_in if self.terms.exact_in else part.amount_out))
        self.amount_in = to_u64(self.amount_in + part.amount_in)
        self.amount_out = to_u64(self.amount_out + part.amount_out)
        self.fee = to_u64(self.fee + part.fee)
        protocol = part.fee * self.config.protocol_fee_rate // PPM
        fund = part.fee * self.config.fund_fee_rate // PPM
        makers = part.fee - protocol - fund
        if self.liquidity == 0:
            protocol += makers
        else:
            self.growths[self.side] = (self.growths[self.side] + (makers << 64) // self.liquidity) % _U128
        self.protocol_fee += protocol
        self.fund_fee += fund
        return left

    def _cross(self, tick: int, net: int) -> None:
        liquidity = self.liquidity - net if self.terms.zero_for_one else self.liquidity + net
        if not 0 <= liquidity < _U128:
            raise QuoteError(Reason.OVERFLOW)
        self.liquidity = liquidity
        self.crossings.append(ClmmCrossing(tick, (self.growths[0], self.growths[1])))


def swap(
    pool: ClmmPool,
    config: ClmmConfig,
    ticks: ClmmTicks,
    amount: int,
    *,
    exact_in: bool,
    zero_for_one: bool,
    limit: int = NO_LIMIT,
    now: int,
) -> ClmmFill:
    """Returns the swap as the program of 2026 does it; with a limit it may be partial.

    That of 2024 panics where the amount to a step's target leaves u64, and takes any rest for a partial swap. Raises
    `QuoteError`: not_tradable, zero_amount, price_limit, missing_account, liquidity, zero_output, overflow.
    """
    if not pool.is_open(now):
        raise QuoteError(Reason.NOT_TRADABLE)
    if amount == 0:
        raise QuoteError(Reason.ZERO_AMOUNT)
    if config.trade_fee_rate >= PPM or config.protocol_fee_rate + config.fund_fee_rate > PPM:
        raise QuoteError(Reason.OVERFLOW)
    bound = _check_limit(pool.sqrt_price, limit, zero_for_one=zero_for_one)
    terms = Terms(exact_in, zero_for_one, pool.fee_on_input(zero_for_one=zero_for_one))
    rate = ClmmFeeRate(config.trade_fee_rate, pool, now, zero_for_one=zero_for_one)
    run = _Run(pool, config, rate, terms)
    left = run.walk(ticks, amount, bound)
    if left and limit == NO_LIMIT:
        raise QuoteError(Reason.LIQUIDITY)
    if run.amount_in == 0 or run.amount_out == 0:
        raise QuoteError(Reason.ZERO_OUTPUT)
    return ClmmFill(
        amount_in=run.amount_in,
        amount_out=run.amount_out,
        fee=run.fee,
        fee_on_input=terms.fee_on_input,
        protocol_fee=run.protocol_fee,
        fund_fee=run.fund_fee,
        left=left,
        sqrt_price=run.sqrt_price,
        tick=run.tick,
        liquidity=run.liquidity,
        fee_growth=run.growths[run.side],
        dynamic_fee=rate.dynamic,
        ticks_crossed=len(run.crossings),
        orders_matched=run.matched,
        steps=run.steps,
        changed=run.changed,
        crossings=run.crossings,
    )


def _check_limit(sqrt_price: int, limit: int, *, zero_for_one: bool) -> int:
    if limit == NO_LIMIT:
        limit = MIN_SQRT_PRICE + 1 if zero_for_one else MAX_SQRT_PRICE - 1
    ahead = MIN_SQRT_PRICE < limit < sqrt_price if zero_for_one else sqrt_price < limit < MAX_SQRT_PRICE
    if not ahead:
        raise QuoteError(Reason.PRICE_LIMIT)
    return limit
