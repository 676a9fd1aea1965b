"""The pools that two mints may have, by their derived addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.chain import pda
from cambist.engine.reference.venues import owned

if TYPE_CHECKING:
    from collections.abc import Sequence

TOP_PAIRS = 500
"""Pairs of mints whose pools are derived at start."""

_WHIRLPOOL_TIERS = (1, 2, 4, 8, 16, 64, 96, 128, 256, 32_896)
_RAYDIUM_CONFIGS = ((owned.RAYDIUM_CPMM, (0, 1, 2, 3)), (owned.RAYDIUM_CLMM, (0, 1, 2, 3, 4, 7, 8)))


def pools_of(mint_a: bytes, mint_b: bytes) -> list[pda.Derivation]:
    """Returns what the pools of two mints, in any order, are derived from on mainnet.

    Whirlpools by fee tier, then Raydium CPMM and CLMM by config. Raises `PdaError` unless both mints are 32 bytes.

    >>> len(pools_of(bytes(32), bytes([1] * 32)))
    21
    """
    pda.check_size(mint_a, "mint")
    pda.check_size(mint_b, "mint")
    low, high = sorted((mint_a, mint_b))
    orca = [
        pda.Derivation(owned.WHIRLPOOL, (b"whirlpool", owned.WHIRLPOOLS_CONFIG, low, high, tier.to_bytes(2, "little")))
        for tier in _WHIRLPOOL_TIERS
    ]
    configs = [(owner, _config(owner, index)) for owner, indices in _RAYDIUM_CONFIGS for index in indices]
    return orca + [pda.Derivation(owner, (b"pool", config, low, high)) for owner, config in configs]


class PdaCache(pda.AddressCache):
    """Addresses derived once; knows which addresses the pools of two mints have.

    >>> cache = PdaCache()
    >>> cache.warm([(bytes(32), bytes([1] * 32))])
    21
    """

    def warm(self, pairs: Sequence[tuple[bytes, bytes]]) -> int:
        """Derives every pool address of the first 500 pairs of mints; returns how many were new. Raises `PdaError`."""
        before = self._misses
        for mint_a, mint_b in pairs[:TOP_PAIRS]:
            for program, seeds in pools_of(mint_a, mint_b):
                self.find(seeds, program)
        return self._misses - before


_CONFIGS: dict[tuple[bytes, int], bytes] = {}


def _config(program: bytes, index: int) -> bytes:
    if (program, index) not in _CONFIGS:
        _CONFIGS[program, index] = pda.find([b"amm_config", index.to_bytes(2, "big")], program)[0]
    return _CONFIGS[program, index]
