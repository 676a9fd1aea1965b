"""Opening of Raydium AMM v4 pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import asdict

from cambist.engine.reference.venues.ray4.layout import AmmV4
from cambist.simulator.accounts import Account
from cambist.simulator.venues.ray4.catalogue import AUTHORITY, PROGRAM
from cambist.simulator.venues.ray4.layout import encode_amm_v4
from cambist.simulator.venues.ray4.market import Ray4Market

if TYPE_CHECKING:
    from cambist.simulator.draw import Draw
    from cambist.simulator.pool import PoolSpec
    from cambist.simulator.scene import Scene


def fund(scene: Scene, spec: PoolSpec, draw: Draw, dollars: float, off: float) -> Ray4Market:
    """Opens an AMM v4 pool. Its vaults hold the reserves plus the protocol's share that still lies there."""
    amounts = scene.halves(spec, dollars, off)
    owed = [int(amount * draw.between(0.0, 0.0004)) for amount in amounts]
    info = AmmV4(
        status=6,
        coin_decimals=spec.token_a.decimals,
        pc_decimals=spec.token_b.decimals,
        swap_fee_numerator=25,
        swap_fee_denominator=10_000,
        need_take_pnl_coin=owed[0],
        need_take_pnl_pc=owed[1],
        pool_open_time=scene.genesis_s - 40_000_000,
        coin_vault=spec.vault_a,
        pc_vault=spec.vault_b,
        coin_mint=spec.token_a.mint,
        pc_mint=spec.token_b.mint,
    )
    scene.accounts[spec.address] = Account(PROGRAM, encode_amm_v4(**asdict(info)))
    scene.vaults(spec, AUTHORITY, (amounts[0] + owed[0], amounts[1] + owed[1]))
    return Ray4Market(spec, info)
