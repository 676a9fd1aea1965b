"""Array forms against arithmetic of sixty digits, over series made to break running sums."""

from decimal import Decimal, localcontext
from itertools import pairwise

import numpy as np
import pytest

from cambist.engine import build_info, series

SIZE = 900


def nasty():
    """Returns (name, values): offsets, spikes, flats, jumps of level, sums around zero, every magnitude."""
    random = np.random.default_rng(11)
    noise = random.normal(0.0, 1.0, SIZE)
    spiked = 1.0 + 1e-3 * noise
    spiked[[100, 101, 350, 600]] = [1e15, -1e15, 1e12, 3e9]
    steps = np.where(np.arange(SIZE) % 300 < 150, 1.0, 1e6) + 1e-6 * noise
    flat = np.repeat(100.0 + np.cumsum(random.normal(0.0, 0.01, SIZE // 30)), 30)
    huge = noise * 1e149
    huge[400:] = 1e-3 * noise[400:]
    return [
        ("walk", 100.0 * np.exp(np.cumsum(noise * 1e-3))),
        ("offset", 1e9 + 1e-3 * noise),
        ("far offset", 1e15 + np.round(noise * 8.0) / 8.0),
        ("spikes", spiked),
        ("levels", steps),
        ("flats", flat),
        ("around zero", noise),
        ("drifting zero", noise + np.sin(np.arange(SIZE) / 50.0) * 1e4),
        ("growth", np.exp(np.arange(SIZE) * 0.3)),
        ("decay", np.exp(np.arange(SIZE) * -0.3)),
        ("tiny", 1e-120 * (1.0 + 1e-6 * noise)),
        ("huge, then small", huge),
    ]


def exact_bands(values, period, width):
    count, found = Decimal(period), []
    for end in range(period, len(values) + 1):
        window = values[end - period : end]
        mean = sum(window) / count
        deviation = (sum((value - mean) ** 2 for value in window) / count).sqrt()
        found.append((mean - width * deviation, mean, mean + width * deviation, max(abs(mean), deviation)))
    return found


def exact_kama(values, period, fast, slow):
    fast, slow = (Decimal(2) / (side + 1) for side in (fast, slow))
    average, found = values[period - 1], []
    for at in range(period, len(values)):
        noise = sum(abs(values[k] - values[k - 1]) for k in range(at - period + 1, at + 1))
        way = abs(values[at] - values[at - period])
        share = (way / noise if noise else Decimal(0)) * (fast - slow) + slow
        average += share * share * (values[at] - average)
        found.append(average)
    return found


def exact_rsi(values, period):
    changes = [after - before for before, after in pairwise(values)]
    gain, loss = (
        sum((max(side * change, Decimal(0)) for change in changes[:period]), Decimal(0)) / period for side in (1, -1)
    )
    found = [(gain, loss)]
    for change in changes[period:]:
        gain, loss = (
            (old * (period - 1) + max(side, Decimal(0))) / period for old, side in ((gain, change), (loss, -change))
        )
        found.append((gain, loss))
    return [100 * gain / (gain + loss) if gain + loss else Decimal(50) for gain, loss in found]


@pytest.fixture(params=["native", "reference"])
def backend(request):
    if request.param == "native" and not build_info().native:
        pytest.skip("the Rust engine is not built")
    return series.Series(request.param)


@pytest.mark.parametrize(("name", "values"), nasty(), ids=[name for name, _ in nasty()])
def test_array_forms_are_right_to_nine_digits(backend, name, values):
    exact = [Decimal(float(value)) for value in values]
    with localcontext(prec=60):
        # Inputs that differ by less than they can be told apart round the deviation of every form.
        for period in (20, 3):
            rows = np.array(backend.bollinger(values, period, 2.0))[:, period - 1 :].T
            for mine, (*theirs, scale) in zip(rows.tolist(), exact_bands(exact, period, Decimal(2)), strict=True):
                assert all(
                    abs(Decimal(one) - two) <= scale * Decimal("1e-9") for one, two in zip(mine, theirs, strict=True)
                )
        kama = backend.kama(values, 10, 2, 30)[10:].tolist()
        largest = Decimal(0)
        for mine, theirs, value in zip(kama, exact_kama(exact, 10, 2, 30), exact[10:], strict=True):
            largest = max(largest, abs(value), *map(abs, exact[:10]))
            assert abs(Decimal(mine) - theirs) <= largest * Decimal("1e-9")
        for mine, theirs in zip(backend.rsi(values, 14)[14:].tolist(), exact_rsi(exact, 14), strict=True):
            assert abs(Decimal(mine) - theirs) <= Decimal("1e-7"), name
