"""Writes the fault table into BENCHMARKS.md: `scripts/faults.py build/chaos.json`, which `make chaos` makes.

Rows that were not tried stay as they were.
"""

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
    page = PAGE.read_text()
    table = re.compile(r"(?<=<!-- faults -->\n).*?(?=<!-- /faults -->)", re.S)
    found = table.search(page)
    if found is None:
        sys.exit(f"{PAGE.name} has no table of faults")
    lines = {int(number): text for text, number in re.findall(r"(\| (\d+) \|.*\n)", found[0])}
    for name in sys.argv[1:]:
        lines |= {row["row"]: line(row) for row in json.loads(Path(name).read_text())}
    new = HEAD + "".join(text for _, text in sorted(lines.items()))
    PAGE.write_text(table.sub(lambda _: new, page))


if __name__ == "__main__":
    main()
