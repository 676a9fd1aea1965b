"""A transaction of three swaps: budget, swaps, tip, lookup table, size check, signature in place."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from cambist.bench.engine.case import Case, library, native
from cambist.engine.reference.chain import program
from cambist.engine.reference.venues import instructions as reference
from cambist.engine.reference.venues import owned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIGNATURE = bytes(range(64))
BLOCKHASH = bytes(range(32))
SIZE = "3 hops, v0, one table"


def cases() -> Iterator[Case]:
    """Returns the cases of this file."""
    hops = _Hops()
    extension, solders = native(), _Solders(hops) if library("solders") else None
    for name, prepare in (("transaction from pools", _from_pools), ("transaction from calls", _from_calls)):
        yield Case(
            name,
            SIZE,
            1,
            prepare(extension, hops) if extension else None,
            prepare(reference, hops),
            "solders",
            (solders.from_pools if name.endswith("pools") else solders.from_calls) if solders else None,
        )


class _Hops:
    """Made-up accounts of three pools, a trader and a tip."""

    def __init__(self) -> None:
        rng = random.Random(7)

        def keys(count: int) -> list[bytes]:
            return [rng.randbytes(32) for _ in range(count)]

        self.owner, self.tip, self.table = keys(3)
        sol, usdc, token = keys(3)
        programs = [program.TOKEN, program.TOKEN]
        self.v4 = reference.RaydiumV4Accounts(*keys(3))
        self.cpmm = reference.CpmmAccounts(*keys(7), *programs)
        self.orca = reference.WhirlpoolAccounts(owned.WHIRLPOOL, *keys(6), *programs)
        self.arrays = keys(3)
        self.users = [reference.User(self.owner, *pair) for pair in ((sol, usdc), (usdc, token), (token, sol))]
        self.amounts = reference.SwapAmounts(exact_in=True, amount=1_000_000_000, limit=990_000_000)
        held = [*self.v4, *self.cpmm[:7], *self.orca[1:7], *self.arrays, sol, usdc, token, owned.RAYDIUM_V4_AUTHORITY]
        self.addresses = [*held, owned.RAYDIUM_CPMM_AUTHORITY, program.TOKEN]

    def calls(self, builder: Any) -> list[Any]:
        """Returns the calls of one transaction."""
        first, second, third = self.users
        return [
            builder.compute_unit_limit(180_000),
            builder.compute_unit_price(50_000),
            builder.raydium_v4_swap(self.v4, None, first, self.amounts),
            builder.cpmm_swap(self.cpmm, second, self.amounts, zero_for_one=True),
            builder.whirlpool_swap(self.orca, self.arrays, third, self.amounts, 0, a_to_b=True, is_adaptive=False),
            builder.transfer(self.owner, self.tip, 10_000),
        ]


def _from_pools(builder: Any, hops: _Hops) -> Callable[[], bytes]:
    tables = [builder.LookupTable(hops.table, hops.addresses)]

    def run() -> bytes:
        message = builder.compile_v0(hops.owner, hops.calls(builder), tables, BLOCKHASH)
        return bytes(message.transaction([SIGNATURE]))

    return run


def _from_calls(builder: Any, hops: _Hops) -> Callable[[], bytes]:
    tables, calls = [builder.LookupTable(hops.table, hops.addresses)], hops.calls(builder)

    def run() -> bytes:
        return bytes(builder.compile_v0(hops.owner, calls, tables, BLOCKHASH).transaction([SIGNATURE]))

    return run


class _Solders:
    """The same in solders, whose keys are made beforehand."""

    def __init__(self, hops: _Hops) -> None:
        load = library
        self._instruction, self._message = load("solders.instruction"), load("solders.message")
        self._transaction = load("solders.transaction").VersionedTransaction
        key, table = load("solders.pubkey").Pubkey, load("solders.address_lookup_table_account")
        self._rows = [
            (key(call.program), [(key(each), signer, writable) for each, signer, writable in call.accounts], call.data)
            for call in hops.calls(reference)
        ]
        self._payer, self._blockhash = key(hops.owner), load("solders.hash").Hash(BLOCKHASH)
        addresses = [key(each) for each in hops.addresses]
        self._tables = [table.AddressLookupTableAccount(key(hops.table), addresses)]
        self._signatures = [load("solders.signature").Signature(SIGNATURE)]
        self._calls = self._built()

    def _built(self) -> list[Any]:
        meta, call = self._instruction.AccountMeta, self._instruction.Instruction
        return [call(to, data, [meta(*row) for row in accounts]) for to, accounts, data in self._rows]

    def _finished(self, calls: list[Any]) -> bytes:
        message = self._message.MessageV0.try_compile(self._payer, calls, self._tables, self._blockhash)
        return bytes(self._transaction.populate(message, self._signatures))

    def from_pools(self) -> bytes:
        """Returns the transaction, its calls made anew."""
        return self._finished(self._built())

    def from_calls(self) -> bytes:
        """Returns the transaction of calls made beforehand."""
        return self._finished(self._calls)
