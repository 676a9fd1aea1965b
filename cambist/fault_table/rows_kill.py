"""A row of the process: it is killed at any moment while orders flow, and what is on disk then is held together."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cambist import compose
from cambist.fault_table.problems import Problem
from cambist.fault_table.rows_hub import child
from cambist.fault_table.table import Tally, row
from cambist.runtime.replay import Replayer
from storage.catalogue import list_sessions
from storage.reader import SessionReader
from storage.verify import SOUND, verify

if TYPE_CHECKING:
    from cambist.fault_table.table import Outcome, Row, Scale

RATE = 40
SEEDS = 10
LONGEST_S = 4.0
AT_ONCE = 2
SOON_S = 0.05
ROW_WITHIN_S = 30.0
POLL_S = 0.005
TABLES = ("intent", "refusal", "orders", "fill", "halt")


@row(43, "the process is killed while orders flow", "0 journal rows without their record")
async def killed(this: Row, scale: Scale) -> Outcome:
    """Kills a live runtime at random moments and looks for the record of each row of its journal.

    Every second one is killed within `SOON_S` of a new row: a record that is later on disk than its rows is so for as
    long as a chunk is open, a quarter second. The market is easy, so that orders flow within seconds.
    """
    tally, counts = Tally(), {"rows": 0, "without": 0, "tail": 0}
    draw, gate = random.Random(scale.seed), asyncio.Semaphore(AT_ONCE)
    tries = [
        (scale.seed + n % SEEDS, draw.uniform(0.0, LONGEST_S), draw.uniform(0.0, SOON_S) if n % 2 == 0 else None)
        for n in range(scale.of(200, 3))
    ]

    async def attempt(seed: int, after_s: float, soon_s: float | None) -> None:
        async with gate:
            await _kill(seed, after_s, soon_s, tally, counts)

    async with asyncio.TaskGroup() as group:
        for each in tries:
            group.create_task(attempt(*each))
    tally.expect(counts["rows"] > 0, Problem.TOO_FEW, "no order flowed")
    found = (
        f"{counts['without']} of {counts['rows']:,} journal rows without their record; "
        f"{counts['tail']} of {tally.trials} sessions end in a tail"
    )
    return tally.outcome(this, found, met=counts["without"] == 0)


async def _kill(seed: int, after_s: float, soon_s: float | None, tally: Tally, counts: dict[str, int]) -> None:
    """Runs the embedded market until it is killed, then reads session and journal."""
    async with child("[market]", 'source = "demo"', 'level = "easy"', f"rate = {RATE}", f"seed = {seed}") as hub:
        await asyncio.sleep(after_s)
        if soon_s is not None:
            await _row(hub.folder / "journal" / "demo.journal")
            await asyncio.sleep(soon_s)
        hub.process.kill()
        await hub.process.wait()
        await asyncio.to_thread(_look, hub.folder, tally, counts)
        tally.trials += 1


async def _row(journal: Path) -> None:
    """Returns when the journal has one row more, or after `ROW_WITHIN_S`."""
    before = len(_seqs(journal))
    with suppress(TimeoutError):
        async with asyncio.timeout(ROW_WITHIN_S):
            while len(_seqs(journal)) == before:  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(POLL_S)


def _look(folder: Path, tally: Tally, counts: dict[str, int]) -> None:
    (stored,) = list_sessions(folder)
    found = verify(Path(stored.path), compose.keyframe_check())
    tally.frames += found.frames
    counts["tail"] += found.tail_rows > 0
    tally.expect(found.exit_code == SOUND, Problem.UNSOUND, f"{found.findings[:1]}")
    seqs = _seqs(folder / "journal" / "demo.journal")
    without = sum(seq > (found.last_seq or 0) for seq in seqs)
    counts["rows"] += len(seqs)
    counts["without"] += without
    tally.expect(not without, Problem.UNRECORDED, f"{without} rows after record {found.last_seq}")
    with SessionReader(Path(stored.path)) as reader:
        kernel = compose.replay_kernel(reader, None)
        replayer = Replayer(reader, kernel)
        while not replayer.finished:
            replayer.step(2**63 - 1, 1 << 20)
        same = replayer.first_divergent_seq is None and kernel.last_seq == found.last_seq
        same &= not found.last_digest or kernel.digest == found.last_digest
    tally.expect(same, Problem.UNSOUND, f"replays to another digest than that of record {found.last_seq}")


def _seqs(journal: Path) -> list[int]:
    """Returns the seq of each row."""
    with closing(sqlite3.connect(journal)) as database:
        return [seq for table in TABLES for (seq,) in database.execute(f"SELECT seq FROM {table}")]
