import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
import websockets

from cambist.simulator.exchanges.kraken.checksum import checksum
from tests.simulator.exchanges.checkers import KrakenBook
from tests.simulator.exchanges.rig import Rig, Text, running


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with running("kraken") as found:
        yield found


def book(*symbols: str, depth: int = 10, method: str = "subscribe", **more: object) -> dict:
    params = {"channel": "book", "symbol": list(symbols), "depth": depth, **more}
    return {"method": method, "params": params, "req_id": 5}


def test_the_checksum_of_a_known_book() -> None:
    asks = [("101.5", "0.00050000"), ("101.6", "2.00000000")]
    bids = [("101.4", "1.25000000"), ("101.0", "0.75000000")]
    assert checksum(asks, bids) == 3737750847
    checker = KrakenBook(10)
    levels = {
        "bids": [{"price": Text(p), "qty": Text(q)} for p, q in bids],
        "asks": [{"price": Text(p), "qty": Text(q)} for p, q in asks],
    }
    checker.apply({"type": "snapshot", "data": [{**levels, "checksum": 3737750847}]})


@pytest.mark.parametrize("depth", [10, 25, 1000])
async def test_books_rebuilt_from_updates_equal_the_truth(rig: Rig, depth: int) -> None:
    await rig.steps(20)
    symbols = list(rig.exchange.books)
    books = {symbol: KrakenBook(depth) for symbol in symbols}
    async with rig.client() as client:
        assert (await client.next())["channel"] == "status"
        await client.send(book(*symbols, depth=depth))
        for _ in range(30):
            await rig.steps(20)
            for message in await client.all():
                if message.get("channel") == "book":
                    books[message["data"][0]["symbol"]].apply(message)
        for symbol in symbols:
            assert books[symbol].levels() == rig.truth(symbol, depth=depth)
            assert books[symbol].updates > 100
            assert rig.exchange.sent[f"book.{depth}", symbol] == books[symbol].updates


async def test_a_second_client_joins_in_the_middle(rig: Rig) -> None:
    async with rig.client() as first, rig.client() as second:
        await first.send(book("SOL/USD"))
        await rig.steps(50)
        await second.send(book("SOL/USD"))
        await rig.steps(50)
        for client in (first, second):
            mirror = KrakenBook(10)
            for message in await client.all():
                if message.get("channel") == "book":
                    mirror.apply(message)
            assert mirror.levels() == rig.truth("SOL/USD", depth=10)


async def test_one_acknowledgement_per_symbol_before_its_data(rig: Rig) -> None:
    async with rig.client() as client:
        await client.next()
        await client.send(book("SOL/USD", "NO/SUCH", "BTC/USD"))
        sol, snapshot, refused, btc = [await client.next() for _ in range(4)]
        assert sol["result"] == {"channel": "book", "symbol": "SOL/USD", "depth": 10, "snapshot": True}
        assert (sol["success"], sol["req_id"], sol["method"]) == (True, 5, "subscribe")
        assert {"time_in", "time_out"} < set(sol)
        assert (snapshot["channel"], snapshot["type"]) == ("book", "snapshot")
        assert (refused["success"], refused["error"]) == (False, "Currency pair not supported NO/SUCH")
        assert btc["result"]["symbol"] == "BTC/USD"
        assert (await client.next())["data"][0]["symbol"] == "BTC/USD"
        await client.send(book("SOL/USD"))
        assert (await client.next())["error"] == "Already subscribed"
        await client.send(book("SOL/USD", method="unsubscribe"))
        assert (await client.next())["success"] is True
        await client.send(book("SOL/USD", method="unsubscribe"))
        assert (await client.next())["success"] is False


@pytest.mark.parametrize(
    "request_",
    [
        "{",
        "[]",
        {"method": 5},
        {"method": "subscribe"},
        {"method": "subscribe", "params": {"channel": "nothing", "symbol": ["SOL/USD"]}},
        {"method": "subscribe", "params": {"channel": ["book"], "symbol": ["SOL/USD"]}},
        {"method": "subscribe", "params": {"channel": "book", "symbol": "SOL/USD"}},
        {"method": "subscribe", "params": {"channel": "book", "symbol": [["SOL/USD"]]}},
        {"method": "subscribe", "params": {"channel": "book", "symbol": ["SOL/USD"], "depth": 11}},
        {"method": "subscribe", "params": {"channel": "book", "symbol": ["SOL/USD"], "depth": True}},
        {"method": "subscribe", "params": {"channel": "ticker", "symbol": ["SOL/USD"], "event_trigger": "all"}},
    ],
)
async def test_bad_requests_are_refused_and_keep_the_connection(rig: Rig, request_: object) -> None:
    async with rig.client() as client:
        await client.next()
        await client.send(request_)
        assert (await client.next())["success"] is False
        await client.send({"method": "ping", "req_id": 9})
        pong = await client.next()
        assert (pong["method"], pong["req_id"]) == ("pong", 9)


