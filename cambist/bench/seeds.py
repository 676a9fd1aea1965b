"""What paper earns in the embedded market: sessions of several seeds on a given clock, each in a process of its own.

The market decides what can be won, paper how an order lands: the figures here are what both come to, nothing else.
"""

from __future__ import annotations

import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from cambist import child
from cambist.model.rivals import Level
from cambist.model.units import NS_PER_MS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cambist.runtime.hub import Hub
    from cambist.runtime.live import LiveSource

HOUR_S = 3_600.0


class Asked(NamedTuple):
    """One session to run."""

    seed: int
    minutes: float
    level: Level


class Row(msgspec.Struct, frozen=True):
    """What one session came to."""

    seed: int
    minutes: float
    level: Level
    digest: str
    """Of its decisions: who runs it again gets the same."""
    seconds_wall: float
    opportunities: int
    go: int
    sent: int
    """Orders."""
    filled: int
    earned: int
    """Orders that left more than they cost."""
    net: int
    """What all came to after every cost, in atoms of the unit (lamports)."""
    wallet: int
    """What the wallet of the start is worth at the end's prices, in the same."""
    without: int
    """Tokens of which nothing could be valued; what they came to is not in `net`."""

    @property
    def hourly(self) -> float:
        """Return on the wallet in an hour, as a fraction."""
        return self.net / self.wallet * HOUR_S / (self.minutes * 60.0)


class Sums(msgspec.Struct, frozen=True):
    """What several sessions came to."""

    sessions: int
    losing: int
    """Sessions that ended with less than they began with."""
    idle: int
    """Sessions that sent nothing."""
    losing_share: float
    mean_hourly: float
    """Return on the wallet in an hour, as a fraction, mean over the sessions."""
    median_hourly: float
    sent: int
    earned: int
    hit_rate: float | None
    """Share of all sent orders that earned; `None` if none was sent."""


def sums_of(rows: Sequence[Row]) -> Sums:
    """Returns what sessions came to together. Raises `ValueError` for none."""
    if not rows:
        message = "no session to sum up"
        raise ValueError(message)
    sent, earned, losing = (
        sum(row.sent for row in rows),
        sum(row.earned for row in rows),
        sum(row.net < 0 for row in rows),
    )
    return Sums(
        sessions=len(rows),
        losing=losing,
        idle=sum(row.sent == 0 for row in rows),
        losing_share=losing / len(rows),
        mean_hourly=statistics.fmean(row.hourly for row in rows),
        median_hourly=statistics.median(row.hourly for row in rows),
        sent=sent,
        earned=earned,
        hit_rate=earned / sent if sent else None,
    )


def run_all(asked: Sequence[Asked], jobs: int) -> Iterator[Row]:
    """Yields each session's row as it ends, at most `jobs` at a time. Raises `RuntimeError` for one that failed."""
    with ThreadPoolExecutor(jobs) as pool:
        running = [pool.submit(_in_child, each) for each in asked]
        try:
            for done in as_completed(running):
                yield done.result()
        finally:
            for each in running:
                each.cancel()


def _in_child(asked: Asked) -> Row:
    command = child.command("cambist.bench.seeds", msgspec.json.encode(asked).decode())
    done = subprocess.run(command, capture_output=True, env=child.environment(), check=False)
    if done.returncode:
        words = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["without a word"]
        message = f"seed {asked.seed} ended with exit code {done.returncode}: {words[-1][:200]}"
        raise RuntimeError(message)
    return msgspec.json.decode(done.stdout, type=Row)


def run_one(asked: Asked) -> Row:
    """Returns what one session came to, run here with the settings that come with cambist."""
    from cambist import compose
    from cambist.config import Config, Market, Recording

    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="cambist-seeds-") as folder:
        config = Config(
            market=Market(seed=asked.seed, level=asked.level), recording=Recording(enabled=False, folder=folder)
        )
        wallets: list[int] = []
        runtime = compose.given(config, asked.minutes * 60.0, at_end=lambda hub: wallets.append(_worth(hub)))
        compose.settle()
        runtime.start()
        runtime.wait(None)
        runtime.close()
        if runtime.failure is not None:
            raise runtime.failure
        (journal,) = Path(folder).glob("journal/*.journal")
        sent, earned = _orders(journal)
    report = runtime.report()
    return Row(
        seed=asked.seed,
        minutes=asked.minutes,
        level=asked.level,
        digest=report["digest"],
        seconds_wall=time.monotonic() - began,
        opportunities=report["opportunities"],
        go=report["go"],
        sent=sent,
        filled=report["fills"],
        earned=earned,
        net=int(report["valued"]["atoms"]),
        wallet=wallets[0],
        without=len(report["valued"]["without"]),
    )


def _orders(journal: Path) -> tuple[int, int]:
    """Returns how many orders a journal has, and how many of them earned by its entries."""
    with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as database:
        ((sent,),) = database.execute("SELECT count(*) FROM orders")
        rows = database.execute("SELECT orders, worth FROM entry WHERE orders > 0 AND worth IS NOT NULL").fetchall()
    worth: dict[int, int] = {}
    for order, atoms in rows:
        worth[order] = worth.get(order, 0) + int(atoms)
    return sent, sum(atoms > 0 for atoms in worth.values())


def _worth(runtime: Hub[LiveSource]) -> int:
    """Returns what the wallet of the config is worth now, in lamports.

    Raises `ValueError` if a token of it has no price: then there is no return to tell.
    """
    setup, rules = runtime.kernel.setup, runtime.kernel.setup.valuation
    mints = [setup.engine.sol_mint, *setup.wallet]
    found = runtime.kernel.engine.token_values(
        mints, rules.sources, rules.max_age_ms * NS_PER_MS, runtime.kernel.now_ns
    )
    decimals = {token.mint: token.decimals for token in setup.engine.tokens}
    prices = {mint: value.price for mint, value in zip(mints, found, strict=True) if value is not None}
    if missing := set(mints) - set(prices):
        message = f"no price of {', '.join(sorted(missing))} at the end"
        raise ValueError(message)
    dollars = sum(atoms / 10.0 ** decimals[mint] * prices[mint] for mint, atoms in setup.wallet.items())
    return round(dollars / prices[setup.engine.sol_mint] * 10.0 ** decimals[setup.engine.sol_mint])


def main(argv: Sequence[str]) -> int:
    """Runs one session and prints its row; `argv` has it as JSON."""
    row = run_one(msgspec.json.decode(argv[0], type=Asked))
    sys.stdout.buffer.write(msgspec.json.encode(row) + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
