"""Accounts that programs derive for a wallet or a pool."""

from __future__ import annotations

from cambist.engine.reference.build.instruction_builder.call import check_keys
from cambist.engine.reference.chain import pda, program


def associated_token_address(owner: bytes, mint: bytes, token_program: bytes) -> bytes:
    """Returns the associated token account of a wallet. Raises `BuildError` for a key that is not 32 bytes."""
    check_keys((owner, mint, token_program))
    return pda.find([owner, token_program, mint], program.ASSOCIATED_TOKEN)[0]


def whirlpool_tick_array(program_id: bytes, pool: bytes, start: int) -> bytes:
    """Returns a Whirlpool's tick array by its first tick; the program is the mutable or the immutable deployment.

    Raises `BuildError` for a key that is not 32 bytes.

    >>> from cambist.engine.reference import base58
    >>> pool = base58.decode("2kJmUjxWBwL2NGPBV2PiA5hWtmLCqcKY6reQgkrPtaeS")
    >>> base58.encode(whirlpool_tick_array(program.WHIRLPOOL, pool, 0))
    '8PhPzk7n4wU98Z6XCbVtPai2LtXSxYnfjkmgWuoAU8Zy'
    """
    check_keys((program_id, pool))
    return pda.find([b"tick_array", pool, str(start).encode()], program_id)[0]


def whirlpool_oracle(program_id: bytes, pool: bytes) -> bytes:
    """Returns a Whirlpool's oracle, which exists iff its fees adapt. Raises `BuildError`."""
    check_keys((program_id, pool))
    return pda.find([b"oracle", pool], program_id)[0]


def clmm_tick_array(pool: bytes, start: int) -> bytes:
    """Returns a Raydium CLMM pool's tick array by its first tick. Raises `BuildError`."""
    check_keys((pool,))
    return pda.find([b"tick_array", pool, start.to_bytes(4, "big", signed=True)], program.RAYDIUM_CLMM)[0]


def clmm_bitmap_extension(pool: bytes) -> bytes:
    """Returns where a Raydium CLMM pool marks tick arrays beyond its own bitmap. Raises `BuildError`."""
    check_keys((pool,))
    return pda.find([b"pool_tick_array_bitmap_extension", pool], program.RAYDIUM_CLMM)[0]


def dlmm_bin_array(pair: bytes, index: int) -> bytes:
    """Returns a DLMM pair's bin array. Raises `BuildError`."""
    check_keys((pair,))
    return pda.find([b"bin_array", pair, index.to_bytes(8, "little", signed=True)], program.METEORA_DLMM)[0]


def saber_authority(pool: bytes, nonce: int) -> bytes:
    """Returns who signs for the vaults of a Saber pool.

    Raises `BuildError` for a key that is not 32 bytes, `PdaError` if the pool has another nonce.
    """
    check_keys((pool,))
    return pda.create([pool, bytes([nonce])], program.SABER)
