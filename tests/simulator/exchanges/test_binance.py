import asyncio
import contextlib
import json
from decimal import Decimal

import pytest
import websockets

from tests.simulator.conftest import Running
from tests.simulator.wire import Socket, connect


def subscribe(*names: str, number: int = 1) -> str:
    return json.dumps({"method": "SUBSCRIBE", "params": list(names), "id": number})


async def quiet(socket: Socket) -> bool:
    """Returns whether nothing arrives for a moment."""
    try:
        await asyncio.wait_for(socket.connection.recv(), 0.05)
    except TimeoutError:
        return True
    return False


async def test_a_book_rebuilt_from_diffs_and_a_snapshot_equals_the_exchange(running: Running) -> None:
    for _ in range(20):
        running.step()
    rest = running.endpoints["exchange_rest"]
    async with connect(running.endpoints["exchange_ws"] + "/ws") as connection:
        socket = Socket(connection)
        await connection.send(subscribe("solusdt@depth@100ms"))
        assert await socket.next() == {"result": None, "id": 1}
        for _ in range(10):
            running.step()
        status, snapshot = await running.http.get(rest + "/api/v3/depth?symbol=SOLUSDT&limit=5000")
        assert status == 200
        for _ in range(400):
            running.step()
        status, last = await running.http.get(rest + "/api/v3/depth?symbol=SOLUSDT&limit=5000")
        sides = {side: {Decimal(p): Decimal(q) for p, q in snapshot[side]} for side in ("bids", "asks")}
        local, previous, applied = snapshot["lastUpdateId"], None, 0
        while local < last["lastUpdateId"]:
            event = await socket.next()
            assert event["e"] == "depthUpdate"
            assert event["s"] == "SOLUSDT"
            assert previous is None or event["U"] == previous + 1
            previous = event["u"]
            if event["u"] <= local:
                continue
            assert event["U"] <= local + 1
            local, applied = event["u"], applied + 1
            for name, side in (("b", sides["bids"]), ("a", sides["asks"])):
                for at, quantity in event[name]:
                    if Decimal(quantity):
                        side[Decimal(at)] = Decimal(quantity)
                    else:
                        side.pop(Decimal(at), None)
        assert applied > 50
        assert local == last["lastUpdateId"]
        assert sorted(sides["bids"].items(), reverse=True) == [(Decimal(p), Decimal(q)) for p, q in last["bids"]]
        assert sorted(sides["asks"].items()) == [(Decimal(p), Decimal(q)) for p, q in last["asks"]]


async def test_tickers_are_on_the_grid_and_carry_the_books_update_id(running: Running) -> None:
    rest = running.endpoints["exchange_rest"]
    _, info = await running.http.get(rest + "/api/v3/exchangeInfo")
    rules = {item["symbol"]: {f["filterType"]: f for f in item["filters"]} for item in info["symbols"]}
    assert len(rules) >= 6
    names = [f"{symbol.lower()}@bookTicker" for symbol in rules]
    async with connect(running.endpoints["exchange_ws"] + "/stream") as connection:
        socket = Socket(connection)
        await connection.send(subscribe(*names, *(f"{symbol.lower()}@trade" for symbol in rules)))
        assert (await socket.next())["result"] is None
        for _ in range(240):
            running.step()
        seen, trades = {}, 0
        last = {symbol: book.update_id for symbol, book in running.market.books.items()}
        while not await quiet_or_collect(socket, seen):
            pass
        for stream, message in seen["all"]:
            symbol = message["s"]
            tick, step = (
                Decimal(rules[symbol][f][n]) for f, n in (("PRICE_FILTER", "tickSize"), ("LOT_SIZE", "stepSize"))
            )
            if stream.endswith("@trade"):
                trades += 1
                assert set(message) == {"e", "E", "s", "t", "p", "q", "T", "m", "M"}
                assert Decimal(message["p"]) % tick == Decimal(message["q"]) % step == 0
                continue
            assert set(message) == {"u", "s", "b", "B", "a", "A"}
            assert Decimal(message["b"]) < Decimal(message["a"])
            assert Decimal(message["b"]) % tick == Decimal(message["a"]) % tick == 0
            assert Decimal(message["B"]) % step == Decimal(message["A"]) % step == 0
            assert Decimal(message["B"]) > 0
            assert message["u"] <= last[symbol]
        assert trades > 20
        assert {message["s"] for _, message in seen["all"]} == set(rules)


async def quiet_or_collect(socket: Socket, seen: dict) -> bool:
    try:
        text = await asyncio.wait_for(socket.connection.recv(), 0.1)
    except TimeoutError:
        return True
    message = json.loads(text)
    seen.setdefault("all", []).append((message["stream"], message["data"]))
    return False


