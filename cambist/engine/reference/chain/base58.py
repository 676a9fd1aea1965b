"""Base58 of 32-byte keys and 64-byte signatures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

_DIGITS = {char: digit for digit, char in enumerate(ALPHABET)}
_LONGEST = {32: 44, 64: 88}


def encode(key: bytes) -> str:
    """Returns the base58 text of a key or signature."""
    number = int.from_bytes(key, "big")
    text: list[str] = []
    while number:
        number, digit = divmod(number, 58)
        text.append(ALPHABET[digit])
    zeros = len(key) - len(key.lstrip(b"\0"))
    return "1" * zeros + "".join(reversed(text))


def decode(text: str) -> bytes | None:
    """Returns the key that `text` is the one encoding of, `None` if it isn't 32 bytes of base58."""
    return _decode(text, 32)


def encode_signature(signature: bytes) -> str:
    """Returns the base58 text of a signature."""
    return encode(signature)


def decode_signature(text: str) -> bytes | None:
    """Returns the signature that `text` is the one encoding of, `None` if it isn't 64 bytes of base58."""
    return _decode(text, 64)


MAX_TEXT = 14_200
"""Longest text that `decode_bytes` reads: the 10 KiB that one instruction may hand to another, and some."""


def decode_bytes(text: str) -> bytes | None:
    """Returns the bytes of a base58 text of any length up to `MAX_TEXT`, `None` if it is longer or none.

    >>> list(decode_bytes("11Q") or [])
    [0, 0, 23]
    """
    if len(text.encode("utf-8", "replace")) > MAX_TEXT:
        return None
    number = 0
    for char in text:
        digit = _DIGITS.get(char)
        if digit is None:
            return None
        number = number * 58 + digit
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def _decode(text: str, size: int) -> bytes | None:
    if len(text) > _LONGEST[size]:
        return None
    number = 0
    for char in text:
        digit = _DIGITS.get(char)
        if digit is None:
            return None
        number = number * 58 + digit
    if number >> 8 * size:
        return None
    key = number.to_bytes(size, "big")
    return key if encode(key) == text else None


class Base58Error(ValueError):
    """Why a batch can't be written or read, with the place and the value."""


def encode_many(packed: bytes, size: int) -> list[str]:
    """Returns the base58 text of each key (`size` 32) or signature (64) of `packed`, which holds them end to end.

    Raises `Base58Error` for another size and for bytes that are no multiple of it.

    >>> encode_many(bytes(64), 32) == ["1" * 32] * 2
    True
    """
    _sized(size)
    if len(packed) % size:
        message = f"{len(packed)} bytes are no multiple of {size}"
        raise Base58Error(message)
    return [encode(packed[at : at + size]) for at in range(0, len(packed), size)]


def decode_many(texts: Sequence[str], size: int) -> bytes:
    """Returns the keys (`size` 32) or signatures (64) of base58 texts, end to end.

    Raises `Base58Error` for another size and, with its place, for the first text that is none.

    >>> decode_many(["1" * 32, "1" * 32], 32) == bytes(64)
    True
    """
    _sized(size)
    keys = []
    for at, text in enumerate(texts):
        key = _decode(text, size)
        if key is None:
            message = f"text {at} is not {size} bytes of base58: {text}"
            raise Base58Error(message)
        keys.append(key)
    return b"".join(keys)


def _sized(size: int) -> None:
    if size not in _LONGEST:
        message = f"size was {size}, not 32 or 64"
        raise Base58Error(message)
