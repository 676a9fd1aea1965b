"""Two runs of the bench beside each other: what changed by more than its noise.

No two runs have the same machine: its speed varies by a third within the hour. So a figure is first divided by what
ran beside it, which the machine slowed as much:

- by its **peer**, if both runs have the same one: a library that no change here makes faster;
- by **python**, the reference engine, timed in the same rounds;
- by the **pace**: how much slower all Python and all peers of the run were, in the middle. For engine calls alone.

Each of these that a row has says better, worse or neither, and more than half of them must agree: a twin that became
faster makes no regression of Rust, and a library that was upgraded makes none either. A row with none of them is
compared as it is. A change is one only if the middle half of the new rounds lies beyond the middle half of the old
ones, and the two middles are further apart than `FLOOR`.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

FLOOR = 0.2
"""Of the old figure. Between two runs of one build at a load of 6 to 8, half of the calls differed by less than 3 %, in
the processor's time as in the share of python or of a peer, and one in ten by more than 6 % of the time and 15 of a
share. By most of what is beside it, one row of 67 differed by more than a fifth."""
FLOOR_OF_ONE = 0.3
"""The same for a figure without rounds in either run, so that nothing tells its noise. Percentiles of calls, each the
least of some tries, differed by up to 8 % between those runs, and by half at a load of 9."""
YARDSTICKS = 8
"""The fewest figures that make a pace."""
Verdict = Literal["same", "better", "worse", "new", "gone"]
Samples = tuple[float, ...]


class KeptRow(msgspec.Struct, frozen=True):
    """What is read of a row, of an engine call or of any other figure."""

    name: str
    part: str = ""
    size: str = ""
    unit: str = ""
    better: str | None = None
    """Of an engine call less is, unless it says otherwise."""
    peer: str = ""
    value: float | None = None
    peer_value: float | None = None
    rust_ns: float | None = None
    python_ns: float | None = None
    peer_ns: float | None = None
    rounds: dict[str, Samples] = {}


class Kept(msgspec.Struct, frozen=True):
    """A run as `cambist bench --json` prints it."""

    machine: dict[str, Any]
    rows: tuple[KeptRow, ...]
    date: str = ""
    cambist: str = ""

    def words(self) -> str:
        """Returns when it was, and on what."""
        on = self.machine
        return f"{self.date or 'no date'}, cambist {self.cambist or '?'}, {on.get('engine')}, {on.get('cpu')}"


class Change(msgspec.Struct, frozen=True):
    """What became of one figure."""

    name: str
    size: str
    unit: str
    verdict: Verdict
    old: tuple[float, float, float] | None
    """Lower quartile, median and upper quartile, as measured; `None` for a row that is new."""
    new: tuple[float, float, float] | None
    samples: tuple[int, int]
    """How often it was measured in the old run and in the new one."""
    by: dict[str, float]
    """What the new figure is of the old one, each divided by `peer`, `python` or `pace`; `time` where there is none."""
    part: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A row's samples, and those of what was measured beside it."""

    row: KeptRow
    unit: str
    less: bool
    """Whether less is better."""
    samples: Samples
    beside: Mapping[str, Samples]

    @property
    def call(self) -> bool:
        """Returns whether it is an engine call: time that the machine's pace scales."""
        return self.row.rust_ns is not None


def load(path: Path) -> Kept:
    """Returns a kept run. Raises `OSError`, or `ValueError` if it isn't one."""
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=Kept)
    except msgspec.MsgspecError as error:
        message = f"{path}: not what `cambist bench --json` prints: {error}"
        raise ValueError(message) from error
    if not figures(kept):
        message = f"{path}: not one of its {len(kept.rows)} rows can be compared"
        raise ValueError(message)
    return kept


