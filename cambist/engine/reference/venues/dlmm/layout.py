"""Accounts of Meteora DLMM: the pair, its bin arrays, the extension of its bitmap."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from cambist.engine.reference.chain.reader import LayoutError, check_discriminator, check_size, key, signed, unsigned

BINS_PER_ARRAY = 70
MAX_BIN_ID = 443_636
"""The lowest is its negative."""
BITMAP_ARRAYS = 512
"""Arrays on each side of 0 that the pair's own bitmap covers: −512 to 511."""
EXTENSION_ARRAYS = 12 * 512
"""Arrays beyond them, on each side, that the extension covers."""
MAX_ARRAY_INDEX = BITMAP_ARRAYS + EXTENSION_ARRAYS - 1
_LB_PAIR = bytes.fromhex("210b3162b565b10d")
_BIN_ARRAY = bytes.fromhex("5c8e5cdc059446b5")
_EXTENSION = bytes.fromhex("506f7c7137ed1205")
_BIN_SIZE = 144
_BASIS_POINTS = 10_000


class StaticParameters(msgspec.Struct, frozen=True):
    """What a pair's creator chose."""

    base_factor: int
    filter_period: int
    """s"""
    decay_period: int
    """s"""
    reduction_factor: int
    """bps"""
    variable_fee_control: int
    max_volatility_accumulator: int
    min_bin_id: int
    max_bin_id: int
    protocol_share: int
    """bps of the fee."""
    base_fee_power_factor: int
    function_type: int
    """0 undetermined, 1 liquidity mining, 2 limit orders."""
    collect_fee_mode: int
    """0 on the input, 1 on token Y."""


class VariableParameters(msgspec.Struct, frozen=True):
    """The volatility a pair has seen."""

    volatility_accumulator: int
    volatility_reference: int
    index_reference: int
    last_update_timestamp: int
    """Unix s."""


class LbPair(msgspec.Struct, frozen=True):
    """A liquidity-book pair. The price of a bin is atoms of Y per atom of X."""

    parameters: StaticParameters
    volatility: VariableParameters
    pair_type: int
    active_id: int
    bin_step: int
    """bps from one bin to the next."""
    status: int
    """0 enabled."""
    activation_type: int
    """0 a slot, 1 a time."""
    mint_x: bytes
    mint_y: bytes
    reserve_x: bytes
    reserve_y: bytes
    protocol_fee_x: int
    protocol_fee_y: int
    reward_mints: tuple[bytes, bytes]
    oracle: bytes
    bitmap: int
    """Bit `index + 512` says that the bin array has liquidity."""
    activation_point: int
    """A slot, or unix s."""

    @staticmethod
    def decode(data: bytes) -> LbPair:
        """Returns the fields.

        Raises `LayoutError`, for a bin step of 0, an active bin out of range and a share above one too.
        """
        check_discriminator("lb_pair", data, _LB_PAIR)
        check_size("lb_pair", data, 904, may_grow=True)
        pair = LbPair(
            parameters=_static_parameters(data),
            volatility=VariableParameters(
                unsigned(data, 40, 4), unsigned(data, 44, 4), signed(data, 48, 4), signed(data, 56, 8)
            ),
            pair_type=data[75],
            active_id=signed(data, 76, 4),
            bin_step=unsigned(data, 80, 2),
            status=data[82],
            activation_type=data[86],
            mint_x=key(data, 88),
            mint_y=key(data, 120),
            reserve_x=key(data, 152),
            reserve_y=key(data, 184),
            protocol_fee_x=unsigned(data, 216, 8),
            protocol_fee_y=unsigned(data, 224, 8),
            reward_mints=(key(data, 264), key(data, 264 + 144)),
            oracle=key(data, 552),
            bitmap=unsigned(data, 584, 128),
            activation_point=unsigned(data, 816, 8),
        )
        checks = {
            "bin_step": (pair.bin_step, pair.bin_step > 0),
            "active_id": (pair.active_id, -MAX_BIN_ID <= pair.active_id <= MAX_BIN_ID),
            "protocol_share": (pair.parameters.protocol_share, pair.parameters.protocol_share <= _BASIS_POINTS),
        }
        for field, (was, passes) in checks.items():
            if not passes:
                msg = f"lb_pair: {field} was {was}"
                raise LayoutError(msg)
        return pair

    def fee_on_input(self, *, x_to_y: bool) -> bool:
        """Returns whether a swap in that direction pays its fee in the token that goes in."""
        return not (x_to_y and self.parameters.collect_fee_mode == 1)

    def takes_limit_orders(self) -> bool:
        """Returns whether swaps fill limit orders: such pairs, and undetermined ones without a reward."""
        kind = self.parameters.function_type
        return kind == 2 or (kind == 0 and not any(map(any, self.reward_mints)))


