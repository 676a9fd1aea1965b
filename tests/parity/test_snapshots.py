"""The bytes of a snapshot: the same from both engines, read as today's and as older ones, refused if they are none."""

from __future__ import annotations

import struct
from functools import cache

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cambist.engine import build_info, make_engine
from cambist.engine.reference.engine.snapshot import container, zeros
from cambist.engine.reference.series import table
from tests.parity.markets import SOL, START_NS, Market, run, setup
from tests.snapshots import all_state, made, made_json

ENGINES = ["reference", "native"] if build_info().native else ["reference"]
HEAD = len(container.MAGIC) + 1
LONGEST = 0xFFFF_FFFF
NONE = [b"", b"CMB", b"CMBS", b"CMBS\x08", b"CMBS\x08\xc0", b"CMBS\x08\x00", b"{}", b'{"version":2}', b"[]", b"\xdc"]
CLAIMS = [
    *(bytes((kind,)) + struct.pack(">I", LONGEST) for kind in (0xC6, 0xC9, 0xDB, 0xDD, 0xDF)),
    b"\x91" * 5_000 + b"\xc0",
    b"\x81" * 5_000 + b"\xc0",
]
"""Of four billion bytes, letters and elements, and of thousands of levels."""

relaxed = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
named = pytest.mark.parametrize("name", ENGINES)


@cache
def state() -> bytes:
    """Returns the snapshot of an engine that saw pools, books, fees and prices."""
    engine, market = make_engine("reference", setup()), Market()
    market.open()
    for step in range(30):
        market.trade("ray-sol-usdc", 10**9 * (step % 5 + 1), a_to_b=step % 2 == 0)
        market.next_slot()
        run(engine, market.take())
        engine.inject_price(SOL, 150.0 + step % 7, market.now_ns)
    return engine.snapshot()


@named
def test_a_keyframe_is_the_snapshot_of_when_it_was_taken(name: str) -> None:
    engine, market = make_engine(name, setup()), Market()
    market.open()
    run(engine, market.take())
    taken, then = engine.keyframe(), engine.snapshot()
    market.trade("ray-sol-usdc", 10**10, a_to_b=True)
    market.next_slot()
    run(engine, market.take())
    assert engine.snapshot() != then
    assert (taken.encode(), taken.encode()) == (then, then)
    again = make_engine(name, setup())
    again.restore(taken.encode())
    assert again.snapshot() == then


def tried(name: str, data: bytes) -> bytes | None:
    """Returns what an engine holds that took these bytes; `None` if it refused them, and is as new."""
    engine = make_engine(name, setup())
    fresh = engine.snapshot()
    try:
        engine.restore(data)
    except ValueError as error:
        if "snapshot" not in str(error) or engine.snapshot() != fresh:
            raise
        return None
    engine.present(START_NS)
    return engine.snapshot()


def plain_state(data: bytes | None) -> dict[str, object]:
    """Returns what a snapshot says, as plain data."""
    assert data is not None
    return msgspec.to_builtins(container.read(data))


@named
def test_it_says_its_version_and_restores(name):
    assert state().startswith(b"CMBS\x08")
    assert tried(name, state()) == state()


@named
def test_it_says_which_versions_are_read(name):
    for other in (made_json(told_state()).replace(b'"version": 7', b'"version": 99'), b"CMBS\x63" + state()[HEAD:]):
        engine = make_engine(name, setup())
        with pytest.raises(ValueError, match="snapshot of version 99, this one reads 6 to 8"):
            engine.restore(other)


@named
@pytest.mark.parametrize("version", [6, 7])
def test_one_that_is_json_restores_to_the_same(name, version):
    whole = made_json(told_state())
    assert tried(name, whole.replace(b'"version": 7', b'"version": %d' % version)) == state()


