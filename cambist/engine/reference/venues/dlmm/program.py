"""Meteora DLMM as the engine sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from cambist.engine.reference.chain.token import Mint
from cambist.engine.reference.venues.bitmap import near_arrays
from cambist.engine.reference.venues.dlmm import events, owned
from cambist.engine.reference.venues.dlmm.layout import BinArray, BinArrayBitmapExtension, LbPair
from cambist.engine.reference.venues.dlmm.maths import Bins, array_index, liquid_arrays
from cambist.engine.reference.venues.dlmm.pool import DlmmState
from cambist.engine.reference.venues.dlmm.swap import dlmm_swap, dlmm_swap2
from cambist.engine.reference.venues.program import Compute, Curve, Held, Named, Parts, Program, Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cambist.engine.reference.venues.quote import Pool

_NEAR = 3
"""Bin arrays kept in each direction, the current one included."""


class _Curve(Curve):
    layouts: ClassVar[Mapping[Role, Any]] = {
        Role.POOL: LbPair,
        Role.TICKS: BinArray,
        Role.BITMAP: BinArrayBitmapExtension,
    }
    members = ((Role.TICKS, "lb_pair"), (Role.BITMAP, "lb_pair"))
    follows_clock = True

    def named(self, now: LbPair) -> Named:
        return Named((now.mint_x, now.mint_y), wanted="bitmap")

    def build(self, parts: Parts, ticks: Any, once: Any) -> Pool:
        return DlmmState(parts.now, Bins(parts.address, parts.now, parts.bitmap, parts.arrays), parts.fees)

    def from_raw(self, accounts: Sequence[bytes]) -> Pool | None:
        if len(accounts) < 5:
            return None
        address, pair, bitmap, mint_a, mint_b, *arrays = accounts
        decoded = decode_pair(address, [pair, bitmap, *arrays])
        return DlmmState(*decoded, (Mint.decode(mint_a).transfer_fee, Mint.decode(mint_b).transfer_fee))

    def is_complete(self, held: Held) -> bool:
        liquid, active = liquid_arrays(held.now, held.bitmap), array_index(held.now.active_id)
        nearest = [near_arrays(liquid, active, x_to_y=x_to_y)[:1] for x_to_y in (True, False)]
        return all(index in held.arrays for near in nearest for index in near)

    def near(self, now: LbPair, bitmap: Any) -> list[tuple[str, int]]:
        liquid, active = liquid_arrays(now, bitmap), array_index(now.active_id)
        near = [near_arrays(liquid, active, x_to_y=x_to_y)[:_NEAR] for x_to_y in (True, False)]
        return [("bin_array", index) for side in near for index in side]

    def is_lone(self, before: LbPair, now: LbPair, arrays: Sequence[Any]) -> bool:
        return array_index(before.active_id) != array_index(now.active_id)

    def ends_in(self, now: LbPair) -> int:
        return array_index(now.active_id)

    def start_of(self, array: BinArray) -> int:
        return array.index

    def content_of(self, array: BinArray) -> Any:
        return array.bins


def decode_pair(address: bytes, accounts: Sequence[bytes]) -> tuple[LbPair, Bins]:
    """Returns a pair and its bins from (pair, bitmap extension or nothing, bin arrays). Raises `ValueError`."""
    if len(address) != 32:
        message = f"key of {len(address)} bytes"
        raise ValueError(message)
    if len(accounts) < 2:
        message = f"dlmm of {len(accounts)} accounts"
        raise ValueError(message)
    pair = LbPair.decode(accounts[0])
    extension = BinArrayBitmapExtension.decode(accounts[1]) if accounts[1] else None
    arrays = [BinArray.decode(data) for data in accounts[2:]]
    return pair, Bins(address, pair, extension, arrays)


PROGRAM = Program(
    venue="dlmm",
    ids=(owned.METEORA_DLMM,),
    proof="svm_vectors/meteora_dlmm: recorded executions of the program",
    curve=_Curve(),
    compute=Compute(46_000, 6_500, 5_000),
    swaps=(dlmm_swap, dlmm_swap2),
    layout=events.layout,
    events=events.EVENTS,
    tells_twice=True,
)
