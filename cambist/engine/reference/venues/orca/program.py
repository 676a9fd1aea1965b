"""Orca Whirlpools as the engine sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from cambist.engine.reference.chain.token import Mint
from cambist.engine.reference.venues.orca import events, owned
from cambist.engine.reference.venues.orca.layout import TICKS_PER_ARRAY, Oracle, TickArray, Whirlpool
from cambist.engine.reference.venues.orca.pool import WhirlpoolState
from cambist.engine.reference.venues.orca.swap import whirlpool_swap, whirlpool_swap_v2
from cambist.engine.reference.venues.program import Compute, Curve, Held, Named, Parts, Program, Role
from cambist.engine.reference.venues.sqrt_price import MAX_TICK, MIN_TICK
from cambist.engine.reference.venues.tick_array_manager import Ticks, array_start

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cambist.engine.reference.venues.quote import Pool

_COMPUTE = Compute(42_000, 9_000, 8_000, 20_000)
"""Of the older of the two programs; the line through what was recorded."""
_NEAR = 2
"""Tick arrays kept each side of the current one."""


class _Curve(Curve):
    layouts: ClassVar[Mapping[Role, Any]] = {Role.POOL: Whirlpool, Role.TICKS: TickArray, Role.ORACLE: Oracle}
    members = ((Role.TICKS, "whirlpool"), (Role.ORACLE, "whirlpool"))
    tells_absence = True

    def named(self, now: Whirlpool) -> Named:
        return Named((now.mint_a, now.mint_b), wanted="oracle" if now.has_adaptive_fee() else "")

    def ticks(self, parts: Parts) -> Ticks:
        return Ticks(parts.now.tick_spacing, parts.arrays, parts.absent)

    def build(self, parts: Parts, ticks: Ticks, once: Any) -> Pool:
        return WhirlpoolState(parts.now, ticks, parts.oracle, parts.fees)

    def from_raw(self, accounts: Sequence[bytes]) -> Pool | None:
        if len(accounts) < 4:
            return None
        pool, oracle, mint_a, mint_b, *arrays = accounts
        whirlpool = Whirlpool.decode(pool)
        ticks = Ticks(whirlpool.tick_spacing, [TickArray.decode(each) for each in arrays])
        fees = Mint.decode(mint_a).transfer_fee, Mint.decode(mint_b).transfer_fee
        return WhirlpoolState(whirlpool, ticks, Oracle.decode(oracle) if oracle else None, fees)

    def is_complete(self, held: Held) -> bool:
        current = array_start(held.now.tick, held.now.tick_spacing)
        known = current in held.arrays or current in held.absent
        return known and (not held.now.has_adaptive_fee() or held.has_oracle)

    def near(self, now: Whirlpool, bitmap: Any) -> list[tuple[str, int]]:
        span, current = TICKS_PER_ARRAY * now.tick_spacing, array_start(now.tick, now.tick_spacing)
        starts = [current + step * span for step in range(-_NEAR, _NEAR + 1)]
        lowest = array_start(MIN_TICK, now.tick_spacing)
        return [("tick_array", start) for start in starts if lowest <= start <= MAX_TICK]

    def is_lone(self, before: Whirlpool, now: Whirlpool, arrays: Sequence[Any]) -> bool:
        return before.liquidity != now.liquidity and before.sqrt_price == now.sqrt_price

    def array_seeds(self, address: bytes, start: int) -> list[bytes]:
        return [b"tick_array", address, str(start).encode()]


PROGRAM = Program(
    venue="orca",
    ids=(owned.WHIRLPOOL, owned.WHIRLPOOL_IMMUTABLE),
    proof="svm_vectors/orca_whirlpool: recorded executions of both programs; whirlpool_swap_vectors: the SDK's own",
    curve=_Curve(),
    compute=_COMPUTE,
    swaps=(whirlpool_swap, whirlpool_swap_v2),
    layout=events.layout,
    events=events.EVENTS,
)
