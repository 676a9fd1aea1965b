"""What a pool's account says of its fee, and whether it can be traded and quoted."""

from __future__ import annotations

from typing import NamedTuple

from cambist.engine.reference.chain.reader import LayoutError, key
from cambist.market.discovery.venues import VENUES
from cambist.model.venues import POOL_VENUES

USABLE = "usable"
_PROOF = {venue.name: venue.proof for venue in POOL_VENUES}


class Judged(NamedTuple):
    """A pool as a row says it."""

    fee_ppm: float | None
    fee_note: str
    state: str
    proof: str


def config_key(venue: str, data: bytes) -> bytes | None:
    """Returns the account that holds the fee of a pool, `None` where the pool has it itself."""
    at = VENUES[venue].config_at
    return None if at is None or len(data) < at + 32 else key(data, at)


def judge(venue: str, data: bytes, config: bytes | None, now_s: int) -> Judged:
    """Returns fee, state and proof of a pool's account; bytes that are none of its venue's say so in the state."""
    try:
        terms = VENUES[venue].terms(data, config, now_s)
    except LayoutError as error:
        return Judged(None, "", f"not readable: {error}", _PROOF[venue])
    proof = _PROOF[venue] if terms.recorded else "formula"
    return Judged(terms.fee_ppm, terms.fee_note, terms.closed or USABLE, proof)
