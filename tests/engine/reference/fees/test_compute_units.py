"""Compute units asked for against those that the programs consumed: `../shared/data/svm_vectors`, exact input."""

from collections.abc import Iterator

import pytest

from cambist.engine.reference.fees import SwapShape, cu_limit, swap_cu
from tests.svm_vectors import load

BUDGET_CU = 300
"""What the two budget instructions before a swap take, and are asked for."""
Recorded = Iterator[tuple[SwapShape, int]]


def ray4() -> Recorded:
    for case in load("raydium_amm_v4")["cases"]:
        if case["exp"]["ok"] and case["tag"] == 9:
            yield SwapShape("ray4"), case["exp"]["cu"]


def cpmm() -> Recorded:
    for case in load("raydium_cpmm")["cases"]:
        if case["exp"]["ok"] and case["kind"] == "in":
            token_2022 = "token-2022" in case["prog"]
            yield SwapShape("cpmm", token_2022=token_2022), case["exp"]["cu"]


def orca(*, adaptive: bool) -> Recorded:
    found = load("orca_whirlpool")
    for case in found["cases"]:
        shown = case["exp"]
        has_oracle = found["pools"][case["pool"]]["oracle"] is not None
        if shown["ok"] and case["exact_in"] and has_oracle == adaptive and "crossed" in shown:
            shape = SwapShape("orca", shown["crossed"], token_2022=case["ix"] == "swap_v2", adaptive=adaptive)
            yield shape, shown["cu"]


def clmm() -> Recorded:
    for case in load("raydium_clmm_svm2024")["cases"]:
        if case["exp"]["ok"] and case["exact_in"] and "crossed" in case["exp"]:
            shape = SwapShape("clmm", case["exp"]["crossed"], token_2022=case["ix"] == "swap_v2")
            yield shape, case["exp"]["cu"]


def dlmm() -> Recorded:
    for case in load("meteora_dlmm")["cases"]:
        if case["exp"]["ok"] and case["exact_in"]:
            crossed = max(case["exp"]["bins_filled"] - 1, 0)
            yield SwapShape("dlmm", crossed, token_2022=True), case["exp"]["cu"]


def damm2() -> Recorded:
    for case in load("meteora_damm_v2")["cases"]:
        if case["exp"]["ok"] and case["mode"] == "in":
            yield SwapShape("damm2"), case["exp"]["cu"]


def saber() -> Recorded:
    for case in load("saber_stable_swap")["cases"]:
        if case["exp"]["ok"]:
            yield SwapShape("saber"), case["exp"]["cu"]


def limit_of(shape: SwapShape) -> int:
    """Returns the limit asked for, uncapped."""
    return -(-(BUDGET_CU + (swap_cu(shape) or 0)) * 110 // 100)


@pytest.mark.parametrize(
    ("recorded", "least", "loose"),
    [(ray4, 100, 1.5), (cpmm, 100, 1.5), (clmm, 50, 2.2), (dlmm, 60, 1.7), (damm2, 80, 2.2), (saber, 60, 40.0)],
)
def test_the_limit_covers_every_recorded_swap_and_is_not_idle(recorded, least: int, loose: float) -> None:
    swaps = list(recorded())
    assert len(swaps) >= least
    over = [limit_of(shape) / (BUDGET_CU + units) for shape, units in swaps]
    assert min(over) >= 1.0
    assert max(over) <= loose


def test_the_limit_covers_whirlpools_of_both_programs() -> None:
    swaps = list(orca(adaptive=False))
    over = [limit_of(shape) / (BUDGET_CU + units) for shape, units in swaps]
    assert len(swaps) >= 100
    assert min(over) >= 1.0


def test_the_limit_covers_the_usual_swap_at_adaptive_fees_only() -> None:
    swaps = list(orca(adaptive=True))
    covered = [limit_of(shape) >= BUDGET_CU + units for shape, units in swaps]
    assert 0.4 <= sum(covered) / len(swaps) < 1.0, "stress shapes step through many groups in one crossing"


def test_a_route_asks_for_the_sum() -> None:
    shapes = [SwapShape("saber"), SwapShape("dlmm", 3), SwapShape("damm2")]
    total = BUDGET_CU + sum(swap_cu(shape) or 0 for shape in shapes)
    assert cu_limit(shapes) == -(-total * 110 // 100)
    assert swap_cu(SwapShape("phoenix")) is None
