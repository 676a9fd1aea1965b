"""What a client should see of a book, and what changed between two looks; and the true book at any sequence number."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from cambist.simulator.exchanges.faults import Kind

if TYPE_CHECKING:
    from cambist.simulator.books import Book

KEPT = 512
"""Changes of a book that `Journal` can go back. On a market of rate 40 each is of some hundred levels, 22 KB: eight
times as many took 645 MiB for five exchanges."""


class View(NamedTuple):
    """Levels, or changed levels with 0 lots where one is deleted. Price in ticks → lots."""

    bids: dict[int, int]
    asks: dict[int, int]

    @property
    def empty(self) -> bool:
        """Whether it has no level."""
        return not self.bids and not self.asks


def view(book: Book, depth: int, mood: dict[Kind, int]) -> View:
    """Returns the best `depth` levels of each side, as the faults in `mood` show them."""
    if Kind.EMPTY_BOOK in mood:
        return View({}, {})
    bids, asks = book.bids, book.asks
    if Kind.DEEP_SNAPSHOT in mood:
        return _deep(book, mood[Kind.DEEP_SNAPSHOT])
    if Kind.CROSSED in mood or Kind.LOCKED in mood:
        bids = {book.best_ask + (Kind.CROSSED in mood): book.asks[book.best_ask], **bids}
    if len(bids) > depth:
        bids = {at: bids[at] for at in sorted(bids, reverse=True)[:depth]}
    if len(asks) > depth:
        asks = {at: asks[at] for at in sorted(asks)[:depth]}
    return View(dict(bids), dict(asks))


def changes(old: View, new: View, depth: int) -> View:
    """Returns what to tell someone who has `old`.

    With a `depth`, levels that better ones pushed out of scope are not told: the client keeps the best `depth` itself.
    """
    return View(_side(old.bids, new.bids, depth, bids=True), _side(old.asks, new.asks, depth, bids=False))


def _side(old: dict[int, int], new: dict[int, int], depth: int, *, bids: bool) -> dict[int, int]:
    found = {at: lots for at, lots in new.items() if old.get(at) != lots}
    gone = [at for at in old if at not in new]
    if gone and 0 < depth <= len(new):
        edge = min(new) if bids else max(new)
        gone = [at for at in gone if (at > edge if bids else at < edge)]
    found.update(dict.fromkeys(gone, 0))
    return found


def _deep(book: Book, levels: int) -> View:
    """Returns the book with levels far from the touch, `levels` in all: bids as far as prices go, then asks."""
    bids, asks = dict(book.bids), dict(book.asks)
    lots = bids[book.best_bid]
    for at in range(min(bids) - 1, 0, -1):
        if len(bids) >= levels // 2:
            break
        bids[at] = lots
    at = max(asks)
    while len(bids) + len(asks) < levels:
        at += 1
        asks[at] = lots
    return View(bids, asks)


class Journal:
    """The true book of one symbol after each change that was told."""

    def __init__(self, book: Book, sequence: int) -> None:
        self._bids, self._asks = dict(book.bids), dict(book.asks)
        """The book at `_base`."""
        self._base = sequence
        self._changes: deque[tuple[int, dict[int, int], dict[int, int]]] = deque()

    def add(self, sequence: int, bids: dict[int, int], asks: dict[int, int]) -> None:
        """Appends changed levels."""
        self._changes.append((sequence, bids, asks))
        if len(self._changes) > KEPT:
            self._base, bids, asks = self._changes.popleft()
            _apply(self._bids, bids)
            _apply(self._asks, asks)

    def at(self, sequence: int | None) -> tuple[int, dict[int, int], dict[int, int]]:
        """Returns sequence, bids and asks; `None` is the newest. Raises `KeyError` if it was never told or too old."""
        last = self._changes[-1][0] if self._changes else self._base
        wanted = last if sequence is None else sequence
        bids, asks = dict(self._bids), dict(self._asks)
        if wanted == self._base:
            return wanted, bids, asks
        for number, changed_bids, changed_asks in self._changes:
            _apply(bids, changed_bids)
            _apply(asks, changed_asks)
            if number == wanted:
                return wanted, bids, asks
        raise KeyError(wanted)


def _apply(side: dict[int, int], changed: dict[int, int]) -> None:
    for at, lots in changed.items():
        if lots:
            side[at] = lots
        else:
            side.pop(at, None)
