"""The kernel on a real small market: what it sends, how that lands to the atom, and what it says and counts of it.

One file, for each test here follows a record from the market to the books.
"""

from __future__ import annotations

import hashlib

import msgspec
import pytest

from cambist.engine import make_engine
from cambist.engine.reference.chain import base58
from cambist.engine.reference.venues.quote import ChainTime
from cambist.execution.paper_landing import SETTLE_SLOTS
from cambist.execution.paper_model import PPM, PaperParams, draw
from cambist.execution.risk import Limits
from cambist.kernel import Kernel
from cambist.kernel.keyframe import read_keyframe, write_keyframe
from cambist.model.events import RecordKind
from cambist.model.ledger import Account, EntryKind
from cambist.model.opportunity import Opportunity, encode
from cambist.model.orders import Charges, Fill, Order, Stage, StageChange
from cambist.strategies.base import Wish
from cambist.strategies.negative_cycle import NegativeCycle
from tests import orders
from tests.parity.markets import POOLS, SOL, START_NS, USDC, Market, key, run, setup
from tests.small_market import ENGINES, LIMITS, MS, SLOW, WALLET, Trading


def names() -> dict[str, str]:
    return {base58.encode(key(name)): name for name in POOLS}


def paid(trading: Trading, order: Order) -> int:
    """Returns what the pools of an order's route pay by their own formulas, as the chain holds them now."""
    market, amount, known = trading.market, order.amount_in, names()
    for edge in order.route:
        pool, _, side = edge.rpartition(":")
        time = ChainTime(market.slot, market.now_ns // 10**9, 500)
        amount = market.pool(known[pool]).quote(side == "0", amount, time).amount_out
    return amount


@pytest.mark.parametrize("engine", ENGINES)
def test_an_order_lands_at_what_its_pools_pay_less_its_slippage_and_is_booked_to_the_atom(engine: str) -> None:
    trading = Trading(engine)
    kernel = trading.kernel
    sent = trading.moved()
    (order,), (intent,) = sent.orders, sent.intents
    found = intent.opportunity
    assert (order.id, order.intent_id, intent.id, order.strategy) == (1, 1, 1, "negative_cycle")
    assert order.sent_ns == found.recv_ns
    assert order.due_ns == found.recv_ns + 400 * MS + draw(3, 1, "latency", 100 * MS + 1)
    assert order.expected_out == found.amount_out == paid(trading, order)
    costs = found.cost
    assert order.fee == costs.chain
    assert order.miss_fee == costs.base_fee + costs.priority_fee > 0
    assert order.pool_fees == costs.venue_fees > 0
    assert order.transfer == costs.transfer_fees + costs.rebalancing
    lamports = found.lamports
    assert order.charges == Charges(lamports.base_fee + lamports.priority_fee, lamports.tip, lamports.rent)
    assert order.miss_charges == Charges(lamports.base_fee + lamports.priority_fee)
    assert order.min_out == order.amount_in + order.fee + 1
    tied = order.amount_in + order.transfer + order.loan_fee + order.charges.total
    assert kernel.wallet == {SOL: WALLET[SOL] - tied, USDC: WALLET[USDC]}
    assert kernel.desk.holdings() == WALLET
    assert sent.stages == [StageChange(1, Stage.NEW, order.sent_ns), StageChange(1, Stage.SENT, order.sent_ns)]
    assert [entry.kind for entry in sent.entries] == [EntryKind.SENT]

    quoted = paid(trading, order)
    landed = trading.later()
    ((of, fill),) = landed.fills
    slip = draw(3, 1, "slippage", 31)
    assert slip > 0
    assert of == order
    assert fill.amount_out == quoted - -(-quoted * slip // PPM)
    assert (fill.amount_in, fill.fee, fill.charges) == (order.amount_in, order.fee, order.charges)
    assert fill.net == fill.amount_out - order.amount_in - order.fee > 0
    # The second slot after the one it landed in begins with the last frame but its clock's.
    assert (fill.status, fill.recv_ns) == (Stage.FILLED, trading.market.now_ns - MS)
    assert (fill.slot, fill.reason) == (trading.market.slot - SETTLE_SLOTS, "")
    assert [change.stage for change in landed.stages[:2]] == [Stage.LANDED, Stage.FILLED]
    entry = landed.entries[0]
    assert (entry.kind, entry.order_id, entry.worth) == (EntryKind.FILLED, 1, entry.net[SOL])
    earned = fill.amount_out - order.amount_in - order.transfer - order.loan_fee - order.charges.total
    assert entry.net == {SOL: earned + order.charges.rent}


@pytest.mark.parametrize("engine", ENGINES)
def test_what_a_day_earned_is_what_the_wallet_gained_and_every_count_is_of_what_was_told(engine: str) -> None:
    trading = Trading(engine, PaperParams(400 * MS, 100 * MS, 200_000, 30))
    kernel, records = trading.kernel, trading.begun.records + trading.opened.records
    fills, intents, sent, stages = [], [], [], []
    for number in range(16):
        for effects in (trading.moved((200, 30, 400)[number % 3] * 10**9), trading.later()):
            records += effects.records
            fills += [fill for _, fill in effects.fills]
            stages += effects.stages
            intents += effects.intents
            sent += effects.orders
            assert effects.decided or not effects.intents
            assert not effects.halts
        assert effects.last_seq == kernel.last_seq == trading.market.seq
    while kernel.desk.working:
        effects = trading.later()
        records, fills = records + effects.records, fills + [fill for _, fill in effects.fills]
        sent, intents, stages = sent + effects.orders, intents + effects.intents, stages + effects.stages
    filled = [fill for fill in fills if fill.status == Stage.FILLED]
    assert len(filled) > 3
    assert len(filled) < len(fills)
    assert kernel.totals.records == records
    assert (kernel.totals.filled, kernel.totals.missed) == (len(filled), len(fills) - len(filled))
    assert (kernel.totals.intents, len(sent)) == (len(intents), len(fills))
    assert [order.id for order in sent] == list(range(1, len(sent) + 1))
    assert [intent.id for intent in intents] == list(range(1, len(intents) + 1))
    assert kernel.totals.first_ns == START_NS + MS
    gained = {mint: kernel.wallet[mint] - atoms for mint, atoms in WALLET.items()}
    gained[SOL] += kernel.ledger.balance(Account.RENT_HELD, SOL)
    assert kernel.totals.earned.net == {mint: atoms for mint, atoms in gained.items() if atoms}
    assert kernel.ledger.balance(Account.IN_FLIGHT, SOL) == kernel.ledger.balance(Account.IN_FLIGHT, USDC) == 0
    assert not kernel.ledger.off()
    assert sum(fill.net for fill in fills) == kernel.risk.state.realised[SOL]
    assert kernel.risk.state.open == {}
    assert [outcome.fill for outcome in kernel.outcomes] == fills
    ends = [change for change in stages if change.stage in (Stage.FILLED, Stage.MISSED, Stage.REVERTED)]
    assert [(each.order_id, each.figure) for each in ends] == [
        (fill.order_id, fill.net if fill.miss is None else fill.miss) for fill in fills
    ]


def test_both_engines_and_any_cut_decide_the_same() -> None:
    def run(engine: str, *, cut: bool) -> Trading:
        trading = Trading(engine, PaperParams(400 * MS, 300 * MS, 100_000, 500))
        for number in range(12):
            trading.market.trade("cpmm-sol-usdc", (200, 30, 900)[number % 3] * 10**9, a_to_b=True)
            trading.market.next_slot()
            trading.market.record(RecordKind.TICK, b"{}", step_ns=250 * MS)
            if cut:
                for record in trading.market.records:
                    trading.kernel.step(record)
                trading.market.records.clear()
            else:
                trading.step()
        return trading

    whole, parts = run("reference", cut=False), run("reference", cut=True)
    assert whole.kernel.totals.filled > 1
    assert whole.kernel.digest == parts.kernel.digest
    pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")
    assert run("native", cut=True).kernel.digest == whole.kernel.digest


def part(order: Order, now_ns: int, **changes: object) -> Fill:
    made: dict[str, object] = {
        "order_id": order.id, "recv_ns": now_ns, "status": Stage.PARTIAL, "amount_in": order.amount_in // 4,
        "amount_out": order.amount_in // 4 + 7_000, "fee": 900, "net": 6_100, "charges": Charges(network_fee=900),
    }  # fmt: skip
    return Fill(**made | changes)  # type: ignore[arg-type]  # values of many types by name


@pytest.mark.parametrize("engine", ENGINES)
def test_a_part_counts_at_once_moves_the_market_for_us_and_the_rest_stays_open(engine: str) -> None:
    trading = Trading(engine, SLOW)
    kernel, order = trading.kernel, trading.order()
    before = kernel.engine.quote_route(order.route, order.amount_in, trading.market.now_ns).amount_out
    fill = part(order, trading.market.now_ns + MS)
    effects = trading.told(fill)
    assert (effects.fills, effects.notes) == ([(order, fill)], [])
    assert (kernel.totals.filled, kernel.totals.missed) == (0, 0)
    assert kernel.risk.state.realised == {SOL: 6_100}
    assert kernel.risk.state.peak == {SOL: 6_100}
    assert kernel.risk.state.open_keys == [order.key]
    (working,) = kernel.desk.working
    assert (working.stage, working.filled_in, working.filled_out) == (Stage.PARTIAL, fill.amount_in, fill.amount_out)
    assert kernel.engine.quote_route(order.route, order.amount_in, trading.market.now_ns).amount_out < before
    rest = order.amount_in - fill.amount_in
    done = part(
        order, trading.market.now_ns + MS, status=Stage.FILLED, amount_in=rest, amount_out=rest - 50_000, fee=0,
        net=-50_000, charges=Charges(),
    )  # fmt: skip
    effects = trading.told(done)
    assert effects.fills == [(order, done)]
    assert kernel.risk.state.realised == {SOL: 6_100 - 50_000}
    assert (kernel.totals.filled, kernel.risk.state.open_keys, kernel.desk.working) == (1, [], [])
    assert kernel.wallet[SOL] == WALLET[SOL] + 7_000 - 50_000 - 900 - order.transfer
    assert [outcome.fill for outcome in kernel.outcomes] == [fill, done]


def test_a_loss_by_a_part_halts_at_its_limit() -> None:
    limits = Limits(WALLET, {SOL: 10**9}, max_open_orders=8, max_orders_per_minute=99)
    trading = Trading(paper=SLOW, limits=limits)
    order = trading.order()
    lost = part(order, trading.market.now_ns + MS, amount_out=order.amount_in // 4 - 10**9 + 900, net=-(10**9))
    trading.told(lost)
    assert trading.kernel.risk.mode == "HALTED"
    assert trading.kernel.risk.state.halted == f"daily loss limit: {10**9} of {10**9} atoms lost from the peak"


@pytest.mark.parametrize("status", [Stage.FILLED, Stage.REVERTED])
def test_an_outcome_that_fell_out_of_the_chain_is_taken_back_by_all_who_counted_it(status: Stage) -> None:
    trading = Trading(paper=SLOW)
    kernel, order = trading.kernel, trading.order()
    sent = kernel.wallet
    now = trading.market.now_ns
    landed = {Stage.FILLED: orders.fill(order, order.expected_out), Stage.REVERTED: orders.ended(order)}
    fill = msgspec.structs.replace(landed[status], recv_ns=now + 2 * MS)
    trading.said("halt", reason="nothing else may go out")
    trading.told(fill)
    assert (kernel.totals.filled, kernel.totals.missed) == ((1, 0) if status == Stage.FILLED else (0, 1))
    assert kernel.risk.state.realised == {SOL: fill.net}
    back = orders.ended(order, Stage.UNKNOWN, recv_ns=now + 3 * MS, reason="its block was dropped")
    digest = kernel.digest
    effects = trading.told(back)
    assert effects.fills == [(order, back)]
    reversed_ = [entry for entry in effects.entries if entry.order_id == order.id]
    assert [entry.kind for entry in reversed_] == [EntryKind.REVERSED]
    assert [each for each in effects.stages if each.order_id == order.id] == [
        StageChange(order.id, Stage.UNKNOWN, back.recv_ns, "its block was dropped", 0, "atoms")
    ]
    assert kernel.digest != digest
    assert (kernel.totals.filled, kernel.totals.missed, kernel.totals.earned.worth) == (0, 0, 0)
    assert (sum(kernel.totals.reliability.ended), sum(kernel.totals.reliability.landed)) == (0, 0)
    assert list(kernel.totals.reliability.waiting) == [order.id]
    assert kernel.risk.state.realised == {SOL: 0}
    assert kernel.risk.state.open_keys == [order.key]
    assert kernel.risk.state.at_risk(SOL) == order.miss_fee
    assert kernel.wallet == sent
    assert (kernel.desk.working[0].order, kernel.desk.due_ns) == (order, 2**63 - 1)
    trading.said("clear_halt")
    again = trading.moved().intents
    assert not [intent for intent in again if set(intent.opportunity.route) & set(order.route)]
    assert trading.kernel.totals.skipped["open_edge"] > 0
    trading.told(fill)
    assert kernel.risk.state.realised == {SOL: fill.net}
    assert kernel.totals.filled + kernel.totals.missed == sum(kernel.totals.reliability.ended) == 1
    assert order.key not in kernel.risk.state.open_keys


def test_what_no_open_order_can_come_to_is_noted_and_changes_nothing() -> None:
    trading = Trading(paper=SLOW)
    kernel, order = trading.kernel, trading.order()
    books, risk, digest = kernel.ledger.state(), encode(kernel.risk.state), kernel.digest
    now = trading.market.now_ns + MS
    stranger = part(order, now, order_id=99)
    assert trading.told(stranger).notes == [(now, "warn", "a fill for order 99, which is not open")]
    much = part(order, now, amount_in=order.amount_in + 1)
    (_, level, text), *_ = trading.told(much).notes
    assert (level, text) == ("warn", f"order 1: {order.amount_in + 1} filled of {order.amount_in} that were left")
    final = part(order, now, status=Stage.FINAL, amount_in=0, amount_out=0, charges=Charges(), net=0, fee=0)
    assert [text for _, _, text in trading.told(final).notes] == ["order 1 is sent, it can't be final next"]
    assert (kernel.ledger.state(), encode(kernel.risk.state), kernel.digest) == (books, risk, digest)
    assert [working.order for working in kernel.desk.working] == [order]


def test_an_end_that_is_not_known_ties_up_and_counts_until_it_is() -> None:
    trading = Trading(paper=SLOW)
    kernel, order = trading.kernel, trading.order()
    tied = kernel.wallet
    unknown = orders.ended(order, Stage.UNKNOWN, recv_ns=trading.market.now_ns + MS)
    effects = trading.told(unknown)
    assert (effects.fills, effects.entries, [each.stage for each in effects.stages]) == ([], [], [Stage.UNKNOWN])
    assert (kernel.wallet, kernel.risk.state.open_keys, kernel.outcomes) == (tied, [order.key], [])
    assert trading.later(7_200_000 * MS).fills == [], "nobody asks paper for what it does not know"
    late = orders.ended(order, Stage.EXPIRED, recv_ns=trading.market.now_ns + MS)
    assert trading.told(late).fills == [(order, late)]
    assert (kernel.wallet, kernel.totals.missed) == (WALLET, 1)


def test_the_operators_acts_are_done_noted_and_taken_into_the_digest() -> None:
    trading = Trading(paper=SLOW)
    kernel = trading.kernel
    assert trading.begun.notes == [(START_NS + MS, "info", "session begins")]
    seen = {kernel.digest}
    halted = trading.said("halt", reason="enough")
    assert halted.halts == [(trading.market.now_ns, "enough")]
    refused = trading.moved().refusals
    assert {refusal.reason for refusal in refused} == {"halted"}
    assert kernel.totals.refused == {"halted": len(refused)}
    assert all(each == {"negative_cycle": "risk:halted"} for each in kernel.declined.values())
    cleared = trading.said("clear_halt")
    assert (cleared.halts, cleared.notes) == ([(trading.market.now_ns, "")], [])
    trading.said("disarm", reason="no journal")
    assert kernel.risk.mode == "REDUCING"
    assert {refusal.reason for refusal in trading.moved().refusals} == {"disarmed"}
    seen.add(kernel.digest)
    trading.said("arm")
    seen.add(kernel.digest)
    assert kernel.risk.mode == "RUNNING"
    assert len(trading.moved().orders) == 1
    assert {"negative_cycle": "risk:disarmed"} not in kernel.declined.values()
    (note,) = trading.said("dance").notes
    assert note[:2] == (trading.market.now_ns, "error")
    assert "dance" in note[2]
    assert len(seen) == 3


def test_a_switch_of_engines_is_in_the_digest_without_its_name() -> None:
    digests = []
    for name in ("native", "reference"):
        trading = Trading(paper=SLOW)
        before = trading.kernel.digest
        trading.said("engine", name=name)
        digests.append(trading.kernel.digest)
        assert before != digests[-1]
    assert digests[0] == digests[1]


def test_a_gap_is_counted_by_what_was_dropped() -> None:
    trading = Trading()
    for count in (3, 4):
        trading.market.record(RecordKind.GAP, encode({"count": count, "reason": "queue full"}), channel=1)
    trading.step()
    assert trading.kernel.totals.dropped == 7


def test_a_rule_that_is_swapped_knows_what_is_open_and_the_others_state_stays() -> None:
    trading = Trading(paper=SLOW)
    order = trading.order()
    trading.said("rule", text="net_bps > 0")
    assert trading.kernel.running.names == ("rule",)
    again = trading.moved(10**12)
    assert not [each for each in again.orders if set(each.route) & set(order.route)]
    assert trading.kernel.totals.skipped["open_edge"] > 0


def test_a_session_that_only_watches_takes_nothing_and_has_no_rule() -> None:
    trading = Trading(watch_only=True)
    assert (trading.moved().orders, trading.kernel.running.names) == ([], ())
    trading.said("rule", text="net_bps > 0")
    assert (trading.kernel.running.names, trading.kernel.setup.rule) == ((), "net_bps > 0")


def test_a_kernel_at_a_keyframe_goes_on_as_the_one_it_is_of_and_no_other() -> None:
    trading = Trading(paper=SLOW)
    trading.order()
    frame = trading.kernel.keyframe()
    other = trading.kernel.at(frame, "reference")
    assert (other.last_seq, other.digest, other.now_ns) == (trading.market.seq, trading.kernel.digest, frame.now_ns)
    trading.market.trade("cpmm-sol-usdc", 10**12, a_to_b=True)
    trading.market.next_slot()
    block = trading.market.take()
    trading.kernel.step(block)
    with pytest.raises(ValueError, match=f"decided otherwise than reference by record {trading.market.seq}"):
        trading.kernel.require_same(other)
    other.step(block)
    trading.kernel.require_same(other)
    trading.kernel.take_over(other)
    assert trading.kernel.engine is other.engine


def test_books_of_earlier_sessions_are_gone_on_with() -> None:
    earlier = Trading()
    earlier.moved()
    earlier.later()
    books, risk = earlier.kernel.ledger.state(), earlier.kernel.risk.state
    later = Kernel(earlier.kernel.setup, make_engine, "reference")
    later.adopt(books, risk)
    assert later.wallet == earlier.kernel.wallet
    assert later.risk.state is risk
    assert later.risk.limits == LIMITS
    assert (later.desk.working, later.desk.closed) == ([], [])


@pytest.mark.parametrize("watch_only", [True, False])
def test_the_digest_is_over_what_the_engine_decided_and_what_was_made_of_it(watch_only: bool) -> None:
    trading = Trading(paper=SLOW, watch_only=watch_only)
    alone, market = make_engine("reference", setup()), Market()
    market.record(RecordKind.STATE, b"")
    market.take()
    market.open()
    market.tips("1e-05")
    decided, needs = run(alone, market.take())
    assert [encode(need) for need in trading.opened.needs] == needs.splitlines()
    assert needs
    market.trade("cpmm-sol-usdc", 200 * 10**9, a_to_b=True)
    market.next_slot()
    expected = hashlib.sha256(decided)
    sent = trading.moved()
    assert trading.kernel.last_seq == market.seq
    expected.update(run(alone, market.take())[0])
    if not watch_only:
        for made in (*sent.intents, *sent.orders, *sent.entries):
            expected.update(encode(made))
    assert trading.kernel.digest == expected.hexdigest()


def test_needs_of_one_block_are_told_together() -> None:
    trading, apart = Trading(), Trading()
    for each in (trading, apart):
        each.market.record(RecordKind.GAP, encode({"count": 3, "reason": "queue full"}), channel=1)
    found = apart.step().needs
    for each in (trading, apart):
        each.market.record(RecordKind.DISCONNECTED, b"{}", channel=1)
        each.market.record(RecordKind.CONNECTED, b'{"label":"node A"}', channel=1, generation=2)
        each.market.next_slot()
    found += apart.step().needs
    assert len(found) > 20
    assert trading.step().needs == found


class Twice(NegativeCycle):
    """Wishes for each cycle twice, the first time for nothing."""

    def on_opportunity(self, opportunity: Opportunity) -> list[Wish]:
        (wish,) = super().on_opportunity(opportunity)
        return [Wish(opportunity, 1, 1, "not this one"), wish]


def test_each_wish_of_a_strategy_is_counted_and_one_that_is_skipped_hides_no_other() -> None:
    trading = Trading(paper=SLOW)
    running = trading.kernel.running
    running._slots = [slot._replace(strategy=Twice()) for slot in running._slots]
    sent = trading.moved()
    assert len(sent.orders) == 1
    trading.moved(30 * 10**9)
    assert trading.kernel.totals.skipped["not this one"] > 1
    assert (
        trading.kernel.totals.intents
        == trading.kernel.totals.skipped["not this one"] - (trading.kernel.totals.skipped["open_edge"])
    )


def test_a_stored_keyframe_tells_the_digest_so_far_and_goes_on_from_it_as_a_sealed_kernel_does() -> None:
    trading = Trading(paper=SLOW)
    trading.order()
    frame = trading.kernel.keyframe()
    unsealed, stored = (trading.kernel.at(each, "reference") for each in (frame, read_keyframe(write_keyframe(frame))))
    assert stored.digest == unsealed.digest == trading.kernel.digest
    trading.kernel.seal()
    assert trading.kernel.digest == stored.digest
    trading.market.trade("cpmm-sol-usdc", 10**12, a_to_b=True)
    trading.market.next_slot()
    block = trading.market.take()
    for each in (trading.kernel, unsealed, stored):
        each.step(block)
    assert trading.kernel.digest == stored.digest != unsealed.digest
    assert trading.kernel.state() == stored.state() == unsealed.state()


def test_a_text_is_tried_as_a_rule_without_changing_anything() -> None:
    trading = Trading()
    before = trading.kernel.state()
    trading.kernel.check_rule("net_bps > 8")
    trading.kernel.check_rule("")
    with pytest.raises(ValueError, match="column 1"):
        trading.kernel.check_rule("hopps > 8")
    assert (trading.kernel.state(), trading.kernel.setup.rule) == (before, "")


def test_why_an_outcome_was_taken_back_is_part_of_what_was_decided() -> None:
    digests = set()
    for reason in ("its block was dropped", "nobody knows"):
        trading = Trading(paper=SLOW)
        order = trading.order()
        trading.said("halt", reason="enough")
        trading.told(orders.fill(order, order.expected_out, recv_ns=trading.market.now_ns + MS))
        trading.told(orders.ended(order, Stage.UNKNOWN, recv_ns=trading.market.now_ns + MS, reason=reason))
        digests.add(trading.kernel.digest)
    assert len(digests) == 2
