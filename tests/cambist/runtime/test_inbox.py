import asyncio
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cambist.clock import SystemClock
from cambist.model.events import Direction, RecordKind, pack, records
from cambist.runtime.inbox import Inbox
from cambist.runtime.pace import Pace, cut
from tests.fakes import SetClock, frame
from tests.feeds.servers import running, until, websocket_server


def inbox(limit: int = 4) -> Inbox:
    return Inbox(SetClock(), lambda: None, max_records=limit)


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
    box = Inbox(SetClock(), lambda: None, max_records=1, keep={2})
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


class FakeRing:
    """A ring as the native transport keeps it, filled by hand."""

    def __init__(self):
        self.waiting = []
        self.floor = 0
        self.frames, self.limits, self.closed = 0, [], False

    def put(self, recv_ns, body):
        self.floor = max(self.floor, recv_ns)
        self.waiting.append((self.floor, body))
        self.frames += 1

    def drain(self, first_seq, until_ns, limit, moment=False):
        count = 0
        while count < min(limit, len(self.waiting)) and self.waiting[count][0] <= until_ns:
            count += 1
        taken, self.waiting = self.waiting[:count], self.waiting[count:]
        self.floor = max(self.floor, until_ns)
        last = first_seq + count - 1
        parts = [
            pack(seq, at, 1, body, channel=7, moment=moment and seq == last)
            for seq, (at, body) in enumerate(taken, first_seq)
        ]
        return b"".join(parts), count

    def first_ns(self, now_ns):
        if self.waiting:
            return self.waiting[0][0]
        self.floor = max(self.floor, now_ns)
        return now_ns

    def __len__(self):
        return len(self.waiting)

    def dropped(self):
        return {7: 2}

    def limit(self, max_records):
        self.limits.append(max_records)

    def close(self):
        self.closed = True


def merged(limit=64):
    clock, ring = SetClock(), FakeRing()
    box = Inbox(clock, lambda: None, max_records=limit)
    box.attach(ring)
    return box, ring, clock


def test_a_ring_is_handed_out_in_order_of_time_with_what_the_inbox_has() -> None:
    box, ring, clock = merged()
    for at, what in [(10, "ring"), (20, "own"), (20, "ring"), (30, "ring"), (40, "own"), (50, "own"), (60, "ring")]:
        clock.set(at)
        if what == "ring":
            ring.put(at, b"ring")
        else:
            box.put(RecordKind.TICK, b"own")
    assert (len(box), box.frames, box.dropped) == (7, 4, {7: 2})
    first, two = box.drain(5, 2)
    rest, five = box.drain(7, 512)
    assert (two, five) == (2, 5)
    assert [(r.seq, r.recv_ns, r.body) for r in records(first + rest)] == [
        (5, 10, b"ring"),
        (6, 20, b"ring"),
        (7, 20, b"own"),
        (8, 30, b"ring"),
        (9, 40, b"own"),
        (10, 50, b"own"),
        (11, 60, b"ring"),
    ]
    assert box.drain(12, 8) == (b"", 0)


def test_a_state_goes_ahead_of_both_at_the_time_of_the_earlier() -> None:
    box, ring, clock = merged()
    ring.put(10, b"ring")
    clock.set(20)
    box.put(RecordKind.TICK)
    box.first(RecordKind.STATE, b"{}")
    found = list(records(box.drain(1, 8)[0]))
    assert [(r.kind, r.recv_ns) for r in found] == [(0, 10), (1, 10), (2, 20)]


def test_a_ring_has_the_inboxs_limit_and_ends_with_it() -> None:
    box, ring, _ = merged(64)
    box.limit(8)
    box.limit(None)
    box.close()
    assert (ring.limits, ring.closed) == ([64, 8, 16_384], True)


@given(st.lists(st.tuples(st.sampled_from(["ring", "own", "first", "drain"]), st.integers(0, 3), st.integers(0, 5))))
def test_seqs_join_up_and_time_never_runs_back_whatever_comes_from_where(steps) -> None:
    box, ring, clock = merged()
    now, given_, found = 0, 0, []
    for what, later, limit in [*steps, ("drain", 1, 512)]:
        now += later
        clock.set(now)
        given_ += what != "drain"
        if what == "ring":
            ring.put(now, b"%d" % given_)
        elif what == "own":
            box.put(RecordKind.TICK)
        elif what == "first":
            box.first(RecordKind.STATE, b"")
        else:
            block, count = box.drain(len(found) + 1, limit)
            assert count <= limit
            found += records(block)
    assert [r.seq for r in found] == list(range(1, given_ + 1))
    times = [r.recv_ns for r in found]
    assert times == sorted(times)
    bodies = [int(r.body) for r in found if r.channel == 7]
    assert bodies == sorted(bodies)


