"""How pools of Raydium CLMM are found."""

from __future__ import annotations

from cambist.engine.reference.venues.clmm.layout import ClmmConfig, ClmmPool
from cambist.market.discovery.venue import PoolLayout, Terms, Venue, opens, square


def _terms(data: bytes, config: bytes | None, now_s: int) -> Terms:
    pool = ClmmPool.decode(data)
    terms = None if config is None else ClmmConfig.decode(config)
    closed = "swaps are off" if pool.status & 16 else opens(pool.open_time, now_s)
    note = "and by volatility" if pool.dynamic_fee is not None else ""
    return Terms(None if terms is None else float(terms.trade_fee_rate), note, closed)


VENUE = Venue(
    PoolLayout("clmm", 1544, (73, 105), (137, 169), (73, 269), square(253), sorted_mints=True),
    _terms,
    config_at=9,
)
