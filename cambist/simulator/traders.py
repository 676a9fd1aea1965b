"""Who trades through the pools: people with no view on the price, and rivals who look for gaps in what they watch.

Each sees the state of the last closed slot, fixes amounts and limits on it, and lands one or more slots later: by then
the price may have moved and the swap may fail on its limit, fee paid. Nobody here searches for cycles: a rival values
each token by itself and trades where one pool, or two pools of one pair, is off by more than it costs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.venues.quote_error import QuoteError
from cambist.simulator.draw import Draw
from cambist.simulator.pool import Moment
from cambist.simulator.swap_builder import SwapBuilder, unit_limit
from cambist.simulator.transactions import Budget, Instruction, Transaction, set_limit, set_price, sign
from cambist.simulator.venues import VENUE_OF

if TYPE_CHECKING:
    from cambist.simulator.chain import Chain
    from cambist.simulator.fees import FeeWeather
    from cambist.simulator.pool import Fill, Pool
    from cambist.simulator.world import Wallet, World

MAX_TRADE_DOLLARS = 60_000.0
MOST_AT_ONCE = 3
"""Gaps that a rival goes for in one slot."""


class Sight(NamedTuple):
    """What everybody can see after a slot."""

    slot: int
    mids: list[float]
    """Price of each pool, whole b per whole a."""
    dollars: dict[str, float]
    """Token → dollars, of the tokens traded on the exchange and of those that can be redeemed for SOL."""
    elsewhere: dict[str, float]
    """The same for every token, as it trades on venues that only some can see."""
    sol: float
    storm: float
    fullness: float
    """Share of the last block's capacity that was asked for; over 1 there is a queue."""


