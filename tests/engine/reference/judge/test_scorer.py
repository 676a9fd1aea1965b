import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cambist.config.settings import Gates
from cambist.engine.reference.judge.scorer import (
    COLUMNS,
    Candidate,
    ColumnError,
    Reason,
    decide,
    landing_ppm,
    score_columns,
)

GOOD = Candidate(
    amount_in=1_000_000,
    amount_out=1_010_000,
    has_base=True,
    base_fee=5,
    priority_fee=100,
    tip=500,
    rent=0,
    flash_loan=0,
    seen_slots=3,
    wins=5,
    tries=10,
)
ORDER = ["no_base", "fork", "torn", "stale", "unconfirmed", "unknown_cost", "legged_cost", "not_positive"]
ORDER += ["below_min", "fees_eat_gross", "new", "landing", "go"]
FAULTS = {
    "no_base": {"has_base": False},
    "fork": {"fork": "orca"},
    "torn": {"torn": "orca"},
    "stale": {"stale": "binance"},
    "unconfirmed": {"unconfirmed": "orca", "amount_out": 1_020_001},
    "unknown_cost": {"tip": None},
    "legged_cost": {"settlement": "legged"},
    "not_positive": {"amount_out": 1_000_600},
    "below_min": {"amount_out": 1_001_000},
    "fees_eat_gross": {"priority_fee": 3_500, "tip": 1_600},
    "new": {"seen_slots": 1},
    "landing": {"wins": 0},
}


def with_faults(*names: str) -> Candidate:
    return msgspec.structs.replace(GOOD, **{k: v for name in names for k, v in FAULTS[name].items()})


def test_a_good_candidate_goes() -> None:
    decision = decide(GOOD, Gates())
    assert decision == (True, "go", "", 9_395, 500_000, 50 + 15 + 15, None, "")


@pytest.mark.parametrize("name", FAULTS)
def test_each_gate_refuses_alone(name: str) -> None:
    decision = decide(with_faults(name), Gates())
    assert (decision.go, decision.reason) == (False, name)


@settings(max_examples=200)
@given(st.lists(st.sampled_from(sorted(FAULTS)), min_size=1, unique=True))
def test_the_first_gate_in_order_is_the_reason(names: list[str]) -> None:
    names.sort(key=lambda name: -ORDER.index(name))  # the earlier gate's fault is applied last
    first = min(names, key=ORDER.index)
    if first == "below_min" and "fees_eat_gross" in names:
        first = "not_positive"  # together they take all
    assert decide(with_faults(*names), Gates()).reason == first


def test_details_say_how_near_it_was() -> None:
    assert decide(with_faults("not_positive"), Gates()).detail == "net -5 ppm"
    lost = msgspec.structs.replace(GOOD, amount_out=999_880)
    assert decide(lost, Gates()).detail == "gross -120 ppm"
    assert decide(with_faults("below_min"), Gates()).detail == "395<500 ppm"
    assert decide(with_faults("new"), Gates()).detail == "1<2 slots"
    assert decide(with_faults("landing"), Gates()).detail == "83333<100000 ppm"
    assert decide(with_faults("fees_eat_gross"), Gates()).detail == "510000>500000 ppm"
    assert decide(with_faults("unknown_cost"), Gates()).detail == "tip"


@pytest.mark.parametrize("cost", ["base_fee", "priority_fee", "tip", "rent"])
def test_an_unknown_cost_leaves_net_and_score_unknown(cost: str) -> None:
    decision = decide(msgspec.structs.replace(GOOD, **{cost: None}), Gates())
    assert (decision.reason, decision.detail, decision.net, decision.score) == ("unknown_cost", cost, None, None)


def test_rebalancing_counts_for_legged_trades_only() -> None:
    atomic = decide(msgspec.structs.replace(GOOD, rebalancing=1_000), Gates())
    legged = decide(msgspec.structs.replace(GOOD, rebalancing=1_000, settlement="legged"), Gates())
    assert (atomic.net, legged.net) == (9_395, 8_395)


