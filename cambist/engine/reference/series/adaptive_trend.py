"""Adaptive trend classification: moving averages vote by how well following them would have paid.

Streaming and batch are one. Six kinds of average (EMA, HMA, WMA, DEMA, LSMA, KAMA) of nine lengths each. In layer 1 the
price's last crossing of an average is that average's side, 1 or −1 (0 before the first), and the sides of a kind are
averaged, weighted by the equity of having followed each since the bar before. In layer 2 the result is followed in
turn, and its equity is the kind's weight in the average over kinds. The return of a bar is (price − price before) ÷
price before, × e^(λ·bar).

Three systems go by this name; `PROFILES` says where they differ. Formulas: the trend system's description, for
`rust_batch` its published source too. Only + − × ÷ are used, in the order written (e^λ by its series, its powers one
bar after the other): the twin gives the same bits.

A price that is no number in range is counted: averages ignore it (KAMA has none while it lasts: see `FixedKama`), and
its bar and the next earn nothing and cross nothing. So does a bar after a price of 0 earn nothing. No prices give no
bars.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, Protocol

from cambist.engine.reference.series.equity import Equity
from cambist.engine.reference.series.kama import FixedKama, Kama
from cambist.engine.reference.series.moving_averages import Dema, Hma, Lsma, Wma
from cambist.engine.reference.series.signal_persistence import UpDown
from cambist.engine.reference.series.technical.base import Ema, is_usable, positive
from cambist.engine.reference.series.technical.macd import Sma

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

KINDS = ("EMA", "HMA", "WMA", "DEMA", "LSMA", "KAMA")
"""Kinds of average, in this order everywhere."""

PROFILES = ("python", "pine", "rust_batch")
"""Whose numbers are given.

python: λ in thousandths, decay in percent. Signals of layer 1 have two decimals and become 1, 0, −1 by the thresholds
before they are averaged; layer 1 takes no account of the cutout, the exponent of layer 2 counts from it.

pine: as python, with other thresholds by default, plain means in place of HMA, and KAMA grown from 0.

rust_batch: λ and decay as they are. Signals are not rounded, the cutout is in both layers and in no exponent, equity of
layer 2 starts at 1 and is multiplied by the weight, and the average itself becomes 1, 0, −1. Never later by a bar.
"""

ROBUSTNESS = {"narrow": (1, 2, 3, 4), "medium": (1, 2, 4, 6), "wide": (1, 3, 5, 7)}
"""How far the nine lengths lie apart: bars to either side."""

_MAX_LENGTH = (1 << 32) - 1


class TrendConfig(NamedTuple):
    """Parameters of the classification; `of` gives the defaults of a profile."""

    profile: str = "python"
    robustness: str = "medium"
    lengths: tuple[int, ...] = (28,) * 6
    """Of each kind."""
    weights: tuple[float, ...] = (1.0,) * 6
    """Of each kind: what its equity of layer 2 starts at, or is multiplied by."""
    lamda: float = 0.02
    """Growth of what later returns count for."""
    decay: float = 0.03
    """What equity loses each bar."""
    cutout: int = 0
    """How many bars come before the first."""
    long: float = 0.1
    """Above this is up."""
    short: float = -0.1
    """Below this is down."""
    strategy: bool = False
    """Whether the average is given one bar later."""

    @classmethod
    def of(cls, profile: str) -> TrendConfig:
        """Returns the defaults of a profile. Those of `rust_batch` are its own: unscaled, so far above the others'."""
        threshold = 0.49 if profile == "pine" else 0.1
        return cls(profile, long=threshold, short=-threshold)

    def check(self) -> None:
        """Raises `ValueError` for a parameter that is out of range."""
        if self.profile not in PROFILES:
            why = f"profile was {self.profile!r}, expected one of {', '.join(PROFILES)}"
            raise ValueError(why)
        if self.robustness not in ROBUSTNESS:
            why = f"robustness was {self.robustness!r}, expected one of {', '.join(ROBUSTNESS)}"
            raise ValueError(why)
        for name, given in (("lengths", self.lengths), ("weights", self.weights)):
            if len(given) != len(KINDS):
                why = f"{len(given)} {name}, expected {len(KINDS)}"
                raise ValueError(why)
        for length in self.lengths:
            positive(length)
        if self.cutout < 0:
            why = f"cutout {self.cutout} is negative"
            raise ValueError(why)
        named = [("lambda", self.lamda), ("decay", self.decay)]
        named += [("long threshold", self.long), ("short threshold", self.short)]
        for name, value in [*named, *(("weight", weight) for weight in self.weights)]:
            # e^λ is worked out for small λ only; any other would end the numbers within a few bars.
            if not is_usable(value) or (name == "lambda" and abs(value) > 1.0):
                why = f"{name} {value} is no number in range"
                raise ValueError(why)


class TrendBar(NamedTuple):
    """What one bar gives; kinds in the order of `KINDS`."""

    average: float
    """−1 (all say down) to 1 (all say up); 0 in the cutout."""
    signals: tuple[float, ...]
    """Layer 1."""
    equities: tuple[float | None, ...]
    """Layer 2; `None` in the cutout."""


def nine_lengths(length: int, robustness: str) -> list[int]:
    """Returns the nine lengths around one, none below 1.

    >>> nine_lengths(5, "medium")
    [5, 6, 7, 9, 11, 4, 3, 1, 1]
    """
    apart = ROBUSTNESS[robustness]
    more = [min(length + by, _MAX_LENGTH) for by in apart]
    return [length, *more, *(max(length - by, 1) for by in apart)]


