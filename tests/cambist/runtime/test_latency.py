"""How long frames wait for their decision: percentiles of a minute, in bounded room."""

import random

import pytest

from cambist.model.events import RecordKind, pack
from cambist.runtime.latency import KEPT_S, SECOND_NS, Latencies, Latency

MS = 1_000_000


def block(times: list[int], kind: int = RecordKind.FRAME) -> bytes:
    return b"".join(pack(seq, at, kind, b"x" * (seq % 3), moment=seq % 2) for seq, at in enumerate(times))


def test_nothing_decided_is_unknown() -> None:
    assert Latencies().shown(SECOND_NS) == Latency(None, None)


def test_percentiles_are_those_of_the_frames_and_too_high_by_little() -> None:
    rng, latencies, now_ns = random.Random(5), Latencies(), 500 * SECOND_NS
    ages = [rng.randrange(10_000, 20 * MS) for _ in range(2_000)]
    for start in range(0, len(ages), 50):
        latencies.take(block([now_ns - age for age in ages[start : start + 50]]), now_ns)
    shown, ordered = latencies.shown(now_ns), sorted(ages)
    for found, exact in ((shown.p50_ns, ordered[1_000]), (shown.p99_ns, ordered[1_980])):
        assert found is not None
        assert exact * 0.999 <= found <= exact * 1.045


def test_what_is_no_frame_is_not_counted() -> None:
    latencies = Latencies()
    latencies.take(block([0], RecordKind.TICK) + block([SECOND_NS - MS]), SECOND_NS)
    p50_ns, p99_ns = latencies.shown(SECOND_NS)
    assert p50_ns == p99_ns == pytest.approx(MS, rel=0.045)


def test_a_minute_later_it_is_forgotten() -> None:
    latencies = Latencies()
    latencies.take(block([10 * SECOND_NS - MS]), 10 * SECOND_NS)
    assert latencies.shown((9 + KEPT_S) * SECOND_NS).p50_ns is not None
    assert latencies.shown((10 + KEPT_S) * SECOND_NS) == Latency(None, None)


def test_a_clock_that_went_back_gives_no_time_below_one() -> None:
    latencies = Latencies()
    latencies.take(block([5 * SECOND_NS]), 4 * SECOND_NS)
    assert latencies.shown(4 * SECOND_NS) == Latency(1, 1)
