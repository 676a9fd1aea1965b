"""The reference engine against the sessions that the Rust core asserts too."""

import json

from backports import zstd

from tests.parity.session_vectors import FILE, sessions


def test_the_reference_says_what_the_sessions_say() -> None:
    written = json.loads(zstd.decompress(FILE.read_bytes()))
    for kept, made in zip(written, json.loads(json.dumps(sessions())), strict=True):
        assert kept["setup"] == made["setup"]
        assert kept["older"] == made["older"]
        assert len(kept["calls"]) == len(made["calls"])
        for number, (one, other) in enumerate(zip(kept["calls"], made["calls"], strict=True)):
            assert one == other, f"{number}: {one[0]}"


def test_the_sessions_reach_cycles_and_all_that_can_be_asked() -> None:
    for session in json.loads(zstd.decompress(FILE.read_bytes())):
        calls = [call for call, *_ in session["calls"]]
        assert set(calls) >= {"feed", "present", "inspect", "inspect_price", "quote_route", "gauges", "snapshot"}
        quoted = [answer for call, _, answer in session["calls"] if call == "quote_route"]
        assert any(not why for _, why in quoted)


def test_a_session_has_a_peg_that_holds_and_one_that_does_not() -> None:
    *_, dollars = json.loads(zstd.decompress(FILE.read_bytes()))
    pegged = [answer for call, args, answer in dollars["calls"] if call == "quote_route" and len(args[0]) == 1]
    assert {why for _, why in pegged} >= {"", "depeg", "liquidity"}
