"""How pools of Raydium AMM v4 are found."""

from __future__ import annotations

from cambist.engine.reference.venues.ray4.layout import AmmV4
from cambist.market.discovery.venue import PoolLayout, Terms, Venue, opens, reserves

_SWAPS = (1, 6, 7)


def _terms(data: bytes, _: bytes | None, now_s: int) -> Terms:
    pool = AmmV4.decode(data)
    fee = pool.swap_fee_numerator / pool.swap_fee_denominator * 1e6 if pool.swap_fee_denominator else None
    closed = "" if pool.status in _SWAPS else f"swaps are off (status {pool.status})"
    return Terms(fee, "", closed or (opens(pool.pool_open_time, now_s) if pool.status == 7 else ""))


VENUE = Venue(PoolLayout("ray4", 752, (400, 432), (336, 368), (336, 464), reserves), _terms)
