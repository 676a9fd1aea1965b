"""How long venues take to answer is a record once a minute, and paper's orders take no less from then on."""

from __future__ import annotations

import msgspec

from cambist.engine.protocol import EngineSetup
from cambist.execution.paper_model import MOST_VENUES, Answers, PaperParams, draw
from cambist.execution.risk import Limits
from cambist.kernel import Kernel, KernelSetup
from cambist.model.commands import Measured, RecordCommand, RecordedCommand, recorded
from cambist.model.events import Channel, RecordKind, pack
from cambist.model.ledger import CHAIN
from cambist.model.opportunity import encode
from cambist.runtime.measuring import EVERY_S, FIRST_S, Measuring
from feeds.base import FeedStatus
from feeds.round_trips import RoundTrip
from tests.fakes import MS, SOL, TOKENS, ScriptedEngine, frame

CHANNELS = (
    Channel(1, "node-a", CHAIN, "solana.ws", "ws://a"),
    Channel(2, "node-a", CHAIN, "solana.http", "http://a"),
    Channel(3, "node-b", CHAIN, "solana.ws", "ws://b"),
    Channel(4, "node-b", CHAIN, "solana.http", "http://b"),
    Channel(5, "kraken", "kraken", "kraken.ws", "wss://k"),
    Channel(6, "kraken", "kraken", "kraken.info", "https://k"),
    Channel(7, "tips", "jito", "jito.tip_floor", "https://j"),
)


def status(channel: int, trip: RoundTrip | None) -> FeedStatus:
    return FeedStatus("x", channel, "live", "x", round_trip=trip)


def statuses(*trips: tuple[int, RoundTrip | None]) -> dict[int, FeedStatus]:
    return {channel: status(channel, trip) for channel, trip in trips}


def test_each_venue_that_is_streamed_is_told_of_once_a_minute_by_its_quickest_node() -> None:
    told: list[RecordCommand] = []
    measuring = Measuring(CHANNELS, told.append, 100.0)
    now = statuses(
        (1, None),
        (2, RoundTrip(90 * MS, 95 * MS, 4)),
        (4, RoundTrip(30 * MS, 300 * MS, 2)),
        (6, RoundTrip(40 * MS, 50 * MS, 1)),
        (7, RoundTrip(1, 2, 3)),
        (99, RoundTrip(1, 2, 3)),
    )
    measuring.look(now, 100.0 + FIRST_S - 0.001)
    assert told == []
    measuring.look(now, 100.0 + FIRST_S)
    assert told == [Measured(CHAIN, 30 * MS, 300 * MS), Measured("kraken", 40 * MS, 50 * MS)]
    told.clear()
    measuring.look(now, 100.0 + FIRST_S + EVERY_S - 0.001)
    measuring.look(statuses((2, None)), 100.0 + FIRST_S + EVERY_S)
    assert told == [], "a minute without an answer says nothing"
    measuring.look(now, 100.0 + FIRST_S + 2 * EVERY_S)
    assert len(told) == 2


def late(params: PaperParams, venue: str = CHAIN) -> tuple[int, int]:
    """Returns the least and the most that an order takes, by the draws of many."""
    took = [params.due_ns(7, number, venue, 0) for number in range(1, 4_000)]
    return min(took), max(took)


def test_half_of_the_answer_is_the_way_there_and_its_spread_varies_it() -> None:
    params = PaperParams(latency_ns=1_000, jitter_ns=100, venue_latency_ns={"kraken": 50}, exchange_jitter_ns=10)
    slow = params.told(CHAIN, Answers(4_001, 4_500)).told("kraken", Answers(300, 360))
    assert slow.due_ns(7, 3, CHAIN, 5) == 5 + 2_000 + draw(7, 3, "latency", 500)
    assert slow.due_ns(7, 3, "kraken", 5) == 5 + 150 + draw(7, 3, "latency", 61)
    assert late(slow) == (2_000, 2_499)
    assert slow.due_ns(7, 3, "okx", 5) == params.due_ns(7, 3, "okx", 5)
    quick = params.told(CHAIN, Answers(10, 20))
    assert late(quick) == late(params) == (1_000, 1_100), "a quick answer does not make an order quicker than is set"
    mixed = params.told(CHAIN, Answers(1_990, 9_990))
    assert mixed.due_ns(7, 3, CHAIN, 0) == 1_000 + draw(7, 3, "latency", 8_001)


def test_venues_that_were_told_of_last_stay_known() -> None:
    params = PaperParams()
    for number in range(MOST_VENUES):
        params = params.told(f"v{number}", Answers(number, number))
    params = params.told("v0", Answers(9, 9)).told("new", Answers(1, 1))
    assert len(params.measured) == MOST_VENUES
    assert "v1" not in params.measured
    assert params.measured["v0"] == Answers(9, 9)


PAPER = PaperParams(latency_ns=40 * MS, jitter_ns=0, failure_ppm=0, slippage_ppm=0)


def kernel() -> Kernel:
    limits = Limits({SOL: 2_000_000_000}, {SOL: 10**15})
    setup = KernelSetup(EngineSetup(tokens=TOKENS), limits, PAPER, seed=3, wallet={SOL: 10**12})
    made = Kernel(setup, lambda name, engine_setup: ScriptedEngine(engine_setup))
    made.step(pack(1, 1, RecordKind.STATE, made.initial_state()))
    return made


def command(seq: int, of: RecordedCommand) -> bytes:
    return pack(seq, 5, RecordKind.COMMAND, encode(of))


def test_orders_of_a_session_wait_as_long_as_was_measured_and_those_of_its_replay_too() -> None:
    live = kernel()
    before = live.digest
    live.step(command(2, recorded(Measured(CHAIN, 300 * MS, 300 * MS))))
    assert live.digest != before
    (order,) = live.step(frame(3, 9, decide=[{}])).orders
    assert order.due_ns == 9 + 150 * MS
    later = kernel()
    later.restore(live.state())
    assert later.setup.paper.measured == {CHAIN: Answers(300 * MS, 300 * MS)}
    frozen = live.keyframe()
    live.step(command(4, recorded(Measured(CHAIN, 500 * MS, 500 * MS))))
    assert live.setup.paper.measured == {CHAIN: Answers(500 * MS, 500 * MS)}
    live.rewind(frozen)
    assert live.setup.paper.measured == {CHAIN: Answers(300 * MS, 300 * MS)}


def test_what_cannot_be_measured_is_refused_by_name() -> None:
    live = kernel()
    for args in ({"venue": CHAIN, "p50_ns": "-1", "p90_ns": "5"}, {"venue": CHAIN, "p50_ns": "5"}):
        effects = live.step(command(2, RecordedCommand("measured", args)))
        assert [level for _, level, _ in effects.notes] == ["error"]
        assert live.setup.paper.measured == {}
    live.step(command(3, recorded(Measured(CHAIN, 7, 5))))
    assert live.setup.paper.measured == {CHAIN: Answers(7, 7)}
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(live.setup), type=KernelSetup) == live.setup
