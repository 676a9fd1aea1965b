"""Accounts of Raydium CPMM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.simulator.layout import Layout, Value

if TYPE_CHECKING:
    from cambist.engine.reference.venues.cpmm.layout import CpmmPool

CPMM_POOL = Layout(
    "cpmm_pool",
    bytes.fromhex("f7ede3f5d7c3de46"),
    """amm_config:key pool_creator:key vault_0:key vault_1:key lp_mint:key mint_0:key mint_1:key program_0:key
    program_1:key observation:key auth_bump:u8 status:u8 lp_decimals:u8 decimals_0:u8 decimals_1:u8 lp_supply:u64
    protocol_fees_0:u64 protocol_fees_1:u64 fund_fees_0:u64 fund_fees_1:u64 open_time:u64 recent_epoch:u64
    creator_fee_on:u8 enable_creator_fee:u8 padding_0:6 creator_fees_0:u64 creator_fees_1:u64 padding_1:224""",
)
CPMM_CONFIG = Layout(
    "cpmm_config",
    bytes.fromhex("daf42168cbcb2b6f"),
    """bump:u8 disable_create_pool:u8 index:u16 trade_fee_rate:u64 protocol_fee_rate:u64 fund_fee_rate:u64
    create_pool_fee:u64 protocol_owner:key fund_owner:key creator_fee_rate:u64 padding:120""",
)


def encode_cpmm_pool(**values: Value) -> bytes:
    """Returns a `PoolState`."""
    return CPMM_POOL.encode(**values)


def encode_cpmm_config(**values: Value) -> bytes:
    """Returns an `AmmConfig`."""
    return CPMM_CONFIG.encode(**values)


def patch_cpmm_pool(data: bytes, pool: CpmmPool, *, epoch: int) -> bytes:
    """Returns the `PoolState` with the accrued fees of `pool`, touched in `epoch`."""
    return CPMM_POOL.patch(
        data,
        protocol_fees_0=pool.protocol_fees[0],
        protocol_fees_1=pool.protocol_fees[1],
        fund_fees_0=pool.fund_fees[0],
        fund_fees_1=pool.fund_fees[1],
        creator_fees_0=pool.creator_fees[0],
        creator_fees_1=pool.creator_fees[1],
        recent_epoch=epoch,
    )
