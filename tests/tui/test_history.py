from itertools import pairwise

import msgspec
import pytest

from cambist.model.commands import InspectCycle
from cambist.model.ends import Fate
from cambist.view import LIFE_BINS_NS, EndRow, EndsSection, PanelState, RivalRow, Spread, Taken
from tests.tui.fake import MS, NOW, S, rich_view
from tests.tui.gaps import BOB, ORCA, RIVALS, ROUTER, end_rows, landing_rows, section
from tests.tui.stage import StubRuntime, outline, replay_status, text
from tui.app import CambistApp
from tui.commands import REGISTRY
from tui.glyphs import glyph, use_ascii
from tui.screens import history_page
from tui.screens.detail import DetailScreen
from tui.screens.help import HelpScreen
from tui.screens.history import HistoryScreen
from tui.screens.history_tables import FATES, MANY, money, who
from tui.widgets import life_chart
from tui.widgets.canvas import Canvas, Sheet
from tui.widgets.snapshot_table import MOVE_S

SIZES = {"small": (80, 22), "medium": (120, 38), "wide": (200, 58)}
SCREENS = [(80, 24), (120, 40), (200, 60)]
EMPTY = EndsSection(1, PanelState("empty", "No gap has ended yet.", "One begins when a cycle pays after costs."))


def canvas_of(found: EndsSection, size: tuple[int, int] = SIZES["medium"], cursor: int = 0) -> Canvas:
    canvas = Canvas(*size)
    history_page.draw(canvas, found, NOW, 2 if size[0] < 110 else 3, cursor)
    return canvas


def drawn(found: EndsSection, size: tuple[int, int] = SIZES["medium"], cursor: int = 0) -> str:
    return canvas_of(found, size, cursor).text()


def line(shown: str, *words: str) -> str:
    return next(each for each in shown.splitlines() if all(word in each for word in words))


def with_gaps(**changes: object) -> StubRuntime:
    return StubRuntime(msgspec.structs.replace(rich_view(), ends=section(**changes)))


@pytest.mark.parametrize("size", SCREENS)
async def test_h_opens_it_on_the_whole_content_area_and_esc_comes_back(size: tuple[int, int]) -> None:
    async with CambistApp(with_gaps()).run_test(size=size) as pilot:
        await pilot.pause(0.2)
        for key in ("escape", "h"):
            await pilot.press("h")
            await pilot.pause(0.2)
            assert isinstance(pilot.app.screen, HistoryScreen)
            sheet = pilot.app.screen.query_one(Sheet)
            assert (sheet.size.width, sheet.size.height) == (size[0], size[1] - 2)
            shown = text(pilot.app)
            for part in (
                "History",
                "demo",
                "Who takes them",
                "Chance to land",
                "Last ends",
                "median life",
                "catchable",
            ):
                assert part in shown
            assert ("How long they lived" in shown) == (size[0] >= 110)
            await pilot.press(key)
            await pilot.pause(0.1)
            assert not isinstance(pilot.app.screen, HistoryScreen)


@pytest.mark.parametrize("size", SIZES.values())
def test_lives_stand_beside_our_own_latency_and_what_could_have_been_caught(size: tuple[int, int]) -> None:
    heads, values, below = drawn(section(), size).splitlines()[1:4]
    for label, value, p90 in (
        ("gaps ended", "212", "31 "),
        ("median life", "640 ms", "p90 2.1 s"),
        ("in slots", "2", "p90 5"),
        ("our latency", "412 ms", "p90 690 ms"),
        ("catchable", "59% of 207", "outlived "),
        ("lost most to", "7Qp4…d1Lm", "22 gaps"),
    ):
        at = heads.index(label)
        assert values[at:].startswith(value)
        assert below[at:].startswith(p90)


@pytest.mark.parametrize("size", SIZES.values())
def test_each_fate_has_its_count_and_its_glyph(size: tuple[int, int]) -> None:
    shown = drawn(section(), size)
    words = {fate: look.words if size[0] >= 110 else fate for fate, look in FATES.items()}
    assert set(FATES) == {fate.value for fate in Fate}
    for fate, count in section().fates:
        assert f"{glyph(FATES[fate].mark)} {words[fate]}" in shown
        assert str(count) in line(shown, words[fate])
    if size[0] >= 110:
        shares = [line(shown, words[fate]).split("%")[0].split()[-1] for fate in words]
        assert shares == ["7", "29", "55", "7", "3"]
        assert "12 closed by several swaps" in shown


