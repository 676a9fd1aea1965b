from cambist.clock import ReplayClock
from cambist.model.events import RecordKind, records
from cambist.runtime.inbox import Inbox
from cambist.runtime.transport import Pace, cut
from tests.fakes import frame


def inbox(limit: int = 4) -> Inbox:
    return Inbox(ReplayClock(), lambda: None, max_records=limit)


def test_frames_get_their_seq_when_drained() -> None:
    box = inbox()
    box.frame(1, 2, 3, 0, b"a")
    box.put(RecordKind.TICK)
    block, count = box.drain(10, 512)
    assert count == 2
    assert [(r.seq, r.kind, r.channel, r.conn, r.generation, r.body) for r in records(block)] == [
        (10, 1, 1, 2, 3, b"a"),
        (11, 2, 0, 0, 0, b""),
    ]


def test_a_full_inbox_drops_counts_and_owns_up() -> None:
    box = inbox(4)
    for i in range(7):
        box.frame(9, 1, 1, 0, bytes([i]) * 200)
    assert box.dropped == {9: 3}
    first, _ = box.drain(1, 3)
    second, _ = box.drain(4, 8)
    kinds = [r.kind for r in records(first + second)]
    assert kinds == [1, 1, 1, 1, 4]
    assert list(records(second))[-1].body == b'{"count":3,"reason":"queue full"}'


def test_a_gap_stands_where_the_frames_are_missing() -> None:
    box = inbox(2)
    for i in range(5):
        box.frame(9, 1, 1, 0, bytes([i]) * 200)
    box.drain(1, 1)
    box.frame(9, 1, 1, 0, b"after" * 40)
    block, _ = box.drain(2, 8)
    assert [(r.kind, r.body[:5]) for r in records(block)] == [(1, b"\1" * 5), (4, b'{"cou'), (1, b"after")]
    assert box.drain(5, 8) == (b"", 0)


def test_requests_and_answers_are_taken_even_when_it_is_full() -> None:
    box = Inbox(ReplayClock(), lambda: None, max_records=1, keep={2})
    box.frame(1, 1, 1, 0, b"x" * 500)
    box.frame(1, 1, 1, 1, b'{"method":"accountSubscribe"}' * 20)
    box.frame(1, 1, 1, 0, b'{"jsonrpc":"2.0","result":23784,"id":1}')
    box.frame(2, 1, 1, 0, b"reply" * 1000)
    box.frame(1, 1, 1, 0, b"x" * 500)
    assert box.dropped == {1: 1}
    assert len(box) == 4


def test_a_state_goes_ahead_of_what_waits() -> None:
    box = inbox()
    box.frame(1, 1, 1, 0, b"x")
    box.first(RecordKind.STATE, b"{}")
    block, _ = box.drain(7, 8)
    assert [(r.seq, r.kind) for r in records(block)] == [(7, RecordKind.STATE), (8, RecordKind.FRAME)]


def test_commands_are_taken_even_when_it_is_full() -> None:
    box = inbox(1)
    box.frame(1, 1, 1, 0, b"x")
    box.put(RecordKind.COMMAND, b"{}")
    _, count = box.drain(1, 10)
    assert count == 2


def test_cut_finds_the_run_of_due_records() -> None:
    block = frame(1, 10) + frame(2, 20) + frame(3, 30)
    size = len(frame(1, 10))
    assert cut(block, 0, 25, 512) == (2 * size, 2, 30)
    assert cut(block, 0, 99, 1) == (size, 1, 20)
    assert cut(block, 2 * size, 99, 512) == (3 * size, 1, -1)


def test_speed_and_pause_do_not_jump() -> None:
    pace = Pace(2.0)
    pace.anchor(0, 1_000)
    assert pace.due_ns(50) == 1_100
    pace.change(50, playing=False)
    assert pace.due_ns(500) == 1_100
    pace.change(500, playing=True)
    pace.change(500, speed=0.5)
    assert pace.due_ns(600) == 1_150
