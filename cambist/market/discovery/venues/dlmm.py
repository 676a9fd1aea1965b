"""How pools of Meteora DLMM are found."""

from __future__ import annotations

from fractions import Fraction

from cambist.engine.reference.chain.reader import signed, unsigned
from cambist.engine.reference.venues.dlmm.layout import LbPair
from cambist.market.discovery.venue import PoolLayout, Terms, Venue

_MAX_BIN = 443_636


def _price(data: bytes, _: tuple[int, int]) -> Fraction | None:
    active, step = signed(data, 76, 4), unsigned(data, 80, 2)
    if not 0 < step <= 10_000 or abs(active) > _MAX_BIN:
        return None
    try:
        price = (1.0 + step / 10_000.0) ** active
    except OverflowError:
        return None
    return Fraction(price) if price else None


def _terms(data: bytes, _: bytes | None, __: int) -> Terms:
    pair = LbPair.decode(data)
    terms = pair.parameters
    base = terms.base_factor * pair.bin_step * 10 * 10 ** min(terms.base_fee_power_factor, 9) / 1e3
    note = "and by volatility" if terms.variable_fee_control else ""
    return Terms(base, note, "" if pair.status == 0 else f"disabled (status {pair.status})")


VENUE = Venue(PoolLayout("dlmm", 904, (88, 120), (152, 184), (76, 216), _price), _terms)
