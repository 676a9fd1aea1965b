"""`cambist bench`: the figures of this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cambist.commands.console import DIFFERENT, OK, UNUSABLE, Stop, print_line, put

if TYPE_CHECKING:
    from cambist.bench.against import Kept


def bench(
    *parts: str,
    json: bool = False,
    memory: bool = False,
    against: list[Path] | None = None,
    measured: Path | None = None,
    recordings: Path | None = None,
) -> int:
    """Measure this machine: the figures of BENCHMARKS.md.

    Args:
        parts: What to measure of `engine`, `transport`, `load`, `demo`, `seek`, `asked`, `import`, `replay` and
            `screen`; all if none is named.
        json: Print one JSON object at the end; without it each row is printed as it is measured.
        memory: Measure peak memory alone, each engine in a process of its own.
        against: What `--json` printed at another time. Says row by row what changed by more than its noise; exit code 1
            if a row is worse. Engine calls that look worse are measured a second time. Of several files the rounds
            are put together: what one build does in different processes differs more than in one.
        measured: Compare this file with the one of `--against`, and measure nothing.
        recordings: Folder with recordings of an exchange (`.zst`) for `import` and `replay`, in place of the one beside
            the checkout.
    """
    if memory and (against or parts):
        raise Stop(UNUSABLE, "--memory is measured alone, and compared with nothing")
    if measured and (parts or not against):
        raise Stop(UNUSABLE, "--measured is what to compare with --against, in place of parts to measure")
    if memory:
        return _memory(json=json)
    old, done = _kept(against or []), _kept([measured] if measured else [])
    result = {"measured": str(measured)} if done else _measured(parts, recordings, quiet=json)
    if against is None or old is None:
        if json:
            put(result)
        return OK
    return _compared(against, old, done, result, json=json)


def _kept(paths: list[Path]) -> Kept | None:
    """Returns runs that were kept, as one; `None` of none. Raises `Stop`."""
    if not paths:
        return None
    from cambist.bench import against as comparison

    try:
        return comparison.together([comparison.load(path) for path in paths])
    except ValueError as error:
        raise Stop(UNUSABLE, str(error)) from error
    except OSError as error:
        raise Stop(UNUSABLE, f"{error.filename}: {error.strerror}") from error


def _memory(*, json: bool) -> int:
    from cambist.bench import machine
    from cambist.bench import memory as bench_memory

    peaks = bench_memory.rows()
    if json:
        put({**machine.about(), "machine": machine.machine(), "rows": peaks})
    else:
        for peak in peaks:
            print(bench_memory.line(peak))
    return OK


def _measured(parts: tuple[str, ...], recordings: Path | None, *, quiet: bool) -> dict[str, Any]:
    from cambist.bench import suite

    plan = suite.Plan(parts=parts or suite.PARTS, recordings=recordings or suite.RECORDINGS)
    try:
        return suite.run(print_line, plan, lambda row: None if quiet else print(suite.line(row), flush=True))
    except ValueError as error:
        raise Stop(UNUSABLE, str(error)) from error


def _again(result: dict[str, Any], old: Kept) -> dict[str, Any]:
    """Returns a run in which engine calls that look worse are measured anew: one bad moment makes no regression."""
    from cambist.bench import again
    from cambist.bench import against as comparison

    worse = comparison.worse(old, comparison.read(result))
    if not worse:
        return result
    print_line(f"measuring again what looks worse: {', '.join(name for name, _ in worse)}")
    second = again.measured(worse)
    return {**result, "rows": [second.get((row.name, getattr(row, "size", "")), row) for row in result["rows"]]}


def _compared(paths: list[Path], old: Kept, done: Kept | None, result: dict[str, Any], *, json: bool) -> int:
    from cambist.bench import against as comparison

    if done is None:
        result = _again(result, old)
    new = done or comparison.read(result)
    for what in ("engine", "cpu"):
        if old.machine.get(what) != new.machine.get(what):
            print_line(f"cambist: {paths[0]} has another {what}: {old.machine.get(what)}, not {new.machine.get(what)}")
    changes = comparison.compare(old, new)
    if json:
        put(
            {
                **result,
                "against": {"files": list(map(str, paths)), "date": old.date, "machine": old.machine},
                "changes": changes,
            }
        )
    else:
        print(f"old: {old.words()}\nnew: {new.words()}")
        for change in changes:
            print(comparison.line(change))
        print(comparison.summary(changes))
    return DIFFERENT if any(change.verdict == "worse" for change in changes) else OK
