"""What all overlays share: a shaded dashboard that goes on, a drawn box, halt in one frame, `esc` one level back."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol, TypeVar, cast

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding
from textual.screen import ModalScreen
from textual.strip import Strip

from themes import channels
from tui.widgets.canvas import Canvas, Sheet

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.geometry import Region

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
    WHOLE: ClassVar[bool] = False
    """It takes the whole content area at every size."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__()
        self.runtime = runtime
        self._shaded = ""
        self._shade_colour: tuple[int, int, int] | None = None
        self._shaded_styles: dict[Style, Style] = {}
        self._below: list[Strip] | None = None

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

    def render_lines(self, crop: Region) -> list[Strip]:
        """Returns lines of the shaded dashboard; what lies below is composed once for all of them."""
        self._below = None
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Returns a line of what lies below, shaded. Textual's own way through Rich took three times as long."""
        if self._below is None:
            stack = self.app.screen_stack
            below = stack[stack.index(self) - 1]._compositor.render_strips() if self in stack[1:] else []
            self._below = [self._shaded_line(line) for line in below]
        return self._below[y] if y < len(self._below) else Strip.blank(self.size.width)

    def _shaded_line(self, line: Strip) -> Strip:
        if self._shade_colour is None:
            return line
        return Strip(
            [Segment(text, self._shaded_style(style), control) for text, style, control in line], line.cell_length
        )

    def _shaded_style(self, style: Style | None) -> Style:
        style = style or Style.null()
        found = self._shaded_styles.get(style)
        if found is None:
            found = self._shaded_styles[style] = style + Style(
                color=self._blend(style.color), bgcolor=self._blend(style.bgcolor)
            )
        return found

    def _blend(self, colour: RichColor | None) -> RichColor | None:
        if colour is None or colour.triplet is None or self._shade_colour is None:
            return colour
        mixed = zip(colour.triplet, self._shade_colour, strict=True)
        return RichColor.from_rgb(*(round(a * (1 - SHADE) + b * SHADE) for a, b in mixed))

    def action_back(self) -> None:
        """Closes this overlay only."""
        self.dismiss(None)

    def action_halt_now(self) -> None:
        """Halts the live runtime, also from above a replay."""
        self.host.action_halt()

    def _place(self) -> None:
        sheet = self.query_one(Sheet)
        screen = self.app.size
        width, height = (screen.width, screen.height - 2) if self.small or self.WHOLE else self.BOX
        sheet.styles.width, sheet.styles.height = width, min(height, screen.height - 2)
        self._shade()

    def _shade(self) -> None:
        """Lays the shade over the dashboard; without true colours there is none."""
        theme = self.scene.theme
        if theme.name == self._shaded:
            return
        self._shaded = theme.name
        self._shade_colour = channels(theme.roles["shade"]) if theme.colours == "true" else None
        self._shaded_styles.clear()
        self.refresh()


class Host(Protocol):
    """What an overlay needs of the app below it."""

    @property
    def scene(self) -> Scene:
        """The look of the moment."""
        ...

    def action_halt(self) -> None:
        """Halts the live runtime, whichever is shown."""
        ...
