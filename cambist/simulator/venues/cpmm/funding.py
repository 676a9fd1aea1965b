"""Opening of Raydium CPMM pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.venues.cpmm.layout import CpmmConfig, CpmmPool
from cambist.simulator.accounts import Account
from cambist.simulator.addresses import pda
from cambist.simulator.slots import START_EPOCH
from cambist.simulator.venues.cpmm.accounts import CpmmAccount
from cambist.simulator.venues.cpmm.catalogue import AUTHORITY, PROGRAM, RATES, config_address
from cambist.simulator.venues.cpmm.layout import encode_cpmm_config
from cambist.simulator.venues.cpmm.market import CpmmMarket

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cambist.simulator.draw import Draw
    from cambist.simulator.pool import PoolSpec
    from cambist.simulator.scene import Scene
    from cambist.simulator.tokens import TokenSpec

OBSERVATION = bytes.fromhex("7aaec5358109a584")
OBSERVATION_BYTES = 4_075
"""A pool's price history. The market keeps none, which no quote reads."""
PROTOCOL_RATE, FUND_RATE = 120_000, 40_000
"""Of the trade fee, in ppm."""


def share(accounts: dict[bytes, Account], tokens: Mapping[str, TokenSpec]) -> None:
    """Opens the program's configs."""
    for index, rate in RATES.items():
        data = encode_cpmm_config(
            index=index, trade_fee_rate=rate, protocol_fee_rate=PROTOCOL_RATE, fund_fee_rate=FUND_RATE
        )
        accounts[config_address(index)] = Account(PROGRAM, data)


def fund(scene: Scene, spec: PoolSpec, _draw: Draw, dollars: float, off: float) -> CpmmMarket:
    """Opens a pool."""
    config = CpmmConfig(spec.tier, spec.fee_ppm, PROTOCOL_RATE, FUND_RATE, 0)
    pool = CpmmMarket(spec, config, config_address(spec.tier), pda(PROGRAM, b"observation", spec.address))
    history = OBSERVATION + bytes(3) + spec.address + bytes(OBSERVATION_BYTES - 43)
    scene.accounts[pool.history] = Account(PROGRAM, history)
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
    scene.accounts[spec.address] = CpmmAccount.new(state, START_EPOCH, observation=pool.history, auth_bump=253)
    scene.vaults(spec, AUTHORITY, scene.halves(spec, dollars, off))
    return pool
