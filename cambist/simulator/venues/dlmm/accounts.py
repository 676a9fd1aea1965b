"""Accounts of Meteora DLMM pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cambist.engine.reference.venues.dlmm.layout import BINS_PER_ARRAY, Bin, BinArray, LbPair
from cambist.engine.reference.venues.dlmm.owned import METEORA_DLMM
from cambist.simulator.accounts import Account, rent
from cambist.simulator.venues.dlmm.layout import BinKeeping, encode_bin_array, encode_lb_pair, patch_lb_pair

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cambist.engine.reference.venues.dlmm.maths.fill import BinFill
    from cambist.engine.reference.venues.dlmm.maths.swap import DlmmFill

BIN_ARRAY_SPACE = 10_136


class LbPairAccount(Account):
    """A DLMM pair."""

    __slots__ = ("_template", "pair")

    def __init__(self, template: bytes, pair: LbPair) -> None:
        super().__init__(METEORA_DLMM, b"", rent(len(template)))
        self._template, self.pair = template, pair

    @staticmethod
    def new(pair: LbPair, **fields: int | bytes) -> LbPairAccount:
        """Returns a pair with these fields besides those that quotes read."""
        return LbPairAccount(encode_lb_pair(pair, **fields), pair)

    def swapped(self, fill: DlmmFill, *, x_to_y: bool) -> LbPairAccount:
        """Returns the pair after a swap."""
        old = self.pair
        owed = [old.protocol_fee_x, old.protocol_fee_y]
        owed[0 if x_to_y == fill.fee_on_input else 1] += fill.protocol_fee
        pair = replace(
            old, active_id=fill.active_id, volatility=fill.volatility, protocol_fee_x=owed[0], protocol_fee_y=owed[1]
        )
        return LbPairAccount(self._template, pair)

    @property
    def data(self) -> bytes:
        """The account's bytes."""
        if not self._data:
            self._data = patch_lb_pair(self._template, self.pair)
        return self._data

    @property
    def space(self) -> int:
        """Size of the data."""
        return len(self._template)


class BinArrayAccount(Account):
    """70 bins of a pair. They are encoded when the account is first read.

    What the owners of limit orders may claim is not kept up: no quote reads it.
    """

    __slots__ = ("_keeping", "array")

    def __init__(self, array: BinArray, keeping: Mapping[int, BinKeeping]) -> None:
        super().__init__(METEORA_DLMM, b"", rent(BIN_ARRAY_SPACE))
        self.array, self._keeping = array, keeping

    def swapped(self, steps: Iterable[tuple[int, BinFill]], *, fee_in_x: bool) -> BinArrayAccount:
        """Returns the array after a swap filled some of its bins, given by id."""
        bins, keeping = list(self.array.bins), dict(self._keeping)
        for bin_id, fill in steps:
            at = bin_id % BINS_PER_ARRAY
            keeping[at] = _kept(bins[at], keeping.get(at, BinKeeping()), fill, fee_in_x=fee_in_x)
            bins[at] = fill.bin
        return BinArrayAccount(replace(self.array, bins=tuple(bins)), keeping)

    @property
    def data(self) -> bytes:
        """The account's bytes."""
        if not self._data:
            self._data = encode_bin_array(self.array.lb_pair, self.array.index, self.array.bins, self._keeping)
        return self._data

    @property
    def space(self) -> int:
        """Size of the data."""
        return BIN_ARRAY_SPACE


def _kept(before: Bin, kept: BinKeeping, fill: BinFill, *, fee_in_x: bool) -> BinKeeping:
    makers, shares = fill.fee - fill.protocol_fee - fill.limit_order_fee, kept.liquidity >> 64
    if makers > 0 and shares:
        more, (x, y) = (makers << 64) // shares, kept.fee_per_liquidity
        kept = kept._replace(fee_per_liquidity=(x + more, y) if fee_in_x else (x, y + more))
    if before.open_order_amount and not fill.bin.open_order_amount:
        kept = kept._replace(processing_order_amount=before.open_order_amount, order_age=kept.order_age + 1)
    return kept