class Desk:
    """Signs and sends: what all traders share."""

    def __init__(self, chain: Chain, world: World) -> None:
        self.chain, self.pools = chain, world.pools
        self.builder = SwapBuilder(chain.accounts.get)

    def quote(self, pool: Pool, amount: int, *, a_to_b: bool) -> Fill | None:
        """Returns the swap at the last closed slot; `None` if the pool refuses it."""
        chain = self.chain
        try:
            return pool.swap(chain.accounts.get, amount, self.now(), a_to_b=a_to_b, exact_in=True)
        except QuoteError:
            return None

    def now(self) -> Moment:
        """Returns the last closed slot's time."""
        return Moment(self.chain.now_ms // 1_000, self.chain.slot, self.chain.epoch)

    def sign(self, wallet: Wallet, swaps: tuple[Instruction, ...], limit: int, price: int) -> Transaction:
        """Returns a signed transaction."""
        head = (set_limit(limit), set_price(price)) if price else (set_limit(limit),)
        blockhash = self.chain.latest_blockhash()[0]
        return sign(wallet.keypair, wallet.key, blockhash, (*head, *swaps), Budget(limit, price))

    def worth(self, pool: Pool, amount: int, sight: Sight, *, a_to_b: bool) -> float:
        """Returns about how many dollars an amount in is; by SOL or a dollar token if the pool has one."""
        spec = pool.spec
        index = self.pools.index(pool)
        token = spec.token_a if a_to_b else spec.token_b
        whole = amount / float(10**token.decimals)
        known = sight.dollars.get(token.symbol)
        if known is not None:
            return whole * known
        other = spec.token_b if a_to_b else spec.token_a
        price = sight.mids[index] if a_to_b else 1.0 / sight.mids[index]
        return whole * price * sight.dollars.get(other.symbol, sight.sol)


class Crowd:
    """Traders without a view: flow that leans one way for a while, in all sizes."""

    def __init__(self, seed: int, desk: Desk, wallets: list[Wallet], rate: float) -> None:
        self._draw = Draw(seed, "crowd")
        self._desk, self._wallets, self._rate = desk, wallets, rate
        self._flow = dict.fromkeys(
            (token.symbol for pool in desk.pools for token in (pool.spec.token_a, pool.spec.token_b)), 0.0
        )
        self._weight = [0.08 + 0.12 * min(2.0, pool.spec.dollars / 1_000_000.0) for pool in desk.pools]
        self._weight = [
            weight * (0.4 if pool.spec.pegged else 1.0) for weight, pool in zip(self._weight, desk.pools, strict=True)
        ]

    def trade(self, sight: Sight, fees: FeeWeather) -> list[Transaction]:
        """Returns this slot's transactions."""
        draw, found = self._draw, []
        for symbol, flow in self._flow.items():
            self._flow[symbol] = flow * 0.985 + draw.normal() * 0.10
        activity = self._rate * (1.0 + 0.9 * sight.storm) / (1.0 + 0.7 * max(0.0, sight.fullness - 1.0))
        for pool, weight in zip(self._desk.pools, self._weight, strict=True):
            for _ in range(draw.count(weight * activity)):
                transaction = self._swap(pool, sight, fees)
                if transaction is not None:
                    found.append(transaction)
        return found

    def _swap(self, pool: Pool, sight: Sight, fees: FeeWeather) -> Transaction | None:
        draw, desk, spec = self._draw, self._desk, pool.spec
        lean = self._flow[spec.token_b.symbol] - self._flow[spec.token_a.symbol]
        a_to_b = draw.chance(0.5 + max(-0.35, min(0.35, 0.4 * lean)))
        reserves = pool.reserves(desk.chain.accounts.get)
        impact = 0.00020 * draw.tail(70.0) * (0.25 if spec.pegged else 1.0)
        amount = pool.amount_for(reserves, impact, a_to_b=a_to_b)
        wallet = draw.pick(self._wallets)
        source = desk.chain.token_balance(desk.builder.account_of(wallet.key, spec.token_a if a_to_b else spec.token_b))
        amount = min(amount, source[0] // 50 if source is not None else 0)
        dollars = desk.worth(pool, amount, sight, a_to_b=a_to_b)
        if dollars > MAX_TRADE_DOLLARS:
            amount = int(amount * (MAX_TRADE_DOLLARS / dollars))
        fill = desk.quote(pool, amount, a_to_b=a_to_b) if amount else None
        if fill is None:
            return None
        slack = draw.pick((0.0010, 0.0050, 0.0050, 0.0100))
        version = 2 if draw.chance(0.35) else 1
        limit = unit_limit(pool, fill) + (40_000 if draw.chance(0.2) else 0)
        if draw.chance(0.12) and a_to_b in VENUE_OF[spec.venue].exact_out:
            most = int(fill.paid * (1.0 + slack))
            swap = desk.builder.swap(pool, wallet.key, fill.received, most, a_to_b=a_to_b, exact_in=False)
        else:
            least = int(fill.received * (1.0 - slack))
            swap = desk.builder.swap(pool, wallet.key, amount, least, a_to_b=a_to_b, version=version)
        return desk.sign(wallet, (swap,), limit, fees.bid(draw))


def hire(seed: int, desk: Desk, wallets: list[Wallet]) -> list[Rival]:
    """Returns the rivals. Each watches a part of the pools; each pool has four or more who watch it."""
    draw = Draw(seed, "watch lists")
    numbers = range(len(wallets))
    watched: list[set[int]] = [set() for _ in numbers]
    for index in range(len(desk.pools)):
        for half in (numbers[::2], numbers[1::2]):
            for number in draw.sample(half, 2):
                watched[number].add(index)
        for number in numbers:
            if draw.chance(0.06):
                watched[number].add(index)
    return [
        Rival(seed, number, desk, wallet, sorted(watched[number]), informed=number % 2 == 0)
        for number, wallet in enumerate(wallets)
    ]


class Rival:
    """An arbitrageur: watches some pools, reacts after some slots, and only if it leaves enough."""

    def __init__(
        self, seed: int, number: int, desk: Desk, wallet: Wallet, watched: list[int], *, informed: bool
    ) -> None:
        draw = self._draw = Draw(seed, "rival", number)
        self._desk, self._wallet, self._watched = desk, wallet, watched
        self._delay = 2 + draw.below(4)
        """Slots from what it sees to where it lands."""
        self._edge = 0.0001 + 0.0014 * draw.unit() * draw.unit()
        """What must be left after pool fees."""
        self._part = draw.between(0.5, 0.9)
        """How much of a gap it closes at once."""
        self._share = draw.between(0.01, 0.06)
        """Part of the expected gain it bids as priority fee."""
        self._attention = draw.between(0.3, 0.8)
        """Chance that it looks at all in a slot."""
        self._error = draw.normal() * 0.0003 if informed else None
        """How wrong it is about tokens that trade on venues it sees and others don't; `None` if it sees none."""
        self._busy: dict[int, int] = {}
        self._outbox: list[tuple[int, Transaction]] = []

    def trade(self, sight: Sight, fees: FeeWeather) -> list[Transaction]:
        """Returns the transactions that reach the leader for the next slot."""
        if self._draw.chance(self._attention):
            self._look(sight, fees)
        due = [transaction for slot, transaction in self._outbox if slot <= sight.slot + 1]
        self._outbox = [item for item in self._outbox if item[0] > sight.slot + 1]
        return due

    def _look(self, sight: Sight, fees: FeeWeather) -> None:
        values = self._values(sight)
        found: list[tuple[float, int, bool]] = []
        for index in self._watched:
            if self._busy.get(index, 0) > sight.slot:
                continue
            spec = self._desk.pools[index].spec
            a, b = values.get(spec.token_a.symbol), values.get(spec.token_b.symbol)
            if a is None or b is None:
                continue
            off = sight.mids[index] * b / a - 1.0
            gain = (off if off > 0.0 else -off) - spec.fee_ppm / 1_000_000.0 - self._edge
            if gain > 0.0:
                found.append((gain, index, off > 0.0))
        found.sort(reverse=True)
        for gain, index, a_to_b in found[:MOST_AT_ONCE]:
            if self._busy.get(index, 0) <= sight.slot:
                self._send(index, sight, fees, values, gap=gain + self._edge, a_to_b=a_to_b)

    def _values(self, sight: Sight) -> dict[str, float]:
        """Returns dollars per token: the exchange's where it trades there, else the middle of the watched pools'."""
        values = dict(sight.dollars)
        if self._error is not None:
            values |= {
                symbol: price * (1.0 + self._error) for symbol, price in sight.elsewhere.items() if symbol not in values
            }
        seen: dict[str, list[float]] = {}
        for index in self._watched:
            spec = self._desk.pools[index].spec
            a, b = values.get(spec.token_a.symbol), values.get(spec.token_b.symbol)
            if a is None and b is not None:
                seen.setdefault(spec.token_a.symbol, []).append(sight.mids[index] * b)
            elif b is None and a is not None:
                seen.setdefault(spec.token_b.symbol, []).append(a / sight.mids[index])
        for symbol, prices in seen.items():
            prices.sort()
            values[symbol] = prices[len(prices) // 2]
        return values

    def _send(
        self, index: int, sight: Sight, fees: FeeWeather, values: dict[str, float], *, gap: float, a_to_b: bool
    ) -> None:
        desk, spec, draw = self._desk, self._desk.pools[index].spec, self._draw
        pool = desk.pools[index]
        reserves = pool.reserves(desk.chain.accounts.get)
        amount = pool.amount_for(reserves, gap * self._part, a_to_b=a_to_b)
        dollars = desk.worth(pool, amount, sight, a_to_b=a_to_b)
        if dollars > 3.0 * MAX_TRADE_DOLLARS:
            amount = int(amount * (3.0 * MAX_TRADE_DOLLARS / dollars))
        held = desk.chain.token_balance(
            desk.builder.account_of(self._wallet.key, spec.token_a if a_to_b else spec.token_b)
        )
        amount = min(amount, held[0] if held is not None else 0)
        fill = desk.quote(pool, amount, a_to_b=a_to_b) if amount else None
        if fill is None:
            return
        tokens = (spec.token_a, spec.token_b) if a_to_b else (spec.token_b, spec.token_a)
        paid = amount / float(10 ** tokens[0].decimals) * values[tokens[0].symbol]
        got = fill.received / float(10 ** tokens[1].decimals) * values[tokens[1].symbol]
        gain = got - paid
        if gain < 0.02:
            return
        least = int(fill.received * (1.0 - 0.5 * gain / got))
        swaps = [desk.builder.swap(pool, self._wallet.key, amount, least, a_to_b=a_to_b)]
        limit = unit_limit(pool, fill) + 20_000
        back = self._way_back(index, least, sight, a_to_b=a_to_b)
        if back is not None:
            other, there = back
            swaps.append(
                desk.builder.swap(
                    desk.pools[other],
                    self._wallet.key,
                    least,
                    max(amount, there.received - there.received // 2_000),
                    a_to_b=not a_to_b if self._same_side(index, other) else a_to_b,
                )
            )
            limit += unit_limit(desk.pools[other], there)
            self._busy[other] = sight.slot + self._delay + 1
        lamports = gain / sight.sol * 1e9
        price = min(int(lamports * self._share * 1e6 / limit), int(fees.level * draw.between(2.0, 40.0)))
        self._busy[index] = sight.slot + self._delay + 1
        self._outbox.append((sight.slot + self._delay, desk.sign(self._wallet, tuple(swaps), limit, max(price, 1))))

    def _same_side(self, index: int, other: int) -> bool:
        return self._desk.pools[index].spec.token_a == self._desk.pools[other].spec.token_a

    def _way_back(self, index: int, amount: int, sight: Sight, *, a_to_b: bool) -> tuple[int, Fill] | None:
        """Returns another watched pool of the pair that buys back more than was sold, and how; `None` if none."""
        desk, spec = self._desk, self._desk.pools[index].spec
        pair = {spec.token_a.mint, spec.token_b.mint}
        best: tuple[int, Fill] | None = None
        for other in self._watched:
            there = desk.pools[other].spec
            if (
                other == index
                or {there.token_a.mint, there.token_b.mint} != pair
                or self._busy.get(other, 0) > sight.slot
            ):
                continue
            direction = not a_to_b if self._same_side(index, other) else a_to_b
            fill = desk.quote(desk.pools[other], amount, a_to_b=direction)
            if fill is not None and (best is None or fill.received > best[1].received):
                best = (other, fill)
        if best is None:
            return None
        sold = self._sold(index, amount, a_to_b=a_to_b)
        return best if best[1].received > sold else None

    def _sold(self, index: int, amount: int, *, a_to_b: bool) -> int:
        """Returns what has to be paid for `amount` out of a pool."""
        desk = self._desk
        try:
            fill = desk.pools[index].swap(desk.chain.accounts.get, amount, desk.now(), a_to_b=a_to_b, exact_in=False)
        except QuoteError:
            return 2**64
        return fill.paid
