"""What frames themselves can do wrong: tried without a network, so that each one is looked at."""

from __future__ import annotations

import random
from itertools import chain, repeat
from typing import TYPE_CHECKING

from cambist.fault_table.line import Line
from cambist.fault_table.problems import Problem
from cambist.fault_table.rig import VENUES
from cambist.fault_table.table import Outcome, Row, Scale, Tally, row
from cambist.simulator.exchanges.faults import Fault, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LIVELY_STEPS = 10


def count(line: Line, tally: Tally, frames_before: int) -> None:
    """Counts the frames of a step."""
    tally.frames += line.frames - frames_before


def close(line: Line, tally: Tally) -> None:
    """Says what a line showed."""
    name = line.exchange.venue
    tally.expect(
        line.truth.wrong == 0,
        Problem.WRONG_BOOK,
        f"{name}: {line.truth.wrong} wrong books LIVE, first {line.truth.first_wrong}",
    )
    tally.expect(line.truth.compared > 0, Problem.NEVER_LIVE, f"{name}: no book was ever LIVE")
    settled = line.settle()
    tally.expect(settled, Problem.BOOKS_DIFFER, f"{name}: books differ from the venue's at the end")
    if not settled:
        tally.lost += 1


def bookish(frame: bytes) -> bool:
    """Returns whether a frame carries a book's levels of this venue."""
    return any(word in frame for word in (b'"U":', b'"books"', b'"book"', b"orderbook.50", b'"l2_data"'))


@row(8, "gap: one delta is lost", "10⁵ gaps, each SUSPECT by the next message; 0 wrong LIVE books")
async def gaps(this: Row, scale: Scale) -> Outcome:
    """Loses a message of a LIVE book in four and asks after the next one whether the book says so."""
    tally, each, unseen = Tally(), scale.of(20_000, 60), 0
    for venue in VENUES:
        lossy = _Lossy(scale.seed, 4)
        line = Line(venue, seed=scale.seed, bend=lossy, rate=4.0)
        lossy.watch(line)
        while lossy.lost < each:
            before = line.frames
            line.step()
            count(line, tally, before)
        tally.trials += lossy.lost
        unseen += lossy.unseen
        # Kraken's books have no numbers: a loss that the next message makes up for leaves a sum that is right.
        tally.expect(
            lossy.unseen == 0 or venue == "kraken",
            Problem.LOSS_UNSEEN,
            f"{venue}: {lossy.unseen} losses were not seen at once",
        )
        close(line, tally)
    found = (
        f"{tally.trials} deltas lost, {tally.trials - unseen} seen with the next message, the others made up for by it"
    )
    return tally.outcome(this, found)


class _Lossy:
    """Loses one book message in `mean` while the book is LIVE, and sees whether it still is after the next one."""

    def __init__(self, seed: int, mean: int) -> None:
        self._random, self._mean, self._due = random.Random(seed), mean, False
        self.lost = self.unseen = 0

    def watch(self, line: Line) -> None:
        """Looks at the one book of a line."""
        self._line, self._symbol = line, line.symbols[0]
        line.after = self._after

    def __call__(self, frames: list[bytes]) -> Iterable[bytes]:
        for frame in frames:
            if bookish(frame) and not self._due and self._usable() and self._random.randrange(self._mean) == 0:
                self.lost += 1
                self._due = True
            else:
                yield frame

    def _usable(self) -> bool:
        book = self._line.sink.book(self._symbol, 0)
        return book is not None and book.usable

    def _after(self, frame: bytes) -> None:
        if self._due and (bookish(frame) or not self._usable()):
            self._due = False
            self.unseen += self._usable()


@row(9, "frames come up to six times", "the same books, step by step, as without")
async def repeats(this: Row, scale: Scale) -> Outcome:
    """Runs one seed twice, once with copies, and compares the books after each step."""
    tally, steps = Tally(), scale.of(4_000, 150)
    for venue in VENUES:
        draw = random.Random(scale.seed)
        copied = 0

        def bend(frames: list[bytes], draw: random.Random = draw) -> Iterable[bytes]:
            nonlocal copied
            for frame in frames:
                count = 1 + (draw.randrange(6) if draw.randrange(3) == 0 else 0)
                copied += count - 1
                yield from repeat(frame, count)

        clean, noisy = Line(venue, seed=scale.seed), Line(venue, seed=scale.seed, bend=bend)
        for _ in range(steps):
            before = noisy.frames
            clean.step()
            noisy.step()
            count(noisy, tally, before)
            seen = [[(b.state, b.last, b.bids, b.asks) for b in each.sink.books().values()] for each in (clean, noisy)]
            tally.expect(seen[0] == seen[1], Problem.BOOKS_DIFFER, f"{venue}: books differ from those of the clean run")
        tally.trials += 1
        tally.duplicated += copied
        close(noisy, tally)
    return tally.outcome(this, f"{tally.duplicated} copies, no difference")


