"""The feeds on the embedded market: the same code that talks to real endpoints, over real sockets."""

import asyncio

import msgspec
import pytest

from cambist.model.events import Channel
from cambist.model.market import PoolRef
from cambist.model.opportunity import Need
from cambist.simulator.process import spawn
from feeds.binance import SPOT
from feeds.exchange import ExchangeChannels, ExchangeConfig, ExchangeFeed
from feeds.priority_fees import PriorityFeeConfig, PriorityFeeFeed
from feeds.solana import WHIRLPOOL, SolanaConfig, SolanaFeed
from tests.feeds.servers import RememberingSink, running, until

# The market is another process: its slots take their time.
pytestmark = pytest.mark.realtime

WS = Channel(1, "solana", "solana", "solana.ws", "x")
HTTP = Channel(2, "solana", "solana", "solana.http", "x")
FEES = Channel(3, "fees", "solana", "solana.http", "x")
STREAMS = Channel(4, "binance", "binance", "binance.spot.ws", "x")
INFO = Channel(5, "binance", "binance", "binance.spot.info", "x")


def seeded(sink):
    return sum(len(entry.json["result"]["value"]) for entry in sink.incoming(HTTP.id))


def kinds(sink):
    return {entry.json.get("stream", "@").split("@")[1] for entry in sink.incoming(STREAMS.id)}


async def test_everything_is_subscribed_seeded_and_polled():
    sink = RememberingSink()
    market = await asyncio.to_thread(spawn, 7)
    with market:
        facts = market.endpoints
        symbols = tuple(facts["symbols"])
        depth = {
            symbol: Channel(10 + n, "b", "binance", "binance.spot.depth", "x", symbol)
            for n, symbol in enumerate(symbols)
        }
        pools = [PoolRef(entry["address"], entry["program"]) for entry in facts["pools"]]
        node = SolanaFeed(
            SolanaConfig("node", facts["pubsub"], facts["rpc"]), WS, HTTP, sink, pools=pools, note=sink.note
        )
        fees = PriorityFeeFeed(
            PriorityFeeConfig(facts["rpc"]), FEES, sink, accounts=[pool.address for pool in pools], note=sink.note
        )
        config = ExchangeConfig(ws=facts["exchange_ws"], rest=facts["exchange_rest"], symbols=symbols)
        exchange = ExchangeFeed(SPOT, config, ExchangeChannels(STREAMS, INFO, depth), sink, note=sink.note)
        async with running(node, fees, exchange):
            for symbol in symbols:
                exchange.need(Need("depth", STREAMS.id, symbol))
            whirlpool = next(pool for pool in pools if pool.program == WHIRLPOOL)
            node.need(Need("oracle", WS.id, whirlpool.address))
            await until(lambda: set(node.watched().values()) == {"acked"})
            await until(lambda: all(sink.incoming(channel.id) for channel in (FEES, INFO, *depth.values())))
            await until(lambda: seeded(sink) == len(node.watched()) == len(pools) + 2)
            await until(lambda: fees.percentiles is True)
            await until(lambda: any(b"accountNotification" in entry.body for entry in sink.incoming(WS.id)))
            await until(lambda: {"bookTicker", "depth"} <= kinds(sink))
            states = {status.state for feed in (node, fees, exchange) for status in feed.status()}
    assert states == {"live"}
    assert sink.notes == []
    listed = msgspec.json.decode(sink.incoming(INFO.id)[0].body)["symbols"]
    assert {entry["symbol"] for entry in listed} == set(symbols)
    for entry in sink.incoming(HTTP.id):
        assert entry.json["result"]["context"]["slot"] > 0
