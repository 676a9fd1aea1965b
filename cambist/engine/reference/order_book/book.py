"""The book of one instrument on one venue."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING

from cambist.engine.reference.decode.decimal import ONE, U64_MAX
from cambist.engine.reference.order_book.checksum import okx_checksum
from cambist.engine.reference.order_book.levels import Levels
from cambist.engine.reference.order_book.state import (
    BookChange,
    BookCounts,
    BookParts,
    BookState,
    Continuity,
    Delta,
    Outcome,
    Side,
    Ticker,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cambist.engine.reference.decode.event import Level

MAX_BUFFER = 5_000
"""Deltas kept while a snapshot is on its way; more of them and seeding starts anew."""

MAX_CROSSED_NS = 250_000_000
"""A book that stays crossed this long without a further message is suspect too."""


class OrderBook:
    """The book of one instrument on one venue. Prices and quantities are × 10⁸."""

    def __init__(self, continuity: Continuity) -> None:
        self._continuity = continuity
        self._state = BookState.EMPTY
        self._bids = Levels(Side.BID)
        self._asks = Levels(Side.ASK)
        self._last = 0
        self._bridged = False  # a delta was applied since the snapshot
        self._buffer: deque[Delta] = deque()
        self._ticker: Ticker | None = None
        self._crossed = 0  # messages in a row after which bid ≥ ask
        self._crossed_ns = 0
        self._changed_ns: int | None = None
        self._gaps = self._ignored = self._overflows = self._crossings = self._seeds = 0

    @property
    def state(self) -> BookState:
        """The state."""
        return self._state

    @property
    def changed_ns(self) -> int | None:
        """When a message last changed the book, `None` if none did."""
        return self._changed_ns

    @property
    def counts(self) -> BookCounts:
        """Running totals."""
        return BookCounts(self._gaps, self._ignored, self._overflows, self._crossings, self._seeds)

    @property
    def last_update_id(self) -> int:
        """The id of the last update in the levels."""
        return self._last

    @property
    def generation(self) -> int:
        """How many snapshots the book has lived through; levels of two generations never mix."""
        return self._seeds

    @property
    def usable(self) -> bool:
        """Whether the book may be traded on: LIVE and not crossed."""
        return self._state is BookState.LIVE and self._crossed == 0

    def apply_delta(self, delta: Delta, recv_ns: int) -> BookChange:
        """Takes over one depth message."""
        return self._follow(delta, recv_ns) if self._state is BookState.LIVE else self._hold(delta)

    def apply_snapshot(self, last: int, bids: Sequence[Level], asks: Sequence[Level], recv_ns: int) -> BookChange:
        """Takes over a full book as of update `last`, and whatever was buffered after it."""
        in_stream = self._continuity is Continuity.OKX
        if self._state is BookState.STALE or (self._state is BookState.LIVE and last <= self._last and not in_stream):
            self._ignored += 1
            return BookChange(Outcome.IGNORED, False)
        if in_stream and last < self._last:
            self._ticker = None  # of the numbers before they started anew
        buffer = self._buffer
        while buffer and self._is_old(buffer[0], last, bridged=False):
            buffer.popleft()
        if buffer and not self._joins(buffer[0], last, bridged=False):
            return BookChange(Outcome.TOO_OLD, True)
        self._bids.replace(bids)
        self._asks.replace(asks)
        self._last = last
        self._bridged = False
        self._state = BookState.LIVE
        self._crossed = 0
        self._seeds += 1
        self._forget_ticker(last)
        change = self._settle(Outcome.SEEDED, recv_ns)
        while buffer:
            # The buffer joins up in itself, so nothing but a crossed book can end this.
            change = self._apply(buffer.popleft(), Outcome.SEEDED, recv_ns)
            if self._state is not BookState.LIVE:
                buffer.clear()
        return change

    def apply_ticker(self, ticker: Ticker, recv_ns: int) -> BookChange:
        """Takes over a best bid and ask. They count if they are newer than the levels."""
        newest = self._ticker.update_id if self._ticker else 0
        if ticker.update_id <= newest or (self._state is BookState.LIVE and ticker.update_id < self._last):
            self._ignored += 1
            return BookChange(Outcome.IGNORED, False)
        self._ticker = ticker
        return self._settle(Outcome.APPLIED, recv_ns)

    def verify(self, total: int) -> BookChange:
        """Compares the levels with the sum that the venue sent; another one counts as a gap."""
        if self._state is not BookState.LIVE or self._continuity is not Continuity.OKX:
            self._ignored += 1
            return BookChange(Outcome.IGNORED, False)
        # Not `levels`: a newer ticker is not in the sum.
        if okx_checksum(self._bids.best_first(), self._asks.best_first()) == total:
            return BookChange(Outcome.APPLIED, False)
        return self.gap()

    def connect(self) -> None:
        """The connection is open: a snapshot may come before the first delta."""
        if self._state is BookState.STALE:
            self._state = BookState.EMPTY

    def disconnect(self) -> None:
        """The connection is gone: the book is not LIVE and starts from nothing when the next one is there."""
        self._buffer.clear()
        self._ticker = None
        self._crossed = 0
        self._state = BookState.STALE

    def gap(self) -> BookChange:
        """Messages were lost before they got here."""
        self._gaps += 1
        self._buffer.clear()
        self._ticker = None
        if self._state is BookState.STALE:
            return BookChange(Outcome.GAP, False)
        self._state = BookState.SUSPECT
        return BookChange(Outcome.GAP, True)

    def tick(self, now_ns: int) -> BookChange:
        """Time has passed: a book that stayed crossed for too long becomes SUSPECT."""
        if self._state is BookState.LIVE and self._crossed and now_ns - self._crossed_ns > MAX_CROSSED_NS:
            return self._suspect(Outcome.CROSSED)
        return BookChange(Outcome.IGNORED, False)

    def best_bid(self) -> Level | None:
        """Returns the best bid as (price, quantity) if the book may be traded on."""
        return self.best(Side.BID) if self.usable else None

    def best_ask(self) -> Level | None:
        """Returns the best ask as (price, quantity) if the book may be traded on."""
        return self.best(Side.ASK) if self.usable else None

    def best(self, side: Side) -> Level | None:
        """Returns the best level of a side as last known, in whatever state: to be shown, not traded on."""
        return next(self._merged(side), None)

    def levels(self, side: Side, depth: int) -> list[Level]:
        """Returns up to `depth` levels of a side, best first, as last known."""
        return list(islice(self._merged(side), depth))

    def depth(self, side: Side) -> int:
        """Returns how many levels a side has."""
        return len(self._side(side))

    def sell(self, base: int) -> int | None:
        """Returns what selling exactly `base` brings, rounded down; `None` if the depth is short or not usable."""
        total = self._walk(Side.BID, base)
        return None if total is None else _u64(total // ONE)

    def buy(self, quote: int) -> int | None:
        """Returns what spending `quote` buys, rounded down; `None` if the depth is short or not usable."""
        if not self.usable:
            return None
        left = quote * ONE
        bought = 0
        levels = self._merged(Side.ASK)
        while left > 0:
            level = next(levels, None)
            if level is None:
                return None
            price, qty = level
            cost = price * qty
            if left < cost:
                bought += left // price
                break
            bought += qty
            left -= cost
        return _u64(bought)

    def cost(self, base: int) -> int | None:
        """Returns what buying exactly `base` costs, rounded up; `None` if the depth is short or not usable."""
        total = self._walk(Side.ASK, base)
        return None if total is None else _u64(-(-total // ONE))

    def parts(self) -> BookParts:
        """Returns all state as plain fields."""
        return BookParts(
            continuity=self._continuity,
            state=self._state,
            bids=list(self._bids.best_first()),
            asks=list(self._asks.best_first()),
            last=self._last,
            bridged=self._bridged,
            buffer=list(self._buffer),
            ticker=self._ticker,
            crossed=self._crossed,
            crossed_ns=self._crossed_ns,
            changed_ns=self._changed_ns,
            counts=self.counts,
        )

    @classmethod
    def from_parts(cls, parts: BookParts) -> OrderBook:
        """Returns the book that these parts describe. Raises `ValueError` if they are none."""
        book = cls(parts.continuity)
        book._state = parts.state
        for levels, given in ((book._bids, parts.bids), (book._asks, parts.asks)):
            levels.replace(given)
            if list(levels.best_first()) != list(given):
                why = "levels out of order, doubled or empty"
                raise ValueError(why)
        book._last = parts.last
        book._bridged = parts.bridged
        book._buffer = deque(parts.buffer)
        book._ticker = parts.ticker
        book._crossed = parts.crossed
        book._crossed_ns = parts.crossed_ns
        book._changed_ns = parts.changed_ns
        counts = parts.counts
        book._gaps, book._ignored, book._overflows = counts.gaps, counts.ignored, counts.overflows
        book._crossings, book._seeds = counts.crossed, counts.seeds
        return book

    def _follow(self, delta: Delta, recv_ns: int) -> BookChange:
        """Takes over a delta while LIVE."""
        if self._is_old(delta, self._last, bridged=self._bridged):
            self._ignored += 1
            return BookChange(Outcome.IGNORED, False)
        if not self._joins(delta, self._last, bridged=self._bridged):
            self._gaps += 1
            self._buffer.clear()
            if self._continuity is not Continuity.OKX:
                self._buffer.append(delta)
            return self._suspect(Outcome.GAP)
        return self._apply(delta, Outcome.APPLIED, recv_ns)

    def _hold(self, delta: Delta) -> BookChange:
        """Keeps a delta until the snapshot comes."""
        need_seed = self._state in (BookState.EMPTY, BookState.STALE)
        self._state = BookState.SEEDING
        if self._continuity is Continuity.OKX:
            # It came before the snapshot in one stream, so the snapshot holds it.
            self._ignored += 1
            return BookChange(Outcome.IGNORED, need_seed)
        outcome = Outcome.BUFFERED
        if self._buffer:
            newest = self._buffer[-1].last
            if delta.last <= newest:
                self._ignored += 1
                return BookChange(Outcome.IGNORED, need_seed)
            if not self._joins(delta, newest, bridged=True):
                self._gaps += 1
                self._buffer.clear()
                outcome = Outcome.GAP
        if len(self._buffer) == MAX_BUFFER:
            self._overflows += 1
            self._buffer.clear()
            outcome = Outcome.OVERFLOW
            need_seed = True
        self._buffer.append(delta)
        return BookChange(outcome, need_seed)

    def _is_old(self, delta: Delta, last: int, *, bridged: bool) -> bool:
        """Returns whether a delta says nothing new after update `last`; `bridged` if that was a delta too."""
        match self._continuity:
            case Continuity.SPOT:
                return delta.last <= last
            case Continuity.USDM:
                return delta.last < last or (bridged and delta.last == last)
            case Continuity.OKX:  # a smaller number may be a new count, and the chain says so
                return False

    def _joins(self, delta: Delta, last: int, *, bridged: bool) -> bool:
        """Returns whether a delta follows update `last`; `bridged` if that was a delta too."""
        if self._continuity is Continuity.SPOT:
            return delta.first <= last + 1
        if self._continuity is Continuity.OKX:
            return delta.prev == last
        return delta.prev == last or (not bridged and delta.first <= last <= delta.last)

    def _apply(self, delta: Delta, outcome: Outcome, recv_ns: int) -> BookChange:
        for level in delta.bids:
            self._bids.set(level)
        for level in delta.asks:
            self._asks.set(level)
        if delta.last < self._last:
            self._ticker = None  # where the numbers start anew, one of the old ones only looks newer
        self._forget_ticker(delta.last)
        self._last = delta.last
        self._bridged = True
        return self._settle(outcome, recv_ns)

    def _forget_ticker(self, last: int) -> None:
        """Forgets a ticker that says no more than the levels as of `last`."""
        if self._ticker and self._ticker.update_id <= last:
            self._ticker = None

    def _settle(self, outcome: Outcome, recv_ns: int) -> BookChange:
        """Notes the time of a change and whether it left the book crossed."""
        self._changed_ns = recv_ns
        bid, ask = self.best(Side.BID), self.best(Side.ASK)
        if bid is None or ask is None or bid[0] < ask[0]:
            self._crossed = 0
            return BookChange(outcome, False)
        self._crossings += 1
        self._crossed += 1
        if self._crossed == 1:
            self._crossed_ns = recv_ns
        elif self._state is BookState.LIVE:
            return self._suspect(Outcome.CROSSED)
        return BookChange(Outcome.CROSSED, False)

    def _suspect(self, outcome: Outcome) -> BookChange:
        self._state = BookState.SUSPECT
        self._ticker = None
        self._crossed = 0
        return BookChange(outcome, True)

    def _side(self, side: Side) -> Levels:
        return self._bids if side is Side.BID else self._asks

    def _merged(self, side: Side) -> Iterator[Level]:
        """Yields a side best first, with a newer ticker on top: what is better than its best is gone."""
        levels = self._side(side).best_first()
        ticker = self._ticker
        if ticker is None:
            yield from levels
            return
        top, qty = (ticker.bid, ticker.bid_qty) if side is Side.BID else (ticker.ask, ticker.ask_qty)
        if top and qty:
            yield top, qty
        for price, level_qty in levels:
            # A top of 0 means that the venue has nothing on that side.
            if price < top if side is Side.BID else 0 < top < price:
                yield price, level_qty

    def _walk(self, side: Side, base: int) -> int | None:
        """Returns price × quantity over the first `base` of a side, × 10¹⁶."""
        if not self.usable:
            return None
        left = base
        total = 0
        levels = self._merged(side)
        while left > 0:
            level = next(levels, None)
            if level is None:
                return None
            price, qty = level
            part = min(left, qty)
            total += price * part
            left -= part
        return total


def _u64(value: int) -> int | None:
    return value if value <= U64_MAX else None