def _static_parameters(data: bytes) -> StaticParameters:
    return StaticParameters(
        base_factor=unsigned(data, 8, 2),
        filter_period=unsigned(data, 10, 2),
        decay_period=unsigned(data, 12, 2),
        reduction_factor=unsigned(data, 14, 2),
        variable_fee_control=unsigned(data, 16, 4),
        max_volatility_accumulator=unsigned(data, 20, 4),
        min_bin_id=signed(data, 24, 4),
        max_bin_id=signed(data, 28, 4),
        protocol_share=unsigned(data, 32, 2),
        base_fee_power_factor=data[34],
        function_type=data[35],
        collect_fee_mode=data[36],
    )


class Bin(NamedTuple):
    """One price, with what makers hold at it and the limit orders of one side."""

    amount_x: int
    amount_y: int
    price: int
    """Q64.64 atoms of Y per atom of X; 0 if nobody was ever here."""
    open_order_amount: int = 0
    """Orders that no swap has touched, in the token they give."""
    processed_order_remaining: int = 0
    """What is left of the orders that a swap has begun to fill."""
    is_ask: bool = False
    """Whether the orders give X."""


class BinArray(msgspec.Struct, frozen=True):
    """70 bins from bin `70 · index` on."""

    index: int
    lb_pair: bytes
    bins: tuple[Bin, ...]

    @staticmethod
    def decode(data: bytes) -> BinArray:
        """Returns the fields. Raises `LayoutError`, for an index that no bitmap covers too."""
        check_discriminator("bin_array", data, _BIN_ARRAY)
        check_size("bin_array", data, 10_136, may_grow=True)
        index = signed(data, 8, 8)
        if not -MAX_ARRAY_INDEX - 1 <= index <= MAX_ARRAY_INDEX:
            msg = f"bin_array: index was {index}"
            raise LayoutError(msg)
        bins = (_bin(data, 56 + _BIN_SIZE * offset) for offset in range(BINS_PER_ARRAY))
        return BinArray(index, key(data, 24), tuple(bins))


def _bin(data: bytes, at: int) -> Bin:
    return Bin(
        amount_x=unsigned(data, at, 8),
        amount_y=unsigned(data, at + 8, 8),
        price=unsigned(data, at + 16, 16),
        open_order_amount=unsigned(data, at + 112, 8),
        processed_order_remaining=unsigned(data, at + 128, 8),
        is_ask=data[at + 140] != 0,
    )


class BinArrayBitmapExtension(msgspec.Struct, frozen=True):
    """Which of the arrays beyond the pair's own bitmap have liquidity."""

    lb_pair: bytes
    positive: int
    """Bit `index − 512`."""
    negative: int
    """Bit `−513 − index`."""

    @staticmethod
    def decode(data: bytes) -> BinArrayBitmapExtension:
        """Returns the fields. Raises `LayoutError`."""
        check_discriminator("bin_array_bitmap_extension", data, _EXTENSION)
        check_size("bin_array_bitmap_extension", data, 1576, may_grow=True)
        return BinArrayBitmapExtension(key(data, 8), unsigned(data, 40, 768), unsigned(data, 808, 768))
