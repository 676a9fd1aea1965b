import json
import random
from contextlib import suppress
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cambist.engine.protocol import EngineSetup
from cambist.execution.paper_model import PaperParams
from cambist.execution.risk import Limits
from cambist.kernel import MAX_DECLINED, Kernel, KernelSetup
from cambist.model.commands import RecordedCommand
from cambist.model.events import RecordKind, pack, records
from cambist.model.opportunity import encode
from cambist.model.orders import Fill, Intent, Order, Purpose, Refused, Stage
from tests.fakes import MS, SOL, TOKENS, ScriptedEngine, frame, opportunity
from tests.snapshots import all_of_body, made_body

SURE = PaperParams(latency_ns=400 * MS, jitter_ns=0, failure_ppm=0, slippage_ppm=0)
LIMITS = Limits({SOL: 2_000_000_000}, {SOL: 50_000_000}, max_open_orders=2, max_orders_per_minute=5)


BUSY = Limits({SOL: 2_000_000_000}, {SOL: 50_000_000}, max_open_orders=4, max_orders_per_minute=500)
NONE = Limits({SOL: 2_000_000_000}, {SOL: 50_000_000}, max_open_orders=0)


def make(paper: PaperParams = SURE, wallet: int = 10_000_000_000, limits: Limits = LIMITS, rule: str = "") -> Kernel:
    setup = KernelSetup(EngineSetup(tokens=TOKENS), limits, paper, seed=3, wallet={SOL: wallet}, rule=rule)
    return Kernel(setup, lambda name, engine_setup: ScriptedEngine(engine_setup))


def begin(kernel: Kernel) -> bytes:
    return pack(1, 1, RecordKind.STATE, kernel.initial_state())


def command(seq: int, recv_ns: int, name: str, **args: str) -> bytes:
    return pack(seq, recv_ns, RecordKind.COMMAND, encode(RecordedCommand(name, args)))


def test_a_go_becomes_an_order_and_fills_at_the_first_record_past_its_due_time() -> None:
    kernel = make()
    kernel.step(begin(kernel))
    sent = kernel.step(frame(2, 1000 * MS, decide=[{}]))
    assert [o.due_ns for o in sent.orders] == [1400 * MS]
    assert not kernel.step(frame(3, 1399 * MS)).fills
    (order, fill) = kernel.step(frame(4, 1400 * MS)).fills[0]
    assert fill.status == "filled"
    assert fill.net == 1_010_000_000 - 1_000_000_000 - order.fee == 9_475_000
    assert kernel.wallet[SOL] == 10_000_000_000 + fill.net
    assert kernel.engine.learned == [("A:0|B:1", True)]
    assert (kernel.engine.went, kernel.engine.took_ns) == (["A:0|B:1"], [400 * MS])


def test_the_fill_is_quoted_before_the_record_that_woke_it_changes_the_market() -> None:
    kernel = make()
    kernel.step(begin(kernel))
    kernel.step(frame(2, 0, decide=[{}]))
    (_, fill) = kernel.step(frame(3, 500 * MS, pays=1)).fills[0]
    assert fill.amount_out == 1_010_000_000


def test_a_route_that_pays_too_little_by_then_is_missed_and_costs_base_and_priority_fee() -> None:
    kernel = make()
    kernel.step(begin(kernel))
    kernel.step(frame(2, 0, decide=[{}]) + frame(3, 100 * MS, pays=1_000_000_000))
    (_, fill) = kernel.step(frame(4, 500 * MS)).fills[0]
    assert (fill.status, fill.net, fill.reason) == ("reverted", -25_000, "price moved")


def test_a_fill_tells_the_engine_what_it_moved_and_a_miss_does_not() -> None:
    kernel = make()
    kernel.step(begin(kernel))
    kernel.step(frame(2, 0, decide=[{}]))
    kernel.step(frame(3, 500 * MS, decide=[{"key": "b", "route": ["C:0", "D:0"]}]))
    assert kernel.engine.moved == [(["A:0", "B:1"], 1_000_000_000, 500 * MS)]
    kernel.step(frame(4, 600 * MS, pays=1))
    assert kernel.step(frame(5, 1000 * MS)).fills[0][1].status == "reverted"
    assert len(kernel.engine.moved) == 1


