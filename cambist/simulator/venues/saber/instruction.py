"""Swaps on Saber, as wallets send them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.chain import program
from cambist.simulator.metas import readonly, written
from cambist.simulator.transactions import Instruction
from cambist.simulator.venues.saber.catalogue import PROGRAM
from cambist.simulator.venues.saber.program import SABER_SWAP

if TYPE_CHECKING:
    from cambist.simulator.pool import Fill, Find
    from cambist.simulator.venue import Swap
    from cambist.simulator.venues.saber.market import SaberMarket

UNITS = 80_000


def units(fill: Fill) -> int:
    """Returns the compute units that wallets ask for."""
    return UNITS


def instruction(pool: SaberMarket, find: Find, swap: Swap) -> Instruction:
    """Returns a swap."""
    (pays, paid), vaults, admins = swap.sides, pool.state.vaults, pool.state.admin_vaults
    if not swap.a_to_b:
        vaults, admins = vaults[::-1], admins[::-1]
    metas = (
        readonly(pool.spec.address),
        readonly(pool.authority),
        swap.signer,
        *(written(key) for key in (pays, *vaults, paid, admins[1])),
        readonly(program.TOKEN),
    )
    return Instruction(PROGRAM, metas, SABER_SWAP + swap.asked)