async def test_ticks_and_native_frames_are_one_stream() -> None:
    extension = pytest.importorskip("cambist.engine._native")
    native = pytest.importorskip("feeds.transport")

    class Quiet:
        def opened(self):
            pass

        def received(self, body):
            pass

        def closed(self, reason):
            pass

    async def serve(socket):
        for number in range(2_000):
            await socket.send(b"%d" % number)
        await asyncio.sleep(60)

    clock = SystemClock()
    box = Inbox(clock, lambda: None)
    ring = extension.Transport(box.now_ns, max_records=16_384, max_bytes=1 << 20)
    box.attach(ring)
    wires = native.Wires(ring)
    found = []
    async with websocket_server(serve) as url:
        source = native.NativeSource(url, 3, box, Quiet(), name="test", wires=wires, rng=random.Random(1))
        async with running(source):

            def stepped():
                box.put(RecordKind.TICK)
                before = clock.now_ns()
                block, _ = box.drain(len(found) + 1, 64)
                new = list(records(block))
                assert all(r.recv_ns <= clock.now_ns() for r in new)
                found.extend(new)
                box.put(RecordKind.TICK)
                return before and sum(r.kind == RecordKind.FRAME for r in found) == 2_000

            await until(stepped)
    box.close()
    assert [r.seq for r in found] == list(range(1, len(found) + 1))
    times = [r.recv_ns for r in found]
    assert times == sorted(times)
    assert [int(r.body) for r in found if r.kind == RecordKind.FRAME] == list(range(2_000))
    assert sum(r.kind == RecordKind.TICK for r in found) > 2


async def test_what_waits_in_the_ring_at_a_stop_and_what_its_old_connections_still_say_is_dropped() -> None:
    extension = pytest.importorskip("cambist.engine._native")
    native = pytest.importorskip("feeds.transport")
    sockets = []

    class Quiet:
        def opened(self):
            pass

        def received(self, body):
            pass

        def closed(self, reason):
            pass

    async def serve(socket):
        sockets.append(socket)
        await socket.send(b"before %d" % len(sockets))
        await asyncio.sleep(60)

    box = Inbox(SystemClock(), lambda: None)
    ring = extension.Transport(box.now_ns, max_records=16_384, max_bytes=1 << 20)
    box.attach(ring)
    source = None
    async with websocket_server(serve) as url:
        source = native.NativeSource(url, 3, box, Quiet(), name="test", wires=native.Wires(ring), rng=random.Random(1))
        async with running(source):
            await until(lambda: len(box) >= 2)
            box.stopped((3, 4), "stopped")
            await sockets[0].send(b"of the old connection")
            await until(lambda: ring.frames >= 2)
            source.reconnect("asked to", at_once=True)
            found = []

            def frame_arrived():
                found.extend(records(box.drain(len(found) + 1, 64)[0]))
                return any(r.kind == RecordKind.FRAME for r in found)

            await until(frame_arrived)
    box.close()
    assert [r.seq for r in found] == list(range(1, len(found) + 1))
    assert [r.body for r in found if r.kind == RecordKind.FRAME] == [b"before 2"]
    assert [(r.kind, r.channel) for r in found[:2]] == [(RecordKind.GAP, 3), (RecordKind.GAP, 4)]
    assert b'"count":1' in found[0].body
    assert box.dropped == {3: 2}


def moments_in(block: bytes) -> list[int]:
    return [record.seq for record in records(block) if record.moment]


def test_the_last_frame_that_is_drained_is_a_moment_if_that_is_wanted() -> None:
    box = Inbox(SetClock(), lambda: None)
    for body in (b"a", b"b", b"c"):
        box.frame(1, 1, 1, Direction.IN, body)
    first, _ = box.drain(1, 2)
    second, _ = box.drain(3, 8, moment=True)
    assert (moments_in(first), moments_in(second)) == ([], [3])
    assert next(records(second)).direction == Direction.IN


def test_a_record_that_is_no_frame_needs_no_mark() -> None:
    box = Inbox(SetClock(), lambda: None)
    box.frame(1, 1, 1, Direction.OUT, b"a")
    box.put(RecordKind.TICK)
    block, _ = box.drain(1, 8, moment=True)
    assert moments_in(block) == []
    box.frame(1, 1, 1, Direction.OUT, b"a")
    block, _ = box.drain(3, 8, moment=True)
    assert [(record.moment, record.direction) for record in records(block)] == [(True, Direction.OUT)]
    assert box.drain(4, 8, moment=True) == (b"", 0)


@pytest.mark.parametrize(
    "came", [["ring"], ["own"], ["ring", "own"], ["own", "ring"], ["ring", "own", "ring"], ["own", "ring", "own"]]
)
def test_of_what_a_ring_and_the_inbox_have_the_last_frame_alone_is_a_moment(came) -> None:
    box, ring, clock = merged()
    for at, what in enumerate(came, 10):
        clock.set(at)
        if what == "ring":
            ring.put(at, b"ring")
        else:
            box.frame(1, 1, 1, Direction.IN, b"own")
    clock.set(99)
    block, count = box.drain(1, 64, moment=True)
    assert count == len(came)
    assert moments_in(block) == [len(came)]