def test_an_edge_is_taken_again_once_the_order_on_it_has_ended() -> None:
    kernel = make()
    kernel.step(begin(kernel))
    other = {"key": "b", "route": ["C:0", "B:1"]}
    kernel.step(frame(2, 0, decide=[{}]))
    kernel.step(frame(3, 100 * MS, decide=[other]))
    assert (kernel.totals.skipped, kernel.declined) == ({"open_edge": 1}, {"b": {"negative_cycle": "open_edge"}})
    (again,) = kernel.step(frame(4, 500 * MS, decide=[other])).orders
    assert again.route == ["C:0", "B:1"]
    (last,) = kernel.step(frame(5, 500 * MS, decide=[{"key": "c", "route": ["A:0"]}])).orders
    assert last.route == ["A:0"]


def test_an_order_that_never_lands_frees_its_edges_too() -> None:
    kernel = make(PaperParams(latency_ns=400 * MS, jitter_ns=0, failure_ppm=1_000_000))
    kernel.step(begin(kernel))
    kernel.step(frame(2, 0, decide=[{}]))
    assert len(kernel.step(frame(3, 500 * MS, decide=[{}])).orders) == 1
    assert kernel.engine.moved == []


def test_orders_that_are_open_are_known_after_a_restart_and_to_another_rule() -> None:
    kernel = make()
    kernel.step(begin(kernel))
    kernel.step(frame(2, 0, decide=[{}]))
    later = make()
    later.restore(kernel.state())
    for each in (kernel, later):
        each.step(command(3, 1, "rule", text="net_bps > 8") + frame(4, 2, decide=[{"key": "b"}]))
        assert each.totals.skipped == {"open_edge": 1}
    assert later.state() == kernel.state()


@pytest.mark.parametrize(
    "body", [pack(3, 20, RecordKind.TICK, b""), pack(3, 20, RecordKind.GAP, b'{"count":1,"reason":"queue full"}')]
)
def test_a_go_at_a_record_that_is_no_frame_is_taken_too(body: bytes) -> None:
    kernel = make()
    kernel.step(begin(kernel))
    kernel.engine.at_controls.append([{}])
    assert [order.sent_ns for order in kernel.step(body).orders] == [20]


def test_what_moved_before_an_operators_act_is_judged_before_it() -> None:
    kernel = make()
    kernel.step(begin(kernel))
    kernel.engine.at_controls.append([{}])
    effects = kernel.step(command(2, 10, "halt", reason="enough"))
    assert (len(effects.orders), kernel.risk.state.halted) == (1, "enough")
    kernel.engine.at_controls.append([{"key": "C:0|D:1", "route": ["C:0", "D:1"]}])
    effects = kernel.step(command(3, 20, "clear_halt"))
    assert [refusal.reason for refusal in effects.refusals] == ["halted"]


def test_loss_from_the_peak_halts_and_the_halt_stays_until_cleared() -> None:
    kernel = make(limits=Limits({SOL: 2_000_000_000}, {SOL: 25_000}, 2, 5))
    kernel.step(begin(kernel))
    kernel.step(frame(2, 0, decide=[{}]))
    lost = kernel.step(frame(3, 300 * MS, pays=1) + frame(4, 500 * MS))
    assert kernel.risk.mode == "HALTED"
    assert "daily loss limit" in lost.halts[0][1]
    refused = kernel.step(frame(5, 900 * MS, decide=[{"slot": 200}]))
    assert [r.reason for r in refused.refusals] == ["halted"]
    stays = kernel.step(command(6, 901 * MS, "clear_halt"))
    assert kernel.risk.mode == "HALTED"
    assert [text for _, _, text in stays.notes] == [
        "the halt stays: daily loss limit: 25000 of 25000 atoms lost from the peak; it ends with the limit that is "
        "broken, or the day (UTC)"
    ]
    assert [bool(reason) for _, reason in stays.halts] == [True]
    cleared = kernel.step(command(7, 86_400_000 * MS, "clear_halt"))
    assert kernel.risk.mode == "RUNNING"
    assert cleared.halts == [(86_400_000 * MS, "")]


