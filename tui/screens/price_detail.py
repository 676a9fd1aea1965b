"""The overlay of one token's price."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.model.commands import InspectPrice
from cambist.view import PriceDetail
from tui.screens import price_page
from tui.screens.opened import Opened

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cambist.view import Runtime
    from tui.widgets.canvas import Canvas

KEYS = (("esc", "back"), ("y", "copy JSON"), ("[ ]", "previous, next token"))


class PriceDetailScreen(Opened[PriceDetail]):
    """Bars, average and band of a token on its reference venue, and the token on every venue.

    `order` gives the keys of the table; walking goes from token to token, to the first row of each.
    """

    TITLE = "Price detail"
    ASKS = InspectPrice
    WANTS = "bars, average and band"
    GONE = "This price is no longer there; this is how it was last."
    NEVER_CAME = "This price went before it could be opened."

    def __init__(self, runtime: Runtime, key: str, *, order: Callable[[], Sequence[str]] | None = None) -> None:
        rows = order or (lambda: [row.key for row in runtime.view.prices.rows])
        super().__init__(runtime, key, lambda: self._firsts(rows()))

    def _firsts(self, keys: Sequence[str]) -> list[str]:
        """Returns one key a token: this overlay's own, else the first."""
        tokens = {row.key: row.token for row in self.runtime.view.prices.rows}
        firsts: dict[str, str] = {}
        for key in keys:
            token = tokens.get(key, key)
            if token not in firsts or key == self.key:
                firsts[token] = key
        return list(firsts.values())

    def answer(self) -> PriceDetail | None:
        """Returns the View's detail if it is of this row."""
        detail = self.runtime.view.price_detail
        return detail if detail is not None and detail.key == self.key else None

    def exists(self) -> bool:
        """Returns whether the table still has the row."""
        return any(row.key == self.key for row in self.runtime.view.prices.rows)

    def offered(self) -> tuple[tuple[str, str], ...]:
        """Returns the keys."""
        return KEYS

    def draw(self, canvas: Canvas, detail: PriceDetail) -> None:
        """Draws the price."""
        price_page.draw(canvas, detail)
