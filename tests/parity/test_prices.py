"""What prices did, opened up, in both engines; and how long cycles count as seen."""

import json
import random
from types import SimpleNamespace

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cambist.engine import build_info, make_engine
from cambist.engine.protocol import EngineSetup
from cambist.engine.reference.engine.standing import Moment, Standing
from cambist.engine.reference.search.by_money import Ranked
from cambist.engine.reference.search.estimate import Estimate
from cambist.engine.reference.series.kama import kama
from cambist.engine.reference.series.signal_persistence import Runs
from cambist.engine.reference.series.technical import bollinger, ema, rsi
from tests.parity.markets import BONK, POOLS, SOL, START_NS, USDC, Market, run, setup
from tests.snapshots import all_state, made_json

ENGINES = ["reference", "native"] if build_info().native else ["reference"]

FEW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
TOKEN = "mint1"
SECOND = 1_000_000_000
native = pytest.mark.skipif("native" not in ENGINES, reason="the Rust engine is not built")


def asked(engine, token: str, now_ns: int) -> dict | None:
    return json.loads(engine.inspect_price(token, now_ns))


@pytest.fixture(params=ENGINES)
def engine(request):
    return make_engine(request.param, setup())


@pytest.fixture
def seeded(engine):
    market = Market()
    market.open()
    run(engine, market.take())
    return engine, market


def test_an_unknown_token_has_no_detail(engine) -> None:
    assert asked(engine, "nobody", START_NS) is None


def test_bars_close_every_five_seconds_and_the_last_one_is_provisional(engine) -> None:
    for at, price in ((0, 1.0), (1, 3.0), (2, 2.0), (5, 4.0), (12, 5.0)):
        engine.inject_price(TOKEN, price, START_NS + at * SECOND)
    found = asked(engine, TOKEN, START_NS + 12 * SECOND)
    shapes = [[bar[name] for name in ("start_ns", "open", "high", "low", "close")] for bar in found["bars"]]
    assert shapes == [[START_NS, 1.0, 3.0, 1.0, 2.0], [START_NS + 5 * SECOND, 4.0, 4.0, 4.0, 4.0]]
    last = found["provisional"]
    assert (last["start_ns"], last["open"], last["close"]) == (START_NS + 10 * SECOND, 5.0, 5.0)
    assert (last["kama"], last["band_low"], found["rsi"]) == (None, None, None)
    assert (found["venue"], found["state"], found["changed_ns"]) == ("injected", "injected", START_NS + 12 * SECOND)


def test_the_lines_are_those_of_the_batch_forms_over_all_bars_and_sixty_are_kept(engine) -> None:
    rng = random.Random(4)
    closes = [100.0 + rng.gauss(0, 1) for _ in range(90)]
    for n, price in enumerate(closes):
        engine.inject_price(TOKEN, price, START_NS + n * 5 * SECOND)
    found = asked(engine, TOKEN, START_NS + 89 * 5 * SECOND)
    rows = [*found["bars"], found["provisional"]]
    assert [bar["close"] for bar in rows] == closes[-61:]
    assert [bar["ema"] for bar in rows] == list(ema(closes, 20))[-61:]
    assert [bar["kama"] for bar in rows] == kama(closes, 10, 2, 30)[-61:]
    bands = bollinger(closes, 20, 2.0)[-61:]
    assert [(bar["band_low"], bar["band_high"]) for bar in rows] == [(band.low, band.high) for band in bands]
    assert found["rsi"] == list(rsi(closes, 14))[-1]


def test_looking_changes_nothing(engine) -> None:
    for n in range(30):
        engine.inject_price(TOKEN, 1.0 + n % 7, START_NS + n * 3 * SECOND)
    before = engine.snapshot()
    asked(engine, TOKEN, START_NS + 90 * SECOND)
    assert engine.snapshot() == before


def test_the_reference_is_the_deepest_venue_that_is_believed(seeded) -> None:
    engine, market = seeded
    rows = [row for row in json.loads(engine.present(market.now_ns))["prices"] if row["mint"] == SOL]
    believed = [row for row in rows if row["state"] == "live" and not row["synthetic"]]
    deepest = min(believed, key=lambda row: (-row["depth"], row["venue"]))
    assert deepest["depth"] > 0
    assert [row["venue"] for row in rows if row["reference"]] == [deepest["venue"]]
    assert asked(engine, SOL, market.now_ns)["venue"] == deepest["venue"]
    assert engine.gauges([("price", SOL)], market.now_ns) == [(deepest["bid"] + deepest["ask"]) / 2]


