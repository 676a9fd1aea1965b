"""Makes the net anew: sessions in tests/replay/net, what each comes to in both engines, and their Views.

Run it in the tree that shall make the sessions, with that tree's Python; it takes the programs from the current folder
and what it shares with the test from beside itself. `--kept` leaves the sessions and says anew what they come to.
"""

from __future__ import annotations

import argparse
import functools
import json
import re
import sys
import types
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backports import zstd

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(Path.cwd())
if Path.cwd() != ROOT:  # another tree's programs, this one's test
    for package in ("tests", "tests.replay"):
        sys.modules[package] = types.ModuleType(package)
        sys.modules[package].__path__ = [str(ROOT / package.replace(".", "/"))]

from tests.replay import stepping  # noqa: E402
from tests.replay.making import crafted, damage, imports, live  # noqa: E402
from tests.replay.making.files import COMMAND, KINDS, NET, File  # noqa: E402
from tests.replay.outcome import encoded, replayed  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ENGINES = ("native", "reference")
EVERY, EVERY_SHORT = 10_000, 500
"""Records between two Views of a long session, and of one that has fewer."""
VERIFIED = (
    *("exit_code", "chunks", "records", "first_seq", "last_seq", "damaged_chunks", "seq_breaks", "backward_times"),
    *("starts_with_state", "complete", "last_digest"),
)
"""What is kept of the report of `cambist verify`."""


def content(path: Path) -> dict[str, int]:
    """Returns how many records of each kind a sound session holds, and how many of each command."""
    counts: Counter[str] = Counter()
    with File(path) as file:
        for each in file.records():
            counts[KINDS[each.kind]] += 1
            if each.kind == COMMAND:
                counts[f"command {json.loads(each.body)['name']}"] += 1
    return dict(sorted(counts.items()))


def expected(path: Path) -> dict[str, Any]:
    """Returns what a session comes to, and writes its Views beside it."""
    report = stepping.checked(path)
    sound = report["exit_code"] == 0
    found: dict[str, Any] = {"content": content(path) if sound else {}}
    found["every"] = EVERY if report["records"] >= EVERY else EVERY_SHORT
    found["verify"] = {name: report[name] for name in VERIFIED}
    shown: dict[str, list[dict[str, Any]]] = {}
    for engine in ENGINES:
        found[engine], shown[engine] = replayed(path, engine, found["every"])
    texts = {engine: b"[" + b",\n".join(encoded(view) for view in shown[engine]) + b"]\n" for engine in ENGINES}
    path.with_suffix(".views.json.zst").write_bytes(zstd.compress(texts["native"], level=19))
    apart = path.with_suffix(".reference.views.json.zst")
    apart.unlink(missing_ok=True)
    if texts["native"] != texts["reference"]:  # each engine has its own words for a STATE that it can't read
        apart.write_bytes(zstd.compress(texts["reference"], level=19))
    return found


def write(manifest: Path, entries: dict[str, Any]) -> None:
    """Writes what each session comes to."""
    manifest.write_text(json.dumps(entries, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def makers() -> Iterator[tuple[str, Callable[[], dict[str, str]]]]:
    """Yields what is made and how, in an order in which each finds what it is made of."""
    for name, each in live.LIVE.items():
        yield name, functools.partial(live.record, name, each)
    yield "commands", live.commanded
    yield "kinds", crafted.kinds
    yield "segments", crafted.segments
    yield "imported", imports.imported
    yield "damaged", damage.damages


def main() -> None:
    """Makes sessions, or keeps them, and writes the manifest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kept", action="store_true", help="leave the sessions; say anew what they come to")
    parser.add_argument("--only", default="", help="make only what this regular expression finds")
    options = parser.parse_args()
    NET.mkdir(parents=True, exist_ok=True)
    manifest = NET / "manifest.json"
    entries = json.loads(manifest.read_text(encoding="utf-8")) if manifest.exists() else {}
    for made, make in makers():
        if not options.kept and re.search(options.only, made):
            print(f"making {made}", file=sys.stderr)
            entries |= {name: {"made": how} for name, how in make().items()}
            write(manifest, entries)
    for name, entry in entries.items():
        if options.kept or "native" not in entry:
            print(f"replaying {name}", file=sys.stderr)
            entries[name] = {"made": entry["made"], **expected(NET / f"{name}.cambist")}
            write(manifest, entries)


if __name__ == "__main__":
    main()
