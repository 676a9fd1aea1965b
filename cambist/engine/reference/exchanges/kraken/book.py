"""Readings that both versions of Kraken's API share: levels with the decimals they write, and names."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from cambist.engine.reference.exchanges.decimal import DECIMALS, PriceScale, decimal, is_beyond

if TYPE_CHECKING:
    from cambist.engine.reference.exchanges.event import Level
    from cambist.engine.reference.exchanges.frame import Field

MAX_KRAKEN_LEVELS = 4_000
"""Most levels of a side that are read; `book` is at most 1000 deep."""

Digits: TypeAlias = tuple[int, int] | None
"""The most decimals of a price and of a quantity that a frame writes; `None` before its first level."""

_MOST_DECIMALS = 18
"""Most decimals of a number in a book; pairs have up to 10."""

_U32_END = 1 << 32

_IN_V2 = {"XBT": "BTC", "XDG": "DOGE"}


def level(
    scale: PriceScale, price: tuple[Field, str], qty: tuple[Field, str], digits: Digits
) -> tuple[Level | None, Digits]:
    """Returns a level out of two texts and the fields they stand in, and the most decimals with it.

    `scale` is that of its price, the level `None` beyond its largest.
    """
    if is_beyond(price[1], scale):
        amount(*qty, DECIMALS)
        return None, digits
    worth, price_digits = amount(*price, scale)
    if worth == 0:
        raise price[0].wrong()  # would be free to buy
    held, qty_digits = amount(*qty, DECIMALS)
    most_price, most_qty = digits or (0, 0)
    return (worth, held), (max(most_price, price_digits), max(most_qty, qty_digits))


def amount(field: Field, text: str, scale: PriceScale) -> tuple[int, int]:
    """Returns a text as an integer of a scale, and how many decimals it writes."""
    decimals = len(text.partition(".")[2])
    value = decimal(text, scale)
    if value is None or decimals > _MOST_DECIMALS:
        raise field.wrong()
    return value, decimals


def sum_of(checksum: Field, number: int) -> int:
    """Returns a sum that fits its 32 bits."""
    if number >= _U32_END:
        raise checksum.wrong()
    return number


def in_v2(name: str) -> str:
    """Returns a name of v1 in v2."""
    return _IN_V2.get(name, name)


def pair_in_v2(pair: str) -> str:
    """Returns a pair of v1 in v2."""
    base, slash, quote = pair.partition("/")
    return f"{in_v2(base)}/{in_v2(quote)}" if slash else pair
