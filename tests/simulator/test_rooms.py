"""Every pool program and every exchange of the market is one room and one row; nothing else names one."""

import ast
from importlib import import_module
from pathlib import Path

import pytest

from cambist.engine.reference.chain import base58
from cambist.model.exchanges import EXCHANGES
from cambist.model.venues import POOL_VENUES
from cambist.simulator import exchanges, venues
from cambist.simulator.exchanges import FIRST, SIMULATED, SIMULATED_OF
from cambist.simulator.exchanges.base import Exchange
from cambist.simulator.exchanges.simulated import Simulated
from cambist.simulator.layout import Layout
from cambist.simulator.tokens import tokens
from cambist.simulator.venue import Venue
from cambist.simulator.venues import HANDLERS, VENUE_OF, VENUES, specs

HOME = Path(venues.__file__).parents[1]
PARTS = {"catalogue", "layout", "market", "funding", "instruction", "program"}
"""What every room of a pool program has; one whose pool's account changes has `accounts` too."""
COMMON_WORDS = {"amm", "v2", "v4"}
PROGRAMS = {word.lower() for venue in POOL_VENUES for word in (venue.name, *venue.title.split())} - COMMON_WORDS
NAMES = PROGRAMS | {exchange.name for exchange in EXCHANGES}
A_TOKEN = "a token bears the name"
ALLOWED = {
    "venues/__init__.py": (PROGRAMS, "the table"),
    "exchanges/__init__.py": (NAMES - PROGRAMS, "the table"),
    "tokens.py": ({"orca"}, A_TOKEN),
    "prices.py": ({"orca"}, A_TOKEN),
}


def rooms(package: str) -> dict[str, Path]:
    return {path.parent.name: path.parent for path in (HOME / package).glob("*/__init__.py")}


def imported(path: Path) -> set[str]:
    """Returns the modules that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def test_the_tables_are_the_rooms() -> None:
    assert list(VENUE_OF) == [venue.name for venue in VENUES]
    assert set(VENUE_OF) == set(rooms("venues")) == {venue.name for venue in POOL_VENUES}
    assert set(SIMULATED_OF) == set(rooms("exchanges"))
    assert [row.name for row in SIMULATED] == [one.name for one in EXCHANGES if one.name in SIMULATED_OF]
    assert [row.name for row in SIMULATED if row.first] == [FIRST]


@pytest.mark.parametrize("venue", VENUES, ids=lambda venue: venue.name)
def test_a_pool_programs_row_is_complete(venue: Venue) -> None:
    (facts,) = (known for known in POOL_VENUES if known.name == venue.name)
    assert base58.encode(venue.programs[0]) in facts.programs
    assert HANDLERS[venue.programs[0]] is venue.run
    assert venue.layouts
    assert all(isinstance(layout, Layout) for layout in venue.layouts)
    assert {path.stem for path in rooms("venues")[venue.name].glob("*.py")} >= PARTS
    room = f"cambist.simulator.venues.{venue.name}."
    for made in (venue.spec, venue.fund, venue.instruction, venue.units, venue.run):
        assert made.__module__.startswith(room)
    mine = [spec for spec in specs(tokens()) if spec.venue == venue.name]
    assert mine
    assert len({spec.address for spec in mine}) == len(mine)
    assert set(venue.exact_out) <= {True, False}


@pytest.mark.parametrize("row", SIMULATED, ids=lambda row: row.name)
def test_an_exchanges_row_is_complete(row: Simulated) -> None:
    kind = getattr(import_module(f"{exchanges.__name__}.{row.name}.exchange"), row.kind)
    assert issubclass(kind, Exchange)
    assert kind.venue == row.name
    assert row.facts in EXCHANGES
    assert row.listings
    assert len({listing.symbol for listing in row.listings}) == len(row.listings)
    assert row.levels is None or row.levels > 0


@pytest.mark.parametrize("package", ["venues", "exchanges"])
def test_no_room_knows_another(package: str) -> None:
    known = rooms(package)
    for name, room in known.items():
        others = tuple(f"cambist.simulator.{package}.{other}" for other in known if other != name)
        for path in room.rglob("*.py"):
            assert not [module for module in imported(path) if module.startswith(others)], path
            assert f"cambist.simulator.{package}" not in imported(path), f"{path} imports the table"


def test_nothing_else_names_a_program_or_an_exchange() -> None:
    found = {}
    for path in sorted(HOME.rglob("*.py")):
        where = path.relative_to(HOME)
        if len(where.parts) > 2 and where.parts[0] in ("venues", "exchanges"):
            continue
        text = path.read_text().lower()
        allowed, _ = ALLOWED.get(where.as_posix(), (set(), ""))
        named = {name for name in NAMES if name in text} - allowed
        if named:
            found[where.as_posix()] = named
    assert not found
