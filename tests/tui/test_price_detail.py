import json

import msgspec
import pytest

from cambist.model.commands import InspectPrice
from cambist.view import PriceDetail
from tests.tui.stage import Stage, StubRuntime, price_bars, price_detail, text, with_price
from tui.app import CambistApp
from tui.commands import REGISTRY, Situation
from tui.glyphs import use_ascii
from tui.screens import price_page
from tui.screens.help import HelpScreen
from tui.screens.palette import offers
from tui.screens.price_detail import PriceDetailScreen
from tui.widgets import price_chart
from tui.widgets.canvas import Canvas, cells


def drawn(detail: PriceDetail, size: tuple[int, int] = (108, 31)) -> str:
    canvas = Canvas(*size)
    price_page.draw(canvas, detail)
    return canvas.text()


def line_with(shown: str, word: str) -> str:
    return next(line for line in shown.splitlines() if word in line)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_enter_on_a_price_opens_its_token_and_esc_comes_back(size: tuple[int, int]) -> None:
    runtime = with_price()
    async with CambistApp(runtime).run_test(size=size) as pilot:
        await pilot.pause(0.2)
        await pilot.press("1", "enter")
        await pilot.pause(0.2)
        assert isinstance(pilot.app.screen, PriceDetailScreen)
        assert runtime.submitted[-1] == InspectPrice(runtime.view.prices.rows[0].key)
        shown = text(pilot.app)
        wanted = ("5 s bars of ray4, last one provisional.", "KAMA", "band high", "RSI 14", "5 min ago", "reference")
        for part in wanted:
            assert part in shown
        await pilot.press("escape")
        await pilot.pause(0.1)
        assert not isinstance(pilot.app.screen, PriceDetailScreen)
        assert runtime.submitted[-1] == InspectPrice()


async def test_it_waits_with_seconds_then_says_that_the_price_is_gone() -> None:
    runtime = StubRuntime()
    app = Stage(runtime)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = PriceDetailScreen(runtime, "nowhere")
        await app.push_screen(screen)
        await pilot.pause(0.2)
        assert "Asking the engine for bars" in text(app)
        screen._asked -= 3
        screen.renew()
        assert "This price went before it could be opened." in text(app)


async def test_a_price_that_vanishes_leaves_its_last_picture() -> None:
    runtime = with_price()
    opened = runtime.view.price_detail
    app = Stage(runtime)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = PriceDetailScreen(runtime, opened.key)
        await app.push_screen(screen)
        await pilot.pause(0.2)
        runtime.set(price_detail=None)
        screen.renew()
        assert "gone" in text(app)
        assert "KAMA" in text(app)
        runtime.set(price_detail=opened)
        screen.renew()
        assert "gone" not in text(app)


async def test_brackets_walk_from_token_to_token_and_stop_at_the_ends() -> None:
    runtime = StubRuntime()
    app = Stage(runtime)
    async with app.run_test(size=(120, 40)) as pilot:
        await app.push_screen(PriceDetailScreen(runtime, "SOL/orca"))
        for key, wanted in (("]", "JUP/orca"), ("]", "BONK/orca"), ("[", "JUP/orca"), ("[", "SOL/binance")):
            await pilot.press({"[": "left_square_bracket", "]": "right_square_bracket"}[key])
            assert app.screen.key == wanted  # type: ignore[attr-defined]  # the detail is open
        await pilot.press("left_square_bracket")
        assert app.screen.key == "SOL/binance"  # type: ignore[attr-defined]  # the detail is open


async def test_y_copies_json_that_reads_back() -> None:
    runtime = with_price()
    app = Stage(runtime)
    async with app.run_test(size=(120, 40)) as pilot:
        await app.push_screen(PriceDetailScreen(runtime, runtime.view.price_detail.key))
        await pilot.pause(0.2)
        await pilot.press("y")
        assert len(json.loads(app.copied)["bars"]) == 60
        assert msgspec.json.decode(app.copied.encode(), type=PriceDetail) == runtime.view.price_detail
        assert "copied as JSON" in text(app)


async def test_k_halts_from_the_overlay() -> None:
    runtime = with_price()
    async with CambistApp(runtime).run_test(size=(120, 40)) as pilot:
        await pilot.pause(0.1)
        await pilot.press("1", "enter")
        await pilot.pause(0.1)
        await pilot.press("k")
        assert "halt" in runtime.names()


def test_footer_help_and_palette_offer_it_on_prices_alone() -> None:
    prices, cycles = Situation(panel="prices"), Situation(panel="cycles")
    assert "price" in {action.id for action in REGISTRY.footer(prices, 200, 3)}
    assert [action.id for action in REGISTRY.available(prices) if "enter" in action.keys] == ["price"]
    assert [action.id for action in REGISTRY.available(cycles) if "enter" in action.keys] == ["detail"]
    assert any(offer.action == "price" for offer in offers(REGISTRY.available(prices), [], ()))
    assert "open bars, average and band" in str(HelpScreen(StubRuntime(), prices, "Price feeds")._found())


@pytest.mark.parametrize(
    ("count", "present", "absent"),
    [
        (1, "1 of 20 bars for the band, 15 for the RSI, 11 for KAMA.", "no unsaid"),
        (12, "12 of 20 bars for the band, 15 for the RSI.", "KAMA."),
        (20, "last one provisional.", "20 bars for the band"),
    ],
)
def test_too_few_bars_are_counted(count: int, present: str, absent: str) -> None:
    shown = drawn(price_detail(count))
    assert present in shown
    assert absent not in shown
    known = line_with(shown, "band high").split()[-1]
    assert (known == "–") == (count < 20)


