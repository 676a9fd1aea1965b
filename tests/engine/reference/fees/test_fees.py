import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cambist.config.settings import Bidding
from cambist.engine.reference.fees import (
    Bid,
    EstimateError,
    FeeModel,
    FeeState,
    FeeStateError,
    SwapShape,
    cu_limit,
    estimate_trades,
    priority_fee,
    share_of,
    swap_cu,
    tip,
    token_account_rent,
)
from cambist.engine.reference.fees.origin import learned_tip_share
from cambist.engine.reference.fees.sources import ACCOUNT_CAP_CU, FULL_SLOTS, Sources, consumed_units

BIDDING = Bidding()


def steady(model: FeeModel, price: int, slots: range, percentile: int | None = 5_000) -> None:
    model.add([(slot, price) for slot in slots], percentile, slots[-1] * 400)


def test_before_any_sample_everything_is_unknown() -> None:
    model = FeeModel(150)
    assert (model.bid(BIDDING), model.percentile(75), model.congestion(), model.trend()) == (None, None, None, "")
    assert (model.source(), model.newest_ns) == ("", None)
    cost = model.trade(BIDDING, 100_000, None)
    assert cost == (5_000, None, None)


def test_a_plain_node_leaves_percentiles_unknown_and_the_bid_says_so() -> None:
    model = FeeModel(150)
    model.add([(slot, 10 * slot) for slot in range(1_000, 1_040)], None, 7)
    assert model.source() == "minimum"
    assert model.percentile(50) is None
    assert model.bid(BIDDING) == Bid(10_340, "minimum")
    assert model.bid(Bidding(floor_micro_lamports=20_000)) == Bid(20_000, "minimum")
    row = model.rows()[0]
    assert (row.minimum, row.p50, row.recv_ns) == (10_000, None, 7)


@pytest.mark.parametrize(
    ("percent", "bid"), [(1, 10_200), (5, 10_200), (6, 10_210), (25, 10_240), (75, 10_340), (90, 10_370), (99, 10_390)]
)
def test_a_plain_node_has_percentiles_of_slots(percent: int, bid: int) -> None:
    """The newest twenty smallest fees are 10 200 to 10 390: a bid lands in the share of them that are not above it."""
    model = FeeModel(150)
    model.add([(slot, 10 * slot) for slot in reversed(range(1_000, 1_040))], None, 7)
    assert model.bid_at(percent, 0) == Bid(bid, "minimum")
    assert model.bid_at(100, 0) == Bid(10_390, "minimum")


def test_only_the_newest_minimums_bid() -> None:
    model = FeeModel(150)
    model.add([(1, 10**9)], None, 1)
    steady(model, 2_000, range(2, 22), None)
    assert model.bid(BIDDING) == Bid(2_000, "minimum")


def test_percentiles_and_minimums_stay_apart() -> None:
    model = FeeModel(150)
    model.add([(1, 5), (2, 6)], None, 1)
    model.add([(1, 2_000), (2, 4_000), (3, 3_000)], 7_500, 2)
    assert model.source() == "percentiles"
    assert model.percentile(75) == 3_000
    assert model.percentile(50) == 3_000, "the lowest known column not below it"
    assert model.percentile(90) is None
    assert model.bid(BIDDING) == Bid(3_000, "p75")
    assert model.bid(Bidding(floor_micro_lamports=9_000)) == Bid(9_000, "floor")
    assert model.bid(Bidding(percentile=99)) == Bid(1_000, "minimum")


def test_a_percentile_without_a_column_is_left_alone() -> None:
    model = FeeModel(150)
    assert not model.add([(1, 5)], 6_000, 1)
    assert not model.add([(1, 5)], 0, 1)
    assert model.rows() == []


def test_slots_leave_the_window_and_newer_values_win() -> None:
    model = FeeModel(10)
    steady(model, 1, range(100, 120))
    assert [row.slot for row in model.rows()] == list(range(110, 120))
    model.add([(119, 1)], 5_000, 10**9)
    assert model.rows()[-1].recv_ns == 119 * 400, "an equal value is not news"
    model.add([(119, 2)], 5_000, 10**9)
    assert (model.rows()[-1].p50, model.rows()[-1].recv_ns) == (2, 10**9)
    model.add([(1 << 63, 3)], 5_000, 10**9)
    assert model.rows()[-1].slot == 119


