import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cambist import compose
from cambist.config import load
from cambist.model.commands import RetryFeed
from cambist.runtime.headless import replay_all
from cambist.runtime.malformed import Count, Malformed
from storage.catalogue import list_sessions
from storage.reader import SessionReader
from tests.feeds.fake_venues import FakeKraken
from tests.feeds.servers import http_server, websocket_server

pytestmark = pytest.mark.timeout(120)


def acts(watch: Malformed, count: int) -> list[str]:
    return [act for _, act, _ in watch.take([Count(7, count)])]


def test_more_than_ten_a_minute_renew_and_more_than_fifty_disable() -> None:
    now = [0.0]
    watch = Malformed(lambda: now[0])
    assert acts(watch, 10) == []
    now[0] = 59.0
    assert acts(watch, 11) == ["renew"]
    assert acts(watch, 21) == []
    assert acts(watch, 22) == ["renew"]
    now[0] = 61.0
    assert acts(watch, 32) == []
    assert acts(watch, 60) == ["renew"]
    assert acts(watch, 61) == ["disable"]
    watch.forget([7])
    assert acts(watch, 71) == []
    assert acts(watch, 72) == ["renew"]


def test_ten_every_minute_are_lived_with() -> None:
    now = [0.0]
    watch = Malformed(lambda: now[0])
    for minute in range(100):
        now[0] = 61.0 * minute
        assert acts(watch, 10 * (minute + 1)) == []


def test_an_engine_that_counts_anew_is_no_burst() -> None:
    watch = Malformed(lambda: 0.0)
    assert acts(watch, 9) == []
    assert acts(watch, 0) == []
    assert acts(watch, 9) == []


class Garbling(FakeKraken):
    """Sends so many frames that can't be read on each connection, then none until told."""

    garbage = 0

    async def greet(self, socket: Any) -> None:
        await super().greet(socket)
        for _ in range(self.garbage):
            await socket.send('{"channel":"book","type":"update","data":[{"symbol":')


async def test_a_connection_is_made_anew_and_a_feed_switched_off_until_tried_again(tmp_path: Path) -> None:
    async def soon(condition: Callable[[], object]) -> None:
        end = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < end, "waited in vain"
            await asyncio.sleep(0.02)

    def row() -> Any:
        return next(row for row in live.view.feeds.rows if row.name == "kraken")

    venue = Garbling("SOL/USD")
    venue.garbage = 12
    async with websocket_server(venue.streams) as ws, http_server(venue.rest) as rest:
        path = tmp_path / "kraken.toml"
        lines = ["[market]", 'source = "network"', "[recording]", f"folder = {json.dumps(str(tmp_path))}"]
        lines += ["[kraken]", f'ws = "{ws}"', f'rest = "{rest}"', 'symbols = ["SOL/USD"]']
        path.write_text("\n".join(lines), encoding="utf-8")
        live = await asyncio.to_thread(compose.live, load(path), duel=False)
        await asyncio.to_thread(live.start)
        try:
            await soon(lambda: len(venue.connected) >= 2)
            await soon(lambda: any("connecting anew" in line.text for line in live.view.log.rows))
            venue.garbage = 60
            await soon(lambda: "switched off" in row().note)
            assert row().state == "down"
            assert "malformed frames in a minute" in row().note
            await asyncio.sleep(0.5)
            connected = len(venue.connected)
            await asyncio.sleep(1.5)
            assert len(venue.connected) == connected, "it is left alone"
            assert not venue.sockets
            venue.garbage = 0
            live.submit(RetryFeed("kraken"))
            await soon(lambda: row().state == "live")
            assert row().note == "" or "switched off" not in row().note
        finally:
            await asyncio.to_thread(live.close)
    assert live.failure is None
    (stored,) = list_sessions(tmp_path)
    with SessionReader(Path(stored.path)) as reader:
        report = replay_all(reader, compose.replay_kernel(reader, None)).report(stored.name, 1.0)
    assert report["digest"] == live.report()["digest"]
