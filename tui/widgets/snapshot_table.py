"""A live table: strips cached by row, only changed lines refreshed, digits that flash, a cursor that follows its row.

`DataTable.update_cell` re-renders every visible row; this paints the rows that changed. It scrolls by itself because
`ScrollView.virtual_size` is a layout reactive: a changed number of rows would lay out the whole screen.

One file, for cursor, order and painted lines are one state, which every method here reads.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from rich.cells import cell_len

from tui import formats
from tui.filters import KINDS, Filter, FilterError, columns_of, parse
from tui.glyphs import glyph
from tui.widgets.flashes import Flashes
from tui.widgets.panel import Panel

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from rich.style import Style
    from textual.events import Click, MouseScrollDown, MouseScrollUp
    from textual.strip import Strip

    from tui.paint import Line
    from tui.scene import Scene
    from tui.widgets.columns import Slot

MOVE_S = 1.0
"""A row moves at most this often."""
GONE_S = 0.4
"""How long a row that left the data keeps its place when another waits for one."""


class Look(NamedTuple):
    """How a row is painted besides its values."""

    key: str
    selected: bool
    gone: bool
    """The row left the data; it keeps its place, muted, until rows may move."""
    first: bool
    """The row above belongs to another group."""
    age: formats.Measure
    chart: str


class SnapshotTable(Panel):
    """A panel of rows with keys."""

    MOVES: ClassVar[bool] = False
    """Rows are sorted by a changing value, so they move at most once a second."""
    SORTS: ClassVar[tuple[str, ...]] = ()

    def __init__(self, scene: Scene, *, id: str) -> None:
        super().__init__(scene, id=id)
        self.cursor_key: str | None = None
        self.at_home = True
        """The cursor was never moved, or back to the first row: it stays there, whichever row that is."""
        self._left: dict[str, float] = {}
        self.sort = 0
        self.reverse = False
        self._top = 0
        self._keys: list[str] = []
        self._parsed = Filter()
        self._parsed_from = ""
        self._rows: dict[str, Any] = {}
        self._offered: list[str] = []
        self._moved = 0.0
        self._due = False
        self._took_ns = 0
        self._strips: dict[str, tuple[Hashable, Strip]] = {}
        self._ages: dict[str, tuple[int, formats.Measure]] = {}
        self._charts: dict[str, tuple[int, str]] = {}
        self._heads: tuple[object, Strip] | None = None
        self._flashes = Flashes()
        self._live: set[str] = set()
        self._now = 0.0

    # What a subclass says.

    def rows_of(self, section: Any) -> Sequence[Any]:
        """Returns the section's rows."""
        return section.rows  # type: ignore[no-any-return]

    def key_of(self, row: Any) -> str:
        """Returns what a row is known by."""
        return str(row.key)

    def arranged(self, rows: list[Any]) -> list[Any]:
        """Returns rows in the order wanted, by `sort` and `reverse`."""
        return rows[::-1] if self.reverse else rows

    def is_wrong(self, row: Any) -> bool:
        """Returns True if `!` shows the row."""
        del row
        return False

    def signature(self, row: Any) -> Hashable:
        """Returns all that is shown of a row, but its age and chart."""
        raise NotImplementedError

    def age_of(self, row: Any) -> int | None:
        """Returns a row's age in ns when its section was made."""
        del row
        return None

    def chart_of(self, row: Any, width: int) -> str:
        """Returns a row's chart."""
        del row, width
        return ""

    def group_of(self, row: Any) -> Hashable:
        """Returns what a row is grouped by."""
        return self.key_of(row)

    def head_count(self) -> int:
        """Returns how many lines `heads` paints."""
        return 1

    def slots(self, width: int) -> dict[str, Slot]:
        """Returns where the columns stand."""
        raise NotImplementedError

    def paint_row(self, row: Any, line: Line, slots: dict[str, Slot], look: Look) -> None:
        """Paints a row's cells from left to right."""
        raise NotImplementedError

    # Data.

    @property
    def rows_shown(self) -> int:
        """Returns how many rows there are after the filter."""
        return len(self._keys)

    @property
    def keys(self) -> tuple[str, ...]:
        """Returns the rows' keys in the order shown."""
        return tuple(self._keys)

    @property
    def rows(self) -> tuple[Any, ...]:
        """Returns the rows in the order shown, after the filter."""
        return tuple(self._rows[key] for key in self._keys if key in self._rows)

    @property
    def cursor_row(self) -> Any:
        """Returns the row under the cursor; None if there is none."""
        return self._rows.get(self.cursor_key) if self.cursor_key is not None else None

    def take(self, section: Any) -> None:
        """Takes over rows; they change in place at once and change places at most once a second."""
        self.section = section
        self._took_ns = self.scene.now_ns
        rows = self.rows_of(section)
        if len(self._strips) > 4 * len(rows) + 64:
            self._forget()
        key_of = self.key_of
        fresh = {key_of(row): row for row in rows}
        offered = list(fresh)
        as_before, self._offered = offered == self._offered, offered
        if not as_before:
            self._live = set(offered)
        for key in self._keys:
            if key not in fresh and key in self._rows:
                fresh[key] = self._rows[key]
        self._rows = fresh
        if as_before and not self.MOVES and not self._sieving and not self.sort:
            return  # the order is that of the section, and nobody came or left
        now = time.monotonic()
        if not self.MOVES or not self._keys or now - self._moved >= MOVE_S:
            self._arrange(now)
        else:
            self._due = True
            self._refill(now)

    @property
    def _sieving(self) -> bool:
        return bool(self.filter) or self.only_wrong

    def _refill(self, now: float) -> None:
        """Gives the places of rows that left to rows that wait for one, best first; no row that is there moves."""
        self._left = {key: self._left.get(key, now) for key in self._keys if key not in self._live}
        free = [key for key, since in self._left.items() if now - since >= GONE_S and key != self.cursor_key]
        if not free:
            return
        placed = set(self._keys)
        waiting = [row for key, row in self._rows.items() if key in self._live and key not in placed]
        fresh = [self.key_of(row) for row in self.arranged([row for row in waiting if self._passes(row)])]
        for old, new in zip(free, fresh, strict=False):
            self._keys[self._keys.index(old)] = new
            self._left.pop(old)

    def _forget(self) -> None:
        self._strips.clear()
        self._ages.clear()
        self._charts.clear()
        self._flashes.keep(set())

    def _arrange(self, now: float) -> None:
        index = self._index()
        in_view = index is not None and self._top <= index < self._top + self._room()
        kept = [row for key, row in self._rows.items() if key in self._live and self._passes(row)]
        keys = [self.key_of(row) for row in self.arranged(kept)]
        if keys != self._keys:
            self._keys, self._moved = keys, now
        self._due = False
        if self.at_home:
            self.cursor_key = keys[0] if keys else None
        elif self.cursor_key not in self._live or self.cursor_key not in keys:
            self.cursor_key = keys[min(index or 0, len(keys) - 1)] if keys else None
        self._clamp(follow=in_view)

    def rearrange(self) -> None:
        """Applies sort and filter at once."""
        self._arrange(time.monotonic())
        self.repaint()

    def _passes(self, row: Any) -> bool:
        if self.only_wrong and not self.is_wrong(row):
            return False
        return self._sieve().matches(row)

    def _sieve(self) -> Filter:
        """Returns the filter in use; text that can't be parsed hides nothing."""
        if self._parsed_from != self.filter:
            kind = KINDS.get(self.id or "")
            try:
                self._parsed = parse(self.filter, columns_of(kind) if kind is not None else None)
            except FilterError:
                self._parsed = Filter()
            self._parsed_from = self.filter
        return self._parsed

    # Time.

    def due(self, now: float) -> bool:
        """Ends flashes, moves rows that may move again, lets ages tick."""
        dirty = self._flashes.end(now)
        if self._due and now - self._moved >= MOVE_S:
            self._arrange(now)
            dirty = True
        return super().due(now) or dirty

    def ticks(self) -> tuple[int, ...]:
        """Returns the ticks of ages and charts."""
        return (self.scene.age_tick, self.scene.chart_tick)

    # Cursor and scrolling.

    def _index(self) -> int | None:
        return self._keys.index(self.cursor_key) if self.cursor_key in self._keys else None

    def _room(self) -> int:
        return max(1, self.outer_size.height - 1 - self.head_count())

    def _clamp(self, *, follow: bool) -> None:
        room, count = self._room(), len(self._keys)
        index = self._index()
        if follow and index is not None:
            self._top = min(max(self._top, index - room + 1), index)
        self._top = max(0, min(self._top, count - room))

    def move_cursor(self, by: int) -> None:
        """Moves the cursor by rows, clamped."""
        if not self._keys:
            return
        index = max(0, min(len(self._keys) - 1, (self._index() or 0) + by))
        self.cursor_key = self._keys[index]
        self.at_home = index == 0
        self._clamp(follow=True)
        self.repaint()

    def page(self) -> int:
        """Returns how many rows a page has."""
        return self._room()

    def scroll_rows(self, by: int) -> None:
        """Scrolls by rows; the cursor stays with its row."""
        self._top += by
        self._clamp(follow=False)
        self._flashes.keep(set(self._keys[self._top : self._top + self._room()]))
        self.repaint()

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Scrolls down."""
        event.stop()
        self.scroll_rows(1)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Scrolls up."""
        event.stop()
        self.scroll_rows(-1)

    def on_click(self, event: Click) -> None:
        """Puts the cursor on the row clicked."""
        index = self._top + event.y - 1 - self.head_count()
        if event.y > self.head_count() and index < len(self._keys):
            self.cursor_key = self._keys[index]
            self.at_home = index == 0
            self.repaint()

    # Painting.

    def has_content(self) -> bool:
        """Returns True if there are rows."""
        return bool(self._keys)

    def _nothing(self, width: int, room: int) -> list[Strip]:
        """Returns what the state says, or that a filter hides every row, and the key that ends it."""
        if not self._sieving or self.section is None or not self.rows_of(self.section):
            return super()._nothing(width, room)
        which = "row that is wrong" if self.only_wrong else "row"
        cause = f"No {which} passes /{self.filter}." if self.filter else "Nothing here is wrong."
        keys = [("/", "change the filter"), ("esc", "all rows")] if self.filter else [("!", "all rows")]
        lines = [*self._wrapped(cause, width, "text"), self._hint_line(keys, width)]
        return ([self.line(width).strip()] if room > len(lines) else []) + lines

    def heads(self, slots: dict[str, Slot], width: int) -> list[Strip]:
        """Returns the lines above the rows: column heads, aligned like their columns."""
        wanted = (self.scene.epoch, width, slots)
        if self._heads is not None and self._heads[0] == wanted:
            return [self._heads[1]]
        line, style = self.line(width), self.scene.paint.style("muted")
        for slot in slots.values():
            if slot.head and slot.right:
                line.end(slot.end, slot.head, style)
            elif slot.head:
                line.put(slot.x, slot.head, style)
        self._heads = (wanted, line.strip())
        return [self._heads[1]]

    def body(self, width: int, height: int) -> list[Strip]:
        """Returns heads, the visible rows, and the state's notes where there is room."""
        slots = self.slots(width)
        self._clamp(follow=False)
        lines = self.heads(slots, width)
        forced = {"error": 2, "stale": 1}.get(self.kind(), 0)
        room = height - len(lines)
        before: Hashable = None
        for key in self._keys[self._top : self._top + room]:
            row = self._rows[key]
            group = self.group_of(row)
            lines.append(self._row(key, row, width, slots, first=group != before))
            before = group
        return self.with_notes(lines, width, height, forced=forced)

    def _row(self, key: str, row: Any, width: int, slots: dict[str, Slot], *, first: bool) -> Strip:
        chart = slots.get("chart")
        selected = self.has_focus and key == self.cursor_key
        gone = key not in self._live
        look = Look(
            key, selected, gone, first, self._age(key, row), self._chart(key, row, chart.width) if chart else ""
        )
        wanted = (self.scene.epoch, width, look, self.kind() == "stale", self.signature(row))
        flashing = self._flashes.of(key)
        cached = self._strips.get(key)
        if cached is not None and cached[0] == (wanted, flashing):
            return cached[1]
        line = self.line(width, "selection" if selected else "")
        if selected:
            line.add(glyph("cursor"), self.scene.paint.style("accent"))
        self._now = time.monotonic()
        self.paint_row(row, line, slots, look)
        strip = line.strip()
        self._strips[key] = ((wanted, self._flashes.of(key)), strip)  # painting may have found changed digits
        return strip

    def _age(self, key: str, row: Any) -> formats.Measure:
        tick, found = self.scene.age_tick, self._ages.get(key)
        if found is not None and found[0] == tick:
            return found[1]
        age = self.age_of(row)
        text = formats.age(None if age is None else age + max(0, self.scene.shown_ns - self._took_ns))
        self._ages[key] = (tick, text)
        return text

    def _chart(self, key: str, row: Any, width: int) -> str:
        tick, found = self.scene.chart_tick, self._charts.get(key)
        if found is not None and found[0] == tick and len(found[1]) == width:
            return found[1]
        text = self.chart_of(row, width)
        self._charts[key] = (tick, text)
        return text

    def digits(self, line: Line, slot: Slot, key: str, column: str, text: str, style: Style) -> None:
        """Paints a number, right-aligned; the digits from the first changed one on flash for half a second."""
        motion = self.scene.motion
        mark = self._flashes.note(key, column, text, self._now) if motion != "off" else None
        if mark is None:
            line.end(slot.end, text, style)
            return
        paint = self.scene.paint
        changed = style + paint.style("strong", "flash" if motion == "full" else "", bold=True)
        line.put(slot.end - cell_len(text), text[: mark.start], style).add(text[mark.start :], changed)

    def measure(self, line: Line, slot: Slot, value: formats.Measure, style: Style, unit: Style) -> None:
        """Paints a value and its quieter unit so that they end with the slot."""
        if not value.unit:
            line.end(slot.end, value.value, unit if value.value == glyph("unknown") else style)
            return
        line.put(slot.end - cell_len(value.value) - 1 - cell_len(value.unit), value.value, style)
        line.put(line.at + 1, value.unit, unit)
