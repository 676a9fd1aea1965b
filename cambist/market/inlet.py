"""Where feeds put what they receive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from feeds.base import MAX_BYTES, MAX_RECORDS, Sink
from feeds.transport import Wires

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.engine._native import Transport


class Inlet(Sink, Protocol):
    """Where feeds put what they receive, and whose time their records get."""

    def now_ns(self) -> int:
        """Returns the time as records get it."""
        ...

    @property
    def woken(self) -> Callable[[], None]:
        """What to call when the attached ring has records."""
        ...

    def attach(self, ring: Transport) -> None:
        """From now on hands out the ring's records too, merged by time."""
        ...


class NativeWires:
    """The native connections of a runtime, made when its first feed asks for them."""

    def __init__(self) -> None:
        self._made: tuple[Inlet, Wires] | None = None

    def of(self, inbox: Inlet) -> Wires:
        """Returns those whose ring the inbox drains."""
        if self._made is None or self._made[0] is not inbox:
            from cambist.engine._native import Transport

            transport = Transport(inbox.now_ns, max_records=MAX_RECORDS, max_bytes=MAX_BYTES)
            inbox.attach(transport)
            self._made = inbox, Wires(transport, inbox.woken)
        return self._made[1]
