"""Builds any pool's swap, as wallets do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.chain import program
from cambist.engine.reference.venues import owned
from cambist.engine.reference.venues.bitmap import near_arrays
from cambist.engine.reference.venues.clmm.maths import ClmmFill
from cambist.engine.reference.venues.dlmm.maths import DlmmFill, array_index
from cambist.engine.reference.venues.tick_array_manager import swap_array_starts
from cambist.simulator.accounts import LbPairAccount, WhirlpoolAccount
from cambist.simulator.catalogue import (
    DLMM_EVENTS,
    MEMO_PROGRAM,
    RAYDIUM_V4_AUTHORITY,
    associated,
    tick_array_address,
)
from cambist.simulator.instructions.metas import readonly, written
from cambist.simulator.instructions.meteora import damm2_metas
from cambist.simulator.instructions.pump import PumpKeys, pump_keys, pump_swap
from cambist.simulator.instructions.raydium import clmm_swap, cpmm_swap
from cambist.simulator.instructions.saber import saber_metas
from cambist.simulator.programs import (
    DAMM_SWAP,
    DAMM_SWAP2,
    DLMM_OUT,
    DLMM_OUT2,
    DLMM_SWAP,
    DLMM_SWAP2,
    ORCA_SWAP,
    ORCA_SWAP_V2,
    PUMP_TAGS,
    SABER_SWAP,
)
from cambist.simulator.programs.damm_v2 import EXACT_IN, EXACT_OUT
from cambist.simulator.transactions import Instruction, Meta

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.simulator.accounts import Account
    from cambist.simulator.catalogue import TokenSpec
    from cambist.simulator.venues import Fill, Pool

UNIT_LIMITS = {
    "ray4": 60_000,
    "cpmm": 80_000,
    "orca": 140_000,
    "damm2": 50_000,
    "dlmm": 90_000,
    "saber": 80_000,
    "clmm": 110_000,
    "pump": 120_000,
}
"""What wallets ask for, per swap."""
BIN_UNITS = 8_000
"""What they ask for besides, for each bin that a DLMM swap fills by their quote."""
CROSSING_UNITS = 15_000
"""And for each tick that a CLMM swap crosses."""
NEAR_BIN_ARRAYS = 3


def unit_limit(pool: Pool, fill: Fill) -> int:
    """Returns the compute units that a wallet asks for a swap that it expects to end as `fill`."""
    more = 0
    if isinstance(fill.maths, DlmmFill):
        more = BIN_UNITS * len(fill.maths.steps)
    elif isinstance(fill.maths, ClmmFill):
        more = CROSSING_UNITS * len(fill.maths.crossings)
    return UNIT_LIMITS[pool.spec.venue] + more


class SwapBuilder:
    """Builds swap instructions; remembers addresses that are costly to derive."""

    def __init__(self, find: Callable[[bytes], Account | None]) -> None:
        self._find = find
        self._associated: dict[tuple[bytes, bytes], bytes] = {}
        self._arrays: dict[tuple[bytes, int], bytes] = {}
        self._pump_keys: dict[tuple[bytes, bytes], PumpKeys] = {}

    def account_of(self, owner: bytes, token: TokenSpec) -> bytes:
        """Returns a wallet's associated token account."""
        key = (owner, token.mint)
        found = self._associated.get(key)
        if found is None:
            found = self._associated[key] = associated(owner, token)
        return found

    def swap(
        self,
        pool: Pool,
        owner: bytes,
        amount: int,
        threshold: int,
        *,
        a_to_b: bool,
        exact_in: bool = True,
        version: int = 1,
    ) -> Instruction:
        """Returns the instruction that sells token a (or b) for at least `threshold`, or buys for at most that."""
        spec = pool.spec
        users = self.account_of(owner, spec.token_a), self.account_of(owner, spec.token_b)
        source, target = users if a_to_b else users[::-1]
        first, second = (amount, threshold) if exact_in else (threshold, amount)
        pair = first.to_bytes(8, "little") + second.to_bytes(8, "little")
        signer = Meta(owner, signer=True, writable=True)
        if spec.venue == "ray4":
            metas = (
                readonly(program.TOKEN),
                written(spec.address),
                readonly(RAYDIUM_V4_AUTHORITY),
                written(spec.vault_a),
                written(spec.vault_b),
                written(source),
                written(target),
                signer,
            )
            return Instruction(owned.RAYDIUM_V4, metas, (b"\x10" if exact_in else b"\x11") + pair)
        if spec.venue == "cpmm":
            return cpmm_swap(pool, signer, (source, target), pair, a_to_b=a_to_b, exact_in=exact_in)
        args = amount.to_bytes(8, "little") + threshold.to_bytes(8, "little")
        if spec.venue == "pump":
            keys = self._pump_keys.get((spec.address, owner))
            if keys is None:
                keys = self._pump_keys[spec.address, owner] = pump_keys(pool, self._find, owner)
            tags = PUMP_TAGS[version]
            tag = tags.sell if a_to_b else tags.buy_exact_in if exact_in else tags.buy
            return pump_swap(pool, keys, signer, users, args, tags, tag)
        if spec.venue == "clmm":
            users = (source, target)
            return clmm_swap(pool, self._find, signer, users, args, a_to_b=a_to_b, exact_in=exact_in, version=version)
        if spec.venue == "saber":
            return Instruction(
                owned.SABER, saber_metas(pool, signer, (source, target), a_to_b=a_to_b), SABER_SWAP + args
            )
        if spec.venue == "damm2":
            tag = DAMM_SWAP if exact_in and version == 1 else DAMM_SWAP2
            mode = b"" if tag == DAMM_SWAP else bytes((EXACT_IN if exact_in else EXACT_OUT,))
            return Instruction(owned.METEORA_DAMM_V2, damm2_metas(pool, signer, (source, target)), tag + args + mode)
        if spec.venue == "dlmm":
            pair = threshold.to_bytes(8, "little") + amount.to_bytes(8, "little") if not exact_in else args
            return self._dlmm(pool, signer, (source, target), pair, a_to_b=a_to_b, exact_in=exact_in, version=version)
        args += bytes(16) + bytes((exact_in, a_to_b))
        return self._orca(pool, signer, users, args, a_to_b=a_to_b, version=version)

    def _orca(
        self, pool: Pool, signer: Meta, users: tuple[bytes, bytes], args: bytes, *, a_to_b: bool, version: int
    ) -> Instruction:
        spec = pool.spec
        arrays = [written(key) for key in self._array_keys(pool, a_to_b=a_to_b)]
        oracle = written(pool.oracle)
        sides = [written(key) for key in (users[0], spec.vault_a, users[1], spec.vault_b)]
        if version == 1:
            metas = (readonly(program.TOKEN), signer, written(spec.address), *sides, *arrays, oracle)
            return Instruction(owned.WHIRLPOOL, metas, ORCA_SWAP + args)
        tokens = [readonly(key) for key in (spec.token_a.mint, spec.token_b.mint)]
        programs = [readonly(key) for key in (spec.token_a.token_program, spec.token_b.token_program, MEMO_PROGRAM)]
        metas = (*programs, signer, written(spec.address), *tokens, *sides, *arrays, oracle)
        return Instruction(owned.WHIRLPOOL, metas, ORCA_SWAP_V2 + args + b"\0")

    def _dlmm(
        self,
        pool: Pool,
        signer: Meta,
        users: tuple[bytes, bytes],
        args: bytes,
        *,
        a_to_b: bool,
        exact_in: bool,
        version: int,
    ) -> Instruction:
        spec, owner = pool.spec, owned.METEORA_DLMM
        account = self._find(spec.address)
        assert isinstance(account, LbPairAccount)
        assert pool.bins is not None
        near = near_arrays(pool.bins.liquid, array_index(account.pair.active_id), x_to_y=a_to_b)[:NEAR_BIN_ARRAYS]
        programs = (spec.token_a.token_program, spec.token_b.token_program)
        metas = (
            written(spec.address),
            written(pool.bitmap) if pool.bitmap else readonly(owner),
            *(written(key) for key in (spec.vault_a, spec.vault_b, *users)),
            readonly(spec.token_a.mint),
            readonly(spec.token_b.mint),
            written(pool.oracle),
            readonly(owner),
            signer,
            *(readonly(key) for key in (*programs, *((MEMO_PROGRAM,) if version == 2 else ()), DLMM_EVENTS, owner)),
            *(written(pool.arrays[index]) for index in near),
        )
        tags = (DLMM_SWAP, DLMM_SWAP2) if exact_in else (DLMM_OUT, DLMM_OUT2)
        return Instruction(owner, metas, tags[version - 1] + args + (bytes(4) if version == 2 else b""))

    def _array_keys(self, pool: Pool, *, a_to_b: bool) -> list[bytes]:
        account = self._find(pool.spec.address)
        assert isinstance(account, WhirlpoolAccount)
        keys = []
        for start in swap_array_starts(account.pool.tick, pool.spec.tick_spacing, a_to_b=a_to_b):
            key = pool.arrays.get(start) or self._arrays.get((pool.spec.address, start))
            if key is None:
                key = self._arrays[pool.spec.address, start] = tick_array_address(pool.spec.address, start)
            keys.append(key)
        return keys + keys[-1:] * (3 - len(keys))
