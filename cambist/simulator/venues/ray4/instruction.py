"""Swaps on Raydium AMM v4, as wallets send them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.chain import program
from cambist.simulator.metas import readonly, written
from cambist.simulator.transactions import Instruction
from cambist.simulator.venues.ray4.catalogue import AUTHORITY, PROGRAM

if TYPE_CHECKING:
    from cambist.simulator.pool import Fill, Find
    from cambist.simulator.venue import Swap
    from cambist.simulator.venues.ray4.market import Ray4Market

UNITS = 60_000


def units(fill: Fill) -> int:
    """Returns the compute units that wallets ask for."""
    return UNITS


def instruction(pool: Ray4Market, find: Find, swap: Swap) -> Instruction:
    """Returns a swap in the newer form, without the order book."""
    spec = pool.spec
    metas = (
        readonly(program.TOKEN),
        written(spec.address),
        readonly(AUTHORITY),
        written(spec.vault_a),
        written(spec.vault_b),
        *(written(key) for key in swap.sides),
        swap.signer,
    )
    return Instruction(PROGRAM, metas, (b"\x10" if swap.exact_in else b"\x11") + swap.in_and_out)
