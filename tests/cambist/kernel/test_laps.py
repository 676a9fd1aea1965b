"""How an order came about: measured where a run lends the kernel its clock, absent elsewhere, and part of no digest."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from tests.small_market import ENGINES, Trading

if TYPE_CHECKING:
    from cambist.kernel import Kernel


def ticking(kernel: Kernel, step_ns: int = 1_000) -> None:
    """Lends a kernel a clock that goes on by a step each time it is looked at."""
    times = itertools.count(10**18, step_ns)
    kernel.laps.clock = lambda: next(times)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_run_tells_when_each_step_was_done(engine: str) -> None:
    trading = Trading(engine)
    ticking(trading.kernel)
    first_ns = trading.market.now_ns + 1_000_000
    effects = trading.moved()
    (order,) = effects.orders
    (times,) = effects.times.values()
    assert list(effects.times) == [order.id]
    assert times.frame_ns == first_ns < times.moment_ns == order.sent_ns
    taken = times.taken_ns
    assert (times.decided_ns, times.approved_ns, times.built_ns) == (taken + 1_000, taken + 2_000, taken + 3_000)
    assert taken <= times.decoded_ns <= times.decided_ns
    assert 0 < trading.kernel.engine.judging_ns() < 10**9
    laps = times.laps()
    assert list(laps) == ["moment", "taken", "decoded", "decided", "approved", "built"]
    assert sum(laps.values()) == times.built_ns - times.frame_ns


def test_what_was_judged_is_taken_off_what_was_decoded() -> None:
    trading = Trading()
    ticking(trading.kernel, 10**9)
    trading.kernel.engine.judging_ns = lambda: 300_000_000  # type: ignore[method-assign]
    (times,) = trading.moved().times.values()
    assert times.laps()["decoded"] == 700_000_000
    assert times.laps()["decided"] == 300_000_000


def test_a_replay_measures_nothing_and_decides_the_same() -> None:
    live, replay = Trading(), Trading()
    ticking(live.kernel)
    assert live.moved().times
    effects = replay.moved()
    assert effects.orders
    assert effects.times == {}
    assert live.kernel.digest == replay.kernel.digest
    assert live.kernel.state() == replay.kernel.state()
