"""Writes the table of mutants into BENCHMARKS.md: `python -m scripts.mutants.page`, from what `make mutants` wrote.

Rooms that were not tried stay as they were.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

from scripts.mutants.rooms import ROOT

PAGE = ROOT / "BENCHMARKS.md"
FOUND = ROOT / "build" / "mutants.json"
HEAD = """| room | mutants | tried | killed | can't be told apart | share | goal | met | seconds each |
|---|--:|--:|--:|--:|--:|--:|---|--:|
"""


def line(row: dict[str, Any]) -> str:
    """Returns a row as one of the page's."""
    told = row["total"] - row["equivalent"]
    met = "yes" if row["killed"] >= row["goal"] * told else "**no**"
    each = row["seconds"] / row["total"]
    cells = [row["room"], f"{row['of']:,}", f"{row['total']:,}", f"{row['killed']:,}", f"{row['equivalent']:,}"]
    cells += [f"{row['share']:.1%}", f"{row['goal']:.0%}", met, f"{each:.2f}"]
    return f"| {' | '.join(cells)} |\n"


def main() -> None:
    """Replaces what stands between the marks."""
    page = PAGE.read_text(encoding="utf-8")
    table = re.compile(r"(?<=<!-- mutants -->\n).*?(?=<!-- /mutants -->)", re.DOTALL)
    found = table.search(page)
    if found is None:
        sys.exit(f"{PAGE.name} has no table of mutants")
    lines = {name: text for text, name in re.findall(r"(\| (\w+) \|.*\n)", found[0]) if name != "room"}
    lines |= {row["room"]: line(row) for row in json.loads(FOUND.read_bytes()) if row["total"]}
    PAGE.write_text(table.sub(lambda _: HEAD + "".join(lines.values()), page), encoding="utf-8")


if __name__ == "__main__":
    main()
