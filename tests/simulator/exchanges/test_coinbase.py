import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
import websockets

from cambist.simulator.exchanges.faults import Fault, Kind
from tests.simulator.exchanges.checkers import BrokenRule, CoinbaseConnection
from tests.simulator.exchanges.rig import Rig, running


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with running("coinbase") as found:
        yield found


def subscribe(channel: str, *ids: str, kind: str = "subscribe") -> dict:
    return {"type": kind, "product_ids": list(ids), "channel": channel}


async def test_all_channels_share_one_count_and_books_equal_the_truth(rig: Rig) -> None:
    symbols = list(rig.exchange.books)
    await rig.steps(20)
    mirror = CoinbaseConnection()
    async with rig.client() as client:
        await client.send(subscribe("level2", *symbols))
        await client.send(subscribe("ticker", *symbols))
        await client.send(subscribe("market_trades", *symbols))
        await client.send(subscribe("heartbeats"))
        seen = await client.all()
        for _ in range(20):
            await rig.steps(20)
            seen += await client.all()
        for message in seen:
            mirror.apply(message)
        for symbol in symbols:
            assert mirror.books[symbol].updates > 100
            assert mirror.books[symbol].levels() == rig.truth(symbol)
        assert mirror.next == rig.exchange.sent.total()
        beats = [m["events"][0]["heartbeat_counter"] for m in seen if m["channel"] == "heartbeats"]
        assert beats == list(range(beats[0], beats[0] + len(beats)))
        assert len(beats) == 20
        assert set(seen[0]) == {"channel", "timestamp", "sequence_num", "events"}
        for message in seen:
            if message["channel"] == "ticker":
                (row,) = message["events"][0]["tickers"]
                assert Decimal(row["best_bid"]) < Decimal(row["best_ask"])
        trades = [row for m in seen if m["channel"] == "market_trades" for row in m["events"][0]["trades"]]
        assert {row["side"] for row in trades} == {"BUY", "SELL"}


async def test_the_side_of_a_trade_is_the_makers(rig: Rig) -> None:
    async with rig.client() as client:
        await client.send(subscribe("ticker", "SOL-USD"))
        await client.send(subscribe("market_trades", "SOL-USD"))
        await rig.steps(100)
        touch, checked = None, 0
        for message in await client.all():
            (event,) = message["events"]
            if message["channel"] == "ticker":
                (row,) = event["tickers"]
                touch = (Decimal(row["best_bid"]), Decimal(row["best_ask"]))
            elif message["channel"] == "market_trades" and event["type"] == "update" and touch:
                (row,) = event["trades"]
                assert Decimal(row["price"]) == touch[row["side"] == "SELL"]
                checked += 1
        assert checked > 10


async def test_the_snapshot_comes_before_the_answer_which_lists_everything(rig: Rig) -> None:
    async with rig.client() as client:
        await client.send(subscribe("ticker", "SOL-USD", "BONK-USD"))
        first, second, ack = [await client.next() for _ in range(3)]
        assert [m["events"][0]["tickers"][0]["product_id"] for m in (first, second)] == ["SOL-USD", "BONK-USD"]
        assert ack["channel"] == "subscriptions"
        assert ack["events"] == [{"subscriptions": {"ticker": ["SOL-USD", "BONK-USD"]}}]
        await client.send(subscribe("level2", "SOL-USD"))
        book, ack = [await client.next() for _ in range(2)]
        assert (book["channel"], book["events"][0]["type"]) == ("l2_data", "snapshot")
        assert ack["events"] == [{"subscriptions": {"level2": ["SOL-USD"], "ticker": ["SOL-USD", "BONK-USD"]}}]
        assert ack["sequence_num"] == 4
        await client.send(subscribe("ticker", "SOL-USD", "BONK-USD", kind="unsubscribe"))
        assert (await client.next())["events"] == [{"subscriptions": {"level2": ["SOL-USD"]}}]


async def test_a_pair_in_usdc_is_the_book_of_the_pair_in_usd(rig: Rig) -> None:
    async with rig.client() as client:
        await client.send(subscribe("level2", "SOL-USDC", "USDT-USDC"))
        assert (await client.next())["events"][0]["product_id"] == "SOL-USD"
        assert (await client.next())["events"][0]["product_id"] == "USDT-USDC"
    _, _, found = await rig.get("/api/v3/brokerage/market/products")
    rows = {row["product_id"]: row for row in found["products"]}
    assert rows["SOL-USDC"]["alias"] == "SOL-USD"
    assert rows["SOL-USD"]["alias_to"] == ["SOL-USDC"]
    assert (rows["USDT-USDC"]["alias"], rows["USDT-USD"]["alias_to"]) == ("", [])
    assert found["num_products"] == len(rows)


async def test_refusals(rig: Rig) -> None:
    async with rig.client() as client:
        for bad in (
            "{",
            [],
            {"type": "buy"},
            subscribe("nothing"),
            subscribe("ticker", "NO-SUCH"),
            subscribe("ticker"),
        ):
            await client.send(bad)
            assert (await client.next())["type"] == "error"
            rig.real_s += 0.5


async def test_too_many_messages_in_a_second_close(rig: Rig) -> None:
    async with rig.client() as client:
        for _ in range(9):
            await client.send(subscribe("ticker", "SOL-USD"))
        await client.connection.wait_closed()
        assert client.connection.close_code == 1008


async def test_the_first_subscription_is_due_within_five_seconds(rig: Rig) -> None:
    async with rig.client() as late, rig.client() as early:
        await early.send(subscribe("heartbeats"))
        await early.next()
        rig.real_s += 4.9
        await rig.steps(1)
        assert await late.all() == []
        rig.real_s += 0.2
        await rig.steps(1)
        with pytest.raises(websockets.ConnectionClosed):
            await asyncio.wait_for(late.connection.recv(), 5)
        assert await early.all() == []


async def test_a_reset_of_the_count_shows(rig: Rig) -> None:
    async with rig.client() as client:
        await client.send(subscribe("level2", "SOL-USD"))
        await rig.steps(20)
        rig.exchange.inject(Fault(kind=Kind.SEQUENCE_RESET, symbol="SOL-USD"))
        await rig.steps(20)
        messages = await client.all()
        mirror = CoinbaseConnection()
        at = next(i for i, message in enumerate(messages) if i and message["sequence_num"] == 0)
        for message in messages[:at]:
            mirror.apply(message)
        with pytest.raises(BrokenRule, match="was 0"):
            mirror.apply(messages[at])


async def test_rest(rig: Rig) -> None:
    status, _, sol = await rig.get("/api/v3/brokerage/market/products/SOL-USD")
    assert (status, sol["base_currency_id"], sol["quote_currency_id"]) == (200, "SOL", "USD")
    assert (sol["price_increment"], sol["base_increment"]) == ("0.01", "0.00000001")
    assert (await rig.get("/api/v3/brokerage/market/products/NO-SUCH"))[0] == 404
    assert (await rig.get("/api/v3/brokerage/time"))[2]["epochMillis"] == str(rig.street.now_ms)
    assert (await rig.get("/nothing"))[0] == 404


async def test_a_burst_keeps_the_rule(rig: Rig) -> None:
    async with rig.client() as client:
        await client.send(subscribe("level2", "SOL-USD"))
        mirror = CoinbaseConnection()
        for _ in range(2):
            mirror.apply(await client.next())
        assert await rig.exchange.burst("SOL-USD", 2_000) == 2_000
        for message in await client.all():
            mirror.apply(message)
        assert mirror.books["SOL-USD"].updates == 2_001
        assert mirror.books["SOL-USD"].levels() == rig.truth("SOL-USD")
