"""Addresses that no venue owns, as 32 bytes: programs of the chain itself, sysvars, wrapped SOL."""

from __future__ import annotations

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def key(text: str) -> bytes:
    """Returns the 32 bytes of an address that is known to be one."""
    value = 0
    for character in text:
        value = value * 58 + _ALPHABET.index(character)
    return value.to_bytes(32, "big")


SYSTEM = bytes(32)
TOKEN = key("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
TOKEN_2022 = key("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb")
ASSOCIATED_TOKEN = key("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL")
COMPUTE_BUDGET = key("ComputeBudget111111111111111111111111111111")
MEMO = key("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")
WRAPPED_SOL = key("So11111111111111111111111111111111111111112")
SYSVAR = key("Sysvar1111111111111111111111111111111111111")
INSTRUCTIONS = key("Sysvar1nstructions1111111111111111111111111")
CLOCK = key("SysvarC1ock11111111111111111111111111111111")
