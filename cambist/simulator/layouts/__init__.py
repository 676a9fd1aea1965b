"""Account bytes from fields, for the venues the market runs; the engine's decoders read what these write.

Each `Layout` covers every byte of its account, so decode and encode are each other's inverse. Its `patch` writes
single fields; the `patch_*` functions write a state the engine computed into an account's bytes.
"""

from cambist.simulator.layouts.layout import Layout
from cambist.simulator.layouts.orca import (
    ORACLE,
    WHIRLPOOL,
    Tick,
    TickArrayFields,
    cross_tick,
    decode_tick_array,
    encode_dynamic_tick_array,
    encode_fixed_tick_array,
    encode_oracle,
    encode_tick_array,
    encode_whirlpool,
    patch_oracle,
    patch_tick,
    patch_whirlpool,
)
from cambist.simulator.layouts.raydium import (
    AMM_V4,
    CPMM_CONFIG,
    CPMM_POOL,
    encode_amm_v4,
    encode_cpmm_config,
    encode_cpmm_pool,
    patch_amm_v4_swap,
    patch_cpmm_pool,
)
from cambist.simulator.layouts.token import (
    CLOCK,
    MINT,
    TOKEN_ACCOUNT,
    encode_clock,
    encode_mint,
    encode_token_account,
    encode_transfer_fee_config,
    patch_token_amount,
)

__all__ = [
    "AMM_V4",
    "CLOCK",
    "CPMM_CONFIG",
    "CPMM_POOL",
    "MINT",
    "ORACLE",
    "TOKEN_ACCOUNT",
    "WHIRLPOOL",
    "Layout",
    "Tick",
    "TickArrayFields",
    "cross_tick",
    "decode_tick_array",
    "encode_amm_v4",
    "encode_clock",
    "encode_cpmm_config",
    "encode_cpmm_pool",
    "encode_dynamic_tick_array",
    "encode_fixed_tick_array",
    "encode_mint",
    "encode_oracle",
    "encode_tick_array",
    "encode_token_account",
    "encode_transfer_fee_config",
    "encode_whirlpool",
    "patch_amm_v4_swap",
    "patch_cpmm_pool",
    "patch_oracle",
    "patch_tick",
    "patch_token_amount",
    "patch_whirlpool",
]
