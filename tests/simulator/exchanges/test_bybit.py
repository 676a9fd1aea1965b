import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
import websockets

from cambist.simulator.exchanges.faults import Fault, Kind
from tests.simulator.exchanges.checkers import BybitBook
from tests.simulator.exchanges.rig import Rig, running


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with running("bybit") as found:
        yield found


def subscribe(*args: str, op: str = "subscribe") -> dict:
    return {"req_id": "s1", "op": op, "args": list(args)}


@pytest.mark.parametrize("depth", [50, 200])
async def test_books_rebuilt_from_deltas_equal_the_truth(rig: Rig, depth: int) -> None:
    symbols = list(rig.exchange.books)
    books = {symbol: BybitBook() for symbol in symbols}
    await rig.steps(20)
    async with rig.client() as client:
        await client.send(subscribe(*(f"orderbook.{depth}.{symbol}" for symbol in symbols)))
        for _ in range(20):
            await rig.steps(20)
            for message in await client.all():
                if "topic" in message:
                    book = books[message["data"]["s"]]
                    book.apply(message)
                    assert book.levels() == rig.truth(message["data"]["s"], book.sequence, depth)
        for symbol in symbols:
            assert books[symbol].updates > 100
            assert books[symbol].snapshots == 1
            assert books[symbol].levels() == rig.truth(symbol, depth=depth)
            assert rig.exchange.sent[f"orderbook.{depth}", symbol] == books[symbol].updates


async def test_a_second_client_joins_in_the_middle(rig: Rig) -> None:
    async with rig.client() as first, rig.client() as second:
        await first.send(subscribe("orderbook.50.SOLUSDT"))
        await rig.steps(31)
        await second.send(subscribe("orderbook.50.SOLUSDT"))
        await rig.steps(40)
        for client in (first, second):
            book = BybitBook()
            for message in await client.all():
                if "topic" in message:
                    book.apply(message)
            assert book.levels() == rig.truth("SOLUSDT", depth=50)


async def test_the_first_level_is_whole_each_time_and_comes_again_after_three_seconds(rig: Rig) -> None:
    async with rig.client() as client:
        await client.send(subscribe("orderbook.1.SOLUSDT"))
        await rig.steps(100)
        rows = [message for message in await client.all() if "topic" in message]
        assert len(rows) > 50
        assert {row["type"] for row in rows} == {"snapshot"}
        numbers = [row["data"]["u"] for row in rows]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        for row in rows:
            assert (len(row["data"]["b"]), len(row["data"]["a"])) == (1, 1)
            assert Decimal(row["data"]["b"][0][0]) < Decimal(row["data"]["a"][0][0])
        for _ in range(140):  # 7 s in which nothing happens
            rig.street._steps += 1
            rig.exchange.flush()
        again = await client.all()
        assert [(row["data"]["u"], row["data"]["b"], row["data"]["a"]) for row in again] == [
            (rows[-1]["data"]["u"], rows[-1]["data"]["b"], rows[-1]["data"]["a"])
        ] * 2


async def test_trades(rig: Rig) -> None:
    async with rig.client() as client:
        await client.send(subscribe("publicTrade.SOLUSDT"))
        await rig.steps(200)
        rows = [row for message in await client.all() if "topic" in message for row in message["data"]]
        assert len(rows) > 20
        assert {row["S"] for row in rows} == {"Buy", "Sell"}
        assert set(rows[0]) == {"i", "T", "p", "v", "S", "s", "BT", "RPI", "seq"}
        assert [int(row["i"]) for row in rows] == sorted({int(row["i"]) for row in rows})


async def test_answers_and_refusals(rig: Rig) -> None:
    async with rig.client() as client:
        await client.send(subscribe("publicTrade.SOLUSDT"))
        ack = await client.next()
        assert (ack["success"], ack["ret_msg"], ack["req_id"], ack["op"]) == (True, "", "s1", "subscribe")
        await client.send({"op": "ping", "req_id": "p"})
        pong = await client.next()
        assert (pong["success"], pong["ret_msg"], pong["op"]) == (True, "pong", "ping")
        for bad in ("{", [], {"op": "buy"}, {"op": "subscribe"}, {"op": "subscribe", "args": [1]}):
            await client.send(bad)
            assert (await client.next())["success"] is False
        await client.send(subscribe("orderbook.50.SOLUSDT", "orderbook.50.NOSUCH"))
        refused = await client.next()
        assert refused["success"] is False
        assert refused["ret_msg"].startswith("Invalid topic")
        await client.send(subscribe("orderbook.51.SOLUSDT"))
        assert (await client.next())["success"] is False
        await client.send(subscribe(*(["publicTrade.JUPUSDT"] * 11)))
        assert (await client.next())["ret_msg"] == "args size >10"
        assert rig.exchange.sent["orderbook.50", "SOLUSDT"] == 0
        await client.send(subscribe("publicTrade.SOLUSDT", op="unsubscribe"))
        assert (await client.next())["success"] is True
        await rig.steps(60)
        assert await client.all() == []


async def test_a_restart_is_a_snapshot_with_u_1(rig: Rig) -> None:
    async with rig.client() as client:
        await client.send(subscribe("orderbook.50.SOLUSDT"))
        await rig.steps(20)
        rig.exchange.inject(Fault(kind=Kind.SEQUENCE_RESET, at_frame=5, symbol="SOLUSDT"))
        await rig.steps(60)
        book = BybitBook()
        for message in await client.all():
            if "topic" in message:
                book.apply(message)
        assert (book.restarts, book.snapshots) == (1, 2)
        assert book.number < 100
        assert book.levels() == rig.truth("SOLUSDT", depth=50)


async def test_ten_minutes_without_a_word_close(rig: Rig) -> None:
    async with rig.client() as client:
        rig.real_s += 599
        await rig.steps(1)
        await client.send({"op": "ping"})
        await client.next()
        rig.real_s += 601
        await rig.steps(1)
        with pytest.raises(websockets.ConnectionClosed):
            await asyncio.wait_for(client.connection.recv(), 5)


async def test_rest(rig: Rig) -> None:
    _, _, found = await rig.get("/v5/market/instruments-info?category=spot")
    rows = {row["symbol"]: row for row in found["result"]["list"]}
    assert set(rows) == set(rig.exchange.books)
    assert (rows["SOLUSDT"]["baseCoin"], rows["SOLUSDT"]["quoteCoin"]) == ("SOL", "USDT")
    assert rows["SOLUSDT"]["priceFilter"] == {"tickSize": "0.01"}
    assert Decimal(rows["SOLUSDT"]["lotSizeFilter"]["basePrecision"]) == Decimal("0.001")
    assert (await rig.get("/v5/market/instruments-info?category=linear"))[2]["retCode"] == 10001
    assert (await rig.get("/v5/market/instruments-info?category=spot&symbol=X"))[2]["retCode"] == 10001
    assert (await rig.get("/v5/market/time"))[2]["result"]["timeSecond"] == str(rig.street.now_ms // 1000)
    assert (await rig.get("/nothing"))[0] == 404


async def test_a_burst_keeps_the_rule(rig: Rig) -> None:
    async with rig.client() as client:
        await client.send(subscribe("orderbook.50.SOLUSDT"))
        book = BybitBook()
        await client.next()
        book.apply(await client.next())
        assert await rig.exchange.burst("SOLUSDT", 2_000) == 2_000
        for message in await client.all():
            book.apply(message)
        assert book.updates == 2_001
        assert book.levels() == rig.truth("SOLUSDT", depth=50)
