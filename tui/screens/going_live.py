"""The dialog between PAPER and LIVE: who pays, what may be lost, what was checked, and a word that must be typed."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding

from cambist.model.commands import SetMode
from tui import formats
from tui.glyphs import glyph, is_ascii, plain
from tui.screens.overlay import Overlay
from tui.widgets.canvas import Canvas, Sheet, cells, clip, wrap

if TYPE_CHECKING:
    from textual.binding import BindingType
    from textual.events import Click, Key, Paste

    from cambist.view import Gate, Runtime

CHECK_S = 0.5
"""How often the checks are asked for again: some read files, so not at every repaint."""
_COINS = ("DUCAT", "FLORIN", "GROAT", "THALER", "SEQUIN", "GUILDER", "STATER", "TESTOON", "ANGEL", "CROWN")
_MARGIN = 3


def new_word() -> str:
    """Returns a word nobody has typed before out of habit: a coin and two digits, drawn anew each time."""
    return f"{secrets.choice(_COINS)}-{10 + secrets.randbelow(90)}"


class GoingLiveScreen(Overlay[bool], inherit_bindings=False):
    """Gives True once armed. While a check fails no word is offered; a check that turns stale closes the dialog.

    Focus is on Cancel and `enter` means Cancel. Letters go to the field whatever has the focus. `tab` reaches *Arm
    live* only while the word matches, and any further letter takes the focus back.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "cancel", id="live.cancel", tooltip="stays on paper", show=False),
        Binding("ctrl+k", "halt_now", "HALT", id="live.halt", tooltip="halts all, at once", show=False),
    ]
    BOX: ClassVar[tuple[int, int]] = (76, 25)

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self.word = new_word()
        self.typed = ""
        self.on_arm = False
        self.note = ""
        self.checks: tuple[Gate, ...] = ()
        self._checked = 0.0
        self._offered = False

    @property
    def offered(self) -> bool:
        """Whether the word may be typed: there are checks and all of them pass."""
        return bool(self.checks) and all(check.passed for check in self.checks)

    @property
    def fits(self) -> bool:
        """Whether the word is typed."""
        return self.offered and self.typed == self.word

    def on_mount(self) -> None:
        """Asks for the checks."""
        self._check(force=True)

    def renew(self) -> None:
        """Asks for the checks when due; closes if one that passed does no more."""
        self._check()
        super().renew()

    def page(self, width: int, height: int) -> Canvas:
        """Returns the dialog."""
        canvas = Canvas(width, height)
        y = self._stakes(canvas, 2 if height > 23 else 1)
        y = self._checked_rows(canvas, y + 1, height)
        if self.offered:
            self._field(canvas, height)
        else:
            failing = sum(not check.passed for check in self.checks)
            text = (
                f"cambist stays on paper: {failing} of {len(self.checks)} checks fail. "
                "The word to type is offered once all of them pass."
                if self.checks
                else "cambist stays on paper: nothing has been checked."
            )
            for offset, line in enumerate(wrap(text, width - 2 * _MARGIN)):
                canvas.put(_MARGIN, height - 6 + offset, line)
        self._buttons(canvas, height - 3)
        canvas.box("Go live", (), "danger", heavy=True)
        return canvas

    def on_key(self, event: Key) -> None:
        """Takes letters for the field; `enter` cancels unless *Arm live* has the focus and the word fits."""
        key = event.key
        if key == "enter":
            if self.on_arm and self.fits:
                self._arm()
            else:
                self.action_back()
        elif key in ("tab", "shift+tab"):
            self.on_arm = self.fits and not self.on_arm
        elif not self.offered:
            if key == "k":
                self.action_halt_now()
            return
        elif key == "backspace":
            self.typed, self.on_arm, self.note = self.typed[:-1], False, ""
        elif event.character and event.character.isprintable() and len(self.typed) < 24:
            self.typed, self.on_arm, self.note = self.typed + event.character, False, ""
        else:
            return
        event.stop()
        self.renew()

    def on_paste(self, event: Paste) -> None:
        """Refuses pasted text."""
        event.stop()
        if self.offered:
            self.note = "paste is refused; type it"
            self.renew()

    def on_click(self, event: Click) -> None:
        """Cancels from the button; nothing can be armed with a pointer."""
        sheet = self.query_one(Sheet)
        x, y = event.screen_x - sheet.region.x, event.screen_y - sheet.region.y
        if y == sheet.size.height - 3 and _MARGIN <= x < _MARGIN + 10:
            self.action_back()

    def action_back(self) -> None:
        """Stays on paper."""
        self.dismiss(False)

    def action_halt_now(self) -> None:
        """Halts, and stays on paper."""
        super().action_halt_now()
        self.dismiss(False)

    def _check(self, *, force: bool = False) -> None:
        now = time.monotonic()
        if not force and now - self._checked < CHECK_S:
            return
        self.checks, self._checked = self.runtime.live_checks(), now
        if self._offered and not self.offered:
            self.dismiss(False)
        self._offered = self.offered

    def _arm(self) -> None:
        """Checks once more, then arms."""
        self._check(force=True)
        if self.fits:
            self.runtime.submit(SetMode("live"))
            self.dismiss(True)

    def _stakes(self, canvas: Canvas, y: int) -> int:
        view, end = self.runtime.view, canvas.width - _MARGIN
        canvas.put(_MARGIN, y, "cambist will then spend, without asking again, from")
        if view.status.demo:
            canvas.right(end, y, f"{glyph('demo')} DEMO chain", "demo bold")
        wallet = view.trades.real
        name = formats.cut(wallet.name, 24) if wallet is not None else "no wallet"
        balance = None if wallet is None else wallet.balance
        held = formats.money(balance, wallet.decimals, 3) if wallet is not None else glyph("unknown")
        unit = "" if wallet is None else f" {formats.symbol(wallet.unit)}"
        canvas.run(
            _MARGIN, y + 1, (f"{name} wallet" if wallet is not None else name, "strong bold"), ("  holding ", "muted"),
            (f"{held}{unit}", "strong bold"), (", not read yet" if balance is None else "", "muted"),
        )  # fmt: skip
        canvas.put(_MARGIN, y + 3, "It may lose at most", "muted")
        limit = view.headline.loss_limit
        amount = f"{formats.money(limit, view.headline.decimals, 2)} {formats.symbol(view.headline.unit)}"
        label = "from the day's peak"
        canvas.put(_MARGIN, y + 4, label)
        start = canvas.right(end, y + 4, amount, "strong bold")
        dots = "." if is_ascii() else glyph("dot")
        canvas.put(_MARGIN + 26, y + 4, dots * max(0, start - 4 - _MARGIN - 26), "border")
        return y + 6

    def _checked_rows(self, canvas: Canvas, y: int, height: int) -> int:
        end, last = canvas.width - _MARGIN, height - 7
        canvas.put(_MARGIN, y - 1, "Checked", "muted")
        for check in sorted(self.checks, key=lambda check: check.passed):
            if y > last:
                break
            mark, role = ("passed", "accent") if check.passed else ("failed", "danger bold")
            canvas.put(_MARGIN, y, glyph(mark), role)
            has = plain(formats.clean(check.has))
            if check.passed:
                start = canvas.right(end, y, clip(has, end - _MARGIN - 20), "muted")
                canvas.put(_MARGIN + 2, y, formats.cut(check.label, start - _MARGIN - 3), "text")
                y += 1
                continue
            canvas.put(_MARGIN + 2, y, formats.cut(check.label, 30), "strong bold")
            room = end - _MARGIN - 34
            lines = [(line, "text") for line in wrap(has, room)]
            if check.needed:
                lines += [(line, "muted") for line in wrap(f"needed: {plain(formats.clean(check.needed))}", room)]
            lines = lines[: max(1, last + 1 - y)]
            for offset, (line, role) in enumerate(lines):
                canvas.put(_MARGIN + 34, y + offset, line, role)
            y += max(1, len(lines))
        return y

    def _field(self, canvas: Canvas, height: int) -> None:
        canvas.run(
            _MARGIN, height - 7, ("Type ", "text"), (self.word, "danger bold"),
            (" to arm. The word changes every time.", "text"),
        )  # fmt: skip
        canvas.put(_MARGIN, height - 5, " " * 30, "text@raised")
        x = canvas.put(_MARGIN + 1, height - 5, clip(self.typed, 27), "strong@raised bold")
        if not self.on_arm:
            canvas.put(x, height - 5, " ", "text@raised reverse")
        left = len(self.word) - len(self.typed)
        if self.note:
            text, role = self.note, "stale"
        elif self.fits:
            text, role = "the word fits; tab, then enter arms", "text"
        elif not self.word.startswith(self.typed):
            text, role = "that is not the word; backspace", "stale"
        else:
            text, role = f"{left} character{'s' if left != 1 else ''} to go", "muted"
        canvas.put(_MARGIN + 33, height - 5, text, role)

    def _buttons(self, canvas: Canvas, y: int) -> None:
        chip = "on-accent@accent bold" if self.scene.theme.colours != "mono" else "strong bold reverse"
        plainly = "text@surface" if self.scene.theme.colours == "true" else "text"
        x = canvas.put(_MARGIN, y, "  Cancel  ", plainly if self.on_arm else chip)
        if not self.offered:
            canvas.put(x + 2, y, "enter cancels", "muted")
            return
        armed = "on-live@live bold" if self.on_arm else "muted@surface" if not self.fits else plainly
        x = canvas.put(x + 2, y, "  Arm live  ", armed)
        text = "enter arms; tab goes back" if self.on_arm else "enter cancels; tab once the word fits"
        canvas.put(x + 2, y, clip(text, canvas.width - x - 2 - cells("  ")), "muted")
