"""The real app, driven key by key, over the real loopback market."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from cambist import compose
from cambist.config import Config, EngineChoice, Market, Recording
from cambist.runtime.hub import Hub
from cambist.runtime.live import LiveSource
from storage.catalogue import list_sessions
from tui.app import CambistApp
from tui.screens.dashboard import Dashboard

pytestmark = pytest.mark.timeout(500)


async def until(condition: Callable[[], object], seconds: float = 90) -> None:
    for _ in range(int(seconds / 0.05)):
        if condition():
            return
        await asyncio.sleep(0.05)
    pytest.fail("waited in vain")


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Hub[LiveSource]]:
    config = Config(
        market=Market(seed=7, level="easy"), recording=Recording(folder=str(tmp_path)), engine=EngineChoice(duel=False)
    )
    runtime = await asyncio.to_thread(compose.live, config, duel=False)
    await asyncio.to_thread(runtime.start)
    yield runtime
    await asyncio.to_thread(runtime.close)


def text_of(app: CambistApp) -> str:
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in lines)


async def settle(pilot: Pilot[None]) -> None:
    await pilot.pause(0.3)


async def test_an_operator_watches_freezes_records_replays_and_halts(live: Hub[LiveSource], tmp_path: Path) -> None:
    app = CambistApp(live)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(lambda: any(row.bid for row in live.view.prices.rows))
        await until(lambda: live.view.cycles.rows)
        await settle(pilot)
        picture = text_of(app)
        assert "PAPER" in picture
        assert "DEMO" in picture
        assert "orca" in picture
        assert "REC" in picture

        await pilot.press("space")
        await settle(pilot)
        assert "frozen" in text_of(app)
        await pilot.press("space")
        await settle(pilot)
        assert "frozen" not in text_of(app)

        await pilot.press("1", "z")
        await settle(pilot)
        assert "Fee congestion" not in text_of(app)
        await pilot.press("z")
        await settle(pilot)
        assert "Fee congestion" in text_of(app)

        await pilot.press("R")
        await settle(pilot)
        await pilot.press("y")
        await until(lambda: not live.view.status.recording)
        await pilot.press("R")
        await until(lambda: live.view.status.recording)
        assert len(list_sessions(tmp_path)) == 2

        await pilot.press("o")
        await settle(pilot)
        await pilot.press("down", "enter")
        await until(lambda: isinstance(app.screen, Dashboard) and "REPLAY" in text_of(app))
        assert live.alive
        await pilot.press("k")
        await until(lambda: live.view.status.state == "HALTED")
        await pilot.press("escape")
        await until(lambda: "PAPER" in text_of(app))
        assert "HALTED" in text_of(app)
