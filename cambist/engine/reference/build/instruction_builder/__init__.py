"""Instructions of the programs we trade with, messages of them, and transactions around given signatures.

Nothing here signs, asks a node or reads an account: callers name the accounts, this names their order and flags.

>>> me, tip_account = bytes([1] * 32), bytes([2] * 32)
>>> message = compile_v0(me, [compute_unit_limit(60_000), transfer(me, tip_account, 10_000)], [], bytes(32))
>>> message.signers == (me,), len(message.transaction([bytes(64)]))
(True, 257)
"""

from __future__ import annotations

from cambist.engine.reference.build.instruction_builder.addresses import (
    associated_token_address,
    clmm_bitmap_extension,
    clmm_tick_array,
    dlmm_bin_array,
    saber_authority,
    whirlpool_oracle,
    whirlpool_tick_array,
)
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
from cambist.engine.reference.build.instruction_builder.meteora import (
    DammV2Accounts,
    DlmmAccounts,
    damm_v2_swap,
    damm_v2_swap2,
    dlmm_swap,
    dlmm_swap2,
)
from cambist.engine.reference.build.instruction_builder.orca import WhirlpoolAccounts, whirlpool_swap, whirlpool_swap_v2
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
from cambist.engine.reference.build.instruction_builder.pump import (
    PumpAccounts,
    PumpPool,
    pump_accounts,
    pump_swap,
    pump_swap_v2,
)
from cambist.engine.reference.build.instruction_builder.raydium import (
    ClmmAccounts,
    CpmmAccounts,
    RaydiumV4Accounts,
    SerumAccounts,
    clmm_swap,
    clmm_swap_v2,
    cpmm_swap,
    raydium_v4_swap,
)
from cambist.engine.reference.build.instruction_builder.saber import SaberAccounts, saber_swap

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
