"""Log lines and events: against records of the real programs and recorded logs."""

import doctest
import json
import struct
from base64 import b64decode

import pytest
from backports import zstd

from cambist.engine.reference.chain import base58
from cambist.engine.reference.chain.log_parser import parse, trace
from cambist.engine.reference.chain.log_parser.parse import parse_logs
from cambist.engine.reference.venues import owned
from cambist.engine.reference.venues.events import decode_event
from cambist.engine.reference.venues.ray4 import ray_log
from cambist.engine.reference.venues.ray4.ray_log import decode_ray_log, decode_ray_logs, swap_of
from tests.shared import shared_data

AMM = "675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8"
ROUTER = "6m2CDdhRgxpH4WjvdzxAYbGxwdGUz5MziiL5jek2kBma"
TOKEN = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"
RECORD = "A2SoNgAAAAAAAAAAAAAAAAABAAAAAAAAAB7IPhAIAAAAjEpmligAAACk8vyzBgAAAFoWSgEAAAAA"


def vectors(name):
    return json.loads(zstd.decompress(shared_data("svm_vectors", f"{name}.json.zst").read_bytes()))["cases"]


def landed(name):
    """Returns (case, expected, its events) of the cases that succeeded and reported something."""
    found = []
    for case in vectors(name):
        expected = case["exp"]
        events = expected.get("event") or expected.get("event_cpi")
        if expected.get("ok") and events:
            found.append((case, expected, [events] if isinstance(events, str) else events))
    assert len(found) > 100
    return found


def directed(pair, forward):
    return pair if forward else pair[::-1]


def test_the_examples_run():
    for module in (parse, ray_log, trace):
        assert doctest.testmod(module).failed == 0


