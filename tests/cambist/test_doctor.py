import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from cambist import doctor
from cambist.config import Config, load
from cambist.doctor.probe import Check
from cambist.simulator.books import Listing
from cambist.simulator.chaos.certificates import certificates
from cambist.simulator.exchanges.street import Street
from tests.feeds.fake_venues import FakeKraken
from tests.feeds.servers import FakeNode, http_server, websocket_server

pytestmark = pytest.mark.timeout(120)
ALL = ("binance", "kraken", "okx", "bybit", "coinbase")
TIPS = json.dumps(
    [
        {"time": "2026-11-21T10:00:00Z", "ema_landed_tips_50th_percentile": 1.1e-05}
        | {f"landed_tips_{percent}th_percentile": 1e-05 for percent in (25, 50, 75, 95, 99)}
    ]
)


def config(folder: Path, *lines: str) -> Config:
    path = folder / "cambist.toml"
    head = ["[market]", 'source = "network"', "[recording]", f"folder = {json.dumps(str(folder))}"]
    path.write_text("\n".join([*head, *lines]), encoding="utf-8")
    return load(path)


async def checked(settings: Config, timeout_s: float = 8.0) -> dict[tuple[str, str], Check]:
    """Returns the checks of endpoints by name and step."""
    found = await asyncio.to_thread(doctor.check, settings, timeout_s)
    return {(check["name"], check["step"]): check for check in found if "step" in check}


@asynccontextmanager
async def street(**changes: Any) -> AsyncIterator[Street]:
    listings = changes.get("listings", {})
    genesis_ms = round(time.time() * 1000) + changes.get("ahead_ms", 0)
    made = Street(7, tuple(listings) or ALL, genesis_ms=genesis_ms, listings=listings)
    await made.start()
    market = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        market.cancel()
        with suppress(asyncio.CancelledError):
            await market
        await made.close()


def tables(made: Street) -> list[str]:
    lines = []
    for name, exchange in made.exchanges.items():
        symbol = next(iter(exchange.books))
        at = made.endpoints[name]
        lines += [f"[{name}]", f'ws = "{at["ws"]}"', f'rest = "{at["rest"]}"', f'symbols = ["{symbol}"]']
    return lines


async def test_every_step_of_every_exchange_is_timed_and_sound(tmp_path: Path) -> None:
    fees = {"binance": 1_000, "kraken": 2_400, "okx": 1_000, "bybit": 1_000, "coinbase": 6_000}
    async with street() as made:
        lines = tables(made)
        for name, ppm in fees.items():
            lines += ["[[venue_fees]]", f'venue = "{name}"', f"taker_ppm = {ppm}"]
        found = await checked(config(tmp_path, *lines))
    for name in ALL:
        steps = {step for who, step in found if who == f"{name} ws"}
        assert steps == {"dns", "tcp", "open", "subscribe", "first data", "lag"}, found
        assert {step for who, step in found if who == f"{name} rest"} == {
            "dns", "tcp", "clock", "limits", "instruments", "fee",
        }  # fmt: skip
        lag = found[f"{name} ws", "lag"]["found"]
        assert "ms in the middle of" in lag or "carries a time" in lag
    wrong = [check for check in found.values() if not check["ok"]]
    assert wrong == []
    timed = [check for check in found.values() if check["step"] in ("dns", "tcp", "open", "subscribe", "first data")]
    assert all(check["ms"] >= 0 for check in timed)
    assert "tier from a volume of 50000 on" in found["kraken rest", "fee"]["found"]
    assert "compare it with your account" in found["okx rest", "fee"]["found"]


async def test_frames_with_finer_prices_than_usual_tell_the_lag_too(tmp_path: Path) -> None:
    fine = Listing("BONK-USDT", "BONK", "USDT", "BONK", "USDT", 1, 100_000_000, 1, 2_500.0, 5.0, places=12)
    async with street(listings={"okx": (fine,)}) as made:
        found = await checked(config(tmp_path, *tables(made)))
    assert "ms in the middle of" in found["okx ws", "lag"]["found"]


