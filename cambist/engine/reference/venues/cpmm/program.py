"""Raydium CPMM as the engine sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from cambist.engine.reference.chain.token import Mint, TokenAccount
from cambist.engine.reference.venues.cpmm import events, owned
from cambist.engine.reference.venues.cpmm.layout import CpmmConfig, CpmmPool
from cambist.engine.reference.venues.cpmm.pool import CpmmPoolState
from cambist.engine.reference.venues.cpmm.swap import cpmm_swap
from cambist.engine.reference.venues.program import Compute, Curve, Named, Parts, Program, Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cambist.engine.reference.venues.quote import Pool


class _Curve(Curve):
    layouts: ClassVar[Mapping[Role, Any]] = {Role.POOL: CpmmPool, Role.CONFIG: CpmmConfig}
    changes_with_vaults = True

    def named(self, now: CpmmPool) -> Named:
        return Named(now.mints, now.vaults, now.amm_config)

    def build(self, parts: Parts, ticks: Any, once: Any) -> Pool:
        return CpmmPoolState(parts.now, parts.config, parts.amounts, parts.fees)

    def from_raw(self, accounts: Sequence[bytes]) -> Pool | None:
        if len(accounts) != 6:
            return None
        pool, config, *vaults, mint_a, mint_b = accounts
        first, second = (TokenAccount.decode(vault).amount for vault in vaults)
        account, rates = CpmmPool.decode(pool), CpmmConfig.decode(config)
        fees = Mint.decode(mint_a).transfer_fee, Mint.decode(mint_b).transfer_fee
        return CpmmPoolState(account, rates, (first, second), fees)


PROGRAM = Program(
    venue="cpmm",
    ids=(owned.RAYDIUM_CPMM,),
    proof="svm_vectors/raydium_cpmm: recorded executions of the program",
    curve=_Curve(),
    compute=Compute(36_668, 0, 11_016),
    swaps=(cpmm_swap,),
    layout=events.layout,
    events=events.EVENTS,
)
