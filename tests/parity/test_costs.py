"""Scores, fees and their sources by the Rust engine against the reference, through the public calls."""

import doctest
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cambist.config.settings import Bidding, Gates
from cambist.engine import costs
from cambist.engine.reference import fees
from cambist.engine.reference.chain.tips import decode_tip_floor
from cambist.engine.reference.exchanges import DecodeError, canonical, decimal
from cambist.engine.reference.fees import columns, cost
from cambist.engine.reference.fees import origin as fee_origin
from cambist.engine.reference.fees import sources as fee_sources
from cambist.engine.reference.judge import scorer
from cambist.engine.reference.judge.scorer import COLUMNS, Candidate, decide
from cambist.engine.reference.venues import VENUES
from tests.shared import shared_data

native = pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")

MANY = settings(max_examples=150, deadline=None)
U64 = st.integers(0, 2**64 - 1)
AMOUNT = st.integers(0, 2**63 - 1) | st.integers(900_000, 1_100_000)
COST = st.integers(-2, 20_000) | st.integers(-1, 2**63 - 1)
ROW = st.tuples(
    AMOUNT, AMOUNT, st.integers(0, 127) | st.just(1), COST, COST, COST, COST, COST, COST, COST,
    st.integers(0, 4), st.integers(0, 30), st.integers(0, 30),
)  # fmt: skip
GATES = st.builds(
    Gates,
    min_net_ppm=st.integers(-1_000, 5_000),
    min_seen_slots=st.integers(0, 4),
    max_unconfirmed_ppm=st.integers(0, 40_000),
    min_landing_ppm=st.integers(0, 1_000_000),
    max_fee_ppm_of_gross=st.integers(0, 1_000_000),
    max_tip_ppm_of_profit=st.integers(0, 1_000_000),
)


def both(call, *args):
    """Returns what both backends give, or the words of their refusal."""
    found = []
    for backend in ("native", "reference"):
        try:
            found.append([column.tolist() for column in call(*args, backend)])
        except ValueError as error:
            found.append(str(error))
    return found


@MANY
@given(st.lists(ROW, max_size=20), GATES)
def test_candidates_are_scored_alike(rows, gates):
    columns = np.array(rows, np.int64).reshape(-1, len(COLUMNS)).T
    mine, theirs = both(costs.score_candidates, columns, gates)
    assert mine == theirs


@pytest.mark.parametrize(("column", "value"), [("flags", 128), ("amount_in", -1), ("seen_slots", 2**32), ("tries", -5)])
def test_a_figure_that_is_none_is_named_with_its_row(column, value):
    rows = np.zeros((len(COLUMNS), 3), np.int64)
    rows[COLUMNS.index(column), 2] = value
    message = f"{column} of row 2 was {value}"
    assert both(costs.score_candidates, rows, Gates()) == [message, message]


def test_columns_of_another_number_or_kind_are_refused():
    message = "12 numbers are no whole rows of 13 columns"
    assert both(costs.score_candidates, np.zeros((12, 1), np.int64), Gates()) == [message, message]
    for backend in ("native", "reference"):
        with pytest.raises(ValueError, match="expected integers"):
            costs.score_candidates(np.zeros((13, 2)), Gates(), backend)
        with pytest.raises(ValueError, match="less than 2\\^63"):
            costs.score_candidates(np.full((13, 1), 2**63, np.uint64), Gates(), backend)


HOPS = st.integers(0, 4)


@MANY
@given(st.data(), st.integers(0, 6), HOPS, st.none() | U64, st.integers(0, 2**40), st.integers(0, 1_000_000))
def test_trades_are_priced_alike(data, trades, hops, price, least_tip, share):
    def table(low, high):
        flat = data.draw(st.lists(st.integers(low, high), min_size=trades * hops, max_size=trades * hops))
        return np.array(flat, np.int64).reshape(trades, hops)

    bidding = Bidding(min_tip_lamports=least_tip, tip_ppm_of_gross=share)
    venues, ticks, flags = table(-1, len(costs.VENUES)), table(-1, 300), table(0, 4)
    gross = data.draw(st.lists(st.integers(-2, 2**63 - 1), min_size=trades, max_size=trades))
    mine, theirs = both(costs.estimate_trades, venues, ticks, flags, np.array(gross, np.int64), price, bidding)
    assert mine == theirs


def test_tables_of_different_shapes_are_no_trades():
    message = "2 hops, 1 ticks and 2 flags are no table of 1 trades"
    assert both(costs.estimate_trades, [[0, 1]], [[0]], [[0, 0]], [0], 1, Bidding()) == [message, message]


@MANY
@given(st.sampled_from([*VENUES, "pump", ""]), st.integers(0, 2**32 - 1), st.booleans(), st.booleans())
def test_compute_units_of_a_swap(venue, ticks, token_2022, adaptive):
    shape = fees.SwapShape(venue, ticks, token_2022, adaptive)
    assert native.swap_cu(venue, ticks, token_2022, adaptive) == fees.swap_cu(shape)


@MANY
@given(st.lists(st.integers(0, 40), max_size=6), st.booleans())
def test_rent_of_an_account(extensions, token_2022):
    rent = fees.token_account_rent(extensions, token_2022=token_2022)
    assert native.token_account_rent(extensions, token_2022) == rent
    assert token_2022 or rent == 2_039_280


