"""How pools of Saber are found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.venues.saber.layout import StableSwap
from cambist.market.discovery.venue import PoolLayout, Terms, Venue

if TYPE_CHECKING:
    from fractions import Fraction


def _price(_: bytes, __: tuple[int, int]) -> Fraction | None:
    return None


def _terms(data: bytes, _: bytes | None, __: int) -> Terms:
    pool = StableSwap.decode(data)
    part, whole = pool.trade_fee
    return Terms(part / whole * 1e6 if whole else None, "", "paused" if pool.is_paused else "")


VENUE = Venue(PoolLayout("saber", 395, (203, 235), (107, 139), (107, 267), _price), _terms)
