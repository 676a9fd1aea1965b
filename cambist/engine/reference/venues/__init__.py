"""The programs whose pools, logs and books are read: one row each.

A room holds what is particular to one of them: `layout` its accounts, `maths` its swap maths, `pool` a pool's state and
quotes, `swap` its instructions, `events` what it logs, `owned` its addresses and `program` its row. Rooms do not know
each other; what several need stands beside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cambist.engine.reference.venues import jupiter, pump_curve
from cambist.engine.reference.venues.clmm.program import PROGRAM as CLMM
from cambist.engine.reference.venues.cpmm.program import PROGRAM as CPMM
from cambist.engine.reference.venues.damm2.program import PROGRAM as DAMM2
from cambist.engine.reference.venues.dlmm.program import PROGRAM as DLMM
from cambist.engine.reference.venues.orca.program import PROGRAM as ORCA
from cambist.engine.reference.venues.pump.program import PROGRAM as PUMP
from cambist.engine.reference.venues.ray4.program import PROGRAM as RAY4
from cambist.engine.reference.venues.saber.program import PROGRAM as SABER
from cambist.engine.reference.venues.slab_decoder.program import OPENBOOK_V2, PHOENIX, SERUM

if TYPE_CHECKING:
    from cambist.engine.reference.venues.program import Curve, Program

TABLE: Final[tuple[Program, ...]] = (
    RAY4,
    CPMM,
    ORCA,
    CLMM,
    DLMM,
    DAMM2,
    SABER,
    PUMP,
    pump_curve.PROGRAM,
    SERUM,
    OPENBOOK_V2,
    PHOENIX,
    jupiter.PROGRAM,
)
VENUES: Final = tuple(row.venue for row in TABLE if row.compute is not None)
"""Venues whose swaps were measured; a column of `estimate_trades` holds the place in this list, -1 for no hop."""
TYPICAL: Final = (RAY4.venue, CPMM.venue, ORCA.venue)
"""What a typical trade goes through: one pool of each of the older kinds."""

_BY_ID: Final = {key: row for row in TABLE for key in row.ids}
_BY_VENUE: Final = {row.venue: row for row in TABLE}
CURVES: Final[dict[bytes, Curve]] = {key: row.curve for key, row in _BY_ID.items() if row.curve is not None}
"""Of the programs whose pools are quoted."""


def program_of(key: bytes) -> Program | None:
    """Returns the row of a program, `None` if it isn't known."""
    return _BY_ID.get(key)


def named(venue: str) -> Program | None:
    """Returns the row of a venue, `None` if it isn't known."""
    return _BY_VENUE.get(venue)


def venue_of(key: bytes) -> str | None:
    """Returns the venue of a program, `None` if its swaps aren't known."""
    row = _BY_ID.get(key)
    return None if row is None else row.venue


def is_router(venue: str) -> bool:
    """Returns whether the events of a venue repeat the swaps of others."""
    row = _BY_VENUE.get(venue)
    return row is not None and row.is_router


def is_book(venue: str) -> bool:
    """Returns whether a venue is an order book, where a call may well trade nothing."""
    row = _BY_VENUE.get(venue)
    return row is not None and row.is_book
