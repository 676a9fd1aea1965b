"""Random flows of orders with crashes, clock steps, halts, duplicates and parts, held against a witness.

Flows are run in parts of 250, each from its own seed: a part that fails is named, and runs again alone. Prints what was
come through, and exits with 1 where a flow failed.

    python -m scripts.flows [--flows N] [--first PART] [--workers N] [--kind one|engines|restarts]
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections import Counter
from functools import partial
from multiprocessing import Pool

from cambist.engine import build_info
from tests.flows.machine import BothEngines, OrderFlows
from tests.flows.restarts import OverRestarts
from tests.flows.runs import run

KINDS = {"one": OrderFlows, "engines": BothEngines, "restarts": OverRestarts}
"""Flows on the Rust engine, some in which the other one takes over, some that go on from a journal."""
PART = 250
PARTS_EACH = 20
"""Of one process: it keeps what it took of memory."""
EVERY_S = 30.0
"""Time from one line of progress to the next."""


def tried(number: int, kind: str) -> tuple[int, Counter[str], str]:
    """Runs a part; returns its number, what it came through and how it failed, if it did."""
    try:
        return number, run(KINDS[kind], PART, number), ""
    except Exception:  # whatever a flow fails with is told beside the number of its part
        return number, Counter(), traceback.format_exc()


def main(argv: list[str] | None = None) -> int:
    """Runs the parts, some at a time, and prints what was seen."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--flows", type=int, default=100_000)
    options.add_argument("--first", type=int, default=1, help="the first part; its number is its seed")
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--kind", choices=KINDS, default="one")
    given = options.parse_args(argv)
    if not build_info().native:
        print("the Rust engine is not built", file=sys.stderr)
        return 2
    numbers = range(given.first, given.first + -(-given.flows // PART))
    seen, failed, begun = Counter[str](), list[int](), time.monotonic()
    told = begun
    with Pool(given.workers, maxtasksperchild=PARTS_EACH) as pool:
        for done, each in enumerate(pool.imap_unordered(partial(tried, kind=given.kind), numbers), 1):
            number, part, fault = each
            seen += part
            if fault:
                failed.append(number)
                print(f"part {number} failed:\n{fault}", flush=True)
            if time.monotonic() - told > EVERY_S or done == len(numbers):
                told = time.monotonic()
                rate = seen["flows"] / (told - begun)
                print(f"{done} of {len(numbers)} parts, {seen['flows']} flows, {rate:.0f} a second", flush=True)
    for what, count in sorted(seen.items()):
        print(f"{count:>9} {what}")
    if failed:
        print(f"failed: parts {', '.join(map(str, sorted(failed)))}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
