"""The account of a Raydium AMM v4 pool."""

from __future__ import annotations

import msgspec

from cambist.engine.reference.chain.reader import check_size, key, unsigned


class AmmV4(msgspec.Struct, frozen=True):
    """`AmmInfo` of Raydium AMM v4, the fields a quote reads. 752 bytes, no discriminator."""

    status: int
    coin_decimals: int
    pc_decimals: int
    swap_fee_numerator: int
    swap_fee_denominator: int
    need_take_pnl_coin: int
    need_take_pnl_pc: int
    pool_open_time: int
    coin_vault: bytes
    pc_vault: bytes
    coin_mint: bytes
    pc_mint: bytes

    @staticmethod
    def decode(data: bytes) -> AmmV4:
        """Returns the fields. Raises `LayoutError` if the size is not 752."""
        check_size("amm_v4", data, 752, may_grow=False)
        return AmmV4(
            status=unsigned(data, 0, 8),
            coin_decimals=unsigned(data, 32, 8),
            pc_decimals=unsigned(data, 40, 8),
            swap_fee_numerator=unsigned(data, 176, 8),
            swap_fee_denominator=unsigned(data, 184, 8),
            need_take_pnl_coin=unsigned(data, 192, 8),
            need_take_pnl_pc=unsigned(data, 200, 8),
            pool_open_time=unsigned(data, 224, 8),
            coin_vault=key(data, 336),
            pc_vault=key(data, 368),
            coin_mint=key(data, 400),
            pc_mint=key(data, 432),
        )
