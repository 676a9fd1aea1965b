"""The tip floor that a block engine tells over plain HTTP."""

from __future__ import annotations

from cambist.engine.reference.exchanges.event import Event, TipFloor
from cambist.engine.reference.exchanges.frame import document

TIP_FLOOR = "jito.tip_floor"
"""Protocol of channels that carry it."""
_PLACES = 9
"""SOL to lamports."""
_PERCENTILES = (25, 50, 75, 95, 99)


def decode_tip_floor(body: bytes) -> Event:
    """Returns the tips that landed lately: `[{"time":"…","landed_tips_25th_percentile":6.0e-06,…}]`, in SOL.

    Raises `DecodeError`, which names the field that is missing or no amount.
    """
    root = document(body)
    entries = root.items()
    if not entries:
        raise root.wrong()
    names = [f"landed_tips_{percent}th_percentile" for percent in _PERCENTILES]
    *levels, average = entries[0].fields(*names, "ema_landed_tips_50th_percentile")
    known = [(percent, price.scaled(_PLACES)) for percent, price in zip(_PERCENTILES, levels, strict=True)]
    return TipFloor(known, average.scaled(_PLACES))
