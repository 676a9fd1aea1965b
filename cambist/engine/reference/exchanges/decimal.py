"""Decimal text to fixed point with eight decimals, exactly."""

from __future__ import annotations

DECIMALS = 8
"""Decimals of a fixed-point price or quantity."""

ONE = 100_000_000
"""One whole unit."""

U64_MAX = (1 << 64) - 1

_FAST_WHOLE = 11
"""With so few whole digits nothing overflows: 10¹¹ × 10⁸ < 2⁶⁴."""

_MOST_DIGITS = 20
"""More digits than any unsigned 64-bit integer has."""

_EXPONENT_DIGITS = 10
_EXPONENTS = 1 << 31
"""Beyond this an exponent is far beyond any number that fits."""

_LONGEST = 4_000
"""Longer runs of digits are leading zeros or too much; the interpreter reads no more than 4300."""


def decimal8(text: str) -> int | None:
    """Returns `text` × 10⁸, `None` if that isn't exactly an unsigned 64-bit integer.

    `text` is digits, optionally a dot and more digits; decimals past the eighth must be zeros.
    """
    whole, dot, fraction = text.partition(".")
    if len(fraction) == DECIMALS and 0 < len(whole) <= _FAST_WHOLE and _is_digits(whole + fraction):
        return int(whole + fraction)
    if not dot:
        fraction = "0"
    if not (_is_digits(whole) and _is_digits(fraction)) or fraction[DECIMALS:].strip("0"):
        return None
    whole = whole.lstrip("0") if len(whole) > _LONGEST else whole
    if len(whole) > _LONGEST:
        return None
    value = int(whole or "0") * ONE + int(fraction[:DECIMALS].ljust(DECIMALS, "0"))
    return value if value <= U64_MAX else None


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
