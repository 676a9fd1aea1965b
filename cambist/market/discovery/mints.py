"""What a mint account says: decimals first of all. A symbol on chain is its maker's word and verifies nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cambist.engine.reference.chain import base58, program
from cambist.engine.reference.chain.reader import LayoutError, unsigned
from cambist.engine.reference.chain.token import Mint, extensions
from cambist.model.text import sanitise

if TYPE_CHECKING:
    from cambist.market.discovery.node import Account

TOKEN, TOKEN_2022 = base58.encode(program.TOKEN), base58.encode(program.TOKEN_2022)
PROGRAMS = {TOKEN: "spl-token", TOKEN_2022: "token-2022"}
MAX_DECIMALS = 38
_DEFAULT_STATE, _NON_TRANSFERABLE, _DELEGATE, _HOOK, _METADATA, _PAUSABLE = 6, 9, 12, 14, 19, 26
_FROZEN = 2
_MAX_TEXT = 256


class FoundToken(msgspec.Struct, frozen=True):
    """A token as its mint account tells it."""

    mint: str
    decimals: int
    program: str
    """`spl-token` or `token-2022`."""
    symbol: str = ""
    """Of the mint's own metadata, sanitised; unverified."""
    risks: tuple[str, ...] = ()
    """What its issuer can do to a trade."""


def read(mint: str, account: Account | None) -> FoundToken | str:
    """Returns the token, or why the account is no mint."""
    if account is None:
        return "no such account"
    if account.owner not in PROGRAMS:
        return f"owned by {account.owner[:44]}, no token program"
    try:
        found = Mint.decode(account.data)
        parts = extensions("mint", account.data) if account.owner == TOKEN_2022 else []
    except LayoutError as error:
        return str(error)
    if found.decimals > MAX_DECIMALS:
        return f"{found.decimals} decimals"
    risks = tuple(risk for kind, at, size in parts if (risk := _risk(kind, account.data[at : at + size])))
    symbol = next((_symbol(account.data[at : at + size]) for kind, at, size in parts if kind == _METADATA), "")
    return FoundToken(mint, found.decimals, PROGRAMS[account.owner], symbol, risks)


def _risk(kind: int, value: bytes) -> str:
    if kind == _HOOK:
        return "transfer hook" if any(value[32:64]) else ""
    if kind == _DELEGATE:
        return "permanent delegate" if any(value[:32]) else ""
    if kind == _DEFAULT_STATE:
        return "accounts begin frozen" if value[:1] == bytes([_FROZEN]) else ""
    return {_NON_TRANSFERABLE: "not transferable", _PAUSABLE: "pausable"}.get(kind, "")


def _symbol(value: bytes) -> str:
    """Returns the symbol in a TokenMetadata extension: two keys, then name and symbol with their lengths."""
    at = 64
    for last in (False, True):
        size = unsigned(value, at, 4)
        text = value[at + 4 : at + 4 + min(size, _MAX_TEXT)]
        if last:
            return sanitise(text.decode("utf-8", "replace"), 12)
        at += 4 + size
    return ""