@pytest.mark.parametrize(
    ("level", "score"), [(0, 0), (10_000, 0), (15_000, 12), (20_000, 25), (40_000, 50), (160_000, 100), (10**9, 100)]
)
def test_congestion_is_doublings_over_the_calm_level(level: int, score: int) -> None:
    model = FeeModel(150)
    steady(model, 10_000, range(0, 160))
    assert model.congestion() == 0
    steady(model, level, range(160, 168))
    assert model.congestion() == score


def test_congestion_needs_a_history() -> None:
    model = FeeModel(150)
    steady(model, 10_000, range(0, 127))
    assert model.congestion() is None
    steady(model, 10_000, range(127, 128))
    assert model.congestion() == 0


def test_congestion_needs_as_many_rows_as_make_a_level() -> None:
    model = FeeModel(150)
    steady(model, 10_000, range(0, 160))
    history = model.state().history
    for rows, expected in ((7, None), (8, 0)):
        kept = FeeState(1, model.state().rows[-rows:], history)
        assert FeeModel.from_state(150, kept).congestion() == expected


def test_calm_is_a_thousand_at_least() -> None:
    model = FeeModel(150)
    steady(model, 0, range(0, 160))
    steady(model, 2_000, range(160, 168))
    assert model.congestion() == 25, "one doubling over 1,000, and not one atom less"


def test_cheap_is_calm_whatever_the_ratio() -> None:
    model = FeeModel(150)
    steady(model, 1, range(0, 160))
    steady(model, 900, range(160, 168))
    assert (model.congestion(), model.trend()) == (0, "steady")


def test_a_trend_compares_now_with_just_before() -> None:
    model = FeeModel(150)
    steady(model, 10_000, range(0, 15))
    assert model.trend() == ""
    steady(model, 10_000, range(15, 30))
    assert model.trend() == "steady"
    steady(model, 12_500, range(30, 38))
    assert model.trend() == "rising"
    steady(model, 10_000, range(38, 46))
    steady(model, 8_000, range(46, 54))
    assert model.trend() == "falling"


def test_the_history_is_bounded_and_outlives_the_window() -> None:
    model = FeeModel(100)
    for start in range(0, 32 * 140, 32):
        steady(model, start, range(start, start + 32))
    history = model.history()
    assert len(history) == 128
    assert (history[0].slot, history[-1].slot) == (12 * 32, 139 * 32)
    assert history[0].p50 == 12 * 32


samples = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 10**7)), max_size=40)
columns = st.sampled_from([None, 2_500, 5_000, 7_500, 9_000, 9_900])


@settings(max_examples=60)
@given(st.lists(st.tuples(samples, columns), max_size=12), st.integers(0, 12))
def test_a_restored_snapshot_goes_on_the_same_way(replies, at) -> None:
    model = FeeModel(150)
    for index, (reply, percentile) in enumerate(replies):
        if index == at:
            state = msgspec.json.decode(msgspec.json.encode(model.state()), type=FeeState)
            other, model = model, FeeModel.from_state(150, state)
        model.add(reply, percentile, index)
        if index >= at:
            other.add(reply, percentile, index)
            assert model.state() == other.state()
            assert (model.bid(BIDDING), model.congestion()) == (other.bid(BIDDING), other.congestion())


def test_rows_out_of_order_are_no_snapshot() -> None:
    model = FeeModel(150)
    steady(model, 1, range(5))
    state = model.state()
    with pytest.raises(FeeStateError, match="slot 3"):
        FeeModel.from_state(150, FeeState(None, state.rows[::-1], []))


def test_chain_costs() -> None:
    assert priority_fee(1_500_001, 100_000) == 150_001
    assert priority_fee(1, 1) == 1
    assert priority_fee(0, 1_400_000) == 0
    assert priority_fee((1 << 64) - 1, 1_400_000) is None
    assert tip(1_000_000, BIDDING) == 50_000
    assert tip(10, BIDDING) == 1_000
    model = FeeModel(150)
    steady(model, 1_500_001, range(9), 7_500)
    assert model.trade(BIDDING, 100_000, 1_000_000) == (5_000, 150_001, 50_000)


