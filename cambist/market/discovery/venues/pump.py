"""How pools of Pump AMM are found."""

from __future__ import annotations

from fractions import Fraction

from cambist.engine.reference.chain.reader import signed
from cambist.engine.reference.venues.pump.layout import PumpPool
from cambist.market.discovery.venue import PoolLayout, Terms, Venue


def _price(data: bytes, held: tuple[int, int]) -> Fraction | None:
    quote = held[1] + (signed(data, 245, 16) if len(data) >= 261 else 0)
    return Fraction(quote, held[0]) if held[0] and quote > 0 else None


def _terms(data: bytes, _: bytes | None, __: int) -> Terms:
    PumpPool.decode(data)
    return Terms(None, "by market cap")


VENUE = Venue(PoolLayout("pump", None, (43, 75), (139, 171), (43, 261), _price, discriminator="hQrXeCntzbV"), _terms)