def together(runs: Sequence[Kept]) -> Kept:
    """Returns runs of one build as one, with the rounds of all. Raises `ValueError` if they are of different ones."""
    first = runs[0]
    for run in runs:
        for what in ("engine", "cpu"):
            if run.machine.get(what) != first.machine.get(what):
                message = f"the files differ in {what}: {first.machine.get(what)}, and {run.machine.get(what)}"
                raise ValueError(message)
    rows: dict[tuple[str, str], KeptRow] = {}
    for row in (row for run in runs for row in run.rows):
        key = row.name, row.size
        rows[key] = _joined(rows[key], row) if key in rows else row
    return msgspec.structs.replace(first, rows=tuple(rows.values()))


def read(result: Mapping[str, Any]) -> Kept:
    """Returns what `suite.run` gave as a run that was kept."""
    return msgspec.json.decode(msgspec.json.encode(result), type=Kept)


def compare(old: Kept, new: Kept) -> list[Change]:
    """Returns what became of each figure, in the order of the new run; then what is gone.

    Only of parts that the new run measured: what it was not asked for is not gone.
    """
    before, after = figures(old), figures(new)
    parts = {figure.row.part for figure in after.values()}
    pace = _pace(before, after)
    changes = []
    for key, figure in after.items():
        changes.append(_judged(before[key], figure, pace) if key in before else _alone(figure, "new"))
    gone = (figure for key, figure in before.items() if key not in after and figure.row.part in parts)
    return changes + [_alone(figure, "gone") for figure in gone]


def worse(old: Kept, new: Kept) -> set[tuple[str, str]]:
    """Returns name and size of each engine call that is worse."""
    changes = compare(old, new)
    return {(change.name, change.size) for change in changes if change.verdict == "worse" and change.part == "engine"}


def figures(kept: Kept) -> dict[tuple[str, str], Figure]:
    """Returns the rows that have a figure which can be better or worse, by name and size."""
    found = {}
    for row in kept.rows:
        if row.rust_ns is not None and row.better != "":
            once = {"rust": _one(row.rust_ns), "python": _one(row.python_ns), "peer": _one(row.peer_ns)}
            # Not both: rounds are of the processor's time, a single figure is of the time that passed.
            samples = row.rounds if row.rounds.get("rust") else once
            figure = Figure(row, "ns", True, samples["rust"], _usable(samples, ("python", "peer")))
        elif row.value is not None and row.better:
            once = {"value": (row.value,), "peer": _one(row.peer_value)}
            samples = {side: row.rounds.get(side) or once[side] for side in once}
            name = "python" if row.peer == "python" else "peer"
            beside = _usable({name: samples["peer"]}, (name,))
            figure = Figure(row, row.unit, row.better == "less", samples["value"], beside)
        else:
            continue
        found[row.name, row.size] = figure
    return found


def line(change: Change) -> str:
    """Returns a change as one line of text."""

    def side(values: tuple[float, float, float] | None) -> str:
        low, middle, high = map(_number, values) if values else ("", "–", "")
        return middle if low == high else f"{middle} [{low}–{high}]"

    moved = ", ".join(f"{name} ×{ratio:.2f}" for name, ratio in change.by.items())
    name = f"{change.name}, {change.size}" if change.size else change.name
    return (
        f"{change.verdict:6} {name:72} {side(change.old):>30} {side(change.new):>30} {change.unit:7} {moved}".rstrip()
    )


def summary(changes: Iterable[Change]) -> str:
    """Returns how many rows have each verdict: `61 rows: 58 same, 2 better, 1 worse`."""
    verdicts = [change.verdict for change in changes]
    order = ("same", "better", "worse", "new", "gone")
    return f"{len(verdicts)} rows: " + ", ".join(f"{verdicts.count(v)} {v}" for v in order if v in verdicts)


def _joined(one: KeptRow, two: KeptRow) -> KeptRow:
    """Returns a row with the rounds of both; a peer of one alone is none."""
    shared = [side for side in one.rounds if side in two.rounds and (side != "peer" or one.peer == two.peer)]
    return msgspec.structs.replace(one, rounds={side: one.rounds[side] + two.rounds[side] for side in shared})


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _one(value: float | None) -> Samples:
    return () if value is None else (value,)


