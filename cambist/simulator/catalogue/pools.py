"""The pools, with their addresses derived as the programs derive them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.venues import owned
from cambist.simulator.catalogue.addresses import (
    WHIRLPOOLS_CONFIG,
    associated,
    clmm_config_address,
    cpmm_config_address,
    pda,
)
from cambist.simulator.catalogue.terms import (
    CLMM_CONFIGS,
    CLMM_TERMS,
    CPMM_RATES,
    DAMM_TERMS,
    DLMM_TERMS,
    PUMP_FLAT,
    SABER_TERMS,
    WHIRLPOOL_TIERS,
)
from cambist.simulator.draw import key32

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.simulator.catalogue.tokens import TokenSpec

_RAY4 = """
SOL/USDC 3200 SOL/USDT 1100 RAY/SOL 1600 RAY/USDC 900 WIF/SOL 1800 BONK/SOL 1400 BONK/USDC 500 JUP/USDC 600 JUP/SOL 700
mSOL/SOL 900 ORCA/USDC 350 PYTH/USDC 400 PYTH/SOL 300 KELP/SOL 350 TIDE/USDC 500 MOTH/SOL 400 QUILL/SOL 300 WIF/USDC 600
TIDE/SOL 400 RAY/USDT 300
"""
_CPMM = """
SOL/USDC 900 SOL/USDT 500 BONK/SOL 600 WIF/SOL 500 JUP/SOL 300 RAY/SOL 400 RAY/USDC 300 KELP/SOL 300 KELP/USDC 250
TIDE/SOL 300 MOTH/SOL 350 MOTH/USDC 250 QUILL/USDC 300 QUILL/SOL 250 TOLL/USDC 400 TOLL/SOL 350 PYTH/SOL 250
ORCA/SOL 300 jitoSOL/SOL 400 SOL/MOTH:1 200
"""
_ORCA = """
SOL/USDC:4 4000 SOL/USDC:2 1500 SOL/USDC:64 900 SOL/USDC:1025 700 SOL/USDT:4 1000 mSOL/SOL:1 2000 jitoSOL/SOL:1 2500
jitoSOL/USDC:8 600 USDC/USDT:1 3000 BONK/SOL:64 1200 BONK/USDC:64 500 BONK/SOL:1026 400 JUP/SOL:64 500 JUP/USDC:16 600
ORCA/USDC:64 900 ORCA/SOL:64 600 WIF/SOL:64 700 WIF/USDC:16 400 RAY/SOL:64 400 PYTH/USDC:64 400 mSOL/USDC:8 400
mSOL/jitoSOL:1 400 KELP/USDC:64 300 TIDE/USDC:16 500 MOTH/SOL:128 300 QUILL/USDC:64 300 JUP/USDT:64 250
"""
_DAMM2 = """
SOL/USDC 800 JUP/SOL:1 450 BONK/SOL:2 600 KELP/USDC:3 300 TOLL/USDC:2 250
"""
_SABER = """
USDC/USDT:0 2400 USDT/USDC:1 900 mSOL/jitoSOL:2 700
"""
_DLMM = """
SOL/USDC:0 1500 SOL/USDC:1 900 jitoSOL/SOL:2 900 BONK/USDC:3 400 JUP/USDC:4 350 KELP/SOL:5 250
"""
_CLMM = """
SOL/USDC:1 2200 SOL/USDT:3 900 USDC/USDT:0 1800 jitoSOL/SOL:7 900 RAY/SOL:2 600 BONK/SOL:4 500 WIF/USDC:5 400
JUP/SOL:6 350 TOLL/USDC:2 300
"""
_PUMP = """
KELP/SOL:0 400 MOTH/SOL:0 350 QUILL/SOL:0 300 KELP/USDC:1 250
"""
"""Pairs with thousands of dollars; after the colon the index of a config, a preset or terms, or of a Whirlpool's fee
tier; of a Pump pool 0 if Pump made it."""


class PoolSpec(NamedTuple):
    """A pool before it is funded. Token a/b are coin/pc, token 0/1, mint a/b."""

    venue: str
    """As in `cambist.model.venues`."""
    token_a: TokenSpec
    token_b: TokenSpec
    dollars: float
    """Value of both sides."""
    fee_ppm: int
    tick_spacing: int
    """Of a Whirlpool or CLMM pool; bps between the bins of a DLMM pair; else 0."""
    tier: int
    """Fee tier index of a Whirlpool (differs from the spacing iff fees adapt); else the venue's table's index."""
    address: bytes
    vault_a: bytes
    vault_b: bytes

    @property
    def pegged(self) -> bool:
        """Whether it is made for tokens that move together."""
        return self.tick_spacing == 1 or self.venue == "saber"


def pools(known: dict[str, TokenSpec]) -> list[PoolSpec]:
    """Returns every pool, in a fixed order."""
    specs = []
    for table, make in _TABLES:
        words = table.split()
        for pair, thousands in zip(words[::2], words[1::2], strict=True):
            names, _, tier = pair.partition(":")
            first, second = (known[name] for name in names.split("/"))
            specs.append(make(first, second, float(thousands) * 1_000.0, int(tier or 0)))
    return specs


def _ray4(coin: TokenSpec, pc: TokenSpec, dollars: float, _tier: int) -> PoolSpec:
    market = key32("cambist demo market", coin.symbol, pc.symbol)
    address, vault_a, vault_b = (
        pda(owned.RAYDIUM_V4, owned.RAYDIUM_V4, market, seed + b"_associated_seed")
        for seed in (b"amm", b"coin_vault", b"pc_vault")
    )
    return PoolSpec("ray4", coin, pc, dollars, 2_500, 0, 0, address, vault_a, vault_b)


def _cpmm(first: TokenSpec, second: TokenSpec, dollars: float, tier: int) -> PoolSpec:
    token_0, token_1 = sorted((first, second), key=lambda token: token.mint)
    owner = owned.RAYDIUM_CPMM
    address = pda(owner, b"pool", cpmm_config_address(tier), token_0.mint, token_1.mint)
    vaults = (pda(owner, b"pool_vault", address, token.mint) for token in (token_0, token_1))
    return PoolSpec("cpmm", token_0, token_1, dollars, CPMM_RATES[tier], 0, tier, address, *vaults)


def _orca(first: TokenSpec, second: TokenSpec, dollars: float, tier: int) -> PoolSpec:
    token_a, token_b = sorted((first, second), key=lambda token: token.mint)
    spacing, fee = WHIRLPOOL_TIERS[tier]
    address = pda(
        owned.WHIRLPOOL, b"whirlpool", WHIRLPOOLS_CONFIG, token_a.mint, token_b.mint, tier.to_bytes(2, "little")
    )
    vaults = (key32("cambist demo vault", address.hex(), side) for side in "ab")
    return PoolSpec("orca", token_a, token_b, dollars, fee, spacing, tier, address, *vaults)


def _damm2(token_a: TokenSpec, token_b: TokenSpec, dollars: float, tier: int) -> PoolSpec:
    owner, mints = owned.METEORA_DAMM_V2, sorted((token_a.mint, token_b.mint), reverse=True)
    config = pda(owner, b"config", tier.to_bytes(8, "little"))
    address = pda(owner, b"pool", config, *mints)
    vaults = (pda(owner, b"token_vault", token.mint, address) for token in (token_a, token_b))
    return PoolSpec("damm2", token_a, token_b, dollars, DAMM_TERMS[tier].cliff // 1_000, 0, tier, address, *vaults)


def _dlmm(token_x: TokenSpec, token_y: TokenSpec, dollars: float, tier: int) -> PoolSpec:
    owner, terms = owned.METEORA_DLMM, DLMM_TERMS[tier]
    seeds = (terms.bin_step.to_bytes(2, "little"), terms.base_factor.to_bytes(2, "little"))
    address = pda(owner, *sorted((token_x.mint, token_y.mint)), *seeds)
    reserves = (pda(owner, address, token.mint) for token in (token_x, token_y))
    return PoolSpec("dlmm", token_x, token_y, dollars, terms.fee_ppm, terms.bin_step, tier, address, *reserves)


def _saber(token_a: TokenSpec, token_b: TokenSpec, dollars: float, tier: int) -> PoolSpec:
    address = key32("cambist demo stable swap", token_a.symbol, token_b.symbol)
    vaults = (key32("cambist demo vault", address.hex(), side) for side in "ab")
    return PoolSpec("saber", token_a, token_b, dollars, SABER_TERMS[tier].trade_bps * 100, 0, tier, address, *vaults)


def _clmm(first: TokenSpec, second: TokenSpec, dollars: float, tier: int) -> PoolSpec:
    token_0, token_1 = sorted((first, second), key=lambda token: token.mint)
    owner, config = owned.RAYDIUM_CLMM, CLMM_TERMS[tier].config
    spacing, fee = CLMM_CONFIGS[config]
    address = pda(owner, b"pool", clmm_config_address(config), token_0.mint, token_1.mint)
    vaults = (pda(owner, b"pool_vault", address, token.mint) for token in (token_0, token_1))
    return PoolSpec("clmm", token_0, token_1, dollars, fee, spacing, tier, address, *vaults)


def _pump(base: TokenSpec, quote: TokenSpec, dollars: float, tier: int) -> PoolSpec:
    seeds = (pump_creator(base, quote, canonical=tier == 0), base.mint, quote.mint)
    address = pda(owned.PUMP_AMM, b"pool", PUMP_INDEX.to_bytes(2, "little"), *seeds)
    vaults = (associated(address, token) for token in (base, quote))
    return PoolSpec("pump", base, quote, dollars, sum(PUMP_FLAT) * 100, 0, tier, address, *vaults)


PUMP_INDEX = 0
"""Of each pool among those of its creator."""


def pump_creator(base: TokenSpec, quote: TokenSpec, *, canonical: bool) -> bytes:
    """Returns who made a Pump AMM pool: Pump's own authority for the coin, or somebody."""
    if canonical:
        return pda(owned.PUMP, b"pool-authority", base.mint)
    return key32("cambist demo creator", base.symbol, quote.symbol)


_TABLES: tuple[tuple[str, Callable[[TokenSpec, TokenSpec, float, int], PoolSpec]], ...] = (
    (_RAY4, _ray4),
    (_CPMM, _cpmm),
    (_ORCA, _orca),
    (_DAMM2, _damm2),
    (_DLMM, _dlmm),
    (_SABER, _saber),
    (_CLMM, _clmm),
    (_PUMP, _pump),
)
