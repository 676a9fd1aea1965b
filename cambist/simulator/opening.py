"""Opening of pools: their liquidity around the market's prices, in real layouts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.simulator.draw import Draw
from cambist.simulator.pool import Pool
from cambist.simulator.scene import Scene, balance
from cambist.simulator.venues.clmm.funding import clmm_config, fund_clmm
from cambist.simulator.venues.cpmm.funding import fund_cpmm
from cambist.simulator.venues.damm2.funding import fund_damm2
from cambist.simulator.venues.dlmm.funding import fund_dlmm
from cambist.simulator.venues.orca.funding import fund_orca
from cambist.simulator.venues.pump.funding import fund_pump, pump_singletons
from cambist.simulator.venues.ray4.funding import fund_ray4
from cambist.simulator.venues.saber.funding import fund_saber

if TYPE_CHECKING:
    from cambist.simulator.catalogue import PoolSpec

__all__ = ["Scene", "balance", "clmm_config", "open_pool", "pump_singletons"]


def open_pool(scene: Scene, spec: PoolSpec) -> Pool:
    """Returns a funded pool; its accounts are in place."""
    pool = Pool(spec)
    draw = Draw(scene.seed, "pool", spec.address.hex())
    dollars = spec.dollars * draw.between(0.7, 1.3)
    off = 1.0 + draw.normal() * 0.0004
    if spec.venue == "orca":
        fund_orca(scene, pool, draw, dollars, off)
        return pool
    if spec.venue == "clmm":
        fund_clmm(scene, pool, draw, dollars, off)
        return pool
    if spec.venue == "dlmm":
        fund_dlmm(scene, pool, draw, dollars, off)
        return pool
    if spec.venue == "saber":
        fund_saber(scene, pool, dollars, off)
        return pool
    if spec.venue == "damm2":
        fund_damm2(scene, pool, dollars, off)
        return pool
    amounts = [
        int(dollars / 2.0 / scene.dollars[token.symbol] * tilt * float(10**token.decimals))
        for token, tilt in ((spec.token_a, 1.0), (spec.token_b, off))
    ]
    if spec.venue == "ray4":
        fund_ray4(scene, pool, draw, (amounts[0], amounts[1]))
    elif spec.venue == "pump":
        fund_pump(scene, pool, (amounts[0], amounts[1]))
    else:
        fund_cpmm(scene, pool, (amounts[0], amounts[1]))
    return pool
