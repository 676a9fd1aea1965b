"""How hard the embedded market is: who else trades in it, how fast, and what they bid.

What is assumed and not measured of real markets stands beside its figure; that is why this is a table of settings.
Three levels have a row each, of which `[market.rivals]` changes single figures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta

if TYPE_CHECKING:
    from collections.abc import Mapping

Level = Literal["easy", "honest", "hard"]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Milliseconds = Annotated[float, Meta(ge=1.0, le=600_000.0)]


class Rivals(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rivals of the embedded market, and the flow that makes the gaps they race for."""

    reaction_p50_ms: Milliseconds = 60.0
    """Half of them have sent so long after a gap can be seen; what they send lands at the next 50 ms tick (assumed)."""
    reaction_p90_ms: Milliseconds = 250.0
    """Nine of ten have (assumed); the shape between is lognormal."""
    others: Annotated[float, Meta(ge=0.0, le=100.0)] = 4.0
    """How many more than one go for a gap on average; the count is geometric (shape assumed)."""
    full_lamports: Annotated[float, Meta(ge=1.0, le=1e12)] = 3_400_000.0
    """A gap worth less than this, the median of gaps that were taken, draws fewer others, in proportion; one worth
    more draws more, as the fourth root (assumed)."""
    blind: Share = 0.3
    """Chance that nobody fast watches a pool of little depth when a gap opens there (assumed)."""
    shallow_dollars: Annotated[float, Meta(ge=0.0, le=1e12)] = 150_000.0
    """A pool with less than this in it is one of little depth."""
    late: Share = 0.02
    """Chance that a gap that is no crumb is not taken in its own slot (assumed: all eleven that were watched were)."""
    late_slots: Annotated[float, Meta(ge=0.1, le=10_000.0)] = 1.5
    """Median slots after which such a gap, or one that nobody fast saw, is taken all the same."""
    crumb_fees: Annotated[float, Meta(ge=0.0, le=1_000.0)] = 3.0
    """A gap worth less than so many times what a transaction costs is a crumb: more of them cross, the less they are
    worth."""
    crumb_crosses: Share = 0.6
    """Chance that a crumb worth about what a transaction costs is not taken in its own slot."""
    crumb_slots: Annotated[float, Meta(ge=0.1, le=10_000.0)] = 6.0
    """Median slots that such a crumb stands."""
    crumb_stays: Share = 0.05
    """Chance that it stands over a hundred slots."""
    bundled: Share = 0.34
    """Share of what rivals send that is a bundle: it pays a tip, and nothing if the gap is gone."""
    copies: Annotated[float, Meta(ge=0.0, le=20.0)] = 0.3
    """How often one without a bundle sends the same again on average (real ones send up to a hundred: fewer here)."""
    closes: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.9
    """How much of a gap one swap closes."""
    flow: Annotated[float, Meta(ge=0.0, le=10.0)] = 0.3
    """Size of what those trade who have no view on the price; their large swaps open gaps."""
    jumps: Annotated[float, Meta(ge=0.0, le=10.0)] = 0.04
    """How often prices jump; that opens gaps in all pools of a token at once."""


LEVELS: dict[Level, Rivals] = {
    "easy": Rivals(
        reaction_p50_ms=1_100.0,
        reaction_p90_ms=1_800.0,
        others=1.0,
        blind=0.5,
        shallow_dollars=2_000_000.0,
        late=0.25,
        late_slots=6.0,
        crumb_fees=5.0,
        crumb_slots=10.0,
        flow=1.0,
        jumps=1.0,
    ),
    "honest": Rivals(),
    "hard": Rivals(reaction_p50_ms=25.0, reaction_p90_ms=90.0, others=9.0, blind=0.05, late=0.0, crumb_crosses=0.3),
}
"""Only `easy` flatters: its rivals are slower than an order of ours, and gaps are more and larger."""


def rivals_of(level: Level, changed: Mapping[str, float]) -> Rivals:
    """Returns the figures of a level with others over them, by name. Raises `ValueError` for one that won't do."""
    try:
        return msgspec.convert(msgspec.to_builtins(LEVELS[level]) | dict(changed), Rivals)
    except msgspec.ValidationError as error:
        message = str(error)[:1].lower() + str(error)[1:]
        raise ValueError(message) from None
