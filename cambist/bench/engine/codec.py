"""Quote history: packed and unpacked, beside zstd of the same columns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from backports import zstd

from cambist import engine
from cambist.bench.engine.case import Case
from cambist.engine.quote_history import QuoteCodec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

RECORDING = Path(__file__).resolve().parents[4] / "shared/data/cex_binance_hft/spot_btcusdt_20240808.txt.zst"
QUOTES = 8_192
LEVEL = 3


def cases() -> Iterator[Case]:
    """Returns the cases of this file."""
    rust, python = QuoteCodec() if engine.build_info().native else None, QuoteCodec("reference")
    source, quotes = ("recorded", _recorded()) if RECORDING.exists() else ("made", _made())
    count = quotes.shape[1]
    coder = rust or python
    file, squeezed = coder.encode_quotes(quotes), zstd.compress(quotes.tobytes(), LEVEL)
    # 40 bytes a quote as they are; how much smaller ours is than zstd's.
    size = f"{count:,} {source}, {len(file) / count:.2f} B, zstd {len(squeezed) / count:.2f}"
    yield Case(
        "quote history, encode",
        size,
        count,
        (lambda: rust.encode_quotes(quotes)) if rust else None,
        lambda: python.encode_quotes(quotes),
        f"zstd {LEVEL}",
        lambda: zstd.compress(quotes.tobytes(), LEVEL),
    )
    yield Case(
        "quote history, decode",
        size,
        count,
        (lambda: rust.decode_quotes(file)) if rust else None,
        lambda: python.decode_quotes(file),
        f"zstd {LEVEL}",
        lambda: np.frombuffer(zstd.decompress(squeezed), dtype=np.int64).reshape(5, -1),
    )
    middle = int(quotes[0, count // 2])
    yield Case(
        "quote history, 1 s of it",
        size,
        1,
        (lambda: rust.quotes_between(file, middle, middle + 10**9)) if rust else None,
        lambda: python.quotes_between(file, middle, middle + 10**9),
    )


def _recorded() -> NDArray[np.int64]:
    """Returns the first best quotes of a recorded session, in the order of their times."""
    rows: list[list[int]] = []
    with zstd.open(RECORDING, "rt", encoding="utf-8") as lines:
        for line in lines:
            time, frame = line.split(" ", 1)
            if '"stream":"btcusdt@bookTicker"' in frame:
                quote = json.loads(frame)["data"]
                rows.append([int(time), *(int(quote[key].replace(".", "")) for key in ("b", "B", "a", "A"))])
                if len(rows) == QUOTES:
                    break
    return np.array(sorted(rows, key=lambda row: row[0]), dtype=np.int64).T.copy()


def _made() -> NDArray[np.int64]:
    """Returns quotes of a walk: one side's size changes at a time, the price now and then."""
    random = np.random.default_rng(7)
    times = 1_723_161_254_000_000_000 + np.cumsum(random.integers(0, 25_000_000, QUOTES))
    ticks = np.cumsum(random.integers(-50, 51, QUOTES) * (random.random(QUOTES) < 0.05))
    bids = 6_183_763_000_000 + 1_000_000 * ticks
    turns = random.random(QUOTES) < 0.5
    sizes = [np.cumsum(random.integers(-400, 401, QUOTES) * side) * 1_000 + 10**9 for side in (turns, ~turns)]
    return np.stack([times, bids, sizes[0], bids + 1_000_000, sizes[1]]).astype(np.int64)
