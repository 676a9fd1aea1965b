"""One client of an exchange and what it listens to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cambist.simulator.sockets import Client


class Topic(NamedTuple):
    """A channel of one symbol; the symbol is empty where a channel has none."""

    channel: str
    symbol: str = ""


class Held(NamedTuple):
    """A frame that comes late: after `left` more of its topic."""

    topic: Topic
    left: int
    frame: bytes


class Session:
    """One client."""

    def __init__(self, client: Client, number: int, real_s: float, market_s: float) -> None:
        self.client = client
        self.number = number
        """Connections are numbered from 1."""
        self.topics: dict[Topic, None] = {}
        self.opened_s = self.last_received_s = self.alive_s = real_s
        """Real seconds: opened, last message from the client, last message in either direction."""
        self.last_sent_s = self.opened_market_s = market_s
        """Market seconds: last frame sent, and opened."""
        self.sent_since_tick = False
        """Whether a frame was sent since the last tick."""
        self.sequence = 0
        """The next message's number, at venues that number those of a connection."""
        self.asked_s: list[float] = []
        """Real seconds at which it changed subscriptions, where that is limited."""
        self.combined = False
        """Whether frames come wrapped with their stream's name, where a client may ask for that."""
        self.held: list[Held] = []
        self._window: tuple[int, int] = (0, 0)

    def too_many(self, second: int, limit: int) -> bool:
        """Counts a message. Returns whether it is over the limit per second."""
        count = self._window[1] + 1 if self._window[0] == second else 1
        self._window = (second, count)
        return count > limit
