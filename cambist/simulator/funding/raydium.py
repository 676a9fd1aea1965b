"""Opening of Raydium AMM v4 and CPMM pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import asdict

from cambist.engine.reference.venues import owned
from cambist.engine.reference.venues.cpmm.layout import CpmmConfig, CpmmPool
from cambist.engine.reference.venues.ray4.layout import AmmV4
from cambist.simulator import catalogue
from cambist.simulator.accounts import Account, CpmmAccount
from cambist.simulator.chain import SLOTS_PER_EPOCH, START_SLOT
from cambist.simulator.layouts.raydium import encode_amm_v4

if TYPE_CHECKING:
    from cambist.simulator.draw import Draw
    from cambist.simulator.funding.scene import Scene
    from cambist.simulator.venues import Pool

OBSERVATION = bytes.fromhex("7aaec5358109a584")
OBSERVATION_BYTES = 4_075
"""A CPMM pool's price history. The market keeps none, which no quote reads."""


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
    scene.accounts[spec.address] = Account(owned.RAYDIUM_V4, encode_amm_v4(**asdict(pool.info)))
    scene.vaults(spec, catalogue.RAYDIUM_V4_AUTHORITY, (amounts[0] + owed[0], amounts[1] + owed[1]))


def fund_cpmm(scene: Scene, pool: Pool, amounts: tuple[int, int]) -> None:
    """Opens a CPMM pool."""
    spec = pool.spec
    pool.config = CpmmConfig(spec.tier, spec.fee_ppm, 120_000, 40_000, 0)
    pool.config_address = catalogue.cpmm_config_address(spec.tier)
    pool.oracle = catalogue.pda(owned.RAYDIUM_CPMM, b"observation", spec.address)
    history = OBSERVATION + bytes(3) + spec.address + bytes(OBSERVATION_BYTES - 43)
    scene.accounts[pool.oracle] = Account(owned.RAYDIUM_CPMM, history)
    state = CpmmPool(
        amm_config=pool.config_address,
        vaults=(spec.vault_a, spec.vault_b),
        mints=(spec.token_a.mint, spec.token_b.mint),
        programs=(spec.token_a.token_program, spec.token_b.token_program),
        status=0,
        decimals=(spec.token_a.decimals, spec.token_b.decimals),
        protocol_fees=(0, 0),
        fund_fees=(0, 0),
        open_time=scene.genesis_s - 20_000_000,
        creator_fee_on=0,
        enable_creator_fee=False,
        creator_fees=(0, 0),
    )
    scene.accounts[spec.address] = CpmmAccount.new(
        state, START_SLOT // SLOTS_PER_EPOCH, observation=pool.oracle, auth_bump=253
    )
    scene.vaults(spec, catalogue.CPMM_AUTHORITY, amounts)
