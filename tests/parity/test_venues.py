"""Every exchange in both engines: the same events or the same refusal."""

from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cambist.engine.reference.exchanges import DecodeError, decode_venue
from cambist.engine.reference.library import modules as reference
from tests.parity.corpus import mutate
from tests.parity.sums import Xorshift
from tests.parity.venues import FRAMES, SAMPLES, VALUES, changed, outcome

PROTOCOLS = [*SAMPLES, "okx.ws", "binance.spot.ws", "binance.spot.depth"]


@pytest.fixture(scope="module")
def native():
    return pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")


def assert_same(native, protocol, body, decimals=8):
    mine = outcome(reference.decode_venue, protocol, "SOL-X", body, decimals)
    assert outcome(native.decode_venue, protocol, "SOL-X", body, decimals) == mine


@pytest.mark.parametrize(("protocol", "text"), FRAMES)
def test_samples_are_read_alike(native, protocol, text):
    assert isinstance(outcome(reference.decode_venue, protocol, "SOL-X", text.encode()), list | str)
    for each in PROTOCOLS:
        assert_same(native, each, text.encode())


@given(st.sampled_from(FRAMES), st.integers(1, 2**63))
@settings(max_examples=1_000, deadline=None)
def test_mutated_frames_are_read_or_refused_alike(native, frame, seed):
    broken = bytearray(frame[1].encode())
    mutate(broken, Xorshift(seed))
    assert_same(native, frame[0], bytes(broken))


@given(st.data())
@settings(max_examples=2_000, deadline=None)
def test_other_values_and_keys_are_read_or_refused_alike(native, data):
    protocol, text = data.draw(st.sampled_from(FRAMES))
    assert_same(native, protocol, data.draw(changed(text)).encode(), data.draw(st.sampled_from([8, 9, 14])))


@pytest.mark.parametrize("decimals", [-1, 7, 15, 300])
def test_decimals_that_no_price_has_are_refused(native, decimals):
    for engine in (native, reference):
        with pytest.raises((ValueError, OverflowError)):
            engine.decode_venue("kraken.ws", "", b"{}", decimals)


@pytest.mark.parametrize(
    "protocol", ["", "kraken", "kraken.", "kraken.v3.ws", ".kraken.ws", "Kraken.ws", "binance.x", "x" * 50]
)
def test_a_protocol_without_a_decoder_is_named(native, protocol):
    assert outcome(reference.decode_venue, protocol, "", b"{}") == f"no decoder for protocol {protocol[:40]}"
    assert_same(native, protocol, b"{}")


@given(st.binary(max_size=64), st.sampled_from(PROTOCOLS))
def test_any_bytes_are_read_or_refused(body, protocol):
    with suppress(DecodeError):
        decode_venue(protocol, "", body)


digits = st.integers(0, 255)
levels = st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1)), max_size=15)


@given(levels, levels, digits, digits)
@example([(10_140_000_000, 125_000_000)], [], 1, 8)
@settings(deadline=None)
def test_checksums_agree(native, bids, asks, price_decimals, quantity_decimals):
    mine = reference.kraken_checksum(bids, asks, price_decimals, quantity_decimals)
    assert native.kraken_checksum(bids, asks, price_decimals, quantity_decimals) == mine


times = st.datetimes().map(lambda time: time.isoformat() + "Z")


@given(
    times
    | st.from_regex(r"\d{4}-\d\d-[0-3]\d[Tt ]\d\d:\d\d:\d\d(\.\d{0,10})?[Zz+]?", fullmatch=True)
    | st.sampled_from(VALUES)
)
@settings(max_examples=1_000)
def test_times_are_read_alike(native, text):
    assert native.rfc3339_ns(text) == reference.rfc3339_ns(text)