def test_a_net_beyond_i64_is_unknown() -> None:
    giant = msgspec.structs.replace(GOOD, amount_in=1, amount_out=(1 << 64) - 1)
    decision = decide(giant, Gates())
    assert (decision.reason, decision.detail, decision.net) == ("unknown_cost", "overflow", None)


def test_the_chance_to_land_starts_at_a_half_and_learns() -> None:
    assert landing_ppm(0, 0) == 500_000
    assert landing_ppm(0, 8) == 100_000
    assert landing_ppm(9, 8) == 900_000


@settings(max_examples=200)
@given(
    st.integers(1, 1 << 63),
    st.integers(0, 1 << 63),
    st.integers(0, 9),
    st.integers(0, 99),
    st.integers(0, 99),
)
def test_a_score_stays_in_its_range(amount_in, amount_out, seen, wins, tries) -> None:
    candidate = msgspec.structs.replace(
        GOOD, amount_in=amount_in, amount_out=amount_out, seen_slots=seen, wins=wins, tries=tries
    )
    decision = decide(candidate, Gates())
    assert decision.score is None or 0 <= decision.score <= 100
    assert decision.go == (decision.reason == "go")


@pytest.mark.parametrize(("tip", "reason"), [(1_979, "go"), (1_980, "tip_share")])
def test_a_tip_beyond_its_share_of_the_profit_is_refused_to_the_atom(tip: int, reason: str) -> None:
    """Gross 10,000 less 5 and 100: a profit of 9,895 before the tip, of which 1,979 are a fifth."""
    decision = decide(msgspec.structs.replace(GOOD, tip=tip), Gates(max_tip_ppm_of_profit=200_000))
    assert (decision.reason, decision.miss) == (reason, None if reason == "go" else 1)
    assert decision.detail == ("" if reason == "go" else "200101>200000 ppm")


def test_what_a_candidate_does_not_say_is_nothing() -> None:
    costs = {"base_fee": 0, "priority_fee": 0, "tip": 0, "rent": 0, "flash_loan": 0}
    lost = decide(Candidate(amount_in=5, has_base=True, **costs), Gates())
    assert (lost.reason, lost.net, lost.landing_ppm) == ("not_positive", -5, 500_000)
    unseen = decide(Candidate(amount_in=10**6, amount_out=10**6 + 10**4, has_base=True, **costs), Gates())
    assert (unseen.reason, unseen.detail) == ("new", "0<2 slots")
    assert decide(Candidate(), Gates()).reason == "no_base"


def test_a_net_is_within_a_signed_word_or_unknown() -> None:
    most = (1 << 63) - 1
    costs = {"priority_fee": 0, "tip": 0, "amount_in": most, "amount_out": 0}
    least = decide(msgspec.structs.replace(GOOD, base_fee=1, **costs), Gates())
    assert (least.reason, least.net) == ("not_positive", -(1 << 63))
    beyond = decide(msgspec.structs.replace(GOOD, base_fee=2, **costs), Gates())
    assert (beyond.reason, beyond.detail, beyond.net) == ("unknown_cost", "overflow", None)


def test_what_is_lost_of_one_atom_is_all_of_it() -> None:
    lost = msgspec.structs.replace(GOOD, amount_in=1, amount_out=0)
    assert decide(lost, Gates()).detail == "gross -1000000 ppm"


def test_reasons_are_numbered_in_the_order_of_the_gates() -> None:
    assert sorted(Reason.__members__.values()) == list(range(15)), "two gates of one number would be one reason"
    assert [reason.name.lower() for reason in Reason if reason.name.lower() in ORDER] == [*ORDER[-1:], *ORDER[:-1]]


@pytest.mark.parametrize(
    ("column", "most"), [("flags", 127), ("seen_slots", (1 << 32) - 1), ("amount_out", (1 << 63) - 1)]
)
def test_a_figure_of_a_column_has_a_most(column: str, most: int) -> None:
    row = dict.fromkeys(COLUMNS, 1)
    score_columns([[value] for value in {**row, column: most}.values()], Gates())
    with pytest.raises(ColumnError, match=f"{column} of row 0 was {most + 1}"):
        score_columns([[value] for value in {**row, column: most + 1}.values()], Gates())