def test_a_share_above_nothing_never_reads_as_nothing() -> None:
    shown = drawn(section(fates=(("faded", 3), ("taken", 1_997))))
    assert "<1%" in line(shown, "· faded   ")
    assert line(shown, "taken by us").rstrip().endswith("0%")


def test_amber_is_only_where_something_was_stale() -> None:
    def roles(found: EndsSection) -> set[str]:
        return {role for row in canvas_of(found).rows for _, role in row}

    assert "stale" in roles(section())
    calm = tuple(row for row in end_rows() if row.fate != "stale")
    assert "stale" not in roles(section(rows=calm, fates=(("ours", 1), ("stale", 0), ("taken", 2))))


@pytest.mark.parametrize("size", SIZES.values())
@pytest.mark.parametrize("found", [EMPTY, EndsSection()])
def test_what_is_not_known_is_a_dash_and_never_zero(size: tuple[int, int], found: EndsSection) -> None:
    shown = drawn(found, size)
    heads, values, _ = shown.splitlines()[1:4]
    assert values.split() == ["–"] * 6
    assert "lost most to" in heads
    assert "0" not in shown.replace("p90", "")
    assert "No taker was seen yet." in shown
    assert "No order of ours has ended." in shown
    if found.state.cause:
        assert "No gap has ended yet." in shown
        assert "One begins when a cycle pays after costs." in " ".join(shown.split())
    elif size[0] >= 110:
        assert "No life is known yet." in shown


def test_before_an_order_of_ours_landed_nothing_is_too_short() -> None:
    shown = drawn(section(own_ns=Spread(), catchable=None))
    assert "our latency – is not known yet" in shown
    assert "too short" not in shown
    assert "catchable: " not in shown
    assert "┃" not in shown
    own = shown.splitlines()[1].index("our latency")
    assert shown.splitlines()[2][own] == "–"
    at = shown.splitlines()[1].index("catchable")
    assert shown.splitlines()[2][at:].startswith("– of 207")


@pytest.mark.parametrize("size", SIZES.values())
def test_without_a_chain_slots_are_not_known(size: tuple[int, int]) -> None:
    rows = tuple(msgspec.structs.replace(row, slots=None) for row in end_rows(3))
    rivals = tuple(msgspec.structs.replace(row, slots=None) for row in RIVALS)
    shown = drawn(section(slots=Spread(), rows=rows, rivals=rivals), size)
    at = shown.splitlines()[1].index("in slots")
    assert [each[at:].split("  ")[0].strip() for each in shown.splitlines()[2:4]] == ["–", "p90 –"]
    assert "–" in line(shown, "taken by us", "2.1 s")


def test_the_line_stands_between_shorter_and_longer_lives() -> None:
    canvas = canvas_of(section())
    own = 412 * MS
    at = 3 + 4 + life_chart.place(own)
    for y in range(6, 13):
        assert canvas.rows[y][at] == ("│", "accent")
    bins = [index for index, count in enumerate(section().lives) if count]
    for index in bins:
        x = 7 + index + (index >= life_chart.place(own))
        char, role = canvas.rows[12][x]
        assert char != " "
        if not LIFE_BINS_NS[index] < own < LIFE_BINS_NS[index + 1]:
            assert role == ("faint" if LIFE_BINS_NS[index] < own else "muted")
    assert "too short: 84 " in canvas.text()
    assert "catchable: 123" in canvas.text()


@pytest.mark.parametrize("own", [0, 3 * MS, 10 * MS, 15 * MS, 60 * MS, 9 * S, 40 * S, 100 * S, 10**15])
def test_wherever_our_latency_is_its_words_fit_and_hide_no_bar(own: int) -> None:
    full = (5,) * (len(LIFE_BINS_NS) - 1)
    canvas = canvas_of(section(own_ns=Spread(own, own, 9), lives=full))
    assert "our latency" in "".join(char for char, _ in canvas.rows[6])
    at = 7 + life_chart.place(own)
    for y in range(7, 13):
        row = [char for char, _ in canvas.rows[y][7 : 7 + life_chart.CELLS]]
        assert row == ["⡇"] * (at - 7) + ["│"] + ["⡇"] * (life_chart.BINS - at + 7)
    assert canvas.rows[13][7 + life_chart.CELLS][0] == " "


