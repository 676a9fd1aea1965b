"""Single figures that an operator's rule reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.engine.views import congestion, reference_row, source
from cambist.model.ledger import TokenValue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.engine.reference.engine import ReferenceEngine


def token_value(
    engine: ReferenceEngine, mint: str, venues: Sequence[str], max_age_ns: int, now_ns: int
) -> TokenValue | None:
    """Returns what a whole token is worth in whole quote tokens now, `None` where that is unknown.

    That is the mid of the deepest of its venues that can be believed, of equals the first by name; only of `venues`
    unless that is empty, and not of a price that is older.
    """
    if mint == engine.setup.quote_mint:
        return TokenValue(1.0)
    best, best_depth = None, 0.0
    for key, row in sorted(engine.prices.rows.items()):
        if key[0] != mint or row.synthetic or (venues and row.venue not in venues):
            continue
        _, current_ns, (state,) = source(engine, row, now_ns)
        if state not in ("live", "injected") or row.bid is None or row.ask is None or current_ns is None:
            continue
        age_ns = max(0, now_ns - current_ns)
        if age_ns <= max_age_ns and (best is None or row.depth > best_depth):
            best, best_depth = TokenValue((row.bid + row.ask) / 2.0, row.venue, age_ns), row.depth
    return best


def gauge(engine: ReferenceEngine, name: str, mint: str, now_ns: int) -> float | None:
    """Returns what a gauge shows at the state as it is, `None` where that is unknown or there is no such gauge.

    `price`, `rsi`, `ema`, `kama`, `band_low` and `band_high` are of a token, by its reference venue; `congestion` is of
    the chain, whatever the mint, and as it is shown.
    """
    if name == "congestion":
        shown = congestion(engine)
        return None if shown is None else float(shown)
    row = reference_row(engine, mint, now_ns)
    if row is None:
        return None
    series, bands = row.series, row.series.bands.value
    match name:
        case "price":
            return None if row.bid is None or row.ask is None else (row.bid + row.ask) / 2.0
        case "rsi":
            return series.rsi.value
        case "ema":
            return series.ema.value
        case "kama":
            return series.kama.value
        case "band_low":
            return None if bands is None else bands.low
        case "band_high":
            return None if bands is None else bands.high
    return None