WORDS = st.sampled_from(
    ["Program", "log:", "P", "invoke", "[1]", "[2]", "[+1]", "[]", "[", "consumed", "of", "compute", "units", "success",
     "failed:", "12", "+7", "-1", "200000", "18446744073709551615", "00000000000000000000000012", "x", ""]
)  # fmt: skip
LINES = st.one_of(
    st.lists(WORDS, max_size=8).map(" ".join),
    st.builds(lambda p, n: f"Program {p} invoke [{n}]", st.sampled_from("PQ"), st.integers(0, 3)),
    st.builds(lambda n: f"Program P consumed {n} of 200000 compute units", st.integers(0, 10**6)),
    st.sampled_from(["Program P success", "Program P failed: custom program error: 0x1"]),
    st.text(max_size=30),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(LINES, max_size=12))
def test_units_are_read_from_logs_alike(lines):
    assert native.consumed_units(lines) == fee_sources.consumed_units(lines)


NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(-(10**22), 10**22).map(str),
    st.sampled_from(
        ["1E-5", "0e99999999999", "1e-99999999999", "1e2147483648", "1e-2147483648", '"1"', "null", "-0", "1.0e+3"]
    ),
)


@MANY
@given(st.lists(NUMBERS, min_size=6, max_size=6), st.integers(0, 6))
def test_a_tip_floor_is_read_alike(numbers, present):
    names = [f"landed_tips_{percent}th_percentile" for percent in (25, 50, 75, 95, 99)]
    pairs = list(zip([*names, "ema_landed_tips_50th_percentile"], numbers, strict=True))[:present]
    body = ("[{" + ",".join(f'"{name}":{number}' for name, number in pairs) + "}]").encode()
    try:
        mine = canonical(decode_tip_floor(body))
    except DecodeError as error:
        mine = str(error)
    try:
        theirs = native.decode_tip_floor(body)
    except ValueError as error:
        theirs = str(error)
    assert mine == theirs


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"[1]", b"null", b"\xff"])
def test_what_is_no_tip_floor_is_refused_alike(body):
    with pytest.raises(DecodeError) as mine:
        decode_tip_floor(body)
    with pytest.raises(ValueError, match=r"was|not") as theirs:
        native.decode_tip_floor(body)
    assert str(mine.value) == str(theirs.value)


def test_the_recorded_tip_floor_is_read_to_the_lamport():
    body = shared_data("fees", "jito_tip_floor_sample.json").read_bytes()
    found = json.loads(native.decode_tip_floor(body))["body"]
    levels = [[25, 6_001], [50, 10_000], [75, 36_196], [95, 1_447_905], [99, 10_007_999]]
    assert found == {"levels": levels, "average": 9_836}


@MANY
@given(st.lists(U64, max_size=30), U64, st.integers(-(2**63), 2**63 - 1), U64, st.booleans())
def test_the_formulas_of_the_origin(samples, number, profit, other, flag):
    assert native.origin_priority_sol(samples) == fee_origin.origin_priority_sol(samples)
    assert native.origin_tip(samples) == fee_origin.origin_tip(samples)
    assert native.is_tip_worth(number, profit) == fee_origin.is_tip_worth(number, profit)
    assert native.learned_tip_share(number, other, number // 7, 3) == fee_origin.learned_tip_share(
        number, other, number // 7, 3
    )
    legs, congestion = number % 9, other % 10**8
    assert native.multi_hop_tip(legs, congestion, other, flag) == fee_origin.multi_hop_tip(
        legs, congestion, other, compat_floor=flag
    )


@MANY
@given(
    U64, U64, st.lists(st.sampled_from(["memo", "raydium_swap_v4", "phoenix_swap", "create_ata", "?"]), max_size=5), U64
)
def test_the_origins_units(signers, accounts, operations, margin):
    mine = fee_origin.origin_units(signers, accounts, operations, margin)
    assert native.origin_units(signers, accounts, operations, margin) == mine


@MANY
@given(ROW, GATES)
def test_a_miss_is_what_passes_the_gate(row, gates):
    named = dict(zip(COLUMNS, row, strict=True))
    known = {name: max(named[name], 0) % 20_000 for name in COLUMNS[3:10]}
    candidate = Candidate(
        amount_in=1_000_000, amount_out=1_000_000 + named["amount_out"] % 60_000, has_base=True,
        seen_slots=named["seen_slots"], wins=named["wins"], tries=named["tries"], **known,
    )  # fmt: skip
    found = decide(candidate, gates)
    assert (found.miss is None) == found.go
    if found.reason in ("not_positive", "below_min"):
        raised = replaced(candidate, amount_out=candidate.amount_out + found.miss)
        assert decide(raised, gates).reason not in ("not_positive", "below_min")
        short = replaced(candidate, amount_out=candidate.amount_out + found.miss - 1)
        assert decide(short, gates).reason in ("not_positive", "below_min")
    elif found.reason == "tip_share":
        assert decide(replaced(candidate, tip=candidate.tip - found.miss), gates).reason not in ("tip_share",)
        assert decide(replaced(candidate, tip=candidate.tip - found.miss + 1), gates).reason == "tip_share"
    elif found.reason == "new":
        assert decide(replaced(candidate, seen_slots=candidate.seen_slots + found.miss), gates).reason != "new"


def replaced(candidate: Candidate, **changes: int) -> Candidate:
    import msgspec

    return msgspec.structs.replace(candidate, **changes)


@pytest.mark.parametrize("module", [scorer, cost, columns, fee_sources, fee_origin, costs, decimal])
def test_the_examples_run(module):
    found = doctest.testmod(module)
    assert found.attempted > 0
    assert found.failed == 0
