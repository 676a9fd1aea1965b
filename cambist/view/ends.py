"""What became of gaps: how long they lived beside our own latency, who takes them, and how likely we were to."""

from __future__ import annotations

import msgspec

from cambist.view.panel import PanelState

LIFE_BINS_A_DECADE = 15
LIFE_BINS_NS: tuple[int, ...] = tuple(round(10 ** (7 + at / LIFE_BINS_A_DECADE)) for at in range(61))
"""Where the bins of `EndsSection.lives` begin, and the last one ends: 10 ms to 100 s, each longer by one factor."""


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
    program: str
    """Name of the venue whose program it is; empty for a payer, and for a program that is not known by name."""
    taken: int
    net: tuple[Taken, ...]
    """By token, the most atoms first."""
    slots: int | None
    """Median from where a gap was found to where it was taken."""
    time_ns: int | None
    """The same as time, until the logs came."""
    fee: int | None
    """Median in lamports, base and priority fee, `None` where no transaction of it was seen."""
    tip: int | None
    """The same of what it paid to accounts that take tips."""


class Crossed(msgspec.Struct, frozen=True, gc=False):
    """A venue that a gap went over."""

    venue: str
    venue_class: str
    """Theme role of its name."""


class EndRow(msgspec.Struct, frozen=True, gc=False):
    """A gap that ended."""

    number: int
    at_ns: int
    key: str
    """Of the cycle, as in `CycleRow`."""
    venues: tuple[Crossed, ...]
    """Of its legs, in the order of the key."""
    fate: str
    """`ours`, `taken`, `faded`, `stale` or `crowded`."""
    slots: int | None
    """How long it lived; `None` where a slot was not known."""
    lived_ns: int
    end_known: bool
    """Whether that is how long it lived; of one that was given up it is for how long it was seen."""
    go: bool
    """Whether it was worth an order at one moment."""
    net: int
    """What it would have left when it paid last, in atoms of `unit`."""
    unit: str
    decimals: int
    who: str = ""
    """Who took it, as in `RivalRow`; empty where nobody is known."""
    program: str = ""
    """As in `RivalRow`."""
    signature: str = ""


class LandingRow(msgspec.Struct, frozen=True, gc=False):
    """Orders whose chance to land was predicted to be about the same, and how many of them landed."""

    from_ppm: int | None
    """Least prediction of the row, each a tenth wide; `None` for orders whose prediction is not known."""
    orders: int
    landed: int
    predicted_ppm: int | None
    """Mean of their predictions."""


class EndsSection(msgspec.Struct, frozen=True):
    """Ends of gaps and the rival ledger."""

    version: int = 0
    state: PanelState = PanelState("empty")
    fates: tuple[tuple[str, int], ...] = ()
    """How many gaps ended how, by name."""
    worth_an_order: int = 0
    """Of them those that were go at one moment."""
    contested: int = 0
    """Of them those whose legs more than one transaction went through while they closed."""
    slots: Spread = Spread()
    """How long they lived."""
    lived_ns: Spread = Spread()
    lives: tuple[int, ...] = ()
    """How many of `lived_ns` lived how long, by `LIFE_BINS_NS`; the first and the last hold what is beyond them."""
    own_ns: Spread = Spread()
    """From a decision of ours to where its order landed or failed."""
    catchable: int | None = None
    """Of the gaps of `lived_ns` those that outlived our median latency; `None` as long as nothing of ours landed."""
    rivals: tuple[RivalRow, ...] = ()
    """Payers, of gaps worth an order, then programs, of all gaps; of each who took most first."""
    rows: tuple[EndRow, ...] = ()
    """The last ends, newest first."""
    landing: tuple[LandingRow, ...] = ()
    """Predicted against happened: ten rows by tenth, then that of orders whose prediction is not known; empty before an
    order of ours ended."""
