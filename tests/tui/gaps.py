"""What became of gaps, as the pictures show it: a section of ends with all that there can be."""

from __future__ import annotations

import math
import random

import msgspec

from cambist.view import (
    LIFE_BINS_NS,
    Crossed,
    EndRow,
    EndsSection,
    LandingRow,
    PanelState,
    RivalRow,
    Spread,
    Taken,
)
from tests.tui.fake import MS, NOW, S

BOB = "7Qp4gMvN1z9yT3kWq8RrXc5LmB2uHs6EoYdF4aJd1Lm"
ROUTER = "JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4"
ORCA = "whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc"
_SOME = (Taken("SOL", 9, 34_400_000), Taken("USDC", 6, 1_200_000))
RIVALS = (
    RivalRow(BOB, True, "", 22, _SOME, 1, 371 * MS, 45_000, 1_100_000),
    *(RivalRow(f"{at}kRz" + "q" * 36 + "9zTa", True, "", 8 - at, (), 1, 500 * MS, 5_000, 0) for at in range(8)),
    RivalRow(ROUTER, False, "", 19, (Taken("SOL", 9, 12_000_000),), 2, 640 * MS, None, None),
    RivalRow(ORCA, False, "orca", 12, (Taken("USDC", 6, 4_120_000),), None, 2_400 * MS, None, None),
)  # fmt: skip
_ROWS = (
    ("ours", "ray4 orca cpmm", 5, 2_100, True, 13_310_000, "SOL", ""),
    ("taken", "orca dlmm ray4", 0, 318, True, 5_920_000, "SOL", BOB),
    ("faded", "cpmm ray4 orca", 0, 96, False, 5_460_000, "SOL", ""),
    ("taken", "dlmm binance", 1, 388, False, 8_210, "USDC", ORCA),
    ("stale", "orca dlmm", None, 5_000, True, 26_250_000, "mSOL", ""),
    ("crowded", "dlmm orca ray4 cpmm", 22, 9_100, False, 4_660_000, "SOL", ""),
    ("taken", "cpmm ray4", 1, 611, True, 5_080_000, "SOL", ROUTER),
    ("taken", "cpmm ray4", 1, 640, False, 5_080_000, "SOL", ""),
)


def end_rows(count: int = 64) -> tuple[EndRow, ...]:
    """Returns gaps that ended, newest first."""
    made = []
    for at in range(count):
        fate, venues, slots, lived, go, net, unit, who = _ROWS[at % len(_ROWS)]
        crossed = tuple(Crossed(name, name) for name in venues.split())
        made.append(
            EndRow(
                number=212 - at, at_ns=NOW - (1 + at * 7) * S, key=f"gap-{at % len(_ROWS)}", venues=crossed, fate=fate,
                slots=slots, lived_ns=lived * MS, end_known=fate not in ("stale", "crowded"), go=go, net=net, unit=unit,
                decimals=6 if unit == "USDC" else 9, who=who, program="orca" if who == ORCA else "",
                signature="sig" if who else "",
            )
        )  # fmt: skip
    return tuple(made)


def landing_rows(*orders: tuple[int, int] | None) -> tuple[LandingRow, ...]:
    """Returns (orders, landed) of ten tenths, then of orders whose prediction is not known."""
    rows = []
    for at, found in enumerate(orders):
        count, landed = found or (0, 0)
        known = at < 10
        mean = at * 100_000 + 43_000 if count and known else None
        rows.append(LandingRow(at * 100_000 if known else None, count, landed, mean))
    return tuple(rows)


def section(**changes: object) -> EndsSection:
    """Returns the section of the pictures."""
    rng = random.Random(9)
    lives = [0] * (len(LIFE_BINS_NS) - 1)
    for _ in range(207):
        lives[max(0, min(len(lives) - 1, int(15 * (math.log10(rng.lognormvariate(6.4, 1.2)) - 1))))] += 1
    made = EndsSection(
        version=1,
        state=PanelState(),
        fates=(("crowded", 6), ("faded", 116), ("ours", 15), ("stale", 14), ("taken", 61)),
        worth_an_order=31,
        contested=12,
        slots=Spread(2, 5, 192),
        lived_ns=Spread(640 * MS, 2_100 * MS, 207),
        lives=tuple(lives),
        own_ns=Spread(412 * MS, 690 * MS, 41),
        catchable=123,
        rivals=RIVALS,
        rows=end_rows(),
        landing=landing_rows(
            None, (3, 0), None, None, (12, 6), (40, 21), (61, 40), (33, 25), (9, 8), None, (2, 1)
        ),
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)
