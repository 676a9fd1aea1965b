import json
from contextlib import suppress
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cambist.engine.reference.chain import base58
from cambist.engine.reference.chain.solana import decode_solana
from cambist.engine.reference.exchanges import (
    Account,
    AccountMissing,
    DecodeError,
    Direction,
    FeeSamples,
    SolanaSession,
    decode_binance,
)
from cambist.engine.reference.exchanges.decimal import ONE, decimal8
from cambist.engine.reference.exchanges.session import MAX_PENDING
from tests.parity import corpus, sums
from tests.shared import shared_data

CASES = corpus.load()


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_corpus_is_read_as_written_down(case):
    session = SolanaSession()
    for frame in case.frames:
        assert case.outcome(session, frame, frame.bytes()) == frame.expected()
        assert SolanaSession.from_parts(session.parts()).parts() == session.parts()


def test_broken_frames_come_out_as_in_the_twin():
    known = sums.load()["frames"]
    assert sums.of(corpus.broken_outcomes(known.seed), known.each, len(known.fnv)) == known.fnv


def test_broken_frames_raise_nothing_but_decode_errors():
    assert sum(1 for _ in islice(corpus.broken_outcomes(seed=77), 4_000)) == 4_000


@given(st.binary(max_size=64))
def test_any_bytes_are_read_or_refused(body):
    for protocol in ("binance.spot.ws", "binance.usdm.depth", "binance.spot.info"):
        with suppress(DecodeError):
            decode_binance(protocol, "", body)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda leaf: st.lists(leaf)))
def test_grammar_is_that_of_the_standard(value):
    text = json.dumps({"e": "other", "x": value})
    if "NaN" in json.dumps(value) or "Infinity" in json.dumps(value):
        return
    assert decode_binance("binance.spot.ws", "", text.encode()) == ()


@given(st.integers(0, 2**64 - 1))
def test_decimals_are_exact(value):
    assert decimal8(f"{value // ONE}.{value % ONE:08}") == value
    assert decimal8(f"{value // ONE}.{value % ONE:08}0") == value
    assert decimal8(f"{value // ONE}.{value % ONE:08}1") is None


def test_unanswered_requests_are_forgotten_oldest_first():
    session = SolanaSession()
    for request in range(MAX_PENDING + 2):
        body = json.dumps({"id": request, "method": "getSlot"}).encode()
        decode_solana(session, 1, 0, Direction.OUT, body)
    assert [asked.id for asked in session.parts().pending] == list(range(2, MAX_PENDING + 2))


def test_a_hundred_accounts_come_in_the_order_asked():
    session = SolanaSession()
    keys = [base58.encode(bytes([n]) * 32) for n in range(100)]
    ask = {"jsonrpc": "2.0", "id": 5, "method": "getMultipleAccounts", "params": [keys, {"encoding": "base64"}]}
    decode_solana(session, 9, 0, Direction.OUT, json.dumps(ask).encode())
    state = {"lamports": 1, "owner": keys[0], "data": ["AA==", "base64"], "rentEpoch": 2**64 - 1}
    value = [None if n % 3 == 0 else state for n in range(100)]
    reply = {"jsonrpc": "2.0", "id": 5, "result": {"context": {"slot": 8}, "value": value}}
    events = decode_solana(session, 9, 0, Direction.IN, json.dumps(reply).encode())
    assert [event.key for event in events] == [bytes([n]) * 32 for n in range(100)]
    assert [type(event) for event in events] == [AccountMissing if n % 3 == 0 else Account for n in range(100)]


def test_recorded_fees_are_read():
    session = SolanaSession()
    ask = {"jsonrpc": "2.0", "id": 1, "method": "getRecentPrioritizationFees", "params": [[], {"percentile": 7500}]}
    decode_solana(session, 1, 0, Direction.OUT, json.dumps(ask).encode())
    body = shared_data("fees", "getRecentPrioritizationFees_slot338225766_75.json").read_bytes()
    (event,) = decode_solana(session, 1, 0, Direction.IN, json.dumps(json.loads(body) | {"id": 1}).encode())
    assert isinstance(event, FeeSamples)
    assert event.percentile == 7500
    assert event.samples[:3] == [(338225766, 0), (338225767, 203228), (338225768, 110788)]
