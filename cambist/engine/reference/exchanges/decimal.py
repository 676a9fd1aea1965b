"""Decimal text to fixed point, exactly: quantities with eight decimals, prices with those of their instrument.

An instrument's integer prices have eight decimals, or as many more as the tick of its venue's list needs.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

import msgspec

DECIMALS = 8
"""Decimals of a fixed-point quantity, and the least that a price has."""

MOST_DECIMALS = 14
"""Most decimals that a price has.

So the marginal rate of tokens of 18 decimals stays within 128 bits: 10¹⁴ × 10⁶ ppm × 10¹⁸.
"""

PriceScale: TypeAlias = Annotated[int, msgspec.Meta(ge=DECIMALS, le=MOST_DECIMALS)]
"""Decimals of an instrument's integer prices."""

ONE = 100_000_000
"""One whole unit."""

U64_MAX = (1 << 64) - 1

_FAST_DIGITS = 19
"""With so few digits nothing overflows: 10¹⁹ < 2⁶⁴."""

_MOST_DIGITS = 20
"""More digits than any unsigned 64-bit integer has."""

_EXPONENT_DIGITS = 10
_EXPONENTS = 1 << 31
"""Beyond this an exponent is far beyond any number that fits."""

_LONGEST = 4_000
"""Longer runs of digits are leading zeros or too much; the interpreter reads no more than 4300."""


class PriceScales:
    """Scales of a venue's prices, by symbol."""

    def __init__(self, others: PriceScale = DECIMALS) -> None:
        """Gives whatever symbol one scale."""
        self._others = others
        self._named: dict[str, PriceScale] = {}

    def of(self, symbol: str) -> PriceScale:
        """Returns the scale of a symbol's prices."""
        return self._named.get(symbol, self._others)

    def set(self, symbol: str, scale: PriceScale) -> None:
        """Gives a symbol a scale of its own."""
        self._named[symbol] = scale


EIGHT: Final = PriceScales()
"""The usual one for whatever symbol; nothing is set in it."""


def scale_of(decimals: int) -> PriceScale:
    """Returns the scale of so many decimals, the nearest that there is."""
    return min(max(decimals, DECIMALS), MOST_DECIMALS)


def checked_scale(decimals: int) -> PriceScale:
    """Returns the scale of so many decimals. Raises `ValueError` if there is none."""
    if scale_of(decimals) != decimals:
        message = f"{decimals} decimals of a price"
        raise ValueError(message)
    return decimals


def needed_scale(text: str) -> PriceScale | None:
    """Returns the coarsest scale at which a decimal text is an integer, `None` if none is fine enough."""
    places = len(text.partition(".")[2].rstrip("0"))
    return scale_of(places) if places <= MOST_DECIMALS else None


def one(scale: PriceScale) -> int:
    """Returns a price of one."""
    return int(10**scale)


def units(scale: PriceScale, finer: PriceScale) -> int:
    """Returns how many units of a finer scale one unit of this one is; 1 of one that is not finer."""
    return int(10 ** max(finer - scale, 0))


def real(price: int, scale: PriceScale) -> float:
    """Returns a price as a real number."""
    return float(price) / float(one(scale))


def decimal8(text: str) -> int | None:
    """Returns `text` × 10⁸, `None` if that isn't exactly an unsigned 64-bit integer.

    `text` is digits, optionally a dot and more digits; decimals past the eighth must be zeros.
    """
    return decimal(text, DECIMALS)


def decimal(text: str, scale: PriceScale) -> int | None:
    """Returns the same as an integer of a scale."""
    whole, dot, fraction = text.partition(".")
    if len(fraction) == scale and 0 < len(whole) <= _FAST_DIGITS - scale and _is_digits(whole + fraction):
        return int(whole + fraction)
    if not dot:
        fraction = "0"
    if not (_is_digits(whole) and _is_digits(fraction)) or fraction[scale:].strip("0"):
        return None
    whole = whole.lstrip("0") if len(whole) > _LONGEST else whole
    if len(whole) > _LONGEST:
        return None
    value = int(whole or "0") * one(scale) + int(fraction[:scale].ljust(scale, "0"))
    return value if value <= U64_MAX else None


def is_beyond(text: str, scale: PriceScale) -> bool:
    """Returns whether a price is beyond the largest of its scale, and only for that no integer of it.

    Venues hold asks at any price: 9 999 999 997 for a bitcoin was recorded. Nobody trades there.
    """
    if scale == DECIMALS or not is_decimal(text):
        return False
    needed = needed_scale(text)
    return needed is not None and needed <= scale and decimal(text, scale) is None


def is_decimal(text: str) -> bool:
    """Returns whether a text is digits, optionally a dot and more digits."""
    whole, dot, fraction = text.partition(".")
    return _is_digits(whole) and (_is_digits(fraction) or not dot)


def scaled(text: str, places: int) -> int | None:
    """Returns a JSON number × 10^`places`, what remains cut off.

    `None` if it is negative or no unsigned 64-bit integer.

    >>> scaled("6.001000000000001e-06", 9), scaled("1e400", 0)
    (6001, None)
    """
    mantissa, _, exponent = text.replace("E", "e").partition("e")
    if mantissa.startswith("-"):
        return None
    whole, _, fraction = mantissa.partition(".")
    kept = (whole + fraction).lstrip("0")
    if not kept:
        return 0
    if len(exponent.lstrip("+-").lstrip("0")) > _EXPONENT_DIGITS:
        return None
    power = int(exponent or "0")
    if not -_EXPONENTS <= power < _EXPONENTS:
        return None
    length = len(kept) + power + places - len(fraction)
    if length <= 0:
        return 0
    if length > _MOST_DIGITS:
        return None
    value = int(kept[:length].ljust(length, "0"))
    return value if value <= U64_MAX else None


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
