import sqlite3

import msgspec
import pytest

from cambist.execution.order_life import ENDED
from cambist.model.opportunity import Cost, Opportunity
from cambist.model.orders import Fill, Intent, Refused, Stage
from storage.journal import Halt, Journal, read_halt
from storage.journal_reader import JournalReader
from storage.session import Busy, SessionError
from tests.orders import order
from tests.storage.test_session import tamper

OPPORTUNITY = Opportunity(
    1, 2, 3, "k", ["a:0"], ["m", "m"], "atomic", 10, 11, 1, Cost(0, 0, 5, 6, 7, 0, 0), 1, 0, 1, None, None, True, "go"
)


def fill(n, status="filled"):
    return Fill(n, 99, Stage(status), 10, 11, 5, 1)


def rows(path, table):
    database = sqlite3.connect(path)
    found = database.execute(f"SELECT * FROM {table}").fetchall()
    database.close()
    return found


async def test_everything_noted_is_there_with_session_and_seq(tmp_path):
    path = tmp_path / "paper.journal"
    journal = await Journal.open(path, "paper", "s1")
    assert journal.note_intent(7, 70, Intent(1, "cycle", OPPORTUNITY, 10, 9))
    assert journal.note_refused(7, 70, Refused(1, "position", "12 of 10"))
    assert journal.note_order(8, 80, order(2))
    assert await journal.flush()
    assert rows(path, "refusal") == [("s1", 1, 7, 70, "position", "12 of 10")]
    assert [row[:4] for row in rows(path, "intent")] == [("s1", 1, 7, 70)]
    assert journal.note_fill(9, fill(2))
    await journal.close()
    assert [row[1:6] for row in rows(path, "fill")] == [("s1", 2, 9, 99, "filled")]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["paper.journal"]


async def test_a_halt_survives_a_restart_until_it_is_cleared(tmp_path):
    path = tmp_path / "paper.journal"
    assert read_halt(path) is None
    journal = await Journal.open(path, "paper", "s1")
    assert journal.halt is None
    journal.note_halt(5, 50, "operator")
    await journal.close()
    assert read_halt(path) == Halt("s1", 5, 50, "operator")
    journal = await Journal.open(path, "paper", "s2")
    assert journal.halt == Halt("s1", 5, 50, "operator")
    journal.clear_halt(1, 60)
    await journal.close()
    assert read_halt(path) is None


async def test_orders_without_an_outcome_are_found_at_the_next_start(tmp_path):
    path = tmp_path / "live.journal"
    journal = await Journal.open(path, "live", "s1")
    for n in (1, 2, 3):
        journal.note_order(n, n, order(n))
    journal.note_fill(4, fill(1))
    journal.note_fill(5, fill(2, "unknown"))
    await journal.close()
    journal = await Journal.open(path, "live", "s2")
    assert [(entry.session, entry.order.id) for entry in journal.unanswered] == [("s1", 2), ("s1", 3)]
    await journal.close()


@pytest.mark.parametrize("stage", Stage)
async def test_an_order_is_answered_by_each_stage_that_ends_one_and_by_no_other(tmp_path, stage):
    journal = await Journal.open(tmp_path / "live.journal", "live", "s1")
    journal.note_order(1, 1, order(1))
    journal.note_fill(2, fill(1, stage))
    await journal.close()
    journal = await Journal.open(tmp_path / "live.journal", "live", "s2")
    assert bool(journal.unanswered) is (stage not in ENDED)
    await journal.close()


async def test_live_is_durable_and_paper_is_fast(tmp_path):
    for mode, level in (("live", 2), ("paper", 1)):
        journal = await Journal.open(tmp_path / mode, mode, "s")
        assert await journal._one("PRAGMA synchronous") == (level,)
        await journal.close()


async def test_modes_never_share_a_file(tmp_path):
    path = tmp_path / "j"
    await (await Journal.open(path, "paper", "s")).close()
    with pytest.raises(SessionError, match="a journal of mode 'paper', expected mode 'live'"):
        await Journal.open(path, "live", "s")
    await (await Journal.open(path, "paper", "s")).close()


async def test_one_process_writes_a_journal(tmp_path):
    journal = await Journal.open(tmp_path / "j", "paper", "s")
    with pytest.raises(Busy):
        await Journal.open(tmp_path / "j", "paper", "s")
    await journal.close()


async def test_a_full_queue_says_so(tmp_path):
    journal = await Journal.open(tmp_path / "j", "paper", "s", capacity=2)
    assert journal.note_order(1, 1, order(1))
    assert journal.note_order(1, 1, order(2))
    assert not journal.note_order(1, 1, order(3))
    assert await journal.flush()
    assert journal.note_order(1, 1, order(3))
    await journal.close()


async def test_a_failed_write_is_kept_as_the_reason(tmp_path):
    journal = await Journal.open(tmp_path / "j", "paper", "s")
    journal.note_order(1, 1, order(1))
    journal.note_order(1, 1, order(1))
    assert not await journal.flush()
    assert "UNIQUE" in journal.failure
    assert not journal.note_order(1, 1, order(2))
    await journal.close()
    assert rows(tmp_path / "j", "orders") == []


async def test_foreign_and_damaged_journals_are_refused(tmp_path):
    text = tmp_path / "text"
    text.write_text("not a journal")
    for call in (lambda: Journal.open(text, "paper", "s"),):
        with pytest.raises(SessionError, match="no SQLite file"):
            await call()
    with pytest.raises(SessionError, match="no SQLite file"):
        read_halt(text)
    foreign = tmp_path / "foreign"
    tamper(foreign, "CREATE TABLE halt (a)")
    with pytest.raises(SessionError, match="another application"):
        await Journal.open(foreign, "paper", "s")
    path = tmp_path / "j"
    journal = await Journal.open(path, "paper", "s")
    for n in range(200):
        journal.note_order(n, n, order(n))
    await journal.close()
    data = bytearray(path.read_bytes())
    data[8192:20480] = bytes(12288)
    path.write_bytes(data)
    with pytest.raises(SessionError, match="a damaged journal"):
        await Journal.open(path, "paper", "s")


async def test_a_rule_counts_after_its_record_in_its_own_session(tmp_path):
    path = tmp_path / "paper.journal"
    for session, notes in (("s1", [(0, "hops < 3"), (5, "")]), ("s2", [(7, "hops < 4")])):
        journal = await Journal.open(path, "paper", session)
        for seq, text in notes:
            assert journal.note_rule(seq, text)
        for number, seq in enumerate((4, 5, 6, 7, 8), 1):
            about = msgspec.structs.replace(OPPORTUNITY, seq=seq)
            assert journal.note_intent(seq, seq, Intent(number, "cycle", about, 10, 9))
        await journal.close()
    with JournalReader(path) as reader:
        assert [reader.rule("s1", n) for n in range(1, 6)] == ["hops < 3", "hops < 3", "", "", ""]
        assert [reader.rule("s2", n) for n in range(1, 6)] == [None, None, None, None, "hops < 4"]
        assert reader.rule("s1", 9) is None
