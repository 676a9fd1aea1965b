"""What a feed is and what it writes to. Feeds connect, subscribe and seed; what a frame means is the engine's business.

Everything here runs in the hub thread's loop. A feed never sees a seq or a receive time: the sink gives both.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import msgspec

from cambist.model.endpoint import endpoint_problem
from cambist.model.text import endpoint_label
from feeds.round_trips import RoundTrip

if TYPE_CHECKING:
    from cambist.model.events import Channel
    from cambist.model.opportunity import Need


class Sink(Protocol):
    """Where frames go. Calls never wait; what the sink can't take it drops and counts itself."""

    def frame(self, channel: int, conn: int, generation: int, direction: int, body: bytes) -> None:
        """Takes one raw frame, sent or received (`Direction`)."""
        ...

    def connected(self, channel: int, conn: int, generation: int, label: str) -> None:
        """Notes that a connection is open."""
        ...

    def disconnected(self, channel: int, conn: int, generation: int, reason: str) -> None:
        """Notes that a connection ended, or could not be made."""
        ...

    def gap(self, channel: int, count: int, reason: str) -> None:
        """Notes frames that were dropped before they reached the sink."""
        ...


class Source(Protocol):
    """Anything that fills a sink."""

    name: str

    async def run(self) -> None:
        """Runs until cancelled, or until there is nothing more."""
        ...


class Feed(Source, Protocol):
    """A source on a venue."""

    def channels(self) -> tuple[Channel, ...]:
        """Returns the channels it writes to."""
        ...

    def need(self, need: Need) -> None:
        """Takes what the engine wants; ignores what is not this feed's to fetch. Never waits."""
        ...

    def retry(self) -> None:
        """Tries again now instead of waiting."""
        ...

    def status(self) -> tuple[FeedStatus, ...]:
        """Returns how its connections are."""
        ...


class FeedStatus(msgspec.Struct, frozen=True):
    """One connection, in the words of `cambist.view.FeedRow`."""

    name: str
    channel: int
    state: str
    """`live`, `connecting`, `stale`, `down`, `idle`."""
    endpoint: str
    """Scheme and host, never a secret."""
    note: str = ""
    generation: int = 0
    drops: int = 0
    attempt: int = 0
    """Which attempt in a row comes next, while the connection is down."""
    retry_in_ns: int | None = None
    """Time until that attempt."""
    wait_ns: int = 0
    """How long the wait before it is in all."""
    clock_offset_ns: int | None = None
    """The venue's clock less ours; `None` if it was not asked, or did not answer."""
    clock_error_ns: int = 0
    """How far off that may be: half of the way there and back, and of how fine the time is told."""
    round_trip: RoundTrip | None = None
    """How long answers to reads took lately; `None` where nothing was read in the last minute."""


MAX_RECORDS = 16_384
MAX_BYTES = 64 * 1024 * 1024
"""How much of what feeds send may wait for whoever takes it."""

Note = Callable[[str, str, str], None]
"""Takes a log line: level (`info`, `warn`, `error`), source, text."""


def no_note(level: str, source: str, text: str) -> None:
    """Drops a log line."""


class EndpointError(ValueError):
    """An address that no feed may connect to. Names scheme and host only: the rest may hold a key."""


def trouble_of(error: OSError) -> str:
    """Returns what went wrong with a connection, in words that hold no URL: one may hold a key."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"TLS: {error.verify_message or 'the certificate is not to be trusted'}".rstrip(".")
    if isinstance(error, ssl.SSLError):
        return f"TLS: {(error.reason or 'handshake failed').lower().replace('_', ' ')}"
    if isinstance(error, socket.gaierror):
        return f"host name: {(error.strerror or 'not found').lower()}"
    return os.strerror(error.errno) if error.errno else type(error).__name__


def require_endpoint(url: str, kind: str) -> str:
    """Returns `url` if a feed may connect to it. `kind` is `ws` or `http`; without TLS only loopback will do.

    Raises `EndpointError`.
    """
    if problem := endpoint_problem(url, kind):
        message = f"{_label(url)}: {problem}"
        raise EndpointError(message)
    return url


def _label(url: str) -> str:
    try:
        return endpoint_label(url)
    except ValueError:
        return "endpoint"
