"""Addresses of programs and of the accounts that they derive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from solders.pubkey import Pubkey

from cambist.engine.reference.venues import owned
from cambist.simulator.draw import key32

if TYPE_CHECKING:
    from cambist.simulator.catalogue.tokens import TokenSpec

POOL_PROGRAMS = (
    owned.RAYDIUM_V4,
    owned.RAYDIUM_CPMM,
    owned.WHIRLPOOL,
    owned.METEORA_DAMM_V2,
    owned.METEORA_DLMM,
    owned.SABER,
    owned.RAYDIUM_CLMM,
    owned.PUMP_AMM,
    owned.PUMP_FEES,
)
WHIRLPOOLS_CONFIG = bytes(Pubkey.from_string("2LecshUwdy9xi7meFgHtFJQNSKk4KdTrcpvaB56dP2NQ"))
ATA_PROGRAM = bytes(Pubkey.from_string("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL"))
MEMO_PROGRAM = bytes(Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr"))
RAYDIUM_V4_AUTHORITY = bytes(Pubkey.from_string("5Q544fKrFoe6tsEbD7S8EmxGTJYAKtTVhAW5Q5pge4j1"))
CPMM_AUTHORITY = bytes(Pubkey.from_string("GpMZbSM2GgvTKHJirzeGfMFoaZ8UR2X7F4v8vHTvxFbL"))
DAMM_V2_AUTHORITY = bytes(Pubkey.from_string("HLnpSz9h2S4hiLQ43rnSD9XkcUThA7B8hQMKmDaiTLcC"))
DLMM_EVENTS = bytes(Pubkey.from_string("D1ZN9Wj1fRSUQfCjhvnu1hqDMT7hzjzBBpi12nVniYD6"))
DAMM_V2_EVENTS = bytes(Pubkey.from_string("3rmHSu74h1ZcmAisVcWerTCiRDQbUrBKmcwptYGjHfet"))
PUMP_FEE_RECIPIENTS = tuple(key32("cambist demo pump fee recipient", number) for number in range(8))
PUMP_BUYBACK_RECIPIENTS = tuple(key32("cambist demo pump buy-back recipient", number) for number in range(8))


def pda(program_id: bytes, *seeds: bytes) -> bytes:
    """Returns a program-derived address."""
    return bytes(Pubkey.find_program_address(seeds, Pubkey(program_id))[0])


def associated(owner: bytes, token: TokenSpec) -> bytes:
    """Returns the associated token account of a wallet."""
    return pda(ATA_PROGRAM, owner, token.token_program, token.mint)


def tick_array_address(pool: bytes, start: int) -> bytes:
    """Returns a Whirlpool's tick array address."""
    return pda(owned.WHIRLPOOL, b"tick_array", pool, str(start).encode())


def oracle_address(pool: bytes) -> bytes:
    """Returns a Whirlpool's oracle address."""
    return pda(owned.WHIRLPOOL, b"oracle", pool)


def bin_array_address(pair: bytes, index: int) -> bytes:
    """Returns the address of a DLMM pair's bin array."""
    return pda(owned.METEORA_DLMM, b"bin_array", pair, index.to_bytes(8, "little", signed=True))


def cpmm_config_address(index: int) -> bytes:
    """Returns a CPMM config's address."""
    return pda(owned.RAYDIUM_CPMM, b"amm_config", index.to_bytes(2, "big"))


def clmm_config_address(index: int) -> bytes:
    """Returns a CLMM config's address."""
    return pda(owned.RAYDIUM_CLMM, b"amm_config", index.to_bytes(2, "big"))


def clmm_array_address(pool: bytes, start: int) -> bytes:
    """Returns the address of a CLMM pool's tick array."""
    return pda(owned.RAYDIUM_CLMM, b"tick_array", pool, start.to_bytes(4, "big", signed=True))


def clmm_bitmap_address(pool: bytes) -> bytes:
    """Returns the address of a CLMM pool's bitmap extension."""
    return pda(owned.RAYDIUM_CLMM, b"pool_tick_array_bitmap_extension", pool)
