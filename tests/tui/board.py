"""A dashboard as tests see it: its lines of text, and one pull at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len

from tui.widgets.snapshot_table import SnapshotTable

if TYPE_CHECKING:
    from tui.app import CambistApp
    from tui.screens.dashboard import Dashboard


SIZES = [
    (80, 24),
    (80, 50),
    (96, 28),
    (109, 40),
    (110, 32),
    (120, 40),
    (150, 45),
    (179, 60),
    (180, 50),
    (200, 60),
    (260, 80),
]


def board(app: CambistApp) -> Dashboard:
    return app.dashboard


def table(app: CambistApp, name: str) -> SnapshotTable:
    return app.query_one(f"#{name}", SnapshotTable)


def screen_lines(app: CambistApp) -> list[str]:
    """Returns the text of the screen, line by line, as composed."""
    size = app.size
    lines = [[" "] * size.width for _ in range(size.height)]
    dashboard = board(app)
    for name, box in dashboard.floor.boxes.items():
        widget = next(child for child in dashboard.floor.children if child.id == name)
        for y, text in enumerate(getattr(widget, "lines", list)()[: box.height]):
            x = box.x
            for char in text:
                width = cell_len(char)
                if width and x < size.width:
                    lines[box.y + y][x] = char
                x += width
    return ["".join(line) for line in lines]


async def settle(pilot, app: CambistApp) -> None:
    """Lets one pull happen and everything be painted."""
    board(app).pull()
    board(app)._chrome(board(app).view)
    await pilot.pause()
