"""Endpoints that answer something else than they should: which step says so."""

import asyncio
import importlib
import json
import ssl
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

from cambist.config import ExchangeEndpoint
from cambist.doctor import check, exchange, machine
from cambist.doctor.probe import Check, Probe, certificate
from cambist.simulator.chaos.certificates import certificates
from tests.cambist.test_doctor import checked, config
from tests.feeds.fake_venues import FakeKraken
from tests.feeds.servers import FakeNode, http_server, websocket_server

pytestmark = pytest.mark.timeout(60)
ACKNOWLEDGED = '{"jsonrpc":"2.0","result":3,"id":1}'
SLOT = {"parent": 8, "root": 1, "slot": 9}
PLAIN = """
from feeds.kraken import Kraken
from feeds.venue import Query


class Plain(Kraken):
    name = "plain"
    rest = ""

    def server_time(self) -> Query | None:
        return None

    def instruments(self, symbols: object) -> Query | None:
        return None


VENUE = Plain()
"""


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is looked at here is no machine, and how late frames are takes few of them."""
    monkeypatch.setattr(machine, "WATCHED_S", 0.0)
    monkeypatch.setattr(exchange, "LAG_FRAMES", 3)


class Exchange(FakeKraken):
    """An exchange that answers reads by what a test says."""

    clock: object = None
    pairs: object = None

    def time(self, path: str) -> Any:
        return super().time(path) if self.clock is None or path != "/0/public/Time" else self.clock

    def read(self, request: web.Request) -> web.Response:
        return super().read(request) if self.pairs is None else web.json_response(self.pairs)

    async def beat(self, socket: Any) -> None:
        await socket.send("{")


async def asked(folder: Path, venue: Exchange, *lines: str, ppm: int = 2_400) -> dict[tuple[str, str], Check]:
    """Returns the checks of an exchange."""
    async with websocket_server(venue.streams) as ws, http_server(venue.rest) as rest:
        table = ["[venues.kraken]", f'ws = "{ws}"', f'rest = "{rest}"', *(lines or ['symbols = ["SOL/USD"]'])]
        return await checked(config(folder, *table, "[[venue_fees]]", 'venue = "kraken"', f"taker_ppm = {ppm}"))


def failed(found: dict[tuple[str, str], Check]) -> set[tuple[str, str]]:
    return {key for key, made in found.items() if not made["ok"]}


async def test_frames_without_a_time_leave_the_lag_unknown(tmp_path: Path) -> None:
    found = await asked(tmp_path, Exchange("SOL/USD"))
    assert failed(found) == set()
    assert "ms" not in found["kraken ws", "lag"]


@pytest.mark.parametrize("told", [{"error": []}, {"result": {"unixtime": "noon"}}, {"result": {"unixtime": None}}])
async def test_what_is_no_time_ends_the_reads_and_leaves_the_lag_unknown(tmp_path: Path, told: object) -> None:
    venue = Exchange("SOL/USD")
    venue.clock = told
    found = await asked(tmp_path, venue)
    assert failed(found) == {("kraken rest", "clock")}
    assert ("kraken rest", "instruments") not in found
    assert found["kraken ws", "lag"]["ok"]


@pytest.mark.parametrize("told", [{"error": ["EGeneral:Internal error"]}, {"error": [], "result": 3}, [], 7])
async def test_what_is_no_list_of_instruments_is_no_fee_either(tmp_path: Path, told: object) -> None:
    venue = Exchange("SOL/USD")
    venue.pairs = told
    found = await asked(tmp_path, venue)
    assert failed(found) == {("kraken rest", "instruments")}
    assert "2400 ppm" in found["kraken rest", "fee"]["found"]


@pytest.mark.parametrize(("ppm", "sound"), [(4_000, True), (2_400, True), (2_500, False)])
async def test_a_fee_is_one_of_the_lists_tiers(tmp_path: Path, ppm: int, sound: bool) -> None:
    venue = Exchange("SOL/USD")
    venue.pairs = {"error": [], "result": {"SOLUSD": {"wsname": "SOL/USD", "fees": [[0, 0.4], [50_000, 0.24]]}}}
    found = await asked(tmp_path, venue, ppm=ppm)
    assert failed(found) == (set() if sound else {("kraken rest", "fee")})


async def test_an_exchange_without_symbols_has_nothing_to_try(tmp_path: Path) -> None:
    found = await asked(tmp_path, Exchange("SOL/USD"), "symbols = []")
    assert failed(found) == {("kraken ws", "subscribe")}


@pytest.fixture
def plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Installs an exchange that has no reads of its own and tells neither its time nor its instruments."""
    folder = tmp_path / "site"
    info = folder / "cambist_plain-0.1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "cambist_plain.py").write_text(PLAIN, encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: cambist-plain\nVersion: 0.1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[cambist.feed]\nplain = cambist_plain:VENUE\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder))
    importlib.invalidate_caches()
    yield "plain"
    sys.modules.pop("cambist_plain", None)


