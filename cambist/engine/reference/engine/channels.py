"""Channels as the engine knows them: counters, clock offset, slots."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cambist.engine.protocol import ChannelView
from cambist.engine.reference.book.order_book import Numbered, Numbering
from cambist.engine.reference.engine.slot_chain import SlotChain
from cambist.engine.reference.exchanges import SolanaSession

if TYPE_CHECKING:
    from cambist.engine.protocol import RaceView
    from cambist.model.events import Channel

ERROR_CELLS = 120


@dataclass(slots=True)
class ChannelState:
    """One channel: what came over it and how current it is."""

    info: Channel
    frames: int = 0
    malformed: int = 0
    gaps: int = 0
    last_ns: int = 0
    lag_ns: int | None = None
    as_of_ns: int | None = None
    """When the last message that told a time was true."""
    offset_ns: int | None = None
    """Running minimum of receive − venue time."""
    slot: int | None = None
    """Newest slot announced on it."""
    slot_ns: int = 0
    generation: int = 0
    next: int | None = None
    """Generation of the connection that takes over, book by book, while the other one still tells."""
    numbers: tuple[Numbering, Numbering] = field(default_factory=lambda: (Numbering(), Numbering()))
    """How far either connection has counted, where the venue counts messages."""
    state: str = "idle"
    last_error: str = ""
    session: SolanaSession = field(default_factory=SolanaSession)
    chain: SlotChain = field(default_factory=SlotChain)
    """Slots of the node, if it is a socket."""
    quarantine: str = ""
    """Why nothing it tells of accounts counts before it connects anew."""

    @property
    def solana(self) -> bool:
        """Whether its frames are JSON-RPC of a Solana node."""
        return self.info.protocol.startswith("solana.")

    @property
    def socket(self) -> bool:
        """Whether it is a Solana PubSub connection, which announces slots."""
        return self.info.protocol == "solana.ws"

    @property
    def is_believed(self) -> bool:
        """Whether what it tells counts."""
        return self.state == "live" and not self.quarantine

    def overlaps(self, generation: int) -> bool:
        """Returns whether a new connection and the one that is open tell the same for a while."""
        return not self.solana and 0 < self.generation < generation

    def count(self, generation: int, number: int) -> Numbered:
        """Takes the number of a message; returns what it says of those before it."""
        return self.numbers[self.next == generation].take(number)

    def as_of(self, recv_ns: int, venue_ns: int | None) -> int:
        """Returns when an event was true: its venue's time, by our clock.

        One that tells no time was sent after the last one that did, and no more than that is known of it.
        """
        if venue_ns is None:
            return recv_ns if self.as_of_ns is None else self.as_of_ns
        delay = recv_ns - venue_ns
        if self.offset_ns is None or delay < self.offset_ns:
            self.offset_ns = delay
        self.lag_ns = delay - self.offset_ns
        self.as_of_ns = recv_ns - self.lag_ns
        return self.as_of_ns

    def announce(self, slot: int, recv_ns: int) -> bool:
        """Takes a slot announcement and returns whether it is a new one; an older slot (a fork) changes nothing."""
        if self.slot is not None and slot <= self.slot:
            return False
        self.slot, self.slot_ns = slot, recv_ns
        return True

    def error(self, text: str) -> None:
        """Keeps the last error, safe for a terminal."""
        self.last_error = plain(text)

    def view(self, race: RaceView | None, slots_behind: int | None) -> ChannelView:
        """Returns what screens show of it, and how it does beside other sockets."""
        return ChannelView(
            channel=self.info.id,
            frames=self.frames,
            malformed=self.malformed,
            gaps=self.gaps,
            last_ns=self.last_ns,
            lag_ns=self.lag_ns,
            offset_ns=self.offset_ns,
            slot=self.slot,
            state=self.state,
            last_error=self.last_error,
            race=race,
            slots_behind=slots_behind,
            quarantine=plain(self.quarantine),
        )


def plain(text: str) -> str:
    r"""Returns `text` as one line of printable ASCII, at most 120 characters; anything else is spelled `\\uXXXX`."""
    out: list[str] = []
    size = 0
    for char in text:
        piece = char if " " <= char <= "~" else f"\\u{ord(char):04x}"
        size += len(piece)
        if size > ERROR_CELLS:
            break
        out.append(piece)
    return "".join(out)


def short(address: str) -> str:
    """Returns the first and last four characters of an address."""
    return address if len(address) <= 9 else f"{address[:4]}…{address[-4:]}"
