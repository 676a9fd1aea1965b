"""Saber as the engine sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from cambist.engine.reference.chain.token import TokenAccount
from cambist.engine.reference.venues.program import Compute, Curve, Named, Parts, Program, Role
from cambist.engine.reference.venues.saber import events, owned
from cambist.engine.reference.venues.saber.layout import StableSwap
from cambist.engine.reference.venues.saber.pool import StablePool
from cambist.engine.reference.venues.saber.swap import saber_swap

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cambist.engine.reference.venues.quote import Pool


class _Curve(Curve):
    layouts: ClassVar[Mapping[Role, Any]] = {Role.POOL: StableSwap}
    follows_clock = True

    def named(self, now: StableSwap) -> Named:
        return Named(now.mints, now.vaults)

    def build(self, parts: Parts, ticks: Any, once: Any) -> Pool:
        return StablePool(parts.now, parts.amounts)

    def from_raw(self, accounts: Sequence[bytes]) -> Pool | None:
        if len(accounts) != 3:
            return None
        pool, *vaults = accounts
        account = StableSwap.decode(pool)
        first, second = (TokenAccount.decode(vault).amount for vault in vaults)
        return StablePool(account, (first, second))


PROGRAM = Program(
    venue="saber",
    ids=(owned.SABER,),
    proof="svm_vectors/saber_stable_swap: recorded executions of the program; it reports no event",
    curve=_Curve(),
    compute=Compute(58_023, 0, 0),
    swaps=(saber_swap,),
    layout=events.layout,
)
