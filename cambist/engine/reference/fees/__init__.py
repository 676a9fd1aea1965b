"""Priority fee, tip and congestion from live samples.

A plain node gives only the *minimum* landed fee of each slot; some give a percentile. The two never mix: without a
percentile column every percentile question answers `None`, and a bid's percentile is one of slots. Prices are
micro-lamports per compute unit.

**Congestion**, 0-100: the median price of the newest eight slots against the calm level, which is the lower quartile of
the medians of past 32-slot buckets (about 27 minutes of them, and at least 1,000 micro-lamports): 0 at or below it, 25
more for each doubling, straight lines between, 100 from 16 times on. Unknown before eight slots and four buckets were
seen.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from cambist.engine.protocol import FeeSample
from cambist.engine.reference.fees.columns import EstimateError, Estimates, estimate_trades
from cambist.engine.reference.fees.cost import (
    MAX_CU,
    SIGNATURE_LAMPORTS,
    SwapShape,
    TradeCost,
    base_fee,
    cu_limit,
    priority_fee,
    swap_cu,
    tip,
    token_account_rent,
)
from cambist.engine.reference.fees.rows import PERCENT, column_of_request, median, share_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cambist.config.settings import Bidding

__all__ = [
    "BUCKET_SLOTS",
    "HISTORY",
    "MAX_CU",
    "PERCENT",
    "SIGNATURE_LAMPORTS",
    "Bid",
    "EstimateError",
    "Estimates",
    "FeeModel",
    "FeeState",
    "FeeStateError",
    "SwapShape",
    "TradeCost",
    "base_fee",
    "column_of_request",
    "cu_limit",
    "estimate_trades",
    "median",
    "priority_fee",
    "swap_cu",
    "tip",
    "token_account_rent",
]

BUCKET_SLOTS: Final = 32
"""Slots in a bucket of the history."""
HISTORY: Final = 128
"""Buckets kept."""
_RECENT: Final = 8
"""Newest rows that make the present level."""
_BEFORE: Final = 24
"""Rows before these that a trend compares with."""
_MINIMUMS: Final = 20
"""Newest rows whose minimums a percentile is taken over where no source gives one."""
_MIN_BUCKETS: Final = 4
_MAX_SLOT: Final = 1 << 62
"""Slots beyond this are no slots."""
_NOISE: Final = 1_000
"""Prices up to here are noise: at 200,000 compute units they are 200 lamports."""
_U64_MAX: Final = (1 << 64) - 1
_LEVEL: Final = ("p50", "p75", "p90", "p25", "p99", "minimum")
"""Which column speaks for the level, best first."""


class Bid(NamedTuple):
    """A price and where it comes from: `p75` (the column used), `estimate`, `floor` (these were lower) or `minimum`."""

    micro_lamports: int
    source: str


class FeeState(msgspec.Struct):
    """What a snapshot keeps of a `FeeModel`; the same in both engines."""

    newest_ns: int | None
    rows: list[FeeSample]
    history: list[FeeSample]


class FeeStateError(ValueError):
    """A snapshot that can't be one."""


