"""Bin arrays of a pair and its bitmap, as a swap walks over them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cambist.engine.reference.chain import base58
from cambist.engine.reference.chain.reader import LayoutError
from cambist.engine.reference.venues.bitmap import bits, near_arrays
from cambist.engine.reference.venues.dlmm.layout import BINS_PER_ARRAY, BITMAP_ARRAYS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cambist.engine.reference.venues.dlmm.layout import Bin, BinArray, BinArrayBitmapExtension, LbPair


def array_index(bin_id: int) -> int:
    """Returns the index of the array that holds a bin."""
    return bin_id // BINS_PER_ARRAY


def liquid_arrays(pair: LbPair, extension: BinArrayBitmapExtension | None) -> list[int]:
    """Returns the arrays that the bitmaps of a pair say have liquidity, ascending."""
    liquid = [bit - BITMAP_ARRAYS for bit in bits(pair.bitmap)]
    if extension is not None:
        liquid += [bit + BITMAP_ARRAYS for bit in bits(extension.positive)]
        liquid += [-BITMAP_ARRAYS - 1 - bit for bit in bits(extension.negative)]
    return sorted(liquid)


class Bins:
    """The loaded bin arrays of a pair, and which arrays its bitmaps say have liquidity."""

    def __init__(
        self, address: bytes, pair: LbPair, extension: BinArrayBitmapExtension | None, arrays: Iterable[BinArray]
    ) -> None:
        """Takes the accounts of the pair at `address`. Raises `LayoutError` for another's, or an array given twice."""
        if extension is not None:
            _check_owner("bin_array_bitmap_extension", extension.lb_pair, address)
        self.liquid = liquid_arrays(pair, extension)
        self.arrays: dict[int, BinArray] = {}
        for array in arrays:
            _check_owner("bin_array", array.lb_pair, address)
            if array.index in self.arrays:
                msg = f"bin_array: index was {array.index}"
                raise LayoutError(msg)
            self.arrays[array.index] = array

    def next_array(self, index: int, *, x_to_y: bool) -> int | None:
        """Returns the first array with liquidity from `index` on, itself included; `None` if there is none."""
        near = near_arrays(self.liquid, index, x_to_y=x_to_y)
        return near[0] if near else None

    def after(self, changed: Iterable[tuple[int, Bin]]) -> Bins:
        """Returns the bins with those that a swap changed."""
        bins = object.__new__(Bins)
        bins.liquid, bins.arrays = self.liquid, dict(self.arrays)
        for bin_id, new in changed:
            index, offset = divmod(bin_id, BINS_PER_ARRAY)
            array = bins.arrays[index]
            bins.arrays[index] = replace(array, bins=(*array.bins[:offset], new, *array.bins[offset + 1 :]))
        return bins


def _check_owner(layout: str, was: bytes, address: bytes) -> None:
    if was != address:
        msg = f"{layout}: lb_pair was {base58.encode(was)}"
        raise LayoutError(msg)
