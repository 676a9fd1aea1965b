import json

import msgspec
import pytest

from cambist.model.commands import InspectCycle
from cambist.model.opportunity import End
from cambist.view import CycleDetail, CycleEnd, Gate, HopRow
from tests.tui.fake import MS, NOW
from tests.tui.stage import Stage, StubRuntime, cycle_detail, cycle_history, cycle_row, outline, text, with_detail
from tui.app import CambistApp
from tui.formats import grouped
from tui.glyphs import use_ascii
from tui.screens import detail_page
from tui.screens.detail import ENDS, NOT_SIZED, DetailScreen
from tui.widgets import profit_curve, waterfall
from tui.widgets.canvas import Canvas, Sheet, cells


def drawn(detail: CycleDetail, *, why: bool = False, size: tuple[int, int] = (108, 31)) -> str:
    canvas = Canvas(*size)
    detail_page.draw(canvas, detail, why=why)
    return canvas.text()


async def test_enter_opens_the_cycle_under_the_cursor_and_esc_comes_back() -> None:
    runtime = with_detail()
    async with CambistApp(runtime).run_test(size=(120, 40)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert isinstance(pilot.app.screen, DetailScreen)
        assert runtime.submitted[-1] == InspectCycle(runtime.view.cycles.rows[0].key)
        shown = text(pilot.app)
        for part in ("Hops", "Where the gross goes", "Why it is a go", "Profit against size", "+0.01775", "◆", "● GO"):
            assert part in shown
        await pilot.press("escape")
        await pilot.pause(0.1)
        assert not isinstance(pilot.app.screen, DetailScreen)
        assert runtime.submitted[-1] == InspectCycle()


def test_the_decision_in_full_says_what_each_strategy_said_of_a_go() -> None:
    row = msgspec.structs.replace(
        cycle_row(), reason="go", declined=(("between", "no inventory"), ("rule", "rule says no"))
    )
    shown = drawn(cycle_detail(row=row), why=True)
    for name, why in row.declined:
        (line,) = [line for line in shown.splitlines() if name in line and why in line]
        assert line.index(name) < line.index(why)
    other = msgspec.structs.replace(row, reason="below_min")
    assert "no inventory" not in drawn(cycle_detail(row=other), why=True), "that was of an earlier chance"


def test_what_a_trade_leaves_to_be_moved_is_said_beside_what_binds_it() -> None:
    ways = ("binance to solana", "solana to binance", "kraken to solana")
    moves = (f"Leaves 12.5 SOL to move from {way} over a net: 3 min, 0.001 SOL a trade." for way in ways)
    detail = cycle_detail(binds=" ".join((cycle_detail().binds, *moves, "Nothing is moved by itself.")))
    for size in ((120, 40), (200, 60)):
        shown = " ".join(drawn(detail, size=size).split())
        assert "depth sets the peak" in shown
        assert "Nothing is moved by itself." in shown
        assert "Profit against size" in shown
    low = drawn(detail, size=(108, 28))
    assert "binance to" in " ".join(low.split())
    assert "Nothing" not in low, "the curve keeps its rows"
    bare = drawn(cycle_detail(), size=(108, 28))
    assert "Profit against size" in low
    assert "Leaves" not in bare


async def test_it_waits_with_seconds_then_says_that_the_cycle_is_gone() -> None:
    runtime = StubRuntime()
    app = Stage(runtime)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = DetailScreen(runtime, "nowhere")
        await app.push_screen(screen)
        await pilot.pause(0.2)
        assert "Asking the engine" in text(app)
        screen._asked -= 3
        screen.renew()
        assert "closed this cycle before it could be opened" in text(app)


async def test_a_cycle_that_vanishes_leaves_its_last_picture_and_comes_back() -> None:
    runtime = with_detail()
    key, opened = runtime.view.cycles.rows[0].key, runtime.view.detail
    app = Stage(runtime)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = DetailScreen(runtime, key)
        await app.push_screen(screen)
        await pilot.pause(0.2)
        runtime.set(detail=None)
        screen.renew()
        assert "Cycle detail, gone" in text(app)
        assert "○ gone" in text(app)
        assert "GO" not in text(app)
        assert "Where the gross goes" in text(app)
        runtime.set(detail=opened)
        screen.renew()
        assert "gone" not in text(app)


SIZES = [(80, 24), (120, 40), (200, 60)]
ENDED = CycleEnd(NOW, 312_884_133, End.LOST)


def roles(app: CambistApp) -> set[str]:
    """Returns the roles of all cells within the border of the topmost overlay."""
    canvas = app.screen.page(*app.screen.query_one(Sheet).size)
    return {role for row in canvas.rows[1:-2] for _, role in row[1:-1]}


@pytest.mark.parametrize("size", SIZES)
async def test_one_that_is_watched_shows_its_history_and_then_its_end(size: tuple[int, int]) -> None:
    runtime = with_detail()
    key, opened = runtime.view.cycles.rows[0].key, runtime.view.detail
    async with CambistApp(runtime).run_test(size=size) as pilot:
        app = pilot.app
        await pilot.pause(0.2)
        await pilot.press("enter")
        await pilot.pause(0.2)
        shown = text(app)
        wide = size[0] >= 120
        assert (f"first seen 14:02:19, slot {grouped(312_884_102)}" if wide else "first seen 14:02:19 · ") in shown
        assert "stands for 12.4 s · best net +0.01821 SOL at 14:02:25" in shown
        assert "● GO" in shown
        assert "accent bold" in roles(app)

        ended = outline(key, ENDED, stood_ns=12_400 * MS)
        runtime.set(detail=None, outline=ended)
        await pilot.pause(0.2)
        for _ in range(2):
            shown = text(app)
            assert f"Cycle detail, ended 14:02:31, slot {grouped(312_884_133)}" in shown
            assert "stood for 12.4 s · best net +0.01821 SOL at 14:02:25" in shown
            assert "It paid no more after costs; this is how it was last. [ ] opens another." in shown
            assert "○ ended" in shown
            assert "GO" not in shown
            assert "stands" not in shown
            assert "Positive from" not in shown
            assert "Where the gross goes" in shown
            assert roles(app) == {"muted"}
            runtime.set(outline=None)  # the engine remembers it no more
            await pilot.pause(5)

        runtime.set(detail=opened)  # it was found again
        await pilot.pause(0.2)
        shown = text(app)
        assert "ended" not in shown
        assert "● GO" in shown
        assert "stands for 12.4 s" in shown
        await pilot.press("escape")


@pytest.mark.parametrize("how", list(End))
async def test_each_end_has_its_words_and_one_opened_after_it_shows_them_at_once(how: End) -> None:
    runtime = StubRuntime()
    runtime.set(outline=outline("a", CycleEnd(NOW, None, how)))
    app = Stage(runtime)
    words = {
        End.GONE: "A leg can't be traded any more",
        End.UNSIZED: "No size can be quoted any more",
        End.LOST: "It paid no more after costs",
        End.CROWDED: "Crowded out by better cycles",
    }
    async with app.run_test(size=(120, 40)) as pilot:
        await app.push_screen(DetailScreen(runtime, "a", order=lambda: ["a", "b"]))
        await pilot.pause(0.1)
        shown = text(app)
        assert f"{words[how]}: ended 14:02:31." in shown
        assert "best net +0.01821 SOL" in shown
        await pilot.press("right_square_bracket")
        assert "Asking the engine" in text(app)


async def test_one_that_is_not_sized_now_stands_and_says_so() -> None:
    runtime = with_detail()
    key = runtime.view.cycles.rows[0].key
    app = Stage(runtime)
    async with app.run_test(size=(120, 40)) as pilot:
        await app.push_screen(DetailScreen(runtime, key))
        await pilot.pause(0.2)
        runtime.set(detail=None, outline=outline(key, None, stood_ns=20_000 * MS))
        await pilot.pause(0.2)
        shown = text(app)
        assert "Cycle detail, not sized now" in shown
        assert "Others on its pools earn more; this is how it was last." in shown
        assert "stands for 20.0 s" in shown
        assert "○ not sized" in shown
        assert "GO" not in shown


async def test_what_is_copied_of_one_that_ended_says_its_end() -> None:
    runtime = with_detail()
    key = runtime.view.cycles.rows[0].key
    app = Stage(runtime)
    async with app.run_test(size=(120, 40)) as pilot:
        await app.push_screen(DetailScreen(runtime, key))
        await pilot.pause(0.2)
        runtime.set(detail=None, outline=outline(key, ENDED))
        await pilot.pause(0.2)
        await pilot.press("y")
        assert json.loads(app.copied)["history"]["ended"] == {"at_ns": NOW, "slot": 312_884_133, "how": "lost"}


def test_what_is_not_known_of_a_history_is_a_dash_and_never_zero() -> None:
    bare = cycle_history(found_ns=None, found_slot=None, stood_ns=None, best_net=None, best_ns=None)
    assert detail_page.facts(bare, "SOL", 9) == "first seen – · stands for – · best net –"
    assert detail_page.facts(cycle_history(), "", 0).endswith("best net –")
    assert "best net −0.00001 SOL" in detail_page.facts(cycle_history(best_net=-10_000), "SOL", 9)


@pytest.mark.parametrize("room", [102, 74, 60, 40, 10])
def test_a_history_keeps_to_its_room(room: int) -> None:
    long = cycle_history(best_net=-(10**19), stood_ns=10**19, found_slot=10**18)
    assert cells(detail_page.facts(long, "VERYLONGSYMBOL", 9, room)) <= room
    assert cells(detail_page.facts(cycle_history(), "SOL", 9, room)) <= room


async def test_a_detail_of_another_cycle_is_not_shown() -> None:
    runtime = with_detail()
    app = Stage(runtime)
    async with app.run_test(size=(120, 40)) as pilot:
        await app.push_screen(DetailScreen(runtime, "another"))
        await pilot.pause(0.2)
        assert "Hops" not in text(app)


async def test_brackets_walk_the_table_as_it_is_sorted_and_stop_at_its_ends() -> None:
    runtime = StubRuntime()
    app = Stage(runtime)
    async with app.run_test(size=(120, 40)) as pilot:
        await app.push_screen(DetailScreen(runtime, "b", order=lambda: ["c", "b", "a"]))
        for key, wanted in (("[", "c"), ("[", "c"), ("]", "b"), ("]", "a"), ("]", "a")):
            await pilot.press({"[": "left_square_bracket", "]": "right_square_bracket"}[key])
            assert app.screen.key == wanted  # type: ignore[attr-defined]
        asked = [command.key for command in runtime.submitted if isinstance(command, InspectCycle)]
        assert asked == ["b", "c", "b", "a"]


async def test_it_follows_what_changes_while_open() -> None:
    runtime = with_detail()
    app = Stage(runtime)
    async with app.run_test(size=(120, 40)) as pilot:
        await app.push_screen(DetailScreen(runtime, runtime.view.cycles.rows[0].key))
        await pilot.pause(0.2)
        row = msgspec.structs.replace(runtime.view.detail.row, net_bps=9.9)
        runtime.set(detail=msgspec.structs.replace(runtime.view.detail, version=2, row=row))
        await pilot.pause(0.3)
        assert "+9.9 bps" in text(app)


async def test_y_copies_json_that_reads_back() -> None:
    runtime = with_detail()
    app = Stage(runtime)
    async with app.run_test(size=(120, 40)) as pilot:
        await app.push_screen(DetailScreen(runtime, runtime.view.cycles.rows[0].key))
        await pilot.pause(0.2)
        await pilot.press("y")
        assert json.loads(app.copied)["row"]["net"] == 17_750_000
        assert msgspec.json.decode(app.copied.encode(), type=CycleDetail) == runtime.view.detail


async def test_w_shows_the_decision_in_full_and_f_pins() -> None:
    runtime = with_detail()
    pinned: list[str] = []
    app = Stage(runtime)
    async with app.run_test(size=(120, 40)) as pilot:
        await app.push_screen(DetailScreen(runtime, runtime.view.cycles.rows[0].key, pin=pinned.append))
        await pilot.pause(0.2)
        await pilot.press("w")
        assert "58oQChx4yWmvKdwLLZzBi4ChoCc2fqCUWBkwMihLYQo2" in text(app)
        await pilot.press("F")
        assert pinned == [runtime.view.cycles.rows[0].key]


async def test_k_halts_from_the_overlay() -> None:
    runtime = with_detail()
    async with CambistApp(runtime).run_test(size=(120, 40)) as pilot:
        await pilot.pause(0.1)
        await pilot.press("enter")
        await pilot.pause(0.1)
        await pilot.press("k")
        assert "halt" in runtime.names()


async def test_at_80_by_24_it_takes_the_whole_content_area() -> None:
    runtime = with_detail()
    async with CambistApp(runtime).run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("enter")
        await pilot.pause(0.2)
        region = pilot.app.screen.query_one("Sheet").region
        assert (region.x, region.y, region.width, region.height) == (0, 1, 80, 22)
        shown = text(pilot.app)
        for part in ("hop", "Where the gross goes", "Profit against size", "+0.01775", "◆"):
            assert part in shown
        await pilot.press("w")
        await pilot.pause(0.2)
        assert "Why it is a go" in text(pilot.app)


def test_failed_gates_come_first_in_words_and_marks() -> None:
    gates = (Gate("oldest quote", "180 ms", "≤ 2 slots", passed=True), Gate("landing", "31%", "≥ 60%", passed=False))
    lines = drawn(cycle_detail(row=cycle_row(mark="blocked", decision="landing 31%"), gates=gates)).splitlines()
    at = next(index for index, line in enumerate(lines) if "Why it was refused" in line)
    assert "× landing" in lines[at + 1]
    assert "✓ oldest quote" in lines[at + 2]


def test_unknown_costs_are_dashes_and_never_zero() -> None:
    costs = (("gross", 93_250_000), ("tip", None), ("net", None))
    row = cycle_row(net=None, net_bps=None, score=None, landing_ppm=None, mark="skip", decision="cost unknown")
    shown = drawn(cycle_detail(costs=costs, row=row))
    tip = next(line for line in shown.splitlines() if line.strip().startswith("tip"))
    assert tip.split()[1:3] == ["–", "–"]
    assert "score –" in shown
    assert "lands –" in shown


@pytest.mark.parametrize("size", [(108, 31), (108, 30), (108, 28), (80, 22), (109, 22), (100, 40)])
@pytest.mark.parametrize("why", [False, True])
def test_hostile_text_and_five_hops_stay_inside_the_box(size: tuple[int, int], why: bool) -> None:
    evil = "\x1b[31m[bold]VERYLONGSYMBOL" + "漢字" * 40
    hop = HopRow(evil, "other", evil, evil, evil, 9, 0, 10**19, 10**19, 9_999.9, -99_999.9, 10**17)
    row = cycle_row(detail=evil, decision=evil, reason=evil, unit=evil, size=10**19, net=-(10**19), net_bps=-1e9)
    gates = tuple(Gate(evil, evil, evil, passed=bool(index % 2)) for index in range(12))
    canvas = Canvas(*size)
    history = cycle_history(best_net=-(10**19), stood_ns=10**19, found_slot=10**18, ended=CycleEnd(10**18, 0, End.GONE))
    costs = ((evil, -(10**19)),) * 8
    detail = cycle_detail(row=row, hops=(hop,) * 5, gates=gates, binds=evil * 3, costs=costs, history=history)
    detail_page.draw(canvas, detail, why=why, past="not sized")
    canvas.box("Cycle detail")
    for line in canvas.text().splitlines():
        assert cells(line) <= size[0]
        assert line.isprintable() or "\u2009" in line
        assert "\x1b" not in line
    assert all(row[-1][0] == "│" for row in canvas.rows[1:-1])


def test_ascii_draws_no_other_character() -> None:
    use_ascii(True)
    try:
        canvas = Canvas(108, 31)
        detail_page.draw(canvas, cycle_detail(), why=False)
        canvas.box("Cycle detail")
        assert canvas.text().isascii()
    finally:
        use_ascii(False)


def test_costs_fall_one_below_the_other_on_one_scale() -> None:
    spans = waterfall.spans([100, -60, -10, 30])
    assert spans == [(0.0, 1.0), pytest.approx((0.4, 1.0)), pytest.approx((0.3, 0.4)), (0.0, 0.3)]
    below = waterfall.spans([50, -100, -50])
    assert below == [(0.5, 1.0), (0.0, 1.0), (0.0, 0.5)]
    assert waterfall.spans([100, None, -10, None]) == [(0.0, 1.0), None, None, None]
    assert waterfall.spans([]) == []


def test_bars_have_half_cells() -> None:
    assert waterfall.bar((0.0, 0.625), 4) == "━━╸ "
    assert waterfall.bar((0.375, 1.0), 4) == " ╺━━"
    assert waterfall.bar(None, 4) == "    "


@pytest.mark.parametrize(
    ("points", "wanted"),
    [
        (((0.0, -0.001), (12.5, 0.01775), (28.0, -0.02)), (-0.01, 0.02, 2)),
        (((1.0, 3.0), (2.0, 4.0)), (0.0, 4.0, 0)),
        (((1.0, -2.0), (2.0, -5.0)), (-5.0, 0.0, 0)),
        ((), (0.0, 1.0, 0)),
    ],
)
def test_scales_have_round_ends_and_hold_zero(points: profit_curve.Points, wanted: tuple[float, float, int]) -> None:
    low, high, decimals = profit_curve.bounds(points)
    assert low <= 0 <= high
    assert (low, high, decimals) == pytest.approx(wanted)


def test_the_optimum_stands_at_its_size() -> None:
    canvas = Canvas(59, 20)
    points = tuple((float(size), 10.0 - (size - 10) ** 2 / 10) for size in range(21))
    profit_curve.draw(canvas, 0, 0, 59, 18, points, (10.0, 10.0), "SOL")
    mark = next((x, y) for y, row in enumerate(canvas.rows) for x, cell in enumerate(row) if cell[0] == "◆")
    assert mark == (9 + 24, 1)
    assert "best" in canvas.text()
    assert "20 SOL" in canvas.text()


def test_between_points_the_curve_is_a_line() -> None:
    points = ((1.0, 0.0), (3.0, 4.0))
    assert profit_curve.at(points, 2.0) == 2.0
    assert profit_curve.at(points, 0.5) is None
    assert profit_curve.at((), 1.0) is None


@pytest.mark.parametrize("cause", [*ENDS.values(), NOT_SIZED])
def test_why_a_picture_holds_no_more_fits_the_smallest_screen(cause: str) -> None:
    assert len(f"│ {cause}; this is how it was last. [ ] opens another. │") <= 80
