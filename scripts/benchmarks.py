"""Writes the tables of BENCHMARKS.md anew: from a fresh `cambist bench --json`, or from one that was kept.

A table stands between `<!-- name -->` and `<!-- /name -->`; what is around it is written by hand and stays. Rows that
were not measured leave their table as it was.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

from cambist.bench.goal import verdict

PAGE = Path(__file__).resolve().parent.parent / "BENCHMARKS.md"
Found = dict[str, Any]
FIGURES = "| figure | measured | goal | | peer | ratio | on what |\n|---|--:|---|---|--:|--:|---|\n"
CALLS = "| call | size | Rust, ns | Python, ns | Rust to Python | peer, ns | Rust to peer | goal | |\n"
CALLS += "|---|---|--:|--:|--:|--:|--:|---|---|\n"
TABLES = {
    "demo": ("demo market", "frame to scored", "any frame"),
    "modules": ("module",),
    "digests": ("digest: ",),
    "transport": ("frames into", "frame's time", "sending to"),
    "sessions": ("in a session",),
    "load": ("burst by", "cut moments", "hub's share", "frames per moment", "frames judged"),
    "seek": ("any moment", "keyframes"),
    "asked": ("cambist ",),
    "truth": ("order of truth",),
    "import": ("import of", "replay of"),
    "replay": ("replay at max",),
    "screen": (
        *("painting", "hub thread", "Views", "terminal writes", "key to paint", "start to", "the dashboard"),
        *("hub held", "a thread wakes"),
    ),
}
"""How the names of a table's rows begin."""


def number(value: float | None) -> str:
    """Returns a figure with three digits, or all of its whole ones."""
    return "–" if value is None else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def figure(row: Found) -> str:
    """Returns a row of a figure."""
    name, value, unit = row["name"].removeprefix("digest: "), row["value"], row["unit"]
    measured = ("equal" if value else "not equal") if unit == "equal" else f"{number(value)} {unit}"
    peer = "" if row["peer_value"] is None else f"{row['peer']} {number(row['peer_value'])}"
    ratio = "" if row["ratio"] is None else f"×{row['ratio']:.1f}"
    cells = (name, measured if value is not None else "–", row["goal"], verdict_of(row), peer, ratio, row["note"])
    return f"| {' | '.join(cells)} |\n"


def verdict_of(row: Found) -> str:
    """Returns what a row says of its goal."""
    return verdict(row["goal"], row["met"])


def call(row: Found) -> str:
    """Returns a row of an engine call."""

    def ns(value: float | None) -> str:
        return "–" if value is None else f"{value:,.1f}" if value < 100_000 else f"{value:,.0f}"

    speedup = "" if row["speedup"] is None else f"×{row['speedup']:.1f}"
    peer = "" if row["peer_ns"] is None else f"{row['peer']} {ns(row['peer_ns'])}"
    ratio = "" if row["peer_ratio"] is None else f"×{row['peer_ratio']:.2f}"
    ratio += "" if row["passes"] is None else f", {row['passes']:.2f} passes"
    times = (row["name"], row["size"], ns(row["rust_ns"]), ns(row["python_ns"]))
    cells = (*times, speedup, peer, ratio, row["goal"], verdict_of(row))
    return f"| {' | '.join(cells)} |\n"


def tables(found: Found) -> dict[str, str]:
    """Returns the text of each table that has rows."""
    rows = found["rows"]
    calls = [row for row in rows if "rust_ns" in row]
    others = [row for row in rows if "rust_ns" not in row]
    made = {
        name: FIGURES + "".join(figure(row) for row in others if row["name"].startswith(begin))
        for name, begin in TABLES.items()
        if any(row["name"].startswith(begin) for row in others)
    }
    if calls:
        judged = [row["met"] for row in calls if row["met"] is not None]
        made["calls"] = CALLS + "".join(map(call, calls)) + f"\nMet: {sum(judged)} of {len(judged)} rows with a goal.\n"
    machine = found["machine"]
    system = machine["system"].partition("-")[0]
    made["machine"] = (
        f"{machine['cores']} cores of {machine['cpu']}, {system}, Python {machine['python']}, engine: "
        f"{machine['engine']}, at a load of {machine['load']}{_stolen(machine['stolen_ppm'])}.\n"
    )
    return made


def _stolen(ppm: int | None) -> str:
    """Returns what the host took meanwhile."""
    return "" if ppm is None else f", its host took {ppm / 10_000:.0f} % of its time"


def main() -> None:
    """Measures or reads, then writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kept", type=Path, nargs="?", help="what `cambist bench --json` printed; else it is run now")
    options = parser.parse_args()
    command = [sys.executable, "-P", "-m", "cambist", "bench", "--json"]
    text = options.kept.read_bytes() if options.kept else subprocess.run(command, check=True, stdout=-1).stdout
    page = PAGE.read_text(encoding="utf-8")
    for name, table in tables(msgspec.json.decode(text)).items():
        page, count = re.subn(
            rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)",
            lambda match, table=table: match[1] + table + match[2],
            page,
            flags=re.DOTALL,
        )
        if not count:
            sys.exit(f"BENCHMARKS.md has no place for {name}: it needs <!-- {name} --> and <!-- /{name} -->")
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