def test_without_a_bar_it_says_so_and_draws_nothing() -> None:
    shown = drawn(price_detail(bars=(), provisional=None, rsi=None))
    assert "No price of ray4 has come since the start." in shown
    assert "The first bar is not known yet." in shown
    assert not any(0x2800 < ord(char) < 0x2900 for line in shown.splitlines() for char in line[:70])


def test_the_scale_is_that_of_closes_average_and_band() -> None:
    detail = price_detail()
    bars = (*detail.bars, detail.provisional)
    values = [v for b in bars for v in (b.close, b.kama, b.band_low, b.band_high) if v is not None]
    assert price_chart.bounds(price_chart.lines(bars)) == (min(values), max(values))
    shown = drawn(detail)
    assert f"{max(values):.3f}" in shown
    assert f"{min(values):.3f}" in shown


def test_the_mark_stands_at_the_last_close_and_every_line_is_drawn() -> None:
    bars = price_bars(61)
    canvas = Canvas(61, 20)
    price_chart.draw(canvas, 0, 0, 61, 20, bars)
    row = price_chart.row_of(bars[-1].close, 20, price_chart.bounds(price_chart.lines(bars)))
    assert canvas.rows[row][60] == ("●", "strong bold")
    roles = {role for line in canvas.rows for char, role in line if char != " "}
    assert roles == {"text", "accent", "muted", "strong bold"}
    assert all(any(line[column][0] != " " for line in canvas.rows) for column in range(61))


def test_a_hole_in_the_bars_is_a_hole_in_the_line() -> None:
    bars = price_bars(61)
    canvas = Canvas(61, 10)
    price_chart.draw(canvas, 0, 0, 61, 10, bars[:20] + bars[40:])
    filled = [any(line[column][0] != " " for line in canvas.rows) for column in range(61)]
    assert not any(filled[22:39])
    assert all(filled[:19])
    assert all(filled[41:])


def test_a_flat_price_is_a_flat_line() -> None:
    bars = tuple(msgspec.structs.replace(b, close=1.0, kama=1.0, band_low=1.0, band_high=1.0) for b in price_bars(61))
    canvas = Canvas(30, 9)
    price_chart.draw(canvas, 0, 0, 30, 9, bars)
    assert [y for y, line in enumerate(canvas.rows) if any(char != " " for char, _ in line)] == [4]


def test_venues_show_how_far_they_are_from_the_reference() -> None:
    shown = drawn(price_detail())
    assert "reference" in line_with(shown, "ray4        ")
    own, other = (172.398 + 172.829) / 2, (172.455 + 172.524) / 2
    assert f"−{abs(other / own - 1) * 1e4:.1f}" in line_with(shown, "orca")
    assert "–" in line_with(shown, "binance")
    assert shown.count("1\u2009000\u2009000") == 3


def test_a_reference_that_is_not_believed_says_why() -> None:
    shown = drawn(price_detail(state="torn"))
    assert "◌ torn" in shown


@pytest.mark.parametrize("size", [(108, 31), (108, 30), (108, 28), (80, 22), (109, 22), (100, 40)])
@pytest.mark.parametrize("count", [1, 12, 61])
def test_hostile_text_many_venues_and_odd_values_stay_inside_the_box(size: tuple[int, int], count: int) -> None:
    evil = "\x1b[31m[bold]VERYLONGVENUE" + "漢字" * 40
    whole = price_detail(count)
    rows = tuple(
        msgspec.structs.replace(whole.rows[0], key=f"k{n}", venue=f"{n}{evil}", bid=bid, ask=1e300, depth=1e300)
        for n, bid in enumerate((1e-9, 1e12, float("nan"), None, 5.0, 6.0, 7.0, 8.0, 9.0))
    )
    detail = price_detail(count, token=evil, quote=evil, venue=evil, source=evil, state=evil, rows=rows, rsi=1e9)
    last = msgspec.structs.replace(detail.provisional, close=1e300, kama=float("inf"))
    canvas = Canvas(*size)
    price_page.draw(canvas, msgspec.structs.replace(detail, provisional=last))
    canvas.box("Price detail")
    for line in canvas.text().splitlines():
        assert cells(line) <= size[0]
        assert line.isprintable() or "\u2009" in line
        assert "\x1b" not in line
    assert all(row[-1][0] == "│" for row in canvas.rows[1:-1])
    assert "more venues in the table" in canvas.text()


@pytest.mark.parametrize("size", [(108, 31), (80, 22)])
def test_ascii_draws_no_other_character(size: tuple[int, int]) -> None:
    use_ascii(True)
    try:
        canvas = Canvas(*size)
        price_page.draw(canvas, price_detail(source="demo"))
        canvas.box("Price detail")
        assert canvas.text().isascii()
        assert "=" in canvas.text()
    finally:
        use_ascii(False)


async def test_the_panel_marks_the_reference_venue_and_says_what_the_indicators_are_of() -> None:
    runtime = StubRuntime()
    rows = tuple(msgspec.structs.replace(r, reference=r.key == "SOL/ray4") for r in runtime.view.prices.rows)
    runtime.change("prices", rows=rows)
    async with CambistApp(runtime).run_test(size=(120, 40)) as pilot:
        await pilot.pause(0.2)
        panel = pilot.app.screen.query_one("#prices")
        lines = [strip.text for strip in panel._lines]  # type: ignore[attr-defined]  # what it painted last
        assert "5 s bars, ◆ reference venue" in lines[0]
        assert [line[1] for line in lines[2:6]] == [" ", "◆", " ", " "]
