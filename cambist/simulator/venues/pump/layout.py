"""Accounts of Pump AMM and of the fee program, by their published interface and what is written of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.simulator.layout import Layout, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.engine.reference.venues.pump.layout import PumpConfig, PumpFeeConfig, PumpPool

PUMP_POOL = Layout(
    "pump_pool",
    bytes.fromhex("f19a6d0411b16dbc"),
    """pool_bump:u8 index:u16 creator:key base_mint:key quote_mint:key lp_mint:key base_vault:key quote_vault:key
    lp_supply:u64 coin_creator:key is_mayhem:u8 is_cashback:u8 virtual_quote_reserves:i128 protocol_fees:u64
    creator_fees:u64 padding:23""",
)
PUMP_CONFIG = Layout(
    "pump_config",
    bytes.fromhex("95089ccaa0fcb0d9"),
    """admin:key lp_fee_bps:u64 protocol_fee_bps:u64 disable_flags:u8 fee_recipients:256 creator_fee_bps:u64
    creator_authority:key whitelist:key reserved_recipient:key is_mayhem_enabled:u8 reserved_recipients:224
    is_cashback_enabled:u8 buyback_recipients:256 buyback_bps:u64""",
)
PUMP_FEE_CONFIG = Layout(
    "pump_fee_config",
    bytes.fromhex("8f3492bbdb7b4c9b"),
    "bump:u8 admin:key flat_lp_bps:u64 flat_protocol_bps:u64 flat_creator_bps:u64 tiers:u32",
)
"""The tiers follow."""
PUMP_TIER = Layout("pump_tier", b"", "least:u128 lp_bps:u64 protocol_bps:u64 creator_bps:u64")


def encode_pump_pool(pool: PumpPool, **values: Value) -> bytes:
    """Returns a `Pool` with these fields besides those that quotes read."""
    fields: dict[str, Value] = {
        name: getattr(pool, name) for name in pool.__struct_fields__ if name not in ("is_mayhem", "is_cashback")
    }
    fields |= {"is_mayhem": int(pool.is_mayhem), "is_cashback": int(pool.is_cashback)}
    return PUMP_POOL.encode(**(fields | values))


def patch_pump_pool(data: bytes, pool: PumpPool, kept: tuple[int, int]) -> bytes:
    """Returns the `Pool` after a swap; `kept` are the protocol's and the creator's fees that lie in the quote vault."""
    return PUMP_POOL.patch(
        data, virtual_quote_reserves=pool.virtual_quote_reserves, protocol_fees=kept[0], creator_fees=kept[1]
    )


def encode_pump_config(config: PumpConfig, recipients: Sequence[bytes], buyback_recipients: Sequence[bytes]) -> bytes:
    """Returns a `GlobalConfig`; 8 wallets get the protocol's fee, 8 buy back."""
    return PUMP_CONFIG.encode(
        lp_fee_bps=config.fees.lp,
        protocol_fee_bps=config.fees.protocol,
        creator_fee_bps=config.fees.creator,
        disable_flags=config.disable_flags,
        fee_recipients=b"".join(recipients),
        buyback_recipients=b"".join(buyback_recipients),
    )


def encode_pump_fee_config(config: PumpFeeConfig, **values: Value) -> bytes:
    """Returns a `FeeConfig` with these fields besides those that quotes read."""
    flat = config.flat
    head = PUMP_FEE_CONFIG.encode(
        flat_lp_bps=flat.lp,
        flat_protocol_bps=flat.protocol,
        flat_creator_bps=flat.creator,
        tiers=len(config.tiers),
        **values,
    )
    tiers = (
        PUMP_TIER.encode(least=least, lp_bps=fees.lp, protocol_bps=fees.protocol, creator_bps=fees.creator)
        for least, fees in config.tiers
    )
    return head + b"".join(tiers)
