"""Accounts of Raydium CPMM."""

from __future__ import annotations

import msgspec

from cambist.engine.reference.chain.reader import check_discriminator, check_size, key, unsigned

_CPMM_POOL = bytes.fromhex("f7ede3f5d7c3de46")
_CPMM_CONFIG = bytes.fromhex("daf42168cbcb2b6f")


class CpmmPool(msgspec.Struct, frozen=True):
    """`PoolState` of Raydium CPMM. Pairs are (token 0, token 1)."""

    amm_config: bytes
    vaults: tuple[bytes, bytes]
    mints: tuple[bytes, bytes]
    programs: tuple[bytes, bytes]
    status: int
    """Bit 2 (value 4): swap is off."""
    decimals: tuple[int, int]
    protocol_fees: tuple[int, int]
    fund_fees: tuple[int, int]
    open_time: int
    creator_fee_on: int
    """0: on the input; 1: on token 0 only; 2: on token 1 only."""
    enable_creator_fee: bool
    creator_fees: tuple[int, int]

    @staticmethod
    def decode(data: bytes) -> CpmmPool:
        """Returns the fields. Raises `LayoutError`."""
        check_discriminator("cpmm_pool", data, _CPMM_POOL)
        check_size("cpmm_pool", data, 637, may_grow=True)
        return CpmmPool(
            amm_config=key(data, 8),
            vaults=(key(data, 72), key(data, 104)),
            mints=(key(data, 168), key(data, 200)),
            programs=(key(data, 232), key(data, 264)),
            status=data[329],
            decimals=(data[331], data[332]),
            protocol_fees=(unsigned(data, 341, 8), unsigned(data, 349, 8)),
            fund_fees=(unsigned(data, 357, 8), unsigned(data, 365, 8)),
            open_time=unsigned(data, 373, 8),
            creator_fee_on=data[389],
            enable_creator_fee=data[390] != 0,
            creator_fees=(unsigned(data, 397, 8), unsigned(data, 405, 8)),
        )


class CpmmConfig(msgspec.Struct, frozen=True):
    """`AmmConfig` of Raydium CPMM. Rates are ppm; protocol and fund rates are shares of the trade fee."""

    index: int
    trade_fee_rate: int
    protocol_fee_rate: int
    fund_fee_rate: int
    creator_fee_rate: int

    @staticmethod
    def decode(data: bytes) -> CpmmConfig:
        """Returns the fields. Raises `LayoutError`."""
        check_discriminator("cpmm_config", data, _CPMM_CONFIG)
        check_size("cpmm_config", data, 236, may_grow=True)
        return CpmmConfig(
            index=unsigned(data, 10, 2),
            trade_fee_rate=unsigned(data, 12, 8),
            protocol_fee_rate=unsigned(data, 20, 8),
            fund_fee_rate=unsigned(data, 28, 8),
            creator_fee_rate=unsigned(data, 108, 8),
        )
