"""The reference's rooms: its two tables are whole, and nothing outside them names a venue or an exchange."""

import ast
import re
from pathlib import Path

import pytest

from cambist.engine import reference
from cambist.engine.reference import exchanges, venues
from cambist.engine.reference.engine.registry.membership import KNOWN_OWNERS
from cambist.engine.reference.exchanges.event import ProtocolError
from cambist.engine.reference.venues.program import Role

ROOT = Path(reference.__file__).parent
PACKAGE = reference.__name__
ROOMS = {"ray4", "cpmm", "clmm", "orca", "dlmm", "damm2", "saber", "pump", "slab_decoder"}
FILES = {"layout", "pool", "swap", "events", "owned", "program"}
"""What each room of pools has, besides its maths."""
NO_EVENT = {"saber": "its program reports none", "serum": "its program reports none"}
BY_LINE = {"ray4"}
BY_FILL = {"phoenix"}
NOT_QUOTED = {
    "pump_curve": "a bonding curve, left once a token trades",
    "serum": "an order book: read by callers of the library",
    "openbook2": "an order book: read by callers of the library",
    "phoenix": "an order book: read by callers of the library",
    "jupiter": "a router",
}
NO_SWAP = {"jupiter": "its events repeat those of others"}
UNPROVED = {"pump": "the program was not recorded"}
WORDS = (
    *(row.venue for row in venues.TABLE),
    *(row.name for row in exchanges.TABLE if row.name != "cambist"),
    *("raydium", "whirlpool", "meteora", "damm", "openbook", "pump.fun", "usdm"),
)
NAMED_IN_CALLS = {"library/bins.py", "library/curves.py", "library/modules.py", "library/ranges.py"}
"""Public calls of single rooms: their names say whose they are, in both engines."""

rows = pytest.mark.parametrize("row", venues.TABLE, ids=lambda row: row.venue)
pools = pytest.mark.parametrize("row", [row for row in venues.TABLE if row.curve], ids=lambda row: row.venue)
exchange_rows = pytest.mark.parametrize("row", exchanges.TABLE, ids=lambda row: row.name)


def sources(*, inside: tuple[str, ...] = (), outside: tuple[str, ...] = ()):
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT)
        if (not inside or name.parts[0] in inside) and name.parts[0] not in outside:
            yield name, path


def module(base: str, name: str) -> str:
    """Returns what `from base import name` loads: a module of that name, else the base."""
    whole = f"{base}.{name}".removeprefix(".")
    path = ROOT / whole.replace(".", "/")
    return whole if path.is_dir() or path.with_suffix(".py").exists() else base


def imports(path: Path) -> set[str]:
    """Returns the modules of the reference that a file loads: without those of types only."""
    found: set[str] = set()

    def walk(body):
        for node in body:
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
                continue
            if isinstance(node, ast.ImportFrom) and node.module and f"{node.module}.".startswith(f"{PACKAGE}."):
                base = node.module.removeprefix(PACKAGE).removeprefix(".")
                found.update(module(base, alias.name) for alias in node.names)
            walk(getattr(node, "body", ()))

    walk(ast.parse(path.read_text()).body)
    return found


def test_no_two_rows_share_a_name_or_an_id():
    names = [row.venue for row in venues.TABLE]
    ids = [key for row in venues.TABLE for key in row.ids]
    assert len(set(names)) == len(names)
    assert len(set(ids)) == len(ids)
    assert all(len(key) == 32 for key in ids)
    assert len({row.name for row in exchanges.TABLE}) == len(exchanges.TABLE)


@rows
def test_each_row_says_who_it_is_and_how_far_it_is_proved(row):
    assert row.venue
    assert row.ids
    assert row.proof
    assert row.proof.startswith("none: ") == (row.venue in UNPROVED)
    assert all(venues.program_of(key) is row and venues.venue_of(key) == row.venue for key in row.ids)
    assert venues.named(row.venue) is row


