"""One more of each, written into a copy of the tree as CONTRIBUTING.md says.

A toy program and a toy exchange are copies of a room under another name; a toy setting, price field, panel and command
do as little as can be seen.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = "DGYUsD3SgG4XxxK9niLUnYMjT5WbvDwuR7WbDpA4YGmw"
"""Address of the toy program: 32 bytes as base58."""


class Tree:
    """A copy of the checkout that a toy is written into."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def edit(self, path: str, *changes: tuple[str, str]) -> None:
        """Puts text after what a pattern finds, which must be there once. Raises `ValueError`."""
        file = self.root / path
        text = file.read_text()
        for pattern, added in changes:
            found = list(re.finditer(pattern, text, re.MULTILINE))
            if len(found) != 1:
                message = f"{path}: {pattern!r} was found {len(found)} times"
                raise ValueError(message)
            text = text[: found[0].end()] + added + text[found[0].end() :]
        file.write_text(text)

    def twin(self, room: str, old: str, new: str, *changes: tuple[str, str]) -> None:
        """Copies a room, file or folder, under another name: the name in every case, then each (old text, new text)."""
        source, made = self.root / room, self.root / re.sub(rf"{old}(?=[^/]*$)", new, room)
        pairs = [(old, new), (old.capitalize(), new.capitalize()), (old.upper(), new.upper()), *changes]
        for path in [source] if source.is_file() else sorted(source.rglob("*")):
            if not path.is_file() or path.suffix == ".pyc":
                continue
            target = made if path == source else made / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            text = path.read_text()
            for before, after in pairs:
                text = text.replace(before, after)
            target.write_text(text)


def pool(tree: Tree) -> None:
    """Makes a pool program out of Saber's rooms."""
    address, maker = ("SSwpkEEcbUqx4vtoEByFjSkhKdCT862DNVb52nZg1UZ", PROGRAM), ("pub fn stable(", "pub fn toyswap(")
    for room in (
        "engine_rs/core/src/venues/saber",
        "cambist/engine/reference/venues/saber",
        "cambist/simulator/venues/saber",
        "cambist/market/discovery/venues/saber.py",
    ):
        tree.twin(room, "saber", "toyswap", address, maker)
    tree.edit(
        "engine_rs/core/src/venues/mod.rs",
        (r"Saber saber, Pump pump", ", Toyswap toyswap"),
        (r"^pub mod tick_array_manager;\n", "pub mod toyswap;\n"),
    )
    tree.edit(
        "cambist/engine/reference/venues/__init__.py",
        (
            r"^from .*saber\.program import .*\n",
            "from cambist.engine.reference.venues.toyswap import program as toyswap\n",
        ),
        (r"^    PUMP,\n", "    toyswap.PROGRAM,\n"),
    )
    tree.edit(
        "tests/engine/test_rooms.py",
        (r'^    assert venues\.VENUES == \(.*"pump"', ', "toyswap"'),
        (r"^NO_EVENT = \{", '"toyswap": "its program reports none", '),
    )
    row = f'    ChainVenue("toyswap", "Toyswap", ("{PROGRAM}",), "formula"),\n'
    tree.edit("cambist/model/venues.py", (r'        units="published logs of landed swaps",\n    \),\n', row))


def exchange(tree: Tree) -> None:
    """Makes an exchange out of Bybit's rooms."""
    for room in (
        "engine_rs/core/src/exchanges/bybit.rs",
        "cambist/engine/reference/exchanges/bybit.py",
        "cambist/simulator/exchanges/bybit",
        "feeds/bybit.py",
    ):
        tree.twin(room, "bybit", "toyex")
    tree.edit(
        "engine_rs/core/src/exchanges/mod.rs",
        (r"^pub\(crate\) mod scan;\n", "pub mod toyex;\n"),
        (r"^    &okx::EXCHANGE,\n", "    &toyex::EXCHANGE,\n"),
        (r"^    Plain,\n", "    Toyex,\n"),
    )
    tree.edit(
        "cambist/engine/reference/exchanges/__init__.py",
        (
            r"^from .*exchanges\.session import .*\n",
            "from cambist.engine.reference.exchanges.toyex import EXCHANGE as TOYEX\n",
        ),
        (r"^    OKX,\n", "    TOYEX,\n"),
        (r'^    PLAIN = "plain"\n', '    TOYEX = "toyex"\n'),
    )
    row = '    Exchange("toyex", "feeds.toyex:VENUE", 1_000, "q"),\n'
    tree.edit("cambist/model/exchanges.py", (r'^    Exchange\("binance-usdm".*\n', row))


def setting(tree: Tree) -> None:
    """Makes a gate that lengthens how long pools stay current."""
    key = '    toy_slot_ms: Annotated[int, _meta("ms", 0, BILLION, "toy: so much longer pools stay current")] = 0\n'
    tree.edit("cambist/config/settings.py", (r"^    max_slot_lag: Annotated.*\n", key))
    tree.edit(
        "engine_rs/core/src/judge/scorer/mod.rs",
        (r"^    pub max_slot_silence_ms: u64,\n", "    pub toy_slot_ms: u64,\n"),
    )
    tree.edit(
        "engine_rs/core/src/engine/market/legs.rs",
        (r"gates\.max_slot_silence_ms as i64 \* NS_PER_MS", " + gates.toy_slot_ms as i64 * NS_PER_MS"),
    )
    tree.edit(
        "cambist/engine/reference/engine/market/legs.py",
        (r"gates\.max_slot_silence_ms \* NS_PER_MS", " + gates.toy_slot_ms * NS_PER_MS"),
    )
    for settings in ("engine_rs/core/fuzz/setup.json", "tests/cambist/config/defaults.json"):
        tree.edit(settings, (r'^ *"max_slot_silence_ms": 5000,\n', '    "toy_slot_ms": 0,\n'))


