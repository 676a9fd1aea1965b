import re
import threading

import pytest

from tests.tui.stage import Stage, StubRuntime, session_row, text
from tui.app import CambistApp
from tui.screens.dashboard import Dashboard
from tui.screens.open_session import OpenSessionScreen

STORED = (
    session_row("now", open=True, complete=False),
    session_row("yesterday", bookmarks=3),
    session_row("binance-hft", imported=True, demo=False),
    session_row("[red]evil\x1b[2J" + "X" * 200, complete=False),
)


def stocked() -> StubRuntime:
    runtime = StubRuntime()
    runtime.stored = STORED
    return runtime


async def opened(app: Stage) -> OpenSessionScreen:
    screen = OpenSessionScreen(app.runtime)
    await app.push_screen(screen)
    return screen


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (200, 60)])
async def test_sessions_are_listed_with_their_marks(size: tuple[int, int]) -> None:
    app = Stage(stocked())
    async with app.run_test(size=size) as pilot:
        await opened(app)
        await pilot.pause(0.3)
        shown = text(app)
        for part in (
            "yesterday",
            "00:31:07",
            "12.4 MB",
            "2\u2009410\u2009008",
            "REC",
            "◇ 3",
            "imported",
            "× cut",
            "demo",
        ):
            assert part in shown
        assert "\x1b" not in shown


async def test_an_empty_folder_says_what_makes_sessions() -> None:
    app = Stage(StubRuntime())
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(app)
        await pilot.pause(0.3)
        assert "No session is stored yet." in text(app)


async def test_enter_opens_the_one_under_the_cursor() -> None:
    app = Stage(stocked())
    found: list[object] = []
    async with app.run_test(size=(120, 40)) as pilot:
        await app.push_screen(OpenSessionScreen(app.runtime), found.append)
        await pilot.pause(0.3)
        await pilot.press("down", "enter")
        await pilot.pause(0.3)
        assert app.runtime.opened == ["yesterday"]
        assert isinstance(found[0], StubRuntime)


async def test_the_session_being_recorded_is_not_opened() -> None:
    app = Stage(stocked())
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(app)
        await pilot.pause(0.3)
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert app.runtime.opened == []
        assert "is being recorded now" in text(app)


@pytest.mark.parametrize(
    "fault",
    [ValueError("yesterday is no cambist session: it starts with 28b52ffd"), OSError(5, "Input/output error")],
)
async def test_a_session_that_cannot_be_opened_says_cause_and_next_step(fault: Exception) -> None:
    app = Stage(stocked())
    app.runtime.fault = fault
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app)
        await pilot.pause(0.3)
        await pilot.press("down", "enter")
        await pilot.pause(0.3)
        shown = text(app)
        assert "yesterday can't be opened." in shown
        assert str(fault)[:30] in shown
        assert "The live session goes on." in shown
        await pilot.press("down")
        await pilot.pause(0.2)
        assert "can't be opened" not in text(app)


async def test_a_folder_that_cannot_be_read_says_so() -> None:
    class Broken(StubRuntime):
        def sessions(self) -> tuple[()]:
            raise PermissionError(13, "Permission denied", "/sessions")

    app = Stage(Broken())
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(app)
        await pilot.pause(0.3)
        assert "can't be read" in text(app)
        assert "Permission denied" in text(app)


async def test_reading_is_off_the_screen_thread_and_shows_seconds() -> None:
    gate = threading.Event()
    seen: list[str] = []

    class Slow(StubRuntime):
        def sessions(self) -> tuple[()]:
            seen.append(threading.current_thread().name)
            gate.wait(5)
            return ()

    app = Stage(Slow())
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(app)
        await pilot.pause(0.3)
        assert re.search(r"Reading the sessions: \d+\.\d", text(app))
        gate.set()
        await pilot.pause(0.3)
        assert "No session" in text(app)
    assert seen[0] != threading.main_thread().name


@pytest.mark.parametrize("key", ["escape", "q"])
async def test_a_replay_opens_beside_the_live_runtime_and_comes_back(key: str) -> None:
    runtime = stocked()
    app = CambistApp(runtime)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause(0.2)
        live = app.screen
        await pilot.press("o")
        await pilot.pause(0.3)
        await pilot.press("down", "enter")
        await pilot.pause(0.4)
        replay = app.screen
        assert isinstance(replay, Dashboard)
        assert replay is not live
        assert "PAPER RUNNING" in "\n".join(replay.status.lines())
        await pilot.press("k")
        assert runtime.names() == ["halt"], "k halts the live runtime from a replay"
        await pilot.press(key)
        await pilot.pause(0.3)
        assert app.screen is live
        assert replay.runtime.closed  # type: ignore[attr-defined]
        assert not runtime.closed
        await pilot.pause(0.2)
        assert app.is_running
