"""Every venue, held to the same contract on its own samples."""

import contextlib
import itertools
from pathlib import Path
from typing import ClassVar

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cambist.model.events import Channel
from feeds import venues
from feeds.contract import ContractError, check
from feeds.exchange import ExchangeChannels, ExchangeConfig, ExchangeFeed
from feeds.venue import ACTIONS, ParsedFrame, Refused, Subscription, Venue
from tests.feeds.servers import RememberingSink

SAMPLES = Path(__file__).parent / "samples"
SYMBOLS = {
    "binance": "SOLUSDT",
    "binance-usdm": "SOLUSDT",
    "bybit": "SOLUSDT",
    "coinbase": "SOL-USD",
    "kraken": "SOL/USD",
    "okx": "SOL-USDT",
}


@pytest.mark.parametrize("name", [name for name in venues.names() if name in venues.BUILT_IN])
def test_a_venue_keeps_the_contract(name):
    done = check(venues.find(name), SAMPLES / name, SYMBOLS[name])
    assert len(done) == 7
    assert "data is told: book, ticker, trade" in done


def test_every_exchange_of_the_one_list_has_a_feed_of_its_name():
    assert set(venues.BUILT_IN) == set(SYMBOLS)
    assert [venues.find(name).name for name in venues.BUILT_IN] == list(venues.BUILT_IN)


def test_a_name_that_nobody_has_is_refused_with_those_there_are():
    with pytest.raises(venues.VenueError, match=r"no venue 'krakn'; there are binance, .*kraken"):
        venues.find("krakn")


class Loose(Venue):
    """Breaks the contract where it is told to."""

    name = "loose"
    ws = "wss://loose.example"
    streams = ("book",)
    fault: ClassVar[str] = ""

    def subscriptions(self, symbols, streams):
        key = "book" if self.fault == "keys" else "book {}"
        return [Subscription(key.format(symbol), symbol, "book") for symbol in symbols]

    def request(self, op, subscriptions, number):
        size = 70_000 if self.fault == "size" else 10
        return b"x" * size

    def parse(self, body):
        if self.fault == "deaf":
            return ParsedFrame()
        if body.startswith(b'{"ack"'):
            return ParsedFrame(acked=("book S",)) if body.endswith(b"}") or self.fault == "cut" else ParsedFrame()
        return ParsedFrame(data=("book S",)) if body == b'{"book":"S"}' else ParsedFrame()

    def translate(self, body):
        faulty = {"words": b'{"kind":"riddle"}', "fields": b'{"kind":"delta","symbol":"S","seq":1,"bids":[]}'}
        return (faulty.get(self.fault, b'{"kind":"snapshot","symbol":"S","seq":1,"bids":[],"asks":[]}'),)


@pytest.fixture
def samples(tmp_path):
    (tmp_path / "ack.json").write_bytes(b'{"ack":"S"}')
    (tmp_path / "book.json").write_bytes(b'{"book":"S"}')
    return tmp_path


def test_a_venue_without_fault_passes(samples):
    assert len(check(Loose(), samples, "S")) == 8


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("keys", "keys are not unique"),
        ("size", "a message of 70000 bytes"),
        ("deaf", r"book.json is data of \(\), expected book S"),
        ("cut", "says ParsedFrame"),
        ("words", "is translated to"),
        ("fields", "is translated to a delta without asks, ts"),
    ],
)
def test_the_contract_finds(samples, fault, expected):
    broken = type("Broken", (Loose,), {"fault": fault})()
    with pytest.raises(ContractError, match=expected):
        check(broken, samples, "S")


def test_the_contract_misses_a_sample(samples):
    (samples / "book.json").unlink()
    with pytest.raises(ContractError, match="no sample of book"):
        check(Loose(), samples, "S")


