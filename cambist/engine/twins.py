"""The engine's chain calls as a library: each from Rust where it is built, else from its twin in the reference.

Both take and give the same, to the types of what is inside; the twin's docstring says what, with an example that runs
as a test.
"""

from __future__ import annotations

import importlib
from typing import Any

from cambist.engine.named import NAMED, named

_REFERENCE = "cambist.engine.reference."
_BUILDER = "venues.instructions"
_MODULES: dict[str, tuple[str, ...]] = {
    "library.modules": ("base58_encode", "base58_decode", "pool_weights", "quote"),
    "library.bins": ("dlmm_bin_price", "dlmm_swaps"),
    "library.curves": ("damm_v2", "stable_swap"),
    "library.ranges": ("clmm_quotes", "clmm_sqrt_price", "clmm_swaps", "pump_quotes"),
    "library.consolidated": ("consolidate_books",),
    "venues.slab_decoder": ("decode_books", "decode_markets", "lots_to_atoms"),
    "library.balance_scanner": ("scan_wallet",),
    "venues.events": ("decode_events", "decode_fills"),
    "venues.ray4.ray_log": ("decode_ray_logs",),
    _BUILDER: (
        "Instruction", "LookupTable", "Message", "associated_token_address", "clmm_bitmap_extension", "clmm_swap",
        "clmm_swap_v2", "clmm_tick_array", "close_account", "compile_legacy", "compile_v0", "compute_unit_limit",
        "compute_unit_price", "cpmm_swap", "create_associated_token", "damm_v2_swap", "damm_v2_swap2",
        "dlmm_bin_array", "dlmm_swap", "dlmm_swap2", "loaded_data_limit", "memo", "pump_accounts", "pump_swap",
        "pump_swap_v2", "raydium_v4_swap", "saber_authority", "saber_swap", "sync_native", "transfer", "unwrap_sol",
        "whirlpool_oracle", "whirlpool_swap", "whirlpool_swap_v2", "whirlpool_tick_array", "wrap_sol",
    ),
    "chain.pda": ("is_on_curve",),
    "venues.pairs": ("PdaCache",),
    "search.pool_graph": ("PoolGraph",),
    "library.streams": ("AccountStream", "BookStream"),
}  # fmt: skip
_RENAMED = {
    "base58_decode_many": ("chain.base58", "decode_many"),
    "base58_encode_many": ("chain.base58", "encode_many"),
    "merkle_distributor_claim": ("library.merkle", "distributor_claim"),
    "merkle_prove": ("library.merkle", "prove"),
    "merkle_root": ("library.merkle", "root"),
    "merkle_tip_claim": ("library.merkle", "tip_claim"),
    "merkle_verify": ("library.merkle", "verify"),
    "merkle_verify_claim": ("library.merkle", "verify_claim"),
    "parse_logs": ("chain.log_parser.parse", "parse_many_logs"),
    "parse_transactions": ("chain.tx_parser", "parse_many_transactions"),
    "pda_create": ("chain.pda", "create"),
    "pda_find": ("chain.pda", "find"),
    "pda_find_many": ("chain.pda", "find_many"),
}
TWINS = {name: (module, name) for module, names in _MODULES.items() for name in names} | _RENAMED
"""Name → (module of the reference, its name there)."""


def twin(name: str, backend: str = "auto") -> Any:
    """Returns a call by name: `native`, `reference`, or `auto` for the first that there is.

    Raises `KeyError` for a name that isn't one, `ImportError` if the native engine is asked for and absent.

    >>> twin("pda_find", "reference").__name__
    'find'
    """
    module, there = TWINS[name]
    if backend != "reference":
        try:
            native = getattr(importlib.import_module("cambist.engine._native"), name)
        except ImportError:
            if backend == "native":
                raise
        else:
            return named(native, twin(name, "reference")) if name in NAMED else native
    return getattr(importlib.import_module(_REFERENCE + module), there)
