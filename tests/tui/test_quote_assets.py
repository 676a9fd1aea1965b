"""The prices panel tells several quote assets apart, and shows equivalences among them."""

import msgspec
import pytest

from cambist.model.venues import VENUE_OF_PROGRAM
from cambist.view import PriceRow
from tests.tui.board import settle, table
from tests.tui.fake import MS, FakeRuntime
from tui.app import CambistApp
from tui.widgets.snapshot_table import SnapshotTable

PEG = PriceRow(
    key="equivalence/kraken:USDC/USD", token="USDC", venue="kraken", bid=0.9999, ask=1.0001, age_ns=40 * MS,
    source="kraken:USDC/USD", venue_class="other", quote="USD", unit="USD", peg="in_band",
    peg_words="widened by 100 ppm",
)  # fmt: skip
OFF = msgspec.structs.replace(
    PEG, key="equivalence/b", stale=True, peg="out_of_band", peg_words="out of band -1900 ppm"
)


def all_lines(panel: SnapshotTable) -> list[str]:
    """Returns every row as it shows when it is scrolled into view."""
    found = []
    for at in range(panel.rows_shown):
        panel._top = at
        panel.repaint()
        found.append(panel.lines()[2 + at - panel._top])
    return found


async def lines_of(*rows: PriceRow, size: tuple[int, int] = (200, 60), ascii_only: bool = False) -> list[str]:
    """Returns the lines of the panel when it shows these rows."""
    runtime = FakeRuntime()
    runtime.change("prices", rows=rows)
    async with CambistApp(runtime, ascii=ascii_only).run_test(size=size) as pilot:
        await settle(pilot, pilot.app)
        return table(pilot.app, "prices").lines()


@pytest.fixture
def sol() -> PriceRow:
    return FakeRuntime().view.prices.rows[0]


UNITS = (("USDC", "USDC"), ("USD", "USD"), ("USDT", "USDT?"), ("JUP", "USDC"), ("", ""))
"""What a source trades against, and what its price is in."""


def alike(sol: PriceRow, *venues: str, units: tuple[tuple[str, str], ...] = UNITS) -> tuple[PriceRow, ...]:
    """Returns rows of one token and one price, on each venue in each unit; neither is the best."""
    return tuple(
        msgspec.structs.replace(
            sol, key=f"{venue}/{quote}", venue=venue, quote=quote, unit=unit, best_bid=False, best_ask=False
        )
        for quote, unit in units
        for venue in venues
    )


@pytest.mark.parametrize("size", [(120, 40), (200, 60)])
async def test_every_row_says_what_it_is_in(sol: PriceRow, size: tuple[int, int]) -> None:
    head, *shown = (await lines_of(*alike(sol, "okx"), size=size))[1:7]
    at = head.index(" in ") + 1
    assert [line[at : at + 5].strip() for line in shown] == ["USDC", "USD", "USDT?", "~USDC", "–"]


async def test_on_a_small_screen_a_sign_says_what_is_not_in_the_panels_own_unit(sol: PriceRow) -> None:
    title, head, *shown = (await lines_of(*alike(sol, "okx"), size=(80, 24)))[:7]
    assert "in USDC" in title
    at = head.index(" in ") + 1
    assert [line[at : at + 2].strip() for line in shown] == ["", "$", "T?", "~", "–"]


EXCHANGES = ("binance", "kraken", "okx", "bybit", "coinbase")


@pytest.mark.parametrize("theme", ["verdigris", "mono"])
@pytest.mark.parametrize(("token", "price"), [("SOL", 172.431), ("jitoSOL", 0.000021874)])
async def test_on_a_small_screen_no_two_rows_look_alike(sol: PriceRow, token: str, price: float, theme: str) -> None:
    peg = msgspec.structs.replace(PEG, key="peg", token=token, venue="kraken", bid=price, ask=price, stale=True)
    sol = msgspec.structs.replace(sol, token=token, bid=price, ask=price, stale=True)
    rows = (*alike(sol, *EXCHANGES, *sorted(set(VENUE_OF_PROGRAM.values()))), peg)
    runtime = FakeRuntime()
    runtime.change("prices", rows=rows)
    async with CambistApp(runtime, theme=theme).run_test(size=(80, 24)) as pilot:
        await settle(pilot, pilot.app)
        seen = [line.replace(token, " " * len(token)) for line in all_lines(table(pilot.app, "prices"))]
    assert len(set(seen)) == len(rows), "venue and unit tell every row from every other"
    for venue in {row.venue for row in rows}:
        assert sum(f" {venue}" in line for line in seen) >= len(UNITS)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_every_venue_has_its_whole_name(sol: PriceRow, size: tuple[int, int]) -> None:
    venues = (*EXCHANGES, *sorted(set(VENUE_OF_PROGRAM.values())))
    runtime = FakeRuntime()
    runtime.change("prices", rows=alike(sol, *venues, units=(("USDC", "USDC"),)))
    async with CambistApp(runtime).run_test(size=size) as pilot:
        await pilot.press("1", "z")
        await settle(pilot, pilot.app)
        _, head, *lines = table(pilot.app, "prices").lines()
        at = head.index("venue")
        assert [line[at : at + 8].rstrip() for line in lines[: len(venues)]] == list(venues)


async def test_the_title_names_all_units(sol: PriceRow) -> None:
    title = (await lines_of(sol, msgspec.structs.replace(sol, key="b", quote="USD", unit="USD"), PEG))[0]
    assert "in USDC, USD" in title


@pytest.mark.parametrize("size", [(120, 40), (200, 60)])
async def test_an_equivalence_is_a_row_with_state_and_age(sol: PriceRow, size: tuple[int, int]) -> None:
    lines = await lines_of(sol, PEG, OFF, size=size)
    peg = next(line for line in lines if "≡USD" in line)
    assert "USDC" in peg
    assert "0.99990" in peg
    assert "widened by" in peg
    assert "40 ms" in peg
    off = next(line for line in lines if "out of band" in line)
    assert "≡USD" in off


async def test_in_ascii_an_equivalence_needs_no_other_sign(sol: PriceRow) -> None:
    lines = await lines_of(sol, PEG, ascii_only=True)
    assert any("=USD" in line for line in lines)
    assert all(line.isascii() for line in lines)
