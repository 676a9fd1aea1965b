"""How long after a frame came its moment was decided on, over the last minute."""

from __future__ import annotations

import math
from collections import Counter, deque
from typing import NamedTuple

from cambist.model.events import HEADER, RecordKind

SECOND_NS = 1_000_000_000
KEPT_S = 60
STEPS = 16
"""Buckets for each factor of two: a percentile is too high by 4.4 % at most."""


class Latency(NamedTuple):
    """Percentiles in nanoseconds; `None` while nothing was decided."""

    p50_ns: int | None = None
    p99_ns: int | None = None


class Latencies:
    """Times of frames, counted by second and by their logarithm: bounded, whatever comes."""

    def __init__(self) -> None:
        self._seconds: deque[tuple[int, Counter[int]]] = deque(maxlen=KEPT_S)
        self._shown, self._shown_s = Latency(), 0

    def take(self, block: bytes, now_ns: int) -> None:
        """Counts the frames of a block that was decided on by now."""
        counts, offset, head = self._of(now_ns // SECOND_NS), 0, HEADER.size
        while offset < len(block):
            _, recv_ns, kind, *_, size = HEADER.unpack_from(block, offset)
            if kind == RecordKind.FRAME:
                counts[_bucket(now_ns - recv_ns)] += 1
            offset += head + size

    def shown(self, now_ns: int) -> Latency:
        """Returns the percentiles of the last minute, made anew each second."""
        second = now_ns // SECOND_NS
        if second != self._shown_s:
            whole: Counter[int] = Counter()
            for at, counts in self._seconds:
                if at > second - KEPT_S:
                    whole.update(counts)
            self._shown, self._shown_s = Latency(_percentile(whole, 50), _percentile(whole, 99)), second
        return self._shown

    def _of(self, second: int) -> Counter[int]:
        if not self._seconds or self._seconds[-1][0] != second:
            self._seconds.append((second, Counter()))
        return self._seconds[-1][1]


def _bucket(ns: int) -> int:
    return math.ceil(math.log2(max(1, ns)) * STEPS)


def _percentile(counts: Counter[int], percent: int) -> int | None:
    """Returns the upper end of the bucket that holds a percentile, by rank."""
    rank, total = counts.total() * percent // 100, 0
    for bucket in sorted(counts):
        total += counts[bucket]
        if total > rank:
            return round(2 ** (bucket / STEPS))
    return None
