"""The reference engine against the vectors that the Rust core asserts too."""

import json

import pytest

from tests.parity.search_vectors import FILE, OUTCOMES

VECTORS = json.loads(FILE.read_text())


@pytest.mark.parametrize("kind", OUTCOMES)
def test_the_reference_gives_what_the_vectors_say(kind: str) -> None:
    assert VECTORS[kind]
    for index, case in enumerate(VECTORS[kind]):
        outcome = json.loads(json.dumps(OUTCOMES[kind](case["in"])))
        assert outcome == case["out"], f"{kind}[{index}]"


def test_the_vectors_reach_every_branch_that_matters() -> None:
    answers = [answer for case in VECTORS["graphs"] for answer in case["out"]["answers"]]
    assert any(worst < 0 for _, _, worst, *_ in answers), "violated edges"
    assert any(cut for *_, cut, _ in answers), "a budget cut"
    assert sum(bool(cycles) for *_, cycles in answers) > 300, "cycles"
    sized = [case["out"]["sized"] for case in VECTORS["chains"] if case["out"]["sized"]]
    assert {binds for *_, binds in sized} == {"cap", "curve", "depth"}
    reasons = {case["out"]["reason"] for case in VECTORS["candidates"]}
    assert reasons >= {"no_base", "torn", "stale", "unknown_cost", "legged_cost", "not_positive", "fork", "unconfirmed"}
    assert reasons >= {"below_min", "fees_eat_gross", "new", "landing", "go"}
    sources = {answer[1] for case in VECTORS["fees"] for answer in case["out"]["answers"]}
    assert sources >= {"minimum", "percentiles"}
