"""Opening of Raydium AMM v4 and CPMM pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import asdict

from cambist.engine.reference.accounts import AmmV4, program
from cambist.simulator import catalogue
from cambist.simulator.accounts import Account
from cambist.simulator.venues.ray4.layout import encode_amm_v4

if TYPE_CHECKING:
    from cambist.simulator.draw import Draw
    from cambist.simulator.pool import Pool
    from cambist.simulator.scene import Scene


def fund_ray4(scene: Scene, pool: Pool, draw: Draw, amounts: tuple[int, int]) -> None:
    """Opens an AMM v4 pool. Its vaults hold the reserves plus the protocol's share that still lies there."""
    spec = pool.spec
    owed = [int(amount * draw.between(0.0, 0.0004)) for amount in amounts]
    pool.info = AmmV4(
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
    scene.accounts[spec.address] = Account(program.RAYDIUM_V4, encode_amm_v4(**asdict(pool.info)))
    scene.vaults(spec, catalogue.RAYDIUM_V4_AUTHORITY, (amounts[0] + owed[0], amounts[1] + owed[1]))