CLASSES = [
    ("clock", {"binance": "-1021", "bybit": "10002", "okx": "50102 60006", "kraken": "EAPI:Invalid nonce"}),
    (
        "throttle",
        {
            "binance": "-1003 429 418",
            "bybit": "10006 10018 10429 10403 403",
            "okx": "50011 50061 60014",
            "kraken": "EOrder:Rate limit exceeded|Exceeded msg rate|EService:Throttled",
            "coinbase": "429",
        },
    ),
    (
        "unknown",
        {
            "binance": "-1007 -1006",
            "okx": "50004 50026 63999",
            "bybit": "10016 10000",
            "kraken": "EService:Unavailable|EService:Busy",
        },
    ),
    (
        "refusal",
        {
            "binance": "-2010 -1013 -1111",
            "bybit": "170131 170124 170136 170140",
            "okx": "51008 51020 51120 51000",
            "kraken": "EOrder:Insufficient funds|EOrder:Invalid price|EOrder:Order minimum not met",
        },
    ),
    (
        "not_found",
        {
            "binance": "-2011 -2013",
            "bybit": "170213 110001",
            "okx": "51400 51503 51603",
            "kraken": "EOrder:Unknown order",
        },
    ),
    (
        "auth",
        {
            "binance": "-2014 -2015",
            "bybit": "10003 10004 10010",
            "okx": "50110 50111 50112 50113 60005 60009",
            "kraken": "EAPI:Invalid key|EAPI:Invalid signature|EGeneral:Permission denied",
        },
    ),
    (
        "maintenance",
        {"binance": "-1016 serverShutdown", "okx": "50001 64008", "kraken": "maintenance|cancel_only"},
    ),
    (
        "bad_subscription",
        {
            "okx": "60012 60018",
            "bybit": "Invalid topic :[x]",
            "kraken": "Currency pair not supported X/Y",
            "coinbase": "error",
        },
    ),
]


@pytest.mark.parametrize(("kind", "codes"), CLASSES, ids=[kind for kind, _ in CLASSES])
def test_each_code_has_its_class_and_each_class_its_action(kind, codes):
    assert ACTIONS[kind]
    for name, listed in codes.items():
        split = listed.split("|") if name in ("kraken",) or ":" in listed else listed.split(" ")
        for code in split:
            text = "" if code.lstrip("-").isdigit() else f"{code} now"
            assert venues.find(name).error_class(code, text) == kind, (name, code)


def test_a_code_that_nobody_knows_has_no_class():
    assert venues.find("okx").error_class("99999", "odd") is None


def sample(venue, name):
    return (SAMPLES / venue / name).read_bytes().strip()


@pytest.mark.parametrize(
    ("venue", "refused"),
    [
        ("kraken", Refused("Currency pair not supported SOL/USDX", symbol="SOL/USDX", number=2)),
        ("bybit", Refused("Invalid topic :[orderbook.50.SOLUSDX]", number=1)),
        ("coinbase", Refused("failed to subscribe SOL-USDX is not a valid product", "error")),
    ],
)
def test_a_refusal_says_whom_it_is_about(venue, refused):
    assert venues.find(venue).parse(sample(venue, "refusal.json")).refused == refused


WORDS = st.sampled_from(
    ["channel", "event", "arg", "data", "stream", "topic", "op", "id", "code", "events", "type", "method", "error",
     "subscribe", "books", "instId", "symbol", "result", "success", "req_id", "tickers", "subscriptions", "level2",
     "l2_data", "ticker", "market_trades", "status", "notice", "64008", "e", "serverShutdown", "product_id", "system"]
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=12,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(WORDS, VALUES, max_size=6))
def test_no_frame_breaks_a_reader(frame):
    body = msgspec.json.encode(frame)
    for name in venues.BUILT_IN:
        venue = venues.find(name)
        parsed = venue.parse(body)
        assert all(isinstance(key, str) for key in (*parsed.data, *parsed.acked))
        if parsed.refused is not None:
            venue.error_class(parsed.refused.code, parsed.refused.reason)
        for read in (venue.listed, venue.check, venue.time_ns):
            with contextlib.suppress(ValueError, TypeError, LookupError):
                read(body)


def test_okx_names_what_it_refuses_in_the_text():
    refused = venues.find("okx").parse(sample("okx", "refusal.json")).refused
    assert (refused.code, refused.key, refused.number) == ("60018", "books SOL-USDX", 1)


def test_kraken_tells_its_state():
    assert venues.find("kraken").parse(sample("kraken", "status.json")).state == "maintenance"
    assert venues.find("kraken").listed(sample("kraken", "instruments.json")) == ("SOL/USD", "BTC/USD")


def messages(name, symbols, streams=(), op="subscribe"):
    venue = venues.find(name)
    wanted = venue.subscriptions(symbols, streams or venue.streams)
    return [msgspec.json.decode(r.message) for r in venue.requests(op, wanted, itertools.count(1))]


def test_what_kraken_is_sent():
    assert messages("kraken", ["BTC/USD", "SOL/USD"], ("ticker", "book")) == [
        {
            "method": "subscribe",
            "params": {
                "channel": "ticker", "symbol": ["BTC/USD", "SOL/USD"], "event_trigger": "bbo", "snapshot": True
            },
            "req_id": 1,
        },
        {
            "method": "subscribe",
            "params": {"channel": "book", "symbol": ["BTC/USD", "SOL/USD"], "depth": 10, "snapshot": True},
            "req_id": 2,
        },
    ]  # fmt: skip
    assert messages("kraken", ["SOL/USD"], ("book",), "unsubscribe") == [
        {"method": "unsubscribe", "params": {"channel": "book", "symbol": ["SOL/USD"], "depth": 10}, "req_id": 1}
    ]