def _exponential(x: float) -> float:
    """Returns e^x for −1 ≤ x ≤ 1, by its series."""
    total = term = 1.0
    for n in range(1, 25):
        term = term * x / float(n)
        total += term
    return total


class _Average(Protocol):
    def update(self, value: float, /) -> float | None: ...


def _makers(profile: str) -> tuple[Callable[[int], _Average], ...]:
    if profile == "pine":
        return (Ema, Sma, Wma, Dema, Lsma, Kama.from_zero)
    return (Ema, Hma, Wma, Dema, Lsma, FixedKama)


class _Follower:
    """One average, the side its crossings tell, and what following that was worth."""

    def __init__(self, average: _Average, equity: Equity) -> None:
        self._average = average
        self._last: float | None = None
        self._side = UpDown()
        self._equity = equity

    def update(self, price: float, before: float, earned: float) -> tuple[int, float | None]:
        """Takes a bar: price, price before, return; returns side and equity."""
        equity = self._equity.update(earned, float(self._side.value))
        now, last = self._average.update(price), self._last
        if now is not None and last is not None and is_usable(price) and is_usable(before):
            self._side.update(price > now and before <= last, price < now and before >= last)
        self._last = now
        return self._side.value, equity


class _Kind:
    """The nine averages of a kind, and what following their common signal was worth."""

    def __init__(self, kind: int, config: TrendConfig, kept: float) -> None:
        is_batch = config.profile == "rust_batch"
        make, cutout = _makers(config.profile)[kind], config.cutout if is_batch else 0
        lengths = nine_lengths(config.lengths[kind], config.robustness)
        self._followers = [_Follower(make(length), Equity(1.0, kept, cutout)) for length in lengths]
        self._equity = Equity(1.0 if is_batch else config.weights[kind], kept, config.cutout)
        self._is_rounded = not is_batch
        self.signal = math.nan

    def update(self, price: float, before: float, earned: tuple[float, float]) -> float | None:
        """Takes a bar; returns the equity of layer 2. `signal` is then that of the bar."""
        equity = self._equity.update(earned[1], self.signal)
        votes = weights = 0.0
        for follower in self._followers:
            side, weight = follower.update(price, before, earned[0])
            votes += float(side) * (weight or 0.0)
            weights += weight or 0.0
        signal = votes / weights if weights > 0.0 else 0.0
        self.signal = float(round(signal * 100.0)) / 100.0 if self._is_rounded else signal
        return equity


class Trend:
    """The classification, one price after the other.

    Raises `ValueError` for a length below 1, a parameter that is no number in range and λ beyond ±1.

    >>> state = Trend(TrendConfig(lengths=(2,) * 6, robustness="narrow"))
    >>> [state.update(price).average for price in (5.0, 4.0, 3.0, 2.0, 3.0, 5.0, 8.0)][-1]
    0.9779579099545106
    """

    def __init__(self, config: TrendConfig | None = None) -> None:
        self._config = config or TrendConfig()
        self._config.check()
        self._is_batch = self._config.profile == "rust_batch"
        lamda, decay = self._config.lamda, self._config.decay
        if not self._is_batch:
            lamda, decay = lamda / 1_000.0, decay / 100.0
        self._kinds = [_Kind(kind, self._config, 1.0 - decay) for kind in range(len(KINDS))]
        self._bar = 0
        self._before = math.nan
        self._step = _exponential(lamda)
        self._growth = [1.0, 1.0]
        self._held = 0.0
        self.ignored = 0
        """How many prices were no number in range."""

    def update(self, price: float) -> TrendBar:
        """Takes a bar's price; returns what it gives."""
        if not is_usable(price):
            self.ignored += 1
        earned = self._earned(price)
        equities = tuple(kind.update(price, self._before, earned) for kind in self._kinds)
        signals = tuple(kind.signal for kind in self._kinds)
        now = 0.0 if self._bar < self._config.cutout else self._average(signals, equities)
        average = self._held if self._config.strategy and not self._is_batch else now
        self._held, self._before = now, price
        self._bar += 1
        return TrendBar(average, signals, equities)

    def _earned(self, price: float) -> tuple[float, float]:
        """Returns the bar's return as layer 1 and layer 2 count it, NaN where it is unknown."""
        if self._bar > 0:
            self._growth[0] *= self._step
        if self._bar > (0 if self._is_batch else self._config.cutout):
            self._growth[1] *= self._step
        if not is_usable(price) or not is_usable(self._before) or self._before == 0.0:
            return math.nan, math.nan
        change = (price - self._before) / self._before
        return change * self._growth[0], change * self._growth[1]

    def _average(self, signals: Sequence[float], equities: Sequence[float | None]) -> float:
        votes = weights = 0.0
        for signal, known, weight in zip(signals, equities, self._config.weights, strict=True):
            equity = known or 0.0
            if self._is_batch:
                votes += signal * equity * weight
                weights += equity * weight
            else:
                votes += self._cut(signal) * equity
                weights += equity
        average = votes / weights if weights > (1e-9 if self._is_batch else 0.0) else 0.0
        return self._cut(average) if self._is_batch else average

    def _cut(self, signal: float) -> float:
        if signal > self._config.long:
            return 1.0
        return -1.0 if signal < self._config.short else 0.0


def trend(prices: Sequence[float], config: TrendConfig | None = None) -> list[TrendBar]:
    """Returns what `Trend` gives after each price. Raises `ValueError` as it does.

    >>> trend([5.0, 4.0, 3.0, 2.0, 3.0, 5.0, 8.0], TrendConfig(lengths=(2,) * 6, robustness="narrow"))[-1].average
    0.9779579099545106
    """
    state = Trend(config)
    return [state.update(price) for price in prices]
