"""How pools of Meteora DAMM v2 are found."""

from __future__ import annotations

from cambist.engine.reference.venues.damm2.layout import DammV2FeeByTime, DammV2Pool
from cambist.market.discovery.venue import PoolLayout, Terms, Venue, square


def _terms(data: bytes, _: bytes | None, __: int) -> Terms:
    pool = DammV2Pool.decode(data)
    fee = pool.base_fee
    falls = not isinstance(fee, DammV2FeeByTime) or (fee.frequency > 0 and fee.steps.periods > 0)
    notes = [words for words, yes in (("at first", falls), ("and by volatility", pool.dynamic_fee is not None)) if yes]
    return Terms(fee.cliff / 1e3, " ".join(notes), "disabled" if pool.is_disabled else "", fee.is_recorded)


VENUE = Venue(PoolLayout("damm2", 1112, (168, 200), (232, 264), (168, 472), square(456)), _terms)
