"""Logs and transactions: the native engine beside the reference, on whole and mutilated lines and JSON."""

import base64
import copy
import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cambist.engine.reference.chain import base58, program, tx_parser
from cambist.engine.reference.chain.log_parser.parse import parse_many_logs
from cambist.engine.reference.venues import events as by_program
from cambist.engine.reference.venues import owned
from cambist.engine.reference.venues.events import decode_events, decode_fills
from cambist.engine.reference.venues.ray4.ray_log import decode_ray_logs
from tests.parity import book_fills
from tests.parity import transactions as made

native = pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")

SOME = settings(max_examples=150, deadline=None)
PROGRAMS = [
    owned.RAYDIUM_V4, owned.RAYDIUM_CPMM, owned.RAYDIUM_CLMM, owned.WHIRLPOOL, owned.WHIRLPOOL_IMMUTABLE,
    owned.METEORA_DLMM, owned.METEORA_DAMM_V2, owned.PUMP_AMM, owned.PUMP, owned.SABER, owned.JUPITER,
    owned.SERUM, owned.OPENBOOK_V1, owned.OPENBOOK_V2, owned.PHOENIX, program.TOKEN, made.ROUTER,
]  # fmt: skip
TAGS = [
    "40c6cde8260871e2", "e1ca49af932ba096", "516ce3becdd00ac4", "2e7452d7941b544d", "bd4233a826507599",
    "67f4521f2cf57777", "3e2f370aa503dc2a", "bddb7fd34ee661ee", "08eb303aae4c9c69", "9617299498a2d740",
    "0f01000000000000", "0000000000000000",
]  # fmt: skip
LINES = [*made.logs(), "Log truncated", "Program log: ray_log: x mismatch: input:1", "Transfer: insufficient lamports"]

names = st.sampled_from([base58.encode(key) for key in PROGRAMS])
numbers = st.sampled_from(
    ["0", "1", "2", "3", "64", "65", "18446744073709551615", "18446744073709551616", "-1", "٣", ""]
)
lines = st.one_of(
    st.sampled_from(LINES),
    st.builds("Program {} invoke [{}]".format, names, numbers),
    st.builds(
        "Program {} {}".format, names, st.sampled_from(["success", "failed: custom program error: 0x1", "failed"])
    ),
    st.builds("Program {} consumed {} of {} compute units".format, names, numbers, numbers),
    st.builds("Program data: {}".format, st.text("AQMbN6CYIceI= /+", max_size=60)),
    st.builds("Program log: ray_log: {}".format, st.text("AwBlzR0=", max_size=80)),
    st.text(max_size=30),
)
whole = st.permutations(range(len(made.logs()))).map(lambda order: [made.logs()[at] for at in order])
cuts = st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda cut: made.logs()[min(cut) : max(cut)])


@SOME
@given(st.lists(st.one_of(st.lists(lines, max_size=12), whole, cuts), max_size=3))
@example([made.logs()])
@example([["Program data: QMbN6CYIceI="], ["Program  success", "Program consumed  compute units"]])
def test_logs_are_read_alike(logs):
    assert native.parse_logs(logs) == parse_many_logs(logs)


@SOME
@given(st.lists(st.binary(max_size=120) | st.builds(lambda kind, data: bytes([kind]) + data, st.integers(0, 5),
                                                     st.binary(min_size=56, max_size=110)), max_size=4),
       st.text(max_size=50))  # fmt: skip
def test_records_of_raydium_are_read_alike(records, junk):
    texts = [log_parser_text(record) for record in records] + [junk]
    assert native.decode_ray_logs(texts) == decode_ray_logs(texts)


def log_parser_text(record):
    return base64.b64encode(record).decode()


sizes = st.sampled_from([0, 57, 79, 80, 81, 112, 121, 129, 144, 147, 162, 180, 197, 213, 217, 352, 384, 400])
bodies = sizes.flatmap(lambda size: st.binary(min_size=size, max_size=size))
flags = st.lists(st.tuples(st.sampled_from([40, 41, 56, 80, 88, 96, 153, 168, 169]), st.integers(0, 2)), max_size=9)
events = st.builds(
    lambda key, tag, data, small, bytes_: (key, bytes.fromhex(tag) + edited(data, bytes_, small=small)),
    st.sampled_from(PROGRAMS), st.sampled_from(TAGS), bodies, st.booleans(), flags,
)  # fmt: skip


