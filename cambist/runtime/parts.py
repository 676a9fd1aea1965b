"""What the hub is put together from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from cambist.engine.protocol import Keyframe
    from cambist.runtime.books import Carried
    from cambist.runtime.inbox import Inbox
    from cambist.runtime.recorder import Recorder
    from cambist.view import DuelRow, Runtime, SessionRow
    from feeds.base import Feed
    from storage.journal import Journal


class Duel(Protocol):
    """The timing of both engines in a child process (`cambist.engine.duel`)."""

    @property
    def idle(self) -> bool:
        """Whether it would take work."""
        ...

    def offer(self, keyframe: Keyframe, block: bytes) -> None:
        """Gives it work, or nothing if it is busy: the state at a moment and the records from there to another."""
        ...

    def rows(self) -> tuple[DuelRow, ...]:
        """Returns what it has measured so far."""
        ...

    def close(self) -> None:
        """Ends the child."""
        ...


@dataclass(slots=True)
class Parts:
    """What the composition root hands to the hub. Each is made in the hub's loop."""

    feeds: Callable[[Inbox], Sequence[Feed]]
    recorder: Callable[[Callable[[str], None]], Recorder] | None = None
    journal: Callable[[], Awaitable[Journal]] | None = None
    carried: Carried | None = None
    """What the kernel began with, for the journal."""
    duel: Callable[[], Duel] | None = None
    sessions: Callable[[], tuple[SessionRow, ...]] = tuple
    open_session: Callable[[str, Runtime], Runtime] | None = None
    keyframes: bool = True
    """Whether keyframes are stored. Where comes of the time that stepping took, and the digest is sealed there."""
    market: str = ""
    profile: str = ""
    engine_note: str = ""
    retention_bytes: int = 0
    trouble: Callable[[], str] = str
    """Says what is wrong with what was started for this runtime (the embedded market); empty while all is well."""
    close: Callable[[], None] = lambda: None
    """Ends it. May be called twice."""
