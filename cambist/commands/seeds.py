"""`cambist seeds`: what paper earns in the embedded market, over sessions of several seeds."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from cambist.commands.console import OK, UNUSABLE, Stop, level_of, print_line, put

if TYPE_CHECKING:
    from cambist.bench.seeds import Asked, Row, Sums

MOST_SEEDS, MOST_MINUTES, MOST_JOBS = 10_000, 24.0 * 60.0, 64


def seeds(
    *,
    first: int = 1,
    seeds: int = 20,
    minutes: float = 10.0,
    easy: bool = False,
    hard: bool = False,
    jobs: int | None = None,
    keep: Path | None = None,
    json: bool = False,
) -> int:
    """Run the embedded market for several seeds on a given clock, and say what paper came to in each.

    Each session is one of the settings that come with cambist, whatever the configuration says. The same seed, level
    and minutes give the same decisions every time.

    Args:
        first: The first seed.
        seeds: How many, one after the other.
        minutes: How long each session is by its own clock.
        easy: Rivals that leave more than real ones do.
        hard: Rivals that are faster and more than usual.
        jobs: Sessions at a time; one for each processor if not given.
        keep: A file to which each row is added once it is there. Rows in it are not run again, so a run that was
            stopped goes on.
        json: Print one JSON object at the end.
    """
    from cambist.bench.seeds import Asked, run_all, sums_of

    jobs = jobs or os.cpu_count() or 1
    if not (1 <= seeds <= MOST_SEEDS and 0 < minutes <= MOST_MINUTES and 1 <= jobs <= MOST_JOBS):
        raise Stop(UNUSABLE, f"--seeds is 1 to {MOST_SEEDS}, --minutes up to {MOST_MINUTES:g}, --jobs 1 to {MOST_JOBS}")
    level = level_of(easy=easy, hard=hard) or "honest"
    asked = [Asked(seed, minutes, level) for seed in range(first, first + seeds)]
    rows = {each: row for each, row in _kept(keep).items() if each in asked}
    for row in run_all([each for each in asked if each not in rows], jobs):
        rows[Asked(row.seed, row.minutes, row.level)] = row
        if keep is not None:
            with keep.open("ab") as kept:
                kept.write(msgspec.json.encode(row) + b"\n")
        print_line(f"{len(rows)} of {seeds}  {line(row)}")
    ordered = [rows[each] for each in asked]
    sums = sums_of(ordered)
    if json:
        put({"schema": 1, "level": level, "minutes": minutes, "rows": ordered, "sums": sums})
    else:
        for row in ordered:
            print(line(row))
        print(summary(sums))
    return OK


def line(row: Row) -> str:
    """Returns a session's row in words."""
    left_out = f"  without {row.without} tokens of no price" if row.without else ""
    return (
        f"seed {row.seed:>4}  {row.net / 1e9:+10.6f} SOL  {row.hourly * 100:+8.4f} % an hour  "
        f"{row.earned:>3} of {row.sent:>3} orders earned  {row.filled} filled  {row.go} go  "
        f"{row.seconds_wall:.0f} s{left_out}"
    )


def summary(sums: Sums) -> str:
    """Returns what all came to in words."""
    hits = "no order was sent" if sums.hit_rate is None else f"{sums.hit_rate * 100:.1f} % of {sums.sent} orders earned"
    return (
        f"{sums.sessions} sessions: {sums.losing} lost ({sums.losing_share * 100:.0f} %), {sums.idle} sent nothing, "
        f"mean {sums.mean_hourly * 100:+.4f} % an hour, median {sums.median_hourly * 100:+.4f} %, {hits}"
    )


def _kept(path: Path | None) -> dict[Asked, Row]:
    """Returns the rows of a file, none if it is not there. Raises `Stop` for one that has other lines."""
    from cambist.bench.seeds import Asked, Row

    if path is None or not path.exists():
        return {}
    rows = {}
    for number, text in enumerate(path.read_bytes().splitlines(), 1):
        try:
            row = msgspec.json.decode(text, type=Row)
        except msgspec.DecodeError as error:
            raise Stop(UNUSABLE, f"{path}, line {number}: {error}") from None
        rows[Asked(row.seed, row.minutes, row.level)] = row
    return rows
