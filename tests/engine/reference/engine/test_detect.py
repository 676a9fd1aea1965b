"""How many cycles are known exactly after a moment, in a market where a tip makes most of them lose."""

import itertools
from typing import Any

import pytest

from cambist.config.settings import Bidding
from cambist.engine import make_engine
from cambist.engine.reference.engine import detect
from tests.parity.markets import run
from tests.ranking.market import RandomMarket

TIPS_LAMPORTS = (3_000_000_000, 300_000_000, 3_000_000)
KEEP = 6


class Judged:
    """The keys of one moment's cycles: what was known before they were judged, and what is known exactly after."""

    def __init__(self, ranking: Any, cycles: list[Any]) -> None:
        self._cycles = cycles
        self.keys = {cycle.key for cycle in cycles}
        self.paid = {cycle.key for cycle in cycles if cycle.last is not None and (cycle.last.net or 0) > 0}
        self.hopeless = {cycle.key for cycle in cycles if ranking.reach(cycle) <= 0}
        self.exact: set[str] = set()

    def end(self) -> None:
        """Takes over what is known now."""
        self.exact = {cycle.key for cycle in self._cycles if cycle.sized}

    @property
    def losing(self) -> set[str]:
        """Those that can't pay, and didn't."""
        return self.hopeless - self.paid


@pytest.fixture(scope="module")
def judged() -> list[Judged]:
    """Every judgement of some markets that are traded on."""
    seen: list[Judged] = []
    judge = detect._judge

    def watched(engine: Any, moment: Any, ranking: Any, cycles: list[Any], out: Any) -> None:
        each = Judged(ranking, cycles)
        judge(engine, moment, ranking, cycles, out)
        each.end()
        seen.append(each)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(detect, "_judge", watched)
        for seed, tip in itertools.product((1, 12, 13), TIPS_LAMPORTS):
            market = RandomMarket(seed, hubs=seed % 2 == 1)
            market.open()
            bidding = Bidding(floor_micro_lamports=0, tip_ppm_of_gross=0, min_tip_lamports=tip)
            engine = make_engine("reference", market.setup(bidding=bidding))
            run(engine, market.take())
            for _ in range(5):
                market.trade()
                run(engine, market.take())
    return seen


def test_of_what_cannot_pay_as_much_is_known_exactly_as_is_missing_to_those_kept(judged: list[Judged]) -> None:
    full = [each for each in judged if len(each.losing) > KEEP]
    assert len(full) > 5
    some = [(len(each.exact & each.losing), len(each.exact - each.hopeless)) for each in full]
    assert max(lost for lost, _ in some) == KEEP
    assert any(0 < lost < KEEP and paid for lost, paid in some)
    assert all(lost <= max(0, KEEP - paid) for lost, paid in some)


def test_what_paid_is_asked_again_though_it_cannot_pay_now(judged: list[Judged]) -> None:
    over = [each for each in judged if each.hopeless & each.paid]
    assert over
    assert all(each.hopeless & each.paid <= each.exact for each in over)


def test_what_may_pay_is_known_exactly_beyond_those_kept(judged: list[Judged]) -> None:
    for each in judged:
        assert each.keys - each.hopeless <= each.exact or len(each.exact) >= detect.REQUOTED
    most = max(len(each.exact - each.hopeless) for each in judged)
    assert KEEP < most <= KEEP + detect.REQUOTED
