"""What the readers of log lines share."""

from __future__ import annotations

import binascii

from cambist.engine.reference.chain.reader import LayoutError, unsigned


def base64(text: str) -> bytes | None:
    """Returns the bytes of canonical base64, `None` if it is none."""
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        return None
    return data if binascii.b2a_base64(data, newline=False).decode() == text else None


def digits(text: str) -> int | None:
    """Returns the number of 1 to 20 digits, `None` for anything else and above 2⁶⁴ − 1."""
    if not 1 <= len(text) <= 20 or not (text.isascii() and text.isdigit()):
        return None
    number = int(text)
    return number if number < 1 << 64 else None


def shown(text: str) -> str:
    """Returns a text short enough for an error."""
    return text[:40]


def field_error(layout: str, field: str, was: object) -> LayoutError:
    """Returns the error of a field that can't be."""
    return LayoutError(f"{layout}: {field} was {was}")


def u64(data: bytes, offset: int) -> int:
    """Returns eight bytes from `offset` as a number."""
    return unsigned(data, offset, 8)


def flag(layout: str, field: str, byte: int) -> bool:
    """Returns a byte as a flag. Raises `LayoutError` if it is neither 0 nor 1."""
    if byte > 1:
        raise field_error(layout, field, byte)
    return byte == 1


def total(layout: str, field: str, *parts: int) -> int:
    """Returns the sum; raises `LayoutError` if it is more than 2⁶⁴ − 1."""
    summed = sum(parts)
    if summed >> 64:
        raise field_error(layout, field, summed)
    return summed
