"""How pools of Raydium CPMM are found."""

from __future__ import annotations

from cambist.engine.reference.venues.cpmm.layout import CpmmConfig, CpmmPool
from cambist.market.discovery.venue import PoolLayout, Terms, Venue, opens, reserves


def _terms(data: bytes, config: bytes | None, now_s: int) -> Terms:
    pool = CpmmPool.decode(data)
    terms = None if config is None else CpmmConfig.decode(config)
    note = "and the creator's" if pool.enable_creator_fee else ""
    closed = "swaps are off" if pool.status & 4 else opens(pool.open_time, now_s)
    return Terms(None if terms is None else float(terms.trade_fee_rate), note, closed)


VENUE = Venue(
    PoolLayout("cpmm", 637, (168, 200), (72, 104), (72, 232), reserves, sorted_mints=True),
    _terms,
    config_at=8,
)
