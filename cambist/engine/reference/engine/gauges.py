"""Single figures that an operator's rule reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.engine.views import reference_row

if TYPE_CHECKING:
    from cambist.engine.reference.engine import ReferenceEngine


def gauge(engine: ReferenceEngine, name: str, mint: str, now_ns: int) -> float | None:
    """Returns what a gauge shows at the state as it is, `None` where that is unknown or there is no such gauge.

    `price`, `rsi`, `ema`, `kama`, `band_low` and `band_high` are of a token, by its reference venue; `congestion` is of
    the chain, whatever the mint.
    """
    if name == "congestion":
        congestion = engine.fees.congestion()
        return None if congestion is None else float(congestion)
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