class FeeModel:
    """Prioritisation fees by slot over a window, and bucket medians beyond it."""

    def __init__(self, window_slots: int) -> None:
        self.newest_ns: int | None = None
        """When a sample last came in."""
        self._window_slots = max(window_slots, 1)
        self._rows: dict[int, FeeSample] = {}
        self._history: dict[int, FeeSample] = {}

    @classmethod
    def from_state(cls, window_slots: int, state: FeeState) -> FeeModel:
        """Restores a snapshot. Raises `FeeStateError` if rows are not in ascending slot order."""
        this = cls(window_slots)
        this.newest_ns = state.newest_ns
        this._rows, this._history = _index(state.rows), _index(state.history)
        return this

    def state(self) -> FeeState:
        """Returns what a snapshot keeps."""
        return FeeState(self.newest_ns, self.rows(), self.history())

    def add(self, samples: Iterable[tuple[int, int]], percentile: int | None, recv_ns: int) -> bool:
        """Takes (slot, price) samples of one reply. Returns whether there is a column for them; others are left alone.

        `percentile` is the request's, in basis points, `None` for a plain node.
        """
        column = column_of_request(percentile)
        if column is None:
            return False
        taken = False
        for slot, price in samples:
            if slot > _MAX_SLOT:
                continue
            taken = True
            row = self._rows.get(slot)
            if row is None or getattr(row, column) != price:
                row = FeeSample(slot, recv_ns) if row is None else row
                self._rows[slot] = msgspec.structs.replace(row, **{column: price, "recv_ns": recv_ns})
        if taken:
            self.newest_ns = recv_ns
            self._trim()
        return True

    def rows(self) -> list[FeeSample]:
        """Returns the rows of the window, oldest first."""
        return [self._rows[slot] for slot in sorted(self._rows)]

    def history(self) -> list[FeeSample]:
        """Returns the medians of past 32-slot buckets, oldest first; `slot` is a bucket's first."""
        return [self._history[slot] for slot in sorted(self._history)]

    def source(self) -> str:
        """Returns `percentiles`, `minimum` or, before any sample, nothing."""
        column = self._level_column()
        return "" if column is None else "minimum" if column == "minimum" else "percentiles"

    def column(self, percent: int) -> str | None:
        """Returns the column that answers percentile `percent`: the lowest known one not below it."""
        for column, value in PERCENT.items():
            if value >= max(percent, 1) and self._knows(column):
                return column
        return None

    def percentile(self, percent: int) -> int | None:
        """Returns the median over the window of the column that answers `percent`, `None` if no source gave one."""
        column = self.column(percent)
        return None if column is None else median(self._values(column))

    def bid(self, bidding: Bidding) -> Bid | None:
        """Returns the price to bid: the percentile, at least the floor.

        Where only minimums are known it is the one that would have landed in that share of the newest twenty slots;
        `None` before any sample.
        """
        return self.bid_at(bidding.percentile, bidding.floor_micro_lamports)

    def bid_at(self, percent: int, floor: int) -> Bid | None:
        """Returns the price to bid at a percentile, at least the floor; see `bid`."""
        column = self.column(percent)
        if column is not None:
            price = median(self._values(column)) or 0
            return Bid(max(price, floor), "floor" if price < floor else column)
        minimums = self._values("minimum")
        least = share_of(minimums[-_MINIMUMS:], percent)
        return None if least is None else Bid(max(least, floor), "minimum")

    def trade(self, bidding: Bidding, cu_limit: int, gross_lamports: int | None) -> TradeCost:
        """Returns what a trade pays now. A tip needs the gross in lamports; no bid, no known priority fee."""
        bid = self.bid(bidding)
        return TradeCost(
            base_fee(bidding.signatures),
            None if bid is None else priority_fee(bid.micro_lamports, cu_limit),
            None if gross_lamports is None else tip(gross_lamports, bidding),
        )

    def congestion(self) -> int | None:
        """Returns the congestion score, 0-100, or `None` while too little was observed."""
        column = self._level_column()
        if column is None:
            return None
        values = self._values(column)
        past = sorted(p for row in self._history.values() if (p := getattr(row, column)) is not None)
        if len(values) < _RECENT or len(past) < _MIN_BUCKETS:
            return None
        calm = max(past[(len(past) - 1) // 4], _NOISE)
        return _doublings(median(values[-_RECENT:]) or 0, calm)

    def trend(self) -> str:
        """Returns `rising`, `falling` or `steady`; empty while too little was observed.

        The newest eight slots against up to 24 before them, a quarter more or a fifth less.
        """
        column = self._level_column()
        values = [] if column is None else self._values(column)
        if len(values) < 2 * _RECENT:
            return ""
        before, now = values[:-_RECENT][-_BEFORE:], values[-_RECENT:]
        was, level = max(median(before) or 0, _NOISE), max(median(now) or 0, _NOISE)
        if level * 4 >= was * 5:
            return "rising"
        return "falling" if level * 5 <= was * 4 else "steady"

    def _knows(self, column: str) -> bool:
        return any(getattr(row, column) is not None for row in self._rows.values())

    def _level_column(self) -> str | None:
        return next((column for column in _LEVEL if self._knows(column)), None)

    def _values(self, column: str) -> list[int]:
        return [p for slot in sorted(self._rows) if (p := getattr(self._rows[slot], column)) is not None]

    def _trim(self) -> None:
        """Drops rows that left the window and keeps the medians of the complete buckets in it."""
        newest = max(self._rows)
        oldest = newest + 1 - self._window_slots
        self._rows = {slot: row for slot, row in self._rows.items() if slot >= oldest}
        start = -(-min(self._rows) // BUCKET_SLOTS) * BUCKET_SLOTS
        while start + BUCKET_SLOTS <= newest + 1:
            bucket = self._bucket(start)
            if bucket is not None:
                self._history[start] = bucket
            start += BUCKET_SLOTS
        for slot in sorted(self._history)[: max(len(self._history) - HISTORY, 0)]:
            del self._history[slot]

    def _bucket(self, start: int) -> FeeSample | None:
        """Returns the medians of the rows of one bucket, `None` if it has none."""
        rows = [self._rows[slot] for slot in range(start, start + BUCKET_SLOTS) if slot in self._rows]
        if not rows:
            return None
        medians = {c: median([p for row in rows if (p := getattr(row, c)) is not None]) for c in PERCENT}
        return FeeSample(start, max(row.recv_ns for row in rows), **medians)


def _index(rows: Sequence[FeeSample]) -> dict[int, FeeSample]:
    for before, after in itertools.pairwise(rows):
        if before.slot >= after.slot:
            msg = f"fee rows out of order at slot {after.slot}"
            raise FeeStateError(msg)
    return {row.slot: row for row in rows}


def _doublings(level: int, calm: int) -> int:
    """Returns 25 per doubling of `level` over `calm`, straight between doublings, 0-100."""
    if level <= calm:
        return 0
    score, octave = 0, calm
    while score < 100 and level >= 2 * octave:
        score += 25
        octave *= 2
    return 100 if score >= 100 else score + (level - octave) * 25 // octave
