"""Buys at one exchange and sells at another at the same time, with what lies at both.

It takes those go cycles that are two legs on two exchanges, at the size the engine priced, if
1. both takers' fees are known and both books can be read and traded on,
2. as one book after fees they cross in that direction for at least that size,
3. what is left of the net while the spread decays is enough,
4. there is inventory for each leg at its own venue: nothing is moved between venues for a trade.

The first of these that fails is the named reason why it is skipped. Cycles of another kind are no business of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NamedTuple

import msgspec

from cambist.engine.spreads import Meeting, SpreadConfig, VenueQuote, meet, spread_of
from cambist.strategies.base import API, Kind, Wish
from cambist.strategies.negative_cycle import NegativeCycle

if TYPE_CHECKING:
    from cambist.model.opportunity import Opportunity
    from cambist.model.orders import Fill, Order
    from cambist.strategies.base import Market, Strategy

PPM = 1_000_000
QUANTITY = 10**8
"""Units of a whole one in a book."""
FEE_UNKNOWN, NO_BOOK, NO_CROSSING, TOO_LARGE = "fee_unknown", "no_book", "no_crossing", "beyond_crossing"
DECAYED, NO_INVENTORY, INVENTORY_UNKNOWN = "decayed", "no_inventory", "inventory_unknown"
"""Why an opportunity is skipped."""

_Ppm = Annotated[int, msgspec.Meta(ge=0, le=PPM)]


class CrossVenueSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a spread must leave."""

    decay_ppm_per_s: _Ppm = 50
    """How fast a spread is taken to shrink, ppm of the size a second."""
    window_ms: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 1_000
    """How long both legs take; at most 10 s count."""
    established: bool = False
    """Whether spreads decay at three tenths of the speed, as those of established tokens."""
    slippage_ppm: _Ppm = 0
    """What both legs are taken to lose on the way, ppm of the size."""
    min_net_ppm: _Ppm = 100
    """Least that must be left after that, ppm of the input."""
    depth: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20
    """Levels of each book that are read."""


class _Leg(NamedTuple):
    venue: str
    source: str
    """`venue:symbol`."""
    token: str
    """Mint that is given there."""
    amount: int


class CrossVenue:
    """Two legs on two exchanges, with inventory at both."""

    def __init__(self, settings: CrossVenueSettings, market: Market) -> None:
        self._settings, self._market, self._inner = settings, market, NegativeCycle()
        self._taker = {fee.venue: fee.taker_ppm for fee in market.setup.venue_fees}
        self._decimals = {token.mint: token.decimals for token in market.setup.tokens}
        assets = {(each.venue, each.asset): each.mint for each in market.setup.identities}
        self._base = {f"{i.venue}:{i.symbol}": assets.get((i.venue, i.base), "") for i in market.setup.instruments}

    def on_opportunity(self, opportunity: Opportunity) -> list[Wish]:
        """Returns one wish, or one that says why it is skipped; none for a cycle of another kind."""
        sources = [_source(edge) for edge in opportunity.route]
        if len(sources) != 2 or "" in sources or _venue(sources[0]) == _venue(sources[1]):
            return []
        (wish,) = self._inner.on_opportunity(opportunity)
        wish.skip = wish.skip or self._refusal(opportunity, sources)
        return [wish]

    def on_order(self, order: Order) -> None:
        """Takes note of an order that is open from now on."""
        self._inner.on_order(order)

    def on_fill(self, order: Order, fill: Fill) -> None:
        """Takes note of how an order ended."""
        self._inner.on_fill(order, fill)

    def state(self) -> dict[str, int]:
        """Returns nothing: books, wallets and open orders stand in the states of others."""
        return {}

    def restore(self, state: dict[str, int]) -> None:
        """Takes nothing over."""
        del state

    def _refusal(self, found: Opportunity, sources: list[str]) -> str:
        """Returns the first reason not to take it, empty if there is none."""
        between = self._market.quote(found.route[:1], found.amount_in, found.recv_ns)
        if between.reason:
            return NO_BOOK
        amounts = found.amount_in, between.amount_out
        parts = zip(sources, found.tokens, amounts, strict=False)
        first, second = (_Leg(_venue(source), source, token, amount) for source, token, amount in parts)
        buy, sell = (first, second) if self._base.get(second.source) == second.token else (second, first)
        if self._base.get(sell.source) != sell.token or self._base.get(buy.source) != sell.token:
            return NO_CROSSING
        met = self._meeting(buy, sell, found.recv_ns)
        if isinstance(met, str):
            return met
        return self._decay(found, buy, sell, met) or self._inventory((first, second))

    def _meeting(self, buy: _Leg, sell: _Leg, now_ns: int) -> Meeting | str:
        """Returns where the books meet for what is sold, or why they don't."""
        fees = self._taker.get(buy.venue), self._taker.get(sell.venue)
        decimals = self._decimals.get(sell.token)
        if fees[0] is None or fees[1] is None:
            return FEE_UNKNOWN
        books = [self._market.book(leg.source, self._settings.depth, now_ns) for leg in (buy, sell)]
        if books[0] is None or books[1] is None or decimals is None or any(b and b.state != "live" for b in books):
            return NO_BOOK
        base = -(-sell.amount * QUANTITY // 10**decimals)
        try:
            met = meet(books[0], books[1], (fees[0], fees[1]), base, self._market.backend)
        except ValueError:
            return NO_BOOK
        if met is None:
            return NO_CROSSING
        return met if met.prices is not None else TOO_LARGE

    def _decay(self, found: Opportunity, buy: _Leg, sell: _Leg, met: Meeting) -> str:
        """Returns `DECAYED` unless enough of the net is left by the time both legs are done."""
        settings = self._settings
        config = SpreadConfig(
            learned_slippage_percent=settings.slippage_ppm / 10_000.0,
            decay_percent_per_s=settings.decay_ppm_per_s / 10_000.0,
            window_s=settings.window_ms / 1_000.0,
            established=settings.established,
        )
        assert met.prices is not None
        quotes = VenueQuote(buy.venue, float(met.prices[0])), VenueQuote(sell.venue, float(met.prices[1]))
        spread = spread_of(quotes, config, self._market.backend)
        if spread is None or spread.buy != 0 or found.net is None:
            return DECAYED
        left = float(found.net) - float(found.amount_in) * (spread.friction / spread.size)
        return "" if left * PPM >= float(settings.min_net_ppm) * float(found.amount_in) and left > 0.0 else DECAYED

    def _inventory(self, legs: tuple[_Leg, _Leg]) -> str:
        for leg in legs:
            wallet = self._market.wallet(leg.venue)
            if leg.token not in wallet:
                return INVENTORY_UNKNOWN
            if wallet[leg.token] < leg.amount:
                return NO_INVENTORY
        return ""


def _source(edge: str) -> str:
    """Returns `venue:symbol` of an exchange's edge, empty for any other."""
    source, _, direction = edge.rpartition(":")
    return source if source.count(":") == 1 and direction in ("0", "1") else ""


def _venue(source: str) -> str:
    return source.partition(":")[0]


def _make(settings: CrossVenueSettings, market: Market) -> Strategy:
    return CrossVenue(settings, market)


KIND = Kind(API, "cross_venue", _make, CrossVenueSettings)
