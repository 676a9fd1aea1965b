"""Serum, OpenBook and Phoenix as the engine sees them: what they log."""

from __future__ import annotations

from cambist.engine.reference.venues.program import Fills, Program
from cambist.engine.reference.venues.slab_decoder import events, owned

_BOOKS = "serum, sol_tx: accounts and transactions of mainnet; their books are read, no order goes to them"

SERUM = Program(
    venue="serum",
    ids=(owned.SERUM, owned.OPENBOOK_V1),
    proof=_BOOKS,
    layout=events.serum_order,
    is_book=True,
)
OPENBOOK_V2 = Program(
    venue="openbook2",
    ids=(owned.OPENBOOK_V2,),
    proof=_BOOKS,
    layout=events.openbook_v2_order,
    events={bytes.fromhex("08eb303aae4c9c69"): events.openbook_v2_total},
    fills=Fills(events.FILL_LOG, events.openbook_v2_fill, by_call=False),
    market=events.openbook_v2_market,
    is_book=True,
)
PHOENIX = Program(
    venue="phoenix",
    ids=(owned.PHOENIX,),
    proof=_BOOKS,
    layout=events.phoenix_order,
    fills=Fills(bytes([events.PHOENIX_LOG]), events.phoenix_fills, by_call=True),
    is_book=True,
)
