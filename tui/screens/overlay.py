"""What all overlays share: a shaded dashboard that goes on, a drawn box, halt in one frame, `esc` one level back."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol, TypeVar, cast

from textual.binding import Binding
from textual.color import Color
from textual.screen import ModalScreen

from themes import channels
from tui.widgets.canvas import Canvas, Sheet

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from cambist.view import Runtime
    from tui.scene import Scene

Result = TypeVar("Result")
REPAINT_S = 0.1
SHADE = 0.62


class Overlay(ModalScreen[Result]):
    """A box over the dashboard. Subclasses draw it in `page`; it is drawn anew ten times a second."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "back", id="overlay.back", tooltip="closes this", show=False),
        Binding("k,ctrl+k", "halt_now", "HALT", id="overlay.halt", tooltip="halts all, at once", show=False),
    ]
    CSS_PATH = "overlay.tcss"
    BOX: ClassVar[tuple[int, int]] = (108, 31)
    """Width and height where there is room."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__()
        self.runtime = runtime
        self._shaded = ""

    def compose(self) -> ComposeResult:
        """Yields the one drawn sheet."""
        yield Sheet(self.scene, self.page)

    @property
    def host(self) -> Host:
        """The app, as overlays know it."""
        return cast("Host", self.app)

    @property
    def scene(self) -> Scene:
        """The look of the moment, shared with the dashboard."""
        return self.host.scene

    @property
    def small(self) -> bool:
        """Whether the overlay takes the whole content area."""
        return self.app.size.width < 110 or self.app.size.height < 32

    @property
    def margin(self) -> int:
        """First column of content."""
        return 2 if self.small else 3

    def page(self, width: int, height: int) -> Canvas:
        """Returns the box as drawn for a size."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Starts repainting."""
        self._place()
        self.set_interval(REPAINT_S, self.renew)

    def on_resize(self) -> None:
        """Takes the new size."""
        self._place()

    def renew(self) -> None:
        """Draws the page anew; only lines that differ are painted."""
        if not self.is_attached:
            return
        self._shade()
        for sheet in self.query(Sheet):
            sheet.repaint()

    def action_back(self) -> None:
        """Closes this overlay only."""
        self.dismiss(None)

    def action_halt_now(self) -> None:
        """Halts the live runtime, also from above a replay."""
        self.host.action_halt()

    def _place(self) -> None:
        sheet = self.query_one(Sheet)
        screen = self.app.size
        width, height = (screen.width, screen.height - 2) if self.small else self.BOX
        sheet.styles.width, sheet.styles.height = width, min(height, screen.height - 2)
        self._shade()

    def _shade(self) -> None:
        """Lays the shade over the dashboard; without true colours there is none."""
        theme = self.scene.theme
        if theme.name == self._shaded:
            return
        self._shaded = theme.name
        if theme.colours == "true":
            self.styles.background = Color(*channels(theme.roles["shade"]), SHADE)
        else:
            self.styles.background = Color(0, 0, 0, 0)


class Host(Protocol):
    """What an overlay needs of the app below it."""

    @property
    def scene(self) -> Scene:
        """The look of the moment."""
        ...

    def action_halt(self) -> None:
        """Halts the live runtime, whichever is shown."""
        ...
