"""What the pieces of one live run share: where records wait, what they are written to, who sends them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cambist.model.commands import recorded
from cambist.model.events import RecordKind
from cambist.model.opportunity import encode
from cambist.runtime.arming import Arming
from cambist.runtime.feed_tasks import FeedTasks
from cambist.runtime.inbox import Inbox
from cambist.runtime.recording import Recording

if TYPE_CHECKING:
    from cambist.clock import SessionClock
    from cambist.kernel import Kernel
    from cambist.model.commands import RecordCommand
    from cambist.runtime.hub import Hub
    from cambist.runtime.parts import Parts


@dataclass(frozen=True, slots=True)
class Run:
    """Kernel, clock, inbox, feeds and recording of one run, and the hub that it runs in."""

    hub: Hub[Any]
    kernel: Kernel
    parts: Parts
    clock: SessionClock
    inbox: Inbox
    feeds: FeedTasks
    arming: Arming
    recording: Recording

    @classmethod
    def of(cls, hub: Hub[Any], kernel: Kernel, parts: Parts, clock: SessionClock) -> Run:
        """Returns a run in which nothing is open yet."""
        inbox = Inbox(clock, hub.wake, keep=_answers(kernel))
        arming = Arming(lambda command: _record(inbox, command))
        recording = Recording(kernel, parts, arming, hub.note, clock)
        return cls(
            hub=hub,
            kernel=kernel,
            parts=parts,
            clock=clock,
            inbox=inbox,
            feeds=FeedTasks(hub.note),
            arming=arming,
            recording=recording,
        )

    def record(self, command: RecordCommand) -> None:
        """Makes a command a record, which is stepped in its turn."""
        _record(self.inbox, command)


def _record(inbox: Inbox, command: RecordCommand) -> None:
    inbox.put(RecordKind.COMMAND, encode(recorded(command)))


def _answers(kernel: Kernel) -> frozenset[int]:
    """Returns the channels whose frames answer requests: a lost one is not followed by a newer one."""
    return frozenset(c.id for c in kernel.setup.engine.channels if not c.protocol.endswith(".ws"))
