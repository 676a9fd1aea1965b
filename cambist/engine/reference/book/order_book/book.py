"""The book of one instrument on one venue.

One file, as its twin is: each rule of the book reads the state that the others keep.
"""

from __future__ import annotations

from collections import deque
from copy import copy
from typing import TYPE_CHECKING

from cambist.engine.reference.book.order_book.pace import Pace
from cambist.engine.reference.book.order_book.quote import Quoting
from cambist.engine.reference.book.order_book.refine import fine_delta, fine_levels, fine_ticker
from cambist.engine.reference.book.order_book.state import (
    Anchor,
    BookChange,
    BookCounts,
    BookParts,
    BookState,
    Delta,
    Outcome,
    Side,
    Source,
    Ticker,
)
from cambist.engine.reference.book.order_book.used import Used
from cambist.engine.reference.exchanges.decimal import DECIMALS, U64_MAX, units
from cambist.engine.reference.exchanges.exchange import Joins, Seeds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.engine.reference.exchanges import Continuity
    from cambist.engine.reference.exchanges.decimal import PriceScale
    from cambist.engine.reference.exchanges.event import Level

MAX_BUFFER = 5_000
"""Deltas kept while a snapshot is on its way; more of them and seeding starts anew."""

MAX_CROSSED_NS = 250_000_000
"""A book that stays crossed this long without a further message is suspect too."""

SEED_PATIENCE_NS = 10_000_000_000
"""A seed that didn't come for this long is asked for again: the question may have been lost."""

MAX_OLDS = 50
"""Deltas in a row that are older than the book before it is the numbers that are new. Copies come singly, and a fetched
snapshot is ahead of the stream by far fewer."""

MAX_SUMS_FAILED = 3
"""Sums that fail on fresh snapshots before a venue's sums are what is wrong."""

DEPTHS = (10, 25, 100, 500, 1_000)
"""Depths that a venue which truncates can be subscribed at."""


