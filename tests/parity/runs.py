"""Random but repeatable runs of books, bars and indicators, each step a line of text with all that can be seen."""

import math
from collections.abc import Iterator

import msgspec

from cambist.engine.reference.book.order_book import (
    BookChange,
    Continuity,
    Delta,
    OrderBook,
    Outcome,
    Side,
    Source,
    Ticker,
)
from cambist.engine.reference.exchanges.decimal import ONE
from cambist.engine.reference.series import bars as bars_module
from cambist.engine.reference.series import technical as technical_module
from cambist.engine.reference.series.technical import Bollinger, Ema, Rsi, to_bits
from tests.parity.sums import Xorshift

STEPS = 40
MINUTE_NS = 60_000_000_000
RULES = tuple(Continuity)


def books(seed: int) -> Iterator[str]:
    random = Xorshift(seed)
    for turn in range(1 << 30):
        book = OrderBook(RULES[turn % len(RULES)])
        latest = 100
        for step in range(STEPS):
            change, latest = _act(book, random, latest, step * 100_000_000)
            if random.below(3) == 0:
                book.use_up(Side.BID if random.below(2) == 0 else Side.ASK, random.below(2 * ONE))
            parts = msgspec.json.encode(book.parts()).decode()
            assert OrderBook.from_parts(book.parts()).parts() == book.parts()
            amounts = (book.sell(_amount(random)), book.buy(_amount(random)), book.cost(_amount(random)))
            best = (book.best_bid(), book.best_ask(), book.best(Side.BID), book.best(Side.ASK))
            best = (*best, book.best_left(Side.BID), book.best_left(Side.ASK))
            shown = " ".join(_text(value) for value in (*amounts, *best))
            yield f'"{change.outcome}" {str(change.need_seed).lower()} {parts} {shown}'


def _act(book: OrderBook, random: Xorshift, latest: int, now_ns: int) -> tuple[BookChange, int]:
    nothing = BookChange(Outcome.IGNORED, False)
    act = random.below(14)
    if act <= 5:
        lost = 2 if random.below(8) == 0 else 0
        first = latest + 1 + lost
        last = first + random.below(3)
        overlap = random.below(2)
        levels = (_levels(random, 3, 90), _levels(random, 3, 96))
        delta = Delta(first - overlap, last, latest + lost, *levels, now_ns)
        return book.apply_delta(delta, now_ns), last
    if act <= 7:
        update, bid = latest + random.below(4) - 1, 90 + random.below(10)
        ask, bid_qty, ask_qty = bid + random.below(4), random.below(3), random.below(3)
        ticker = Ticker(update, bid * ONE * min(bid_qty, 1), bid_qty * ONE, ask * ONE * min(ask_qty, 1), ask_qty * ONE)
        return book.apply_ticker(ticker, now_ns), latest
    if act <= 9:
        last = latest - 3 + random.below(6)
        source = Source.FETCHED if random.below(2) == 0 else Source.STREAM
        levels = (_levels(random, 6, 85), _levels(random, 6, 96))
        return book.apply_snapshot(last, levels, source, now_ns), latest
    if act == 10:
        later_ns = random.below(2) * MINUTE_NS
        return book.gap() if random.below(3) == 0 else book.tick(now_ns + later_ns), latest
    if act == 11:
        return book.verify(0, (2, 8)), latest
    if act == 12:
        book.trade(is_open=random.below(3) > 0)
    elif random.below(3) == 0:
        book.disconnect()
    else:
        book.connect()
    return nothing, latest


def _levels(random: Xorshift, most: int, lowest: int) -> list[tuple[int, int]]:
    return [((lowest + random.below(10)) * ONE, random.below(4) * ONE // 3) for _ in range(random.below(most + 1))]


def _amount(random: Xorshift) -> int:
    return random.below(400_000_000_0)


def _text(value: tuple[int, int] | int | None) -> str:
    if value is None:
        return "-"
    return f"{value[0]}/{value[1]}" if isinstance(value, tuple) else str(value)


SPECIAL = (math.nan, math.inf, -math.inf, 1e200, -0.0, 0.0, 1e150, -1e-310)


def _float(random: Xorshift, low: int) -> float:
    if random.below(16) == 0:
        return SPECIAL[random.below(len(SPECIAL))]
    return float(random.below(1 << 20) + low) / 1000.0


def bars(seed: int) -> Iterator[str]:
    random = Xorshift(seed)
    for turn in range(1 << 30):
        kept = bars_module.Bars(1 + random.below(7), 1 + random.below(5))
        now = random.below(100) - 50
        for _ in range(STEPS):
            far = 1_000_000_007 if random.below(30) == 0 else 12
            now += random.below(far) - 2
            if random.below(6) == 0:
                closed = kept.advance(now)
            else:
                closed = kept.add(now, _float(random, -1000), _float(random, -10_000))
            assert bars_module.Bars.from_parts(kept.parts()).parts() == kept.parts()
            yield f"{turn} {closed} {msgspec.json.encode(kept.parts()).decode()}"


def technical(seed: int) -> Iterator[str]:
    random = Xorshift(seed)
    for turn in range(1 << 30):
        period = 1 + random.below(6)
        width = random.below(40) / 8
        values = [_float(random, -50_000) for _ in range(STEPS)]
        rsi, ema, bollinger = Rsi(period), Ema(period), Bollinger(period, width)
        batches = (
            technical_module.rsi(values, period),
            technical_module.ema(values, period),
            technical_module.bollinger(values, period, width),
        )
        for at, value in enumerate(values):
            found = (rsi.update(value), ema.update(value), bollinger.update(value))
            assert _bits(*found) == _bits(*(batch[at] for batch in batches))
            rsi, ema = Rsi.from_parts(rsi.parts()), Ema.from_parts(ema.parts())
            bollinger = Bollinger.from_parts(bollinger.parts())
            parts = (msgspec.json.encode(item.parts()).decode() for item in (rsi, ema, bollinger))
            yield f"{turn} {_bits(*found)} {' '.join(parts)}"


def _bits(*values: float | technical_module.Bands | None) -> str:
    flat: list[float | None] = []
    for value in values:
        flat.extend(value if isinstance(value, tuple) else (value,))
    return " ".join("-" if value is None else f"{to_bits(value):016x}" for value in flat)
