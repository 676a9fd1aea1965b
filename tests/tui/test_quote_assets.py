"""The prices panel tells several quote assets apart, and shows equivalences among them."""

import msgspec
import pytest

from cambist.view import PriceRow
from tests.tui.fake import MS, FakeRuntime
from tests.tui.test_dashboard import settle, table
from tui.app import CambistApp

PEG = PriceRow(
    key="equivalence/kraken:USDC/USD", token="USDC", venue="kraken", bid=0.9999, ask=1.0001, age_ns=40 * MS,
    source="kraken:USDC/USD", venue_class="other", quote="USD", unit="USD", peg="in_band",
    peg_words="widened by 100 ppm",
)  # fmt: skip
OFF = msgspec.structs.replace(
    PEG, key="equivalence/b", stale=True, peg="out_of_band", peg_words="out of band -1900 ppm"
)


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


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_every_row_says_what_it_is_in(sol: PriceRow, size: tuple[int, int]) -> None:
    replace = msgspec.structs.replace
    rows = (
        replace(sol, key="a", venue="okx", quote="USDC", unit="USDC"),
        replace(sol, key="b", venue="kraken", quote="USD", unit="USD"),
        replace(sol, key="c", venue="bybit", quote="USDT", unit="USDT?"),
        replace(sol, key="d", venue="orca", quote="JUP", unit="USDC"),
        replace(sol, key="e", venue="none", quote="", unit=""),
    )
    head, *shown = (await lines_of(*rows, size=size))[1:7]
    at = head.index(" in ") + 1
    assert [line[at : at + 5].strip() for line in shown] == ["USDC", "USD", "USDT?", "~USDC", "–"]


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
