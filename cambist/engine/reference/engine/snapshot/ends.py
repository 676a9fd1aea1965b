"""Gaps and their ends in a snapshot, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.chain import base58
from cambist.engine.reference.engine.closer import Leg, Touch
from cambist.engine.reference.engine.ends import MOST_LANDED, Closing, Gap, Landed
from cambist.engine.reference.engine.snapshot.parts import ClosingPart, EndsPart, GapPart, LandedPart, LegPart

if TYPE_CHECKING:
    from cambist.engine.reference.engine.ends import Ends


def gap_part(gap: Gap) -> GapPart:
    """Returns a gap as it stands in a snapshot."""
    return GapPart(
        found_ns=gap.found_ns,
        found_slot=gap.found_slot,
        paid_ns=gap.paid_ns,
        paid_slot=gap.paid_slot,
        best_net=gap.best_net,
        last_net=gap.last_net,
        amount_in=gap.amount_in,
        go=gap.go,
        go_ns=gap.go_ns,
        sent=gap.sent,
        ours=gap.ours,
        legs=[LegPart(*leg) for leg in gap.legs],
    )


def ends_part(ends: Ends) -> EndsPart:
    """Returns what is not told yet, as it stands in a snapshot."""
    closing = sorted(ends.closing, key=lambda each: (each.seq, each.key))
    return EndsPart(
        ends.number,
        [ClosingPart(*each[:-1], gap=gap_part(each.gap)) for each in closing],
        [
            LandedPart(
                base58.encode_signature(each.signature),
                each.slot,
                each.recv_ns,
                base58.encode(each.program),
                list(each.touches),
            )
            for each in ends.landed.values()
        ],
    )


def gap_of(part: GapPart, pools: int) -> Gap:
    """Returns the gap. Raises `ValueError` for a leg on a pool that is none."""
    legs = [Leg(each.pool, each.sells_a, each.slot, each.weight, each.amount_in, each.amount_out) for each in part.legs]
    if any(leg.pool is not None and not 0 <= leg.pool < pools for leg in legs):
        message = "legs of a gap"
        raise ValueError(message)
    return Gap(
        found_ns=part.found_ns,
        found_slot=part.found_slot,
        paid_ns=part.paid_ns,
        paid_slot=part.paid_slot,
        best_net=part.best_net,
        last_net=part.last_net,
        amount_in=part.amount_in,
        go=part.go,
        go_ns=part.go_ns,
        sent=part.sent,
        ours=part.ours,
        legs=legs,
    )


def load_ends(ends: Ends, part: EndsPart, pools: int) -> None:
    """Takes over what is not told yet. Raises `ValueError` for what can't be."""
    ends.number = part.number
    ends.closing = [
        Closing(
            seq=each.seq,
            key=each.key,
            base=each.base,
            fate=each.fate,
            ended_ns=each.ended_ns,
            ended_slot=each.ended_slot,
            after=list(each.after),
            gap=gap_of(each.gap, pools),
        )
        for each in part.closing
    ]
    for each in part.landed[-MOST_LANDED:]:
        touches = [Touch(*touch) for touch in each.touches]
        if any(not 0 <= touch.pool < pools for touch in touches):
            message = "pools of a transaction"
            raise ValueError(message)
        signature, program = base58.decode_signature(each.signature), base58.decode(each.program)
        if signature is None or program is None:
            message = f"signature was {each.signature!r}, program {each.program!r}"
            raise ValueError(message)
        ends.take(Landed(signature, each.slot, each.recv_ns, program, touches))