def test_who_takes_them_is_an_address_or_a_program_by_name_with_what_it_left_and_paid() -> None:
    shown = drawn(section())
    bob = line(shown, "7Qp4…d1Lm", "371 ms")
    for part in ("22", "0.0344 SOL +1", " 1 ", " 0.00005 ", "0.00110"):
        assert part in bob
    assert line(shown, "fee SOL", "tip SOL")
    assert "program" not in bob.split("22")[0]
    router = line(shown, "JUP6…TaV4 program", "640 ms")
    assert router[: router.index("640 ms") + 20].rstrip().endswith("–"), "no transaction of it was seen: no tip"
    assert "– " in line(shown, "orca program", "4.1200 USDC")
    assert "6 more" in shown
    assert (who(BOB, ""), who(ROUTER, ""), who(ORCA, "orca")) == ("7Qp4…d1Lm", "JUP6…TaV4", "orca program")
    assert money(()) == "–"
    assert money((Taken("SOL", 9, 1), Taken("USDC", 6, 1), Taken("A", 0, 1))) == "0.0000 SOL +2"


def test_predicted_stands_against_happened_few_orders_muted_and_the_rows_of_most_orders_first_to_stay() -> None:
    canvas = canvas_of(section())
    shown = canvas.text()
    assert line(shown, "60-70%").split("60-70%")[1].split()[:4] == ["64%", "66%", "61", "40"]
    assert line(shown, "40-50%").split("40-50%")[1].split()[:4] == ["44%", "50%", "12", "6"]
    assert "2 rows more, of 5 orders" in shown
    assert "10-20%" not in shown
    for label, role in (("60-70%", "text"), ("40-50%", "muted")):
        y = next(y for y, each in enumerate(shown.splitlines()) if label in each)
        x = shown.splitlines()[y].index(label) + 11
        assert canvas.rows[y][x + 1][1] == role
    wide = drawn(section(), SIZES["wide"])
    assert "20-30%" in wide
    assert line(wide, "10-20%").split("10-20%")[1].split()[:4] == ["14%", "0%", "3", "0"]
    assert line(wide, "20-30%").split("20-30%")[1].split()[:4] == ["–", "–", "0", "0"]
    assert line(wide, "unknown").split("unknown")[1].split()[:4] == ["–", "50%", "2", "1"]
    assert MANY > 12
    whole = canvas_of(section(landing=landing_rows(*[None] * 9, (4, 4), None)), SIZES["wide"])
    row = next(row for row in whole.rows if "90-100%" in "".join(char for char, _ in row))
    bar = [char for char, role in row[-70:] if role == "muted" and char == "━"]
    assert len(bar) > 30, "all of them landed"


@pytest.mark.parametrize("size", SIZES.values())
def test_the_last_ends_say_age_route_life_and_who_took_them(size: tuple[int, int]) -> None:
    shown = drawn(section(), size)
    ours = line(shown, "taken by us", "1.0 s")
    assert ("ray4─orca─cpmm→SOL" in ours) == (size[0] >= 110)
    assert ("SOL─r─o─c→SOL" in ours) == (size[0] < 110)
    for part in ("+0.01331 SOL", "2.1 s", " 5 "):
        assert part in ours
    assert "by 7Qp4…d1Lm" in line(shown, "318 ms")
    assert "by orca program" in line(shown, "388 ms")
    assert "≥5.0 s" in line(shown, "mSOL", "stale in between"), "it lived for longer than was seen"
    assert "≥9.1 s" in line(shown, "crowded out", "36.0 s")
    assert "last 64 of 212" in shown
    assert (" go " in ours) == (size[0] >= 110)


def test_a_life_shorter_than_our_latency_is_fainter_and_the_latency_a_tick_in_each() -> None:
    canvas = canvas_of(section(), cursor=3)
    for words, role in (("taken by us", "muted"), ("by 7Qp4…d1Lm", "faint")):
        row = next(row for row in canvas.rows if words in "".join(char for char, _ in row) and row[3][0] in "✓×")
        bar = row[65:77]
        assert [role for char, role in bar if char in "━╸"] == [role] * sum(char in "━╸" for char, _ in bar)
        assert bar[4] == ("┃", "accent")