async def test_streams_in_the_path_and_in_the_query(running: Running) -> None:
    url = running.endpoints["exchange_ws"]
    async with (
        connect(url + "/ws/solusdt@bookTicker") as raw,
        connect(url + "/stream?streams=solusdt@depth5@100ms/jupusdt@bookTicker") as combined,
    ):
        await asyncio.sleep(0.02)
        for _ in range(120):
            running.step()
        assert (await Socket(raw).next())["s"] == "SOLUSDT"
        found = set()
        while len(found) < 2:
            message = await Socket(combined).next()
            found.add(message["stream"])
            if message["stream"] == "solusdt@depth5@100ms":
                assert set(message["data"]) == {"lastUpdateId", "bids", "asks"}
                assert len(message["data"]["bids"]) == 5


async def test_listing_unsubscribing_and_unknown_streams(running: Running) -> None:
    async with connect(running.endpoints["exchange_ws"] + "/ws") as connection:
        socket = Socket(connection)
        await connection.send(subscribe("nosuch@bookTicker", "solusdt@bookTicker", number=3))
        assert await socket.next() == {"result": None, "id": 3}
        await connection.send('{"method":"LIST_SUBSCRIPTIONS","id":"x"}')
        assert await socket.next() == {"result": ["nosuch@bookTicker", "solusdt@bookTicker"], "id": "x"}
        await connection.send('{"method":"UNSUBSCRIBE","params":["solusdt@bookTicker"],"id":4}')
        assert await socket.next() == {"result": None, "id": 4}
        for _ in range(40):
            running.step()
        assert await quiet(socket)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("{", 3),
        ("[]", 2),
        ('{"id":1}', 2),
        ('{"method":"BUY","id":1}', 2),
        ('{"method":"SUBSCRIBE","params":"x","id":1}', 1),
        ('{"method":"SUBSCRIBE","params":[1],"id":1}', 1),
        ('{"method":"SUBSCRIBE","params":[],"id":1.5}', 1),
        ('{"method":"SUBSCRIBE","params":[],"id":1,"extra":2}', 0),
        ('{"method":"SET_PROPERTY","params":["combined","yes"],"id":1}', 1),
    ],
)
async def test_bad_requests(running: Running, message: str, code: int) -> None:
    async with connect(running.endpoints["exchange_ws"] + "/ws") as connection:
        await connection.send(message)
        assert (await Socket(connection).next())["code"] == code


async def test_too_many_messages_close_the_connection(running: Running) -> None:
    async with connect(running.endpoints["exchange_ws"] + "/ws") as connection:
        answers = 0
        with contextlib.suppress(websockets.ConnectionClosed):
            for _ in range(30):
                await connection.send('{"method":"LIST_SUBSCRIPTIONS","id":1}')
                await connection.recv()
                answers += 1
        assert answers in range(5, 12)
        await connection.wait_closed()


async def test_rest_answers_and_refusals(running: Running) -> None:
    rest = running.endpoints["exchange_rest"]
    get = running.http.get
    assert await get(rest + "/api/v3/ping") == (200, {})
    assert (await get(rest + "/api/v3/time"))[1] == {"serverTime": running.market.now_ms}
    assert (await get(rest + "/api/v3/depth?symbol=NOSUCH"))[1]["code"] == -1121
    assert (await get(rest + "/api/v3/depth"))[1]["code"] == -1102
    assert (await get(rest + "/api/v3/depth?symbol=SOLUSDT&limit=-1"))[1]["code"] == -1100
    status, depth = await get(rest + "/api/v3/depth?symbol=BONKUSDT&limit=7")
    assert (status, len(depth["bids"]), len(depth["asks"])) == (200, 7, 7)
    assert Decimal(depth["bids"][0][0]) < Decimal(depth["asks"][0][0])
    assert (await get(rest + "/nothing"))[0] == 404
    assert (await get(rest + "/api/v3/exchangeInfo?symbol=SOLUSDT"))[1]["symbols"][0]["baseAsset"] == "SOL"
    with pytest.raises(websockets.InvalidStatus):
        await connect(running.endpoints["exchange_ws"] + "/elsewhere")
    status, headers, _ = await running.http.raw(rest, b"GET /api/v3/ping HTTP/1.1\r\n\r\n")
    assert int(headers["x-mbx-used-weight-1m"]) > 20
    for _ in range(40):
        status, answer = await get(rest + "/api/v3/depth?symbol=SOLUSDT&limit=5000")
    assert (status, answer["code"]) == (429, -1003)


async def test_books_follow_the_hidden_price(running: Running) -> None:
    for _ in range(300):
        running.market.slot()
    market = running.market
    for book in market.books.values():
        fair = market.prices.usd[book.listing.base_token] / market.prices.usd[book.listing.quote_token]
        assert abs(book.mid() / fair - 1.0) < 0.005
        assert list(book.levels("bid", 60)) == sorted(book.bids.items(), reverse=True)
        assert min(book.asks) == book.best_ask > book.best_bid == max(book.bids)
        assert len(book.bids) == len(book.asks) == 60
