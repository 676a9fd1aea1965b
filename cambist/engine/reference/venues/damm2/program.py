"""Meteora DAMM v2 as the engine sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from cambist.engine.reference.chain.token import Mint
from cambist.engine.reference.venues.damm2 import events, owned
from cambist.engine.reference.venues.damm2.layout import DammV2Pool
from cambist.engine.reference.venues.damm2.pool import DammV2State
from cambist.engine.reference.venues.damm2.swap import damm_v2_swap, damm_v2_swap2
from cambist.engine.reference.venues.program import Compute, Curve, Named, Parts, Program, Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cambist.engine.reference.venues.quote import Pool


class _Curve(Curve):
    layouts: ClassVar[Mapping[Role, Any]] = {Role.POOL: DammV2Pool}
    follows_clock = True

    def named(self, now: DammV2Pool) -> Named:
        return Named(now.mints)

    def build(self, parts: Parts, ticks: Any, once: Any) -> Pool:
        return DammV2State(parts.now, parts.fees)

    def from_raw(self, accounts: Sequence[bytes]) -> Pool | None:
        if len(accounts) != 3:
            return None
        pool, mint_a, mint_b = accounts
        return DammV2State(
            DammV2Pool.decode(pool), (Mint.decode(mint_a).transfer_fee, Mint.decode(mint_b).transfer_fee)
        )

    def is_recorded(self, now: DammV2Pool | None) -> bool:
        return now is not None and now.base_fee.is_recorded


PROGRAM = Program(
    venue="damm2",
    ids=(owned.METEORA_DAMM_V2,),
    proof="svm_vectors/meteora_damm_v2: recorded executions of the program, none with fees by amount or by price",
    curve=_Curve(),
    compute=Compute(22_421, 0, 0),
    swaps=(damm_v2_swap, damm_v2_swap2),
    layout=events.layout,
    events=events.EVENTS,
)
