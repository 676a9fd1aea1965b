"""How pools of Orca Whirlpool are found."""

from __future__ import annotations

from cambist.engine.reference.venues.orca.layout import Whirlpool
from cambist.market.discovery.venue import PoolLayout, Terms, Venue, square


def _terms(data: bytes, _: bytes | None, __: int) -> Terms:
    pool = Whirlpool.decode(data)
    return Terms(float(pool.fee_rate), "and by volatility" if pool.has_adaptive_fee() else "")


VENUE = Venue(PoolLayout("orca", 653, (101, 181), (133, 213), (65, 245), square(65), sorted_mints=True), _terms)
