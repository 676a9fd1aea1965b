"""Whatever a client says, an exchange answers or closes by its own rule; it never breaks down."""

import asyncio
import json

import pytest
import websockets
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.simulator.exchanges.rig import running
from tests.simulator.exchanges.subscriptions import OTHER, SYMBOL, VENUES, ask, book_symbol

WORDS = st.sampled_from(
    [
        *(
            "op",
            "args",
            "method",
            "params",
            "channel",
            "symbol",
            "instId",
            "type",
            "product_ids",
            "depth",
            "id",
            "req_id",
        ),
        *("subscribe", "unsubscribe", "SUBSCRIBE", "ping", "book", "books", "level2", "heartbeats", "ticker", "trades"),
        *(
            "SOL-USDT",
            "SOL/USD",
            "SOLUSDT",
            "SOL-USD",
            "orderbook.50.SOLUSDT",
            "solusdt@depth",
            "combined",
            "",
            "\ud800",
        ),
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=8,
)
FIXED = (
    "",
    "null",
    "[" * 5_000,
    '{"op":' * 3_000,
    '{"id":' + "9" * 4_000 + "}",
    b"\xff\xfe\x00",
    '{"method":"subscribe","params":{"channel":"book","symbol":["SOL/USD"],"depth":1e400}}',
    '{"op":"subscribe","args":[{"channel":"books","instId":"\\ud800"}]}',
)


@pytest.mark.parametrize("venue", VENUES)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(VALUES, min_size=4, max_size=4))
def test_any_json(venue: str, values: list) -> None:
    asyncio.run(send_all(venue, [json.dumps(value) for value in values]))


@pytest.mark.parametrize("venue", VENUES)
@pytest.mark.parametrize("message", FIXED)
async def test_what_is_no_request(venue: str, message: str | bytes) -> None:
    await send_all(venue, [message])


async def send_all(venue: str, messages: list[str | bytes]) -> None:
    async with running(venue) as rig:
        async with rig.client() as client:
            try:
                for message in messages:
                    await client.connection.send(message)
                await client.all_raw()
            except websockets.ConnectionClosed:
                assert client.connection.close_code != 1011
        async with rig.client() as client:
            await client.send(ask(venue, SYMBOL[venue], OTHER[venue]))
            await client.all()
            await rig.steps(40)
            assert {book_symbol(venue, m) for m in await client.all()} >= {SYMBOL[venue]}
