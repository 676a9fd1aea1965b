"""What tokens are called: a symbol is only a label, the mint is the token."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cambist.model.market import FIAT, Token
from cambist.model.text import sanitise, short

if TYPE_CHECKING:
    from collections.abc import Iterable

KNOWN = {
    "SOL": "So11111111111111111111111111111111111111112",
    "USDC": "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
}
"""Symbols that mean one mint without a list: what chain costs are paid in, and what prices are in by default."""
SYMBOL_CELLS = 12


def labels(tokens: Iterable[Token]) -> dict[str, str]:
    """Returns what each mint is called on screen.

    A verified symbol that no other verified token has stands alone, as does that of money that is no token; any other
    is followed by its mint, as in `BONK DezX…B263`.
    """
    tokens = list(tokens)
    symbols = {token.mint: sanitise(token.symbol, SYMBOL_CELLS) for token in tokens}
    verified = Counter(symbols[token.mint] for token in tokens if token.verified)
    named = {}
    for token in tokens:
        symbol = symbols[token.mint]
        alone = (token.verified and verified[symbol] == 1) or FIAT.fullmatch(token.mint)
        named[token.mint] = symbol if symbol and alone else f"{symbol} {short(token.mint)}".lstrip()
    return named


def on_chain(tokens: Iterable[Token]) -> tuple[Token, ...]:
    """Returns those that are tokens, without the money of banks."""
    return tuple(token for token in tokens if not FIAT.fullmatch(token.mint))


def unit_of(tokens: Iterable[Token], otherwise: str) -> str:
    """Returns the mint that sums are in: the first base token's, `otherwise` where there is none."""
    ranked = [token for token in tokens if token.base]
    return min(ranked, key=lambda token: token.base).mint if ranked else otherwise


def mints_of(tokens: Iterable[Token]) -> dict[str, list[str]]:
    """Returns the mints that each symbol of a configuration means, the known ones included."""
    found = {symbol: [mint] for symbol, mint in KNOWN.items()}
    for token in tokens:
        mints = found.setdefault(token.symbol, [])
        if token.mint not in mints:
            mints.append(token.mint)
    return found
