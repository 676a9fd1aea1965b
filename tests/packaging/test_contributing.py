"""CONTRIBUTING.md and the README say the truth about where things are: each path is there, each list is whole."""

import re
from pathlib import Path

import msgspec
import pytest

from cambist.config.settings import Bidding, Gates, Search
from cambist.engine import duel_cases
from cambist.engine.reference import exchanges, venues
from cambist.market.discovery.venues import VENUES as SEARCHED
from cambist.model.exchanges import EXCHANGES
from cambist.model.venues import POOL_VENUES
from cambist.simulator.exchanges import SIMULATED
from cambist.simulator.venues import VENUES as SIMULATED_POOLS
from tui.panels import PANELS

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
TOPS = {path.name for path in ROOT.iterdir()}
RUST, TWIN = ROOT / "engine_rs/core/src", ROOT / "cambist/engine/reference"
KINDS = {"accounts": "layout", "amm_math": "maths", "decode": "solana"}
"""Rows of the timing panel that are kinds of files, or several."""


def paths(text: str) -> set[str]:
    """Returns what stands in backticks and looks like a path of this tree."""
    words = {word for word in re.findall(r"`([^`\s]+)`", text) if "/" in word and "<" not in word}
    return {word for word in words if word.split("/")[0] in TOPS}


def section(title: str) -> str:
    """Returns the text below a heading."""
    return TEXT.split(f"\n## {title}\n")[1].split("\n## ")[0]


def names() -> dict[str, str]:
    """Returns brief name → room."""
    return dict(re.findall(r"\| `(\w+)` \| `(\w+)` (?=\|)", section("From the brief to the file")))


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "README.md", "SECURITY.md"])
def test_each_path_that_is_named_is_there(page: str) -> None:
    named = paths((ROOT / page).read_text())
    assert named or page == "SECURITY.md"
    assert sorted(each for each in named if "NAME" not in each and not (ROOT / each).exists()) == []


def test_every_room_of_a_pool_program_and_an_exchange_is_there() -> None:
    pools = [word for word in paths(section("A pool program")) if "NAME" in word]
    assert len(pools) == 4
    for venue in POOL_VENUES:
        assert all((ROOT / room.replace("NAME", venue.name)).exists() for room in pools), venue.name
    rooms = [word for word in paths(section("An exchange")) if "NAME" in word]
    assert len(rooms) == 4
    for each in SIMULATED:
        for room in rooms:
            found = ROOT / room.replace("NAME", each.name)
            assert found.exists() or found.with_suffix("").is_dir(), f"{each.name}: {room}"


@pytest.mark.parametrize("venue", POOL_VENUES, ids=lambda venue: venue.name)
def test_a_pool_programs_rooms_hold_the_same_files(venue) -> None:
    wanted = {"layout", "pool", "swap", "events", "owned", "program"}
    rust = {path.stem for path in (RUST / "venues" / venue.name).glob("*.rs")} - {"mod", "tests"}
    twin = {path.stem for path in (TWIN / "venues" / venue.name).glob("*.py")} - {"__init__"}
    assert rust == twin
    assert rust >= wanted


def test_the_tables_name_the_same_programs_and_exchanges() -> None:
    text = (RUST / "venues/mod.rs").read_text()
    (row,) = re.findall(r"^ +((?:[A-Z]\w+ \w+(?:, )?)+)$", text, re.MULTILINE)
    numbered = [pair.split()[1] for pair in row.split(", ")]
    assert numbered == list(venues.VENUES)
    pools = {venue.name for venue in POOL_VENUES}
    assert pools == set(numbered) == set(SEARCHED) == {venue.name for venue in SIMULATED_POOLS}
    mod = (RUST / "exchanges/mod.rs").read_text()
    assert re.findall(r"^    &(\w+)::EXCHANGE,$", mod, re.MULTILINE) == [
        {"cambist": "plain"}.get(row.name, row.name) for row in exchanges.TABLE
    ]
    own = {exchange.name.partition("-")[0] for exchange in EXCHANGES}
    assert own == {row.name for row in exchanges.TABLE} - {"cambist"}


@pytest.mark.parametrize("name", sorted(names()))
def test_a_name_of_the_brief_is_a_file_in_both_engines(name: str) -> None:
    room = names()[name]
    for home, end, inside in ((RUST, ".rs", "mod.rs"), (TWIN, ".py", "__init__.py")):
        place = home / room / name
        assert place.with_suffix(end).is_file() or (place / inside).is_file(), place


def test_the_rows_of_the_timing_panel_are_names_of_the_brief() -> None:
    rows = set(re.findall(r'_pair\("(\w+)"', Path(duel_cases.__file__).read_text()))
    assert len(names()) == 32
    assert rows <= {*names(), *KINDS}
    for word in (each for each in KINDS if each not in names()):
        assert f"`{word}`" in section("From the brief to the file")


@pytest.mark.parametrize(
    ("table", "file"),
    [
        (Gates, "judge/scorer/mod.rs"),
        (Bidding, "fees/cost.rs"),
        (Search, "engine/setup.rs"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_rust_has_each_setting_and_no_default(table: type[msgspec.Struct], file: str) -> None:
    text, kind = (RUST / file).read_text(), table.__name__
    shape = text.split(f"pub struct {kind} {{")[1].split("\n}\n")[0]
    assert re.findall(r"^    pub (\w+):", shape, re.MULTILINE) == order(shape, table)
    assert f"impl Default for {kind}" not in text
    head = text.split(f"pub struct {kind} {{")[0].rpartition("\n\n")[2]
    assert "#[serde(deny_unknown_fields)]" in head
    assert "default" not in f"{shape}{head.partition('#')[2]}"


def order(shape: str, table: type[msgspec.Struct]) -> list[str]:
    """Returns the fields of a table in the order in which Rust has them."""
    return sorted(table.__struct_fields__, key=lambda name: shape.find(f"pub {name}:"))


def test_each_panel_is_a_room_and_a_section() -> None:
    assert all((ROOT / "tui/panels" / f"{name}.py").is_file() for name in PANELS)


def sources() -> list[Path]:
    """Returns the files of both languages but tests, benches and what is generated."""
    folders = ("cambist", "feeds", "storage", "themes", "tui", "scripts", "engine_rs")
    found = [path for folder in folders for end in ("py", "rs") for path in (ROOT / folder).rglob(f"*.{end}")]
    spared = {"tests", "target", "benches", "fuzz"}
    return [path for path in found if not spared & {*path.relative_to(ROOT).parts} and path.name != "tests.rs"]


def test_a_long_file_says_why_it_is_one() -> None:
    long = [path for path in sources() if len(path.read_text(encoding="utf-8").splitlines()) > 400]
    silent = [
        str(path.relative_to(ROOT)) for path in long if "One file" not in path.read_text(encoding="utf-8")[:5_000]
    ]
    assert long
    assert silent == []
