"""Addresses that programs derive, and those of programs that no pool is of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from solders.pubkey import Pubkey

if TYPE_CHECKING:
    from cambist.simulator.tokens import TokenSpec

ATA_PROGRAM = bytes(Pubkey.from_string("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL"))
MEMO_PROGRAM = bytes(Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr"))


def pda(program_id: bytes, *seeds: bytes) -> bytes:
    """Returns a program-derived address."""
    return bytes(Pubkey.find_program_address(seeds, Pubkey(program_id))[0])


def associated(owner: bytes, token: TokenSpec) -> bytes:
    """Returns the associated token account of a wallet."""
    return pda(ATA_PROGRAM, owner, token.token_program, token.mint)
