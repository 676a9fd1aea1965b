"""Layouts: SPL Token and Token-2022 accounts and mints, and the clock sysvar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.simulator.layout import Layout, Value

if TYPE_CHECKING:
    from cambist.engine.reference.chain.token import TransferFeeConfig

_EXTENDED_BASE = 165
_MINT_TYPE = 1
_TRANSFER_FEE_CONFIG = 1

TOKEN_ACCOUNT = Layout(
    "token_account",
    b"",
    """mint:key owner:key amount:u64 delegate_tag:u32 delegate:key state:u8 native_tag:u32 native_reserve:u64
    delegated_amount:u64 close_authority_tag:u32 close_authority:key""",
)
MINT = Layout(
    "mint",
    b"",
    """mint_authority_tag:u32 mint_authority:key supply:u64 decimals:u8 is_initialized:u8 freeze_authority_tag:u32
    freeze_authority:key""",
)
CLOCK = Layout(
    "clock", b"", "slot:u64 epoch_start_timestamp:i64 epoch:u64 leader_schedule_epoch:u64 unix_timestamp:i64"
)
_TRANSFER_FEE = Layout(
    "transfer_fee_config",
    b"",
    """config_authority:key withdraw_authority:key withheld:u64 older_epoch:u64 older_max_fee:u64 older_bps:u16
    newer_epoch:u64 newer_max_fee:u64 newer_bps:u16""",
)


def encode_token_account(*, mint: bytes, owner: bytes, amount: int, **values: Value) -> bytes:
    """Returns an initialised token account."""
    fields: dict[str, Value] = {"mint": mint, "owner": owner, "amount": amount, "state": 1}
    return TOKEN_ACCOUNT.encode(**(fields | values))


def patch_token_amount(data: bytes, amount: int) -> bytes:
    """Returns the account with another balance."""
    return TOKEN_ACCOUNT.patch(data, amount=amount)


def encode_mint(
    *, decimals: int, supply: int, extensions: tuple[tuple[int, bytes], ...] = (), **values: Value
) -> bytes:
    """Returns an initialised mint; with `extensions` (type, value) a Token-2022 one."""
    fields: dict[str, Value] = {"decimals": decimals, "supply": supply, "is_initialized": 1}
    base = MINT.encode(**(fields | values))
    if not extensions:
        return base
    base += bytes(_EXTENDED_BASE - len(base)) + bytes([_MINT_TYPE])
    for kind, value in extensions:
        base += kind.to_bytes(2, "little") + len(value).to_bytes(2, "little") + value
    return base


def encode_transfer_fee_config(config: TransferFeeConfig, **values: Value) -> tuple[int, bytes]:
    """Returns the mint extension (type, value) of a transfer fee."""
    older, newer = config.older, config.newer
    fees: dict[str, Value] = {
        "older_epoch": older.epoch,
        "older_max_fee": older.max_fee,
        "older_bps": older.bps,
        "newer_epoch": newer.epoch,
        "newer_max_fee": newer.max_fee,
        "newer_bps": newer.bps,
    }
    return _TRANSFER_FEE_CONFIG, _TRANSFER_FEE.encode(**(fees | values))


def encode_clock(*, slot: int, epoch: int, unix_timestamp: int, **values: Value) -> bytes:
    """Returns the clock sysvar's data."""
    fields: dict[str, Value] = {"slot": slot, "epoch": epoch, "unix_timestamp": unix_timestamp}
    return CLOCK.encode(**({"leader_schedule_epoch": epoch + 1} | fields | values))
