"""Fixed-point base-2 logarithms, the same integers in both engines.

The algorithm, to the bit: a mantissa of 64 bits picks one of 256 reciprocals by its next 8 bits; what is left is
1 + z with |z| < 2⁻⁸, and four terms of the series give its logarithm. Sums are kept in 2⁻⁵⁶ units, shifted at the end.
The result is within 2⁻³⁹ (2 units) of the true value.
"""

from __future__ import annotations

ONE = 1 << 40
"""Units of one: a ratio of 2 has this logarithm."""

_INDEX_BITS = 8
_WORK_BITS = 56
_LOG2_E = 6653256548922161245  # floor(2^62 / ln 2)
_THIRD = (1 << 62) // 3


def _log2_bits(value: int, fraction_bits: int) -> int:
    """Returns floor(log2(value / 2^15) · 2^fraction_bits) by squaring, for 2^15 ≤ value ≤ 2^16."""
    mantissa, whole = value << 48, 0
    if mantissa >> 64:
        mantissa, whole = mantissa >> 1, 1
    result = whole
    for _ in range(fraction_bits):
        square = mantissa * mantissa
        bit = square >> 127
        mantissa = square >> (63 + bit)
        result = result << 1 | bit
    return result


def _entry(index: int) -> tuple[int, int]:
    reciprocal = (1 << 25) // (2 * index + 513)
    return reciprocal, (1 << _WORK_BITS) - _log2_bits(reciprocal, _WORK_BITS)


_TABLE = [_entry(index) for index in range(1 << _INDEX_BITS)]


def _log2_work(value: int) -> int:
    exponent = value.bit_length() - 1
    mantissa = value << (63 - exponent) if exponent <= 63 else value >> (exponent - 63)
    reciprocal, log = _TABLE[(mantissa >> 55) & 0xFF]
    z = (mantissa * reciprocal - (1 << 79)) >> 16
    # ln(1+z) = z − z·z·(1/2 − z·(1/3 − z/4)), every product floored, z in 2⁻⁶³ and the bracket in 2⁻⁶² units.
    inner = _THIRD - (z >> 3)
    inner = (1 << 61) - (z * inner >> 63)
    square = z * z >> 63
    natural = z - (square * inner >> 62)
    return (exponent << _WORK_BITS) + log + (natural * _LOG2_E >> 69)


def log2_ratio(num: int, den: int) -> int | None:
    """Returns log2(num / den) in 2⁻⁴⁰ units, or `None` if either is 0. Both are below 2^128."""
    if num == 0 or den == 0:
        return None
    return (_log2_work(num) - _log2_work(den)) >> (_WORK_BITS - 40)