async def test_numbers_keep_their_trailing_zeros(rig: Rig) -> None:
    async with rig.client() as client:
        await client.next()
        await client.send(book("JUP/USD"))
        await client.next()
        (data,) = (await client.next())["data"]
        for level in data["bids"] + data["asks"]:
            assert isinstance(level["price"], Text)
            assert (len(level["price"].partition(".")[2]), len(level["qty"].partition(".")[2])) == (4, 8)


async def test_the_ticker_speaks_on_trades_or_on_the_touch(rig: Rig) -> None:
    async with rig.client() as bbo, rig.client() as trades:
        for client, trigger in ((bbo, {"event_trigger": "bbo"}), (trades, {})):
            await client.send(
                {"method": "subscribe", "params": {"channel": "ticker", "symbol": ["SOL/USD"], **trigger}}
            )
            await client.send({"method": "subscribe", "params": {"channel": "trade", "symbol": ["SOL/USD"]}})
        await rig.steps(200)
        for client, by_touch in ((bbo, True), (trades, False)):
            seen = await client.all()
            kinds = Counter((m["channel"], m["type"]) for m in seen if "channel" in m and m["channel"] != "heartbeat")
            assert kinds["ticker", "snapshot"] == kinds["trade", "snapshot"] == 1
            assert kinds["trade", "update"] > 20
            assert (kinds["ticker", "update"] > kinds["trade", "update"]) is by_touch
            for message in seen:
                if message.get("channel") == "ticker":
                    (row,) = message["data"]
                    assert Decimal(row["bid"]) < Decimal(row["ask"])
                    assert Decimal(row["low"]) <= Decimal(row["last"]) <= Decimal(row["high"])
                if message.get("channel") == "trade" and message["type"] == "update":
                    assert set(message["data"][0]) == {
                        *("symbol", "side", "price", "qty", "ord_type", "trade_id", "timestamp")
                    }


async def test_heartbeats_come_each_second_while_nothing_else_flows(rig: Rig) -> None:
    async with rig.client() as client:
        await client.next()
        await client.send(book("SOL/USD"))
        await client.all()
        for _ in range(100):  # 5 s without a book event
            rig.street._steps += 1
            rig.exchange.flush()
        beats = await client.all()
        assert beats == [{"channel": "heartbeat"}] * 5
        assert rig.exchange.sent["heartbeat", ""] == 5


async def test_a_client_without_subscription_is_closed(rig: Rig) -> None:
    async with rig.client() as client:
        await client.next()
        rig.real_s += 59
        await rig.steps(1)
        assert await client.all() == []
        rig.real_s += 2
        await rig.steps(1)
        with pytest.raises(websockets.ConnectionClosed):
            await asyncio.wait_for(client.connection.recv(), 5)


async def test_rest_names_pairs_as_version_1_does(rig: Rig) -> None:
    status, _, body = await rig.get("/0/public/AssetPairs")
    assert (status, body["error"]) == (200, [])
    btc = body["result"]["XXBTZUSD"]
    assert (btc["wsname"], btc["altname"], btc["base"], btc["quote"]) == ("XBT/USD", "XBTUSD", "XXBT", "ZUSD")
    sol = body["result"]["SOLUSD"]
    assert (sol["wsname"], sol["pair_decimals"], sol["lot_decimals"], sol["tick_size"]) == ("SOL/USD", 2, 8, "0.01")
    assert Decimal(sol["ordermin"]) > 0
    assert {pair["wsname"].replace("XBT", "BTC") for pair in body["result"].values()} == set(rig.exchange.books)
    assert list((await rig.get("/0/public/AssetPairs?pair=XBTUSD"))[2]["result"]) == ["XXBTZUSD"]
    assert (await rig.get("/0/public/AssetPairs?pair=NOPE"))[2]["error"]
    assert (await rig.get("/0/public/Time"))[2]["result"]["unixtime"] == rig.street.now_ms // 1000
    assert (await rig.get("/0/public/None"))[0] == 404
    with pytest.raises(websockets.InvalidStatus):
        await websockets.connect(rig.street.endpoints["kraken"]["ws"] + "/v1")


async def test_the_truth_at_an_older_sequence(rig: Rig) -> None:
    seen = {}
    for _ in range(50):
        await rig.steps(1)
        found = rig.exchange.truth("SOL/USD")
        seen[found.sequence] = found
    assert len(seen) > 20
    for sequence, found in seen.items():
        assert rig.exchange.truth("SOL/USD", sequence) == found
    with pytest.raises(KeyError):
        rig.exchange.truth("SOL/USD", 1)


async def test_a_burst_keeps_the_rule(rig: Rig) -> None:
    async with rig.client() as client:
        await client.next()
        await client.send(book("SOL/USD"))
        mirror = KrakenBook(10)
        await client.next()
        mirror.apply(await client.next())
        assert await rig.exchange.burst("SOL/USD", 3_000) == 3_000
        for message in await client.all():
            mirror.apply(message)
        assert mirror.updates == 3_001
        assert mirror.levels() == rig.truth("SOL/USD", depth=10)
