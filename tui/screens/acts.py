"""What the dashboard's keys do. One method per action of the registry."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import msgspec
from textual.screen import Screen

from cambist.model.events import Command
from tui import formats
from tui.commands import REGISTRY
from tui.panels.cycles import Cycles
from tui.widgets.snapshot_table import SnapshotTable

if TYPE_CHECKING:
    from cambist.view import Runtime, View
    from tui.commands import Situation
    from tui.scene import Scene
    from tui.widgets.panel import Panel
    from tui.widgets.prompt import Prompt

_SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, None)
_MOVES = {"up": -1, "down": 1, "home": -1_000_000, "end": 1_000_000}


class Acts(Screen[None]):
    """The dashboard's actions; `Dashboard` says where panels are and what is on screen."""

    runtime: Runtime
    beside: Runtime | None
    view: View
    scene: Scene
    situation: Situation
    panels: dict[str, Panel]
    prompt: Prompt
    zoomed: str
    _focused: str

    def place(self) -> None:
        """Computes where everything stands and puts it there."""
        raise NotImplementedError

    def shown(self) -> tuple[str, ...]:
        """Returns the names of the panels on screen, by number."""
        raise NotImplementedError

    def show_panel(self, name: str) -> None:
        """Focuses a panel; one without a slot takes the slot of the lower panel focused last."""
        raise NotImplementedError

    def situate(self) -> None:
        """Takes in what decides which keys work."""
        raise NotImplementedError

    def renew(self) -> None:
        """Paints everything anew."""
        raise NotImplementedError

    @property
    def panel(self) -> Panel:
        """Returns the focused panel."""
        return self.panels[self._focused]

    def action_press(self, key: str) -> None:
        """Does what the key means now."""
        self.situate()
        if (found := REGISTRY.find(key, self.situation)) is not None:
            self.run(found[0].id, found[1])

    def run(self, id: str, meaning: str = "") -> None:  # noqa: A002
        """Does an action by its id."""
        getattr(self, f"do_{id}")(meaning)
        self.situate()

    def _submit(self, name: str, **args: str) -> None:
        self.runtime.submit(Command(name, args))

    def _table(self) -> SnapshotTable | None:
        return self.panel if isinstance(self.panel, SnapshotTable) else None

    def _push(self, module: str, screen: str, *args: Any) -> None:
        kind = getattr(import_module(f"tui.screens.{module}"), screen)
        self.app.push_screen(kind(*args))

    # Moving about.

    def do_move(self, key: str) -> None:
        """Moves the cursor."""
        if (table := self._table()) is not None:
            by = _MOVES.get(key)
            table.move_cursor(by if by is not None else table.page() * (1 if key == "pagedown" else -1))

    def do_panel(self, number: str) -> None:
        """Focuses or shows a panel."""
        for name, panel in self.panels.items():
            if str(panel.NUMBER) == number:
                self.show_panel(name)

    def do_next(self, key: str) -> None:
        """Focuses the next panel."""
        shown = self.shown()
        if shown:
            at = shown.index(self._focused) if self._focused in shown else 0
            self.show_panel(shown[(at + (-1 if key == "shift+tab" else 1)) % len(shown)])

    def do_zoom(self, _: str) -> None:
        """Gives the focused panel the whole content area, or takes it back."""
        self.zoomed = "" if self.zoomed else self._focused
        self.place()

    def do_back(self, _: str) -> None:
        """Goes back one level; never quits."""
        table = self._table()
        if self.zoomed:
            self.do_zoom("")
        elif table is not None and (table.filter or table.only_wrong):
            table.filter, table.only_wrong = "", False
            table.rearrange()
        elif self.scene.frozen_ns is not None:
            self.do_freeze("")
        elif self.beside is not None:
            self.app.close_runtime()  # type: ignore[attr-defined]

    # Rows.

    def do_detail(self, _: str) -> None:
        """Opens the cycle under the cursor."""
        table = self._table()
        if table is not None and table.cursor_key is not None:
            self._push("detail", "DetailScreen", self.runtime, table.cursor_key)

    do_why = do_detail

    def do_pin(self, _: str) -> None:
        """Keeps a cycle on top, or lets it go."""
        table = self.panels["cycles"]
        assert isinstance(table, Cycles)
        if table.cursor_key is not None:
            table.pinned ^= {table.cursor_key}
            table.rearrange()

    def do_sort(self, key: str) -> None:
        """Sorts by the next column, or reverses the order."""
        if (table := self._table()) is None:
            return
        if key == "S":
            table.reverse = not table.reverse
        elif table.SORTS:
            table.sort = (table.sort + 1) % len(table.SORTS)
        table.rearrange()

    def do_filter(self, _: str) -> None:
        """Asks for a filter of the focused panel."""
        table = self._table()
        self.prompt.ask("filter", "filter, e.g. usdc !bonk net>5", table.filter if table is not None else "")
        self.place()

    def do_rejected(self, _: str) -> None:
        """Shows or hides rejected cycles."""
        table = self.panels["cycles"]
        assert isinstance(table, Cycles)
        table.hide_rejected = not table.hide_rejected
        table.rearrange()

    def do_wrong(self, _: str) -> None:
        """Shows only what is wrong, in every table."""
        tables = [panel for panel in self.panels.values() if isinstance(panel, SnapshotTable)]
        wanted = not self.panel.only_wrong if self._table() is not None else not all(t.only_wrong for t in tables)
        for table in tables:
            table.only_wrong = wanted
            table.rearrange()

    def do_retry(self, _: str) -> None:
        """Connects a feed again."""
        table = self._table()
        row = table.cursor_row if table is not None and self._focused == "feeds" else None
        self._submit("retry", feed=row.name if row is not None else "")

    def do_feedlog(self, _: str) -> None:
        """Shows the log of the feed under the cursor."""
        table, log = self._table(), self.panels["log"]
        if table is None or table.cursor_row is None or not isinstance(log, SnapshotTable):
            return
        log.filter = formats.clean(table.cursor_row.name).lower()
        self.show_panel("log")
        log.rearrange()

    def do_copy(self, _: str) -> None:
        """Copies the row under the cursor as JSON."""
        table = self._table()
        if table is not None and table.cursor_row is not None:
            self.app.copy_to_clipboard(msgspec.json.encode(table.cursor_row).decode())

    # Watching.

    def do_freeze(self, _: str) -> None:
        """Lets the picture stand still, or comes back to now."""
        self.scene.frozen_ns = self.scene.now_ns if self.scene.frozen_ns is None else None
        for panel in self.panels.values():
            panel.behind = 0
        self.place()
        self.renew()

    def do_theme(self, _: str) -> None:
        """Wears the next theme."""
        self.app.next_theme()  # type: ignore[attr-defined]

    def do_engine(self, _: str) -> None:
        """Asks for the other engine."""
        self._submit("engine")

    # Recording and replay.

    def do_record(self, _: str) -> None:
        """Starts a recording, or asks before it stops one."""
        if not self.situation.recording:
            self._submit("record_start")
            return
        body = "What was recorded stays. Trading goes on only while something records it."
        self._confirm("Stop recording", body, "stop", "record_stop")

    def _confirm(self, title: str, body: str, yes: str, command: str) -> None:
        kind = import_module("tui.screens.confirm").ConfirmScreen

        def answered(sure: bool | None) -> None:
            if sure:
                self._submit(command)

        self.app.push_screen(kind(title, body, yes, "cancel"), answered)

    def do_open(self, _: str) -> None:
        """Opens a stored session beside the live runtime."""
        self._push("open_session", "OpenSessionScreen", self.beside or self.runtime)

    def do_bookmark(self, _: str) -> None:
        """Bookmarks this moment."""
        self._submit("bookmark")

    def do_play(self, _: str) -> None:
        """Plays or pauses a replay."""
        self._submit("pause" if self.situation.playing else "play")

    def do_step(self, records: str) -> None:
        """Steps a replay by records."""
        self._submit("step", records=records)

    def do_speed(self, by: str) -> None:
        """Plays slower or faster; beyond the last speed, as fast as it goes."""
        replay = self.view.replay
        if replay is None:
            return
        now = len(_SPEEDS) - 1
        if replay.speed is not None:
            known = [speed for speed in _SPEEDS if speed is not None]
            now = min(range(len(known)), key=lambda index: abs(known[index] - (replay.speed or 0.0)))
        speed = _SPEEDS[max(0, min(len(_SPEEDS) - 1, now + int(by)))]
        self._submit("speed", x="max" if speed is None else f"{speed:g}")

    def do_seek(self, seconds: str) -> None:
        """Seeks by seconds."""
        self._submit("seek", by_ns=str(int(seconds) * formats.SECOND))

    do_leap = do_seek

    def do_event(self, by: str) -> None:
        """Goes to the next or the previous marker."""
        replay = self.view.replay
        if replay is None:
            return
        at = replay.position_ns
        if int(by) > 0:
            found = min((mark.at_ns for mark in replay.markers if mark.at_ns > at), default=None)
        else:
            found = max((mark.at_ns for mark in replay.markers if mark.at_ns < at), default=None)
        if found is not None:
            self._submit("seek", ns=str(found))

    def do_goto(self, _: str) -> None:
        """Asks for a time to go to."""
        self.prompt.ask("goto", "go to HH:MM:SS, +seconds or -seconds")
        self.place()

    def on_prompt_answered(self, event: Prompt.Answered) -> None:
        """Takes over a filter, or goes to a time."""
        event.stop()
        self.prompt.purpose = ""
        self.panel.focus()
        self.place()
        if event.value is None:
            return
        if event.purpose == "filter" and (table := self._table()) is not None:
            table.filter = event.value.strip()
            table.rearrange()
        elif event.purpose == "goto" and self.view.replay is not None:
            self._go(event.value.strip(), self.view.replay.position_ns)

    def _go(self, words: str, position_ns: int) -> None:
        if (by := formats.parse_seconds(words)) is not None:
            self._submit("seek", by_ns=str(by))
        elif (at := formats.parse_clock(words, position_ns)) is not None:
            self._submit("seek", ns=str(at))

    # Money.

    def do_mode(self, _: str) -> None:
        """LIVE to PAPER at once; PAPER to LIVE asks for a word."""
        if self.scene.live:
            self._submit("mode", mode="paper")
        else:
            self._push("live", "GoingLiveScreen", self.runtime)

    def do_halt(self, _: str) -> None:
        """Halts the live runtime at once."""
        self.app.action_halt()  # type: ignore[attr-defined]

    def do_clear(self, _: str) -> None:
        """Asks before it clears a halt."""
        reason = self.view.status.halt_reason or "halted by key"
        self._confirm("Clear the halt", f"Halted: {formats.cut(reason, 200)}.", "clear", "clear_halt")

    # The app.

    def do_palette(self, _: str) -> None:
        """Opens the palette."""
        self.app.action_command_palette()

    def do_help(self, _: str) -> None:
        """Opens the page of keys."""
        self._push("help", "HelpScreen", REGISTRY, self._focused)

    def do_quit(self, _: str) -> None:
        """Quits; asks first in LIVE and while an order is open."""
        waiting = any(row.status in ("open", "unknown") for row in self.view.trades.rows)
        if not self.scene.live and not waiting:
            self.app.exit()
            return
        kind = import_module("tui.screens.confirm").ConfirmScreen
        why = "Mode is LIVE." if self.scene.live else "An order has no answer yet."

        def answered(sure: bool | None) -> None:
            if sure:
                self.app.exit()

        self.app.push_screen(kind("Quit", why, "quit", "stay"), answered)