def edited(data, changes, *, small):
    """Returns event fields with these bytes; small ones have amounts that add up."""
    copied = bytearray(data)
    if small:
        copied = bytearray(byte if at % 8 < 4 else 0 for at, byte in enumerate(copied))
    for at, byte in changes:
        if at - 8 < len(copied):
            copied[at - 8] = byte
    return bytes(copied)


@settings(max_examples=300, deadline=None)
@given(st.lists(events, max_size=6))
def test_events_are_read_alike(found):
    assert native.decode_events(found) == decode_events(found)


def test_a_program_of_another_size_is_refused_alike():
    for engine in (native, by_program):
        for decode in (engine.decode_events, engine.decode_fills):
            with pytest.raises(ValueError, match=r"^program was 3 bytes, not 32$"):
                decode([(b"abc", b"")])
    for parse in (native.parse_transactions, tx_parser.parse_many_transactions):
        with pytest.raises(ValueError, match=r"^market was 3 bytes, not 32$"):
            parse([], [(b"abc", 1, 1)])


fills = st.lists(
    st.builds(
        lambda price, lots, bids: book_fills.phoenix_fill(1, price, lots, maker_bids=bids),
        st.integers(0, 2**64 - 1), st.integers(0, 3), st.booleans(),
    )
    | st.sampled_from(book_fills.phoenix_others())
    | st.binary(max_size=3),
    max_size=4,
)  # fmt: skip
fill_events = st.one_of(
    st.tuples(st.just(owned.PHOENIX), fills.map(lambda events: book_fills.phoenix_log(*events))),
    st.tuples(st.just(owned.OPENBOOK_V2), st.builds(book_fills.fill_log, st.integers(-1, 9), st.integers(-1, 9))),
)


@SOME
@given(st.lists(st.one_of(events, fill_events), max_size=4), st.integers(0, 400), st.binary(max_size=2))
def test_fills_are_read_alike(found, at, junk):
    cut = [(key, data[:at] + junk + data[at + len(junk) :]) for key, data in found]
    for given_ in (found, cut):
        assert native.decode_fills(given_) == decode_fills(given_)


ANSWERS = [*made.answers(), *book_fills.answers()]
MARKETS = [(book_fills.MARKET, book_fills.BASE_LOT, book_fills.QUOTE_LOT)]
PLACES = ["result", "transaction", "meta", "message", "instructions", "innerInstructions", "logMessages", "accounts",
          "data", "stackHeight", "programIdIndex", "accountKeys", "err", "fee", "loadedAddresses", "writable", "parsed",
          "preTokenBalances", "uiTokenAmount", "amount", "decimals", "slot", "signature", "signatures", "mint", "value",
          "block", "type", "info", "programId", "pubkey", "error", "params"]  # fmt: skip
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-1, 260), st.just(2**64), st.sampled_from(["", "0", "1", "9", "base58"]),
    st.sampled_from([base58.encode(key) for key in made.KEYS]), st.just([]), st.just({}), st.floats(0, 1),
    st.sampled_from([{"Custom": 6001}, {"InstructionError": [2, {"Custom": 1}]}, {"InstructionError": [1, "Bad"]},
                     {"DuplicateInstruction": 3}, {"InsufficientFundsForRent": {"account_index": 4}},
                     {"InstructionError": [0, {"BorshIoError": "x"}]}, "AccountInUse"]),
)  # fmt: skip


def places_of(value, path=()):
    """Returns the paths of all values in JSON."""
    found = [path]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        found += places_of(each, (*path, key))
    return found


PATHS = [places_of(answer) for answer in ANSWERS]
edits = st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(["set", "drop", "twin", "cut", "name"]), VALUES,
                           st.sampled_from(PLACES)), max_size=3)  # fmt: skip


