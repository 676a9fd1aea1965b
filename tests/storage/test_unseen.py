"""What traded in an earlier run and was not seen to be final is final at the next start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.model.orders import Stage
from storage.journal import UNSEEN
from storage.journal_reader import JournalReader
from storage.journal_verify import verify_journal
from tests import orders
from tests.journals import NOON, Run

if TYPE_CHECKING:
    from pathlib import Path


async def test_what_ended_in_an_earlier_run_is_final_as_nobody_watches_its_slot_any_more(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    run = await Run.begin(path, "run-1", NOON)
    for number, outcome in enumerate((Stage.FILLED, Stage.REVERTED, Stage.MISSED, Stage.FILLED, Stage.UNKNOWN), 1):
        order, at_ns = run.send(number, NOON + number), NOON + 10 + number
        slot = 80 + number if number < 4 else None
        if outcome is Stage.FILLED:
            run.book(orders.fill(order, 1_009_000_001, recv_ns=at_ns, slot=slot))
        else:
            run.book(orders.ended(order, outcome, recv_ns=at_ns, slot=slot))
    await run.journal.close()
    with JournalReader(path) as reader:
        assert [reader.is_final("run-1", number) for number in range(1, 6)] == [False] * 5
    for session, at_ns in (("run-2", NOON + 10**9), ("run-3", NOON + 2 * 10**9)):
        again = await Run.begin(path, session, at_ns)
        await again.journal.close()
    with JournalReader(path) as reader:
        assert [reader.is_final("run-1", number) for number in range(1, 6)] == [True, True, False, True, False]
        assert reader.last_stage("run-1", 1) is Stage.FILLED, "how it ended is still known"
        for number, slot in ((1, "81"), (2, "82"), (4, None)):
            before, last = reader.stages("run-1", number)[-2:]
            assert (last.stage, last.at_ns, last.reason) == (Stage.FINAL, NOON + 10**9, UNSEEN), "once"
            assert (last.n, last.figure, last.unit) == (before.n + 1, slot, "slot" if slot else "")
    assert verify_journal(path).findings == ()
