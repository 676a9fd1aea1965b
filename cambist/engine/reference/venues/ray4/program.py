"""Raydium AMM v4 as the engine sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from cambist.engine.reference.chain.token import TokenAccount
from cambist.engine.reference.venues.program import Compute, Curve, Named, Parts, Program, Role
from cambist.engine.reference.venues.ray4 import events, owned
from cambist.engine.reference.venues.ray4.layout import AmmV4
from cambist.engine.reference.venues.ray4.pool import AmmV4Pool
from cambist.engine.reference.venues.ray4.swap import raydium_v4_swap

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cambist.engine.reference.venues.quote import Pool


_COMPUTE = Compute(26_206, 0, 0)
"""Of a pool with an order book behind it."""


class _Curve(Curve):
    layouts: ClassVar[Mapping[Role, Any]] = {Role.POOL: AmmV4}

    def named(self, now: AmmV4) -> Named:
        return Named((now.coin_mint, now.pc_mint), (now.coin_vault, now.pc_vault))

    def build(self, parts: Parts, ticks: Any, once: Any) -> Pool:
        return AmmV4Pool(parts.now, parts.amounts)

    def from_raw(self, accounts: Sequence[bytes]) -> Pool | None:
        if len(accounts) != 3:
            return None
        pool, *vaults = accounts
        account = AmmV4.decode(pool)
        coin, pc = (TokenAccount.decode(vault).amount for vault in vaults)
        return AmmV4Pool(account, (coin, pc))

    def is_lone(self, before: AmmV4, now: AmmV4, arrays: Sequence[Any]) -> bool:
        was = before.need_take_pnl_coin, before.need_take_pnl_pc
        return was != (now.need_take_pnl_coin, now.need_take_pnl_pc)


PROGRAM = Program(
    venue="ray4",
    ids=(owned.RAYDIUM_V4,),
    proof="svm_vectors/raydium_amm_v4: recorded executions of the program",
    curve=_Curve(),
    compute=_COMPUTE,
    swaps=(raydium_v4_swap,),
    layout=events.layout,
    line=events.line,
)
