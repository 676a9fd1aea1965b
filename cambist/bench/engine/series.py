"""Indicators over one series and over many at once, ticks to bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cambist import engine
from cambist.bench.engine import loops
from cambist.bench.engine.case import Case, library
from cambist.engine import series
from cambist.engine.series import Series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TOKENS = 500
POINTS = 10_000
TICKS = 1_000_000
SOME_TOKENS, SOME_TICKS = 10, 5_000
"""Of the tokens and of the ticks, for Python."""
WIDTHS_S = (5, 10, 15, 30, 60, 300, 900, 1_800, 3_600)


def cases() -> Iterator[Case]:
    """Returns the cases of this file."""
    yield from _arrays()
    yield from _streams()
    yield from _trend()
    yield from _bars()


def _rust() -> Series | None:
    return Series() if engine.build_info().native else None


def _arrays() -> Iterator[Case]:
    rust, python = _rust(), Series("reference")
    rng = np.random.default_rng(7)
    goals = {500: (2.0, 1.0, 2.0, 1.2), 10_000: (1.5, 1.5, 1.3, 1.0)}
    for points, wanted in goals.items():
        prices = 100 * np.exp(np.cumsum(rng.normal(0, 1e-3, points)))
        for (name, run, peers), ratio in zip(_indicators(), wanted, strict=True):
            yield Case(
                f"{name}, one series",
                f"{points:,} points",
                points,
                _of(run, rust, prices) if rust else None,
                _of(run, python, prices),
                peers={peer: _of(call, prices) for peer, call in peers.items()},
                goals=(("peer", ratio),),
            )
    many = 100 * np.exp(np.cumsum(rng.normal(0, 1e-3, (TOKENS, 500)), axis=1))
    for name, run, peers in _indicators():
        looped = peers.get("TA-Lib")
        yield Case(
            f"{name}, many tokens",
            f"{TOKENS} × 500 points",
            many.size,
            _of(run, rust, many) if rust else None,
            _of(run, python, many[:SOME_TOKENS]),
            "TA-Lib, a loop",
            _of(_loop, looped, many) if looped else None,
            (("peer", 4.0),),
            python_units=many[:SOME_TOKENS].size,
        )


def _indicators() -> tuple[tuple[str, Callable[..., Any], dict[str, Callable[..., Any]]], ...]:
    """Returns (name, ours, each peer's) of each indicator."""
    talib, kand, numba = library("talib"), library("kand"), loops.compiled()
    rsi: dict[str, Callable[..., Any]] = {}
    ema: dict[str, Callable[..., Any]] = {}
    bands: dict[str, Callable[..., Any]] = {}
    kama: dict[str, Callable[..., Any]] = {}
    if talib:
        rsi["TA-Lib"] = lambda x: talib.RSI(x, 14)
        ema["TA-Lib"] = lambda x: talib.EMA(x, 20)
        bands["TA-Lib"] = lambda x: talib.BBANDS(x, 20, 2.0, 2.0)
        kama["TA-Lib"] = lambda x: talib.KAMA(x, 10)
    if kand:
        rsi["kand"] = lambda x: kand.rsi(x, 14)
        ema["kand"] = lambda x: kand.ema(x, 20)
        bands["kand"] = lambda x: kand.bbands(x, 20, 2.0, 2.0)
    if numba:
        rsi["numba"] = lambda x: numba.rsi(x, 14)
        ema["numba"] = lambda x: numba.ema(x, 20)
        bands["numba"] = lambda x: numba.bands(x, 20, 2.0)
        kama["numba"] = lambda x: numba.kama(x, 10, 2, 30)
    return (
        ("RSI 14", lambda by, x: by.rsi(x, 14), rsi),
        ("EMA 20", lambda by, x: by.ema(x, 20), ema),
        ("Bollinger 20", lambda by, x: by.bollinger(x, 20, 2.0), bands),
        ("KAMA 10", lambda by, x: by.kama(x, 10, 2, 30), kama),
    )


def _streams() -> Iterator[Case]:
    rng = np.random.default_rng(7)
    prices = 100 * np.exp(np.cumsum(rng.normal(0, 1e-3, (64, TOKENS)), axis=0))
    stream, window = library("talib.stream"), np.ascontiguousarray(np.resize(prices[:, 0], 500))
    out, rows = np.empty((6, TOKENS)), prices.tolist()
    slow_out: list[list[float]] = [[0.0] * TOKENS for _ in range(6)]
    fast = series.indicator_table(TOKENS) if _rust() else None
    slow: Any = series.indicator_table(TOKENS, backend="reference")
    turn = {"rust": 0, "python": 0}
    for row in prices:
        if fast:
            fast.tick(row, out)
        slow.tick(row.tolist(), slow_out)

    def of_all(table: Any, kept: Any, out: Any, name: str) -> Callable[[], None]:
        def run() -> None:
            turn[name] = (turn[name] + 1) % 64
            table.tick(kept[turn[name]], out)

        return run

    def peer() -> None:
        stream.RSI(window, 14)
        stream.EMA(window, 20)
        stream.BBANDS(window, 20, 2.0, 2.0)
        stream.KAMA(window, 10)

    # A price that stood still would let the averages of changes decay to numbers that machines are slow at.
    some = prices[:, 7].tolist()

    def of_one(table: Any) -> Callable[[], None]:
        def run() -> None:
            for price in some:
                table.update(7, price)

        return run

    def stream_each() -> None:
        for _ in some:
            peer()

    name, one, twin = "all four, a tick of one token", of_one(fast) if fast else None, of_one(slow)
    yield Case(
        name, "one call", len(some), one, twin,
        "TA-Lib stream, 500 points", stream_each if stream else None, (("peer", 100.0),),
    )  # fmt: skip
    yield Case(
        name, "one call, the peer keeps its state too", len(some), one, twin, "wickra", _wickra(some), (("peer", 1.7),)
    )
    yield Case(
        "all four, a tick of all tokens", f"{TOKENS} tokens", TOKENS,
        of_all(fast, prices, out, "rust") if fast else None, of_all(slow, rows, slow_out, "python"), limit_ns=10.0,
    )  # fmt: skip


def _wickra(prices: list[float]) -> Callable[[], None] | None:
    """Returns a call that updates the same four, each an object that knows no more than its own state."""
    wickra = library("wickra")
    if wickra is None:
        return None
    four = wickra.RSI(14), wickra.EMA(20), wickra.BollingerBands(20, 2.0), wickra.KAMA(10, 2, 30)
    rsi, ema, bands, kama = (each.update for each in four)

    def run() -> None:
        for price in prices:
            rsi(price)
            ema(price)
            bands(price)
            kama(price)

    return run


def _trend() -> Iterator[Case]:
    """The adaptive trend system's three functions beside its own loops."""
    rust, python, numba = _rust(), Series("reference"), loops.compiled()
    rng = np.random.default_rng(7)
    prices = 100 * np.exp(np.cumsum(rng.normal(0, 1e-3, POINTS)))
    returns, signals = rng.normal(0, 1e-3, POINTS), rng.choice([-1.0, 0.0, 1.0], POINTS)
    up, down = rng.random(POINTS) < 0.1, rng.random(POINTS) < 0.1
    curve, events = (returns, signals, 1.0, 0.9997, 10), (up, down)
    size = f"{POINTS:,} points"

    def case(name: str, ours: str, args: tuple[Any, ...], peer: Callable[..., Any] | None, least: float = 2.0) -> Case:
        mine = _of(getattr(rust, ours), *args) if rust else None
        theirs = _of(peer, *args) if peer else None
        return Case(name, size, POINTS, mine, _of(getattr(python, ours), *args), "numba", theirs, (("peer", least),))

    yield case("equity", "equity", curve, numba and numba.equity)
    yield case("signal persistence", "up_down", events, numba and numba.up_down, 4.0)
    yield case("KAMA 28 of the trend system", "fixed_kama", (prices, 28), numba and numba.fixed_kama)


def _bars() -> Iterator[Case]:
    rng = np.random.default_rng(7)
    times = np.cumsum(rng.integers(0, 80_000_000, TICKS))
    prices, volumes = 100 * np.exp(np.cumsum(rng.normal(0, 1e-4, TICKS))), rng.random(TICKS)
    ticks = times, prices, volumes
    few = tuple(part[:SOME_TICKS] for part in ticks)
    yield Case(
        f"ticks to {len(WIDTHS_S)} bar sizes", f"{TICKS:,} ticks", TICKS,
        _of(_nine, ticks, "native") if _rust() else None, _of(_nine, few, "reference"),
        goals=(("python", 10.0),), python_units=SOME_TICKS,
    )  # fmt: skip


def _nine(ticks: tuple[Any, ...], backend: str) -> None:
    for width in WIDTHS_S:
        series.bars(ticks[0], ticks[1], ticks[2], width * 1_000_000_000, backend=backend)


def _of(call: Callable[..., Any], *args: Any) -> Callable[[], Any]:
    return lambda: call(*args)


def _loop(call: Callable[..., Any], table: Any) -> None:
    for row in table:
        call(row)
