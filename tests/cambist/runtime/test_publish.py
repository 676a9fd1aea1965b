import json
from itertools import accumulate

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cambist.config.settings import Gates
from cambist.engine.protocol import EngineSetup
from cambist.engine.reference.series.equity import equity
from cambist.execution.paper_model import PaperParams
from cambist.execution.risk import Budget, Limits
from cambist.kernel import Kernel, KernelSetup
from cambist.kernel.desk import Outcome
from cambist.model.events import Channel
from cambist.model.market import Instrument
from cambist.model.opportunity import encode
from cambist.model.orders import Stage
from cambist.runtime.publish import Publisher
from cambist.runtime.status import live_gates
from feeds.base import FeedStatus
from tests import orders
from tests.fakes import MS, SOL, TOKENS, ScriptedEngine, opportunity

S = 1_000_000_000
START = 1_790_000_000 * S
CHANNELS = (
    Channel(1, "solana", "solana", "solana.ws", "ws://127.0.0.1:1"),
    Channel(2, "solana", "solana", "solana.http", "http://127.0.0.1:1"),
    Channel(3, "binance", "binance", "binance.spot.depth", "http://127.0.0.1:2", "SOLUSDC"),
)


class ShownEngine(ScriptedEngine):
    """Presents what a test says."""

    def __init__(self, setup: EngineSetup | None = None) -> None:
        super().__init__(setup)
        self.shown: dict[str, object] = {}

    def present(self, now_ns: int) -> bytes:
        return json.dumps(json.loads(super().present(now_ns)) | self.shown).encode()


def made(**setup: object) -> tuple[Publisher, Kernel, ShownEngine]:
    """Returns a publisher, its kernel and the kernel's engine."""
    values: dict[str, object] = {"tokens": TOKENS, "channels": CHANNELS, "gates": Gates(caps={SOL: 20 * S})}
    engine_setup = EngineSetup(**(values | setup))  # type: ignore[arg-type]  # values of many types by name
    limits, paper = Limits({SOL: 2 * S}, {SOL: 5 * S}, 8, 10_000), PaperParams(20 * MS, 10 * MS, 0, 0)
    kernel = Kernel(
        KernelSetup(engine_setup, limits, paper, wallet={SOL: 10**12}), lambda name, given: ShownEngine(given)
    )
    assert isinstance(kernel.engine, ShownEngine)
    return Publisher(kernel), kernel, kernel.engine


def shown(*cycles: object) -> list[object]:
    return [json.loads(encode(cycle)) for cycle in cycles]


def test_the_best_cycle_is_never_a_stale_one_while_another_lives() -> None:
    publisher, kernel, engine = made()
    stale = opportunity(key="old", reason="stale", go=False, net=90_000_000)
    fresh = opportunity(key="new", reason="below_min", go=False, net=100_000)
    engine.shown = {"cycles": shown(stale, fresh)}
    view = publisher.build(kernel, START)
    assert [row.key for row in view.cycles.rows] == ["old", "new"]
    assert view.headline.best is not None
    assert view.headline.best.key == "new"


def test_cycles_a_minute_are_counted_over_whole_minutes_and_start_over_after_a_jump() -> None:
    publisher, kernel, engine = made()

    def at(second: int, cycles: int, go: int) -> tuple[tuple[int, ...], int | None]:
        engine.shown = {"counters": {"cycles": cycles, "go": go}}
        headline = publisher.build(kernel, START + second * S).headline
        return headline.per_minute, headline.go_last_minute

    for second in range(60):
        assert at(second, 1_000 + second, 0) == ((), None)
    assert at(60, 1_060, 6) == ((60,), 6)
    for second in range(61, 120):
        at(second, 1_060 + 2 * (second - 60), 6)
    assert at(120, 1_180, 6) == ((60, 120), 0)
    assert at(20, 1_020, 0) == ((), None)
    assert at(20 + 61, 9_000, 9) == ((), None)


