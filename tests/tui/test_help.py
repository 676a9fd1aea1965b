import pytest

from tests.tui.fake import FakeRuntime
from tests.tui.stage import Stage, StubRuntime, text
from tui.app import CambistApp
from tui.commands import LIVE_GROUP, REGISTRY, Situation
from tui.screens.help import HelpScreen, columns

WIDE = (32, 30, 28)


@pytest.mark.parametrize("widths", [WIDE, (36, 36)])
@pytest.mark.parametrize(
    "now",
    [
        Situation(),
        Situation(panel="feeds", failed=True, halted=True),
        Situation(mode="REPLAY", replay=True, beside_live=True),
        Situation(read_only=True, has_row=False),
    ],
)
def test_every_available_action_is_listed_once_and_no_other(now: Situation, widths: tuple[int, ...]) -> None:
    made = columns(REGISTRY.groups(now, "Here"), "Here", widths)
    keys = [row.key for rows in made for row in rows if row.key]
    assert sorted(keys) == sorted(action.shown for action in REGISTRY.available(now))


def test_the_focused_panel_comes_first_and_money_stands_apart_in_danger() -> None:
    made = columns(REGISTRY.groups(Situation(halted=True), "Cycles"), "Cycles", WIDE)
    assert made[0][0].text == "Cycles"
    assert made[2][0].text == LIVE_GROUP
    danger = {row.key for rows in made for row in rows if row.danger and row.key}
    assert danger == {"m", "k", "K"}


def test_with_two_columns_money_is_seen_without_scrolling() -> None:
    made = columns(REGISTRY.groups(Situation(), "Cycles"), "Cycles", (36, 36))
    assert made[1][0].text == LIVE_GROUP


async def test_question_mark_opens_it_for_the_focused_panel() -> None:
    async with CambistApp(FakeRuntime()).run_test(size=(120, 40)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("6", "question_mark")
        await pilot.pause(0.2)
        assert isinstance(pilot.app.screen, HelpScreen)
        shown = text(pilot.app)
        assert "Feeds has the focus" in shown
        assert "connect again now" in shown
        assert "pin the cycle" not in shown
        await pilot.press("escape")
        assert not isinstance(pilot.app.screen, HelpScreen)


async def test_search_leaves_what_fits_and_esc_ends_the_search_first() -> None:
    app = Stage(StubRuntime())
    async with app.run_test(size=(120, 40)) as pilot:
        await app.push_screen(HelpScreen(app.runtime, Situation(), "Cycles"))
        await pilot.press("slash", *"halt")
        await pilot.pause(0.2)
        assert "HALT all, at once" in text(app)
        assert "next theme" not in text(app)
        assert app.runtime.names() == [], "letters of a search are no commands"
        await pilot.press("escape")
        await pilot.pause(0.2)
        assert "next theme" in text(app)
        await pilot.press("escape")
        assert not isinstance(app.screen, HelpScreen)


async def test_at_80_by_24_it_scrolls_to_its_end() -> None:
    app = Stage(StubRuntime())
    async with app.run_test(size=(80, 24)) as pilot:
        await app.push_screen(HelpScreen(app.runtime, Situation(), "Cycles"))
        await pilot.pause(0.2)
        assert "never quits" not in text(app)
        await pilot.press(*["pagedown"] * 3)
        await pilot.pause(0.2)
        assert "never quits" in text(app)


async def test_k_halts_here_too() -> None:
    app = Stage(StubRuntime())
    async with app.run_test(size=(120, 40)) as pilot:
        await app.push_screen(HelpScreen(app.runtime, Situation(), "Cycles"))
        await pilot.press("k")
        assert app.runtime.names() == ["halt"]
