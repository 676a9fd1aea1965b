"""What the origin's formulas say of venues, by the names that it gives them."""

from __future__ import annotations

from typing import Final

SWAP_UNITS: Final = {
    "raydium_swap_v4": 80_000,
    "raydium_swap_cpcc": 120_000,
    "orca_whirlpool_swap": 145_000,
    "meteora_dlmm_swap": 70_000,
    "jupiter_aggregator": 180_000,
    "phoenix_swap": 25_000,
}
"""Compute units of a swap."""
FEES: Final = {"JUPITER": 0.0035, "RAYDIUM": 0.0025, "ORCA": 0.0025, "PUMPFUN": 0.01, "PUMP.FUN": 0.01}
"""Share of a trade that a venue takes."""
SHARING: Final = "raydium"
SHARE_PERCENT: Final = 0.2
"""Percent of a trade that is lost besides where this venue is on one side."""
