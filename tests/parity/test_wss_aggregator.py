"""The aggregator in both engines: same messages, same verdicts, same counts."""

import doctest

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cambist.engine.reference.aggregate import wss_aggregator as module
from cambist.engine.reference.aggregate.wss_aggregator import EndpointStats, Verdict, WssAggregator

endpoints = st.integers(0, 2)
accounts = st.sampled_from([b"a" * 32, b"b" * 32])
times = st.integers(-(10**12), 10**12)
acts = st.one_of(
    st.tuples(st.just("signature"), endpoints, st.integers(0, 6), st.booleans(), times),
    st.tuples(st.just("batch"), endpoints, st.lists(st.tuples(st.integers(0, 6), st.booleans()), max_size=4), times),
    st.tuples(
        st.just("account"),
        endpoints,
        accounts,
        st.integers(0, 3),
        st.one_of(st.none(), st.integers(0, 3)),
        st.integers(0, 1),
        st.sampled_from([b"", b"x", b"yy"]),
        times,
    ),
    st.tuples(st.just("sequence"), endpoints, st.integers(0, 1), st.integers(0, 5)),
    st.tuples(st.just("disconnected"), endpoints),
    st.tuples(st.just("restarted"), st.integers(0, 1)),
    st.tuples(st.just("forget"), accounts),
)


def key(number: int) -> bytes:
    return number.to_bytes(64, "little")


def play(race, act) -> object:
    """Returns what an aggregator says to one act."""
    match act:
        case ("signature", endpoint, number, failed, at_ns):
            return int(race.signature(endpoint, key(number), failed=failed, at_ns=at_ns))
        case ("batch", endpoint, rows, at_ns):
            keys, marks = b"".join(key(number) for number, _ in rows), bytes(int(failed) for _, failed in rows)
            return race.signatures(endpoint, keys, marks, at_ns)
        case ("account", *rest):
            return int(race.account(*rest))
        case ("sequence", *rest):
            return int(race.sequence(*rest))
        case (name, value):
            return getattr(race, name)(value)


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 4), st.lists(acts, max_size=40))
def test_same_messages_same_verdicts(window, stream):
    native = pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")
    first, second = WssAggregator(window), native.WssAggregator(window)
    for act in stream:
        assert play(first, act) == play(second, act)
    for endpoint in range(4):
        assert tuple(first.stats(endpoint)) == second.stats(endpoint)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda kind: kind(0), "window of 0 keys"),
        (lambda kind: kind().signatures(0, b"x" * 65, b"\0", 0), "batch of 65 bytes"),
        (lambda kind: kind().signatures(0, bytes(64), b"", 0), "0 marks for 1 signatures"),
    ],
)
def test_both_refuse_alike(call, message):
    with pytest.raises(ValueError, match=message):
        call(WssAggregator)
    native = pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")
    with pytest.raises(ValueError, match=message):
        call(native.WssAggregator)


def test_the_slower_endpoint_never_turns_an_account_back():
    race, pool = WssAggregator(), b"p" * 32
    verdicts = [
        race.account(e, pool, 5, None, 1, data, at) for e, data, at in ((0, b"1", 0), (0, b"2", 1), (1, b"1", 2))
    ]
    assert verdicts == [Verdict.FIRST, Verdict.FIRST, Verdict.DUPLICATE]
    assert race.account(1, pool, 5, None, 1, b"3", 3) == Verdict.HELD
    assert race.account(0, pool, 5, None, 1, b"3", 4) == Verdict.FIRST, "the leader still brings what was held"
    race.disconnected(0)
    assert race.account(1, pool, 5, None, 1, b"2", 5) == Verdict.DUPLICATE
    assert race.account(1, pool, 5, None, 1, b"4", 6) == Verdict.FIRST
    assert race.account(0, pool, 4, None, 1, b"9", 7) == Verdict.OLDER
    assert race.stats(0) == EndpointStats(first=3, older=1, led=2, lead_ns=6, lead_max_ns=4)


def test_a_write_version_decides_where_there_is_one():
    race, pool = WssAggregator(), b"p" * 32
    assert race.account(0, pool, 5, 10, 1, b"1", 0) == Verdict.FIRST
    assert race.account(0, pool, 5, 9, 1, b"2", 0) == Verdict.OLDER
    assert race.account(0, pool, 5, 10, 1, b"other bytes", 0) == Verdict.DUPLICATE
    assert race.account(0, pool, 5, 11, 1, b"3", 0) == Verdict.FIRST


def test_a_venue_may_start_its_numbers_over_only_when_told():
    race = WssAggregator()
    assert [race.sequence(e, 0, n) for e, n in ((0, 7), (1, 7), (1, 8), (0, 8))] == [0, 1, 0, 1]
    assert race.sequence(0, 0, 1) == Verdict.DUPLICATE
    race.restarted(0)
    assert race.sequence(0, 0, 1) == Verdict.FIRST


def test_the_example_runs():
    assert doctest.testmod(module).failed == 0