def test_compute_units_of_a_route() -> None:
    route = [SwapShape("ray4"), SwapShape("cpmm"), SwapShape("orca", ticks_crossed=2)]
    assert [swap_cu(swap) for swap in route] == [26_206, 36_668, 69_000]
    assert cu_limit(route) == -(-(300 + 26_206 + 36_668 + 69_000) * 110 // 100)
    assert cu_limit([*route, SwapShape("phoenix")]) is None
    assert cu_limit([SwapShape("orca", ticks_crossed=200)]) is None


@pytest.mark.parametrize(("percent", "value"), [(0, 1), (1, 1), (33, 1), (34, 2), (67, 3), (100, 3), (200, 3)])
def test_a_share_of_values_is_one_of_them_whatever_is_asked(percent: int, value: int) -> None:
    assert share_of([3, 1, 2], percent) == value


def test_a_share_of_nothing_is_unknown() -> None:
    assert share_of([], 50) is None


@pytest.mark.parametrize(("kind", "size"), [(1, 12), (9, 4), (14, 5), (26, 4), (27, 0), (25, 0), (13, 0), (2, 0)])
def test_the_rent_of_an_account_grows_by_what_a_mint_puts_into_it(kind: int, size: int) -> None:
    """With their heads: the transfer fee withheld, not transferable, hook, pausable; no others."""
    assert token_account_rent([kind], token_2022=True) == (128 + 165 + 1 + 4 + size) * 6_960
    assert token_account_rent([kind], token_2022=False) == (128 + 165) * 6_960


def test_a_route_tells_of_ticks_within_32_bits() -> None:
    most = (1 << 32) - 1
    found = estimate_trades([2], [most], [0], [-1], 1, BIDDING)
    assert found.cu_limits == [-1], "more than a transaction may ask for, and no error"
    for ticks in (most + 1, -1):
        with pytest.raises(EstimateError, match=f"ticks at 0 was {ticks}"):
            estimate_trades([2], [ticks], [0], [-1], 1, BIDDING)


def test_of_estimates_of_one_time_that_of_the_last_name_counts() -> None:
    for names in (("a", "b"), ("b", "a")):
        sources = Sources()
        for name in names:
            sources.estimate(name, None, [(50, ord(name))], 7)
        assert sources.estimated(50) == ord("b")
        sources.estimate("a", None, [(50, 1)], 8)
        assert sources.estimated(50) == 1


@pytest.mark.parametrize(
    ("inclusion", "success", "share"),
    [(599_999, 0, 150_000), (600_000, 0, 100_000), (600_000, 800_000, 100_000), (600_000, 800_001, 80_000)],
)
def test_a_learned_share_moves_below_and_above_its_bounds(inclusion: int, success: int, share: int) -> None:
    assert learned_tip_share(100_000, inclusion, success, 3) == share
    assert learned_tip_share(100_000, inclusion, success, 2) == 100_000


def test_the_configured_percentile_is_bid_where_no_landing_is_wanted() -> None:
    sources = Sources()
    for _ in range(8):
        sources.learn(75, landed=False)
    assert sources.percent(Bidding(percentile=75, wanted_landing_ppm=0)) == 75
    assert sources.percent(Bidding(percentile=75, wanted_landing_ppm=1_000_000)) > 75


def test_beyond_the_highest_level_of_an_estimate_that_one_counts() -> None:
    sources = Sources()
    sources.estimate("a", None, [(50, 10), (75, 15), (90, 20)], 7)
    assert [sources.estimated(percent) for percent in (0, 50, 51, 90, 99)] == [10, 10, 15, 20, 20]


def test_how_full_an_account_was_stays_within_32_bits() -> None:
    sources = Sources()
    sources.observe("a", 10, (1 << 64) - 1, 7)
    assert sources.fullness("a", 11) == (1 << 32) - 1
    sources = Sources()
    sources.observe("a", 10, ACCOUNT_CAP_CU * FULL_SLOTS * 4_000, 7)
    assert sources.fullness("a", 11) == 4_000_000_000, "of more than 31 bits, as it was"


@pytest.mark.parametrize("spent", ["abc", "", "+", "-5", "1_0", "٣", "18446744073709551616", "1" + "0" * 21])
def test_units_that_are_no_number_of_64_bits_are_none(spent: str) -> None:
    ran = ["Program A invoke [1]", f"Program A consumed {spent} of 200 compute units", "Program A success"]
    assert consumed_units(ran) == 0


def test_a_table_of_hops_has_all_its_columns() -> None:
    for ticks, flags in (([0], [0, 0]), ([0, 0], [0]), ([0], [0])):
        with pytest.raises(EstimateError, match="are no table of 1 trades"):
            estimate_trades([2, 2], ticks, flags, [-1], 1, BIDDING)
