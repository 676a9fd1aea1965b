"""The dashboard: pulls the View thirty times a second and hands each visible panel what changed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar

from textual.reactive import Reactive
from textual.strip import Strip

from tui.commands import REGISTRY, Situation
from tui.floor import Floor
from tui.layout import LOWER, places, size_class
from tui.panels import PANELS
from tui.scene import AGE_S, CHART_S, Scene
from tui.screens.acts import Acts
from tui.widgets.edge import Edge
from tui.widgets.footer import Footer
from tui.widgets.headline import Headline
from tui.widgets.log_line import LogLine
from tui.widgets.playback import Playback
from tui.widgets.snapshot_table import SnapshotTable
from tui.widgets.status_bar import StatusBar
from tui.widgets.too_small import TooSmall

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.events import DescendantFocus, Resize
    from textual.geometry import Region
    from textual.timer import Timer
    from textual.widget import Widget

    from cambist.view import Runtime, Status, View
    from tui.widgets.painted import Painted
    from tui.widgets.panel import Panel

RATES = {"full": 30.0, "reduced": 4.0, "off": 1.0}
_CLOCK_S = 0.1
COVERED_S = 0.2
HIDDEN_S = 1.0


class Dashboard(Acts):
    """Status bar, headline, panels, last log line and footer of one runtime."""

    BINDINGS: ClassVar[list[BindingType]] = list(REGISTRY.bindings())
    AUTO_FOCUS = ""
    # Textual repaints the whole screen when the focus moves (35 kB to the terminal); the two panels repaint themselves.
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    def __init__(
        self,
        runtime: Runtime,
        *,
        theme: str,
        motion: str = "full",
        read_only: bool = False,
        beside: Runtime | None = None,
    ) -> None:
        super().__init__()
        self.runtime = runtime
        self.beside = beside
        """The live runtime that goes on beside this replay."""
        self.read_only = read_only
        self.scene = Scene(theme, motion)
        self.view: View = runtime.view
        self.situation = Situation()
        self.zoomed = ""
        self.panels: dict[str, Panel] = {name: kind(self.scene, id=name) for name, kind in PANELS.items()}
        self._slots: dict[int, dict[str, str]] = {}
        self._focused = "cycles"
        self._lower = "prices"
        self._playback: Playback | None = None
        self._due = dict.fromkeys(("age", "chart", "clock", "fps", "covered"), 0.0)
        self._pulls = 0
        self._fps: int | None = None
        self._seen_headline: object = None
        self._timer: Timer | None = None
        self._last_status: Status | None = None

    def compose(self) -> ComposeResult:
        """Returns everything, once; boxes decide what is shown."""
        scene = self.scene
        self.status = StatusBar(scene, id="status")
        self.headline = Headline(scene, id="headline")
        self.logline = LogLine(scene, id="logline")
        self.footer = Footer(scene, id="footer")
        self.refusal = TooSmall(scene, id="too-small")
        self.floor = Floor(
            scene,
            self.status,
            self.headline,
            *self.panels.values(),
            self.logline,
            self.footer,
            self.refusal,
            Edge(scene, id="edge-left"),
            Edge(scene, id="edge-right"),
        )
        yield self.floor

    def render_lines(self, crop: Region) -> list[Strip]:
        """Returns nothing to see: the floor covers the screen."""
        return [Strip.blank(crop.width)] * crop.height

    def on_mount(self) -> None:
        """Starts pulling."""
        self.scene.take(self.view.status)
        self.set_class(self.scene.live, "-live")
        self.place()
        self._timer = self.set_interval(1 / RATES.get(self.scene.motion, 30.0), self.pull_if_due)

    def on_resize(self, event: Resize) -> None:
        """Places everything for the new size."""
        del event
        self.place()

    # Where things are.

    def slots(self) -> dict[str, str]:
        """Returns which panel stands in which lower slot of the size class."""
        return self._slots.setdefault(self.scene.size_class, {})

    def shown(self) -> tuple[str, ...]:
        """Returns the names of the panels on screen, by number."""
        return tuple(name for name in self.panels if name in self.floor.boxes)

    def place(self) -> None:
        """Computes where everything stands and puts it there."""
        width, height = self.size
        if not width:
            return
        self.scene.size_class = size_class(width, height)
        playback = self._playback is not None
        boxes = places(width, height, self.slots(), self.zoomed, playback=playback)
        if self._focused not in boxes:
            self._focused = next((name for name in self.panels if name in boxes), self._focused)
        self.floor.place(boxes, self._hold_focus)
        self.pull()

    def _hold_focus(self) -> None:
        if self._focused in self.floor.boxes:
            self.set_focus(self.panels[self._focused])

    def show_panel(self, name: str) -> None:
        """Focuses a panel; one without a slot takes the slot of the lower panel focused last."""
        if self.zoomed and self.zoomed != name:
            self.zoomed = self._focused = name
            self.place()
        elif name not in self.shown() and self.scene.size_class:
            slots, lower = self.slots(), LOWER[self.scene.size_class]
            placed = {slots.get(slot, slot): slot for slot in lower}
            slot = placed.get(self._lower, lower[0])
            slots[slot] = name
            self._focused = name
            self.place()
        if name in self.shown():
            self._focused = name
            self.set_focus(self.panels[name])

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Remembers the focused panel."""
        name = event.widget.id or ""
        if name in self.panels:
            self._focused = name
            if name != "cycles":
                self._lower = name
            self.situate()

    def panel_titles(self) -> list[tuple[str, str]]:
        """Returns (number, title) of every panel."""
        return [(str(panel.NUMBER), panel.TITLE) for panel in self.panels.values()]

    @property
    def focused_panel(self) -> str:
        """Returns the name of the panel that has, or had, the focus."""
        return self._focused

    # The pull loop.

    def pull_if_due(self) -> None:
        """Pulls; less often under an overlay, where any repaint costs the whole screen (measured: 15 ms at 120×40)."""
        if self not in self.app.screen_stack:  # popped, but its timer was due already
            return
        if not self.is_active:
            hidden = any(isinstance(above, Dashboard) for above in self.app.screen_stack[self._depth() + 1 :])
            if not self._tick("covered", time.monotonic(), HIDDEN_S if hidden else COVERED_S):
                return
        self.pull()

    def _depth(self) -> int:
        return self.app.screen_stack.index(self)

    def pull(self) -> None:
        """Reads the View and hands on what changed."""
        now = time.monotonic()
        self.view = view = self.runtime.view
        scene = self.scene
        before = scene.live
        if scene.take(view.status):
            if before != scene.live:
                self.set_class(scene.live, "-live")
            self.renew()
        self._pulls += 1
        clock = self._tick("clock", now, _CLOCK_S)
        if self._tick("age", now, AGE_S):
            scene.age_tick += 1
        if self._tick("chart", now, CHART_S):
            scene.chart_tick += 1
        if self._tick("fps", now, 1.0):
            self._fps, self._pulls = (None if self._pulls <= 1 else self._pulls), 0
        self._mount_playback(view)
        if self._playback is not None:
            self._playback.show(view.replay)
        changed: list[Region] = []
        for name in self.shown():
            changed += self._feed(name, getattr(view, name), now)
        if changed:
            self.floor.refresh(*changed)  # once a frame: a refresh of each panel costs five messages more
        if clock:
            self._chrome(view)

    def _tick(self, name: str, now: float, every: float) -> bool:
        if now < self._due[name]:
            return False
        self._due[name] = max(self._due[name] + every, now)
        return True

    def _feed(self, name: str, section: Any, now: float) -> list[Region]:
        """Hands a panel its section; returns the regions of the floor that changed."""
        panel, fresh = self.panels[name], False
        if self.scene.frozen_ns is None:
            fresh = panel.take_if_new(section)
        elif panel.section is not None:
            panel.behind = section.version - panel.section.version
        if not panel.due(now) and not fresh:
            return []
        box = self.floor.boxes[name]
        return [region.translate((box.x, box.y)) for region in panel.changes()]

    def _chrome(self, view: View) -> None:
        self.status.show(view.status, view.replay, self._fps)
        if self.scene.size_class:
            self.headline.show(view.headline, view.status, view.trades.curve)
            self.logline.show(view.log)
        else:
            width, height = self.size
            times = "×"
            self.refusal.show(view.headline, f"This window is {width}{times}{height}. cambist needs 80{times}24.")
        self.situate()
        self._toast_changes(view.status)

    def _mount_playback(self, view: View) -> None:
        if (view.replay is not None) == (self._playback is not None):
            return
        if view.replay is None:
            if self._playback is not None:
                self._playback.remove()
            self._playback = None
        else:
            self._playback = Playback(self.scene, id="playback", seek=self.seek_to)
            self.floor.mount(self._playback)
        self.place()

    def situate(self) -> None:
        """Takes in what decides which keys work, and shows it in the footer."""
        view, panel = self.view, self.panel
        self.situation = Situation(
            panel=self._focused,
            mode=self.scene.mode,
            replay=view.replay is not None,
            playing=view.replay is not None and view.replay.playing,
            beside_live=self.beside is not None,
            read_only=self.read_only,
            halted=view.status.state == "HALTED",
            frozen=self.scene.frozen_ns is not None,
            zoomed=bool(self.zoomed),
            recording=view.status.recording,
            table=isinstance(panel, SnapshotTable),
            sorts=isinstance(panel, SnapshotTable) and bool(panel.SORTS),
            has_row=isinstance(panel, SnapshotTable) and panel.cursor_row is not None,
            failed=panel.state().kind == "error",
        )
        self.footer.show(self.situation)

    def _toast_changes(self, status: Status) -> None:
        """Shows a toast where money or the recording changed hands: halt, live on or off, recording stopped."""
        before, self._last_status = self._last_status, status
        if before is None or self.view.replay is not None:
            return
        if status.state != before.state and status.state == "HALTED":
            self.app.toast(f"HALTED: {status.halt_reason or 'by key'}. K clears it.", severity="error")  # type: ignore[attr-defined]
        elif status.mode != before.mode:
            words = "LIVE: real money from now on." if status.mode == "LIVE" else "Back to paper."
            self.app.toast(words, severity="warning")  # type: ignore[attr-defined]
        elif before.recording and not status.recording:
            note = status.recording_note or "stopped by key"
            self.app.toast(f"Recording stopped: {note}.", severity="warning")  # type: ignore[attr-defined]

    # The look.

    def renew(self) -> None:
        """Paints everything anew: mode, theme or demo mark changed."""
        for widget in self.painted():
            widget.repaint()

    def painted(self) -> list[Painted]:
        """Returns every painted widget on screen."""
        from tui.widgets.painted import Painted

        return [widget for widget in self.floor.children if isinstance(widget, Painted) and widget.display]

    def wear(self, theme: str) -> None:
        """Wears a theme."""
        self.scene.wear(theme)
        self.renew()
