"""What an edge pays near its price, in real numbers: what cycles are ranked by before any of them is sized.

A hop's regimes are to pay, the best of them, what the edge pays or more, for each size that a trade may have:

- A pool whose curve is one product is that, with the bend that is known.
- A book and a pool of bins pay their best level in full. Beyond it their levels are walked, and the least bend is kept
  with which the best price pays what they do: exactly an upper bound, but for sizes up to a sixteenth beyond the best
  level, where a cycle gains at most a sixteenth more than with the level in full.
- Any other curve is fitted to exact quotes, so it is bounded at these sizes; between two of them it may pay more than
  its fit, where liquidity comes and goes with the price.
- A transfer fee that stops growing gives each of these once more, for each choice of the fees that do.

What is left is within what estimates are widened by, but for few: see `engine.ranking`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cambist.engine.reference.chain.token import TransferFee, TransferFeeConfig
from cambist.engine.reference.engine.market import quotes
from cambist.engine.reference.engine.market.fits import beyond, fitted
from cambist.engine.reference.engine.market.kind import Kind
from cambist.engine.reference.search.estimate import Hop, Regime, slope_of
from cambist.engine.reference.venues.quote import BASIS_POINTS, transfer_fees_at

if TYPE_CHECKING:
    from cambist.engine.reference.engine.market import Market
    from cambist.engine.reference.venues.quote import ChainTime, Pool, TransferFees

_LARGER_BITS: Final = 1
"""The greatest size that is looked at is so many times doubled: what a trade may have is cut to a power of two."""
_MOST_CAP: Final = 1 << 63
"""From here on no amount reaches the size beyond which a transfer fee no longer grows."""


def pool_weight(pool: Pool, first: bool, time: ChainTime) -> int | None:
    """Returns what an edge of a pool weighs: the lightest of its regimes; `None` if it is not tradable."""
    pools = [pool, *(free for free, _, _ in without_capped(pool, first, time))]
    weights = (each.weight(first, time) for each in pools)
    return min((weight for weight in weights if weight is not None), default=None)


def without_capped(pool: Pool, first: bool, time: ChainTime) -> list[tuple[Pool, int, int]]:
    """Returns a pool as it is beyond the sizes where transfer fees stop growing, and what these then take.

    That is atoms of the token in and of the token out, for each choice of those fees of its tokens that stop.
    """
    fees = transfer_fees_at(pool.transfer_fees, first, time)
    stops = [fee.bps > 0 and fee.max_fee * BASIS_POINTS // fee.bps < _MOST_CAP for fee in fees]
    found = []
    for choice in _CHOICES:
        if all(stops[side] for side in choice):
            lost_in, lost_out = (fee.max_fee if side in choice else 0 for side, fee in enumerate(fees))
            sides = choice if first else tuple(1 - side for side in choice)
            left: TransferFees = tuple(  # type: ignore[assignment]
                _NO_FEE if side in sides else fee for side, fee in enumerate(pool.transfer_fees)
            )
            found.append((pool.with_transfer_fees(left), lost_in, lost_out))
    return found


_CHOICES: Final = ((0, 1), (0,), (1,))
"""Sides of a pool whose fees no longer grow: in, out."""
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
    known = _regimes(pool, time, size, first=first)
    for free, lost_in, lost_out in without_capped(pool, first, time):
        lost = float(lost_in), float(lost_out)
        known += [each._replace(lost_in=lost[0], lost_out=lost[1]) for each in _regimes(free, time, size, first=first)]
    return Hop.of(*known) if known else None


def _regimes(pool: Pool, time: ChainTime, size: int, *, first: bool) -> list[Regime]:
    """Returns what a pool pays where its transfer fees are what they are, or more."""
    weight, reserves = pool.weight(first, time), pool.virtual_reserves(first, time)
    if weight is None or reserves is None or reserves[0] <= 0.0:
        return []
    reserve_in, reserve_out, kept = reserves
    slope, bend = kept * reserve_out / reserve_in, kept / reserve_in
    if slope <= 0.0:
        return []
    own = Regime(weight, slope, bend)
    if pool.is_product:
        return [own]

    def paid(amount: int) -> int | None:
        return quotes.pool_out(pool, first, amount, time)

    most = size << _LARGER_BITS
    levels = pool.levels(first, most, time)
    if levels is None:
        return [fitted(own, most, paid)]
    level = own._replace(bend=0.0, room=levels[0][0] if levels else 0.0)
    fits = beyond(levels, slope, float(most))
    return [level, *(own._replace(bend=fit.bend, room=fit.room) for fit in fits)]


def _book_hop(market: Market, edge: int, weight: int, size: int) -> Hop | None:
    """Returns the best level of a book, and its depth."""
    level = Regime(weight, slope_of(weight), 0.0, room=float(quotes.most(market, edge)))
    depth = quotes.depth(market, edge)
    if depth is None:
        return Hop.of(level)
    per_atom, price, levels = depth
    fits = beyond(levels, price, per_atom * float(size << _LARGER_BITS))
    return Hop.of(level, *(level._replace(bend=fit.bend * per_atom, room=fit.room / per_atom) for fit in fits))
