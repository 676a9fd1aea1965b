"""The report of a run on a real small market: each field against what the engine, the books and the clock say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cambist.execution.risk import Limits
from cambist.kernel.ledger import Valued
from cambist.model.ledger import TokenValue
from cambist.model.units import NS_PER_MS
from cambist.runtime.report import report
from tests.parity.markets import SOL, START_NS, USDC
from tests.small_market import LIMITS, MS, WALLET, Trading

if TYPE_CHECKING:
    from cambist.kernel import Effects


class Noted(Trading):
    """Notes the chance to land of each order."""

    def __init__(self) -> None:
        self.chances: list[int] = []
        super().__init__()

    def step(self) -> Effects:
        """Takes what the market said since the last time."""
        effects = super().step()
        sent = {order.intent_id for order in effects.orders}
        self.chances += [each.opportunity.landing_ppm or 0 for each in effects.intents if each.id in sent]
        return effects


def test_each_field_is_what_was_counted() -> None:
    trading = Noted()
    for _ in range(3):
        trading.moved()
        trading.later()
    kernel = trading.kernel
    while kernel.desk.working:
        trading.later()
    told = report(kernel, "of a test", 1.23456, 2)
    counters = json.loads(kernel.engine.present(kernel.now_ns))["counters"]
    assert {key: told[key] for key in ("frames", "gaps", "cycles", "unchanged", "go")} == {
        key: counters[key] for key in ("frames", "gaps", "cycles", "unchanged", "go")
    }
    assert told["opportunities"] == told["go"] + sum(counters["stopped"].values()) + counters["unchanged"]
    assert told["go"] > 0
    assert told["unchanged"] > 0
    assert (told["schema"], told["session"], told["seconds_wall"], told["duel_mismatches"]) == (
        1,
        "of a test",
        1.235,
        2,
    )
    assert told["seconds_recorded"] == round((trading.market.now_ns - START_NS - MS) / 1e9, 3)
    assert (told["records"], told["fills"]) == (trading.market.seq, kernel.totals.filled)
    landing, totals = told["landing"], kernel.totals
    rows = [*landing["by_tenth"], landing["not_predicted"]]
    assert [row["from_ppm"] for row in landing["by_tenth"]] == [*range(0, 1_000_000, 100_000)]
    assert landing["orders"] == sum(row["orders"] for row in rows) == totals.filled + totals.missed > 0
    assert landing["landed"] == sum(row["landed"] for row in rows) == totals.filled
    chances = trading.chances
    assert landing["predicted"] == round(sum(chances) / 1e6, 3) > 0
    for row in landing["by_tenth"]:
        own = [chance for chance in chances if row["from_ppm"] <= chance < row["from_ppm"] + 100_000]
        assert (row["orders"], row["predicted_ppm"]) == (len(own), sum(own) // len(own) if own else None)
    assert told["net"] == {SOL: {"atoms": str(kernel.wallet[SOL] - WALLET[SOL]), "decimals": 9}}
    assert told["valued"] == {
        "unit": SOL, "atoms": told["net"][SOL]["atoms"], "decimals": 9, "without": {}, "oldest_price": None,
    }  # fmt: skip
    assert (told["engine"], told["digest"]) == ("reference", kernel.digest)
    nothing = ("recorded_digest", "digest_match", "chunks_compared", "chunks", "first_divergent_seq")
    assert [told[key] for key in nothing] == [None] * 5
    assert (told["not_compared"], told["damage"]) == ("", "")


def test_what_strategies_and_risk_declined_and_what_inputs_were_refused_stand_apart_by_reason_in_order() -> None:
    limits = Limits({SOL: 1, USDC: 1}, LIMITS.daily_loss, max_open_orders=8)
    trading = Trading(limits=limits)
    trading.moved()
    kernel = trading.kernel
    kernel.totals.skipped["below_min"] += 4
    kernel.totals.refused["below_min"] += 3
    counters = json.loads(kernel.engine.present(kernel.now_ns))["counters"]
    told = report(kernel, "", 0.0)
    assert kernel.totals.refused["cap"] > 0
    assert told["not_taken"] == {"below_min": 7, "cap": kernel.totals.refused["cap"]}
    assert told["refused"] == counters["stopped"]
    more = {reason: count - counters["stopped"].get(reason, 0) for reason, count in counters["refused"].items()}
    assert told["inputs_refused"] == {reason: count for reason, count in more.items() if count}
    assert all([*told[key]] == sorted(told[key]) for key in ("refused", "not_taken", "inputs_refused"))
    assert told["duel_mismatches"] is None


def test_a_session_without_a_beginning_has_no_length_and_one_whose_clock_went_back_none_below_zero() -> None:
    trading = Trading()
    trading.kernel.totals.first_ns = 0
    assert report(trading.kernel, "", 0.0)["seconds_recorded"] == 0.0
    trading.kernel.totals.first_ns = trading.market.now_ns + 5
    assert report(trading.kernel, "", 0.0)["seconds_recorded"] == 0


def test_what_is_not_valued_stands_by_name_and_the_oldest_price_with_its_age() -> None:
    trading = Trading()
    earned = trading.kernel.totals.earned
    earned.net |= {USDC: 7, "strange": -3}
    earned.unvalued |= {"z": 2, "a": 1}
    earned.worth = -12
    earned.oldest = Valued(USDC, TokenValue(1.5, "orca", 3 * NS_PER_MS + 999_999))
    told = report(trading.kernel, "", 0.0)
    assert told["net"] == {
        USDC: {"atoms": "7", "decimals": 6}, "strange": {"atoms": "-3", "decimals": None}
    }  # fmt: skip
    assert [*told["net"]] == sorted(told["net"])
    assert told["valued"]["atoms"] == "-12"
    assert list(told["valued"]["without"].items()) == [("a", "1"), ("z", "2")]
    assert told["valued"]["oldest_price"] == {"mint": USDC, "price": 1.5, "venue": "orca", "age_ms": 3}
