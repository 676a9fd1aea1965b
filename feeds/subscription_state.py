"""What is known of a subscription on its connection and over all connections, and what connections share."""

from __future__ import annotations

import statistics
from collections import deque
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    import itertools
    from collections.abc import Callable, Mapping

    from feeds.base import Note
    from feeds.conversation import Conversation
    from feeds.subscriptions import Subscriptions
    from feeds.venue import Deadlines, ParsedFrame, Subscription, Venue

GAPS = 32
"""Pauses between data that a subscription is judged by."""
ENOUGH = 8
"""Pauses after which its usual one is known."""

PATIENCE_CAP_S = 300.0
"""Silence that is no longer believed to be normal."""

State = Literal["requested", "acked", "live", "silent"]


class Retry(Protocol):
    """How often a subscription may be tried."""

    @property
    def attempts_per_minute(self) -> int:
        """Most attempts of one subscription in a minute."""
        ...

    @property
    def alarm_after(self) -> int:
        """Failures in a row after which it is said."""
        ...

    @property
    def retry_s(self) -> tuple[float, ...]:
        """Waits before one attempt after the other."""
        ...


class Past:
    """What is known of one subscription over all connections."""

    __slots__ = ("alarmed", "attempts", "failures", "patience_s", "refused", "steps")

    def __init__(self, attempts_per_minute: int) -> None:
        self.attempts: deque[float] = deque(maxlen=attempts_per_minute)
        self.failures = 0
        """In a row: neither acknowledgement nor data in time, or a refusal that may pass."""
        self.alarmed = False
        self.refused = ""
        """Why it was refused for good."""
        self.steps = 0
        """What was done about its silence: 1 it was subscribed anew, 2 the connection was replaced."""
        self.patience_s = 0.0
        """Silence that proved to be normal."""


class OpenSubscription:
    """One subscription on this connection."""

    __slots__ = ("failures", "gaps", "last", "mute", "recovering", "spoke", "state", "subscription")

    def __init__(self, subscription: Subscription) -> None:
        self.subscription = subscription
        self.state: State = "requested"
        self.recovering = False
        """Whether it was unsubscribed before: data under way must not be taken for data of the new subscription."""
        self.mute = False
        """Whether it owes data, be it subscribed anew meanwhile."""
        self.spoke = False
        """Whether it ever had data on this connection."""
        self.failures = 0
        """On this connection."""
        self.last = 0.0
        self.gaps: deque[float] = deque(maxlen=GAPS)

    @property
    def owes(self) -> bool:
        """Whether silence means that something is wrong."""
        return self.subscription.stream in ("book", "ticker")

    def most_s(self, deadlines: Deadlines, past: Past) -> float:
        """Returns how long it may be silent: ten times its usual pause, or what proved to be normal for it."""
        if len(self.gaps) < ENOUGH:
            return max(deadlines.symbol_s, deadlines.unpaced_s, past.patience_s)
        if len(self.gaps) == GAPS:
            past.patience_s = 0.0
        return max(deadlines.symbol_s, 10 * statistics.median(self.gaps), past.patience_s)


class Shared(NamedTuple):
    """What the connections of a feed have in common."""

    venue: Venue
    name: str
    note: Note
    past: Mapping[str, Past]
    """By key."""
    deadlines: Deadlines
    retry: Retry
    numbers: itertools.count[int]
    """Numbers of requests."""
    roll: Callable[[str, Conversation], None]
    """Replaces a connection, and says why."""
    parse: Callable[[bytes], ParsedFrame]
    """Reads a frame."""
    recovered: Callable[[str], None]
    """Hears of symbols whose book has data again, or never will."""
    on_state: Callable[[str], None]
    """Hears what the venue says of itself."""
    ended: Callable[[Subscriptions], None]
    clock: Callable[[], float]
