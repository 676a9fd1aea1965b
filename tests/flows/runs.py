"""Flows by the part: each part has a seed of its own, so that any of them can be run again alone."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

if TYPE_CHECKING:
    from tests.flows.machine import OrderFlows

STEPS = 30
"""Most rules of a flow."""


def run(machine: type[OrderFlows], flows: int, number: int, *, shrink: bool = True) -> Counter[str]:
    """Runs a part and returns what it came through. Raises what a flow fails with, the shortest one if `shrink`."""
    part: type[OrderFlows] = type(machine.__name__, (machine,), {"seen": Counter()})
    wanted = settings(
        max_examples=flows,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=[Phase.generate, *[Phase.shrink] * shrink],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    run_state_machine_as_test(seed(number)(part), settings=wanted)
    return part.seen
