"""Accounts that programs derive for a wallet or a pool."""

from __future__ import annotations

from cambist.engine.reference.build.instruction_builder.call import check_keys
from cambist.engine.reference.chain import pda, program


def associated_token_address(owner: bytes, mint: bytes, token_program: bytes) -> bytes:
    """Returns the associated token account of a wallet. Raises `BuildError` for a key that is not 32 bytes."""
    check_keys((owner, mint, token_program))
    return pda.find([owner, token_program, mint], program.ASSOCIATED_TOKEN)[0]
