"""Why no new order may go out: a reason for each cause. Trading is armed again when none is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.model.commands import Arm, Disarm

if TYPE_CHECKING:
    from collections.abc import Callable


class Arming:
    """Turns causes that come and go into the commands `disarm` and `arm`, which are recorded."""

    def __init__(self, submit: Callable[[Arm | Disarm], None]) -> None:
        self._submit = submit
        self._reasons: dict[str, str] = {}

    def __contains__(self, cause: str) -> bool:
        return cause in self._reasons

    @property
    def reason(self) -> str:
        """All that stands in the way; empty if nothing does."""
        return "; ".join(self._reasons.values())

    def hold(self, cause: str, reason: str) -> None:
        """Notes a cause before the session begins, whose first record will hold it."""
        self._reasons[cause] = reason

    def disarm(self, cause: str, reason: str) -> bool:
        """Notes a cause and returns whether it was not known."""
        if self._reasons.get(cause) == reason:
            return False
        self._reasons[cause] = reason
        self._submit(Disarm(self.reason))
        return True

    def clear(self, cause: str) -> bool:
        """Takes a cause back and returns whether there was one."""
        if self._reasons.pop(cause, None) is None:
            return False
        self._submit(Disarm(self.reason) if self._reasons else Arm())
        return True
