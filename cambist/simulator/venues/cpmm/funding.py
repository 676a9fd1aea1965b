"""Opening of Raydium AMM v4 and CPMM pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.accounts import CpmmConfig, CpmmPool, program
from cambist.simulator import catalogue
from cambist.simulator.accounts import Account
from cambist.simulator.chain import SLOTS_PER_EPOCH, START_SLOT
from cambist.simulator.venues.cpmm.accounts import CpmmAccount

if TYPE_CHECKING:
    from cambist.simulator.pool import Pool
    from cambist.simulator.scene import Scene

OBSERVATION = bytes.fromhex("7aaec5358109a584")
OBSERVATION_BYTES = 4_075
"""A CPMM pool's price history. The market keeps none, which no quote reads."""


def fund_cpmm(scene: Scene, pool: Pool, amounts: tuple[int, int]) -> None:
    """Opens a CPMM pool."""
    spec = pool.spec
    pool.config = CpmmConfig(spec.tier, spec.fee_ppm, 120_000, 40_000, 0)
    pool.config_address = catalogue.cpmm_config_address(spec.tier)
    pool.oracle = catalogue.pda(program.RAYDIUM_CPMM, b"observation", spec.address)
    history = OBSERVATION + bytes(3) + spec.address + bytes(OBSERVATION_BYTES - 43)
    scene.accounts[pool.oracle] = Account(program.RAYDIUM_CPMM, history)
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
