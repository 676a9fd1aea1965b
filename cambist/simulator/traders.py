"""Who trades through the pools without a view on the price, and what all traders share (`race` has the rivals).

Each fixes amounts and limits on the state that can be seen, and lands some ticks later: by then the price may have
moved and the swap may fail on its limit, fee paid.
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


class Sight(NamedTuple):
    """What everybody can see after a tick."""

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

    def sign(
        self,
        wallet: Wallet,
        swaps: tuple[Instruction, ...],
        limit: int,
        price: int,
        *,
        tip: Instruction | None = None,
        protected: bool = False,
    ) -> Transaction:
        """Returns a signed transaction; a tip comes last in it."""
        head = (set_limit(limit), set_price(price)) if price else (set_limit(limit),)
        asked = (*head, *swaps) if tip is None else (*head, *swaps, tip)
        blockhash = self.chain.latest_blockhash()[0]
        return sign(wallet.keypair, wallet.key, blockhash, asked, Budget(limit, price), protected=protected)

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

    def __init__(self, seed: int, desk: Desk, wallets: list[Wallet], rate: float, flow: float) -> None:
        """`rate` scales how often they trade, `flow` how much at once."""
        self._draw = Draw(seed, "crowd")
        self._desk, self._wallets, self._rate = desk, wallets, rate
        self._impact = 0.00020 * flow
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
        impact = self._impact * draw.tail(70.0) * (0.25 if spec.pegged else 1.0)
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