def test_what_a_trade_pays_relates_to_the_size_that_is_told() -> None:
    publisher, kernel, engine = made()
    engine.shown = {"trade_lamports": [5_000, 27_000, 1_000]}
    fees = publisher.build(kernel, START).fees
    assert (fees.total, fees.size) == (33_000, 20 * S)
    assert fees.total_bps == pytest.approx(33_000 / (20 * S) * 10_000)


def test_a_channel_that_is_asked_has_no_lag_and_rests_between_questions() -> None:
    publisher, kernel, engine = made()
    views = [
        {"channel": c, "frames": 5, "malformed": 0, "gaps": 0, "last_ns": START, "lag_ns": None, "offset_ns": None,
         "slot": None, "state": "live"}
        for c in (1, 2, 3)
    ]  # fmt: skip
    engine.shown = {"channels": views}
    statuses = {2: FeedStatus("solana", 2, "down", "http://127.0.0.1:1", "refused")}
    rows = {row.name: row for row in publisher.build(kernel, START + 2 * S, statuses=statuses).feeds.rows}
    assert rows["solana"].lag_ns == 2 * S
    rpc, depth = rows["solana rpc"], rows["binance depth"]
    assert (depth.lag_ns, depth.state, depth.asked) == (None, "live", True)
    assert (rpc.lag_ns, rpc.state, rpc.note) == (None, "down", "refused")
    rows = {row.name: row for row in publisher.build(kernel, START + 60 * S).feeds.rows}
    assert (rows["binance depth"].lag_ns, rows["binance depth"].state) == (None, "idle")
    assert rows["solana rpc"].state == "idle"


def test_a_row_tells_how_far_its_venues_clock_is_from_ours() -> None:
    publisher, kernel, engine = made()
    view = {"channel": 1, "frames": 5, "malformed": 0, "gaps": 0, "last_ns": START, "lag_ns": 0, "offset_ns": 0}
    engine.shown = {"channels": [view | {"slot": None, "state": "live"}]}
    status = FeedStatus("solana", 1, "live", "ws://x", clock_offset_ns=-12_000_000, clock_error_ns=3_000_000)
    rows = {row.name: row for row in publisher.build(kernel, START, statuses={1: status}).feeds.rows}
    assert (rows["solana"].clock_ns, rows["solana"].clock_error_ns) == (-12_000_000, 3_000_000)
    rows = {row.name: row for row in publisher.build(kernel, START + S).feeds.rows}
    assert rows["solana"].clock_ns is None


@pytest.mark.parametrize(
    ("minimums", "words"),
    [
        ([7] * 20, "one figure only"),
        ([1, *[7] * 20], "one figure only"),
        ([*[7] * 19, 8], "a percentile is one of slots"),
    ],
)
def test_a_node_without_percentiles_says_what_one_is(minimums: list[int], words: str) -> None:
    publisher, kernel, engine = made()
    rows = [{"slot": slot, "recv_ns": START, "minimum": each} for slot, each in enumerate(minimums)]
    engine.shown = {"fees": rows}
    assert words in publisher.build(kernel, START).fees.note
    engine.shown = {"fees": [{**row, "p50": 9} for row in rows]}
    assert publisher.build(kernel, START).fees.note == ""


def test_a_fee_source_that_told_nothing_yet_says_so() -> None:
    publisher, kernel, engine = made(channels=(*CHANNELS, Channel(9, "tips", "jito", "jito.tip_floor", "x")))
    engine.shown = {"fee_inputs": [{"name": "bid", "source": "p75", "value": 41, "recv_ns": START - S}]}
    rows = {row.name: row for row in publisher.build(kernel, START).fees.inputs}
    assert (rows["bid"].value, rows["bid"].age_ns) == (41, S)
    assert (rows["tip"].value, rows["tip"].age_ns, rows["tip"].source) == (None, None, "not told yet")


def test_without_a_source_of_tips_that_is_said() -> None:
    publisher, kernel, engine = made()
    engine.shown = {"fee_inputs": [{"name": "bid", "source": "", "value": None, "recv_ns": None}]}
    rows = {row.name: row for row in publisher.build(kernel, START).fees.inputs}
    assert rows["bid"].source == "not told yet"
    assert rows["tip"].source == "no source"


