"""What an exchange is to the feed that connects to it: addresses, limits, messages, and what its answers mean.

A venue holds no state and does nothing: `feeds.exchange` connects. One file per exchange, one instance each, found by
name (`feeds.venues`). What a frame means for the book is the engine's business; here it is read for connecting only.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import groupby
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

import msgspec

from feeds.conversation import KeepAlive, SocketLimits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Stream = Literal["book", "ticker", "trade"]
Seeding = Literal["rest", "resubscribe"]
Op = Literal["subscribe", "unsubscribe"]
ErrorClass = Literal["clock", "throttle", "unknown", "refusal", "not_found", "auth", "maintenance", "bad_subscription"]

ACTIONS: Mapping[ErrorClass, str] = {
    "clock": "measure the clock offset anew; one more try for reads",
    "throttle": "stop the bucket until the time asked for, else twice its window",
    "unknown": "ask for the state: what was sent may have been done",
    "refusal": "refused for good; read the instruments once more",
    "not_found": "weak evidence; ask for the order and its fills",
    "auth": "no retry: stop the venue and say which permission is missing",
    "maintenance": "open the replacement before the connection closes, or pause",
    "bad_subscription": "drop that symbol, go on with the rest, say so once",
}
"""What is done about an error of each class."""


class Subscription(msgspec.Struct, frozen=True):
    """One stream of one symbol."""

    key: str
    """Unique on a connection; what `ParsedFrame` names it by."""
    symbol: str
    """In the venue's form; empty for a stream of the connection itself."""
    stream: str
    """A `Stream`, or `beat`."""
    topic: str = ""
    """The venue's own name of the channel."""


class Request(msgspec.Struct, frozen=True):
    """A message about the subscriptions of some keys."""

    number: int
    message: bytes
    keys: tuple[str, ...]


class Refused(msgspec.Struct, frozen=True):
    """A refusal; of `key`, `symbol` and `number` the first that is given says what was refused."""

    reason: str
    code: str = ""
    key: str = ""
    symbol: str = ""
    number: int | None = None


class ParsedFrame(msgspec.Struct, frozen=True):
    """What one frame says about the connection."""

    data: tuple[str, ...] = ()
    """Keys whose data it carries."""
    acked: tuple[str, ...] = ()
    """Keys that it confirms."""
    answered: int | None = None
    """Number of the request that it confirms as a whole."""
    refused: Refused | None = None
    notice: str = ""
    """Why the venue is about to close the connection."""
    state: str = ""
    """What the venue says of itself, such as `maintenance`."""


Heard = ParsedFrame
"""Its former name, which plug-ins may use."""

NOTHING = ParsedFrame()
"""A frame that only shows that the connection is alive: a pong, a heartbeat, an answer to an unsubscription."""


class Query(NamedTuple):
    """A read over HTTP."""

    target: str
    weight: float = 1.0


class VenueLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the venue allows one address."""

    attempts: tuple[int, float] = (150, 600.0)
    """Connections in so many seconds."""
    rest: tuple[float, float] = (600.0, 60.0)
    """Weight of reads in so many seconds."""
    batch: int = 100
    """Subscriptions in one message."""
    request_bytes: int = 1 << 16
    """Length of one message."""
    subscriptions: int = 1024
    """Of one connection."""
    key_chars: int = 1 << 20
    """Length of all keys of one connection together."""
    operations: tuple[float, float] = (600.0, 60.0)
    """Messages that subscribe or unsubscribe, in so many seconds."""
    pauses_s: dict[int, float] = {}
    """How long an HTTP status stops all reads if the server names no time."""


class Deadlines(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long the feed waits before it acts."""

    ack_s: float = 5.0
    first_data_s: float = 9.5
    """From the acknowledgement to the first data of a book or ticker; with the guard's step, 10 s in all."""
    alive_s: float = 5.0
    """Without any frame at all: the connection is half-open."""
    silence_s: float = 15.0
    """Without data of any subscription."""
    symbol_s: float = 5.0
    """Without data of one subscription while others speak; ten times its usual pause if that is longer."""
    unpaced_s: float = 30.0
    """The same where its usual pause is not known yet."""


