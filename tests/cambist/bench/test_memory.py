"""Peak memory is of the process that did the work, not of the one that asked."""

import json

import msgspec

from cambist.bench import memory as bench_memory


def test_each_engine_has_a_row_of_its_own_process():
    ballast = bytearray(400 * 2**20)  # a child must not inherit this peak
    ballast[::4096] = b"\1" * len(ballast[::4096])
    rows = bench_memory.rows(20_000)
    assert [row.engine for row in rows] == ["native", "reference", "numba"]
    assert bench_memory.peak_bytes() > 400 * 2**20
    for row in rows:
        if row.peak_bytes is None:
            assert row.note
        else:
            assert 10 * 2**20 < row.peak_bytes < 350 * 2**20
            assert 0 <= row.own_bytes < row.peak_bytes
        assert row.engine in bench_memory.line(row)
    assert json.loads(msgspec.json.encode(rows))[1]["peak_bytes"] > 0


def test_more_work_takes_more_memory():
    small, large = bench_memory.rows(1_000)[1], bench_memory.rows(300_000)[1]
    assert large.own_bytes > small.own_bytes + 2**20


def test_the_result_itself_is_counted():
    for row in bench_memory.rows(1_000_000):
        assert row.own_bytes is None or row.own_bytes > 7 * 2**20
