"""Program and sysvar addresses that own or are the accounts of a pool, as 32 bytes."""

from __future__ import annotations

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def _key(text: str) -> bytes:
    value = 0
    for character in text:
        value = value * 58 + _ALPHABET.index(character)
    return value.to_bytes(32, "big")


SYSTEM = bytes(32)
TOKEN = _key("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
TOKEN_2022 = _key("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb")
RAYDIUM_V4 = _key("675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8")
RAYDIUM_CPMM = _key("CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C")
METEORA_DLMM = _key("LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo")
WHIRLPOOL = _key("whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc")
WHIRLPOOL_IMMUTABLE = _key("iwhrLHdsgrvmnwU8GF2FSmyabSMjfHwFGJAX2ufJ3ZN")
SABER = _key("SSwpkEEcbUqx4vtoEByFjSkhKdCT862DNVb52nZg1UZ")
METEORA_DAMM_V2 = _key("cpamdpZCGKUy5JxQXB4dcpGPiikHawvSWAd6mEn1sGG")
WHIRLPOOLS_CONFIG = _key("2LecshUwdy9xi7meFgHtFJQNSKk4KdTrcpvaB56dP2NQ")
RAYDIUM_CLMM = _key("CAMMCzo5YL8w4VFF8KVHrK22GGUsp5VTaW7grrKgrWqK")
SYSVAR = _key("Sysvar1111111111111111111111111111111111111")
CLOCK = _key("SysvarC1ock11111111111111111111111111111111")