@pytest.mark.parametrize(
    ("changes", "wallet", "reason"),
    [
        ({"amount_in": 3_000_000_000}, 10_000_000_000, "cap"),
        ({}, 900_000_000, "balance"),
        ({"tokens": ["unknown", "x", "unknown"]}, 10_000_000_000, "no_limit"),
    ],
)
def test_risk_refuses_with_the_limit_in_the_way(changes: dict[str, object], wallet: int, reason: str) -> None:
    kernel = make(wallet=wallet)
    kernel.step(begin(kernel))
    refused = kernel.step(frame(2, 0, decide=[changes]))
    assert [r.reason for r in refused.refusals] == [reason]
    assert not kernel.desk.working


def test_open_orders_and_orders_a_minute_are_bounded() -> None:
    kernel = make()
    kernel.step(begin(kernel))
    both = kernel.step(frame(2, 0, decide=[{"key": k, "route": [k]} for k in ("a", "b", "c")]))
    assert [r.reason for r in both.refusals] == ["open_orders"]
    kernel.step(frame(3, 500 * MS))
    for i in range(4):
        kernel.step(frame(10 + i, (600 + i * 500) * MS, decide=[{"key": f"k{i}", "route": [f"k{i}"]}]))
    assert kernel.totals.refused["rate"] == 1


def stream() -> list[bytes]:
    rng = random.Random(5)
    parts, now = [], 10
    for seq in range(2, 400):
        now += rng.randrange(1, 90) * MS
        roll = rng.random()
        if roll < 0.05:
            parts.append(command(seq, now, "halt", reason="test"))
        elif roll < 0.25:
            parts.append(command(seq, now, "clear_halt"))
        elif roll < 0.30:
            parts.append(pack(seq, now, RecordKind.TICK, b""))
        else:
            decide = [
                {"key": f"k{rng.randrange(6)}", "slot": seq, "go": rng.random() < 0.5} for _ in range(seq % 4 == 0)
            ]
            parts.append(frame(seq, now, decide=decide, pays=1_000_000_000 + rng.randrange(-9, 19) * 1_000_000))
    return parts


def replayed(parts: list[bytes], cuts: list[int]) -> Kernel:
    kernel = make(PaperParams(400 * MS, 300 * MS, 100_000, 500), limits=BUSY)
    kernel.step(begin(kernel))
    edges = [0, *cuts, len(parts)]
    for a, b in pairwise(edges):
        kernel.step(b"".join(parts[a:b]))
    return kernel


def test_decisions_do_not_depend_on_where_blocks_are_cut() -> None:
    parts = stream()
    whole = replayed(parts, [])
    assert whole.totals.filled > 3
    assert whole.totals.missed > 0
    assert replayed(parts, list(range(1, len(parts)))).digest == whole.digest
    for seed in range(20):
        cuts = sorted(random.Random(seed).sample(range(1, len(parts)), 15))
        assert replayed(parts, cuts).digest == whole.digest


def test_a_recording_that_begins_in_the_middle_replays_to_the_same_decisions() -> None:
    parts = stream()
    live = replayed(parts[:150], [])
    state = pack(10_000, live.now_ns, RecordKind.STATE, live.state())
    live.step(state)
    live.step(b"".join(parts[150:]))
    later = make()
    later.step(state)
    later.step(b"".join(parts[150:]))
    assert later.digest == live.digest
    assert later.wallet == live.wallet


def test_a_keyframe_goes_back_as_if_nothing_came_after_it() -> None:
    parts = stream()
    kernel = replayed(parts[:100], [])
    frame_100 = kernel.keyframe()
    kernel.step(b"".join(parts[100:]))
    expected = kernel.digest, kernel.totals
    kernel.rewind(frame_100)
    kernel.step(b"".join(parts[100:]))
    assert (kernel.digest, kernel.totals) == expected


