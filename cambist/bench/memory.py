"""Peak memory of one piece of work: by the Rust engine, the reference and numba, each in a process of its own."""

from __future__ import annotations

import importlib.util
import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from cambist import child, engine

if TYPE_CHECKING:
    from collections.abc import Callable

POINTS = 1_000_000
"""Prices that Kaufman's average goes over."""
PERIOD, FAST, SLOW = 10, 2, 30
KIB = 1024


class MemoryRow(msgspec.Struct, frozen=True):
    """The peak of one process."""

    name: str
    engine: str
    peak_bytes: int | None
    """`None` if it isn't installed; the note says so."""
    own_bytes: int | None
    """Above what the same process held before the work: interpreter, libraries and compiler left out."""
    note: str = ""


def rows(points: int = POINTS) -> list[MemoryRow]:
    """Returns a row for each way of doing the work."""
    name = f"KAMA of {points:,} prices"
    found = []
    for which, why in (
        ("native", "" if engine.build_info().native else engine.build_info().why),
        ("reference", ""),
        ("numba", "" if importlib.util.find_spec("numba") else "numba is not installed"),
    ):
        peak, own = (None, None) if why else _child(which, points)
        found.append(MemoryRow(name, which, peak, own, why))
    return found


def line(row: MemoryRow) -> str:
    """Returns a row as one line of text."""
    if row.peak_bytes is None or row.own_bytes is None:
        return f"{row.name:34} {row.engine:10} – {row.note}"
    return f"{row.name:34} {row.engine:10} {_mib(row.peak_bytes)} MiB, {_mib(row.own_bytes)} of it by the work"


def _mib(count: int) -> str:
    return f"{count / KIB**2:,.1f}"


def _child(which: str, points: int) -> tuple[int, int]:
    """Returns (peak, growth) of a process that does the work once."""
    command = child.command("cambist.bench.memory", which, str(points))
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300, env=child.environment())
    before, peak = map(int, done.stdout.split())
    return peak, peak - before


def peak_bytes() -> int:
    """Returns the most memory this process ever held.

    Linux hands `ru_maxrss` on from the process that started this one; what `/proc` says is this one's own.
    """
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return _status_bytes("VmHWM") or (peak if sys.platform == "darwin" else peak * KIB)


def held_bytes() -> int:
    """Returns the memory this process holds now; its peak where the system doesn't say."""
    return _status_bytes("VmRSS") or peak_bytes()


def _status_bytes(name: str) -> int | None:
    status = Path("/proc/self/status")
    for entry in status.read_text(encoding="utf-8").splitlines() if status.exists() else ():
        if entry.startswith(f"{name}:"):
            return int(entry.split()[1]) * KIB
    return None


def _native() -> Callable[[Any], Any]:
    from cambist.engine.series import Series

    series = Series("native")
    return lambda prices: series.kama(prices, PERIOD, FAST, SLOW)


def _reference() -> Callable[[Any], Any]:
    from cambist.engine.series import Series

    series = Series("reference")
    return lambda prices: series.kama(prices, PERIOD, FAST, SLOW)


def _numba() -> Callable[[Any], Any]:
    import numpy as np

    numba = importlib.import_module("numba")

    def kama(prices: Any) -> Any:
        out = np.full(len(prices), np.nan)
        fast, slow = 2.0 / (FAST + 1.0), 2.0 / (SLOW + 1.0)
        if len(prices) <= PERIOD:
            return out
        moved = 0.0
        for at in range(1, PERIOD + 1):
            moved += abs(prices[at] - prices[at - 1])
        value = prices[PERIOD - 1]
        for at in range(PERIOD, len(prices)):
            if at > PERIOD:
                moved += abs(prices[at] - prices[at - 1]) - abs(prices[at - PERIOD] - prices[at - PERIOD - 1])
            went = abs(prices[at] - prices[at - PERIOD])
            share = went / moved if moved > 0.0 else 0.0
            smooth = share * (fast - slow) + slow
            value += smooth * smooth * (prices[at] - value)
            out[at] = value
        return out

    compiled: Callable[[Any], Any] = numba.njit(kama)
    return compiled


WAYS = {"native": _native, "reference": _reference, "numba": _numba}


def main(which: str, points: int) -> None:
    """Does the work once; prints what is held before it, and the peak after it."""
    import numpy as np

    work = WAYS[which]()
    work(np.full(100, 1.0))
    # In place: a peak from before the work would hide what the work takes.
    prices = np.random.default_rng(7).normal(0, 1e-3, points)
    np.exp(np.cumsum(prices, out=prices), out=prices)
    before = held_bytes()
    work(prices)
    print(before, peak_bytes())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
