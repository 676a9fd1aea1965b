"""Checked reads at fixed offsets."""

from __future__ import annotations


class LayoutError(ValueError):
    """An account's bytes are not what its layout says. The message names the layout and what was."""

    is_other = False
    """Whether size or discriminator say that it is another kind of account."""


def other(message: str) -> LayoutError:
    """Returns the error of an account that is of another kind."""
    error = LayoutError(message)
    error.is_other = True
    return error


def check_size(name: str, data: bytes, size: int, *, may_grow: bool) -> None:
    """Raises `LayoutError` if `data` is shorter than `size`, or longer where that can't be."""
    if len(data) < size or (len(data) > size and not may_grow):
        msg = f"{name}: size was {len(data)}, expected {size}"
        raise other(msg)


def check_discriminator(name: str, data: bytes, expected: bytes) -> None:
    """Raises `LayoutError` if `data` doesn't start with `expected`; too short is a size error of 8 bytes."""
    if len(data) < 8:
        msg = f"{name}: size was {len(data)}, expected 8"
        raise other(msg)
    if data[:8] != expected:
        msg = f"{name}: discriminator was {data[:8].hex()}"
        raise other(msg)


def unsigned(data: bytes, offset: int, size: int) -> int:
    """Returns the unsigned integer of `size` bytes at `offset`."""
    return int.from_bytes(data[offset : offset + size], "little")


def signed(data: bytes, offset: int, size: int) -> int:
    """Returns the signed integer of `size` bytes at `offset`."""
    return int.from_bytes(data[offset : offset + size], "little", signed=True)


def key(data: bytes, offset: int) -> bytes:
    """Returns the 32-byte address at `offset`."""
    return bytes(data[offset : offset + 32])