def price(tree: Tree) -> None:
    """Makes a field that says how many closes a price row has."""
    tree.edit(
        "engine_rs/core/src/engine/views.rs",
        (r"^    closes: Vec<f64>,\n", "    toy_closes: usize,\n"),
        (
            r"^            closes: row\.series\.sparkline\(now_ns\),\n",
            "            toy_closes: row.series.sparkline(now_ns).len(),\n",
        ),
    )
    tree.edit(
        "cambist/engine/reference/engine/views.py",
        (
            r"^        closes=row\.series\.sparkline\(now_ns\),\n",
            "        toy_closes=len(row.series.sparkline(now_ns)),\n",
        ),
    )
    tree.edit(
        "cambist/engine/protocol.py", (r"^    closes: tuple\[float, \.\.\.\] = \(\)\n", "    toy_closes: int = 0\n")
    )
    tree.edit(
        "cambist/view/prices.py",
        (r'^    """Closes over the last 15 minutes, oldest first\."""\n', "    toy_closes: int = 0\n"),
    )
    (publisher,) = _naming(tree, "cambist/runtime", r"^            spark=p\.closes,\n")
    tree.edit(publisher, (r"^            spark=p\.closes,\n", "            toy_closes=p.toy_closes,\n"))
    tree.edit(
        "tui/panels/prices.py",
        (
            r"^        self\._span_ns = max\(.*\n",
            "        self.toy_closes = sum(row.toy_closes for row in section.rows)\n",
        ),
    )


def panel(tree: Tree) -> None:
    """Makes a panel of one line, with a section of its own."""
    (tree.root / "tui/panels/toy.py").write_text(TOY_PANEL)
    tree.edit(
        "tui/panels/__init__.py",
        (r"^from tui\.panels\.prices import Prices\n", "from tui.panels.toy import Toy\n"),
        (r'^    "log": Log,\n', '    "toy": Toy,\n'),
    )
    (tree.root / "cambist/view/toy.py").write_text(TOY_SECTION)
    tree.edit(
        "cambist/view/__init__.py",
        (r"^from cambist\.view\.trades import .*\n", "from cambist.view.toy import ToySection\n"),
        (r'^    "Status",\n', '    "ToySection",\n'),
        (r"^    log: LogSection = LogSection\(\)\n", "    toy: ToySection = ToySection()\n"),
    )
    (publisher,) = _naming(tree, "cambist/runtime", r"^            prices=prices,\n")
    tree.edit(
        publisher,
        (r"^from cambist\.runtime\.words import Names\n", "from cambist.view.toy import ToySection\n"),
        (r"^            prices=prices,\n", "            toy=bump(old.toy, ToySection(0, len(prices.rows))),\n"),
    )


def command(tree: Tree) -> None:
    """Makes an act of the live market that writes a line."""
    kind = 'class Toy(_Act, frozen=True, tag="toy"):\n    """Says hello."""\n\n    HANDLER = Handler.HUB\n\n\n'
    file = tree.root / "cambist/model/commands.py"
    text = file.read_text().replace("class Play(_Act", f"{kind}class Play(_Act")
    file.write_text(re.sub(r"^(LiveHubCommand = .*)$", r"\1 | Toy", text, flags=re.MULTILINE))
    (live,) = _naming(tree, "cambist/runtime", r"^            case StopRecording\(\):\n")
    hello = '            case Toy():\n                self._run.hub.note("info", "toy", "hello")\n'
    tree.edit(live, (r"^    StopRecording,\n", "    Toy,\n"))
    file = tree.root / live
    file.write_text(
        file.read_text().replace("            case StopRecording():\n", f"{hello}            case StopRecording():\n")
    )


def _naming(tree: Tree, folder: str, pattern: str) -> list[str]:
    """Returns the files of a folder in which a pattern is found."""
    found = sorted((tree.root / folder).rglob("*.py"))
    return [str(path.relative_to(tree.root)) for path in found if re.search(pattern, path.read_text(), re.MULTILINE)]


TOY_SECTION = '''"""A toy section."""

from __future__ import annotations

import msgspec


class ToySection(msgspec.Struct, frozen=True):
    """Toy."""

    version: int = 0
    prices: int = 0
'''

TOY_PANEL = '''"""A toy panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.strip import Strip

from tui.widgets.panel import Panel

if TYPE_CHECKING:
    from cambist.view import ToySection


class Toy(Panel):
    """How many prices there are."""

    NUMBER = 8
    TITLE = "Toy"

    section: ToySection | None

    def has_content(self) -> bool:
        """Returns True once there is a section."""
        return self.section is not None

    def body(self, width: int, height: int) -> list[Strip]:
        """Returns one line."""
        assert self.section is not None
        return [Strip.blank(width)] * min(height, 1)
'''