class OrderBook(Quoting):
    """The book of one instrument on one venue. Prices are integers of its scale, quantities × 10⁸."""

    def __init__(self, continuity: Continuity, scale: PriceScale = DECIMALS) -> None:
        super().__init__(scale)
        self.continuity = continuity
        self._rules = continuity.rules
        self._state = BookState.NO_BOOK
        self._last = 0
        self._prev: int | None = None  # the id before `_last`, where deltas name it
        self._anchor = Anchor.STREAMED
        self._buffer: deque[Delta] = deque()
        self._crossed = 0  # messages in a row after which bid ≥ ask
        self._crossed_ns = 0
        self._changed_ns: int | None = None
        self._pace = Pace()
        self._silent = False  # STALE because it fell silent, not because its connection is gone
        self._halted = False  # the venue doesn't trade the pair now
        self._kept = 0  # levels of a side that the venue keeps up, 0 if all
        self._digits = (0, 0)  # decimals of prices and quantities on the wire, where a sum is over its texts
        self._olds = 0  # deltas in a row that said nothing new
        self._delta_ns: int | None = None  # when the venue sent the newest delta since the snapshot
        self._sums_failed = 0  # in a row, on a fresh snapshot
        self._asked_ns: int | None = None  # the tick since which it waits for the seed that it asked for
        self._counts = BookCounts()

    @property
    def state(self) -> BookState:
        """The state."""
        return BookState.NO_BOOK if self._halted else self._state

    @property
    def changed_ns(self) -> int | None:
        """When a message last changed the book, `None` if none did."""
        return self._changed_ns

    @property
    def counts(self) -> BookCounts:
        """Running totals."""
        return copy(self._counts)

    @property
    def pace(self) -> Pace:
        """How often it is usually told of."""
        return copy(self._pace)

    @property
    def last_update_id(self) -> int:
        """The id of the last update in the levels."""
        return self._last

    @property
    def generation(self) -> int:
        """How many snapshots the book has lived through; levels of two generations never mix."""
        return self._counts.seeds

    @property
    def usable(self) -> bool:
        """Whether the book may be traded on: LIVE, not crossed, and open at its venue."""
        return self._state is BookState.LIVE and self._crossed == 0 and not self._halted

    def apply_delta(self, delta: Delta, recv_ns: int) -> BookChange:
        """Takes over one depth message."""
        if self._state is BookState.LIVE or (self._silent and self._rules.proves):
            return self._follow(delta, recv_ns)
        self._silent = False
        return self._hold(delta)

    def apply_snapshot(
        self, last: int, levels: tuple[Sequence[Level], Sequence[Level]], source: Source, recv_ns: int
    ) -> BookChange:
        """Takes over a full book (bids, asks) as of update `last`, and whatever was kept that follows it."""
        streamed, live = source is Source.STREAM, self._state is BookState.LIVE
        offline = self._state is BookState.STALE and not self._silent
        if offline or (live and last <= self._last and not streamed):
            return self._ignored()
        buffer = self._buffer
        if streamed:
            buffer.clear()
            if last < self._last:
                self._ticker = None  # of the numbers before they started anew
        elif not self._bridge(last):
            return BookChange(Outcome.TOO_OLD, True)
        self._replace(last, *levels)
        self._anchor = Anchor.STREAMED if streamed else Anchor.FETCHED
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
        older = ticker.update_id <= newest or (self._state is BookState.LIVE and ticker.update_id < self._last)
        if older or not self._rules.tickers:
            return self._ignored()
        self._ticker = ticker
        pace = self.pace
        change = self._settle(Outcome.APPLIED, recv_ns)
        self._pace = pace  # it is the depth whose silence leaves wrong levels
        return change

    def verify(self, total: int, digits: tuple[int, int] | None) -> BookChange:
        """Compares the levels with the sum that the venue sent; another one counts as a gap.

        Where ids tell of what is missing too, sums that fail on one fresh snapshot after the other are not believed any
        more: a venue that changed or stopped them must not end the book.

        `digits` are the decimals of prices and quantities in the message, where the sum is over its texts. A pair's are
        the same in all of them; a text may be shorter by its zeros.
        """
        if digits is not None:
            self._digits = (max(self._digits[0], digits[0]), max(self._digits[1], digits[1]))
        if self._state is not BookState.LIVE or self._rules.sum is None:
            return self._ignored()
        guarded = self._rules.joins is not Joins.ALWAYS
        if guarded and self._sums_failed >= MAX_SUMS_FAILED:
            self._counts.unverified += 1
            return BookChange(Outcome.UNVERIFIED, False)
        if self._sum() == total:
            self._sums_failed = 0
            return BookChange(Outcome.APPLIED, False)
        if self._anchor is not Anchor.DELTA:
            self._sums_failed += 1
        return self.gap()

    def connect(self) -> None:
        """The connection is open: a snapshot may come before the first delta."""
        if self._state is BookState.STALE and not self._silent:
            self._state = BookState.NO_BOOK

    def disconnect(self) -> None:
        """The connection is gone: the book is not LIVE and starts from nothing when the next one is there."""
        self._forget()
        self._crossed = 0
        self._silent = False
        self._pace.pause()
        self._state = BookState.STALE

    def trade(self, *, is_open: bool) -> bool:
        """The venue trades the pair, or doesn't; its levels are kept up meanwhile. Returns whether that is news."""
        was_halted, self._halted = self._halted, not is_open
        return was_halted is is_open

    def succeed(self, before: OrderBook) -> None:
        """Takes the place of a book that another connection told of: what was counted and learned goes on."""
        self._counts = self._counts.after(before._counts)
        self._pace = before._pace.then(self._pace)
        self._halted = before._halted
        self._used = {side: Used.of(used.parts()) for side, used in before._used.items()}
        self._end_changed()

    def gap(self) -> BookChange:
        """Messages were lost before they got here."""
        self._counts.gaps += 1
        self._forget()
        if self._state is BookState.STALE and not self._silent:
            return BookChange(Outcome.GAP, False)
        self._silent = False
        self._state = BookState.SUSPECT
        return BookChange(Outcome.GAP, True)

    def tick(self, now_ns: int) -> BookChange:
        """Time has passed: a book that stayed crossed too long becomes SUSPECT, one that fell silent STALE.

        One whose seed doesn't come asks for it again.
        """
        if self._state is not BookState.LIVE:
            return BookChange(Outcome.IGNORED, self._asks_again(now_ns))
        self._asked_ns = None
        if self._crossed and now_ns - self._crossed_ns > MAX_CROSSED_NS:
            return self._suspect(Outcome.CROSSED)
        if not self._pace.is_silent(now_ns):
            return BookChange(Outcome.IGNORED, False)
        self._counts.silences += 1
        self._state, self._silent = BookState.STALE, True
        return BookChange(Outcome.SILENT, True)

    def cut(self, most: int) -> tuple[OrderBook, tuple[bool, bool]]:
        """Returns what can be asked of the book with at most `most` levels a side.

        And whether bids and asks go on beyond.
        """
        book = OrderBook(self.continuity, self.scale)
        book._state, book._halted, book._crossed = self._state, self._halted, self._crossed
        book._bids, book._asks = self._bids.best(most), self._asks.best(most)
        book._last, book._ticker, book._changed_ns = self._last, self._ticker, self._changed_ns
        return book, (len(self._bids) > most, len(self._asks) > most)

    def is_alike(self, other: OrderBook) -> bool:
        """Returns whether what can be asked of a book, but for its levels, is what this one says."""
        mine, others = ((each.state, each.usable, each.scale, each._last, each._changed_ns) for each in (self, other))
        return mine == others

    def parts(self) -> BookParts:
        """Returns all state as plain fields."""
        return BookParts(
            continuity=self.continuity,
            state=self._state,
            bids=list(self._bids.best_first()),
            asks=list(self._asks.best_first()),
            last=self._last,
            prev=self._prev,
            anchor=self._anchor,
            buffer=list(self._buffer),
            ticker=self._ticker,
            crossed=self._crossed,
            crossed_ns=self._crossed_ns,
            changed_ns=self._changed_ns,
            pace=self.pace,
            silent=self._silent,
            halted=self._halted,
            kept=self._kept,
            digits=self._digits,
            olds=self._olds,
            delta_ns=self._delta_ns,
            sums_failed=self._sums_failed,
            asked_ns=self._asked_ns,
            counts=self.counts,
            price_decimals=self.scale,
            used_bids=self._used[Side.BID].parts(),
            used_asks=self._used[Side.ASK].parts(),
        )

    @classmethod
    def from_parts(cls, parts: BookParts) -> OrderBook:
        """Returns the book that these parts describe. Raises `ValueError` if they are none."""
        book = cls(parts.continuity, parts.price_decimals)
        for levels, given in ((book._bids, parts.bids), (book._asks, parts.asks)):
            levels.replace(given)
            if list(levels.best_first()) != list(given):
                why = "levels out of order, doubled or empty"
                raise ValueError(why)
        book._state, book._last, book._prev, book._anchor = parts.state, parts.last, parts.prev, parts.anchor
        book._buffer, book._ticker = deque(parts.buffer), parts.ticker
        book._crossed, book._crossed_ns, book._changed_ns = parts.crossed, parts.crossed_ns, parts.changed_ns
        book._pace, book._counts = copy(parts.pace), copy(parts.counts)
        book._silent, book._halted, book._kept = parts.silent, parts.halted, parts.kept
        book._digits, book._olds, book._sums_failed = parts.digits, parts.olds, parts.sums_failed
        book._asked_ns, book._delta_ns = parts.asked_ns, parts.delta_ns
        book._used = {Side.BID: Used.of(parts.used_bids), Side.ASK: Used.of(parts.used_asks)}
        return book

    def refine(self, scale: PriceScale) -> bool:
        """Takes over a finer scale, and every price with it; a coarser one would lose what prices say and is not taken.

        Returns whether it did. Levels beyond the largest price of the scale go, as the decoders leave them out. A best
        price beyond it is a gap.
        """
        if scale <= self.scale:
            return False
        each, self.scale = units(self.scale, scale), scale
        for side in (self._bids, self._asks):
            side.replace(fine_levels(side.best_first(), each))
        self._buffer = deque(fine_delta(delta, each) for delta in self._buffer)
        for used in self._used.values():
            used.refine(each, U64_MAX)
        ticker = self._ticker
        self._ticker = ticker and fine_ticker(ticker, each)
        if ticker is not None and self._ticker is None:
            self.gap()
        return True

    # How a book comes to its levels

    def _bridge(self, last: int) -> bool:
        """Drops what was kept and is older than update `last`, which was fetched; returns whether the rest follows."""
        while self._buffer:
            if not self._is_old(self._buffer[0], last, Anchor.FETCHED):
                return self._joins(self._buffer[0], last, Anchor.FETCHED)
            self._buffer.popleft()
        return True

    def _replace(self, last: int, bids: Sequence[Level], asks: Sequence[Level]) -> None:
        self._bids.replace(bids)
        self._asks.replace(asks)
        self._last, self._prev = last, None
        self._silent, self._crossed, self._olds, self._asked_ns, self._delta_ns = False, 0, 0, None, None
        self._counts.seeds += 1
        self._forget_ticker(last)
        if self._rules.truncates:
            deepest = max(len(bids), len(asks))
            self._kept = next((depth for depth in DEPTHS if deepest <= depth), deepest)
        self._state = BookState.LIVE if bids or asks else BookState.NO_BOOK

    def _hold(self, delta: Delta) -> BookChange:
        """Keeps a delta until the snapshot comes."""
        need_seed = self._state in (BookState.NO_BOOK, BookState.STALE)
        self._state = BookState.RESEEDING
        kept = bool(self._buffer) and self._is_kept(delta)
        anew = kept and self._counts_anew(delta, self._buffer[-1].venue_ns)
        if self._rules.seeds is Seeds.STREAMED or (kept and not anew):
            # In one stream, what came before the snapshot is in the snapshot.
            self._counts.ignored += 1
            return BookChange(Outcome.IGNORED, need_seed)
        outcome = Outcome.BUFFERED
        if anew or (self._buffer and not self._joins(delta, self._buffer[-1].last, Anchor.DELTA)):
            self._counts.gaps += 1
            self._buffer.clear()
            outcome = Outcome.GAP
        if len(self._buffer) == MAX_BUFFER:
            self._counts.overflows += 1
            self._buffer.clear()
            outcome = Outcome.OVERFLOW
            need_seed = True
        self._buffer.append(delta)
        return BookChange(outcome, need_seed)

    def _is_kept(self, delta: Delta) -> bool:
        """Returns whether the newest delta kept says it already."""
        newest = self._buffer[-1]
        if self._rules.joins is Joins.CHAIN:
            return delta.last == newest.last and delta.prev == newest.prev
        return delta.last <= newest.last

    def _asks_again(self, now_ns: int) -> bool:
        waits = self._state in (BookState.SUSPECT, BookState.RESEEDING) or self._silent
        if not waits or self._halted:
            self._asked_ns = None
            return False
        if self._asked_ns is None:
            self._asked_ns = now_ns
        again = now_ns - self._asked_ns > SEED_PATIENCE_NS
        if again:
            self._asked_ns = now_ns
        return again

    # How it follows

    def _follow(self, delta: Delta, recv_ns: int) -> BookChange:
        """Takes over a delta while LIVE, or after a silence that may have been nothing else."""
        if self._is_old(delta, self._last, self._anchor):
            self._olds += 1
            anew = self._delta_ns is not None and self._counts_anew(delta, self._delta_ns)
            # Else, from some number on it is the numbers that started anew, and nothing said so.
            return self._ignored() if self._olds < MAX_OLDS and not anew else self.gap()
        self._olds, self._silent = 0, False
        if not self._joins(delta, self._last, self._anchor):
            self._counts.gaps += 1
            self._buffer.clear()
            if self._rules.seeds is not Seeds.STREAMED:
                self._buffer.append(delta)
            return self._suspect(Outcome.GAP)
        self._state = BookState.LIVE
        return self._apply(delta, Outcome.APPLIED, recv_ns)

    def _is_old(self, delta: Delta, last: int, anchor: Anchor) -> bool:
        """Returns whether a delta says nothing new after update `last`, which was an `anchor`."""
        match self._rules.joins, anchor:
            case (Joins.OVERLAP, _) | (Joins.CHAIN, Anchor.FETCHED) | (Joins.PREVIOUS, Anchor.DELTA):
                return delta.last <= last
            case (Joins.PREVIOUS, _):
                return delta.last < last
            case (Joins.CHAIN, Anchor.DELTA):
                # A smaller number may be a new count, and the chain says so: only the very same message is old. One
                # whose own ids are equal says that nothing changed, however often.
                return delta.last == last and delta.prev == self._prev and delta.prev != last
            case (Joins.CHAIN, Anchor.STREAMED):
                return delta.last == last and delta.prev != last
            case _:
                return False

    def _counts_anew(self, delta: Delta, delta_ns: int) -> bool:
        """Returns whether a delta that is old by its numbers was sent after the newest one: these started anew.

        A chain tells of that by itself.
        """
        return self._rules.joins in (Joins.OVERLAP, Joins.PREVIOUS) and delta.venue_ns > delta_ns

    def _joins(self, delta: Delta, last: int, anchor: Anchor) -> bool:
        """Returns whether a delta follows update `last`, which was an `anchor`."""
        match self._rules.joins:
            case Joins.OVERLAP:
                return delta.first <= last + 1
            case Joins.PREVIOUS:
                bridges = anchor is not Anchor.DELTA and delta.first <= last <= delta.last
                return delta.prev == last or bridges
            case Joins.CHAIN if anchor is Anchor.FETCHED:
                return delta.prev is not None and delta.prev <= last  # it may lie between two links of the chain
            case Joins.CHAIN:
                return delta.prev == last
            case Joins.ALWAYS:
                return True

    def _apply(self, delta: Delta, outcome: Outcome, recv_ns: int) -> BookChange:
        for side, changed in ((self._bids, delta.bids), (self._asks, delta.asks)):
            side.update(changed)
            if self._kept:
                side.keep(self._kept)
        if delta.last < self._last:
            self._ticker = None  # where the numbers start anew, one of the old ones only looks newer
        self._forget_ticker(delta.last)
        if delta.prev != delta.last:
            self._prev = delta.prev
        self._last, self._anchor, self._delta_ns = delta.last, Anchor.DELTA, delta.venue_ns
        return self._settle(outcome, recv_ns)

    def _forget(self) -> None:
        """Forgets what waits, what lies on top of the levels and what was used of them."""
        self._forget_used()
        self._olds = 0
        self._buffer.clear()
        self._ticker = None

    def _forget_used(self) -> None:
        self._used = {Side.BID: Used(), Side.ASK: Used()}

    def _forget_ticker(self, last: int) -> None:
        """Forgets a ticker that says no more than the levels as of `last`."""
        if self._ticker and self._ticker.update_id <= last:
            self._ticker = None

    def _settle(self, outcome: Outcome, recv_ns: int) -> BookChange:
        """Notes the time of a change and whether it left the book crossed."""
        self._changed_ns = recv_ns
        self._pace.received(recv_ns)
        self._end_changed()
        bid, ask = self.best(Side.BID), self.best(Side.ASK)
        if bid is None or ask is None or bid[0] < ask[0]:
            self._crossed = 0
            return BookChange(outcome, False)
        self._counts.crossed += 1
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
        self._forget_used()
        return BookChange(outcome, True)

    def _ignored(self) -> BookChange:
        self._counts.ignored += 1
        return BookChange(Outcome.IGNORED, False)

    def _sum(self) -> int:
        """Returns what the levels sum to by the venue's rule. A newer ticker is not in it."""
        assert self._rules.sum is not None  # `verify` asks first
        return self._rules.sum(self._bids.best_first(), self._asks.best_first(), self.scale, self._digits)
