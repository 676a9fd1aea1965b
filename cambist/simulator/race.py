"""The race for gaps: rivals who see what everybody sees, and react, bid and lose as `model.rivals` says.

A gap opens where a pool's price is off what its tokens are worth elsewhere by more than its fee. Where every pool is
held to that, no cycle through several of them pays either, so a race for single pools is one for all cycles. Who goes
for a gap, when and with which bid is drawn when it opens; amounts and limits are fixed on the state seen, and what was
sent lands at a tick of the leader: the best bid of the first tick gets the gap, the others fail, or are dropped as
bundles. What lands is a transaction like any other: its payer, priority fee and tip can be read off it.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.chain.tx_parser.receipt import TIP_ACCOUNTS
from cambist.engine.reference.venues.quote_error import QuoteError
from cambist.simulator.draw import Draw, logarithm
from cambist.simulator.slots import PARTS, SLOT_MS
from cambist.simulator.swap_builder import unit_limit
from cambist.simulator.transactions import transfer

if TYPE_CHECKING:
    from cambist.model.rivals import Rivals
    from cambist.simulator.fees import FeeWeather
    from cambist.simulator.pool import Fill, Pool
    from cambist.simulator.traders import Desk, Sight
    from cambist.simulator.transactions import Transaction
    from cambist.simulator.world import Wallet

TICK_MS = SLOT_MS / PARTS
BASE_FEE = 5_000
TIP_FLOOR_P50, TIP_FLOOR_P90 = 7_500.0, 27_000.0
"""Lamports: the floor's median over an hour, and its spread of one e-fold as a ninth decile."""
HOT_P50, HOT_P90 = 159_000.0, 3_000_000.0
"""Micro-lamports per compute unit that landed on contested pools."""
MOST_DOLLARS = 5_000_000.0
"""In one swap: enough to close what a jump of the price opens in the deepest pool here."""
SIZES = 5
"""Amounts that are tried for one gap."""
STAYS_SLOTS = 100
GROWN = 1.5
"""A gap that has grown by so much is a new one: who passed it by looks again."""
LIMIT_SLACK = 20_000
"""Compute units asked for beyond what the swap is expected to use."""


@dataclass(slots=True)
class _Gap:
    """A gap that somebody has looked at."""

    a_to_b: bool
    size: float
    """What is off beyond the fee, as a fraction."""
    until: int
    """Tick by which all who went for it have landed."""


class _Swap(NamedTuple):
    """A swap as rivals send it."""

    pool: int
    """Its index."""
    amount: int
    least: int
    a_to_b: bool
    units: int
    """Compute units asked for."""


class _Prize(NamedTuple):
    """What there is to win at a gap, as one sees it."""

    swap: _Swap
    back: _Swap | None
    """Through another pool of the pair, for who ends with what it began with."""
    lamports: float
    """Gain before fees and tips."""