def mutilated(which, changes):
    """Returns an answer with values set, dropped, doubled, cut short or renamed."""
    answer = copy.deepcopy(ANSWERS[which])
    for at, how, value, name in changes:
        path = PATHS[which][at % len(PATHS[which])]
        try:
            holder = answer
            for key in path[:-1]:
                holder = holder[key]
            if not path:
                continue
            if how == "set":
                holder[path[-1]] = value
            elif how == "drop":
                del holder[path[-1]]
            elif how == "twin" and isinstance(holder, list):
                holder.insert(path[-1], holder[path[-1]])
            elif how == "cut" and isinstance(holder[path[-1]], str):
                holder[path[-1]] = holder[path[-1]][:-1]
            elif how == "name" and isinstance(holder, dict):
                holder[name] = holder.pop(path[-1])
        except (KeyError, IndexError, TypeError):
            continue
    return made.body(answer)


def both(found):
    assert native.parse_transactions(found) == tx_parser.parse_many_transactions(found)
    assert native.parse_transactions(found, MARKETS) == tx_parser.parse_many_transactions(found, MARKETS)


@settings(max_examples=400, deadline=None)
@given(st.integers(0, len(ANSWERS) - 1), edits)
@example(0, [])
@example(1, [])
@example(2, [])
@example(3, [])
@example(5, [])
@example(6, [])
def test_mutilated_answers_are_read_alike(which, changes):
    both([mutilated(which, changes)])


@SOME
@given(st.integers(0, len(ANSWERS) - 1), st.integers(0, 20_000), st.binary(max_size=3))
def test_torn_bytes_are_read_alike(which, at, junk):
    whole = made.body(ANSWERS[which])
    at %= len(whole)
    both([whole[:at] + junk, whole[:at] + junk + whole[at + len(junk) :]])


@SOME
@given(st.lists(st.tuples(st.integers(0, 700), st.integers(0, 255)), max_size=3), st.integers(0, 3))
def test_torn_wire_bytes_are_read_alike(changes, cut):
    wire = bytearray(made.as_wire())
    for at, byte in changes:
        wire[at % len(wire)] = byte
    answer = made.block_notification()
    text = base64.b64encode(bytes(wire[: len(wire) - cut])).decode()
    answer["params"]["result"]["value"]["block"]["transactions"][0]["transaction"] = [text, "base64"]
    both([made.body(answer)])


CALL_TAGS = ["f8c69e91e17587c8", "414b3f4ceb5b5b88", "e445a52e51cb9a1d", "09", "03", "0c", "ff"]
calls = st.lists(
    st.builds(
        lambda key, accounts, data, height: made.call(key, accounts, data, height),
        st.sampled_from([key for key in PROGRAMS if key in made.KEYS]),
        st.lists(st.sampled_from(made.KEYS), max_size=20),
        st.one_of(
            st.builds(lambda tag, data: bytes.fromhex(tag) + data,
                      st.sampled_from(CALL_TAGS),
                      st.binary(max_size=40)),
            st.just(made.dlmm_events(5, 6)[0]), st.just(made.dlmm_events(5, 6)[1]),
        ),
        st.none() | st.integers(0, 6),
    ),
    max_size=8,
)  # fmt: skip


@SOME
@given(calls, st.booleans(), st.lists(st.integers(0, 8), max_size=4))
def test_any_calls_are_linked_alike(found, heights, kept):
    answer = made.get_transaction()
    given = made.inner(heights=heights)
    answer["result"]["meta"]["innerInstructions"] = [
        {"index": 0, "instructions": [given[at % len(given)] for at in kept] + found}
    ]
    without = copy.deepcopy(answer)
    without["result"]["meta"]["logMessages"] = None
    both([made.body(answer), made.body(without)])


@pytest.mark.parametrize("accounts", [8, 17, 18])
@pytest.mark.parametrize("heights", [True, False])
def test_routes_are_read_alike(accounts, heights):
    answer = made.get_transaction()
    answer["result"]["meta"]["innerInstructions"][0]["instructions"] = made.inner(
        heights=heights, amm_accounts=accounts
    )
    both([made.body(answer)])


@SOME
@given(st.lists(st.recursive(VALUES, lambda each: st.lists(each, max_size=3) | st.dictionaries(
    st.sampled_from(PLACES), each, max_size=3), max_leaves=8), max_size=2))  # fmt: skip
def test_any_json_is_read_alike(values):
    both([json.dumps(value).encode() for value in values])
