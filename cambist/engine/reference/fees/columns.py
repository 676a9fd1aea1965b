"""Costs of many trades at once, over columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.venues import VENUES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.config.settings import Bidding
from cambist.engine.reference.fees.cost import SwapShape, base_fee, cu_limit, priority_fee, tip


class Estimates(NamedTuple):
    """What each trade pays, in lamports; -1 is unknown."""

    cu_limits: list[int]
    base_fees: list[int]
    priority_fees: list[int]
    tips: list[int]


class EstimateError(ValueError):
    """Columns that don't belong together, or a figure that can't be one."""


def estimate_trades(
    venues: Sequence[int],
    ticks: Sequence[int],
    flags: Sequence[int],
    gross: Sequence[int],
    price: int | None,
    bidding: Bidding,
) -> Estimates:
    """Returns what each trade pays at `price` micro-lamports per compute unit.

    `venues` (places in `VENUES`), `ticks` (crossed ticks or bins) and `flags` (1: a Token-2022 mint, 2: adaptive fees)
    hold the same number of hops for each trade; `gross` is in lamports, -1 if unknown. Raises `EstimateError`.

    >>> from cambist.config.settings import Bidding
    >>> estimate_trades([0, 2], [0, 1], [0, 0], [1_000_000], 10_000, Bidding())
    Estimates(cu_limits=[95157], base_fees=[5000], priority_fees=[952], tips=[50000])
    """
    trades = len(gross)
    whole = bool(trades) and len(venues) % trades == 0
    if len(ticks) != len(venues) or len(flags) != len(venues) or not (whole or not venues):
        message = f"{len(venues)} hops, {len(ticks)} ticks and {len(flags)} flags are no table of {trades} trades"
        raise EstimateError(message)
    hops = len(venues) // trades if trades else 0
    found = Estimates([], [], [], [])
    for trade, earned in enumerate(gross):
        places = range(trade * hops, (trade + 1) * hops)
        shapes = [shape for at in places if (shape := _shape(venues, ticks, flags, at)) is not None]
        if earned < -1:
            message = f"gross at {trade} was {earned}"
            raise EstimateError(message)
        limit = cu_limit(shapes)
        paid = None if price is None or limit is None else priority_fee(price, limit)
        found.cu_limits.append(_known(limit))
        found.base_fees.append(_known(base_fee(bidding.signatures)))
        found.priority_fees.append(_known(paid))
        found.tips.append(_known(None if earned < 0 else tip(earned, bidding)))
    return found


def _shape(venues: Sequence[int], ticks: Sequence[int], flags: Sequence[int], at: int) -> SwapShape | None:
    """Returns one hop, `None` where there is none."""
    if venues[at] == -1:
        return None
    for column, value, most in (
        ("flags", flags[at], 3),
        ("venues", venues[at], len(VENUES) - 1),
        ("ticks", ticks[at], (1 << 32) - 1),
    ):
        if not 0 <= value <= most:
            message = f"{column} at {at} was {value}"
            raise EstimateError(message)
    return SwapShape(VENUES[venues[at]], ticks[at], bool(flags[at] & 1), bool(flags[at] & 2))


def _known(value: int | None) -> int:
    return -1 if value is None or value >= 1 << 63 else value