class Race:
    """All rivals."""

    def __init__(self, seed: int, desk: Desk, wallets: list[Wallet], rivals: Rivals) -> None:
        self._draw = Draw(seed, "race")
        self._desk, self._wallets, self._rivals = desk, wallets, rivals
        self._traffic = list(accumulate(1.0 / (rank + 4) for rank in range(1, len(wallets) + 1)))
        """Of 48 rivals ten have 48 % of the traffic."""
        self._pools = [
            (pool.spec.token_a.symbol, pool.spec.token_b.symbol, self._cost(index))
            for index, pool in enumerate(desk.pools)
        ]
        pairs = [frozenset((pool.spec.token_a.mint, pool.spec.token_b.mint)) for pool in desk.pools]
        self._same_pair = [
            [other for other, there in enumerate(pairs) if there == pair and other != index]
            for index, pair in enumerate(pairs)
        ]
        self._mids: list[float] = []
        self._tick = 0
        self._gaps: dict[int, _Gap] = {}
        self._noticed: defaultdict[int, list[tuple[int, _Gap]]] = defaultdict(list)
        """Tick → gaps that are noticed only then."""
        self._outbox: defaultdict[int, list[Transaction]] = defaultdict(list)
        """Tick → what reaches the leader by then."""

    def due(self) -> list[Transaction]:
        """Begins a tick. Returns what reaches the leader for it."""
        self._tick += 1
        return self._outbox.pop(self._tick, [])

    def look(self, sight: Sight, fees: FeeWeather, part: int) -> None:
        """Lets all look at the state after the tick, the slot's `part`-th from 1."""
        values, self._mids = sight.elsewhere, sight.mids
        open_now = self._open_gaps(sight, values)
        for index in [index for index in self._gaps if index not in open_now]:
            del self._gaps[index]
        for index, gap in self._noticed.pop(self._tick, ()):
            if self._gaps.get(index) is gap:
                self._go(index, gap, sight, fees, values)
        for index, (size, a_to_b) in open_now.items():
            known = self._gaps.get(index)
            same = known is not None and known.a_to_b == a_to_b and size < known.size * GROWN
            if known is None or not same or self._tick > known.until:
                self._open(index, _Gap(a_to_b, size, self._tick), sight, fees, values, part)

    def _open_gaps(self, sight: Sight, values: dict[str, float]) -> dict[int, tuple[float, bool]]:
        """Returns what is off beyond its fee: by how much, and whether token a is to be sold."""
        found = {}
        for index, (mid, (symbol_a, symbol_b, cost)) in enumerate(zip(sight.mids, self._pools, strict=True)):
            off = mid * values[symbol_b] / values[symbol_a] - 1.0
            size = (off if off > 0.0 else -off) - cost
            if size > 0.0:
                found[index] = size, off > 0.0
        return found

    def _cost(self, index: int) -> float:
        """Returns what a swap costs at the margin, as a fraction: the pool's fee and the tokens' own."""
        pool = self._desk.pools[index]
        taxes = sum(tax.bps for tax in pool.taxes if tax is not None)
        return pool.spec.fee_ppm / 1e6 + taxes / 1e4

    def _open(self, index: int, gap: _Gap, sight: Sight, fees: FeeWeather, values: dict[str, float], part: int) -> None:
        """Decides who notices a new gap, and when."""
        self._gaps[index] = gap
        prize = self._prize(index, gap, sight, values)
        cost = 0.0 if prize is None else BASE_FEE + TIP_FLOOR_P50 + prize.swap.units * HOT_P50 / 1e6
        if prize is None or prize.lamports <= cost:
            gap.until = self._tick + PARTS  # looked at again in a slot's time, or when it has grown
            return
        slots = self._overlooked(index, prize.lamports / cost)
        if not slots:
            self._go(index, gap, sight, fees, values, prize)
            return
        at = self._tick - part + slots * PARTS + self._draw.below(PARTS)
        gap.until = at
        self._noticed[at].append((index, gap))

    def _overlooked(self, index: int, worth: float) -> int:
        """Returns in how many slots rivals notice a gap that pays `worth` times what a transaction costs; 0 is at once.

        A crumb that is worth just that is as `crumb_crosses` says, one of `crumb_fees` times it as `late` does, and
        between them each e-fold counts the same.
        """
        rivals, draw = self._rivals, self._draw
        rich = 1.0 if worth >= rivals.crumb_fees else logarithm(worth) / logarithm(rivals.crumb_fees)
        if draw.chance(rivals.crumb_crosses + rich * (rivals.late - rivals.crumb_crosses)):
            stays = STAYS_SLOTS * draw.chance(rivals.crumb_stays * (1.0 - rich))
            return draw.geometric(rivals.crumb_slots + rich * (rivals.late_slots - rivals.crumb_slots)) + stays
        if self._desk.pools[index].spec.dollars < rivals.shallow_dollars and draw.chance(rivals.blind):
            return draw.geometric(rivals.late_slots)
        return 0

    def _go(
        self,
        index: int,
        gap: _Gap,
        sight: Sight,
        fees: FeeWeather,
        values: dict[str, float],
        prize: _Prize | None = None,
    ) -> None:
        """Lets rivals go for a gap."""
        prize = prize or self._prize(index, gap, sight, values)
        gap.until = self._tick + PARTS
        if prize is None:
            return
        draw, rivals, count = self._draw, self._rivals, 1
        size = prize.lamports / rivals.full_lamports
        others = rivals.others * (size if size < 1.0 else math.sqrt(math.sqrt(size)))
        more = others / (1.0 + others)
        while count < len(self._wallets) // 2 and draw.unit() < more:
            count += 1
        for number in dict.fromkeys(self._someone() for _ in range(count)):
            reaction = draw.lognormal(rivals.reaction_p50_ms, rivals.reaction_p90_ms)
            at = self._tick + max(1, -int(-reaction // TICK_MS))
            sent = self._sent(self._wallets[number], prize, sight, fees, contested=count > 1)
            gap.until = max(gap.until, at)
            self._outbox[at] += sent

    def _someone(self) -> int:
        return min(bisect_right(self._traffic, self._draw.unit() * self._traffic[-1]), len(self._wallets) - 1)

    def _sent(
        self, wallet: Wallet, prize: _Prize, sight: Sight, fees: FeeWeather, *, contested: bool
    ) -> list[Transaction]:
        """Returns what a rival sends; nothing if it doesn't hold what the swap takes."""
        draw, desk = self._draw, self._desk
        there, back = prize.swap, prize.back if draw.chance(0.5) else None
        spec = desk.pools[there.pool].spec
        held = desk.chain.token_balance(
            desk.builder.account_of(wallet.key, spec.token_a if there.a_to_b else spec.token_b)
        )
        if held is None or held[0] < there.amount:
            return []
        legs = [there] if back is None else [there, back]
        limit = LIMIT_SLACK + sum(leg.units for leg in legs)
        swaps = [
            desk.builder.swap(desk.pools[leg.pool], wallet.key, leg.amount, leg.least, a_to_b=leg.a_to_b)
            for leg in legs
        ]
        floor = int(draw.lognormal(TIP_FLOOR_P50, TIP_FLOOR_P90))
        bid = int(prize.lamports * draw.middling()) if contested else 0
        if draw.chance(self._rivals.bundled):
            tip = transfer(wallet.key, draw.pick(TIP_ACCOUNTS), max(floor, bid))
            price = int(fees.level * draw.between(0.2, 0.6))
            return [desk.sign(wallet, tuple(swaps), limit, price, tip=tip, protected=True)]
        most = int(draw.lognormal(HOT_P50, HOT_P90))
        price = min(bid * 1_000_000 // limit, most) if contested else int(fees.level * draw.between(0.5, 2.0))
        # A copy differs by its limit, or it would be the same transaction.
        copies = 1 + draw.count(self._rivals.copies * 2.0 * draw.unit())
        return [desk.sign(wallet, tuple(swaps), limit + copy, max(price, 1)) for copy in range(copies)]

    # What there is to win

    def _prize(self, index: int, gap: _Gap, sight: Sight, values: dict[str, float]) -> _Prize | None:
        desk, a_to_b = self._desk, gap.a_to_b
        pool, spec = desk.pools[index], desk.pools[index].spec
        amount = pool.amount_for(pool.reserves(desk.chain.accounts.get), gap.size * self._rivals.closes, a_to_b=a_to_b)
        dollars = desk.worth(pool, amount, sight, a_to_b=a_to_b)
        if dollars > MOST_DOLLARS:
            amount = int(amount * (MOST_DOLLARS / dollars))
        token_in, token_out = (spec.token_a, spec.token_b) if a_to_b else (spec.token_b, spec.token_a)
        price_in = values[token_in.symbol] / float(10**token_in.decimals)
        price_out = values[token_out.symbol] / float(10**token_out.decimals)
        sized = self._sized(pool, amount, price_in, price_out, a_to_b=a_to_b)
        if sized is None:
            return None
        amount, fill, gain = sized
        got = fill.received * price_out
        least = int(fill.received * (1.0 - 0.5 * gain / got))
        back = None
        if (found := self._way_back(index, least, a_to_b=a_to_b)) is not None:
            other, there, direction = found
            at_least = max(amount, there.received - there.received // 2_000)
            back = _Swap(other, least, at_least, direction, unit_limit(desk.pools[other], there))
        swap = _Swap(index, amount, least, a_to_b, unit_limit(pool, fill))
        return _Prize(swap, back, gain / sight.sol * 1e9)

    def _sized(
        self, pool: Pool, amount: int, price_in: float, price_out: float, *, a_to_b: bool
    ) -> tuple[int, Fill, float] | None:
        """Returns about the best amount in, its swap and its gain; `None` if nothing gains.

        What the slope at the margin says is too little where liquidity lies in steps, and too much near its end: from
        there it goes up while that gains more, or down until something gains.
        """
        found: tuple[int, Fill, float] | None = None
        down = False
        for _ in range(SIZES):
            fill = self._desk.quote(pool, amount, a_to_b=a_to_b) if amount else None
            gain = 0.0 if fill is None else fill.received * price_out - amount * price_in
            if fill is not None and gain > (0.0 if found is None else found[2]):
                found = amount, fill, gain
                if down:
                    break
                amount *= 3
            elif found is not None:
                break
            else:
                down, amount = True, amount // 4
        return found

    def _way_back(self, index: int, amount: int, *, a_to_b: bool) -> tuple[int, Fill, bool] | None:
        """Returns the other pool of the pair that is best at the margin, how it buys back, and which way.

        `None` if there is none, or it buys back less than was sold.
        """
        desk, spec = self._desk, self._desk.pools[index].spec
        best, rate = -1, 0.0
        for other in self._same_pair[index]:
            same = desk.pools[other].spec.token_a == spec.token_a
            mid = self._mids[other] if same else 1.0 / self._mids[other]
            marginal = (1.0 / mid if a_to_b else mid) * (1.0 - self._pools[other][2])
            if marginal > rate:
                best, rate = other, marginal
        if best < 0:
            return None
        direction = not a_to_b if desk.pools[best].spec.token_a == spec.token_a else a_to_b
        fill = desk.quote(desk.pools[best], amount, a_to_b=direction)
        sold = self._sold(index, amount, a_to_b=a_to_b)
        return (best, fill, direction) if fill is not None and fill.received > sold else None

    def _sold(self, index: int, amount: int, *, a_to_b: bool) -> int:
        """Returns what has to be paid for `amount` out of a pool."""
        desk = self._desk
        try:
            fill = desk.pools[index].swap(desk.chain.accounts.get, amount, desk.now(), a_to_b=a_to_b, exact_in=False)
        except QuoteError:
            return 2**64
        return fill.paid