def takers(shown: str) -> list[str]:
    """Returns the takers that are shown, and how many more there are."""
    rows = [row.split()[:2] for row in shown.splitlines()]
    names = ("7Qp4…d1Lm", "kRz…9zTa", "JUP6…TaV4", "orca")
    return [row[0] for row in rows if row and (row[0].endswith(names) or row[-1] == "more")]


def test_payers_come_first_but_programs_keep_half_of_the_room() -> None:
    both = takers(drawn(section(), SIZES["medium"]))
    assert both[:6] == ["7Qp4…d1Lm", "0kRz…9zTa", "1kRz…9zTa", "JUP6…TaV4", "orca", "6"]
    assert takers(drawn(section(), SIZES["wide"])) == [
        "7Qp4…d1Lm", *(f"{at}kRz…9zTa" for at in range(8)), "JUP6…TaV4", "orca"
    ]  # fmt: skip
    few = drawn(section(rivals=RIVALS[:9]), SIZES["medium"])
    assert takers(few)[:6] == ["7Qp4…d1Lm", *(f"{at}kRz…9zTa" for at in range(4)), "4"], (
        "without programs all is theirs"
    )


def test_a_taker_that_is_not_known_is_another_and_a_small_net_is_not_zero() -> None:
    rows = tuple(msgspec.structs.replace(row, net=7) for row in end_rows(8)[-1:])
    shown = drawn(section(rows=rows))
    assert "by another" in shown
    assert "+0.0₈7 SOL" in shown


@pytest.mark.parametrize("size", SIZES.values())
def test_the_cursors_row_is_always_among_those_shown(size: tuple[int, int]) -> None:
    rows = end_rows()
    for cursor in range(len(rows)):
        canvas = canvas_of(section(), size, cursor)
        marked = [row for row in canvas.rows if ("▌", "accent@selection") in row]
        assert len(marked) == 1
        age = 1 + cursor * 7
        words = f"{age}.0 s" if age < 60 else f"{age // 60} m"
        assert words in "".join(char for char, _ in marked[0])


@pytest.mark.parametrize("size", SIZES.values())
def test_no_value_however_wide_moves_or_touches_its_neighbour(size: tuple[int, int]) -> None:
    huge = 10**17
    long = [Taken("VERYLONGSYMBOL", 9, huge * 10**9), *([Taken("B", 0, 1)] * 30)]
    rivals = (RivalRow("x" * 44, False, "phoenixandmore", huge, tuple(long), huge, huge * S, huge, huge),) * 20
    first = end_rows(1)[0]
    rows = tuple(
        msgspec.structs.replace(
            first, number=at, fate="taken", who="x" * 44, program="phoenixandmore", venues=first.venues * 9,
            lived_ns=huge * S, slots=huge, net=-huge * 10**9, unit="VERYLONGSYMBOL", at_ns=0,
        )
        for at in range(64)
    )  # fmt: skip
    found = section(
        fates=tuple((fate, huge) for fate in FATES), rivals=rivals, rows=rows, worth_an_order=huge,
        contested=huge, slots=Spread(huge, huge, huge), lived_ns=Spread(huge * S, huge * S, huge),
        own_ns=Spread(huge * S, huge * S, huge), catchable=huge, landing=landing_rows(*[(huge, huge)] * 11),
    )  # fmt: skip
    heads, plain_heads = (drawn(each, size).splitlines() for each in (found, section()))
    assert heads[1] == plain_heads[1]
    for word in ("who ", "how it ended"):
        assert line("\n".join(heads), word) == line("\n".join(plain_heads), word)
    margin = 2 if size[0] < 110 else 3
    canvas = canvas_of(found, size)
    for row in canvas.rows:
        assert all(char == " " for char, _ in [*row[: margin - 1], *row[-margin + 1 :]]), "nothing touches the border"
    body = [each for each in heads if "phoeni" in each and "by " in each]
    assert body
    for each in body:
        at = each.index("by ")
        assert each[at - 1] == " "


def test_in_ascii_nothing_but_ascii_is_drawn() -> None:
    use_ascii(wanted=True)
    for size in SIZES.values():
        for found in (section(), EMPTY):
            canvas = canvas_of(found, size)
            history_page.warn(canvas, 3, "no slot from node A for 5.2 s…")
            assert canvas.text().isascii()


