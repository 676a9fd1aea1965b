"""The application: themes, glyph set, the dashboard of a runtime, and what works from everywhere."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar

from textual.app import App
from textual.binding import Binding
from textual.theme import Theme as TextualTheme

from cambist.model.commands import Halt
from themes import Theme, load, names
from tui import glyphs
from tui.screens.dashboard import Dashboard

if TYPE_CHECKING:
    from textual.binding import BindingType
    from textual.screen import Screen

    from cambist.view import Runtime
    from tui.scene import Scene

TOAST_S = 4


def textual_theme(theme: Theme) -> TextualTheme:
    """Returns the theme as Textual wants it; every role is a variable of the same name."""
    roles = theme.roles
    return TextualTheme(
        name=theme.name,
        primary=roles["accent"],
        secondary=roles["venue-other"],
        accent=roles["accent"],
        foreground=roles["text"],
        background=roles["background"],
        surface=roles["surface"],
        panel=roles["raised"],
        success=roles["profit"],
        warning=roles["stale"],
        error=roles["danger"],
        dark=theme.dark,
        ansi=theme.colours != "true",
        variables={
            **roles,
            "text-muted": roles["muted"],
            "text-disabled": roles["muted"],
            "foreground": roles["text"],
            "ansi-background": "ansi_default",
            "ansi-foreground": "ansi_default",
        },
    )


class CambistApp(App[None]):
    """The dashboard on a runtime. It reads views and submits commands, nothing else."""

    TITLE = "cambist"
    ENABLE_COMMAND_PALETTE = False
    """The registry owns ctrl+p: `tui.screens.palette`."""
    CSS_PATH = "screens/dashboard.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+k", "halt", "HALT all, at once", id="halt-anywhere", priority=True, show=False, tooltip="HALT"),
        Binding("ctrl+c", "quit", "quit", id="interrupt", priority=True, show=False, tooltip="quit"),
    ]

    def __init__(
        self,
        runtime: Runtime,
        *,
        theme: str = "verdigris",
        motion: str = "full",
        ascii: bool = False,
        read_only: bool = False,
    ) -> None:
        if "NO_COLOR" in os.environ:
            theme = "mono"
        if os.environ.get("TEXTUAL_ANIMATIONS") == "none" and motion == "full":
            motion = "reduced"
        super().__init__()
        self.runtime = runtime
        self.motion = motion
        self.read_only = read_only
        self.look = theme
        glyphs.use_ascii(ascii)
        for name in names():
            self.register_theme(textual_theme(load(name)))
        self.theme = theme
        self.animation_level = "none"

    def get_default_screen(self) -> Screen[None]:
        """Returns the dashboard of the runtime."""
        return Dashboard(self.runtime, theme=self.look, motion=self.motion, read_only=self.read_only)

    @property
    def dashboard(self) -> Dashboard:
        """Returns the topmost dashboard: the live one, or the replay opened beside it."""
        return next(screen for screen in reversed(self.screen_stack) if isinstance(screen, Dashboard))

    @property
    def scene(self) -> Scene:
        """Returns the look of the topmost dashboard."""
        return self.dashboard.scene

    @property
    def live_runtime(self) -> Runtime | None:
        """Returns the runtime that trades; None where the app was started on a recording."""
        return None if self.runtime.view.replay is not None else self.runtime

    def action_halt(self) -> None:
        """Halts the live runtime at once."""
        if self.live_runtime is not None and not self.read_only:
            self.live_runtime.submit(Halt())

    def next_theme(self) -> None:
        """Wears the next theme, everywhere."""
        known = names()
        self.wear(known[(known.index(self.look) + 1) % len(known)])

    def wear(self, name: str) -> None:
        """Wears a theme, everywhere."""
        self.look = name
        for screen in self.screen_stack:
            if isinstance(screen, Dashboard):
                screen.wear(name)
        self.theme = name

    def open_runtime(self, runtime: Runtime) -> None:
        """Shows a second, replaying runtime; the live one goes on."""
        beside = Dashboard(
            runtime, theme=self.look, motion=self.motion, read_only=self.read_only, beside=self.live_runtime
        )
        self.push_screen(beside)

    def close_runtime(self) -> None:
        """Closes the replay opened beside the live runtime and comes back to it."""
        dashboard = self.dashboard
        if dashboard.runtime is self.runtime:
            return
        while self.screen is not dashboard:
            self.pop_screen()
        self.pop_screen()
        self.run_worker(dashboard.runtime.close, thread=True, exit_on_error=False)

    def toast(self, words: str, *, severity: str = "information") -> None:
        """Shows one message for 4 s; it replaces the one before."""
        self.clear_notifications()
        self.notify(words, severity=severity, timeout=TOAST_S, markup=False)  # type: ignore[arg-type]
