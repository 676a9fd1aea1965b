import pytest
from textual.events import Paste

from cambist.model.commands import SetMode
from cambist.view import Gate
from tests.tui.stage import Stage, StubRuntime, text
from tui.app import CambistApp
from tui.screens.going_live import GoingLiveScreen, new_word

GOOD = (Gate("limits are set", "cap 20 SOL", "", passed=True), Gate("recording is on", "84 GB free", "", passed=True))
BAD = (*GOOD, Gate("signing key", "none given", "set live.keypair", passed=False))


class Dialog:
    """The dialog on a stage, with the answers it gave."""

    def __init__(self, checks: tuple[Gate, ...]) -> None:
        self.runtime = StubRuntime()
        self.runtime.checks = checks
        self.app = Stage(self.runtime)
        self.screen = GoingLiveScreen(self.runtime)
        self.answers: list[bool | None] = []

    async def open(self) -> None:
        await self.app.push_screen(self.screen, self.answers.append)


async def test_while_a_check_fails_the_word_is_not_offered_and_the_cause_is_said() -> None:
    dialog = Dialog(BAD)
    async with dialog.app.run_test(size=(120, 40)) as pilot:
        await dialog.open()
        await pilot.pause(0.2)
        shown = text(dialog.app)
        assert "× signing key" in shown
        assert "none given" in shown
        assert "set live.keypair" in shown
        assert dialog.screen.word not in shown
        assert "Arm live" not in shown
        await pilot.press(*dialog.screen.word.lower().replace("k", "x"), "tab", "enter")
        assert dialog.answers == [False]
        assert dialog.runtime.names() == []


async def test_no_checks_at_all_is_no_pass() -> None:
    dialog = Dialog(())
    async with dialog.app.run_test(size=(120, 40)):
        await dialog.open()
        assert not dialog.screen.offered


async def test_the_word_then_tab_then_enter_arms() -> None:
    dialog = Dialog(GOOD)
    async with dialog.app.run_test(size=(120, 40)) as pilot:
        await dialog.open()
        await pilot.pause(0.1)
        assert dialog.screen.word in text(dialog.app)
        await pilot.press(*dialog.screen.word.replace("-", "~").replace("~", "-"))
        await pilot.press("tab", "enter")
        await pilot.pause(0.1)
        assert dialog.answers == [True]
        assert dialog.runtime.submitted == [SetMode("live")]


@pytest.mark.parametrize("typed", ["", "half", "whole"])
async def test_enter_without_tab_means_cancel(typed: str) -> None:
    dialog = Dialog(GOOD)
    async with dialog.app.run_test(size=(120, 40)) as pilot:
        await dialog.open()
        word = dialog.screen.word
        await pilot.press(*{"": "", "half": word[:3], "whole": word}[typed])
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert dialog.answers == [False]
        assert dialog.runtime.names() == []


async def test_tab_does_nothing_until_the_word_matches_and_a_letter_takes_the_focus_back() -> None:
    dialog = Dialog(GOOD)
    async with dialog.app.run_test(size=(120, 40)) as pilot:
        await dialog.open()
        word = dialog.screen.word
        await pilot.press(*word[:-1], "tab")
        assert not dialog.screen.on_arm
        await pilot.press(word[-1], "tab")
        assert dialog.screen.on_arm
        await pilot.press("x")
        assert not dialog.screen.on_arm
        await pilot.press("tab", "enter")
        assert dialog.answers == [False]


async def test_letters_are_text_even_k_and_paste_is_refused() -> None:
    dialog = Dialog(GOOD)
    async with dialog.app.run_test(size=(120, 40)) as pilot:
        await dialog.open()
        await pilot.press("k", "q")
        assert dialog.screen.typed == "kq"
        assert dialog.runtime.names() == []
        await pilot.press("backspace", "backspace")
        dialog.screen.post_message(Paste(dialog.screen.word))
        await pilot.pause(0.2)
        assert dialog.screen.typed == ""
        assert "paste is refused" in text(dialog.app)


async def test_ctrl_k_halts_and_closes() -> None:
    dialog = Dialog(GOOD)
    async with dialog.app.run_test(size=(120, 40)) as pilot:
        await dialog.open()
        await pilot.press("ctrl+k")
        await pilot.pause(0.1)
        assert dialog.runtime.names() == ["halt"]
        assert dialog.answers == [False]


async def test_k_halts_where_there_is_no_field() -> None:
    dialog = Dialog(BAD)
    async with dialog.app.run_test(size=(120, 40)) as pilot:
        await dialog.open()
        await pilot.press("k")
        await pilot.pause(0.1)
        assert dialog.runtime.names() == ["halt"]


async def test_a_check_that_turns_stale_closes_the_dialog() -> None:
    dialog = Dialog(GOOD)
    async with dialog.app.run_test(size=(120, 40)) as pilot:
        await dialog.open()
        await pilot.press(*dialog.screen.word, "tab")
        dialog.runtime.checks = BAD
        await pilot.pause(0.8)
        assert dialog.answers == [False]


async def test_a_check_that_fails_at_the_last_moment_does_not_arm() -> None:
    dialog = Dialog(GOOD)
    async with dialog.app.run_test(size=(120, 40)) as pilot:
        await dialog.open()
        await pilot.press(*dialog.screen.word, "tab")
        dialog.runtime.checks = BAD
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert dialog.runtime.names() == []
        assert dialog.answers == [False]


def test_the_word_is_new_each_time() -> None:
    assert len({new_word() for _ in range(50)}) > 20


async def test_m_opens_it_from_the_dashboard_and_says_what_is_missing() -> None:
    runtime = StubRuntime()
    runtime.checks = BAD
    async with CambistApp(runtime).run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("m")
        await pilot.pause(0.2)
        assert isinstance(pilot.app.screen, GoingLiveScreen)
        assert "1 of 3 checks fail" in text(pilot.app)
        await pilot.press("escape")
        assert not isinstance(pilot.app.screen, GoingLiveScreen)
