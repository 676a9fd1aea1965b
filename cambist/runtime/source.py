"""What a runtime runs on: a live market, or a recording."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cambist.model.commands import HubCommand, RecordCommand
    from cambist.runtime.hub import Hub
    from cambist.runtime.latency import Latency
    from cambist.view import DuelSection, Gate, ReplayStatus, Runtime, SessionRow, Status
    from feeds.base import FeedStatus


class Sections(NamedTuple):
    """The sections of a View that tell of the source itself; `None` leaves what was there."""

    status: Status
    duel: DuelSection | None = None
    replay: ReplayStatus | None = None
    latency: Latency | None = None


class Source(Protocol):
    """Brings records to the kernel. All is called in the hub's loop but `halt`, which any thread may call."""

    REPLAYS: bool
    """Whether the records are of a recording. Nothing can be sent then: such a source has no executor."""

    @property
    def session(self) -> str:
        """Name of the session that is recorded, or played; empty before there is one."""
        ...

    def bind(self, hub: Hub[Any]) -> None:
        """Is given the hub that it works for, before anything else."""
        ...

    @property
    def now_ns(self) -> int:
        """The time of the session: the clock's, or the last record's."""
        ...

    async def begin(self) -> None:
        """Opens what is needed and steps the first record. Raises what keeps the session from starting."""
        ...

    async def advance(self) -> bool:
        """Steps what is due now, a few milliseconds of it at most; returns whether there was anything."""
        ...

    def rest_s(self) -> float:
        """Returns how long nothing will be due, if nothing comes in."""
        ...

    async def end(self) -> None:
        """Closes each part, whatever happens to the others."""
        ...

    def abandon(self) -> None:
        """Ends what was started for this session outside of the hub. May be called twice, and from any thread."""
        ...

    def halt(self, command: RecordCommand) -> None:
        """Halts, or clears a halt, without waiting for the loop."""
        ...

    def decide(self, command: RecordCommand) -> None:
        """Takes an act that changes what is decided."""
        ...

    def act(self, command: HubCommand) -> None:
        """Takes an act on the session itself."""
        ...

    def observe(self) -> None:
        """Writes to the log what it has to say by itself, before the next View is made."""
        ...

    @property
    def dropped(self) -> Mapping[int, int]:
        """Frames that were dropped, by channel."""
        ...

    @property
    def unrecorded(self) -> frozenset[int]:
        """Orders whose newest record is to be on disk and is not yet."""
        ...

    def statuses(self) -> Mapping[int, FeedStatus]:
        """Returns how each connection is, by channel."""
        ...

    def sections(self, status: Status) -> Sections:
        """Returns what the View says of the source; `status` holds what the publisher knows."""
        ...

    def sessions(self) -> tuple[SessionRow, ...]:
        """Returns the stored sessions, newest first."""
        ...

    def check_rule(self, text: str) -> str:
        """Returns what keeps `text` from being a rule here; empty if nothing does."""
        ...

    def live_checks(self) -> tuple[Gate, ...]:
        """Returns what stands between PAPER and LIVE."""
        ...

    def open_session(self, name: str, beside: Runtime) -> Runtime:
        """Returns a replaying runtime beside this one. Raises `OSError`, `ValueError`."""
        ...

    def report(self, seconds_wall: float) -> dict[str, Any]:
        """Returns the run's report."""
        ...
