"""What exists in the market: tokens, and pools with their addresses derived as the programs derive them."""

from __future__ import annotations

from typing import NamedTuple

from solders.pubkey import Pubkey

from cambist.engine.reference.accounts import program
from cambist.simulator.draw import key32

_REAL = {
    "SOL": ("So11111111111111111111111111111111111111112", 9),
    "USDC": ("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v", 6),
    "USDT": ("Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB", 6),
    "mSOL": ("mSoLzYCxHdYgdzU16g5QSh3i5K3z3KZK7ytfqcJm7So", 9),
    "jitoSOL": ("J1toso1uCk3RLmjorhTtrVwY9HJ7X8V9yYac6Y7kGCPn", 9),
    "BONK": ("DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263", 5),
    "JUP": ("JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN", 6),
    "RAY": ("4k3Dyjzvzp8eMZWUXbBCjEvwSkkk59S5iCNLY3QrkX6R", 6),
    "ORCA": ("orcaEKTdK7LKz57vaAYr9QeNsVEPfiu6QeMU1kektZE", 6),
    "PYTH": ("HZ1JovNiVvGrGNiiYvEozEVgZ58xaU3RKwX8eACQBCt3", 6),
    "WIF": ("EKpQGSJtjMFqKZ9KQanSqYXRcF8fBopzLHYxdM65zcjm", 6),
}
_DEMO = {"KELP": 6, "TIDE": 8, "MOTH": 5, "QUILL": 6, "TOLL": 6}
TRANSFER_FEE = {"TOLL": (30, 5_000_000_000)}
"""Token-2022 mints with a transfer fee: symbol → bps, most atoms."""