def test_a_foreign_or_newer_state_is_refused_by_name() -> None:
    kernel = make()
    with pytest.raises(ValueError, match="not a STATE record"):
        kernel.restore(b"{}")
    newer = all_of_body(kernel.initial_state())
    newer["schema"] = 99
    with pytest.raises(ValueError, match="schema 99"):
        kernel.restore(json.dumps(newer).encode())
    with pytest.raises(ValueError, match="schema 99"):
        kernel.restore(made_body(newer))


def test_records_unpack_as_packed() -> None:
    block = pack(7, -5, RecordKind.GAP, b"abc", direction=1, channel=65535, conn=2**32 - 1, generation=9) + pack(
        8, 0, 2, b""
    )
    first, second = records(block)
    assert first == (7, -5, 4, 1, 65535, 2**32 - 1, 9, b"abc", False)
    assert second.seq == 8
    with pytest.raises(ValueError, match="damaged block at byte 0"):
        list(records(block[:20]))


def test_seq_and_time_are_those_of_the_last_record() -> None:
    kernel = make()
    kernel.step(begin(kernel))
    effects = kernel.step(frame(2, 10) + frame(3, 20) + frame(4, 30))
    assert (effects.last_seq, kernel.last_seq, kernel.now_ns) == (4, 4, 30)
    kernel.step(frame(5, 40, decide=[{}]) + frame(6, 50))
    kernel.step(b"")
    assert (kernel.last_seq, kernel.now_ns) == (6, 50)
    with pytest.raises(ValueError, match="damaged block"):
        kernel.step(pack(7, 60, RecordKind.TICK, b"") + command(8, 70, "halt")[:-1])
    assert kernel.now_ns == 70


def test_the_time_of_a_keyframe_is_gone_back_to_whether_or_not_it_was_asked_for() -> None:
    for asks in (False, True):
        kernel = make()
        kernel.step(begin(kernel))
        kernel.step(frame(2, 10) + frame(3, 20))
        there = kernel.keyframe()
        kernel.step(frame(4, 30) + frame(5, 40))
        assert not asks or kernel.now_ns == 40
        kernel.rewind(there)
        assert (there.now_ns, kernel.now_ns) == (20, 20)


def test_a_rule_of_the_setup_decides_what_is_taken() -> None:
    kernel = make(rule="net_bps > 8 and rsi(SOL) < 70")
    kernel.step(begin(kernel))
    assert isinstance(kernel.engine, ScriptedEngine)
    kernel.step(frame(2, 0, decide=[{}]))
    kernel.engine.shows = {"rsi": 80.0}
    (key,), (why,) = kernel.declined.keys(), kernel.declined.values()
    assert why == {"rule": "rule_unknown"}
    kernel.step(frame(3, 100 * MS, decide=[{}]))
    assert kernel.totals.skipped == {"rule_unknown": 1, "rule": 1}
    assert kernel.declined == {key: {"rule": "rule"}}
    kernel.engine.shows = {"rsi": 60.0}
    (order,) = kernel.step(frame(4, 200 * MS, decide=[{}])).orders
    assert kernel.declined == {}
    assert kernel.step(frame(5, 700 * MS)).fills[0][0] == order


def test_a_rule_is_swapped_at_its_record_and_kept_in_the_state() -> None:
    kernel = make()
    kernel.step(begin(kernel))
    block = (
        frame(2, 0, decide=[{"key": "a", "route": ["a"]}])
        + command(3, 1, "rule", text="net_bps > 1000")
        + frame(4, 2, decide=[{"key": "b", "route": ["b"]}])
        + command(5, 3, "rule", text="net_bps > 8")
        + frame(6, 4, decide=[{"key": "c", "route": ["c"]}, {"key": "a", "route": ["a"], "slot": 101, "seen_slots": 9}])
    )
    effects = kernel.step(block)
    assert [order.key for order in effects.orders] == ["a", "c"]
    assert kernel.totals.skipped == {"rule": 1, "open_edge": 1}
    assert effects.rules == [(3, "net_bps > 1000"), (5, "net_bps > 8")], "with the very record that says so"
    state = kernel.state()
    later = make()
    later.restore(state)
    assert later.setup.rule == "net_bps > 8"
    assert later.state() == state
    later.step(command(7, 5, "rule"))
    assert (later.setup.rule, later.running.names) == ("", ("negative_cycle",))