def test_what_okx_is_sent():
    assert messages("okx", ["SOL-USDT"]) == [
        {
            "id": "1",
            "op": "subscribe",
            "args": [{"channel": "bbo-tbt", "instId": "SOL-USDT"}, {"channel": "books", "instId": "SOL-USDT"}],
        }
    ]
    sizes = [len(msgspec.json.encode(m)) for m in messages("okx", [f"LONGNAME{n:05}-USDT" for n in range(500)] * 2)]
    assert len(sizes) > 1
    assert max(sizes) <= 64_000


def test_what_bybit_is_sent():
    sent = messages("bybit", [f"S{n}USDT" for n in range(12)])
    assert [len(message["args"]) for message in sent] == [10, 10, 4]
    assert sent[0]["args"][:2] == ["orderbook.1.S0USDT", "orderbook.50.S0USDT"]
    assert (sent[0]["op"], sent[0]["req_id"]) == ("subscribe", "1")


def test_what_coinbase_is_sent():
    assert messages("coinbase", ["SOL-USD", "BTC-USDC"], ("book", "trade")) == [
        {"type": "subscribe", "channel": "heartbeats"},
        {"type": "subscribe", "product_ids": ["SOL-USD", "BTC-USDC"], "channel": "level2"},
        {"type": "subscribe", "product_ids": ["SOL-USD", "BTC-USDC"], "channel": "market_trades"},
    ]


def test_an_alias_on_coinbase_is_one_book():
    venue = venues.find("coinbase")
    keys = [one.key for one in venue.subscriptions(["BTC-USDC", "BTC-USD", "USDT-USDC", "EURC-USDC"], ("book",))]
    assert keys == ["heartbeats", "level2 BTC-USD", "level2 USDT-USDC", "level2 EURC-USDC"]
    assert venue.book_name("BTC-USDC") == "BTC-USD"


def test_bybit_counts_the_characters_of_all_topics():
    config = ExchangeConfig(symbols=tuple(f"LONGSYMBOL{n:04}USDT" for n in range(500)))
    channel = Channel(1, "bybit", "bybit", "bybit.spot.ws", "x")
    with pytest.raises(ValueError, match=r"1000 subscriptions of .* characters, a connection carries 1024 of 21000"):
        ExchangeFeed(venues.find("bybit"), config, ExchangeChannels(channel), RememberingSink())


@pytest.mark.parametrize(
    ("venue", "body", "text"),
    [
        ("binance", b'{"code":-1121,"msg":"Invalid symbol."}', "-1121 Invalid symbol."),
        ("kraken", b'{"error":["EQuery:Unknown asset pair"]}', "EQuery:Unknown asset pair"),
        (
            "okx",
            b'{"code":"51001","msg":"Instrument ID doesn\'t exist","data":[]}',
            "51001 Instrument ID doesn't exist",
        ),
        ("bybit", b'{"retCode":10006,"retMsg":"Too many visits!"}', "10006 Too many visits!"),
        ("coinbase", b'{"error":"NOT_FOUND","message":"no product"}', "NOT_FOUND no product"),
    ],
)
def test_an_error_in_a_200s_clothes_is_seen(venue, body, text):
    assert venues.find(venue).check(body) == text


@pytest.mark.parametrize(
    ("venue", "at_ns", "step_ns"),
    [
        ("binance", 1790000000123000000, 1_000_000),
        ("kraken", 1790000000000000000, 1_000_000_000),
        ("okx", 1790000000123000000, 1_000_000),
        ("bybit", 1790000000123456789, 1),
        ("coinbase", 1790000000123000000, 1_000_000),
    ],
)
def test_the_time_is_read(venue, at_ns, step_ns):
    assert venues.find(venue).time_ns(sample(venue, "time.json")) == (at_ns, step_ns)


def test_binance_is_replaced_an_hour_before_its_day_is_over():
    for name in ("binance", "binance-usdm"):
        socket = venues.find(name).socket
        assert (socket.lifetime_s, socket.lifetime_jitter_s) == (23 * 3600, 3600)
        assert socket.ping_interval_s is None


def test_where_a_venue_has_heartbeats_a_dead_connection_is_seen_in_five_seconds():
    for name in ("bybit", "coinbase", "kraken", "okx"):
        venue = venues.find(name)
        assert venue.deadlines.alive_s < 5
        assert name == "coinbase" or venue.keep_alive.quiet_s * 1.7 < venue.deadlines.alive_s
    assert venues.find("coinbase").socket.max_size == 16 << 20
    assert venues.find("okx").socket.max_size == 4 << 20
