"""The indicators as loops that numba compiles: what an engineer writes who won't leave Python."""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import Any

import numpy as np

from cambist.bench.engine.case import library


@functools.cache
def compiled() -> Any:
    """Returns the loops, to be compiled at their first calls; `None` where numba isn't installed."""
    numba = library("numba")
    loops = (rsi, ema, bands, kama, fixed_kama, equity, up_down)
    return numba and SimpleNamespace(**{loop.__name__: numba.njit(loop) for loop in loops})


def rsi(x: Any, period: int) -> Any:
    """Wilder's index, smoothed as he did."""
    out = np.full(x.size, np.nan)
    gain = loss = 0.0
    for i in range(1, x.size):
        change = x[i] - x[i - 1]
        up, down = max(change, 0.0), max(-change, 0.0)
        if i <= period:
            gain += up / period
            loss += down / period
        else:
            gain = (gain * (period - 1) + up) / period
            loss = (loss * (period - 1) + down) / period
        if i >= period:
            out[i] = 100.0 * gain / (gain + loss) if gain + loss > 0.0 else 50.0
    return out


def ema(x: Any, period: int) -> Any:
    """Seeded with a mean."""
    out = np.full(x.size, np.nan)
    weight, last = 2.0 / (period + 1.0), np.mean(x[:period])
    out[period - 1] = last
    for i in range(period, x.size):
        last += weight * (x[i] - last)
        out[i] = last
    return out


def bands(x: Any, period: int, width: float) -> Any:
    """From running sums of values and squares."""
    low, middle, high = np.full(x.size, np.nan), np.full(x.size, np.nan), np.full(x.size, np.nan)
    total = squares = 0.0
    for i in range(x.size):
        total += x[i]
        squares += x[i] * x[i]
        if i >= period:
            total -= x[i - period]
            squares -= x[i - period] * x[i - period]
        if i >= period - 1:
            mean = total / period
            away = width * np.sqrt(max(squares / period - mean * mean, 0.0))
            low[i], middle[i], high[i] = mean - away, mean, mean + away
    return low, middle, high


def kama(x: Any, period: int, fast: int, slow: int) -> Any:
    """With a running sum of ways."""
    out = np.full(x.size, np.nan)
    fastest, slowest = 2.0 / (fast + 1.0), 2.0 / (slow + 1.0)
    noise, last = 0.0, x[period - 1]
    for i in range(1, x.size):
        noise += abs(x[i] - x[i - 1])
        if i > period:
            noise -= abs(x[i - period] - x[i - period - 1])
        if i >= period:
            way = abs(x[i] - x[i - period])
            share = (way / noise if noise > 0.0 else 0.0) * (fastest - slowest) + slowest
            last += share * share * (x[i] - last)
            out[i] = last
    return out


def fixed_kama(p: Any, length: int) -> Any:
    """As the trend system writes it: each window added up anew."""
    out = np.full(p.size, np.nan)
    out[0] = p[0]
    for i in range(1, p.size):
        if i < length:
            out[i] = out[i - 1]
            continue
        noise = 0.0
        for j in range(i - length + 1, i + 1):
            noise += abs(p[j] - p[j - 1])
        efficiency = 0.0 if noise == 0.0 else abs(p[i] - p[i - length]) / noise
        smooth = (efficiency * (0.666 - 0.064) + 0.064) ** 2
        last = p[i] if np.isnan(out[i - 1]) else out[i - 1]
        out[i] = last + smooth * (p[i] - last)
    return out


def equity(r: Any, signal: Any, start: float, decay: float, cutout: int) -> Any:
    """As the trend system writes it."""
    out = np.full(r.size, np.nan)
    last = np.nan
    for i in range(cutout, r.size):
        a = 0.0
        if not (np.isnan(r[i]) or np.isnan(signal[i]) or signal[i] == 0):
            a = r[i] if signal[i] > 0 else -r[i]
        e = start if np.isnan(last) else last * decay * (1.0 + a)
        last = max(e, 0.25)
        out[i] = last
    return out


def up_down(up: Any, down: Any) -> Any:
    """As the trend system writes it."""
    out = np.zeros(up.size, np.int8)
    state = 0
    for i in range(up.size):
        if up[i]:
            state = 1
        elif down[i]:
            state = -1
        out[i] = state
    return out
