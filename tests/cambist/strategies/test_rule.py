import math

import pytest

from cambist.model.market import Token
from cambist.model.opportunity import Cost
from cambist.model.orders import Fill, Order, Stage
from cambist.strategies.base import Strategy
from cambist.strategies.negative_cycle import NegativeCycle
from cambist.strategies.rule import RuleStrategy, symbols_of
from tests import orders
from tests.fakes import MS, SOL, TOKENS, USDC, opportunity

UNKNOWN_COST = Cost(5_000_000, 0, 5_000, None, 500_000, 0, 0)


def shows(**figures: float):
    """Returns gauges that show the same figures of every token, and note when they were asked."""
    asked: list[int] = []

    def gauges(wanted, now_ns):
        asked.append(now_ns)
        return [figures.get(name) for name, _ in wanted]

    gauges.asked = asked
    return gauges


def strategy(text: str, **figures: float) -> RuleStrategy:
    return RuleStrategy(text, TOKENS, shows(**figures))


@pytest.mark.parametrize(
    ("field", "changes", "value"),
    [
        ("net_bps", {}, 94.75),
        ("net_bps", {"net": None}, math.nan),
        ("net_bps", {"amount_in": 0}, math.nan),
        ("gross_bps", {}, 100.0),
        ("net", {}, 0.009475),
        ("gross", {}, 0.01),
        ("size", {}, 1.0),
        ("size", {"tokens": [USDC, SOL, USDC]}, 1000.0),
        ("size", {"tokens": ["strange", SOL, "strange"]}, math.nan),
        ("age_ms", {}, 100.0),
        ("hops", {}, 2.0),
        ("persistence", {}, 2.0),
        ("chance", {}, 0.5),
        ("chance", {"landing_ppm": None}, math.nan),
        ("score", {}, 80.0),
        ("score", {"score": None}, math.nan),
        ("tip_share", {}, 0.05),
        ("tip_share", {"gross": -1}, math.nan),
        ("tip_share", {"gross": 0}, math.nan),
        ("tip_share", {"gross": 1}, 500_000.0),
        ("tip_share", {"cost": Cost(0, 0, 5_000, 0, 0, 0, 0)}, 0.0),
        ("fee_share", {}, 0.052),
        ("fee_share", {"cost": UNKNOWN_COST}, math.nan),
        ("congestion", {}, 40.0),
        ("atomic", {}, 1.0),
        ("atomic", {"settlement": "legged"}, 0.0),
        ("legged", {"settlement": "legged"}, 1.0),
        ("base(SOL)", {}, 1.0),
        ("base(USDC)", {}, 0.0),
        ("through(USDC)", {}, 1.0),
        (f"through({USDC})", {"tokens": [SOL, "x", SOL]}, 0.0),
        ("rsi(SOL)", {}, 62.5),
        ("ema(SOL)", {}, math.nan),
    ],
)
def test_each_field_says_what_the_opportunity_or_the_engine_says(field, changes, value) -> None:
    boolean = field in ("atomic", "legged") or field.startswith(("base", "through"))
    made = strategy(field if boolean else f"{field} > 1", congestion=40.0, rsi=62.5)
    (found,) = made.values(opportunity(**changes))
    assert found == pytest.approx(value, rel=1e-15, nan_ok=True)


def order(route: list[str]) -> Order:
    return orders.order(route=route)


def test_what_holds_is_taken_and_what_does_not_is_skipped_with_its_reason() -> None:
    made = strategy("net_bps > 90 and rsi(SOL) < 70", rsi=62.5)
    (wish,) = made.on_opportunity(opportunity())
    assert (wish.skip, wish.min_out) == ("", 1_000_525_001)
    (wish,) = made.on_opportunity(opportunity(net=1, route=["C:0", "D:0"]))
    assert wish.skip == "rule"


def test_an_unknown_input_fails_closed_with_its_own_reason() -> None:
    (wish,) = strategy("net_bps > 90 and rsi(SOL) < 70").on_opportunity(opportunity())
    assert wish.skip == "rule_unknown"
    (wish,) = strategy("net_bps < 90 and rsi(SOL) < 70").on_opportunity(opportunity())
    assert wish.skip == "rule"


def test_the_engine_is_asked_at_the_opportunitys_time_and_only_if_the_rule_needs_it() -> None:
    made = shows(rsi=1.0)
    RuleStrategy("rsi(SOL) < 2", TOKENS, made).on_opportunity(opportunity(recv_ns=7 * MS))
    assert made.asked == [7 * MS]
    plain = shows()
    RuleStrategy("base(SOL) and net_bps > 8", TOKENS, plain).on_opportunity(opportunity())
    assert plain.asked == []


def test_a_symbol_means_the_verified_token_or_nothing() -> None:
    tokens = [
        Token("m1", "SOL", 9, verified=True),
        Token("m2", "SOL", 9),
        Token("m3", "CAT", 9),
        Token("m4", "CAT", 9),
        Token("m5", "DOG", 9),
        Token("m6", "OWL", 9, verified=True),
        Token("m7", "OWL", 9, verified=True),
        Token("m8", "OWL", 9),
    ]
    names = symbols_of(tokens)
    assert names == {"SOL": "m1", "DOG": "m5", **{f"m{n}": f"m{n}" for n in range(1, 9)}}


def test_a_text_that_is_no_rule_is_refused_at_its_column() -> None:
    with pytest.raises(ValueError, match=r"column 5: `SOLL` is no token here; did you mean `SOL`\?"):
        strategy("base(SOLL)")


@pytest.mark.parametrize("made", [NegativeCycle(), strategy("true")])
def test_an_edge_is_in_use_from_the_order_on_until_the_last_one_on_it_has_ended(made: Strategy) -> None:
    def skip(*route: str) -> str:
        (wish,) = made.on_opportunity(opportunity(route=[*route]))
        return wish.skip

    assert skip("A:0", "B:1") == ""
    assert skip("A:0", "B:1") == "", "a wish alone is no order"
    for _ in range(2):
        made.on_order(order(["A:0", "B:1"]))
    assert (skip("C:0", "B:1"), skip("A:0"), skip("A:1", "B:0")) == ("open_edge", "open_edge", "")
    ended = Fill(order_id=1, recv_ns=0, status=Stage.MISSED, amount_in=0, amount_out=0, fee=0, net=0)
    made.on_fill(order(["A:0", "B:1"]), ended)
    assert skip("A:0") == "open_edge"
    made.on_fill(order(["A:0", "B:1"]), ended)
    assert skip("A:0", "B:1") == ""


def test_what_a_session_of_older_rules_remembers_stops_nothing() -> None:
    made = strategy("true")
    made.restore({"A:0": 100, "B:1": 100})
    assert made.state() == {}
    assert made.on_opportunity(opportunity())[0].skip == ""
