"""Every instruction that can be built: those of the rooms, and what goes round them."""

from __future__ import annotations

from cambist.engine.reference.build.instruction_builder.addresses import associated_token_address
from cambist.engine.reference.build.instruction_builder.call import (
    AccountMeta,
    BuildError,
    Instruction,
    SwapAmounts,
    User,
)
from cambist.engine.reference.build.instruction_builder.message import (
    MAX_TRANSACTION,
    LookupTable,
    Message,
    compile_legacy,
    compile_v0,
)
from cambist.engine.reference.build.instruction_builder.plumbing import (
    close_account,
    compute_unit_limit,
    compute_unit_price,
    create_associated_token,
    loaded_data_limit,
    memo,
    sync_native,
    transfer,
    unwrap_sol,
    wrap_sol,
)
from cambist.engine.reference.venues.clmm.swap import (
    ClmmAccounts,
    clmm_bitmap_extension,
    clmm_swap,
    clmm_swap_v2,
    clmm_tick_array,
)
from cambist.engine.reference.venues.cpmm.swap import CpmmAccounts, cpmm_swap
from cambist.engine.reference.venues.damm2.swap import DammV2Accounts, damm_v2_swap, damm_v2_swap2
from cambist.engine.reference.venues.dlmm.swap import DlmmAccounts, dlmm_bin_array, dlmm_swap, dlmm_swap2
from cambist.engine.reference.venues.orca.swap import (
    WhirlpoolAccounts,
    whirlpool_oracle,
    whirlpool_swap,
    whirlpool_swap_v2,
    whirlpool_tick_array,
)
from cambist.engine.reference.venues.pump.swap import PumpAccounts, PumpPool, pump_accounts, pump_swap, pump_swap_v2
from cambist.engine.reference.venues.ray4.swap import RaydiumV4Accounts, SerumAccounts, raydium_v4_swap
from cambist.engine.reference.venues.saber.swap import SaberAccounts, saber_authority, saber_swap

__all__ = [
    "MAX_TRANSACTION",
    "AccountMeta",
    "BuildError",
    "ClmmAccounts",
    "CpmmAccounts",
    "DammV2Accounts",
    "DlmmAccounts",
    "Instruction",
    "LookupTable",
    "Message",
    "PumpAccounts",
    "PumpPool",
    "RaydiumV4Accounts",
    "SaberAccounts",
    "SerumAccounts",
    "SwapAmounts",
    "User",
    "WhirlpoolAccounts",
    "associated_token_address",
    "clmm_bitmap_extension",
    "clmm_swap",
    "clmm_swap_v2",
    "clmm_tick_array",
    "close_account",
    "compile_legacy",
    "compile_v0",
    "compute_unit_limit",
    "compute_unit_price",
    "cpmm_swap",
    "create_associated_token",
    "damm_v2_swap",
    "damm_v2_swap2",
    "dlmm_bin_array",
    "dlmm_swap",
    "dlmm_swap2",
    "loaded_data_limit",
    "memo",
    "pump_accounts",
    "pump_swap",
    "pump_swap_v2",
    "raydium_v4_swap",
    "saber_authority",
    "saber_swap",
    "sync_native",
    "transfer",
    "unwrap_sol",
    "whirlpool_oracle",
    "whirlpool_swap",
    "whirlpool_swap_v2",
    "whirlpool_tick_array",
    "wrap_sol",
]