def test_what_is_said_of_a_cycle_is_of_the_strategies_that_run_now() -> None:
    kernel = make()
    kernel.step(begin(kernel))
    kernel.step(frame(2, 0, decide=[{}]) + frame(3, 1, decide=[{"key": "b", "route": ["A:0"]}]))
    assert kernel.declined == {"b": {"negative_cycle": "open_edge"}}
    kernel.step(command(4, 2, "rule", text="hops > 5") + frame(5, 3, decide=[{"key": "b", "route": ["A:0"]}]))
    assert kernel.declined == {"b": {"rule": "rule"}}


def test_a_text_that_is_no_rule_leaves_the_old_one_and_says_why() -> None:
    kernel = make(rule="hops <= 2")
    kernel.step(begin(kernel))
    before = kernel.digest
    (_, level, text) = kernel.step(command(2, 1, "rule", text="hopps <= 2")).notes[0]
    assert (level, text) == (
        "warn",
        "the rule stays as it was: column 1: `hopps` is no field; did you mean `hops`?",
    )
    assert (kernel.setup.rule, kernel.digest) == ("hops <= 2", before)
    with pytest.raises(ValueError, match="column 1"):
        make(rule="hopps <= 2")


def test_decisions_under_changing_rules_do_not_depend_on_where_blocks_are_cut() -> None:
    parts = stream()
    for at, text in ((60, "slot > 0"), (90, "persistence >= 2 and chance > 0.4"), (180, "net_bps < 1"), (260, "")):
        _, now, *_ = next(records(parts[at]))
        parts[at] = command(at + 2, now, "rule", text=text)
    whole = replayed(parts, [])
    assert whole.totals.skipped["rule"] > 0
    assert whole.totals.filled > 3
    assert replayed(parts, list(range(1, len(parts)))).digest == whole.digest
    without = replayed([part for at, part in enumerate(parts) if at != 180], [])
    assert without.digest != whole.digest


def test_why_a_go_was_not_taken_is_kept_for_the_last_ones_only() -> None:
    kernel = make(limits=NONE)
    kernel.step(begin(kernel))
    for seq in range(2, MAX_DECLINED + 12):
        kernel.step(frame(seq, seq, decide=[{"key": f"cycle {seq}", "route": [f"edge {seq}"]}]))
    assert len(kernel.declined) == MAX_DECLINED
    assert all(why == {"negative_cycle": "risk:open_orders"} for why in kernel.declined.values())
    assert "cycle 2" not in kernel.declined
    assert f"cycle {MAX_DECLINED + 11}" in kernel.declined


@pytest.mark.parametrize("wallet", [0, 1 << 63, (1 << 64) - 1, 1 << 64, 10**30])
def test_a_wallet_of_any_size_outlives_its_state(wallet: int) -> None:
    kernel, later = make(wallet=wallet), make()
    later.restore(kernel.initial_state())
    assert later.wallet.get(SOL, 0) == wallet
    assert later.state() == kernel.state()


@settings(deadline=None)
@given(st.data())
def test_a_body_that_is_cut_short_longer_or_damaged_is_refused_or_is_another_state(data: st.DataObject) -> None:
    kernel = make(rule="net_bps > 8")
    body = bytearray(kernel.state())
    for wrong in (bytes(body[: data.draw(st.integers(0, len(body) - 1))]), bytes(body) + b"\xc0"):
        with pytest.raises(ValueError, match="not a STATE record"):
            kernel.restore(wrong)
    body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    with suppress(ValueError):
        kernel.restore(bytes(body))