async def test_an_exchange_without_reads_is_tried_by_its_streams_alone(tmp_path: Path, plain: str) -> None:
    async with websocket_server(Exchange("SOL/USD").streams) as ws:
        found = await checked(config(tmp_path, f"[venues.{plain}]", f'ws = "{ws}"', 'symbols = ["SOL/USD"]'))
    assert {name for name, _ in found} == {"plain ws"}
    assert failed(found) == set()
    assert "ms" not in found["plain ws", "lag"]


async def test_an_exchange_that_tells_no_time_is_asked_for_nothing_else(tmp_path: Path, plain: str) -> None:
    venue = Exchange("SOL/USD")
    async with websocket_server(venue.streams) as ws, http_server(venue.rest) as rest:
        table = [f"[venues.{plain}]", f'ws = "{ws}"', f'rest = "{rest}"', 'symbols = ["SOL/USD"]']
        found = await checked(config(tmp_path, *table))
    assert venue.gets == []
    assert {step for name, step in found if name == "plain rest"} == {"dns", "tcp", "clock", "limits", "fee"}
    assert failed(found) == {("plain rest", "fee")}


async def test_an_exchange_that_is_no_longer_installed_is_named_and_the_others_are_tried(tmp_path: Path) -> None:
    settings = config(tmp_path, "[venues.kraken]", 'ws = "ws://127.0.0.1:1"', 'rest = "http://127.0.0.1:1"')
    gone = msgspec.structs.replace(settings, venues={**settings.venues, "gone": ExchangeEndpoint(symbols=("A/B",))})
    done: list[tuple[int, int]] = []
    found = await asyncio.to_thread(check, gone, 5.0, lambda *so_far: done.append(so_far))
    (named,) = [made for made in found if made["name"] == "gone"]
    assert not named["ok"]
    assert "step" not in named
    assert {made["name"] for made in found if made.get("step") == "tcp"} == {"kraken ws", "kraken rest"}
    assert done == [(0, 2), (1, 2), (2, 2)]


# Nodes.


def notification(slot: object) -> str:
    return json.dumps({"jsonrpc": "2.0", "method": "slotNotification", "params": {"result": slot, "subscription": 3}})


@pytest.mark.parametrize(
    ("messages", "wrong"),
    [
        (('{"method":"early"}', "[]", ACKNOWLEDGED, '{"method":"other"}', notification(SLOT)), None),
        (('{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":1}',), "subscribe"),
        (("{",), "subscribe"),
        ((ACKNOWLEDGED, "nothing"), "first data"),
        ((ACKNOWLEDGED, notification({})), "first data"),
        ((ACKNOWLEDGED, notification([])), "first data"),
        ((ACKNOWLEDGED, '{"method":"slotNotification"}'), "first data"),
    ],
)
async def test_the_step_of_a_nodes_stream_that_goes_wrong(
    tmp_path: Path, messages: Sequence[str], wrong: str | None
) -> None:
    async def pubsub(socket: Any) -> None:
        await socket.recv()
        for message in messages:
            await socket.send(message)
        await socket.wait_closed()

    async with websocket_server(pubsub) as at:
        lines = ["[[solana]]", 'name = "a"', f'pubsub = "{at}"', 'rpc = "http://127.0.0.1:1"']
        found = await checked(config(tmp_path, *lines))
    assert failed(found) == {("a rpc", "tcp"), *([("a pubsub", wrong)] if wrong else [])}
    assert (("a pubsub", "lag") in found) is (wrong is None)


