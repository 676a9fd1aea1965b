"""The pool programs: decoding of instructions, checks, logs and error codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.venues import owned
from cambist.simulator import native
from cambist.simulator.programs.damm_v2 import DAMM_SWAP, DAMM_SWAP2, damm2
from cambist.simulator.programs.dlmm import DLMM_OUT, DLMM_OUT2, DLMM_SWAP, DLMM_SWAP2, dlmm
from cambist.simulator.programs.orca import ORCA_SWAP, ORCA_SWAP_V2, orca
from cambist.simulator.programs.pump import PUMP_TAGS, PumpTags, pump
from cambist.simulator.programs.raydium import CPMM_IN, CPMM_OUT, cpmm, ray4
from cambist.simulator.programs.raydium_clmm import CLMM_SWAP, CLMM_SWAP_V2, clmm
from cambist.simulator.programs.saber import SABER_SWAP, saber

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.simulator.execution import Context
    from cambist.simulator.transactions import Instruction

__all__ = [
    "CLMM_SWAP",
    "CLMM_SWAP_V2",
    "CPMM_IN",
    "CPMM_OUT",
    "DAMM_SWAP",
    "DAMM_SWAP2",
    "DLMM_OUT",
    "DLMM_OUT2",
    "DLMM_SWAP",
    "DLMM_SWAP2",
    "HANDLERS",
    "ORCA_SWAP",
    "ORCA_SWAP_V2",
    "PUMP_TAGS",
    "SABER_SWAP",
    "PumpTags",
]

HANDLERS: dict[bytes, Callable[[Context, Instruction], None]] = {
    **native.HANDLERS,
    owned.RAYDIUM_V4: ray4,
    owned.RAYDIUM_CPMM: cpmm,
    owned.WHIRLPOOL: orca,
    owned.METEORA_DAMM_V2: damm2,
    owned.METEORA_DLMM: dlmm,
    owned.SABER: saber,
    owned.RAYDIUM_CLMM: clmm,
    owned.PUMP_AMM: pump,
}
"""Every program that the chain runs."""
