"""Instructions of the programs we trade with, messages of them, and transactions around given signatures.

Nothing here signs, asks a node or reads an account: callers name the accounts, this names their order and flags.

>>> me, tip_account = bytes([1] * 32), bytes([2] * 32)
>>> message = compile_v0(me, [compute_unit_limit(60_000), transfer(me, tip_account, 10_000)], [], bytes(32))
>>> message.signers == (me,), len(message.transaction([bytes(64)]))
(True, 257)
"""

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

__all__ = [
    "MAX_TRANSACTION",
    "AccountMeta",
    "BuildError",
    "Instruction",
    "LookupTable",
    "Message",
    "SwapAmounts",
    "User",
    "associated_token_address",
    "close_account",
    "compile_legacy",
    "compile_v0",
    "compute_unit_limit",
    "compute_unit_price",
    "create_associated_token",
    "loaded_data_limit",
    "memo",
    "sync_native",
    "transfer",
    "unwrap_sol",
    "wrap_sol",
]