class Answering(FakeNode):
    """A node that answers what a test says, and its usual self to the rest."""

    def __init__(self, **answers: object) -> None:
        super().__init__()
        self.answers = {"getVersion": {"solana-core": "3.0.6"}, "getSlot": 9, **answers}
        self.asked: dict[str, object] = {}

    async def rpc(self, request: web.Request) -> web.Response:
        call = await request.json()
        self.asked[call["method"]] = call["params"]
        if call["method"] not in self.answers:
            return await super().rpc(request)
        return web.json_response({"jsonrpc": "2.0", "result": self.answers[call["method"]], "id": call["id"]})


async def of_node(folder: Path, node: Answering, *lines: str) -> dict[tuple[str, str], Check]:
    async with http_server(node.rpc) as http:
        head = ["[[solana]]", 'name = "a"', 'pubsub = "ws://127.0.0.1:1"', f'rpc = "{http}"']
        found = await checked(config(folder, *head, *lines))
    return {key: made for key, made in found.items() if key[0] != "a pubsub"}


@pytest.mark.parametrize(
    ("answers", "wrong"),
    [
        ({"getVersion": [3]}, "version"),
        ({"getSlot": None}, "slot"),
        ({"getSlot": {}}, "slot"),
        ({"getSlot": "x"}, "slot"),
        ({"getRecentPrioritizationFees": 3}, "fees"),
    ],
)
async def test_the_step_of_a_nodes_reads_that_goes_wrong(
    tmp_path: Path, answers: dict[str, object], wrong: str
) -> None:
    found = await of_node(tmp_path, Answering(**answers))
    assert failed(found) == {("a rpc", wrong)}


async def test_estimates_of_fees_are_asked_for_as_their_providers_want_it(tmp_path: Path) -> None:
    node = Answering(qn_estimatePriorityFees={}, getPriorityFeeEstimate={})
    node.percentiles = True
    wanted = 'fee_estimates = ["qn_estimatePriorityFees", "getPriorityFeeEstimate"]'
    found = await of_node(tmp_path, node, "fee_percentiles = true", wanted)
    assert failed(found) == set()
    assert node.asked["qn_estimatePriorityFees"] == {"last_n_blocks": 100, "api_version": 2}
    options = {"includeAllPriorityFeeLevels": True}
    assert node.asked["getPriorityFeeEstimate"] == [{"accountKeys": [], "options": options}]


async def test_an_estimate_that_a_provider_does_not_know_fails_it(tmp_path: Path) -> None:
    found = await of_node(tmp_path, Answering(), 'fee_estimates = ["getPriorityFeeEstimate"]')
    assert failed(found) == {("a rpc", "fee estimate")}


@pytest.mark.parametrize("told", ["{", "[]", '[{"landed_tips_25th_percentile":"much"}]', "3"])
async def test_what_tells_no_tips_is_named(tmp_path: Path, told: str) -> None:
    async def tips(request: web.Request) -> web.Response:
        return web.Response(text=told)

    async def streamed(socket: Any) -> None:
        await socket.send(told)
        await socket.wait_closed()

    async with http_server(tips) as floor, websocket_server(streamed) as stream:
        lines = [f'tip_floor = "{floor}/tips"', f'tip_stream = "{stream}/stream"']
        found = await of_node(tmp_path, Answering(), *lines)
    assert failed(found) == {("a tips", "first data"), ("a tip stream", "first data")}


# One step.


async def test_a_step_that_takes_too_long_is_noted_as_that_step() -> None:
    probe = Probe("a", "ws://127.0.0.1:1/key", "[a] ws")

    async def work() -> None:
        with probe.step("open"):
            async with asyncio.timeout(0):
                await asyncio.Event().wait()

    (made,) = await probe.run(work(), 5.0)
    assert (made["ok"], made["step"]) == (False, "open")


def test_a_certificate_whose_end_nobody_told_is_taken() -> None:
    # A client that checks nothing is told nothing of the other side's.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(back, there)
    server = certificates()["good"].server_context().wrap_bio(there, back, server_side=True)
    open_sides = [client, server]
    while open_sides:
        for side in list(open_sides):
            try:
                side.do_handshake()
                open_sides.remove(side)
            except ssl.SSLWantReadError:
                continue
    text, ok = certificate(client, 0.0)
    assert ok
    assert text.startswith("TLSv1.3")
    assert "days" not in text
