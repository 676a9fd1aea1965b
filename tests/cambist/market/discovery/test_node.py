"""Asking a node: pace, refusals in words, answers that are none; never a URL's secrets."""

import json

import msgspec
import pytest
from aiohttp import web

from cambist.market.discovery.node import DiscoveryError, Node, Pace
from feeds.http import HttpLimits
from tests.feeds.servers import http_server

KEY = "So11111111111111111111111111111111111111112"
QUICK = HttpLimits(timeout_s=2.0, attempts=2, wait_initial_s=0.0, wait_max_s=0.01)


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize("per_minute", [1, 5, 6, 7, 60, 600])
async def test_no_minute_and_no_ten_seconds_see_more_calls_than_allowed(per_minute: int) -> None:
    time = Time()
    pace = Pace(per_minute, time, time.sleep)
    calls = []
    for _ in range(3 * per_minute + 2):
        await pace.wait()
        calls.append(time.now)
    for window, most in ((60.0, per_minute), (10.0, max(1, per_minute // 6))):
        for at, begun in enumerate(calls):
            assert sum(begun <= other < begun + window - 1e-9 for other in calls[at:]) <= most
    assert calls[-1] <= 60.0 * (3 * per_minute + 2) / (max(1, per_minute // 6) * 6 if per_minute >= 6 else per_minute)


async def asked(answer, method: str = "owned") -> str:
    async def reply(request: web.Request) -> web.Response:
        return await answer(request)

    async with http_server(reply) as url:
        node = Node("n", f"{url}/SECRET?key=SECRET", calls_per_minute=6_000, max_bytes=1 << 20, limits=QUICK)
        read = node.owned(KEY, [], (0, 8)) if method == "owned" else node.accounts([KEY], (0, 8))
        try:
            with pytest.raises(DiscoveryError) as caught:
                await read
        finally:
            await node.close()
    assert "SECRET" not in str(caught.value)
    assert "http://127.0.0.1" in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (403, r"refuses getProgramAccounts (HTTP 403): name the pools in [watch] pools or pool_list instead, or ask"),
        (410, r"refuses getProgramAccounts (HTTP 410)"),
        (429, "is asked too often (HTTP 429): lower [watch] calls_per_minute"),
        (500, "getProgramAccounts failed: HTTP 500"),
    ],
)
async def test_what_a_server_refuses_says_what_to_do(status: int, words: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text="<html>no</html>")

    assert words in await asked(answer)
    if status in (403, 410):
        assert "failed" in await asked(answer, "accounts"), "reading by address has no such way out"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html>", "no JSON-RPC"),
        (b"[" * 100_000, "no JSON-RPC"),
        (b'{"result": 7}', "gave what can't be read"),
        (b'{"result": {"value": [null, 3]}}', "gave what can't be read"),
        (b'{"result": {"value": [{"pubkey": "x"}]}}', "gave what can't be read"),
        (b'{"result": [{"pubkey":"x","account":{"data":["!!","base64"],"owner":"y"}}]}', "gave what can't be read"),
        (b'{"result": [{"pubkey":"x","account":{"data":["AA==","base58"],"owner":"y"}}]}', "encoding base58"),
        (b'{"error": {"code": -32600, "message": "\\u001b]0;x not on your plan"}}',
         "refuses getProgramAccounts (-32600 \\u001b]0;x not on your plan)"),
        (b"x" * (2 << 20), "ask for fewer tokens, or raise [watch] max_megabytes"),
    ],
)  # fmt: skip
async def test_an_answer_that_is_none_is_an_error_in_words(body: bytes, words: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    message = await asked(answer)
    assert words in message
    assert message.isprintable()


async def test_what_passes_is_asked_again_and_counted() -> None:
    seen = []

    async def reply(request: web.Request) -> web.Response:
        seen.append(json.loads(await request.text()))
        if len(seen) == 1:
            return web.Response(body=b'{"error": {"code": -32005, "message": "behind"}}')
        return web.Response(body=msgspec.json.encode({"result": {"context": {"slot": 9}, "value": [None]}}))

    async with http_server(reply) as url:
        node = Node("n", url, calls_per_minute=6_000, max_bytes=1 << 20, limits=QUICK)
        assert await node.accounts([KEY, KEY], (0, 8)) == {KEY: None}
        await node.close()
    assert node.calls == len(seen) == 2
    assert node.slot == 9
    assert node.bytes_left < 1 << 20


async def test_fewer_accounts_than_asked_for_are_not_taken_for_others() -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=b'{"result": {"value": []}}')

    assert "gave what can't be read" in await asked(answer, "accounts")


async def test_nobody_there_is_said() -> None:
    node = Node("n", "http://127.0.0.1:1", calls_per_minute=6_000, max_bytes=1 << 20, limits=QUICK)
    with pytest.raises(DiscoveryError, match=r"n \(http://127\.0\.0\.1:1\): getMultipleAccounts failed: Connect"):
        await node.accounts([KEY], (0, 8))
    await node.close()
