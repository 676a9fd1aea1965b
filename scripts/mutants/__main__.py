"""Tries whether the tests notice: `make mutants` changes one place of a source at a time and runs what reaches it.

    make mutants                                              all of it, hours
    make mutants ARGS="--room risk --room ledger"             two rooms
    make mutants ARGS="--sample 40 --seed 7"                  forty, drawn by the seed
    make mutants ARGS="--each 40 --room judge --room book"    forty of each

It writes `build/mutants.json`: rows of `room`, `total`, `killed`, `equivalent`, and each survivor with its place, the
text before and after. Those that nobody can tell apart stand in `tests/mutants/equivalent.toml` with the reason; they
are not counted, nor is what no compiler takes. Exits with 1 where fewer were killed than the goal says. What was tried
of Python before and can't have changed is not tried again; those of Rust are built into one set of programs each time.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scripts.mutants.equivalents import Equivalents
from scripts.mutants.places import mutants
from scripts.mutants.rooms import PYTHON, ROOT, RUST, Room
from scripts.mutants.trying import Result, try_all
from scripts.mutants.trying_rust import try_rust

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scripts.mutants.sites import Mutant

OUT = ROOT / "build" / "mutants.json"


@dataclass(slots=True)
class Count:
    """What became of a room's mutants."""

    room: str
    goal: float
    of: int
    """Mutants that there are."""
    total: int = 0
    killed: int = 0
    equivalent: int = 0
    survivors: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def share(self) -> float:
        """Killed of those that can be told apart."""
        return self.killed / (self.total - self.equivalent) if self.total > self.equivalent else 1.0

    def row(self) -> dict[str, Any]:
        """Returns it as a row of the JSON."""
        return {
            "room": self.room, "total": self.total, "killed": self.killed, "equivalent": self.equivalent,
            "of": self.of, "share": round(self.share, 4), "goal": self.goal, "seconds": round(self.seconds, 1),
            "survivors": self.survivors,
        }  # fmt: skip


def drawn(
    rooms: list[Room], sample: int | None, seed: int, each: int | None = None
) -> tuple[list[tuple[Room, Mutant]], dict[str, int]]:
    """Returns the mutants to try with their rooms, in order of place, and how many each room has.

    `each` are the most of a room, `sample` those of all rooms.
    """
    by_room = {room.name: [(room, found) for path in room.files() for found in mutants(ROOT, path)] for room in rooms}
    of = {name: len(found) for name, found in by_room.items()}
    picked = [_picked(found, each, f"{seed} {name}") for name, found in by_room.items()]
    return _picked([pair for found in picked for pair in found], sample, seed), of


def _picked(found: list[tuple[Room, Mutant]], most: int | None, seed: int | str) -> list[tuple[Room, Mutant]]:
    if most is None or most >= len(found):
        return found
    return [found[at] for at in sorted(random.Random(seed).sample(range(len(found)), most))]


def counted(
    wanted: list[tuple[Room, Mutant]], of: dict[str, int], found: Mapping[Mutant, Result | None], known: Equivalents
) -> list[Count]:
    """Returns the counts by room, in their order; what became of nothing, as it did not compile, is in none."""
    counts: dict[str, Count] = {}
    for room, mutant in wanted:
        count = counts.setdefault(room.name, Count(room.name, room.goal, of[room.name]))
        result = found[mutant]
        if result is None:
            continue
        count.total += 1
        count.killed += result.killed
        count.seconds += result.seconds
        if not result.killed and known.reason(mutant):
            count.equivalent += 1
        elif not result.killed:
            place = f"{mutant.path}:{mutant.line}"
            count.survivors.append(
                {"place": place, "within": mutant.within, "before": mutant.before, "after": mutant.after}
            )
    return list(counts.values())


def missed(counts: list[Count], *, sampled: bool) -> list[str]:
    """Returns where fewer were killed than the goal; in a sample the rooms of one goal count together."""
    groups: dict[str, list[Count]] = {}
    for count in counts:
        groups.setdefault(f"rooms with a goal of {count.goal:.0%}" if sampled else count.room, []).append(count)
    found = []
    for name, of in groups.items():
        told = sum(each.total - each.equivalent for each in of)
        killed = sum(each.killed for each in of)
        if killed < of[0].goal * told:
            found.append(f"{name}: {killed} of {told} killed, {of[0].goal:.0%} are asked for")
    return found


def say(text: str) -> None:
    """Prints progress, apart from what was found."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def main() -> int:
    """Draws, tries, counts and writes; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [room.name for room in (*PYTHON, *RUST)]
    parser.add_argument("--room", action="append", choices=names, help="one or more; all if none is named")
    parser.add_argument("--sample", type=int, help="how many to draw")
    parser.add_argument("--each", type=int, help="how many to draw of each room")
    parser.add_argument("--seed", type=int, default=0, help="of the draw")
    parser.add_argument("--anew", action="store_true", help="take nothing over from earlier runs")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what it started ends with it
    rooms = [room for room in (*PYTHON, *RUST) if not options.room or room.name in options.room]
    wanted, of = drawn(rooms, options.sample, options.seed, options.each)
    found: dict[Mutant, Result | None] = dict(
        try_all([each for each in wanted if each[0] not in RUST], say, anew=options.anew)
    )
    found |= try_rust([each for each in wanted if each[0] in RUST], say)
    counts = counted(wanted, of, found, Equivalents.read())
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps([count.row() for count in counts], indent=1) + "\n", encoding="utf-8")
    for count in counts:
        for each in count.survivors:
            print(f"{each['place']} {each['within']}\n  - {each['before']}\n  + {each['after']}")
    for count in counts:
        told = count.total - count.equivalent
        share = f"{count.killed:5} of {told:5} killed, {count.share:7.1%}"
        print(f"{count.room:12} {share} (of {count.of}; equivalent {count.equivalent}; goal {count.goal:.0%})")
    short = missed(counts, sampled=options.sample is not None)
    for line in short:
        print(line, file=sys.stderr)
    return bool(short)


if __name__ == "__main__":
    sys.exit(main())
