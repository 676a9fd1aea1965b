"""Feeds of a config: their channels, and what of the config reaches them."""

from pathlib import Path

import pytest

from cambist.clock import SystemClock
from cambist.config import load
from cambist.engine import BuildInfo
from cambist.market import markets
from cambist.runtime.inbox import Inbox
from feeds import venues
from feeds.exchange import ExchangeFeed
from feeds.transport import NativeSource
from feeds.venues import VenueError
from tests.feeds.servers import RememberingSink

TEXT = """
[market]
source = "network"
[binance]
symbols = ["SOLUSDT", "BTCUSDT"]
[kraken]
symbols = ["SOL/USD"]
alive_s = 3.0
lifetime_s = 7200
max_message_bytes = 100000
[okx]
symbols = ["SOL-USDT"]
seed = "rest"
rest_weight = 10.0
[bybit]
symbols = ["SOLUSDT"]
[coinbase]
symbols = ["SOL-USD"]
[venues.binance-usdm]
symbols = ["SOLUSDT"]
ws = "wss://fstream.example/stream"
"""


def feeds_of(folder: Path, text: str = TEXT) -> tuple[markets.Market, dict[str, ExchangeFeed]]:
    path = folder / "cambist.toml"
    path.write_text(text, encoding="utf-8")
    market = markets.network(load(path))
    sink = RememberingSink()
    return market, {feed.name: feed for feed in market.feeds(sink, sink.note)}


def test_each_exchange_has_its_channels(tmp_path: Path) -> None:
    market, feeds = feeds_of(tmp_path)
    assert [(c.id, c.venue, c.protocol, c.symbol) for c in market.channels] == [
        (1, "binance", "binance.spot.ws", ""),
        (2, "binance", "binance.spot.info", ""),
        (3, "binance", "binance.spot.depth", "SOLUSDT"),
        (4, "binance", "binance.spot.depth", "BTCUSDT"),
        (5, "kraken", "kraken.ws", ""),
        (6, "kraken", "kraken.info", ""),
        (7, "okx", "okx.ws", ""),
        (8, "okx", "okx.info", ""),
        (9, "okx", "okx.depth", "SOL-USDT"),
        (10, "bybit", "bybit.spot.ws", ""),
        (11, "bybit", "bybit.spot.info", ""),
        (12, "coinbase", "coinbase.ws", ""),
        (13, "coinbase", "coinbase.info", ""),
        (14, "binance-usdm", "binance.usdm.ws", ""),
        (15, "binance-usdm", "binance.usdm.info", ""),
        (16, "binance-usdm", "binance.usdm.depth", "SOLUSDT"),
    ]
    assert market.label == "binance, kraken, okx, bybit, coinbase, binance-usdm"
    assert {c.id for feed in feeds.values() for c in feed.channels()} == {c.id for c in market.channels}


def test_the_tables_limits_and_deadlines_reach_the_feed(tmp_path: Path) -> None:
    _, feeds = feeds_of(tmp_path)
    kraken, okx = feeds["kraken"], feeds["okx"]
    assert (kraken._deadlines.alive_s, kraken._deadlines.silence_s) == (3.0, 30.0)
    assert kraken._config.socket.max_size == 100_000
    assert kraken._config.socket.send_interval_s == 0.05
    assert (kraken._config.socket.lifetime_s, kraken._config.socket.lifetime_jitter_s) == (7200, 360)
    assert okx._limits.rest == (10.0, 2.0)
    assert okx._seeding == "rest"
    assert feeds["binance-usdm"]._socket._url == "wss://fstream.example/stream"
    assert feeds["bybit"]._socket._url == "wss://stream.bybit.com/v5/public/spot"


def test_the_tables_choose_their_transport_and_native_ones_share_one_thread(tmp_path: Path) -> None:
    pytest.importorskip("cambist.engine._native")
    text = TEXT.replace("[kraken]", '[kraken]\ntransport = "native"').replace("[okx]", '[okx]\ntransport = "native"')
    path = tmp_path / "cambist.toml"
    path.write_text(text, encoding="utf-8")
    market, inboxes = markets.network(load(path)), [Inbox(SystemClock(), lambda: None) for _ in range(2)]
    made = [
        {feed.name: feed._socket for feed in market.feeds(inbox, lambda *_: None) if isinstance(feed, ExchangeFeed)}
        for inbox in inboxes
    ]
    try:
        assert {n for n, source in made[0].items() if isinstance(source, NativeSource)} == {"kraken", "okx"}
        assert made[0]["kraken"]._wires is made[0]["okx"]._wires
        assert made[0]["okx"]._wires is not made[1]["okx"]._wires
        assert made[0]["okx"]._plain == venues.find("okx").plain
    finally:
        for inbox in inboxes:
            inbox.close()


def test_the_native_transport_is_refused_in_words_where_it_can_not_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(markets, "build_info", lambda: BuildInfo(False, "", "there is no _native here"))
    with pytest.raises(ValueError, match=r'\[kraken\] transport is "native", but there is no _native here'):
        feeds_of(tmp_path, TEXT.replace("[kraken]", '[kraken]\ntransport = "native"'))
    monkeypatch.setattr(markets, "build_info", lambda: BuildInfo(True, "release", ""))
    with pytest.raises(ValueError, match=r"\[acme\] .* a plug-in's frames"):
        markets._check_native("acme", translated=True)


def test_a_venue_that_is_gone_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cambist.config.checks.EXCHANGE_OF", {"gone": None})
    with pytest.raises(VenueError, match="no venue 'gone'"):
        feeds_of(tmp_path, "[market]\nsource = 'network'\n[venues.gone]\n")
