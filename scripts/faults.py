"""Writes the fault table into BENCHMARKS.md: `scripts/faults.py build/chaos.json`, which `make chaos` makes."""

import json
import re
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "BENCHMARKS.md"
HEAD = """| row | fault | trials | frames | lost | recovery p50 | p99 | max | figure to reach | met | found |
|--:|---|--:|--:|--:|--:|--:|--:|---|---|---|
"""


def line(row: dict) -> str:
    """Returns a row as one of the page's."""
    times = (row[f"recovery_{which}_ms"] for which in ("p50", "p99", "max"))
    cells = [row["row"], row["fault"], f"{row['trials']:,}", f"{row['frames']:,}", f"{row['lost']:,}"]
    cells += ["" if time is None else f"{time:,.0f} ms" for time in times]
    cells += [row["figure"], "yes" if row["met"] else "**no**", row["found"]]
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |\n"


def main() -> None:
    """Replaces what stands between the marks."""
    rows = [row for name in sys.argv[1:] for row in json.loads(Path(name).read_text())]
    table = HEAD + "".join(line(row) for row in sorted(rows, key=lambda row: row["row"]))
    page = PAGE.read_text()
    new = re.sub(r"<!-- faults -->\n.*?<!-- /faults -->", f"<!-- faults -->\n{table}<!-- /faults -->", page, flags=re.S)
    PAGE.write_text(new)


if __name__ == "__main__":
    main()
