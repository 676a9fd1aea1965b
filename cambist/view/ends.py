"""What became of gaps: how long they lived beside our own latency, and who takes them."""

from __future__ import annotations

import msgspec

from cambist.view.panel import PanelState


class Spread(msgspec.Struct, frozen=True, gc=False):
    """Median and 90th percentile, `None` of no values."""

    p50: int | None = None
    p90: int | None = None
    of: int = 0
    """How many values they are of."""


class Taken(msgspec.Struct, frozen=True, gc=False):
    """What somebody took of one token, in atoms: what the gaps would have left when they paid last."""

    symbol: str
    decimals: int
    atoms: int


class RivalRow(msgspec.Struct, frozen=True, gc=False):
    """Somebody who takes gaps."""

    who: str
    """Address of the payer, or of the program that its transactions call."""
    is_payer: bool
    taken: int
    net: tuple[Taken, ...]
    """By token, the most atoms first."""
    slots: int | None
    """Median from where a gap was found to where it was taken."""
    time_ns: int | None
    """The same as time, until the logs came."""
    tip: int | None
    """Median in lamports, `None` where no transaction of it was seen."""


class EndRow(msgspec.Struct, frozen=True, gc=False):
    """A gap that ended."""

    number: int
    at_ns: int
    key: str
    """Of the cycle, as in `CycleRow`."""
    venues: tuple[str, ...]
    """Of its legs, in the order of the key."""
    fate: str
    """`ours`, `taken`, `faded`, `stale` or `crowded`."""
    slots: int | None
    """How long it lived; `None` where a slot was not known."""
    lived_ns: int
    net: int
    """What it would have left when it paid last, in atoms of `unit`."""
    unit: str
    decimals: int
    who: str = ""
    """Who took it, as in `RivalRow`; empty where nobody is known."""
    signature: str = ""


class EndsSection(msgspec.Struct, frozen=True):
    """Ends of gaps and the rival ledger."""

    version: int = 0
    state: PanelState = PanelState("empty")
    fates: tuple[tuple[str, int], ...] = ()
    """How many gaps ended how, by name."""
    slots: Spread = Spread()
    """How long they lived."""
    lived_ns: Spread = Spread()
    own_ns: Spread = Spread()
    """From a decision of ours to where its order landed or failed."""
    catchable: int | None = None
    """Of the gaps of `lived_ns` those that outlived our median latency; `None` as long as nothing of ours landed."""
    rivals: tuple[RivalRow, ...] = ()
    """Who took most first."""
    rows: tuple[EndRow, ...] = ()
    """The last ends, newest first."""