def test_where_nothing_is_believed_the_deepest_is_shown_with_the_reason(seeded) -> None:
    engine, market = seeded
    later = market.now_ns + 10**12
    rows = [row for row in json.loads(engine.present(later))["prices"] if row["mint"] == BONK]
    assert not any(row["reference"] for row in rows)
    found = asked(engine, BONK, later)
    assert found["depth"] == max(row["depth"] for row in rows)
    assert found["state"] == "stale"


def test_a_snapshot_from_before_trails_and_gaps_still_loads(engine) -> None:
    for n in range(40):
        engine.inject_price(TOKEN, 1.0 + n % 7, START_NS + n * 5 * SECOND)
    state = all_state(engine)
    del state["gaps"]
    for row in state["rows"]:
        del row["series"]["kama"], row["series"]["trail"]
    closed = asked(engine, TOKEN, START_NS)
    engine.restore(made_json(state))
    assert asked(engine, TOKEN, START_NS)["bars"] == []
    engine.inject_price(TOKEN, 2.0, START_NS + 200 * SECOND)
    found = asked(engine, TOKEN, START_NS)
    assert found["bars"][-1]["band_low"] == closed["provisional"]["band_low"]
    assert found["bars"][-1]["kama"] is None


@native
@FEW
@example([(-1, 1.0)])
@example([(10**18, 1.0), (10**18, 2.0), (7 * 10**9, 3.0)])
@given(
    st.lists(
        st.tuples(
            st.one_of(st.integers(0, 12 * SECOND), st.integers(-(10**9), 10**12)),
            st.one_of(st.floats(0.5, 2.0), st.floats(allow_nan=False, allow_infinity=False)),
        ),
        max_size=120,
    )
)
def test_prices_opened_up_are_byte_equal_and_go_on_alike_from_each_others_snapshots(ticks) -> None:
    first, second = make_engine("reference", setup()), make_engine("native", setup())
    now = START_NS
    for n, (step, price) in enumerate(ticks):
        now = min(now + step, (1 << 63) - 1)
        for each in (first, second):
            each.inject_price(TOKEN, price, now)
        if n % 17 == 0:
            assert first.inspect_price(TOKEN, now) == second.inspect_price(TOKEN, now)
        if n == 60:
            state = first.snapshot()
            assert second.snapshot() == state
            first, second = make_engine("reference", setup()), make_engine("native", setup())
            first.restore(state)
            second.restore(state)
    assert first.inspect_price(TOKEN, now) == second.inspect_price(TOKEN, now)
    assert first.snapshot() == second.snapshot()


@native
@FEW
@given(st.lists(st.tuples(st.sampled_from(list(POOLS)), st.integers(10**6, 10**12), st.booleans()), max_size=12))
def test_pool_prices_opened_up_are_byte_equal(swaps) -> None:
    first, second, market = make_engine("reference", setup()), make_engine("native", setup()), Market()
    market.open()
    for name, amount, a_to_b in swaps:
        market.trade(name, amount, a_to_b=a_to_b)
        market.next_slot()
    block = market.take()
    assert run(first, block) == run(second, block)
    for token in (SOL, USDC, BONK, "binance-usdm:SOLUSDT", "", "nobody"):
        for now in (market.now_ns, market.now_ns + 10**11):
            assert first.inspect_price(token, now) == second.inspect_price(token, now)
    assert first.present(market.now_ns) == second.present(market.now_ns)


# -- how long a cycle counts as seen

SOLD = 800 * 10**9
BACK = 117_700 * 10**6
"""What brings the pool back to where it was, give or take its fee."""