def test_while_every_feed_is_down_the_empty_panels_say_which_and_when() -> None:
    publisher, kernel, engine = made()
    views = [
        {"channel": c, "frames": 0, "malformed": 0, "gaps": 0, "last_ns": 0, "lag_ns": None, "offset_ns": None,
         "slot": None, "state": "down"}
        for c in (1, 2, 3)
    ]  # fmt: skip
    engine.shown = {"channels": views, "slot": None}
    waiting = FeedStatus("solana", 1, "down", "ws://x", "refused", attempt=4, retry_in_ns=2 * S + 7, wait_ns=3 * S)
    statuses = {1: waiting} | {c: FeedStatus("other", c, "down", "ws://y", "refused") for c in (2, 3)}
    view = publisher.build(kernel, START, statuses=statuses)
    assert view.feeds.state.kind == view.prices.state.kind == view.cycles.state.kind == "error"
    assert "refused" in view.prices.state.cause
    assert view.prices.state.next_step == "No feed is live."
    row = next(row for row in view.feeds.rows if row.attempt)
    assert (row.attempt, row.retry_at_ns, row.wait_ns) == (4, START + 2 * S, 3 * S)
    statuses[1] = FeedStatus("solana", 1, "live", "ws://x")
    view = publisher.build(kernel, START + S, statuses=statuses)
    assert (view.feeds.state.kind, view.feeds.state.next_step) == ("error", "Other feeds go on.")
    assert view.prices.state.kind == "loading"


def test_without_a_token_table_prices_are_in_the_quote_that_all_instruments_share() -> None:
    spot = Instrument("binance", "BTCUSDT", "BTC", "USDT")
    perp = Instrument("binance-usdm", "BTCUSDT", "BTC", "USDT", "perp")
    publisher, kernel, engine = made(tokens=(), instruments=(spot, perp))
    view = publisher.build(kernel, START)
    assert view.prices.quote == "USDT"
    assert view.fees.state.kind == "empty"
    price = {"mint": "BTC", "symbol": "BTC", "venue": "binance", "source": "binance:BTCUSDT", "channel": 1, "bid": 1.0}
    price |= {"ask": 2.0, "current_ns": START, "changed_ns": START, "usable": True, "state": "live"}
    engine.shown = {"prices": [price]}
    assert publisher.build(kernel, START).cycles.state.cause == "No cycle can be built: no pool is watched here."


def test_a_recording_says_that_it_is_not_timed_instead_of_loading_for_ever() -> None:
    publisher, kernel, _ = made()
    duel = publisher.build(kernel, START).duel
    assert duel.state.kind == "empty"
    assert duel.version > 0


def booked(kernel: Kernel, nets: list[int | None]) -> None:
    """Lets a kernel have had outcomes that were worth so much; of another one before them nothing is left but its 7."""
    kernel.totals.earned.worth = 7 * S
    for number, net in enumerate(nets, 1):
        status = Stage.FILLED if net is not None and net > 0 else Stage.REVERTED
        of = orders.order(number)
        outcome = orders.fill(of, of.amount_in + (net or 0), status=status)
        kernel.desk.outcomes = [*kernel.desk.outcomes, Outcome(of, outcome, net)]
        kernel.totals.earned.worth += net or 0


def test_the_equity_curve_falls_with_each_loss_and_ends_with_what_was_earned() -> None:
    publisher, kernel, _ = made()
    booked(kernel, [S, -S, -S, None, -S, S])
    shown = publisher.build(kernel, START).trades
    assert shown.curve == (8.0, 7.0, 6.0, 6.0, 5.0, 6.0), "what can't be valued moves nothing"
    assert shown.paper is not None
    assert shown.paper.change == 6 * S


