import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
import websockets

from cambist.simulator.exchanges.faults import Fault, Kind
from tests.simulator.exchanges.checkers import OkxBook
from tests.simulator.exchanges.rig import Rig, running


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with running("okx") as found:
        yield found


def args(channel: str, *symbols: str, op: str = "subscribe") -> dict:
    return {"id": "1", "op": op, "args": [{"channel": channel, "instId": symbol} for symbol in symbols]}


async def test_books_rebuilt_from_updates_equal_the_truth_at_every_sequence(rig: Rig) -> None:
    symbols = list(rig.exchange.books)
    books = {symbol: OkxBook() for symbol in symbols}
    await rig.steps(20)
    async with rig.client() as client:
        await client.send(args("books", *symbols))
        for _ in range(20):
            await rig.steps(20)
            for message in await client.all():
                if "action" in message:
                    book = books[message["arg"]["instId"]]
                    book.apply(message)
                    assert book.levels() == rig.truth(message["arg"]["instId"], book.sequence)
        for symbol in symbols:
            assert books[symbol].updates > 100
            assert books[symbol].levels() == rig.truth(symbol)
            assert rig.exchange.sent["books", symbol] == books[symbol].updates


async def test_a_second_client_joins_the_chain(rig: Rig) -> None:
    async with rig.client() as first, rig.client() as second:
        await first.send(args("books", "SOL-USDT"))
        await rig.steps(31)
        await second.send(args("books", "SOL-USDT"))
        await rig.steps(40)
        for client in (first, second):
            book = OkxBook()
            for message in await client.all():
                if "action" in message:
                    book.apply(message)
            assert book.levels() == rig.truth("SOL-USDT")


async def test_the_touch_and_trades(rig: Rig) -> None:
    async with rig.client() as client:
        await client.send(args("bbo-tbt", "SOL-USDT"))
        await client.send(args("trades", "SOL-USDT"))
        await rig.steps(200)
        touches, trades = [], []
        for message in await client.all():
            if "data" in message:
                (touches if message["arg"]["channel"] == "bbo-tbt" else trades).append(message["data"][0])
        assert len(touches) > 100
        assert len(trades) > 20
        for row in touches:
            assert Decimal(row["bids"][0][0]) < Decimal(row["asks"][0][0])
        assert [row["seqId"] for row in touches] == sorted({row["seqId"] for row in touches})
        assert {row["side"] for row in trades} == {"buy", "sell"}
        assert set(trades[0]) == {"instId", "tradeId", "px", "sz", "side", "ts", "count"}
        assert not any(row["px"].endswith(".") or ("." in row["px"] and row["px"].endswith("0")) for row in trades)


async def test_answers_and_refusals(rig: Rig) -> None:
    async with rig.client() as client:
        await client.send(args("books", "SOL-USDT", "NO-SUCH"))
        ack = await client.next()
        assert (ack["event"], ack["arg"], ack["id"]) == ("subscribe", {"channel": "books", "instId": "SOL-USDT"}, "1")
        assert ack["connId"]
        assert (await client.next())["action"] == "snapshot"
        refused = await client.next()
        assert (refused["event"], refused["code"]) == ("error", "60018")
        assert "NO-SUCH" in refused["msg"]
        for bad in ("{", [], {"op": "buy"}, {"op": "subscribe"}, {"op": "subscribe", "args": [{"channel": 1}]}):
            await client.send(bad)
            assert (await client.next())["code"] == "60012"
        await client.send("ping")
        assert await client.raw() == "pong"
        await client.send(args("books", "SOL-USDT", op="unsubscribe"))
        assert (await client.next())["event"] == "unsubscribe"
        await rig.steps(40)
        assert await client.all() == []


async def test_a_quiet_book_gives_a_sign_of_life_after_a_minute(rig: Rig) -> None:
    async with rig.client() as client:
        await client.send(args("books", "SOL-USDT"))
        book = OkxBook()
        await client.next()
        book.apply(await client.next())
        for _ in range(1_300):  # 65 s in which nothing happens
            rig.street._steps += 1
            rig.exchange.flush()
        for message in await client.all():
            book.apply(message)
        assert book.alive == 1
        await rig.steps(40)
        for message in await client.all():
            book.apply(message)
        assert book.levels() == rig.truth("SOL-USDT")


