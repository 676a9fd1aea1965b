import asyncio
import time

import pytest

from cambist.model.events import BlockError, Direction, RecordKind, pack
from feeds.replay import ReplaySource
from tests.feeds.servers import RememberingSink, running, until

MS = 1_000_000


def block(first, last, every_ms=10):
    return b"".join(
        pack(seq, seq * every_ms * MS, RecordKind.FRAME, b"%d" % seq, channel=4, conn=2, generation=2)
        for seq in range(first, last + 1)
    )


def numbers(sink):
    return [int(entry.body) for entry in sink.incoming()]


async def test_frames_connects_and_gaps_come_as_recorded_and_decisions_do_not():
    recorded = b"".join(
        [
            pack(1, 1, RecordKind.STATE, b"state"),
            pack(2, 2, RecordKind.CONNECTED, b'{"label":"wss://x"}', channel=4, conn=7, generation=3),
            pack(3, 3, RecordKind.FRAME, b"\x00\xff", direction=Direction.OUT, channel=4, conn=7, generation=3),
            pack(4, 4, RecordKind.TICK, b""),
            pack(5, 5, RecordKind.COMMAND, b'{"name":"halt","args":{}}'),
            pack(6, 6, RecordKind.GAP, b'{"count":9,"reason":"full"}', channel=4),
            pack(7, 7, RecordKind.DISCONNECTED, b'{"reason":"lost"}', channel=4, conn=7, generation=3),
        ]
    )
    sink = RememberingSink()
    source = ReplaySource("r", [recorded], sink, speed=None)
    async with running(source):
        await until(lambda: source.finished)
    assert [tuple(entry) for entry in sink.seen] == [
        ("connected", 4, 7, 3, 0, b"wss://x"),
        ("frame", 4, 7, 3, Direction.OUT, b"\x00\xff"),
        ("gap", 4, 9, 0, 0, b"full"),
        ("disconnected", 4, 7, 3, 0, b"lost"),
    ]
    assert source.position_ns == 7


@pytest.mark.parametrize(("speed", "seconds"), [(1.0, 0.3), (3.0, 0.1), (None, 0.0)])
async def test_it_takes_as_long_as_it_was_recorded_over_its_speed(speed, seconds):
    sink = RememberingSink()
    source = ReplaySource("r", [block(1, 31)], sink, speed=speed)
    began = time.monotonic()
    async with running(source):
        await until(lambda: source.finished)
    assert seconds <= time.monotonic() - began < seconds + 3
    assert numbers(sink) == list(range(1, 32))


async def test_pause_step_and_play():
    sink = RememberingSink()
    source = ReplaySource("r", [block(1, 5), block(6, 40)], sink, playing=False)
    async with running(source):
        await asyncio.sleep(0.05)
        assert numbers(sink) == []
        source.step(7)
        await until(lambda: len(numbers(sink)) == 7)
        await asyncio.sleep(0.05)
        assert len(numbers(sink)) == 7
        source.play()
        await until(lambda: len(numbers(sink)) > 10)
        source.pause()
        held = len(numbers(sink))
        await asyncio.sleep(0.08)
        assert len(numbers(sink)) <= held + 1
        source.set_speed(None)
        source.play()
        await until(lambda: source.finished)
    assert numbers(sink) == list(range(1, 41))


async def test_a_seek_replaces_what_was_to_come_also_after_the_end():
    sink = RememberingSink()
    source = ReplaySource("r", [block(1, 2), block(1000, 1001)], sink)
    async with running(source):
        await until(lambda: numbers(sink) == [1, 2])
        source.seek([block(50, 52)])
        await until(lambda: source.finished)
        assert numbers(sink) == [1, 2, 50, 51, 52]
        source.seek([block(7, 7)])
        await until(lambda: source.finished and len(numbers(sink)) == 6)
    assert numbers(sink)[-1] == 7


async def test_others_get_their_turn_at_full_speed():
    sink, turns = RememberingSink(), 0
    source = ReplaySource("r", (block(n, n + 99) for n in range(0, 20_000, 100)), sink, speed=None)
    async with running(source):
        while not source.finished:
            turns += 1
            await asyncio.sleep(0)
    assert turns >= 20_000 // 512


async def test_a_damaged_block_and_a_bad_speed_are_named():
    source = ReplaySource("r", [block(1, 3)[:-1]], RememberingSink(), speed=None)
    with pytest.raises(BlockError, match="damaged block at byte"):
        await source.run()
    with pytest.raises(ValueError, match="speed was 0"):
        source.set_speed(0)