@given(st.lists(st.integers(-(10**11), 10**11), min_size=1, max_size=60))
@settings(max_examples=60, deadline=None)
def test_the_equity_curve_is_that_of_the_equity_module(nets: list[int]) -> None:
    start = 100 * S * 1_000
    publisher, kernel, _ = made()
    booked(kernel, [*nets])
    kernel.totals.earned.worth -= 7 * S
    shown = publisher.build(kernel, START).trades.curve
    held = list(accumulate(nets, initial=start))
    returns = [0.0, *(net / before for net, before in zip(nets, held, strict=False))]
    wanted = equity(returns, [1.0] * len(returns), start / S, 1.0, 0)
    assert [start / S + value for value in shown] == pytest.approx(wanted[1:], rel=1e-12)


def test_a_check_that_fails_names_the_key_of_the_config_or_of_the_keyboard() -> None:
    _, kernel, _ = made()
    gates = {gate.label: gate for gate in live_gates(kernel, recording=False)}
    assert not gates["recording"].passed
    assert "recording.enabled" in gates["recording"].needed
    assert gates["loss limit"].passed
    assert live_gates(kernel, recording=True)[4].passed
    kernel.risk.state.halted = "by key"
    assert not {gate.label: gate for gate in live_gates(kernel, recording=True)}["not halted"].passed


@pytest.mark.parametrize(
    ("declined", "cell"),
    [
        (None, ("go", "go")),
        ("open_edge", ("go", "edge in use")),
        ("rule", ("blocked", "rule says no")),
        ("rule_unknown", ("blocked", "rule: unknown")),
        ("risk:open_orders", ("blocked", "orders at limit")),
        ("risk:halted", ("blocked", "halted")),
    ],
)
def test_a_go_that_was_not_taken_says_why(declined: str | None, cell: tuple[str, str]) -> None:
    publisher, kernel, engine = made()
    engine.shown = {"cycles": shown(opportunity(key="a"), opportunity(key="b", reason="below_min", go=False))}
    kernel.declined = {} if declined is None else {key: {"negative_cycle": declined} for key in "ab"}
    first, second = publisher.build(kernel, START).cycles.rows
    assert (first.mark, first.decision) == cell
    assert second.decision.startswith("below min")
    assert first.declined == (() if declined is None else (("negative_cycle", cell[1]),))
    kernel.declined.clear()
    assert publisher.build(kernel, START).cycles.rows[0].decision == "go"


def test_the_loss_in_the_headline_is_the_one_that_its_limit_is_held_against() -> None:
    publisher, kernel, _ = made()
    for token, net in ((kernel.ledger.unit, 5), (kernel.ledger.unit, -12), ("another", -1_000)):
        kernel.risk.book(token, net, START)
    assert publisher.build(kernel, START).headline.from_peak == -12


def test_of_several_strategies_the_row_says_what_the_first_said_and_the_detail_all() -> None:
    publisher, kernel, engine = made()
    engine.shown = {"cycles": shown(opportunity(key="a"))}
    kernel.declined = {"a": {"between": "no_inventory", "rule": "rule", "acme": "too_little_of_it_all"}}
    (row,) = publisher.build(kernel, START).cycles.rows
    assert (row.mark, row.decision) == ("blocked", "no inventory")
    assert row.declined == (("between", "no inventory"), ("rule", "rule says no"), ("acme", "too little of i…"))
    kernel.declined["a"] = {"rule": "open_edge"}
    assert publisher.build(kernel, START + 1).cycles.rows[0].declined == (("rule", "edge in use"),)


def test_budgets_are_among_the_limits_with_their_strategy() -> None:
    publisher, kernel, _ = made()
    limits = msgspec.structs.replace(kernel.setup.limits, budgets={"between": Budget({SOL: 5 * 10**9}, 2)})
    kernel.setup = msgspec.structs.replace(kernel.setup, limits=limits)
    kernel.risk = kernel._gate(kernel.risk.state)
    rows = [row for row in publisher.build(kernel, START).trades.limits if row.scope == "between"]
    assert [(row.limit, row.used, row.of, row.unit) for row in rows] == [
        ("strategies.capital", 0, 5 * 10**9, "SOL"),
        ("strategies.max_open_orders", 0, 2, "orders"),
    ]