def _usable(samples: Mapping[str, Samples], names: Iterable[str]) -> dict[str, Samples]:
    """Returns those of the names that can be divided by."""
    return {name: samples[name] for name in names if samples.get(name) and min(samples[name]) > 0}


def _pace(before: Mapping[Any, Figure], after: Mapping[Any, Figure]) -> float | None:
    """Returns how many times as long Python and the peers of the engine calls took; `None` if too few tell."""
    moved = []
    for key in before.keys() & after.keys():
        old, new = before[key], after[key]
        for name in _shared(old, new) if old.call and new.call else ():
            moved.append(statistics.median(new.beside[name]) / statistics.median(old.beside[name]))
    return statistics.median(moved) if len(moved) >= YARDSTICKS else None


def _shared(old: Figure, new: Figure) -> list[str]:
    """Returns by what the figures of both runs can be divided: a peer only if it is the same one."""
    names = [name for name in ("peer", "python") if name in old.beside and name in new.beside]
    return [name for name in names if name != "peer" or old.row.peer == new.row.peer]


def _judged(old: Figure, new: Figure, pace: float | None) -> Change:
    floor = FLOOR if len(old.samples) > 1 and len(new.samples) > 1 else FLOOR_OF_ONE
    sides = {name: (_shares(old, name), _shares(new, name)) for name in _shared(old, new)}
    if pace is not None and old.call:
        sides["pace"] = old.samples, tuple(value / pace for value in new.samples)
    sides = sides or {"time": (old.samples, new.samples)}
    if new.unit == "equal":
        sides, floor = {"time": (old.samples, new.samples)}, 0.0
    votes = [_moved(*side, floor) * (1 if new.less else -1) for side in sides.values()]
    verdict: Verdict = "same"
    if 2 * votes.count(1) > len(votes):
        verdict = "worse"
    elif 2 * votes.count(-1) > len(votes):
        verdict = "better"
    by = {name: _middle(new) / _middle(old) for name, (old, new) in sides.items() if _middle(old)}
    return _change(new, verdict, _quartiles(old.samples), _quartiles(new.samples), len(old.samples), by)


def _alone(figure: Figure, verdict: Literal["new", "gone"]) -> Change:
    found, count = _quartiles(figure.samples), len(figure.samples)
    if verdict == "new":
        return _change(figure, verdict, None, found, 0, {})
    row = figure.row
    return Change(row.name, row.size, figure.unit, verdict, found, None, (count, 0), {}, row.part)


def _change(
    figure: Figure,
    verdict: Verdict,
    old: tuple[float, float, float] | None,
    new: tuple[float, float, float],
    count: int,
    by: dict[str, float],
) -> Change:
    row = figure.row
    return Change(row.name, row.size, figure.unit, verdict, old, new, (count, len(figure.samples)), by, row.part)


def _shares(figure: Figure, name: str) -> Samples:
    """Returns each round's figure divided by what was measured beside it in that round."""
    beside = figure.beside[name]
    if len(beside) == len(figure.samples):
        return tuple(mine / theirs for mine, theirs in zip(figure.samples, beside, strict=True))
    return tuple(mine / statistics.median(beside) for mine in figure.samples)


def _moved(old: Samples, new: Samples, floor: float) -> int:
    """Returns 1 if the figures went up beyond their noise, −1 if they went down, else 0."""
    (old_low, old_middle, old_high), (low, middle, high) = _quartiles(old), _quartiles(new)
    if low > old_high and middle > old_middle * (1 + floor):
        return 1
    return -1 if high < old_low and old_middle > middle * (1 + floor) else 0


def _middle(samples: Sequence[float]) -> float:
    return statistics.median(samples)


def _quartiles(samples: Samples) -> tuple[float, float, float]:
    if len(samples) == 1:
        return samples[0], samples[0], samples[0]
    low, middle, high = statistics.quantiles(samples, n=4, method="inclusive")
    return low, middle, high