async def test_the_cursor_stays_with_its_gap_and_at_home_with_the_newest() -> None:
    runtime = with_gaps()
    async with CambistApp(runtime).run_test(size=(120, 40)) as pilot:
        await pilot.press("h")
        await pilot.pause(0.2)
        screen = pilot.app.screen
        assert isinstance(screen, HistoryScreen)

        async def told(*rows: EndRow) -> None:
            runtime.change("ends", rows=rows)
            await pilot.pause(1.3)

        newer = msgspec.structs.replace(end_rows(1)[0], number=999)
        await told(newer, *end_rows(30))
        assert (screen.cursor, len(screen.rows)) == (0, 31)
        await pilot.press("down", "down", "down")
        assert screen.cursor == 3
        await told(newer, newer, newer, *end_rows(30))
        assert screen.cursor == 5
        await pilot.press("end")
        assert screen.cursor == 32
        await told(*end_rows(4))
        assert screen.cursor == 3, "its gap left the list: the last one"
        await pilot.press("home", "up", "pagedown", "pageup")
        assert screen.cursor == 0
        await told(newer, *end_rows(4))
        assert screen.cursor == 0, "it was brought home"
        await told()
        await pilot.press("down", "enter")
        assert pilot.app.screen is screen


async def test_rows_move_once_a_second_at_most() -> None:
    runtime = with_gaps()
    async with CambistApp(runtime).run_test(size=(120, 40)) as pilot:
        await pilot.press("h")
        await pilot.pause(0.2)
        screen = pilot.app.screen
        assert isinstance(screen, HistoryScreen)
        seen: dict[int, float] = {}
        for number in range(40):
            runtime.change("ends", rows=(msgspec.structs.replace(end_rows(1)[0], number=1_000 + number),))
            await pilot.pause(0.1)
            seen.setdefault(screen.rows[0].number, screen._took)
        assert len(seen) > 2
        assert all(after - before >= MOVE_S for before, after in pairwise(seen.values()))


async def test_enter_opens_the_cycle_of_the_row_and_brackets_walk_each_cycle_once() -> None:
    runtime = with_gaps()
    async with CambistApp(runtime).run_test(size=(120, 40)) as pilot:
        await pilot.press("h", "down", "enter")
        await pilot.pause(0.2)
        assert isinstance(pilot.app.screen, DetailScreen)
        assert runtime.submitted[-1] == InspectCycle("gap-1")
        runtime.set(outline=outline("gap-1", None))
        await pilot.pause(0.2)
        assert "best net +0.01821 SOL" in text(pilot.app)
        for expected in ("gap-2", "gap-3"):
            await pilot.press("right_square_bracket")
            assert runtime.submitted[-1] == InspectCycle(expected)
        await pilot.press("escape")
        await pilot.pause(0.2)
        assert isinstance(pilot.app.screen, HistoryScreen)
        assert runtime.submitted[-1] == InspectCycle()


async def test_a_replay_says_that_it_is_recorded_and_a_silent_market_why_what_ends_is_stale() -> None:
    runtime = with_gaps()
    async with CambistApp(runtime).run_test(size=(120, 40)) as pilot:
        await pilot.press("h")
        await pilot.pause(0.2)
        assert "recorded" not in text(pilot.app)
        assert "◌ " not in text(pilot.app).splitlines()[4]
        cause = "no slot from node A for 5.2 s."
        runtime.change("cycles", state=PanelState("stale", cause, "Retry in 3 s."))
        await pilot.pause(0.2)
        assert text(pilot.app).splitlines()[4].strip("│ ") == f"◌ {cause}"
        runtime.set(replay=replay_status())
        runtime.change("status", mode="REPLAY", demo=False)
        for _ in range(30):  # two changes may be painted one after the other
            await pilot.pause(0.1)
            if "demo" not in (top := text(pilot.app).splitlines()[0]):
                break
        assert "History, recorded 14:02:31 " in top
        assert "demo" not in top


async def test_the_key_stands_in_help_of_every_panel() -> None:
    async with CambistApp(with_gaps()).run_test(size=(120, 40)) as pilot:
        await pilot.pause(0.2)
        for panel in "256":
            await pilot.press(panel, "question_mark")
            await pilot.pause(0.2)
            assert isinstance(pilot.app.screen, HelpScreen)
            assert "h" in line(text(pilot.app), REGISTRY["history"].help).split()
            await pilot.press("escape")
