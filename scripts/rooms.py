"""Prints how many lines and branches of each room the tests reach: `scripts/rooms.py [pytest's arguments]`.

A room is a folder of cambist, or a file there, or another package beside it. Processes that tests start count too.
`--keep FILE` writes the figures; `--against FILE` says what became of those that were kept, and exits with 1 if a room
fell by more than half a point. Exits with pytest's own code if tests failed: then less was reached than there is to.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import coverage

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "rooms"
PACKAGES = ("cambist", "feeds", "storage", "themes", "tui")
INNER = "cambist/engine/reference"
"""A room in a room."""
FALL = 0.5
"""Points: what a crowded machine moves, where a test waits for what comes first, stays below."""
CONFIG = """[run]
branch = true
parallel = true
data_file = {folder}/data
source = {sources}
"""
Room = dict[str, int]
COUNTS = {
    "lines": "num_statements",
    "reached": "covered_lines",
    "branches": "num_branches",
    "taken": "covered_branches",
}


def measure(arguments: list[str]) -> int:
    """Runs the tests, each process counted; returns pytest's exit code."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    config = FOLDER / "coveragerc"
    config.write_text(
        CONFIG.format(folder=FOLDER, sources=",".join(str(ROOT / name) for name in PACKAGES)), encoding="utf-8"
    )
    command = [sys.executable, "-m", "pytest", "-q", *arguments]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, "COVERAGE_PROCESS_START": str(config)}).returncode


def files() -> dict[str, Room]:
    """Returns what was reached of each file."""
    found = coverage.Coverage(config_file=str(FOLDER / "coveragerc"))
    found.combine()
    found.json_report(outfile=str(FOLDER / "coverage.json"), ignore_errors=True)
    report = json.loads((FOLDER / "coverage.json").read_text(encoding="utf-8"))["files"]
    counts = {}
    for name, file in report.items():
        path = (ROOT / name).resolve()
        if path.is_relative_to(ROOT):
            counts[path.relative_to(ROOT).as_posix()] = {key: file["summary"][theirs] for key, theirs in COUNTS.items()}
    return counts


def room(path: str) -> str:
    """Returns the room of a file: one that becomes a folder of the same name stays the same room."""
    if path.startswith(f"{INNER}/"):
        return INNER
    parts = path.removesuffix(".py").split("/")
    return "/".join(parts[:2]) if parts[0] == "cambist" else parts[0]


def rooms(counts: dict[str, Room]) -> dict[str, Room]:
    """Returns the sums of each room."""
    sums: dict[str, Room] = {}
    for path, count in sorted(counts.items()):
        each = sums.setdefault(room(path), dict.fromkeys(COUNTS, 0))
        for key in COUNTS:
            each[key] += count[key]
    return {name: each for name, each in sorted(sums.items()) if each["lines"]}


def shares(each: Room) -> tuple[float, float]:
    """Returns per cent of the lines and of the branches; of nothing all is reached."""
    pairs = (("reached", "lines"), ("taken", "branches"))
    lines, branches = (100.0 * each[mine] / each[every] if each[every] else 100.0 for mine, every in pairs)
    return lines, branches


def table(new: dict[str, Room], old: dict[str, Room] | None) -> tuple[str, list[str]]:
    """Returns the table as text, and the rooms that fell."""
    fell = []
    text = f"{'room':28} {'lines':>7} {'reached':>9} {'branches':>9} {'taken':>9}\n"
    for name, each in new.items():
        lines, branches = shares(each)
        text += f"{name:28} {each['lines']:>7,} {lines:>7.1f} % {each['branches']:>9,} {branches:>7.1f} %"
        if old is not None and name in old:
            moved = [now - before for now, before in zip(shares(each), shares(old[name]), strict=True)]
            text += f"  {moved[0]:+6.1f} {moved[1]:+6.1f}"
            if min(moved) < -FALL:
                fell.append(name)
                text += "  fell"
        elif old is not None:
            text += "     new"
        text += "\n"
    return text + "".join(f"{name:28}    gone\n" for name in old or {} if name not in new), fell


def read(path: Path) -> dict[str, Room]:
    """Returns figures that were kept; ends with 2 if they are none."""
    try:
        found = json.loads(path.read_bytes())["rooms"]
        return {str(name): {key: int(each[key]) for key in COUNTS} for name, each in found.items()}
    except OSError as error:
        why = error.strerror
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        why = f"not what --keep writes: {error!r}"
    print(f"{path}: {why}", file=sys.stderr)
    sys.exit(2)


def main() -> int:
    """Measures, prints, keeps, compares; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, help="where to write the figures")
    parser.add_argument("--against", type=Path, help="figures that were kept")
    parser.add_argument("--measured", type=Path, help="figures that were kept, in place of a run of the tests")
    options, arguments = parser.parse_known_args()
    old = read(options.against) if options.against else None
    failed = 0 if options.measured else measure(arguments)
    new = read(options.measured) if options.measured else rooms(files())
    text, fell = table(new, old)
    print(text, end="")
    if options.keep:
        kept = {"date": datetime.datetime.now(datetime.UTC).date().isoformat(), "tests": arguments, "rooms": new}
        options.keep.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    if fell:
        print(f"fell by more than {FALL} points: {', '.join(fell)}", file=sys.stderr)
    return failed or bool(fell)


if __name__ == "__main__":
    sys.exit(main())
