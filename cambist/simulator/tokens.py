"""The tokens that are traded."""

from __future__ import annotations

from typing import NamedTuple

from solders.pubkey import Pubkey

from cambist.engine.reference.chain import program
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


class TokenSpec(NamedTuple):
    """A token."""

    symbol: str
    mint: bytes
    decimals: int
    token_program: bytes
    real: bool
    """Whether the mint exists outside of this market."""


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
