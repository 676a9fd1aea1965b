"""What an edge pays near its price, in real numbers: what cycles are ranked by before any of them is sized.

The bend of a pool whose curve is one product is known. Any other is fitted to exact quotes at sizes by halves, from
twice what a trade may have on, and the least of what they say counts: liquidity may grow beyond the present tick. A
book pays its best level in full, a pool of bins its first one, with a capped fee in both regimes; both are fitted
beyond that. At a size that is quoted no curve is below what is paid; between two of them it may be.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from cambist.engine.reference.chain.token import TransferFee, TransferFeeConfig
from cambist.engine.reference.engine.market import quotes
from cambist.engine.reference.engine.market.kind import Kind
from cambist.engine.reference.search.estimate import Hop, Regime, slope_of
from cambist.engine.reference.venues.quote import BASIS_POINTS, transfer_fees_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.engine.reference.engine.market import Market
    from cambist.engine.reference.venues.quote import ChainTime, Pool, TransferFees

_LARGER_BITS: Final = 1
"""The greatest size that is quoted is so many times doubled: what a trade may have is cut to a power of two."""
_POINTS: Final = 8
"""Sizes that are quoted."""
_TRIES: Final = 13
"""Most halvings of a size that a venue refuses."""
_MOST_CAP: Final = 1 << 63
"""From here on no amount reaches the size beyond which a transfer fee no longer grows."""


def pool_weight(pool: Pool, first: bool, time: ChainTime) -> int | None:
    """Returns what an edge of a pool weighs: the lighter of its regimes; `None` if it is not tradable."""
    weight, capped = pool.weight(first, time), without_capped(pool, first, time)
    if capped is None:
        return weight
    other = capped[0].weight(first, time)
    return other if weight is None else weight if other is None else min(weight, other)


def without_capped(pool: Pool, first: bool, time: ChainTime) -> tuple[Pool, int, int] | None:
    """Returns a pool as it is beyond the sizes where transfer fees stop growing, and what these then take.

    That is atoms of the token in and of the token out. `None` if no fee of its tokens stops.
    """
    fees = transfer_fees_at(pool.transfer_fees, first, time)
    stops = [fee.bps > 0 and fee.max_fee * BASIS_POINTS // fee.bps < _MOST_CAP for fee in fees]
    if not any(stops):
        return None
    lost_in, lost_out = (fee.max_fee if stop else 0 for fee, stop in zip(fees, stops, strict=True))
    sides = stops if first else stops[::-1]
    left: TransferFees = tuple(  # type: ignore[assignment]
        _NO_FEE if stop else fee for fee, stop in zip(pool.transfer_fees, sides, strict=True)
    )
    return pool.with_transfer_fees(left), lost_in, lost_out


_NO_FEE: Final = TransferFeeConfig(TransferFee(0, 0, 0), TransferFee(0, 0, 0))


def hop_of(market: Market, edge: int, size: int) -> Hop | None:
    """Returns what an edge pays near its price; `None` if it can't be quoted. `size` is what a trade may put in."""
    weight, behind = market.graph.weight(edge), market.edges[edge]
    if weight is None:
        return None
    if behind.kind is Kind.POOL:
        pool, time = market.registry.pools[behind.at].ours, market.registry.time
        return None if pool is None or time is None else _pool_hop(pool, time, size, first=behind.first)
    if behind.kind is Kind.BOOK:
        return _book_hop(market, edge, weight, size)
    room = quotes.most(market, edge)
    return Hop.of(Regime(weight, slope_of(weight), 0.0, room=float(room)))


def _pool_hop(pool: Pool, time: ChainTime, size: int, *, first: bool) -> Hop | None:
    regimes = [_regime(pool, time, size, first=first)]
    capped = without_capped(pool, first, time)
    if capped is not None:
        beyond = _regime(capped[0], time, size, first=first)
        if beyond is not None:
            regimes.append(beyond._replace(lost_in=float(capped[1]), lost_out=float(capped[2])))
    own = regimes[0]
    if own is not None:
        regimes.append(_level(own, pool, time, first=first))
    if capped is not None and beyond is not None:
        regimes.append(_level(regimes[1], capped[0], time, first=first))
    known = [regime for regime in regimes if regime is not None]
    return Hop.of(*known) if known else None


def _level(own: Regime, pool: Pool, time: ChainTime, *, first: bool) -> Regime | None:
    """Returns a pool at its present price, if that holds for some size."""
    room = pool.level(first, time)
    return None if room is None else own._replace(bend=0.0, room=room)


def _regime(pool: Pool, time: ChainTime, size: int, *, first: bool) -> Regime | None:
    weight, reserves = pool.weight(first, time), pool.virtual_reserves(first, time)
    if weight is None or reserves is None or reserves[0] <= 0.0:
        return None
    reserve_in, reserve_out, kept = reserves
    slope, bend = kept * reserve_out / reserve_in, kept / reserve_in
    if slope <= 0.0:
        return None
    if pool.is_product:
        return Regime(weight, slope, bend)

    def paid(amount: int) -> int | None:
        return quotes.pool_out(pool, first, amount, time)

    return _fitted(weight, slope, bend, size, paid)


def _book_hop(market: Market, edge: int, weight: int, size: int) -> Hop | None:
    """Returns the best level of a book, and its depth."""
    slope = slope_of(weight)

    def paid(amount: int) -> int | None:
        hop = quotes.quote_unrounded(market, edge, amount)
        return None if isinstance(hop, str) else hop.amount_out

    best = Regime(weight, slope, 0.0, room=float(quotes.most(market, edge)))
    deeper = _fitted(weight, slope, math.inf, size, paid)
    return Hop.of(best) if deeper is None else Hop.of(best, deeper)


def _fitted(weight: int, slope: float, bend: float, size: int, paid: Callable[[int], int | None]) -> Regime | None:
    """Returns the regime that pays what an edge pays at `_POINTS` sizes, or more; `bend` is that at 0.

    The sizes go by halves from twice `size` on, which no trade of the cap exceeds. Where the greatest is refused the
    room is the least that is; `None` if all are refused.
    """
    room, amount, tries = math.inf, size << _LARGER_BITS, 0
    out = paid(amount)
    while out is None and amount > 1 and tries < _TRIES:
        room, amount, tries = float(amount), amount >> 1, tries + 1
        out = paid(amount)
    if out is None:
        return None if bend == math.inf else Regime(weight, slope, bend, room=room)
    for _ in range(_POINTS):
        if out is not None:
            bend = min(bend, _bend(slope, amount, out))
        amount >>= 1
        if amount == 0:
            break
        out = paid(amount)
    return Regime(weight, slope, max(bend, 0.0), room=room)


def _bend(slope: float, amount: int, out: int) -> float:
    """Returns the bend at which a slope pays `out` and the atom that was rounded off for `amount`."""
    return (slope * float(amount) / (float(out) + 1.0) - 1.0) / float(amount)
