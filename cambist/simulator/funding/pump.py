"""Opening of Pump AMM pools, and the accounts that they share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.chain import program
from cambist.engine.reference.chain.token import Mint
from cambist.engine.reference.venues import owned
from cambist.engine.reference.venues.pump.layout import PumpConfig, PumpFeeConfig, PumpFees, PumpPool
from cambist.simulator import catalogue
from cambist.simulator.accounts import Account, PumpAccount
from cambist.simulator.draw import key32
from cambist.simulator.funding.scene import Scene, balance
from cambist.simulator.layouts.pump import encode_pump_config, encode_pump_fee_config
from cambist.simulator.layouts.token import encode_mint
from cambist.simulator.venues.pump import PumpFacts

if TYPE_CHECKING:
    from cambist.simulator.catalogue import PoolSpec, TokenSpec
    from cambist.simulator.venues import Pool

LP_DECIMALS = 9


def pump_singletons(accounts: dict[bytes, Account], quotes: tuple[TokenSpec, ...]) -> None:
    """Opens the program's config, the schedule of its fees, and the accounts in `quotes` of those who get them."""
    recipients, buyers = catalogue.PUMP_FEE_RECIPIENTS, catalogue.PUMP_BUYBACK_RECIPIENTS
    accounts[owned.PUMP_AMM_CONFIG] = Account(owned.PUMP_AMM, encode_pump_config(pump_config(), recipients, buyers))
    accounts[owned.PUMP_FEE_CONFIG] = Account(owned.PUMP_FEES, encode_pump_fee_config(schedule(), bump=255))
    for wallet in (*recipients, *buyers):
        for token in quotes:
            accounts[catalogue.associated(wallet, token)] = balance(token, wallet, 0)


def pump_config() -> PumpConfig:
    """Returns the program's config. Its fees hold only where there is no schedule."""
    return PumpConfig(0, PumpFees(*catalogue.PUMP_FLAT))


def schedule() -> PumpFeeConfig:
    """Returns the fee schedule. Caps are in atoms of SOL: the coins that Pump makes pools for are sold for it."""
    tiers = tuple((least * 10**9, PumpFees(*bps)) for least, bps in catalogue.PUMP_TIERS.items())
    return PumpFeeConfig(PumpFees(*catalogue.PUMP_FLAT), tiers)


def fund_pump(scene: Scene, pool: Pool, amounts: tuple[int, int]) -> None:
    """Opens a Pump AMM pool."""
    spec = pool.spec
    canonical = spec.tier == 0
    supply = Mint.decode(scene.accounts[spec.token_a.mint].data).supply
    pool.pump = PumpFacts(pump_config(), schedule(), supply, canonical)
    lp_mint = catalogue.pda(owned.PUMP_AMM, b"pool_lp_mint", spec.address)
    shares = 4 * 10**12
    mint = encode_mint(decimals=LP_DECIMALS, supply=shares, mint_authority_tag=1, mint_authority=spec.address)
    scene.accounts[lp_mint] = Account(program.TOKEN_2022, mint)
    state = PumpPool(
        index=catalogue.PUMP_INDEX,
        creator=catalogue.pump_creator(spec.token_a, spec.token_b, canonical=canonical),
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
    pool.authority = catalogue.pda(owned.PUMP_AMM, b"creator_vault", state.coin_creator)
    scene.accounts[catalogue.associated(pool.authority, spec.token_b)] = balance(spec.token_b, pool.authority, 0)
    scene.vaults(spec, spec.address, amounts)


def _coin_creator(spec: PoolSpec) -> bytes:
    return key32("cambist demo coin creator", spec.token_a.symbol)