@named
def test_what_an_older_writer_did_not_know_is_missing_at_the_end(name):
    parts = plain(state())
    whole = plain_state(state())
    assert parts[-4] == [], "edges that a search was cut short at"
    assert (parts[-1], whole["took_ns"]) == ([], [])
    assert plain_state(tried(name, packed(parts[:-1]))) == whole, "how long our own orders took"
    assert whole["moved"]["slots"] < whole["slot"], "slots in which was judged"
    assert plain_state(tried(name, packed(parts[:-2]))) == {**whole, "ends": {"number": 0, "closing": [], "landed": []}}
    for known in (parts[:-3], parts[:-4]):
        found = plain_state(tried(name, packed(known)))
        assert found == {**whole, "moved": {**whole["moved"], "slots": whole["slot"]}}, "without moments slots count"
    assert tried(name, packed([*parts, 0])) is None, "nor is there more"


@named
@pytest.mark.parametrize("data", NONE, ids=repr)
def test_what_is_none_is_refused(name, data):
    assert tried(name, data) is None


@named
@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim[:6].hex())
def test_what_claims_to_be_longer_than_it_is_is_refused_at_once(name, claim):
    whole = zeros.unpack(state()[HEAD:])
    for data in (claim, whole[:1] + claim, whole[:400] + claim, whole + claim):
        assert tried(name, container.MAGIC + b"\x08" + zeros.pack(data)) is None


@named
@relaxed
@given(data=st.data())
def test_one_that_is_cut_short_or_goes_on_is_refused(name, data):
    size = data.draw(st.integers(0, len(state()) - 1))
    assert tried(name, state()[:size]) is None
    assert tried(name, state() + data.draw(st.binary(min_size=1, max_size=4))) is None


@named
@relaxed
@given(data=st.data())
def test_one_that_is_damaged_is_refused_or_is_another_state(name, data):
    whole = bytearray(zeros.unpack(state()[HEAD:]) if data.draw(st.booleans()) else state()[HEAD:])
    plainly = len(whole) > len(state())
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    tried(name, container.MAGIC + b"\x08" + (zeros.pack(bytes(whole)) if plainly else bytes(whole)))


@named
def test_a_whole_one_of_an_impossible_state_is_refused(name):
    for change in ({"nodes": ["a"]}, {"promising": [1 << 31]}, {"potentials": {"values": [], "violated": []}}):
        assert tried(name, made({**told_state(), **change})) is None, change


def told_state() -> dict:
    """Returns `state` as plain data."""
    engine = make_engine("reference", setup())
    engine.restore(state())
    return all_state(engine)


def plain(snapshot: bytes) -> list:
    """Returns the arrays of a snapshot."""
    return msgspec.msgpack.decode(zeros.unpack(snapshot[HEAD:]))


def packed(parts: list) -> bytes:
    """Returns the snapshot of these arrays."""
    return container.MAGIC + b"\x08" + zeros.pack(msgspec.msgpack.encode(parts))


times = st.integers(-(1 << 63), (1 << 63) - 1)
bits = st.integers(0, (1 << 64) - 2)
tables = st.lists(st.tuples(times, bits, st.none() | bits), max_size=70)


@given(tables)
def test_a_table_comes_back(rows):
    assert table.unpack(table.pack(rows, "tbm"), "tbm") == rows


@given(tables, st.binary(min_size=1, max_size=9), st.data())
def test_a_table_cut_short_or_longer_is_none(rows, more, data):
    whole = table.pack(rows, "tbm")
    size = data.draw(st.integers(1, max(1, len(whole) - 1)))
    for wrong in (whole + more, whole[:size] if size < len(whole) else b"\0", struct.pack("<I", LONGEST)):
        with pytest.raises(ValueError, match="3 columns of a table"):
            table.unpack(wrong, "tbm")


@given(st.lists(st.binary(max_size=4) | st.integers(0, 600).map(bytes)).map(b"".join))
def test_zeros_are_counted_and_come_back(plain):
    small = zeros.pack(plain)
    assert zeros.unpack(small) == plain
    assert len(small) <= 2 * len(plain)


@given(st.lists(st.sampled_from([b"\0", b"\xff", b"a"])).map(b"".join))
def test_no_counted_byte_makes_more_than_128(data):
    try:
        assert len(zeros.unpack(data)) <= 128 * len(data)
    except ValueError as error:
        assert str(error) == "it ends within zeros"  # noqa: PT017  (either outcome is right)


def test_it_is_a_fraction_of_the_json():
    assert len(state()) < len(made_json(told_state())) / 3