def test_every_public_ray_log_is_read():
    recorded = json.loads(shared_data("sol_tx", "ray_log", "ray_log_vectors.json").read_bytes())
    names = ("amount_in", "minimum_out", "direction", "user_source", "pool_coin", "pool_pc", "out_amount", "kind")
    read = decode_ray_logs([each["ray_log"] for each in recorded])
    assert read == [{name: each[name] for name in names} for each in recorded]
    for each in recorded:
        amount, out = each["amount_in"], each["out_amount"]
        swap = swap_of(decode_ray_log(each["ray_log"]))
        assert swap is not None
        assert (swap.amount_in, swap.amount_out) == (amount, out)
        reserve_in, reserve_out = swap.reserves
        net = amount - -(-amount * 25 // 10_000)
        assert reserve_out * net // (reserve_in + net) == out


def test_every_ray_log_of_the_program_is_read():
    count = 0
    for case in vectors("raydium_amm_v4"):
        expected = case["exp"]
        if not expected.get("ray_log"):
            continue
        count += 1
        record = decode_ray_log(expected["ray_log"])
        assert record.kind == {9: "swap_base_in", 11: "swap_base_out"}[case["tag"]]
        assert record.fields["direction"] == case["dir"]
        assert record.fields["user_source"] == case["user_src"]
        swap = swap_of(record)
        assert swap is not None
        if expected["ok"]:
            assert (swap.amount_in, swap.amount_out) == (expected["in"], expected["out"])
    assert count > 300


def test_events_of_cpmm_say_what_moved():
    for _, expected, events in landed("raydium_cpmm"):
        [swap] = [decode_event(owned.RAYDIUM_CPMM, b64decode(event)) for event in events]
        assert swap is not None
        assert swap.amount_in == expected["user_paid"]
        assert swap.amount_in - swap.transfer_fees[0] == expected["vault_in"]
        assert swap.amount_out == expected["vault_out"]
        assert swap.amount_out - swap.transfer_fees[1] == expected["user_got"]


def test_events_of_clmm_say_what_moved():
    for case, expected, events in landed("raydium_clmm_svm2024"):
        [swap] = [decode_event(owned.RAYDIUM_CLMM, b64decode(event)) for event in events]
        assert swap is not None
        assert swap.a_to_b == case["z"]
        assert (swap.amount_in, swap.amount_out) == directed((expected["amount_0"], expected["amount_1"]), case["z"])
        assert str(swap.sqrt_price) == expected["sqrt_price"]


@pytest.mark.parametrize("zero_for_one", [True, False])
def test_transfer_fees_of_a_clmm_swap_are_in_neither_amount_that_its_event_tells(zero_for_one):
    head = bytes.fromhex("40c6cde8260871e2") + bytes(4 * 32)
    amounts = (1_000, 30, 500, 7) if zero_for_one else (500, 7, 1_000, 30)
    event = head + struct.pack("<4Q?", *amounts, zero_for_one) + bytes(16 + 16 + 4)
    swap = decode_event(owned.RAYDIUM_CLMM, event)
    assert swap is not None
    assert (swap.amount_in, swap.amount_out, swap.transfer_fees) == (1_030, 507, (30, 7))


def test_events_of_whirlpool_say_what_moved():
    for case, expected, events in landed("orca_whirlpool"):
        [swap] = [decode_event(owned.WHIRLPOOL_IMMUTABLE, b64decode(event)) for event in events]
        assert swap is not None
        assert swap.a_to_b == case["a2b"]
        assert (swap.amount_in, swap.amount_out) == directed((expected["amount_a"], expected["amount_b"]), case["a2b"])
        assert str(swap.sqrt_price) == expected["sqrt_price"]


def test_events_of_dlmm_say_what_moved():
    for case, expected, events in landed("meteora_dlmm"):
        swaps = [decode_event(owned.METEORA_DLMM, bytes.fromhex(event)[8:]) for event in events]
        paid = -directed((expected["user_x"], expected["user_y"]), case["sfy"])[0]
        left = -directed((expected["reserve_x"], expected["reserve_y"]), case["sfy"])[1]
        assert len(swaps) == 2
        for swap in swaps:
            assert swap is not None
            assert (swap.amount_in, swap.amount_out, swap.a_to_b) == (paid, left, case["sfy"])


def test_events_of_damm_v2_say_what_moved():
    for case, expected, events in landed("meteora_damm_v2"):
        [swap] = [decode_event(owned.METEORA_DAMM_V2, bytes.fromhex(event)[8:]) for event in events]
        assert swap is not None
        assert swap.a_to_b == case["a2b"]
        assert (swap.amount_in, swap.amount_out) == directed((expected["amount_a"], expected["amount_b"]), case["a2b"])
        assert str(swap.sqrt_price) == expected["sqrt_price"]
        assert swap.transfer_fees == (0, 0)


def test_all_kinds_of_ray_log_are_read():
    records = {
        0: ("init", 75),
        1: ("deposit", 105),
        2: ("withdraw", 89),
        3: ("swap_base_in", 57),
        4: ("swap_base_out", 57),
    }
    for number, (kind, size) in records.items():
        data = bytes([number]) + bytes([1, *[0] * 7]) * 20
        text = base64_of(data[:size])
        [record] = decode_ray_logs([text])
        assert record["kind"] == kind
        assert decode_ray_logs([base64_of(data[: size - 1])]) == [f"ray_log: size was {size - 1}, expected {size}"]
        assert (swap_of(decode_ray_log(text)) is None) == (number < 3)


def base64_of(data):
    from base64 import b64encode

    return b64encode(data).decode()


def test_a_line_belongs_to_the_frame_on_top():
    logs = parse_logs([
        f"Program {ROUTER} invoke [1]",
        f"Program {AMM} invoke [2]",
        f"Program {TOKEN} invoke [3]",
        f"Program {TOKEN} consumed 4645 of 9999 compute units",
        f"Program {TOKEN} success",
        f"Program log: ray_log: {RECORD}",
        f"Program {AMM} success",
        f"Program log: ray_log: {RECORD}",
        f"Program {ROUTER} consumed 20000 of 200000 compute units",
        f"Program {ROUTER} success",
    ])  # fmt: skip
    assert [(swap.line, swap.frame) for swap in logs.swaps] == [(5, 1)]
    frames = [(base58.encode(frame.program), frame.depth, frame.parent) for frame in logs.trace.frames]
    assert frames == [(ROUTER, 1, None), (AMM, 2, 0), (TOKEN, 3, 1)]
    assert logs.trace.frames[2].consumed == (4645, 9999)
    assert logs.trace.complete


@pytest.mark.parametrize("forged", [
    f"Program log: Program {AMM} invoke [2]",
    f"Program log: \nProgram {AMM} invoke [2]",
    f"Program data: Program {AMM} invoke [2]",
    f"Program log: Program {ROUTER} success",
])  # fmt: skip
def test_text_of_a_program_cannot_open_or_end_a_frame(forged):
    lines = [f"Program {ROUTER} invoke [1]", forged, f"Program log: ray_log: {RECORD}", f"Program {ROUTER} success"]
    logs = parse_logs(lines)
    assert logs.swaps == []
    assert [frame for _, frame in logs.trace.lines] == [0, 0, 0, 0]
    assert logs.trace.complete


def test_nothing_belongs_to_a_frame_after_the_end_of_the_logs():
    lines = [f"Program {AMM} invoke [1]", f"Program log: ray_log: {RECORD}", "Log truncated",
             f"Program log: ray_log: {RECORD}", f"Program {AMM} success"]  # fmt: skip
    logs = parse_logs(lines)
    assert [swap.line for swap in logs.swaps] == [1]
    assert logs.trace.truncated
    assert not logs.trace.complete
    assert [frame.outcome for frame in logs.trace.frames] == ["open"]


def test_lines_in_the_middle_are_followed_as_far_as_they_go():
    lines = [f"Program {TOKEN} success", f"Program {AMM} invoke [3]", f"Program log: ray_log: {RECORD}",
             f"Program {AMM} success", f"Program {ROUTER} success", f"Program {TOKEN} invoke [1]"]  # fmt: skip
    logs = parse_logs(lines)
    assert [swap.frame for swap in logs.swaps] == [0]
    assert logs.trace.misfits == 4
    assert logs.trace.frames[1].depth == 1


def test_a_failed_transaction_is_known_by_its_frames():
    reason = "custom program error: 0x1e"
    lines = [f"Program {AMM} invoke [1]", f"Program log: ray_log: {RECORD}", f"Program {AMM} failed: {reason}"]
    logs = parse_logs(lines)
    assert logs.trace.failed
    assert logs.trace.frames[0].reason == reason


def test_what_cannot_be_read_is_refused_by_line():
    lines = [f"Program {AMM} invoke [1]", "Program log: ray_log: CQ==", "Program log: ray_log: x mismatch: input:1",
             f"Program {AMM} success"]  # fmt: skip
    assert parse_logs(lines).refused == [(1, "ray_log: kind was 9")]


@pytest.mark.parametrize(
    "name", ["carbon_core_cpi_tx.json", "carbon_core_nested_cpi_tx.json", "carbon_core_simple_tx.json"]
)
def test_recorded_logs_are_whole(name):
    lines = json.loads(shared_data("sol_tx", name).read_bytes())["logMessages"]
    logs = parse_logs(lines)
    assert logs.trace.complete
    # A router's event of the same discriminator as Raydium's is not Raydium's.
    assert logs.swaps == []
    assert logs.refused == []


def test_events_of_one_router_stay_the_routers():
    path = "2WhQXGYdZrrQrixgsxALHgZUiM5SdHasiX56jJb6QMZHXnYf69zFfUoJLmCjKHzfuA2UV5kaPRfhqPGudJDZeWwk_tx.json"
    lines = json.loads(shared_data("sol_tx", "vixen", path).read_bytes())["log_messages"]
    logs = parse_logs(lines)
    assert logs.trace.complete
    writers = {}
    for (kind, frame), line in zip(logs.trace.lines, lines, strict=True):
        if kind == "data":
            writers.setdefault(base58.encode(logs.trace.frames[frame].program)[:4], []).append(line[14:26])
    assert writers == {"6m2C": ["QMbN6CYIceJT", "QMbN6CYIceI7"], "MNFS": ["OubyA0txBKli", "vWGf64gFAY1i"]}
    assert logs.swaps == []


def test_curve_trades_of_the_recorded_logs_are_read():
    answer = json.JSONDecoder().raw_decode(
        shared_data("sol_tx", "pumpfun", "raw_buy_tx_from_getTransaction.json").read_text()
    )[0]
    logs = parse_logs(answer["result"]["meta"]["logMessages"])
    assert [(swap.event.a_to_b, swap.event.amount_in, swap.event.amount_out) for swap in logs.swaps] == [
        (False, 24_080_282, 605_426_095_720),
        (True, 605_426_095_720, 24_080_281),
    ]