@rows
def test_each_row_has_a_curve_or_a_reason_for_none(row):
    assert (row.curve is None) == (row.venue in NOT_QUOTED)
    assert (row.compute is None) == (row.curve is None)
    assert bool(row.swaps) == (row.curve is not None)


@rows
def test_each_row_reads_what_its_program_reports(row):
    reported = bool(row.events), row.line is not None, row.fills is not None
    assert any(reported) != (row.venue in NO_EVENT)
    assert reported[1] == (row.venue in BY_LINE)
    assert row.venue not in BY_FILL or reported == (False, False, True)
    assert all(len(tag) == 8 for tag in row.events)


@rows
def test_each_row_knows_the_accounts_of_its_swaps(row):
    module = row.layout.__module__
    assert module.endswith(".program") == (row.venue in NO_SWAP)
    assert row.layout([], bytes(8)) is None


@pools
def test_each_room_of_pools_is_furnished(row):
    room = ROOT / "venues" / row.venue
    assert {path.stem for path in room.glob("*.py")} >= FILES
    assert Role.POOL in row.curve.layouts
    assert all(hasattr(layout, "decode") for layout in row.curve.layouts.values())
    assert all(role in row.curve.layouts for role, _ in row.curve.members)
    assert row.curve.from_raw([]) is None
    assert not row.curve.is_recorded(None)
    assert {*row.ids, *row.curve.owners.values()} <= KNOWN_OWNERS


def test_a_venue_is_known_by_its_place():
    assert venues.VENUES == ("ray4", "cpmm", "orca", "clmm", "dlmm", "damm2", "saber", "pump")
    assert set(venues.TYPICAL) <= set(venues.VENUES)


@exchange_rows
def test_each_exchange_decodes_its_protocols(row):
    assert row.proof
    assert row.protocols
    for protocol in row.protocols:
        assert protocol.split(".")[0] == row.name
        assert any(protocol.startswith(books.head) for books in row.books)
    with pytest.raises(ProtocolError):
        exchanges.decode_venue(f"{row.name}.nothing", "", b"{}")


@exchange_rows
def test_each_exchange_says_how_its_books_follow(row):
    for books in row.books:
        continuity = exchanges.Continuity(books.continuity)
        assert continuity.rules is books.rules
        assert continuity.is_perpetual == books.perpetual
        assert exchanges.Continuity.of(f"{books.head}ws") is continuity


def test_each_continuity_is_of_one_exchange():
    used = [books.continuity for row in exchanges.TABLE for books in row.books]
    assert sorted(used) == sorted(exchanges.Continuity)


def test_nothing_outside_the_rooms_names_a_venue():
    words = re.compile("|".join(re.escape(word) for word in WORDS), re.IGNORECASE)
    found = {
        f"{name}:{line}: {text.strip()}"
        for name, path in sources(outside=("venues", "exchanges"))
        if name.as_posix() not in NAMED_IN_CALLS
        for line, text in enumerate(path.read_text().splitlines(), 1)
        if words.search(text)
    }
    assert not found


def test_rooms_do_not_know_each_other():
    for name, path in sources(inside=("venues",)):
        if len(name.parts) > 2:
            others = {each for each in imports(path) if each.startswith("venues.") and each.split(".")[1] in ROOMS}
            assert {each.split(".")[1] for each in others} <= {name.parts[1]}, name


def test_no_module_loads_itself_by_others():
    graph = {}
    for name, path in sources():
        own = ".".join(name.with_suffix("").parts).removesuffix("__init__").removesuffix(".")
        graph[own] = imports(path) - {own}
    graph = {own: {each for each in loaded if each in graph} for own, loaded in graph.items()}
    while leaves := {own for own, loaded in graph.items() if not loaded}:
        graph = {own: loaded - leaves for own, loaded in graph.items() if own not in leaves}
    assert not graph
