"""The reference engine against the vectors that the Rust core asserts too."""

import json
from collections import Counter

import pytest

from tests.parity.amm_vectors import FILE, OUTCOMES

VECTORS = json.loads(FILE.read_text())


@pytest.mark.parametrize("kind", OUTCOMES)
def test_the_reference_gives_what_the_vectors_say(kind: str) -> None:
    assert VECTORS[kind]
    for index, case in enumerate(VECTORS[kind]):
        outcome = json.loads(json.dumps(OUTCOMES[kind](case["in"])))
        assert outcome == case["out"], f"{kind}[{index}]"


def test_the_vectors_reach_every_reason_and_enough_swaps() -> None:
    swaps: Counter[str] = Counter()
    reasons: set[str] = set()
    crossings = 0
    for case in VECTORS["pools"]:
        for answer in case["out"]["answers"]:
            if isinstance(answer, str):
                reasons.add(answer)
            else:
                swaps[case["in"]["venue"]] += 1
                crossings += answer[0][-1]
    assert reasons == {
        "zero_amount", "zero_output", "empty_pool", "overflow", "liquidity", "not_tradable", "missing_account",
        "invariant", "invalid_time",
    }  # fmt: skip
    assert min(swaps[venue] for venue in ("ray4", "cpmm", "orca")) > 100
    assert crossings > 200
    margins = [margin for case in VECTORS["pools"] for margin in case["out"]["margins"]]
    assert sum(margin is not None for margin in margins) > 150
    assert None in margins
