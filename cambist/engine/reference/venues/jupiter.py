"""Jupiter: a router, whose events repeat the swaps of others."""

from __future__ import annotations

from cambist.engine.reference.chain import program
from cambist.engine.reference.chain.log_parser.event import SwapEvent
from cambist.engine.reference.chain.log_parser.text import u64
from cambist.engine.reference.chain.reader import check_size, key
from cambist.engine.reference.venues.program import Program

JUPITER = program.key("JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4")


def _jupiter(data: bytes) -> SwapEvent:
    check_size("jupiter_swap_event", data, 120, may_grow=True)
    return SwapEvent(
        "jupiter", u64(data, 72), u64(data, 112), pool=key(data, 8), mint_in=key(data, 40), mint_out=key(data, 80)
    )


PROGRAM = Program(
    venue="jupiter",
    ids=(JUPITER,),
    proof="sol_tx: transactions that landed; it has no pools",
    events={bytes.fromhex("40c6cde8260871e2"): _jupiter},
    is_router=True,
)
