"""Priority fee, tip and congestion from live samples.

A plain node gives only the *minimum* landed fee of each slot; some give a percentile. The two never mix: without a
percentile column every percentile question answers `None`. Prices are micro-lamports per compute unit.

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
from cambist.engine.reference.venues import VENUES, named

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cambist.config.settings import Bidding

BUCKET_SLOTS: Final = 32
"""Slots in a bucket of the history."""
HISTORY: Final = 128
"""Buckets kept."""
SIGNATURE_LAMPORTS: Final = 5_000
"""Lamports per signature."""
MAX_CU: Final = 1_400_000
"""Most compute units a transaction may ask for."""
_RECENT: Final = 8
"""Newest rows that make the present level."""
_BEFORE: Final = 24
"""Rows before these that a trend compares with."""
_MINIMUMS: Final = 20
"""Newest rows whose highest minimum is the bid where percentiles are unknown."""
_MIN_BUCKETS: Final = 4
_MAX_SLOT: Final = 1 << 62
"""Slots beyond this are no slots."""
_NOISE: Final = 1_000
"""Prices up to here are noise: at 200,000 compute units they are 200 lamports."""
_BUDGET_CU: Final = 300
"""Two compute-budget instructions."""
_MARGINPERCENT: Final = 10
"""Asked on top of the estimate: the price is paid on the limit, and a limit that is too low fails the trade."""
_U64_MAX: Final = (1 << 64) - 1

_TOKEN_ACCOUNT: Final = 165
_EXTENSION_HEAD: Final = 4
_ACCOUNT_OVERHEAD: Final = 128
_LAMPORTS_PER_BYTE: Final = 6_960
_ACCOUNT_FIELDS: Final = {1: _EXTENSION_HEAD + 8, 9: _EXTENSION_HEAD, 14: _EXTENSION_HEAD + 1, 26: _EXTENSION_HEAD}
"""Bytes that a mint's extension takes in each of its accounts: the transfer fee withheld, not transferable, hook,
pausable."""

PERCENT: Final = {"minimum": 0, "p25": 25, "p50": 50, "p75": 75, "p90": 90, "p99": 99}
"""Columns of the rows, lowest first."""
_LEVEL: Final = ("p50", "p75", "p90", "p25", "p99", "minimum")
"""Which column speaks for the level, best first."""


class Bid(NamedTuple):
    """A price and where it comes from: `p75` (the column used), `estimate`, `floor` (these were lower) or `minimum`."""

    micro_lamports: int
    source: str


class TradeCost(NamedTuple):
    """What one trade pays the chain, in lamports."""

    base_fee: int
    priority_fee: int | None
    tip: int | None


class SwapShape(NamedTuple):
    """A swap in a transaction, as far as its compute units go."""

    venue: str
    """One of `VENUES`."""
    ticks_crossed: int = 0
    """Ticks or bins."""
    token_2022: bool = False
    """One of its mints is a Token-2022 mint."""
    adaptive: bool = False
    """Its fees follow its volatility."""


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

        Where only minimums are known it is the highest of the newest twenty; `None` before any sample.
        """
        return self.bid_at(bidding.percentile, bidding.floor_micro_lamports)

    def bid_at(self, percent: int, floor: int) -> Bid | None:
        """Returns the price to bid at a percentile, at least the floor; see `bid`."""
        column = self.column(percent)
        if column is not None:
            price = median(self._values(column)) or 0
            return Bid(max(price, floor), "floor" if price < floor else column)
        minimums = self._values("minimum")
        return Bid(max(*minimums[-_MINIMUMS:], floor), "minimum") if minimums else None

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


def column_of_request(percentile: int | None) -> str | None:
    """Returns the column of a request's percentile in basis points; `None` if there is no such column."""
    if percentile is None:
        return "minimum"
    return next((c for c, percent in PERCENT.items() if percent > 0 and percent * 100 == percentile), None)


def _index(rows: Sequence[FeeSample]) -> dict[int, FeeSample]:
    for before, after in itertools.pairwise(rows):
        if before.slot >= after.slot:
            msg = f"fee rows out of order at slot {after.slot}"
            raise FeeStateError(msg)
    return {row.slot: row for row in rows}


def median(values: Sequence[int]) -> int | None:
    """Returns the lower median."""
    return sorted(values)[(len(values) - 1) // 2] if values else None


def _doublings(level: int, calm: int) -> int:
    """Returns 25 per doubling of `level` over `calm`, straight between doublings, 0-100."""
    if level <= calm:
        return 0
    score, octave = 0, calm
    while score < 100 and level >= 2 * octave:
        score += 25
        octave *= 2
    return 100 if score >= 100 else score + (level - octave) * 25 // octave


def base_fee(signatures: int) -> int:
    """Returns the fee of the signatures, in lamports."""
    return min(signatures * SIGNATURE_LAMPORTS, _U64_MAX)


def priority_fee(micro_lamports: int, cu_limit: int) -> int | None:
    """Returns `ceil(price · limit / 10^6)` lamports: charged on the limit, whatever is used. `None` beyond a u64."""
    fee = -(-micro_lamports * cu_limit // 1_000_000)
    return fee if fee <= _U64_MAX else None


def tip(gross_lamports: int, bidding: Bidding) -> int | None:
    """Returns the tip: a share of the gross (lamports), rounded down, at least the minimum. `None` beyond a u64."""
    share = gross_lamports * bidding.tip_ppm_of_gross // 1_000_000
    return max(share, bidding.min_tip_lamports) if share <= _U64_MAX else None


def swap_cu(swap: SwapShape) -> int | None:
    """Returns the compute units of one swap, `None` for a venue that was not measured.

    Measured on the programs with p-token, for exact input; the limit asked for, a tenth more, covers every recorded
    swap. A tick more than quoted may be crossed, as the price may move. Adaptive fees step through groups of ticks:
    what that takes is not in the quote, so what is added for it covers only the usual swap.
    """
    row = named(swap.venue)
    if row is None or row.compute is None:
        return None
    base, step, token_2022, adaptive = row.compute
    extra = (adaptive if swap.adaptive else 0) + (token_2022 if swap.token_2022 else 0)
    return base + step * (swap.ticks_crossed + 1) + extra


def token_account_rent(extensions: Iterable[int], *, token_2022: bool) -> int:
    """Returns the lamports that make an associated token account of a mint rent-exempt.

    6,960 a byte, 128 bytes of them for the account itself. `extensions` are the mint's Token-2022 extension types: some
    put a field into each account.

    >>> token_account_rent([], token_2022=False), token_account_rent([1], token_2022=True)
    (2039280, 2157600)
    """
    size = _TOKEN_ACCOUNT
    if token_2022:
        # Base, account type and the owner that can't change, which the associated-token program always asks for.
        size += 1 + _EXTENSION_HEAD + sum(_ACCOUNT_FIELDS.get(kind, 0) for kind in extensions)
    return (_ACCOUNT_OVERHEAD + size) * _LAMPORTS_PER_BYTE


def cu_limit(swaps: Iterable[SwapShape]) -> int | None:
    """Returns the compute-unit limit to ask for: the swaps, two budget instructions and 10 %, rounded up.

    `None` if a venue is unknown or the sum is more than a transaction may have.
    """
    total = _BUDGET_CU
    for swap in swaps:
        cu = swap_cu(swap)
        if cu is None:
            return None
        total += cu
    limit = -(-total * (100 + _MARGINPERCENT) // 100)
    return limit if limit <= MAX_CU else None


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