async def test_a_sequence_reset_starts_a_new_chain(rig: Rig) -> None:
    async with rig.client() as client:
        await client.send(args("books", "SOL-USDT"))
        await rig.steps(20)
        rig.exchange.inject(Fault(kind=Kind.SEQUENCE_RESET, at_frame=5, symbol="SOL-USDT"))
        await rig.steps(60)
        book = OkxBook()
        for message in await client.all():
            if "action" in message:
                book.apply(message)
        assert book.resets == 1
        assert book.sequence < 10_000
        assert book.levels() == rig.truth("SOL-USDT", book.sequence) == rig.truth("SOL-USDT")


async def test_silence_of_half_a_minute_closes(rig: Rig) -> None:
    async with rig.client() as client:
        rig.real_s += 29
        rig.exchange.flush()
        await client.send("ping")
        assert await client.raw() == "pong"
        rig.real_s += 29
        rig.exchange.flush()
        assert await client.all() == []
        rig.real_s += 40
        rig.street._steps += 1
        rig.exchange.flush()
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await asyncio.wait_for(client.connection.recv(), 5)
        assert closed.value.rcvd.code == 4004


async def test_too_many_subscriptions_in_an_hour(rig: Rig) -> None:
    async with rig.client() as client:
        for number in range(481):
            await client.send(args("trades", "SOL-USDT", op="unsubscribe" if number % 2 else "subscribe"))
        answers = [await client.next() for _ in range(481)]
        assert [answer.get("code") for answer in answers] == [None] * 480 + ["60014"]
        rig.real_s += 3_601
        await client.send(args("trades", "SOL-USDT"))
        assert (await client.next())["event"] == "subscribe"


async def test_rest(rig: Rig) -> None:
    _, _, found = await rig.get("/api/v5/public/instruments?instType=SPOT")
    assert {item["instId"]: (item["baseCcy"], item["quoteCcy"]) for item in found["data"]} == {
        symbol: tuple(symbol.split("-")) for symbol in rig.exchange.books
    }
    assert found["data"][0]["tickSz"] == "0.01"
    assert (await rig.get("/api/v5/public/instruments?instType=SWAP"))[2]["code"] == "51000"
    assert (await rig.get("/api/v5/public/time"))[2]["data"] == [{"ts": str(rig.street.now_ms)}]
    assert (await rig.get("/api/v5/market/books?instId=NO"))[2]["code"] == "51001"
    assert (await rig.get("/api/v5/market/books?instId=SOL-USDT&sz=0"))[2]["code"] == "51000"
    assert (await rig.get("/nothing"))[0] == 404


async def test_a_rest_snapshot_joins_the_socket(rig: Rig) -> None:
    async with rig.client() as client:
        await client.send(args("books", "SOL-USDT"))
        await rig.steps(30)
        _, _, found = await rig.get("/api/v5/market/books?instId=SOL-USDT&sz=400")
        (seed,) = found["data"]
        await rig.steps(30)
        book = OkxBook()
        book.apply({"action": "snapshot", "data": [{**seed, "prevSeqId": -1, "checksum": 0}]})
        later = [m for m in await client.all() if "action" in m and m["data"][0]["seqId"] > seed["seqId"]]
        assert len(later) > 10
        for message in later:
            book.apply(message)
        assert book.levels() == rig.truth("SOL-USDT")


async def test_a_burst_keeps_the_rule(rig: Rig) -> None:
    async with rig.client() as client:
        await client.send(args("books", "SOL-USDT"))
        await client.send(args("bbo-tbt", "SOL-USDT"))
        await client.all()
        book = OkxBook()
        await client.send(args("books", "SOL-USDT", op="unsubscribe"))
        await client.send(args("books", "SOL-USDT"))
        await client.next()
        await client.next()
        book.apply(await client.next())
        assert await rig.exchange.burst("SOL-USDT", 2_000) == 4_000
        for message in await client.all():
            if "action" in message:
                book.apply(message)
        assert book.updates == 2_001
        assert book.levels() == rig.truth("SOL-USDT", book.sequence)