POOL_PROGRAMS = (
    program.RAYDIUM_V4,
    program.RAYDIUM_CPMM,
    program.WHIRLPOOL,
    program.METEORA_DAMM_V2,
    program.METEORA_DLMM,
    program.SABER,
)
WHIRLPOOLS_CONFIG = bytes(Pubkey.from_string("2LecshUwdy9xi7meFgHtFJQNSKk4KdTrcpvaB56dP2NQ"))
ATA_PROGRAM = bytes(Pubkey.from_string("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL"))
MEMO_PROGRAM = bytes(Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr"))
RAYDIUM_V4_AUTHORITY = bytes(Pubkey.from_string("5Q544fKrFoe6tsEbD7S8EmxGTJYAKtTVhAW5Q5pge4j1"))
CPMM_AUTHORITY = bytes(Pubkey.from_string("GpMZbSM2GgvTKHJirzeGfMFoaZ8UR2X7F4v8vHTvxFbL"))
DAMM_V2_AUTHORITY = bytes(Pubkey.from_string("HLnpSz9h2S4hiLQ43rnSD9XkcUThA7B8hQMKmDaiTLcC"))
DLMM_EVENTS = bytes(Pubkey.from_string("D1ZN9Wj1fRSUQfCjhvnu1hqDMT7hzjzBBpi12nVniYD6"))
DAMM_V2_EVENTS = bytes(Pubkey.from_string("3rmHSu74h1ZcmAisVcWerTCiRDQbUrBKmcwptYGjHfet"))
TICKS = 88


class TokenSpec(NamedTuple):
    """A token."""

    symbol: str
    mint: bytes
    decimals: int
    token_program: bytes
    real: bool
    """Whether the mint exists outside of this market."""


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
    """Of a Whirlpool; bps between the bins of a DLMM pair; else 0."""
    tier: int
    """Fee tier index of a Whirlpool (differs from the spacing iff fees adapt); else the venue's table's index."""
    address: bytes
    vault_a: bytes
    vault_b: bytes

    @property
    def pegged(self) -> bool:
        """Whether it is made for tokens that move together."""
        return self.tick_spacing == 1 or self.venue == "saber"


def pda(program_id: bytes, *seeds: bytes) -> bytes:
    """Returns a program-derived address."""
    return bytes(Pubkey.find_program_address(seeds, Pubkey(program_id))[0])


def associated(owner: bytes, token: TokenSpec) -> bytes:
    """Returns the associated token account of a wallet."""
    return pda(ATA_PROGRAM, owner, token.token_program, token.mint)


def tick_array_address(pool: bytes, start: int) -> bytes:
    """Returns a Whirlpool's tick array address."""
    return pda(program.WHIRLPOOL, b"tick_array", pool, str(start).encode())


def oracle_address(pool: bytes) -> bytes:
    """Returns a Whirlpool's oracle address."""
    return pda(program.WHIRLPOOL, b"oracle", pool)


def bin_array_address(pair: bytes, index: int) -> bytes:
    """Returns the address of a DLMM pair's bin array."""
    return pda(program.METEORA_DLMM, b"bin_array", pair, index.to_bytes(8, "little", signed=True))


def cpmm_config_address(index: int) -> bytes:
    """Returns a CPMM config's address."""
    return pda(program.RAYDIUM_CPMM, b"amm_config", index.to_bytes(2, "big"))


def tokens() -> dict[str, TokenSpec]:
    """Returns every token by symbol."""
    found = {
        symbol: TokenSpec(symbol, bytes(Pubkey.from_string(mint)), decimals, program.TOKEN, real=True)
        for symbol, (mint, decimals) in _REAL.items()
    }
    for symbol, decimals in _DEMO.items():
        owner = program.TOKEN_2022 if symbol in TRANSFER_FEE else program.TOKEN
        found[symbol] = TokenSpec(symbol, key32("cambist demo mint", symbol), decimals, owner, real=False)
    return found


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
"""Pairs with thousands of dollars; after the colon the index of a config or preset, or of a Whirlpool's fee tier."""

WHIRLPOOL_TIERS = {
    1: (1, 100),
    2: (2, 200),
    4: (4, 400),
    8: (8, 500),
    16: (16, 1_600),
    64: (64, 3_000),
    128: (128, 10_000),
    1025: (4, 300),
    1026: (64, 1_500),
}
"""Fee tier index → tick spacing, base fee in ppm."""
CPMM_RATES = {0: 2_500, 1: 10_000}
"""Config index → trade fee in ppm."""


class DammTerms(NamedTuple):
    """How a DAMM v2 pool charges. Fees are 10⁻⁹."""

    cliff: int
    reduction: int = 0
    """What the fee loses each of 60 periods of 20 s, half of them gone at the opening."""
    dynamic: bool = False
    fee_on_b: bool = False
    reach: int = 0
    """Its price range goes from a part to a multiple of the opening price; 0: from end to end."""


DAMM_TERMS = {
    0: DammTerms(2_500_000),
    1: DammTerms(5_000_000, reduction=50_000),
    2: DammTerms(1_000_000, dynamic=True),
    3: DammTerms(2_000_000, fee_on_b=True, reach=3),
}
"""Config index → terms."""


class SaberTerms(NamedTuple):
    """A kind of Saber pool."""

    amps: tuple[int, int]
    """The amplification goes from the first to the second over `ramp_s` seconds from the opening on."""
    trade_bps: int
    admin_bps: int
    """Of the trade fee."""
    ramp_s: int = 0


SABER_TERMS = {
    0: SaberTerms((1_000, 1_000), 1, 5_000),
    1: SaberTerms((100, 400), 2, 5_000, ramp_s=7_200),
    2: SaberTerms((20, 20), 3, 2_500),
}


class DlmmTerms(NamedTuple):
    """A preset of DLMM pairs."""

    bin_step: int
    """bps"""
    base_factor: int
    """The base fee is `base_factor` · `bin_step` · 10⁻⁸."""
    reach: float
    """How far the bins go from the opening price on each side."""
    variable_fee_control: int
    max_volatility_accumulator: int
    filter_s: int
    decay_s: int
    fee_on_y: bool = False
    limit_orders: bool = False

    @property
    def fee_ppm(self) -> int:
        """The base fee."""
        return self.base_factor * self.bin_step // 100


DLMM_TERMS = {
    0: DlmmTerms(4, 10_000, 0.16, 40_000, 300_000, 30, 600),
    1: DlmmTerms(10, 10_000, 0.20, 40_000, 150_000, 30, 600),
    2: DlmmTerms(1, 10_000, 0.015, 20_000, 100_000, 10, 120),
    3: DlmmTerms(2, 20_000, 0.16, 30_000, 350_000, 30, 600),
    4: DlmmTerms(25, 10_000, 0.25, 7_500, 150_000, 300, 1_200, fee_on_y=True),
    5: DlmmTerms(80, 5_000, 0.40, 7_500, 150_000, 300, 1_200, limit_orders=True),
}
"""Preset index → terms."""


def pools(known: dict[str, TokenSpec]) -> list[PoolSpec]:
    """Returns every pool, in a fixed order."""
    specs = []
    for venue, table in (
        ("ray4", _RAY4),
        ("cpmm", _CPMM),
        ("orca", _ORCA),
        ("damm2", _DAMM2),
        ("dlmm", _DLMM),
        ("saber", _SABER),
    ):
        words = table.split()
        for pair, thousands in zip(words[::2], words[1::2], strict=True):
            names, _, tier = pair.partition(":")
            first, second = (known[name] for name in names.split("/"))
            make = {"ray4": _ray4, "cpmm": _cpmm, "orca": _orca, "damm2": _damm2, "dlmm": _dlmm, "saber": _saber}[venue]
            specs.append(make(first, second, float(thousands) * 1_000.0, int(tier or 0)))
    return specs


def _ray4(coin: TokenSpec, pc: TokenSpec, dollars: float, _tier: int) -> PoolSpec:
    market = key32("cambist demo market", coin.symbol, pc.symbol)
    address, vault_a, vault_b = (
        pda(program.RAYDIUM_V4, program.RAYDIUM_V4, market, seed + b"_associated_seed")
        for seed in (b"amm", b"coin_vault", b"pc_vault")
    )
    return PoolSpec("ray4", coin, pc, dollars, 2_500, 0, 0, address, vault_a, vault_b)


def _cpmm(first: TokenSpec, second: TokenSpec, dollars: float, tier: int) -> PoolSpec:
    token_0, token_1 = sorted((first, second), key=lambda token: token.mint)
    owner = program.RAYDIUM_CPMM
    address = pda(owner, b"pool", cpmm_config_address(tier), token_0.mint, token_1.mint)
    vaults = (pda(owner, b"pool_vault", address, token.mint) for token in (token_0, token_1))
    return PoolSpec("cpmm", token_0, token_1, dollars, CPMM_RATES[tier], 0, tier, address, *vaults)


def _orca(first: TokenSpec, second: TokenSpec, dollars: float, tier: int) -> PoolSpec:
    token_a, token_b = sorted((first, second), key=lambda token: token.mint)
    spacing, fee = WHIRLPOOL_TIERS[tier]
    address = pda(
        program.WHIRLPOOL, b"whirlpool", WHIRLPOOLS_CONFIG, token_a.mint, token_b.mint, tier.to_bytes(2, "little")
    )
    vaults = (key32("cambist demo vault", address.hex(), side) for side in "ab")
    return PoolSpec("orca", token_a, token_b, dollars, fee, spacing, tier, address, *vaults)


def _damm2(token_a: TokenSpec, token_b: TokenSpec, dollars: float, tier: int) -> PoolSpec:
    owner, mints = program.METEORA_DAMM_V2, sorted((token_a.mint, token_b.mint), reverse=True)
    config = pda(owner, b"config", tier.to_bytes(8, "little"))
    address = pda(owner, b"pool", config, *mints)
    vaults = (pda(owner, b"token_vault", token.mint, address) for token in (token_a, token_b))
    return PoolSpec("damm2", token_a, token_b, dollars, DAMM_TERMS[tier].cliff // 1_000, 0, tier, address, *vaults)


def _dlmm(token_x: TokenSpec, token_y: TokenSpec, dollars: float, tier: int) -> PoolSpec:
    owner, terms = program.METEORA_DLMM, DLMM_TERMS[tier]
    seeds = (terms.bin_step.to_bytes(2, "little"), terms.base_factor.to_bytes(2, "little"))
    address = pda(owner, *sorted((token_x.mint, token_y.mint)), *seeds)
    reserves = (pda(owner, address, token.mint) for token in (token_x, token_y))
    return PoolSpec("dlmm", token_x, token_y, dollars, terms.fee_ppm, terms.bin_step, tier, address, *reserves)


def _saber(token_a: TokenSpec, token_b: TokenSpec, dollars: float, tier: int) -> PoolSpec:
    address = key32("cambist demo stable swap", token_a.symbol, token_b.symbol)
    vaults = (key32("cambist demo vault", address.hex(), side) for side in "ab")
    return PoolSpec("saber", token_a, token_b, dollars, SABER_TERMS[tier].trade_bps * 100, 0, tier, address, *vaults)
