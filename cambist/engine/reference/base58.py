"""Base58 of 32-byte keys and 64-byte signatures."""

from __future__ import annotations

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
