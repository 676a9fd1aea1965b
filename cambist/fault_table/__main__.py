"""Runs rows of the fault table and prints each as it is measured."""

from __future__ import annotations

import asyncio
import sys
from importlib import import_module
from pathlib import Path  # noqa: TC003 - cyclopts reads it at run time
from typing import Annotated

import msgspec
from cyclopts import App, Parameter
from cyclopts.exceptions import CycloptsError

from cambist.fault_table.problems import Problem
from cambist.fault_table.table import ROWS, Outcome, Row, Scale, Tally
from cambist.host import Stolen

WORTH_A_WORD_PPM = 20_000
MODULES = (
    "rows_line",
    "rows_net",
    "rows_silence",
    "rows_reach",
    "rows_load",
    "rows_nodes",
    "rows_hub",
    "rows_kill",
    "rows_text",
)

app = App(name="fault_table", help=__doc__ or "", default_parameter=Parameter(negative=()))


@app.default
def run(
    *rows: int,
    short: bool = False,
    seed: int = 7,
    out: Annotated[Path | None, Parameter(name="--json")] = None,
) -> int:
    """Try faults; exit code 0 if every figure is reached.

    Args:
        rows: Numbers of rows; all if none is given.
        short: A few trials of each.
        seed: What is random follows from it.
        out: File to write all rows to as JSON.
    """
    load()
    unknown = sorted(set(rows) - set(ROWS))
    if unknown:
        known = ", ".join(map(str, sorted(ROWS)))
        print(f"fault_table: no row {', '.join(map(str, unknown))}; there are {known}", file=sys.stderr)
        return 2
    scale = Scale(short, seed)
    print(HEAD)
    done = []
    for number in sorted(rows or ROWS):
        entry = ROWS[number]
        found = asyncio.run(_try(entry, scale))
        done.append(found)
        print(line(found), flush=True)
        if out is not None:
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_bytes(msgspec.json.format(msgspec.json.encode(done)) + b"\n")
    return 0 if all(found.met for found in done) else 1


async def _try(entry: Row, scale: Scale) -> Outcome:
    """Returns what a row came to, and what the host took meanwhile; one that breaks off is not met."""
    stolen = Stolen()
    try:
        found = await entry.run(entry, scale)
        share = stolen.ppm() or 0
        if share < WORTH_A_WORD_PPM:
            return found
        return msgspec.structs.replace(found, found=f"{found.found}; the host took {share / 10_000:.0f} % of the time")
    except Exception as error:
        tally = Tally()
        tally.expect(False, Problem.BROKE_OFF, f"broke off: {type(error).__name__}: {error}")
        return tally.outcome(entry)


def load() -> None:
    """Loads every row."""
    for name in MODULES:
        import_module(f"cambist.fault_table.{name}")


HEAD = (
    f"{'row':>3}  {'met':3}  {'fault':48} {'trials':>8} {'frames':>10} {'lost':>5} {'dup':>8} "
    f"{'p50 ms':>8} {'p99 ms':>8} {'max ms':>8} {'MiB':>6}  found"
)


def line(found: Outcome) -> str:
    """Returns a row as one line."""

    def number(value: float | None) -> str:
        return "–" if value is None else f"{value:,.1f}"

    return (
        f"{found.row:3}  {'yes' if found.met else 'NO ':3}  {found.fault:48} {found.trials:8,} {found.frames:10,} "
        f"{found.lost:5,} {found.duplicated:8,} {number(found.recovery_p50_ms):>8} {number(found.recovery_p99_ms):>8} "
        f"{number(found.recovery_max_ms):>8} {number(found.memory_mib):>6}  {found.found}"
    )


def main(argv: list[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    try:
        return int(app(argv, exit_on_error=False, print_error=False, result_action="return_value") or 0)
    except CycloptsError as error:
        print(f"fault_table: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
