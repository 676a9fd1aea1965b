"""What the dashboard's keys do. One method per action of the registry.

One file, for it is read beside the registry, action by action.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from textual.screen import Screen

from cambist.model.commands import (
    AddBookmark,
    ClearHalt,
    RetryFeed,
    Seek,
    SetMode,
    SetRule,
    StartRecording,
    StopRecording,
    SwitchEngine,
)
from themes import names
from tui import export, formats, replay_keys
from tui.commands import REGISTRY
from tui.filters import KINDS
from tui.panels.cycles import Cycles
from tui.screens.confirm import clear_halt, leave, stop_recording
from tui.screens.detail import DetailScreen
from tui.screens.going_live import GoingLiveScreen
from tui.screens.help import HelpScreen
from tui.screens.history import HistoryScreen
from tui.screens.money import MoneyScreen
from tui.screens.open_session import OpenSessionScreen
from tui.screens.palette import Offer, PaletteScreen, offers
from tui.screens.price_detail import PriceDetailScreen
from tui.screens.prompt import ExportPrompt, FilterPrompt, GotoPrompt, RulePrompt
from tui.widgets.snapshot_table import SnapshotTable

if TYPE_CHECKING:
    from pathlib import Path

    from cambist.model.commands import Command
    from cambist.view import Runtime, View
    from tui.commands import Situation
    from tui.filters import Filter
    from tui.scene import Scene
    from tui.screens.confirm import ConfirmScreen
    from tui.widgets.panel import Panel

_MOVES = {"up": -1, "down": 1, "home": -1_000_000, "end": 1_000_000}


class Acts(Screen[None]):
    """The dashboard's actions; `Dashboard` says where panels are and what is on screen."""

    runtime: Runtime
    beside: Runtime | None
    view: View
    scene: Scene
    situation: Situation
    panels: dict[str, Panel]
    zoomed: str
    export_folder: str = "."
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

    def panel_titles(self) -> list[tuple[str, str]]:
        """Returns (number, title) of every panel."""
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

    def run(self, id: str, meaning: str = "") -> None:
        """Does an action by its id."""
        getattr(self, f"do_{id}")(meaning)
        self.situate()

    def _submit(self, command: Command) -> None:
        self.runtime.submit(command)

    def _table(self) -> SnapshotTable | None:
        return self.panel if isinstance(self.panel, SnapshotTable) else None

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
        self._open_detail(why=False)

    def do_why(self, _: str) -> None:
        """Opens the cycle under the cursor with the decision in full."""
        self._open_detail(why=True)

    def _open_detail(self, *, why: bool) -> None:
        table = self.panels["cycles"]
        assert isinstance(table, Cycles)
        if table.cursor_key is not None:
            order, pin = (lambda: table.keys), (lambda key: self._pin(table, key))
            self.app.push_screen(DetailScreen(self.runtime, table.cursor_key, why=why, order=order, pin=pin))

    def do_price(self, _: str) -> None:
        """Opens the price under the cursor."""
        table = self._table()
        if table is not None and table.cursor_key is not None:
            self.app.push_screen(PriceDetailScreen(self.runtime, table.cursor_key, order=lambda: table.keys))

    def do_money(self, _: str) -> None:
        """Opens the wallets, what is left over, what was paid and the limits."""
        self.app.push_screen(MoneyScreen(self.runtime))

    def do_history(self, _: str) -> None:
        """Opens what became of gaps, who takes them, and how far the chance to land was right."""
        self.app.push_screen(HistoryScreen(self.runtime))

    def do_pin(self, _: str) -> None:
        """Keeps a cycle on top, or lets it go."""
        table = self.panels["cycles"]
        assert isinstance(table, Cycles)
        if table.cursor_key is not None:
            self._pin(table, table.cursor_key)

    def _pin(self, table: Cycles, key: str) -> None:
        table.pinned ^= {key}
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
        """Asks for a filter of the focused panel, which follows while it is typed."""
        if (table := self._table()) is None:
            return

        def apply(found: Filter) -> None:
            table.filter = found.text
            table.rearrange()

        kind = KINDS[self._focused]
        self.app.push_screen(FilterPrompt(self.runtime, table.TITLE, kind, table.filter, apply=apply))

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
        self._submit(RetryFeed(row.name if row is not None else ""))

    def do_feedlog(self, _: str) -> None:
        """Shows the log of the feed under the cursor."""
        table, log = self._table(), self.panels["log"]
        if table is None or table.cursor_row is None or not isinstance(log, SnapshotTable):
            return
        log.filter = formats.clean(table.cursor_row.name).lower().partition(" ")[0]
        self.show_panel("log")
        log.rearrange()

    def do_copy(self, _: str) -> None:
        """Copies the row under the cursor as JSON."""
        table = self._table()
        if table is not None and table.cursor_row is not None:
            self.app.copy_to_clipboard(msgspec.json.encode(table.cursor_row).decode())
            table.show_notice("copied as JSON")

    def do_export(self, _: str) -> None:
        """Asks for a folder and writes the rows shown into it."""
        if (table := self._table()) is None:
            return
        rows, name, now_ns = table.rows, self._focused, self.scene.now_ns

        def write(folder: Path) -> tuple[Path, ...]:
            self.export_folder = str(folder)
            return export.write(folder, name, rows, now_ns)

        self.app.push_screen(ExportPrompt(self.runtime, name, self.export_folder, write))

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
        self._submit(SwitchEngine())

    # Recording and replay.

    def do_record(self, _: str) -> None:
        """Starts a recording, or asks before it stops one."""
        if not self.situation.recording:
            self._submit(StartRecording())
            return
        self._confirm(stop_recording(self.runtime), StopRecording())

    def _confirm(self, question: ConfirmScreen, command: Command) -> None:
        def answered(sure: bool | None) -> None:
            if sure:
                self._submit(command)

        self.app.push_screen(question, answered)

    def do_open(self, _: str) -> None:
        """Opens a stored session beside the live runtime."""

        def opened(runtime: Runtime | None) -> None:
            if runtime is not None:
                self.app.open_runtime(runtime)  # type: ignore[attr-defined]

        self.app.push_screen(OpenSessionScreen(self.beside or self.runtime), opened)

    def do_bookmark(self, _: str) -> None:
        """Bookmarks this moment."""
        self._submit(AddBookmark())

    def do_play(self, meaning: str) -> None:
        """Plays or pauses a replay; one that is finished plays from its start."""
        self._replay("play", meaning)

    def do_step(self, records: str) -> None:
        """Steps a replay by records."""
        self._replay("step", records)

    def do_speed(self, by: str) -> None:
        """Plays slower or faster; beyond the last speed, as fast as it goes."""
        self._replay("speed", by)

    def do_seek(self, seconds: str) -> None:
        """Seeks by seconds."""
        self._replay("seek", seconds)

    do_leap = do_seek

    def do_event(self, by: str) -> None:
        """Goes to the next or the previous marker."""
        self._replay("event", by)

    def _replay(self, action: str, meaning: str) -> None:
        if (status := self.view.replay) is not None:
            for command in replay_keys.commands(action, meaning, status):
                self.runtime.submit(command)

    def seek_to(self, at_ns: int) -> None:
        """Goes to a recorded time."""
        self._submit(Seek(at_ns))

    def do_goto(self, _: str) -> None:
        """Asks for a time to go to."""

        def answered(words: str | None) -> None:
            if words and (status := self.view.replay) is not None:
                self.seek_to(replay_keys.parse_time(words, status))

        self.app.push_screen(GotoPrompt(self.runtime), answered)

    # Money.

    def do_rule(self, _: str) -> None:
        """Asks for the rule that trades must keep; an empty one ends it."""

        def answered(text: str | None) -> None:
            if text is not None:
                self._submit(SetRule(text.strip()))

        self.app.push_screen(RulePrompt(self.runtime), answered)

    def do_mode(self, _: str) -> None:
        """LIVE to PAPER at once; PAPER to LIVE asks for a word."""
        if self.scene.live:
            self._submit(SetMode("paper"))
        else:
            self.app.push_screen(GoingLiveScreen(self.runtime))

    def do_halt(self, _: str) -> None:
        """Halts the live runtime at once."""
        self.app.action_halt()  # type: ignore[attr-defined]

    def do_clear(self, _: str) -> None:
        """Asks before it clears a halt."""
        self._confirm(clear_halt(self.runtime), ClearHalt())

    # The app.

    def do_palette(self, _: str) -> None:
        """Opens the palette."""

        def offered() -> tuple[Offer, ...]:
            return offers(REGISTRY.available(self.situation), self.panel_titles(), names())

        def taken(offer: Offer | None) -> None:
            if offer is None:
                return
            if offer.action == "theme" and offer.meaning in names():
                self.app.wear(offer.meaning)  # type: ignore[attr-defined]
            else:
                self.run(offer.action, offer.meaning)

        self.app.push_screen(PaletteScreen(self.runtime, offered), taken)

    def do_help(self, _: str) -> None:
        """Opens the page of keys."""
        self.app.push_screen(HelpScreen(self.runtime, self.situation, self.panel.TITLE))

    def do_quit(self, _: str) -> None:
        """Leaves a replay for the live runtime beside it, else quits; asks first in LIVE and while an order is open."""
        if self.beside is not None:
            self.app.close_runtime()  # type: ignore[attr-defined]
            return
        waiting = sum(row.status in ("open", "unknown") for row in self.view.trades.rows)
        if self.view.replay is not None or (not self.scene.live and not waiting):
            self.app.exit()
            return

        def answered(sure: bool | None) -> None:
            if sure:
                self.app.exit()

        self.app.push_screen(leave(self.runtime, waiting), answered)
