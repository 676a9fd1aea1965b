"""The base of every panel: its title line, its six states, its notes. No boxes."""

from __future__ import annotations

import textwrap
import time
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from rich.cells import cell_len

from cambist.view import PanelState
from tui import formats
from tui.glyphs import glyph, plain
from tui.widgets.painted import Grounded

if TYPE_CHECKING:
    from rich.style import Style
    from textual.strip import Strip

    from tui.scene import Scene

FROZEN = "The picture stands still; cambist goes on collecting, recording and trading."
REPLAYED = "Nothing can be sent from a recording."
NOTICE_S = 3.0
"""How long the title tells what a key did."""


class Tag(NamedTuple):
    """A word of the title: after the name, or set off by a dash."""

    text: str
    style: Style
    apart: bool = False
    short: str = ""
    """What is left of it where room is short; empty if it goes then."""


class Panel(Grounded, can_focus=True):
    """A panel. Subclasses say what their title, info and body are; the base knows states and the title line."""

    NUMBER: ClassVar[int]
    TITLE: ClassVar[str]
    MONEY: ClassVar[bool] = False
    """Shows money or prices, so demo data is marked in the title."""
    WRONG: ClassVar[str] = "only wrong"
    """What the title says while `!` hides the rest."""

    def __init__(self, scene: Scene, *, id: str) -> None:
        super().__init__(scene, id=id)
        self.section: Any = None
        self.behind = 0
        self._tick: tuple[int, ...] = ()
        self._title: tuple[object, Strip] | None = None
        """Versions of the section that came since the picture was frozen."""
        self.filter = ""
        self.only_wrong = False
        self._notice = ("", 0.0)

    # What a subclass says.

    def take(self, section: Any) -> None:
        """Takes over a section whose version is new."""
        self.section = section

    def info(self) -> list[str]:
        """Returns the parts at the right of the title; the last goes first when room is short."""
        return []

    def body(self, width: int, height: int) -> list[Strip]:
        """Returns the lines below the title, while there is something to show."""
        raise NotImplementedError

    def has_content(self) -> bool:
        """Returns True if there is something to show besides the state."""
        return self.section is not None

    def hints(self, kind: str) -> list[tuple[str, str]]:
        """Returns (key, word) pairs that help in a state."""
        return [("r", "try now"), ("l", "log of this feed")] if kind == "error" else []

    def due(self, now: float) -> bool:
        """Returns True if something besides the data changed at monotonic time `now`: ages, charts, flashes."""
        del now
        tick = self.ticks()
        before, self._tick = self._tick, tick
        return tick != before

    def ticks(self) -> tuple[int, ...]:
        """Returns the ticks that change what is painted."""
        return (self.scene.chart_tick,)

    # What the dashboard does.

    def show(self, section: Any) -> None:
        """Takes over a section; does nothing if its version was shown already."""
        if self.take_if_new(section):
            self.repaint()

    def take_if_new(self, section: Any) -> bool:
        """Takes over a section whose version wasn't shown yet, without painting; returns True if it was new."""
        if self.section is not None and section.version == self.section.version:
            return False
        self.take(section)
        return True

    def on_focus(self) -> None:
        """Shows the title as a chip."""
        self.repaint()

    def on_blur(self) -> None:
        """Shows the title as text."""
        self.repaint()

    # States.

    def state(self) -> PanelState:
        """Returns the section's state; loading before there is a section."""
        state = getattr(self.section, "state", None)
        if self.section is None:
            return PanelState("loading")
        return state if isinstance(state, PanelState) else PanelState()

    def kind(self) -> str:
        """Returns the state that the title shows: `frozen` first, then what the section says, then `replay`."""
        if self.scene.frozen_ns is not None:
            return "frozen"
        kind = self.state().kind
        if kind == "ready":
            return "replay" if self.scene.mode == "REPLAY" else "ready"
        return kind

    def _since(self) -> int | None:
        since = self.state().since_ns
        return max(0, self.scene.shown_ns - since) if since and self.scene.shown_ns else None

    def tags(self) -> list[Tag]:
        """Returns the words after the name: demo mark and state."""
        paint, kind = self.scene.paint, self.kind()
        tags: list[Tag] = []
        if kind in ("loading", "empty"):
            tags.append(Tag(kind, paint.style("muted", bold=True), apart=True, short=kind))
        elif kind == "stale":
            since = self._since()
            short = f"{glyph('stale')} stale"
            text = short + (f" {formats.age(since)}" if since is not None else "")
            tags.append(Tag(text, paint.style("stale", bold=True), apart=True, short=short))
        elif kind == "error":
            text = f"{glyph('error')} error"
            tags.append(Tag(text, paint.style("danger", bold=True), apart=True, short=text))
        elif kind == "frozen":
            frozen = formats.short_span(self.scene.now_ns - (self.scene.frozen_ns or 0))
            short = f"{glyph('frozen')} frozen"
            tags.append(Tag(f"{short} {frozen}", paint.style("accent", bold=True), apart=True, short=short))
        if self.scene.mode == "REPLAY":
            tags.insert(0, Tag("recorded", paint.style("replay-text")))
        if self.MONEY and self.scene.demo:
            words = "easy demo" if self.scene.easy else "demo"
            tags.insert(0, Tag(words, paint.style("demo"), short=words))
        return tags

    def show_notice(self, words: str) -> None:
        """Shows in the title what a key did, for a while."""
        self._notice = (words, time.monotonic() + NOTICE_S)
        self.repaint()

    def _info(self) -> list[str]:
        """Returns the info parts; what hides rows comes first, so that it goes last when room is short."""
        words, until = self._notice
        if words and time.monotonic() < until:
            return [words]
        hidden = [f"/{formats.cut(self.filter, 24)}"] if self.filter else []
        return hidden + ([self.WRONG] if self.only_wrong else []) + self._state_info()

    def _state_info(self) -> list[str]:
        kind = self.kind()
        if kind == "frozen":
            return [f"{formats.grouped(self.behind)} update{'' if self.behind == 1 else 's'} behind"]
        if kind == "loading":
            since = self._since()
            return [] if since is None else [f"{since / formats.SECOND:.1f} s"]
        return self.info()

    def title_line(self, width: int) -> Strip:
        """Returns line 0: number, name, tags, rule, info."""
        paint, scene = self.scene.paint, self.scene
        focused = self.has_focus
        info, tags = self._fit_title(width - len(self.TITLE) - (5 if not focused else 6))
        wanted = (width, focused, scene.epoch, info, tags)
        if self._title is not None and self._title[0] == wanted:
            return self._title[1]
        rule = glyph("rule-heavy" if scene.live else "rule")
        loud = scene.live and paint.theme.colours != "mono"
        rule_style = paint.style("border-focus" if focused else "live" if loud else "border")
        line = self.line(width).add(rule, rule_style)
        number, name = str(self.NUMBER), self.TITLE
        if focused:
            line.add(f" {number} {name} ", paint.chip()).add(" ", paint.style(""))
        else:
            line.add(f" {number}", paint.style("accent")).add(f" {name} ", paint.style("strong", bold=True))
        for tag in tags:
            if tag.apart:
                line.add(f"{rule} ", rule_style)
            line.add(tag.text, tag.style).add(" ", paint.style(""))
        tail = f" {info} " if info else ""
        end = width - 1 - cell_len(tail)
        line.add(rule * max(0, end - line.at), rule_style)
        strip = line.add(tail, paint.style("muted")).put(width - 1, rule, rule_style).strip()
        self._title = (wanted, strip)
        return strip

    def _fit_title(self, room: int) -> tuple[str, list[Tag]]:
        """Returns info and tags that fit; info loses its last part first, then tags their detail, then they go."""
        tags = self.tags()
        shortened = [tag._replace(text=tag.short) for tag in tags if tag.short]
        variants = [tags, shortened, *(shortened[:count] for count in range(len(shortened) - 1, -1, -1))]
        parts = self._info()
        joint = f" {glyph('dot')} "
        for variant in variants:
            used = sum(cell_len(tag.text) + 1 + (2 if tag.apart else 0) for tag in variant)
            for count in range(len(parts), -1, -1):
                info = plain(joint.join(parts[:count]))
                if used + (cell_len(info) + 2 if info else 0) + 2 <= room:
                    return info, variant
        return "", []

    # Notes: cause, next step, keys.

    def notes(self, width: int) -> list[Strip]:
        """Returns cause, next step and keys of the state, wrapped; empty if there is nothing to say."""
        kind, state = self.kind(), self.state()
        if kind == "frozen":
            return [*self._wrapped(FROZEN, width, "text"), self._hint_line([("space", "back to now")], width)]
        if kind == "replay":
            return self._wrapped(REPLAYED, width, "muted") if self.MONEY else []
        if kind == "ready":
            return []
        lines: list[Strip] = []
        if state.cause:
            strong = kind in ("empty", "error")
            lines += self._wrapped(state.cause, width, "strong" if strong else "text", bold=strong)
        if state.next_step:
            lines += self._wrapped(state.next_step, width, "muted" if kind == "loading" else "text")
        if not lines and kind == "loading":
            lines += self._wrapped("Waiting for the first data.", width, "text")
        if hints := self.hints(kind):
            lines += [self.line(width).strip(), self._hint_line(hints, width)]
        return lines

    def _wrapped(self, text: str, width: int, role: str, *, bold: bool = False) -> list[Strip]:
        style = self.scene.paint.style(role, bold=bold)
        rows = textwrap.wrap(plain(formats.clean(text)), max(8, width - 4))
        return [self.line(width).put(2, row, style).strip() for row in rows]

    def _hint_line(self, hints: list[tuple[str, str]], width: int) -> Strip:
        paint = self.scene.paint
        line = self.line(width)
        for index, (key, word) in enumerate(hints):
            line.put(2 if not index else line.at + 5, key, paint.style("accent", bold=True))
            line.put(line.at + 2, word, paint.style("muted"))
        return line.strip()

    # Painting.

    def paint_lines(self, width: int, height: int) -> list[Strip]:
        """Returns title and body, or title and what the state says."""
        lines = [self.title_line(width)]
        room = height - 1
        if self.has_content():
            lines += self.body(width, room)
        else:
            lines += self._nothing(width, room)
        blank = self.line(width).strip()
        return (lines + [blank] * (height - len(lines)))[:height]

    def _nothing(self, width: int, room: int) -> list[Strip]:
        notes = self.notes(width)
        blank = self.line(width).strip()
        lines = [blank] if room > len(notes) else []
        if self.kind() == "loading" and room >= len(notes) + 7:
            shares = (0.82, 0.74, 0.88, 0.66)
            style = self.scene.paint.style("border")
            lines += [
                self.line(width).put(2, glyph("placeholder") * int((width - 4) * s), style).strip() for s in shares
            ]
            lines.append(blank)
        return lines + notes

    def with_notes(self, lines: list[Strip], width: int, room: int, *, forced: int = 0) -> list[Strip]:
        """Returns `lines` with the state's notes below them: all if there is room, else the first `forced` lines."""
        notes = self.notes(width)
        if not notes:
            return lines[:room]
        blank = self.line(width).strip()
        if len(lines) + 1 + len(notes) <= room:
            return [*lines, blank, *notes]
        forced = min(forced, len(notes))
        return [*lines[: room - forced], *notes[:forced]]