@row(10, "frames change places within five", "0 wrong LIVE books")
async def reorderings(this: Row, scale: Scale) -> Outcome:
    """Shuffles runs of frames."""
    tally, steps = Tally(), scale.of(6_000, 200)
    for venue in VENUES:
        draw = random.Random(scale.seed)
        late: list[bytes] = []

        def bend(frames: list[bytes], draw: random.Random = draw, late: list[bytes] = late) -> Iterable[bytes]:
            late += frames
            if len(late) < 5 and draw.randrange(4):
                return ()
            out = late[:]
            late.clear()
            if draw.randrange(2):
                draw.shuffle(out)
                tally.trials += 1
            return out

        line = Line(venue, seed=scale.seed, bend=bend)
        for _ in range(steps):
            before = line.frames
            line.step()
            count(line, tally, before)
        close(line, tally)
    return tally.outcome(this, f"{tally.trials} runs of frames shuffled")


@row(11, "numbers start anew, a snapshot comes mid-stream", "books equal to the venue's")
async def restarts(this: Row, scale: Scale) -> Outcome:
    """Lets each venue restart its count, or send a snapshot unasked."""
    tally, times = Tally(), scale.of(300, 8)
    for venue in VENUES:
        line = Line(venue, seed=scale.seed)
        for at in range(times):
            line.exchange.inject(Fault(kind=Kind.SEQUENCE_RESET if at % 2 else Kind.SNAPSHOT, symbol=line.symbols[0]))
            for _ in range(12):
                before = line.frames
                line.step()
                count(line, tally, before)
            tally.trials += 1
        close(line, tally)
    return tally.outcome(this, f"{tally.trials} restarts and snapshots")


@row(13, "the venue's book is crossed or locked", "quarantined within 250 ms; 0 books quoted while crossed")
async def crossings(this: Row, scale: Scale) -> Outcome:
    """Crosses and locks books and asks after each step that none of them is quoted."""
    tally, times = Tally(), scale.of(300, 8)
    for venue in VENUES:
        line = Line(venue, seed=scale.seed)
        symbol = line.symbols[0]
        for at in range(times):
            line.exchange.inject(Fault(kind=Kind.CROSSED if at % 2 else Kind.LOCKED, symbol=symbol, count=1 + at % 4))
            for _ in range(10):
                before = line.frames
                line.step()
                shown = line.sink.books(0)[symbol]
                bid, ask = shown.touch
                tally.expect(
                    not (shown.usable and bid >= ask > 0), Problem.QUOTED, f"{venue}: a crossed book is quoted"
                )
                count(line, tally, before)
            tally.trials += 1
        # What the venue itself got wrong is not held against the book, but it must be right again at the end.
        tally.expect(line.settle(), Problem.BOOKS_DIFFER, f"{venue}: books differ from the venue's at the end")
    return tally.outcome(this, f"{tally.trials} crossed or locked books")


@row(14, "malformed frames", "10⁶ mutated frames: 0 crashes, 0 wrong LIVE books")
async def mutations(this: Row, scale: Scale) -> Outcome:
    """Sends cut frames, wrong types, missing fields and random bytes to the engine between sound ones."""
    tally, each = Tally(), scale.of(200_000, 400)
    for venue in VENUES:
        draw = random.Random(scale.seed)
        line = Line(venue, seed=scale.seed, bend=_mutating(draw, tally))
        goal = tally.trials + each
        while tally.trials < goal:
            before = line.frames
            line.step()
            count(line, tally, before)
        close(line, tally)
    return tally.outcome(this, f"{tally.trials} mutated frames, no crash")


def _mutating(draw: random.Random, tally: Tally) -> Callable[[list[bytes]], Iterable[bytes]]:
    def bend(frames: list[bytes]) -> Iterable[bytes]:
        spoilt = (_spoil(frame, draw) for frame in frames for _ in range(20))
        for frame in chain(spoilt):
            tally.trials += 1
            yield frame
        if draw.randrange(4):
            yield from frames

    return bend


def _spoil(frame: bytes, draw: random.Random) -> bytes:
    """Returns a frame that is none of the venue's: never one that could be taken for a sound one with other numbers."""
    kind = draw.randrange(5)
    if kind == 0:
        return frame[: draw.randrange(len(frame))]
    if kind == 1:
        return draw.randbytes(draw.randrange(400))
    if kind == 2:
        return frame.replace(b'"', b"", 1 + draw.randrange(4))
    if kind == 3:
        return b"[" * draw.randrange(1, 100_000 if draw.randrange(50) == 0 else 100) + frame
    at = draw.randrange(len(frame))
    return frame[:at] + bytes([draw.choice(b'{}[]":,\\')]) + frame[at + 1 :]


@row(5, "all data falls silent, the connection stays", "0 books quoted in 10⁴ silences")
async def silences(this: Row, scale: Scale) -> Outcome:
    """Lets every book fall silent for longer than it ever does and asks that none is quoted; then goes on."""
    tally, times = Tally(), scale.of(2_000, 20)
    for venue in VENUES:
        line = Line(venue, seed=scale.seed, symbols=2, rate=4.0)
        draw = random.Random(scale.seed)
        for _ in range(10):
            line.step()
        for _ in range(times):
            before = line.frames
            for _ in range(LIVELY_STEPS):  # of a fast market, else silence is what the book is used to
                line.step()
            line.stall(40.0 + draw.random() * 60.0)
            shown = line.sink.books(0)
            tally.expect(
                not any(book.usable for book in shown.values()), Problem.QUOTED, f"{venue}: a silent book is quoted"
            )
            tally.trials += 1
            line.step()
            count(line, tally, before)
        close(line, tally)
    return tally.outcome(this, f"{tally.trials} silences, none quoted")