def flickering(engine, absent: int) -> tuple[int, int]:
    """Plays a gap that pays for 3 slots, closes, opens again after `absent` slots; returns the slots seen by then.

    The first figure is just before it closes.
    """
    market = Market()
    market.open()

    def seen() -> int:
        run(engine, market.take())
        cycles = json.loads(engine.present(market.now_ns))["cycles"]
        best = [c["seen_slots"] for c in cycles if c["settlement"] == "atomic" and len(c["route"]) == 2]
        return max(best, default=0)

    market.trade("ray-sol-usdc", SOLD, a_to_b=True)
    market.next_slot()
    market.next_slot()
    before = seen()
    market.trade("ray-sol-usdc", BACK, a_to_b=False)
    assert seen() == 0
    for _ in range(absent + 1):
        market.next_slot()
    market.trade("ray-sol-usdc", SOLD, a_to_b=True)
    return before, seen()


def gated(most: int) -> EngineSetup:
    return setup(gates=msgspec.structs.replace(setup().gates, max_gap_slots=most))


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize(
    ("most", "absent", "wanted"), [(0, 0, 1), (0, 2, 1), (2, 0, 4), (2, 2, 6), (2, 3, 1), (5, 3, 7)]
)
def test_a_cycle_that_comes_back_soon_enough_goes_on_counting(name: str, most: int, absent: int, wanted: int) -> None:
    assert flickering(make_engine(name, gated(most)), absent) == (3, wanted)


@pytest.mark.parametrize("name", ENGINES)
def test_a_gap_goes_on_over_a_snapshot(name: str) -> None:
    class Restoring:
        """Begins anew from a snapshot before every call."""

        def __init__(self) -> None:
            self.engine = make_engine(name, gated(3))

        def __getattr__(self, call: str):
            state, self.engine = self.engine.snapshot(), make_engine(name, gated(3))
            self.engine.restore(state)
            return getattr(self.engine, call)

    assert flickering(Restoring(), 2) == (3, 6)


@native
@pytest.mark.parametrize("most", [0, 1, 3])
@pytest.mark.parametrize("seed", range(4))
def test_flickering_markets_are_decided_on_alike_by_both(most: int, seed: int) -> None:
    rng, market = random.Random(seed), Market()
    market.open()
    for _ in range(40):
        away = rng.random() < 0.5
        market.trade("ray-sol-usdc", SOLD if away else BACK, a_to_b=away)
        for _ in range(rng.randrange(4)):
            market.next_slot()
    block = market.take()
    first, second = make_engine("reference", gated(most)), make_engine("native", gated(most))
    assert run(first, block) == run(second, block)
    assert first.snapshot() == second.snapshot()
    assert bool(all_state(first)["gaps"]) <= bool(most)


class Names:
    """A market whose edges have names and no base token: a cycle through it is found and lost, never sized."""

    graph = SimpleNamespace(cycle_key=str)


FOUND = Ranked([1, 2], None, -1, Estimate(0.0, 0.0, 0.0), None, None)


@given(st.lists(st.booleans(), max_size=60), st.integers(1, 5), st.integers(1, 4))
@settings(max_examples=200, deadline=None)
def test_it_counts_as_runs_of_signal_persistence_do(present: list[bool], least: int, most: int) -> None:
    standing = Standing(gated(most), Names())  # type: ignore[arg-type]  # what it asks of a market is there
    runs = Runs(least, most)
    for slot, here in enumerate(present, 100):
        shown = runs.update(int(here))
        if here:
            cycle = standing.find(Moment(slot, 0, 0, slot, slot), FOUND)
            assert (slot - cycle.first_slot + 1 >= least) == bool(shown)
            if not present[slot - 99 : slot - 98] or not present[slot - 99]:
                standing.end(Moment(slot, 0, 0, slot, slot), cycle, "gone")
    assert len(standing.gaps) <= 1


def test_a_book_opened_up_says_what_its_price_row_says(seeded) -> None:
    engine, market = seeded
    market.ticker("149.95", "150.05")
    run(engine, market.take())
    told = json.loads(engine.inspect_book("binance:SOLUSDC", 5, market.now_ns))["as_of_ns"]
    oldest = told + setup().gates.max_book_age_ms * 1_000_000
    for now_ns, wanted in ((market.now_ns, "live"), (oldest, "live"), (oldest + 1, "stale")):
        rows = json.loads(engine.present(now_ns))["prices"]
        shown = [row["state"] for row in rows if row["source"] == "binance:SOLUSDC"]
        assert shown == [json.loads(engine.inspect_book("binance:SOLUSDC", 5, now_ns))["state"]] == [wanted]
