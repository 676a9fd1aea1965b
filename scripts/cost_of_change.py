"""What one more pool program, exchange, setting, price field, panel or command costs, in files outside its own rooms.

Without `--toy` it counts by name: the files outside tests that name one that is there, such as `pump`. With `--toy` it
copies the tree, makes a toy as CONTRIBUTING.md says, counts what differs, builds and tests it. Exit code 1 where a
count is over its goal, or a toy does not work.

    scripts/cost_of_change.py [--tree PATH] [--json]      scripts/cost_of_change.py --toy pool [--keep]
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
SKIPPED = re.compile(r"(^|/)(tests|target|corpus|screenshots)/|(^|/)tests?\.rs$|(^|/)\.|\.(svg|so|zst|lock)$")
"""Tests, what is built, recorded or drawn."""
OPTIONAL = {
    "public call": (
        "engine_rs/src/", "engine_rs/core/src/library/", "cambist/engine/_native.pyi", "cambist/engine/twins.py",
        "cambist/engine/duel_cases.py", "cambist/engine/reference/library/", "cambist/engine/reference/venues/owned.py",
        "cambist/engine/reference/venues/instructions.py",
    ),
    "label of a venue": (
        "cambist/engine/reference/venues/origin.py", "engine_rs/core/src/venues/origin.rs",
    ),
    "text": ("README.md", "CHANGELOG.md", "BENCHMARKS.md", "CONTRIBUTING.md", "SECURITY.md"),
    "fuzz target": ("engine_rs/core/fuzz/fuzz_targets/", "engine_rs/core/fuzz/Cargo.toml", "scripts/fuzz_corpus.py"),
    "measure": ("cambist/bench/", "cambist/fault_table/", "engine_rs/core/benches/", "scripts/"),
    "place on the screen": ("tui/layout.py",),
    "key": ("tui/commands.py", "tui/screens/acts.py", "tui/replay_keys.py"),
    "filter": ("tui/filters.py",),
}  # fmt: skip
"""Files that name one without need: who adds another may leave them as they are. Listed apart."""
TEXTS = {".py", ".pyi", ".rs", ".toml", ".json", ".md", ".sql", ".tcss", ""}


class Subject(NamedTuple):
    """Something that is added now and then."""

    title: str
    example: str
    """One that is there; its name is what is counted."""
    names: str
    """Pattern of its name in a text."""
    rooms: str
    """Pattern of the paths that are its own."""
    goal: int
    optional: tuple[str, ...]
    among: str = ""
    """Pattern of the paths that are looked at, where the name has other meanings elsewhere."""


EXTRA = ("text", "measure")
SUBJECTS = {
    "pool": Subject(
        "a pool program", "pump", r"(?i)pump", r"/pump(_curve)?(/|\.|$)", 3,
        (*EXTRA, "public call", "label of a venue", "fuzz target"),
    ),
    "exchange": Subject("an exchange", "bybit", r"(?i)bybit", r"/bybit(/|\.|$)", 3, (*EXTRA, "fuzz target")),
    "setting": Subject(
        "a key of [search], [gates] or [bidding] that the engine reads", "max_slot_silence_ms",
        r"\bmax_slot_silence_ms\b", r"$^", 5, EXTRA,
    ),
    "price": Subject(
        "a field of a price row", "hour_span_ns", r"\b(hour_span_ns|change_span_ns)\b", r"$^", 6, EXTRA,
    ),
    "panel": Subject(
        "a panel", "trades", r"\"trades\"|\bTradesSection\b|tui\.panels\.trades", r"(panels|view|sections)/trades\.", 3,
        (*EXTRA, "place on the screen", "key", "filter"), r"^(tui/|cambist/(view|runtime))",
    ),
    "command": Subject(
        "a command of the operator", "retry", r"\bRetryFeed\b|\"retry\"", r"$^", 2, (*EXTRA, "key"),
        r"^(tui/|cambist/(model|runtime|kernel|view))",
    ),
}  # fmt: skip


class Count(NamedTuple):
    """Who names a subject's example."""

    subject: str
    rooms: list[str]
    needed: list[str]
    optional: list[str]

    @property
    def over(self) -> bool:
        """Whether more files are needed than the goal says."""
        return len(self.needed) > SUBJECTS[self.subject].goal


def files(tree: Path) -> list[str]:
    """Returns the paths of a tree that may name something: of a checkout those that git knows."""
    command = ("git", "-C", str(tree), "ls-files", "-co", "--exclude-standard")
    known = subprocess.run(command, capture_output=True, text=True, check=False)
    if known.returncode == 0 and (tree / ".git").exists():
        found = known.stdout.splitlines()
    else:
        found = [path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file()]
    return sorted(path for path in found if Path(path).suffix in TEXTS and not SKIPPED.search(path))


def optional(path: str, kinds: tuple[str, ...]) -> bool:
    """Returns whether a file names one without need."""
    return any(path.startswith(OPTIONAL[kind]) for kind in kinds)


def count(tree: Path) -> list[Count]:
    """Returns, for each subject, the files of a tree that name its example."""
    texts = {path: (tree / path).read_text(errors="replace") for path in files(tree) if (tree / path).is_file()}
    found = []
    for name, subject in SUBJECTS.items():
        among = [path for path in texts if re.search(subject.among, path)]
        naming = [path for path in among if re.search(subject.names, texts[path])]
        rooms = [path for path in naming if re.search(subject.rooms, f"/{path}")]
        rest = [path for path in naming if path not in rooms]
        spare = [path for path in rest if optional(path, subject.optional)]
        found.append(Count(name, rooms, [path for path in rest if path not in spare], spare))
    return found


def show(counts: list[Count]) -> None:
    """Prints the table, then who is counted."""
    print(f"{'':10} {'named':>6} {'rooms':>6} {'spared':>7} {'needed':>7} {'goal':>5}")
    for each in counts:
        total = len(each.rooms) + len(each.needed) + len(each.optional)
        goal, mark = SUBJECTS[each.subject].goal, "  over" if each.over else ""
        figures = f"{total:>6} {len(each.rooms):>6} {len(each.optional):>7} {len(each.needed):>7} {goal:>5}"
        print(f"{each.subject:10} {figures}{mark}")
    for each in counts:
        subject = SUBJECTS[each.subject]
        print(f"\n{each.subject}: {subject.title}, counted by {subject.example!r}")
        for word, paths in (("needed", each.needed), ("spared", each.optional)):
            for path in paths:
                print(f"  {word}  {path}")


def main() -> int:
    """Counts, or makes toys; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument("--tree", type=Path, default=ROOT, help="count in another tree")
    parser.add_argument("--json", action="store_true", help="print one object")
    parser.add_argument("--toy", choices=[*SUBJECTS, "all"], help="make a toy in a copy, build and test it")
    parser.add_argument("--target", type=Path, help="folder of the toy's Rust build, kept")
    parser.add_argument("--keep", action="store_true", help="leave the copy where it is")
    given = parser.parse_args()
    if given.toy:
        from toy_trial import try_toys

        return try_toys(list(SUBJECTS) if given.toy == "all" else [given.toy], given.target, keep=given.keep)
    counts = count(given.tree)
    if given.json:
        print(json.dumps({each.subject: {**each._asdict(), "goal": SUBJECTS[each.subject].goal} for each in counts}))
    else:
        show(counts)
    return int(any(each.over for each in counts))


if __name__ == "__main__":
    sys.exit(main())
