"""What all widgets of the dashboard share: theme, mode, time and motion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from themes import load
from tui.paint import Paint

if TYPE_CHECKING:
    from cambist.view import Status

FLASH_S = 0.5
AGE_S = 0.2
CHART_S = 0.5


class Scene:
    """The look of the moment. `epoch` grows whenever every cached strip is out of date."""

    def __init__(self, theme: str, motion: str = "full") -> None:
        self.theme = load(theme)
        self.mode = "PAPER"
        self.demo = self.easy = False
        self.motion = motion
        """`full`, `reduced` or `off`."""
        self.now_ns = 0
        """Session time, as the last View said."""
        self.wall_ns = 0
        self.frozen_ns: int | None = None
        """Session time at which the picture was frozen."""
        self.size_class = 120
        """80, 120 or 200."""
        self.epoch = 0
        self.age_tick = 0
        self.chart_tick = 0
        self.paint = Paint(self.theme, self.mode)

    @property
    def live(self) -> bool:
        """Returns True in LIVE."""
        return self.mode == "LIVE"

    @property
    def shown_ns(self) -> int:
        """Returns the session time of the picture: now, or the moment of freezing."""
        return self.now_ns if self.frozen_ns is None else self.frozen_ns

    def take(self, status: Status) -> bool:
        """Takes over mode, demo mark and time; returns True if everything must be painted anew."""
        self.now_ns, self.wall_ns = status.now_ns, status.wall_ns
        if (status.mode, status.demo, status.easy) == (self.mode, self.demo, self.easy):
            return False
        self.mode, self.demo, self.easy = status.mode, status.demo, status.easy
        self.renew()
        return True

    def wear(self, theme: str) -> None:
        """Changes the theme."""
        self.theme = load(theme)
        self.renew()

    def renew(self) -> None:
        """Outdates every cached strip."""
        self.paint = Paint(self.theme, self.mode)
        self.epoch += 1
