"""Two venues, one token: what buying at the lowest and selling at the highest price would leave (origins 2.2 and 2.4).

For users of the engine, and for the strategy that trades between two exchanges.

Amounts are in quote currency, as floats: an everyday screen of spreads, not a sizing of cycles. Only + − × ÷ in the
written order, so the twin gives the same bits.
"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.venues import origin

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_LIQUIDITY = 100_000.0
"""Liquidity reckoned with where none is known."""
MIN_PERCENT = 0.01
MIN_SIZE = 10.0
OTHER_FEE = 0.003


class VenueQuote(NamedTuple):
    """What a token costs at one venue, in quote currency."""

    venue: str
    """In any case."""
    price: float
    liquidity: float | None = None


class SpreadConfig(NamedTuple):
    """What a trade is reckoned with; the defaults are the origin's."""

    max_trade: float = 100.0
    sol_price: float = 100.0
    priority_sol: float = 0.0005
    """Priority fee of a transaction."""
    jito_multiplier: float = 1.0
    """What congestion multiplies the priority fee with."""
    learned_slippage_percent: float = 0.0
    """Slippage learned from fills, of the size."""
    decay_percent_per_s: float = 0.0
    """How fast a spread shrinks, of the size."""
    window_s: float = 0.0
    """How long it takes to trade; at most 10 s count."""
    established: bool = False
    """An established token's spread decays at three tenths of the speed."""
    compat_default_liquidity: bool = False
    """The origin's fault: fees reckoned with the default liquidity, whatever the venues have."""


class SpreadState(IntEnum):
    """How good a spread is."""

    HOT = 0
    """Half a percent or more, and something is left."""
    READY = 1
    """Three tenths of a percent or more, and something is left."""
    THIN = 2
    """Something is left."""
    LOSS = 3
    """Nothing is left after costs."""


class FeeEstimate(NamedTuple):
    """The parts of what a round trip costs, in quote currency."""

    trading: float
    gas: float
    priority: float
    slippage: float
    buffer: float
    total: float


class Spread(NamedTuple):
    """A spread between two venues; amounts in quote currency."""

    buy: int
    """Index of the cheapest venue."""
    sell: int
    """Index of the dearest."""
    percent: float
    """Difference, of the lower price."""
    size: float
    """Size at which the price impact eats what more would gain."""
    gross: float
    fees: FeeEstimate
    friction: float
    """Slippage learned, decay and the share that a venue takes besides."""
    net: float
    state: SpreadState


def venue_fee(venue: str) -> float:
    """Returns a venue's fee as a share of the size; unknown ones count as 0.3 %."""
    name = "".join(char.upper() if char.isascii() else char for char in venue)
    return origin.FEES.get(name, OTHER_FEE)


def estimate_fees(size: float, buy: str, sell: str, liquidity: float, config: SpreadConfig) -> FeeEstimate:
    """Returns what buying `size` at one venue and selling it at another costs.

    >>> round(estimate_fees(100.0, "here", "there", 100_000.0, SpreadConfig()).total, 9)
    1.075
    """
    trading = size * (venue_fee(buy) + venue_fee(sell))
    gas = 0.0002 * config.sol_price
    priority = config.priority_sol * config.sol_price * 2.0 * config.jito_multiplier
    slippage = size * (0.003 + 0.05 * size / liquidity)
    buffer = max(size * 0.0005, 0.02)
    return FeeEstimate(trading, gas, priority, slippage, buffer, trading + gas + priority + slippage + buffer)


def detect_spread(quotes: Sequence[VenueQuote], config: SpreadConfig) -> Spread | None:
    """Returns the spread between the cheapest and the dearest venue; the first of equals.

    `None` with less than two usable quotes (prices above 0, finite numbers), or less than a hundredth of a percent
    between them.

    >>> quotes = [VenueQuote("here", 100.0, 1e6), VenueQuote("there", 103.0, 1e6)]
    >>> found = detect_spread(quotes, SpreadConfig())
    >>> (found.buy, found.sell, found.percent, found.size, found.state.name)
    (0, 1, 3.0, 100.0, 'HOT')
    """
    ends = _ends(quotes)
    if ends is None:
        return None
    low, high = quotes[ends[0]], quotes[ends[1]]
    percent = (high.price - low.price) / low.price * 100.0
    if percent < MIN_PERCENT:
        return None
    least = min(_liquidity(low), _liquidity(high))
    impact = 0.00001 * 100_000.0 / max(least, 10_000.0)
    size = min(max(percent / 100.0 / (2.0 * impact), MIN_SIZE), config.max_trade)
    depth = DEFAULT_LIQUIDITY if config.compat_default_liquidity or least <= 0.0 else least
    fees = estimate_fees(size, low.venue, high.venue, depth, config)
    gross, friction = size * percent / 100.0, _friction(size, low, high, config)
    net = gross - fees.total - friction
    return Spread(*ends, percent, size, gross, fees, friction, net, _state(net, percent))


def detect_spreads(tokens: Sequence[Sequence[VenueQuote]], config: SpreadConfig) -> list[Spread | None]:
    """Returns the spreads of many tokens, one entry for each."""
    return [detect_spread(quotes, config) for quotes in tokens]


def _liquidity(quote: VenueQuote) -> float:
    return DEFAULT_LIQUIDITY if quote.liquidity is None else quote.liquidity


def _ends(quotes: Sequence[VenueQuote]) -> tuple[int, int] | None:
    usable = [
        at
        for at, quote in enumerate(quotes)
        if math.isfinite(quote.price) and quote.price > 0.0 and math.isfinite(_liquidity(quote))
    ]
    if len(usable) < 2:
        return None
    return min(usable, key=lambda at: quotes[at].price), max(usable, key=lambda at: quotes[at].price)


def _friction(size: float, low: VenueQuote, high: VenueQuote, config: SpreadConfig) -> float:
    decay = config.decay_percent_per_s * min(config.window_s, 10.0) * (0.3 if config.established else 1.0)
    share = origin.SHARE_PERCENT if origin.SHARING in (low.venue.lower(), high.venue.lower()) else 0.0
    return size * config.learned_slippage_percent / 100.0 + size * decay / 100.0 + size * share / 100.0


def _state(net: float, percent: float) -> SpreadState:
    if math.isnan(net) or net <= 0.0:
        return SpreadState.LOSS
    if percent >= 0.5:
        return SpreadState.HOT
    return SpreadState.READY if percent >= 0.3 else SpreadState.THIN
