"""Addresses that venues own, under one roof."""

from __future__ import annotations

from cambist.engine.reference.venues.clmm.owned import RAYDIUM_CLMM
from cambist.engine.reference.venues.cpmm.owned import RAYDIUM_CPMM, RAYDIUM_CPMM_AUTHORITY
from cambist.engine.reference.venues.damm2.owned import (
    METEORA_DAMM_V2,
    METEORA_DAMM_V2_AUTHORITY,
    METEORA_DAMM_V2_EVENTS,
)
from cambist.engine.reference.venues.dlmm.owned import METEORA_DLMM, METEORA_DLMM_EVENTS
from cambist.engine.reference.venues.jupiter import JUPITER
from cambist.engine.reference.venues.orca.owned import WHIRLPOOL, WHIRLPOOL_IMMUTABLE, WHIRLPOOLS_CONFIG
from cambist.engine.reference.venues.pump.owned import (
    PUMP,
    PUMP_AMM,
    PUMP_AMM_CONFIG,
    PUMP_AMM_EVENTS,
    PUMP_AMM_VOLUME,
    PUMP_FEE_CONFIG,
    PUMP_FEES,
)
from cambist.engine.reference.venues.ray4.owned import RAYDIUM_V4, RAYDIUM_V4_AUTHORITY
from cambist.engine.reference.venues.saber.owned import SABER
from cambist.engine.reference.venues.slab_decoder.owned import OPENBOOK_V1, OPENBOOK_V2, PHOENIX, SERUM

__all__ = [
    "JUPITER",
    "METEORA_DAMM_V2",
    "METEORA_DAMM_V2_AUTHORITY",
    "METEORA_DAMM_V2_EVENTS",
    "METEORA_DLMM",
    "METEORA_DLMM_EVENTS",
    "OPENBOOK_V1",
    "OPENBOOK_V2",
    "PHOENIX",
    "PUMP",
    "PUMP_AMM",
    "PUMP_AMM_CONFIG",
    "PUMP_AMM_EVENTS",
    "PUMP_AMM_VOLUME",
    "PUMP_FEES",
    "PUMP_FEE_CONFIG",
    "RAYDIUM_CLMM",
    "RAYDIUM_CPMM",
    "RAYDIUM_CPMM_AUTHORITY",
    "RAYDIUM_V4",
    "RAYDIUM_V4_AUTHORITY",
    "SABER",
    "SERUM",
    "WHIRLPOOL",
    "WHIRLPOOLS_CONFIG",
    "WHIRLPOOL_IMMUTABLE",
]