def test_a_body_that_claims_four_billion_parts_is_refused() -> None:
    for kind in (0xC6, 0xDB, 0xDD, 0xDF):
        for head in (b"CMBK", b"CMBK\x81\xa5setup"):
            with pytest.raises(ValueError, match="not a STATE record"):
                make().restore(head + bytes((kind, 255, 255, 255, 255)))


def test_an_order_that_is_due_when_a_session_begins_lands_once() -> None:
    kernel = make()
    kernel.step(begin(kernel))
    kernel.step(frame(2, 0, decide=[{}]))
    begun = kernel.step(pack(3, 900 * MS, RecordKind.STATE, kernel.state()))
    assert (begun.fills, begun.entries) == ([], []), "STATE holds it: it would land again"
    landed = kernel.step(frame(4, 901 * MS))
    assert [fill.status for _, fill in landed.fills] == ["filled"]
    assert len(landed.entries) == 1


def fell_out(order: Order, now_ns: int) -> bytes:
    fill = Fill(order.id, now_ns, Stage.UNKNOWN, 0, 0, 0, None)
    return pack(9, now_ns, RecordKind.FILL, encode(fill))


def ended(order: Order, now_ns: int) -> bytes:
    fill = Fill(order.id, now_ns, Stage.EXPIRED, 0, 0, 0, 0)
    return pack(10, now_ns, RecordKind.FILL, encode(fill))


def test_an_order_that_falls_out_counts_beside_the_one_that_its_cycle_has_open_meanwhile() -> None:
    kernel = make(limits=BUSY)
    kernel.step(begin(kernel))
    (first,) = kernel.step(frame(2, 0, decide=[{}])).orders
    kernel.step(frame(3, 500 * MS))
    (second,) = kernel.step(frame(4, 600 * MS, decide=[{"amount_in": 900_000_000}])).orders
    kernel.step(fell_out(first, 700 * MS))
    state = kernel.risk.state
    assert list(state.open) == [first.key, f"{first.key} #{first.id}"]
    assert state.open_keys == [first.key, first.key]
    assert [each.amount_in for each in state.open.values()] == [second.amount_in, first.amount_in]
    assert state.at_risk(SOL) == first.miss_fee + second.miss_fee == 50_000
    later = make(limits=BUSY)
    later.restore(kernel.state())
    for each in (kernel, later):
        each.step(ended(first, 800 * MS))
        assert [left.amount_in for left in each.risk.state.open.values()] == [900_000_000], "its own, not the other's"
        each.step(ended(second, 900 * MS))
        assert each.risk.state.open == {}


def test_a_cycle_is_not_taken_again_while_an_order_of_it_that_fell_out_has_no_end() -> None:
    kernel = make(limits=BUSY)
    kernel.step(begin(kernel))
    (first,) = kernel.step(frame(2, 0, decide=[{}])).orders
    kernel.step(frame(3, 500 * MS))
    (second,) = kernel.step(frame(4, 600 * MS, decide=[{}])).orders
    kernel.step(fell_out(first, 700 * MS) + ended(second, 800 * MS))
    wish = Intent(77, "another", opportunity(), 10**9, 2 * 10**9)
    verdict = kernel.risk.check(wish, 900 * MS, kernel.desk.holdings())
    assert isinstance(verdict, Refused)
    assert verdict.reason == "open_order"


def test_a_state_that_does_not_know_an_open_order_takes_it_up_and_one_that_does_not_twice() -> None:
    kernel = make(limits=BUSY)
    kernel.step(begin(kernel))
    (order,) = kernel.step(frame(2, 0, decide=[{}])).orders
    for _ in range(2):
        kernel.risk.adopt([order])
        assert kernel.risk.state.open_keys == [order.key]
    kernel.risk.state.open.clear()
    kernel.risk.adopt([msgspec.structs.replace(order, purpose=Purpose.REDUCE)])
    assert kernel.risk.state.open == {}, "what it turns back counts as what is left over"
    kernel.risk.adopt([order])
    assert kernel.risk.state.open[order.key].worst == order.miss_fee
