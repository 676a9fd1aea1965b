"""The numbers of one connection's messages, where the venue counts them all: what is missing, what was there before."""

from __future__ import annotations

from enum import Enum, auto

import msgspec

RESTART = 8
"""Late messages in unbroken order from which on it is the numbers that started anew."""


class Numbered(Enum):
    """What a message's number says of those before it."""

    NEXT = auto()
    REPEATED = auto()
    """It was there before: nothing of it is to be applied."""
    MISSED = auto()
    """Messages before it never came."""


class Numbering(msgspec.Struct, forbid_unknown_fields=True):
    """How far one connection has counted.

    >>> numbering = Numbering()
    >>> [numbering.take(number).name for number in (7, 8, 8, 10, 9, 11)]
    ['NEXT', 'NEXT', 'REPEATED', 'MISSED', 'REPEATED', 'NEXT']
    """

    last: int | None = None
    late: int | None = None
    """The newest message that was none of the next."""
    run: int = 0
    """Late ones in unbroken order."""

    def take(self, number: int) -> Numbered:
        """Takes a message's number."""
        last = self.last
        if last is None or number > last:
            self._go_on(number)
            return Numbered.NEXT if last is None or number - last == 1 else Numbered.MISSED
        self.run = self.run + 1 if self.late is not None and number == self.late + 1 else 1
        self.late = number
        if self.run < RESTART:
            return Numbered.REPEATED
        self._go_on(number)
        return Numbered.MISSED

    def _go_on(self, number: int) -> None:
        self.last, self.late, self.run = number, None, 0
