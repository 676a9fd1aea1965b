"""The account of a Saber stable swap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.simulator.layout import Layout, Value

if TYPE_CHECKING:
    from cambist.engine.reference.venues.saber.layout import StableSwap

STABLE_SWAP = Layout(
    "stable_swap",
    b"",
    """is_initialized:u8 is_paused:u8 nonce:u8 initial_amp:u64 target_amp:u64 ramp_start:i64 ramp_stop:i64
    future_admin_deadline:i64 future_admin:key admin:key vault_a:key vault_b:key pool_mint:key mint_a:key mint_b:key
    admin_vault_a:key admin_vault_b:key admin_fee_numerator:u64 admin_fee_denominator:u64
    admin_withdraw_fee_numerator:u64 admin_withdraw_fee_denominator:u64 trade_fee_numerator:u64
    trade_fee_denominator:u64 withdraw_fee_numerator:u64 withdraw_fee_denominator:u64""",
)


def encode_stable_swap(pool: StableSwap, **values: Value) -> bytes:
    """Returns an initialised `SwapInfo` with these fields besides those that quotes read."""
    fields: dict[str, Value] = {
        "is_initialized": 1,
        "is_paused": int(pool.is_paused),
        "nonce": pool.nonce,
        "initial_amp": pool.initial_amp,
        "target_amp": pool.target_amp,
        "ramp_start": pool.ramp_start,
        "ramp_stop": pool.ramp_stop,
        "vault_a": pool.vaults[0],
        "vault_b": pool.vaults[1],
        "pool_mint": pool.pool_mint,
        "mint_a": pool.mints[0],
        "mint_b": pool.mints[1],
        "admin_vault_a": pool.admin_vaults[0],
        "admin_vault_b": pool.admin_vaults[1],
        "admin_fee_numerator": pool.admin_fee[0],
        "admin_fee_denominator": pool.admin_fee[1],
        "trade_fee_numerator": pool.trade_fee[0],
        "trade_fee_denominator": pool.trade_fee[1],
    }
    return STABLE_SWAP.encode(**(fields | values))
