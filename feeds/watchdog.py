"""When to give up on a connection and when to try again: pure bookkeeping over a clock that the caller hands in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import random
    from collections.abc import Callable


class Breach(NamedTuple):
    """An expectation that was not met in time."""

    key: str
    what: str
    """`ack`, `first_data` or `silence`."""
    seconds: float

    def __str__(self) -> str:
        words = {"ack": "not acknowledged", "first_data": "no first data", "silence": "silent"}
        return f"{self.key} {words[self.what]} for {self.seconds:g} s"


@dataclass(slots=True)
class _Expectation:
    stage: str
    due: float
    first_data_s: float | None
    silence_s: float | None
    limit: float


class Watchdog:
    """Deadlines per subscription: acknowledged, first data, then never silent for too long. Each can be left out."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._expected: dict[str, _Expectation] = {}

    def __len__(self) -> int:
        return len(self._expected)

    def clear(self) -> None:
        """Forgets everything: a new connection begins."""
        self._expected.clear()

    def sent(
        self, key: str, ack_s: float, *, first_data_s: float | None = None, silence_s: float | None = None
    ) -> None:
        """A subscription was sent; the other deadlines start when it is acknowledged."""
        self._expected[key] = _Expectation("ack", self._clock() + ack_s, first_data_s, silence_s, ack_s)

    def acked(self, key: str) -> None:
        """A subscription was acknowledged."""
        expected = self._expected.get(key)
        if expected is not None and expected.stage == "ack":
            self._next(key, expected, "first_data", expected.first_data_s or expected.silence_s)

    def data(self, key: str) -> None:
        """Data came for a subscription, which acknowledges it too."""
        expected = self._expected.get(key)
        if expected is not None:
            self._next(key, expected, "silence", expected.silence_s)

    @property
    def pending(self) -> bool:
        """Whether a subscription still owes its acknowledgement or its first data."""
        return any(expected.stage != "silence" for expected in self._expected.values())

    def data_of_all(self) -> None:
        """Data came, and nobody looked for which subscriptions: none of those that had data before is silent."""
        now = self._clock()
        for expected in self._expected.values():
            if expected.stage == "silence":
                expected.due = now + expected.limit

    def forget(self, key: str) -> None:
        """Expects nothing more of a subscription."""
        self._expected.pop(key, None)

    def rearm(self, key: str, seconds: float) -> None:
        """Gives a subscription more time for what it owes."""
        expected = self._expected.get(key)
        if expected is not None:
            expected.due, expected.limit = self._clock() + seconds, seconds

    def overdue(self) -> list[Breach]:
        """Returns what is overdue, each once: its next data arms it again."""
        now = self._clock()
        found = []
        for key, expected in self._expected.items():
            if expected.due <= now:
                found.append(Breach(key, expected.stage, expected.limit))
                expected.due = float("inf")
        return found

    def _next(self, key: str, expected: _Expectation, stage: str, limit: float | None) -> None:
        if limit is None:
            del self._expected[key]
            return
        expected.stage, expected.due, expected.limit = stage, self._clock() + limit, limit


class Backoff:
    """Full jitter: first at once, then U(0, min(cap, base·2ⁿ)); starts over after a while of steady data."""

    def __init__(
        self, rng: random.Random, *, base_s: float = 0.25, cap_s: float = 30.0, settled_s: float = 30.0
    ) -> None:
        self._rng = rng
        self._base_s, self._cap_s, self._settled_s = base_s, cap_s, settled_s
        self._attempts = 0
        self._first_data: float | None = None

    @property
    def attempts(self) -> int:
        """Returns how many attempts were made in a row, the one that is waited for included."""
        return self._attempts

    def delay(self) -> float:
        """Returns how long to wait before the next attempt, and counts it."""
        self._first_data = None
        attempt, self._attempts = self._attempts, self._attempts + 1
        if attempt == 0:
            return 0.0
        return self._rng.uniform(0.0, min(self._cap_s, self._base_s * 2.0 ** min(attempt, 60)))

    def data(self, now: float) -> None:
        """Data came. After `settled_s` of it the next attempt is a first one again."""
        if self._first_data is None:
            self._first_data = now
        elif now - self._first_data >= self._settled_s:
            self._attempts = 0

    def reset(self) -> None:
        """Makes the next attempt a first one."""
        self._attempts = 0
