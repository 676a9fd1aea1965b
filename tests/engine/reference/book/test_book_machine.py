"""Every venue's book beside a model of that venue, over a network that loses, repeats, reorders, cuts and stalls.

The Rust twin runs the same machine some ten thousand times (`engine_rs/core/tests/book_machine.rs`).
"""

from dataclasses import dataclass, replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from cambist.engine.reference.book.order_book import BookState, Continuity, Delta, OrderBook, Outcome, Side, Source
from cambist.engine.reference.exchanges.decimal import ONE
from cambist.engine.reference.exchanges.kraken.checksum import kraken_checksum

DEPTH = 10
STEP_NS = 100_000_000
STREAMED = {Continuity.KRAKEN, Continuity.BYBIT, Continuity.COINBASE}
FETCHED = {Continuity.SPOT, Continuity.USDM}
CHAINED = {Continuity.OKX, Continuity.PLAIN}


@dataclass(frozen=True)
class Message:
    """What the venue sends."""

    number: int
    total: int
    delta: Delta | None = None
    full: tuple[int, list, list] | None = None


class Venue:
    """A venue that tells one book by one rule."""

    def __init__(self, rules):
        self.rules, self.last, self.number = rules, 1_000, 0
        self.bids = {(90 + at) * ONE: ONE for at in range(8)}
        self.asks = {(101 + at) * ONE: ONE for at in range(8)}
        self.past = [self.whole()]

    def whole(self):
        """Returns (id, bids, asks), best first."""
        bids, asks = sorted(self.bids.items(), reverse=True), sorted(self.asks.items())
        return self.last, bids, asks

    def message(self, delta=None, *, full=False):
        self.number += 1
        last, bids, asks = self.whole()
        return Message(self.number, kraken_checksum(bids, asks, 2, 8), delta, (last, bids, asks) if full else None)

    def update(self, is_ask, at, qty):
        prev, first = self.last, self.last + 1
        self.last = first if self.rules in STREAMED else first + at % 3
        price = (101 + at if is_ask else 97 - at % 8) * ONE
        side = self.asks if is_ask else self.bids
        side[price] = qty * ONE
        for levels, worst in ((self.bids, min), (self.asks, max)):
            for gone in [price for price, size in levels.items() if not size]:
                del levels[gone]
            while self.rules is Continuity.KRAKEN and len(levels) > DEPTH:
                del levels[worst(levels)]
        self.past.append(self.whole())
        level = [(price, qty * ONE)]
        named = prev if self.rules in CHAINED or self.rules is Continuity.USDM else None
        sides = ([], level) if is_ask else (level, [])
        return self.message(Delta(first, self.last, named, *sides, self.now_ns))

    @property
    def now_ns(self):
        """Its clock: one nanosecond for each book it had."""
        return len(self.past)

    def restart(self):
        if self.rules in CHAINED or self.rules is Continuity.BYBIT:
            self.last = 1 if self.last >= 1_000 else self.last + 100
            self.past.append(self.whole())
        return self.message(full=True)


class Machine(RuleBasedStateMachine):
    """One book at the other end of the connection."""

    follows = Continuity.SPOT

    def __init__(self):
        super().__init__()
        self.venue, self.book = Venue(self.follows), OrderBook(self.follows)
        self.now_ns, self.number, self.wants, self.lose, self.swap = 0, None, True, False, False
        self.newest = self.held = None

    def send(self, message):
        """Hands a message to the network."""
        if self.lose:
            self.lose = False
            return
        self.newest = message
        if self.swap and self.held is None:
            self.swap, self.held = False, message
            return
        self.take(message)
        if self.held is not None:
            late, self.held = self.held, None
            self.take(late)

    def take(self, message):
        self.now_ns += STEP_NS
        if self.follows is Continuity.COINBASE:
            if self.number is not None and message.number <= self.number:
                return
            if self.number is not None and message.number > self.number + 1:
                self.wants |= self.book.gap().need_seed
                assert not self.book.usable, "a gap is told in the same call"
            self.number = message.number
        if message.delta is not None:
            change = self.book.apply_delta(message.delta, self.now_ns)
            self.wants |= change.need_seed
            assert change.outcome is not Outcome.GAP or not self.book.usable
        if message.full is not None:
            last, bids, asks = message.full
            self.wants = self.book.apply_snapshot(last, (bids, asks), Source.STREAM, self.now_ns).need_seed
        if self.follows is Continuity.KRAKEN:
            self.wants |= self.book.verify(message.total, (2, 8)).need_seed

    @rule(is_ask=st.booleans(), at=st.integers(0, 13), qty=st.integers(0, 3))
    def update(self, is_ask, at, qty):
        self.send(self.venue.update(is_ask, at, qty))

    @precondition(lambda self: self.follows in CHAINED)
    @rule()
    def alive(self):
        last = self.venue.last
        self.send(self.venue.message(Delta(last, last, last, [], [], self.venue.now_ns)))

    @rule()
    def lose_the_next(self):
        self.lose = True

    @rule()
    def swap_the_next_two(self):
        self.swap = True

    @precondition(lambda self: self.newest is not None)
    @rule()
    def repeat(self):
        self.send(replace(self.newest))

    @precondition(lambda self: self.follows not in FETCHED)
    @rule()
    def restart(self):
        self.send(self.venue.restart())

    @precondition(lambda self: self.follows not in FETCHED and self.wants)
    @rule()
    def subscribe_anew(self):
        self.send(self.venue.message(full=True))

    @precondition(lambda self: self.follows not in STREAMED)
    @rule(ago=st.integers(0, 3))
    def fetch(self, ago):
        last, bids, asks = self.venue.past[max(0, len(self.venue.past) - 1 - ago)]
        self.wants = self.book.apply_snapshot(last, (bids, asks), Source.FETCHED, self.now_ns).need_seed

    @rule()
    def cut(self):
        self.book.disconnect()
        assert not self.book.usable
        self.book.connect()
        self.number, self.wants, self.held, self.newest, self.venue.number = None, True, None, None, 0

    @rule()
    def stall(self):
        self.now_ns += self.book.pace.patience_ns + 1
        was_live = self.book.state is BookState.LIVE
        self.wants |= self.book.tick(self.now_ns).need_seed
        assert self.book.state is not BookState.LIVE
        assert not was_live or self.book.state is BookState.STALE or self.book.counts.crossed

    @invariant()
    def a_live_book_is_the_venues_book(self):
        if not self.book.usable:
            return
        shown = (self.book.levels(Side.BID, 1_000), self.book.levels(Side.ASK, 1_000))
        numbered = self.follows not in (Continuity.KRAKEN, Continuity.COINBASE)
        assert any(
            (bids, asks) == shown and (not numbered or last == self.book.last_update_id)
            for last, bids, asks in self.venue.past
        )

    @invariant()
    def it_survives_a_snapshot_of_the_engine(self):
        parts = self.book.parts()
        self.book = OrderBook.from_parts(parts)
        assert self.book.parts() == parts


@pytest.mark.parametrize("venue", Continuity)
def test_a_live_book_is_the_venues_book_whatever_the_network_does(venue):
    machine = type(f"{venue.title()}Machine", (Machine,), {"follows": venue})
    run_state_machine_as_test(machine, settings=settings(max_examples=60, stateful_step_count=40, deadline=None))
