"""Accounts of a swap, by the instruction that asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.chain.program import WRAPPED_SOL

if TYPE_CHECKING:
    from collections.abc import Sequence

Pair = tuple[bytes, bytes]

_SWAP = "f8c69e91e17587c8"
_SWAP_V2 = "2b04ed0b1ac91e62"
_SWAP_2 = "414b3f4ceb5b5b88"
_EXACT_OUT = "fa49652126cf4bb8"
_EXACT_OUT_2 = "2bd7f784893cf351"
_BASE_INPUT = "8fbe5adac41e33de"
_BASE_OUTPUT = "37d96256a34ab4ad"
_BUY = "66063d1201daebea"
_BUY_EXACT_QUOTE = "c62e1552b4d9e870"
_SELL = "33e685a4017f83ad"
_PLACE_TAKE_ORDER = bytes.fromhex("032c47031ac7cb55")
_PLACE_ORDERS = frozenset(
    bytes.fromhex(tag) for tag in ("33c29baf6d82606a", "8db9fb3f4a55d291", "fed0761dadf8c846", "3ebb7d451add9d85")
)
"""Place and edit an order of OpenBook v2, fixed or pegged."""
_SEND_TAKE = bytes([0, 13, 0, 0, 0])


class _Places(NamedTuple):
    pool: int
    users: tuple[int, int]
    vaults: tuple[int, int]
    mints: tuple[int, int] | None = None
    ordered: bool = True


_DLMM = _Places(0, (4, 5), (2, 3), (6, 7), ordered=False)
_DAMM_V2 = _Places(1, (2, 3), (4, 5), (6, 7), ordered=False)
_CPMM = _Places(3, (4, 5), (6, 7), (10, 11))
_PUMP_BUY = _Places(0, (6, 5), (8, 7), (4, 3))
_CURVE_BUY = _Places(3, (6, 5), (3, 4))
_CURVE_SELL = _Places(3, (5, 6), (4, 3))
_BOOKS = {
    "serum": _Places(0, (5, 6), (8, 9)),
    "openbook2": _Places(2, (9, 10), (6, 7)),
    "phoenix": _Places(2, (4, 5), (6, 7)),
}
"""Orders that settle at once, base first: send take, place take order, swap."""
_PLACES = {
    ("cpmm", _BASE_INPUT): _CPMM,
    ("cpmm", _BASE_OUTPUT): _CPMM,
    ("clmm", _SWAP): _Places(2, (3, 4), (5, 6)),
    ("clmm", _SWAP_V2): _Places(2, (3, 4), (5, 6), (11, 12)),
    ("orca", _SWAP): _Places(2, (3, 5), (4, 6)),
    ("orca", _SWAP_V2): _Places(4, (7, 9), (8, 10), (5, 6)),
    ("dlmm", _SWAP): _DLMM,
    ("dlmm", _SWAP_2): _DLMM,
    ("dlmm", _EXACT_OUT): _DLMM,
    ("dlmm", _EXACT_OUT_2): _DLMM,
    ("damm2", _SWAP): _DAMM_V2,
    ("damm2", _SWAP_2): _DAMM_V2,
    ("pump", _SELL): _Places(0, (5, 6), (7, 8), (3, 4)),
    ("pump", _BUY): _PUMP_BUY,
    ("pump", _BUY_EXACT_QUOTE): _PUMP_BUY,
    ("pump_curve", _BUY): _CURVE_BUY,
    ("pump_curve", _SELL): _CURVE_SELL,
}
"""By venue and discriminator of the instruction: where its accounts stand."""


class Layout(NamedTuple):
    """The accounts between which a swap moves tokens."""

    pool: bytes
    users: Pair
    """The trader's accounts: paid from, paid to."""
    vaults: Pair
    mints: Pair | None
    """The pool's accounts, and their mints where the instruction names them."""
    ordered: bool
    """Whether vaults and mints are input first; else token a is first."""


def layout_of(venue: str, accounts: Sequence[bytes], data: bytes) -> Layout | None:
    """Returns the accounts of a swap, `None` if the data asks for something else."""
    if len(data) < 8:
        return None
    if venue == "ray4":
        return _amm_v4(accounts, data)
    if venue == "saber":
        return _at(accounts, _Places(0, (3, 6), (4, 5))) if data[0] == 1 else None
    if venue in _BOOKS:
        return _book(venue, accounts, data)
    places = _PLACES.get((venue, data[:8].hex()))
    layout = None if places is None else _at(accounts, places)
    if layout is None:
        return None
    if venue == "orca":
        return _turned(layout, data)
    if venue == "pump_curve":
        # SOL moves without a token account: the trader's and the curve's own.
        buys = places is _CURVE_BUY
        return layout._replace(mints=(WRAPPED_SOL, accounts[2]) if buys else (accounts[2], WRAPPED_SOL))
    return layout


def _amm_v4(accounts: Sequence[bytes], data: bytes) -> Layout | None:
    """Tags 9 and 11 with 18 accounts, or 17 without the target orders; 16 and 17 with 8, without the market."""
    count = len(accounts)
    first = {(True, 18): 5, (True, 17): 4, (False, 8): 3}.get((data[0] in (9, 11), count))
    if first is None or data[0] not in (9, 11, 16, 17):
        return None
    return _at(accounts, _Places(1, (count - 3, count - 2), (first, first + 1), ordered=False))


def market_of(venue: str, accounts: Sequence[bytes], data: bytes) -> bytes | None:
    """Returns the market of an order of OpenBook v2 that settles later, `None` for any other call."""
    return accounts[4] if venue == "openbook2" and data[:8] in _PLACE_ORDERS and len(accounts) > 4 else None


def _book(venue: str, accounts: Sequence[bytes], data: bytes) -> Layout | None:
    """Returns the accounts of an order that settles at once: who sells pays base."""
    match venue:
        case "serum":
            side = int.from_bytes(data[5:9], "little") if data[:5] == _SEND_TAKE and len(data) >= 9 else None
        case "openbook2":
            side = data[8] if data[:8] == _PLACE_TAKE_ORDER and len(data) >= 9 else None
        case _:  # tag, kind of order, side
            side = data[2] if data[0] == 0 and data[1] <= 2 else None
    layout = _at(accounts, _BOOKS[venue]) if side in (0, 1) else None
    if layout is None or side == 1:
        return layout
    return layout._replace(users=layout.users[::-1], vaults=layout.vaults[::-1])


def _at(accounts: Sequence[bytes], places: _Places) -> Layout | None:
    wanted = (places.pool, *places.users, *places.vaults, *(places.mints or ()))
    if max(wanted) >= len(accounts):
        return None

    def two(at: tuple[int, int]) -> Pair:
        return accounts[at[0]], accounts[at[1]]

    mints = None if places.mints is None else two(places.mints)
    return Layout(accounts[places.pool], two(places.users), two(places.vaults), mints, places.ordered)


def _turned(layout: Layout, data: bytes) -> Layout | None:
    """Returns a layout that was token a first, input first."""
    if len(data) < 42 or data[41] > 1:
        return None
    if data[41] == 1:
        return layout
    mints = None if layout.mints is None else layout.mints[::-1]
    return layout._replace(users=layout.users[::-1], vaults=layout.vaults[::-1], mints=mints)