async def test_a_clock_that_is_off_a_fee_that_is_wrong_and_an_unlisted_symbol_say_what_to_do(tmp_path: Path) -> None:
    venue = FakeKraken("SOL/USD", "BTC/USD")
    venue.ahead_ms = 90_000
    venue.unknown = {"SOL/UDS"}
    async with websocket_server(venue.streams) as ws, http_server(venue.rest) as rest:
        lines = ["[kraken]", f'ws = "{ws}"', f'rest = "{rest}"', 'symbols = ["SOL/UDS"]']
        lines += ["[[venue_fees]]", 'venue = "binance"', "taker_ppm = 1000"]
        found = await checked(config(tmp_path, *lines))
    assert "timedatectl" in found["kraken rest", "clock"]["found"]
    assert not found["kraken rest", "clock"]["ok"]
    assert "nearest to SOL/UDS is SOL/USD" in found["kraken rest", "instruments"]["found"]
    assert "[[venue_fees]]" in found["kraken rest", "fee"]["found"]
    assert not found["kraken rest", "fee"]["ok"]
    refused = found["kraken ws", "subscribe"]
    assert not refused["ok"]
    assert "[kraken] symbols" in refused["found"]


async def test_a_venue_that_answers_nothing_costs_no_more_than_its_time(tmp_path: Path) -> None:
    venue = FakeKraken("SOL/USD")
    venue.deaf, venue.beats = True, False
    async with websocket_server(venue.streams) as ws:
        lines = ["[kraken]", f'ws = "{ws}"', 'rest = "http://127.0.0.1:1"', 'symbols = ["SOL/USD"]']
        began = time.monotonic()
        found = await checked(config(tmp_path, *lines), timeout_s=1.0)
        assert time.monotonic() - began < 5
    assert "no answer in 1 s" in found["kraken ws", "subscribe"]["found"]
    assert "longer --timeout" in found["kraken ws", "subscribe"]["found"]
    assert "check host and port in [kraken] rest" in found["kraken rest", "tcp"]["found"]
    assert ("kraken rest", "clock") not in found


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("good", "more days"),
        ("expired", "compare `date -u`"),
        ("wrong-host", "another host's"),
        ("self-signed", "a proxy may sit in between"),
    ],
)
async def test_certificates_are_told_and_bad_ones_get_no_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, words: str
) -> None:
    made = certificates()[kind]
    trusted = tmp_path / "authority.pem"
    trusted.write_text(made.authority, encoding="ascii")
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    received: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, ssl.SSLError):
            received.append(await reader.read(1000))
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0, ssl=made.server_context()) as server:
        port = server.sockets[0].getsockname()[1]
        lines = ["[kraken]", f'ws = "wss://127.0.0.1:{port}"', f'rest = "https://127.0.0.1:{port}"']
        found = await checked(config(tmp_path, *lines, 'symbols = ["SOL/USD"]'), timeout_s=3.0)
    tls = found["kraken ws", "tls"]
    assert words in tls["found"]
    assert tls["ok"] is (kind == "good")
    assert tls["ok"] is any(received), "only a server that is who it says gets a byte"
    if kind == "good":
        assert "TLSv1.3" in tls["found"]
    else:
        assert ("kraken ws", "open") not in found


async def test_a_node_and_its_fee_sources_are_tried(tmp_path: Path) -> None:
    from aiohttp import web

    node = FakeNode()
    node.slots_every = 0.01

    async def rpc(request: web.Request) -> web.Response:
        call = await request.json()
        found = {"getVersion": {"solana-core": "3.0.6"}, "getSlot": node.slot}.get(call["method"])
        if found is None:
            return await node.rpc(request)
        return web.json_response({"jsonrpc": "2.0", "result": found, "id": call["id"]})

    async def tips(request: web.Request) -> web.Response:
        return web.Response(text=TIPS, content_type="application/json")

    async def streamed(socket: Any) -> None:
        await socket.send(TIPS)
        await asyncio.sleep(30)

    async with (
        websocket_server(node.pubsub) as pubsub,
        http_server(rpc) as http,
        http_server(tips) as floor,
        websocket_server(streamed) as stream,
    ):
        lines = ["[[solana]]", 'name = "a"', f'pubsub = "{pubsub}"', f'rpc = "{http}/CANARY?key=CANARY"']
        lines += ["fee_percentiles = true", f'tip_floor = "{floor}/tips"', f'tip_stream = "{stream}/stream"']
        found = await checked(config(tmp_path, *lines))
    assert found["a pubsub", "first data"]["ok"]
    assert found["a rpc", "version"]["found"] == "Solana 3.0.6"
    assert "behind the newest of all" in found["a rpc", "lag"]["found"]
    assert found["a rpc", "fees"]["found"] == "smallest fees of 1 slots"
    assert not found["a rpc", "fee percentiles"]["ok"]
    assert "remove fee_percentiles" in found["a rpc", "fee percentiles"]["found"]
    assert "one figure only" in found["a rpc", "fee percentiles"]["found"]
    assert "5 percentiles" in found["a tips", "first data"]["found"]
    assert "5 percentiles" in found["a tip stream", "first data"]["found"]
    assert "CANARY" not in json.dumps(list(found.values()))
