"""Opening of Pump AMM pools, and the accounts that they share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.chain import program
from cambist.engine.reference.chain.token import Mint
from cambist.engine.reference.venues.pump.layout import PumpConfig, PumpFeeConfig, PumpFees, PumpPool
from cambist.engine.reference.venues.pump.owned import PUMP_AMM_CONFIG, PUMP_FEE_CONFIG, PUMP_FEES
from cambist.simulator.accounts import Account
from cambist.simulator.addresses import associated, pda
from cambist.simulator.draw import key32
from cambist.simulator.scene import Scene, balance
from cambist.simulator.token_layout import encode_mint
from cambist.simulator.venues.pump.accounts import PumpAccount
from cambist.simulator.venues.pump.catalogue import (
    BUYBACK_RECIPIENTS,
    FEE_RECIPIENTS,
    FLAT,
    INDEX,
    PROGRAM,
    TIERS,
    creator_of,
)
from cambist.simulator.venues.pump.layout import encode_pump_config, encode_pump_fee_config
from cambist.simulator.venues.pump.market import PumpFacts, PumpMarket

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cambist.simulator.draw import Draw
    from cambist.simulator.pool import PoolSpec
    from cambist.simulator.tokens import TokenSpec

LP_DECIMALS = 9


def share(accounts: dict[bytes, Account], tokens: Mapping[str, TokenSpec]) -> None:
    """Opens the program's config, the schedule of its fees, and the quote accounts of those who get them."""
    recipients, buyers = FEE_RECIPIENTS, BUYBACK_RECIPIENTS
    accounts[PUMP_AMM_CONFIG] = Account(PROGRAM, encode_pump_config(pump_config(), recipients, buyers))
    accounts[PUMP_FEE_CONFIG] = Account(PUMP_FEES, encode_pump_fee_config(schedule(), bump=255))
    for wallet in (*recipients, *buyers):
        for token in (tokens["SOL"], tokens["USDC"]):
            accounts[associated(wallet, token)] = balance(token, wallet, 0)


def pump_config() -> PumpConfig:
    """Returns the program's config. Its fees hold only where there is no schedule."""
    return PumpConfig(0, PumpFees(*FLAT))


def schedule() -> PumpFeeConfig:
    """Returns the fee schedule. Caps are in atoms of SOL: the coins that Pump makes pools for are sold for it."""
    tiers = tuple((least * 10**9, PumpFees(*bps)) for least, bps in TIERS.items())
    return PumpFeeConfig(PumpFees(*FLAT), tiers)


def fund(scene: Scene, spec: PoolSpec, _draw: Draw, dollars: float, off: float) -> PumpMarket:
    """Opens a pool."""
    canonical = spec.tier == 0
    supply = Mint.decode(scene.accounts[spec.token_a.mint].data).supply
    facts = PumpFacts(pump_config(), schedule(), supply, canonical)
    lp_mint = pda(PROGRAM, b"pool_lp_mint", spec.address)
    shares = 4 * 10**12
    mint = encode_mint(decimals=LP_DECIMALS, supply=shares, mint_authority_tag=1, mint_authority=spec.address)
    scene.accounts[lp_mint] = Account(program.TOKEN_2022, mint)
    state = PumpPool(
        index=INDEX,
        creator=creator_of(spec.token_a, spec.token_b, canonical=canonical),
        base_mint=spec.token_a.mint,
        quote_mint=spec.token_b.mint,
        lp_mint=lp_mint,
        base_vault=spec.vault_a,
        quote_vault=spec.vault_b,
        lp_supply=shares,
        coin_creator=_coin_creator(spec) if canonical else bytes(32),
        is_mayhem=False,
        is_cashback=False,
        virtual_quote_reserves=0,
    )
    scene.accounts[spec.address] = PumpAccount.new(state, pool_bump=255)
    creator_vault = pda(PROGRAM, b"creator_vault", state.coin_creator)
    scene.accounts[associated(creator_vault, spec.token_b)] = balance(spec.token_b, creator_vault, 0)
    scene.vaults(spec, spec.address, scene.halves(spec, dollars, off))
    return PumpMarket(spec, facts, creator_vault)


def _coin_creator(spec: PoolSpec) -> bytes:
    return key32("cambist demo coin creator", spec.token_a.symbol)