class Venue(ABC):
    """An exchange. Subclasses fill in what differs; instances hold no state."""

    name: ClassVar[str]
    ws: ClassVar[str]
    """Default address of its streams."""
    path: ClassVar[str] = ""
    """What follows any such address."""
    rest: ClassVar[str] = ""
    """Default address of its reads; empty where there are none."""
    protocol: ClassVar[str] = "cambist"
    """Prefix of its channels' protocols: `.ws`, `.info`, `.depth`. `cambist` for one that translates."""
    streams: ClassVar[tuple[Stream, ...]] = ("ticker", "book")
    """Subscribed unless the config says otherwise."""
    seeding: ClassVar[Seeding] = "resubscribe"
    seedings: ClassVar[tuple[Seeding, ...]] = ("resubscribe",)
    """How a book can be seeded; a config may choose."""
    whole: ClassVar[bool] = False
    """Whether one bad symbol makes the venue refuse its whole message."""
    socket: ClassVar[SocketLimits] = SocketLimits()
    limits: ClassVar[VenueLimits] = VenueLimits()
    deadlines: ClassVar[Deadlines] = Deadlines()
    keep_alive: ClassVar[KeepAlive | None] = None
    plain: ClassVar[tuple[tuple[bytes, tuple[bytes, ...]], ...]] = ()
    """What tells frames of nothing but data from all others, for transports that can keep them from the feed: (how one
    begins, what its first 512 bytes hold besides). A frame that says more than data must match none."""
    errors: ClassVar[Mapping[str, ErrorClass]] = {}
    """Class of each code, or of what an error's text begins with."""

    def __init_subclass__(cls) -> None:
        """Takes a plug-in that was written when `parse` was called `heard`."""
        if "heard" in cls.__dict__ and "parse" not in cls.__dict__:
            cls.parse = cls.__dict__["heard"]  # type: ignore[method-assign]  # once, while the class is made

    # Streams

    @abstractmethod
    def subscriptions(self, symbols: Sequence[str], streams: Sequence[str]) -> list[Subscription]:
        """Returns what to subscribe for some symbols, most urgent first."""

    @abstractmethod
    def request(self, op: Op, subscriptions: Sequence[Subscription], number: int) -> bytes:
        """Returns the message that subscribes or unsubscribes, within the venue's rules for one message."""

    @abstractmethod
    def parse(self, body: bytes) -> ParsedFrame:
        """Returns what a frame says about the connection. A frame that can't be read says nothing."""

    def book_name(self, symbol: str) -> str:
        """Returns the symbol under whose name a symbol's data comes; another one where it is an alias."""
        return symbol

    def group(self, subscription: Subscription) -> str:
        """Returns what subscriptions of one message have in common; the same for all where a message may mix them."""
        return ""

    def requests(self, op: Op, subscriptions: Iterable[Subscription], numbers: Iterator[int]) -> list[Request]:
        """Returns the messages that subscribe or unsubscribe all of these, each within the venue's limits."""
        made = []
        for _, alike in groupby(subscriptions, self.group):
            same = list(alike)
            for at in range(0, len(same), self.limits.batch):
                made += self._split(op, same[at : at + self.limits.batch], numbers)
        return made

    def _split(self, op: Op, batch: Sequence[Subscription], numbers: Iterator[int]) -> list[Request]:
        number = next(numbers)
        message = self.request(op, batch, number)
        if len(message) > self.limits.request_bytes and len(batch) > 1:
            half = len(batch) // 2
            return self._split(op, batch[:half], numbers) + self._split(op, batch[half:], numbers)
        return [Request(number, message, tuple(one.key for one in batch))]

    def translate(self, body: bytes) -> Sequence[bytes]:
        """Returns what a frame means as frames of cambist's own form; asked only where `protocol` is `cambist`."""
        return (body,)

    def error_class(self, code: str, text: str = "") -> ErrorClass | None:
        """Returns the class of an error by what its text says, else by its code; `None` if neither is known."""
        classes = (kind for words, kind in self.errors.items() if not words.lstrip("-").isdigit() and words in text)
        return next(classes, self.errors.get(code))

    # Reads

    def instruments(self, symbols: Sequence[str]) -> Query | None:
        """Returns how to read the list of instruments; `None` if there is no such list."""
        return None

    def listed(self, body: bytes) -> tuple[str, ...]:
        """Returns the symbols that a list of instruments names. Raises `ValueError` if it is none."""
        return ()

    def taker_ppm(self, body: bytes, symbol: str) -> tuple[tuple[float, int], ...]:
        """Returns what a list of instruments says takers of a symbol pay: (from which volume on, ppm), lowest first.

        Empty where it says nothing of that, as most do. Raises `ValueError` if it is no such list.
        """
        return ()

    def names(self) -> Query | None:
        """Returns how to read the names of all instruments where `instruments` tells only of those it is asked for."""
        return None

    def named(self, body: bytes) -> tuple[str, ...]:
        """Returns the symbols that such a reply names. Raises `ValueError` if it is none."""
        return ()

    def depth(self, symbol: str) -> Query:
        """Returns how to read a snapshot of a book."""
        message = f"{self.name} has no snapshots over HTTP"
        raise NotImplementedError(message)

    def check(self, body: bytes) -> str:
        """Returns the code and text of an error that came with HTTP status 200; empty if there is none."""
        return ""

    def server_time(self) -> Query | None:
        """Returns how to ask for the venue's time; `None` if it tells none."""
        return None

    def time_ns(self, body: bytes) -> tuple[int, int]:
        """Returns the venue's time and how fine it is told. Raises `ValueError` if the reply is none."""
        message = f"{self.name} tells no time"
        raise ValueError(message)


def symbols_in(text: str, symbols: Iterable[str]) -> str:
    """Returns the longest symbol that a text names; empty if it names none."""
    return max((symbol for symbol in symbols if symbol in text), key=len, default="")
