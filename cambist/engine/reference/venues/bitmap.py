"""Bitmaps of arrays, and the arrays that a swap meets."""

from __future__ import annotations

from bisect import bisect_left, bisect_right


def near_arrays(used: list[int], index: int, *, x_to_y: bool) -> list[int]:
    """Returns those of ascending `used` arrays that a swap from `index` on meets, in its order, `index` included."""
    return used[: bisect_right(used, index)][::-1] if x_to_y else used[bisect_left(used, index) :]


def bits(bitmap: int) -> list[int]:
    """Returns which bits are set, ascending."""
    return [bit for bit in range(bitmap.bit_length()) if bitmap >> bit & 1]
