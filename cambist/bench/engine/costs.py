"""Fees and scores of many trades."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from cambist.bench.engine.case import Case, native
from cambist.config.settings import Bidding, Gates
from cambist.engine.reference import fees
from cambist.engine.reference.judge import scorer
from cambist.engine.reference.venues import VENUES

if TYPE_CHECKING:
    from collections.abc import Iterator

TRADES = 10_000
HOPS = 3


def cases() -> Iterator[Case]:
    """Returns the cases of this file."""
    yield _fees()
    yield _scores()


def _fees() -> Case:
    """Three-hop routes over every venue: limit, base fee, priority fee and tip."""
    rng = random.Random(7)
    table = [[rng.randrange(len(VENUES)) for _ in range(HOPS)] for _ in range(TRADES)]
    venues = np.array(table, np.int64)
    ticks = np.array([[rng.randrange(4) for _ in range(HOPS)] for _ in range(TRADES)], np.int64)
    flags = np.zeros_like(venues)
    gross = np.array([rng.randrange(10**9) for _ in range(TRADES)], np.int64)
    bidding, extension = Bidding(), native()
    setting = msgspec.json.encode(bidding)
    plain = [table.ravel().tolist() for table in (venues, ticks, flags, gross)]
    return Case(
        "fee estimate, batch", f"{TRADES:,} routes of {HOPS} hops", TRADES,
        (lambda: extension.estimate_trades(venues, ticks, flags, gross, 41_000, setting)) if extension else None,
        lambda: fees.estimate_trades(plain[0], plain[1], plain[2], plain[3], 41_000, bidding),
        limit_ns=500.0,
    )  # fmt: skip


def _scores() -> Case:
    """Candidates that fail at any gate, or none."""
    rng = random.Random(7)
    rows = []
    for _ in range(TRADES):
        size = rng.randrange(10**8, 10**11)
        out = size + rng.randrange(-size // 2_000, size // 100)
        costs = (5_000, rng.randrange(200_000), rng.randrange(200_000), 0, 0, rng.choice((-1, 0)))
        rows.append((size, out, rng.choice((1, 1, 1, 3, 5, 9)), 0, *costs, rng.randrange(5), rng.randrange(9), 9))
    columns, gates, extension = np.ascontiguousarray(np.array(rows, np.int64).T), Gates(), native()
    setting, plain = msgspec.json.encode(gates), [list(column) for column in zip(*rows, strict=True)]
    return Case(
        "score per opportunity, batch", f"{TRADES:,} candidates", TRADES,
        (lambda: extension.score_columns(columns, setting)) if extension else None,
        lambda: scorer.score_columns(plain, gates),
        limit_ns=200.0,
    )  # fmt: skip
