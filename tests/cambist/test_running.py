"""Several strategies on the real engines: each go reaches each, within its budgets, wherever blocks are cut."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec
import pytest

from cambist.engine import make_engine
from cambist.execution.paper_model import PaperParams
from cambist.execution.risk import Budget, Limits, StrategyDay
from cambist.kernel import Kernel, KernelSetup, read_keyframe, write_keyframe
from cambist.kernel.running import OVER_BUDGET
from cambist.model.commands import RecordedCommand
from cambist.model.events import HEADER, RecordKind, pack
from cambist.model.opportunity import Opportunity, encode
from cambist.model.orders import Charges, Stage
from cambist.strategies import kinds
from cambist.strategies.base import API, Kind, StrategySetup, Wish
from cambist.strategies.kinds import NoStrategy
from tests import orders
from tests.fakes import MS, TOKENS, EngineSetup, ScriptedEngine, frame
from tests.parity.markets import SOL, USDC, Market, setup
from tests.parity.moments import at_random, marked

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.engine.protocol import Ingested
    from cambist.model.orders import Fill, Order
    from cambist.strategies import base

ENGINES = ("native", "reference")
LIMITS = Limits({SOL: 10**12, USDC: 10**12}, {SOL: 10**12, USDC: 10**12}, max_open_orders=50)
PAPER = PaperParams(40 * MS, 30 * MS, 100_000, 300)


class Heard:
    """Asks for every `nth` go what it pays, and takes it; remembers what it was offered and how often."""

    seen: list[tuple[int, str]]

    def __init__(self, nth: int, market: base.Market) -> None:
        self._nth, self._market, self._count, self.seen = nth, market, 0, []

    def on_opportunity(self, opportunity: Opportunity) -> list[Wish]:
        self.seen.append((opportunity.seq, opportunity.key))
        self._count += 1
        if self._count % self._nth:
            return []
        self._market.quote(opportunity.route, opportunity.amount_in, opportunity.recv_ns)
        return [Wish(opportunity, opportunity.amount_in, opportunity.amount_in + (opportunity.cost.chain or 0) + 1)]

    def on_order(self, order: Order) -> None:
        pass

    def on_fill(self, order: Order, fill: Fill) -> None:
        self._count += 1

    def state(self) -> dict[str, int]:
        return {"count": self._count}

    def restore(self, state: dict[str, int]) -> None:
        self._count = state.get("count", 0)


class HeardSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    nth: int = 2


def finding(made: list[Heard]) -> Callable[[str], Kind]:
    def make(settings: HeardSettings, market: base.Market) -> Heard:
        made.append(Heard(settings.nth, market))
        return made[-1]

    heard = Kind(API, "heard", make, HeardSettings, "1.2")
    return lambda name: heard if name == "heard" else kinds.built_in(name)


THREE = (
    StrategySetup("odd", "heard", {"nth": 3}, version="1.2"),
    StrategySetup("negative_cycle", "negative_cycle"),
    StrategySetup("even", "heard", version="1.2"),
)


class Listened:
    """A real engine, and every go decision it handed out."""

    def __init__(self, name: str, made: EngineSetup) -> None:
        self._engine, self.gos = make_engine(name, made), []

    def __getattr__(self, name: str) -> object:
        return getattr(self._engine, name)

    def _heard(self, done: Ingested) -> Ingested:
        found = [msgspec.json.decode(line, type=Opportunity) for line in done.decisions.splitlines()]
        self.gos += [(each.seq, each.key) for each in found if each.go]
        return done

    def ingest(self, block: bytes, offset: int, until_ns: int) -> Ingested:
        return self._heard(self._engine.ingest(block, offset, until_ns))

    def control(self, block: bytes, offset: int) -> Ingested:
        return self._heard(self._engine.control(block, offset))


def blocks(seed: int = 3, length: int = 60, *, moments: bool = False) -> list[bytes]:
    """Returns a busy session of the tiny market, record by record, with ticks among the frames.

    With `moments` a third of its frames are some, else each frame is judged.
    """
    rng, market, parts = random.Random(seed), Market(), []
    market.open()
    parts.append(market.take())
    for _ in range(length):
        roll = rng.random()
        if roll < 0.4:
            name = rng.choice(["ray-sol-usdc", "orca-sol-usdc"])
            market.trade(name, rng.randrange(10, 900) * 10**9, a_to_b=rng.random() < 0.5)
        elif roll < 0.7:
            market.next_slot()
        else:
            market.record(RecordKind.TICK, step_ns=rng.randrange(1, 60) * MS)
        parts.append(market.take())
    block = b"".join(parts)
    return records_of(marked(block, at_random(seed, 0.3)) if moments else block)


def records_of(block: bytes) -> list[bytes]:
    found, offset = [], 0
    while offset < len(block):
        end = offset + HEADER.size + HEADER.unpack_from(block, offset)[7]
        found.append(block[offset:end])
        offset = end
    return found


def made_kernel(
    engine: str = "native", strategies: tuple[StrategySetup, ...] = THREE, *, moments: bool = False
) -> tuple[Kernel, list[Heard]]:
    made: list[Heard] = []
    what = KernelSetup(
        setup(moments=moments), LIMITS, PAPER, seed=1, wallet={SOL: 10**14, USDC: 10**14}, strategies=strategies
    )
    return Kernel(what, Listened, engine, finding(made)), made  # type: ignore[arg-type]


@pytest.mark.parametrize("moments", [False, True])
@pytest.mark.parametrize("engine", ENGINES)
def test_each_go_reaches_each_strategy_in_record_order_whatever_record_it_was_decided_on(
    engine: str, moments: bool
) -> None:
    kernel, (odd, even) = made_kernel(engine, moments=moments)
    parts = blocks(moments=moments)
    kernel.step(b"".join(parts))
    gos = kernel.engine.gos  # type: ignore[attr-defined]
    assert odd.seen == even.seen == gos
    assert [seq for seq, _ in gos] == sorted(seq for seq, _ in gos)
    kind_of = {HEADER.unpack_from(part)[0]: HEADER.unpack_from(part)[2] for part in parts}
    # Where each frame is judged a tick finds something new only where an order just ended.
    assert {kind_of[seq] for seq, _ in gos} >= ({RecordKind.FRAME, RecordKind.TICK} if moments else {RecordKind.FRAME})
    assert max(sum(seq == each for each, _ in gos) for seq, _ in gos) > 1, "some records have several"
    assert kernel.totals.intents > len(gos) // 3


@pytest.mark.parametrize("moments", [False, True])
def test_decisions_of_several_do_not_depend_on_the_engine_or_on_where_blocks_are_cut(moments: bool) -> None:
    parts = blocks(moments=moments)
    whole, (odd, even) = made_kernel(moments=moments)
    whole.step(b"".join(parts))
    assert {order.strategy for order, *_ in whole.outcomes} == {"odd", "negative_cycle", "even"}
    for seed in range(4):
        kernel, (first, second) = made_kernel(ENGINES[seed % 2], moments=moments)
        cuts = sorted(random.Random(seed).sample(range(1, len(parts)), 20))
        for a, b in pairwise([0, *cuts, len(parts)]):
            kernel.step(b"".join(parts[a:b]))
        assert (kernel.digest, first.seen, second.seen) == (whole.digest, odd.seen, even.seen)
        assert kernel.declined == whole.declined
        assert kernel.state() == whole.state()


@pytest.mark.parametrize("engine", ENGINES)
def test_the_state_of_each_goes_on_over_a_cut_and_a_stored_keyframe(engine: str) -> None:
    parts = blocks()
    whole, _ = made_kernel()
    half = len(parts) // 2
    whole.step(b"".join(parts[:half]))
    state, frame_ = whole.state(), read_keyframe(write_keyframe(whole.keyframe()))
    whole.seal()
    whole.step(b"".join(parts[half:]))
    later, _ = made_kernel(engine)
    later.restore(state)
    later.step(b"".join(parts[half:]))
    gone_back, _ = made_kernel(engine)
    gone_back.rewind(frame_)
    gone_back.step(b"".join(parts[half:]))
    assert later.state() == gone_back.state() == whole.state()
    assert gone_back.digest == whole.digest
    assert gone_back.declined == whole.declined


@pytest.mark.parametrize("engine", ENGINES)
def test_who_asks_for_more_than_its_edges_is_cut_for_that_moment_alone(engine: str) -> None:
    bounded = (replace_setup(THREE[0], settings={"nth": 1}, max_edges=4), *THREE[1:])
    kernel, made = made_kernel(engine, bounded)
    kernel.step(b"".join(blocks()))
    odd, even = made
    offered = {seq: sum(each == seq for each, _ in even.seen) for seq, _ in even.seen}
    asked = {seq: sum(each == seq for each, _ in odd.seen) for seq, _ in odd.seen}
    assert set(asked) == set(offered), "it is asked again at each moment"
    assert any(asked[seq] < offered[seq] for seq in offered), "and no more once it is cut"
    cut = kernel.totals.skipped[OVER_BUDGET]
    assert cut > 0
    assert sum(offered.values()) - sum(asked.values()) < cut, "the one that went over it counts too"
    assert any(why.get("odd") == OVER_BUDGET for why in kernel.declined.values())
    assert all(why.get("even") != OVER_BUDGET for why in kernel.declined.values())


def replace_setup(strategy: StrategySetup, **changes: object) -> StrategySetup:
    return msgspec.structs.replace(strategy, **changes)


def scripted(
    *strategies: StrategySetup, find: Callable[[str], Kind] | None = None, rule: str = "", **budgets: Budget
) -> Kernel:
    limits = Limits({SOL: 2 * 10**9}, {SOL: 10**9}, max_open_orders=9, budgets=budgets)
    what = KernelSetup(
        EngineSetup(tokens=TOKENS), limits, PaperParams(400 * MS, 0, 0, 0), wallet={SOL: 10**11}, rule=rule,
        strategies=strategies,
    )  # fmt: skip
    kernel = Kernel(what, lambda name, made: ScriptedEngine(made), find=find or finding([]))
    kernel.step(pack(1, 1, RecordKind.STATE, kernel.initial_state()))
    return kernel


def test_a_go_that_one_took_is_refused_to_the_next_and_said_by_name() -> None:
    kernel = scripted(StrategySetup("a", "negative_cycle"), StrategySetup("b", "heard", {"nth": 1}, version="1.2"))
    effects = kernel.step(frame(2, 2, decide=[{}]))
    assert [order.strategy for order in effects.orders] == ["a"]
    assert [(refusal.reason, refusal.intent_id) for refusal in effects.refusals] == [("open_order", 2)]
    assert kernel.declined == {"A:0|B:1": {"b": "risk:open_order"}}


def told(kernel: Kernel, seq: int, fill: Fill) -> None:
    effects = kernel.step(pack(seq, seq, RecordKind.FILL, encode(fill)))
    assert effects.notes == []


def test_parts_of_an_order_and_an_outcome_that_is_taken_back_are_its_strategys() -> None:
    kernel = scripted(StrategySetup("a", "negative_cycle"))
    (order,) = kernel.step(frame(2, 2, decide=[{}])).orders
    half = order.amount_in // 2
    part = {"amount_in": half, "charges": Charges(), "fee": 0}
    told(kernel, 3, orders.fill(order, half + 9, status=Stage.PARTIAL, net=9, **part))
    assert kernel.risk.state.strategies == {"a": StrategyDay(1, {SOL: 9})}
    told(kernel, 4, orders.fill(order, half - 30, net=-30, **part))
    assert kernel.risk.state.strategies == {"a": StrategyDay(1, {SOL: -21})}
    told(kernel, 5, orders.ended(order, Stage.UNKNOWN))
    assert kernel.risk.state.strategies == {"a": StrategyDay(1, {SOL: 9})}
    assert kernel.risk.state.open["A:0|B:1"].strategy == "a"


def test_a_strategy_that_is_not_installed_is_named_kept_and_not_compared() -> None:
    kernel = scripted(*THREE)
    kernel.step(frame(2, 2, decide=[{}]))
    state = kernel.state()
    later = Kernel(KernelSetup(EngineSetup(tokens=TOKENS)), lambda name, made: ScriptedEngine(made))
    notes = later.step(pack(1, 1, RecordKind.STATE, state)).notes
    why = "strategy odd: no strategy 'heard' is installed"
    assert [text for _, level, text in notes if level == "warn" and text.startswith(why)]
    assert later.running.names == ("negative_cycle",)
    assert set(later.running.missing) == {"odd", "even"}
    assert len(later.running.otherwise) == 2
    assert later.state() == state, "what it remembered is kept"
    assert kernel.running.otherwise == []


def test_another_version_of_a_strategy_may_decide_otherwise_and_says_so() -> None:
    old = replace_setup(THREE[0], version="1.1")
    assert scripted(old).running.otherwise == ["strategy odd: decided by heard of version 1.1, 1.2 is installed"]


def test_a_version_that_has_other_settings_is_as_good_as_missing() -> None:
    old = replace_setup(THREE[0], version="1.1", settings={"older": 1})
    kernel = scripted(old, THREE[1])
    assert kernel.running.names == ("negative_cycle",)
    (why,) = kernel.running.otherwise
    assert why.startswith("strategy odd: decided by heard of version 1.1, 1.2 is installed: settings of heard: Object")
    with pytest.raises(ValueError, match="settings of heard"):
        scripted(replace_setup(old, version="1.2"))


@pytest.mark.parametrize(("amount", "least"), [(1.5, 2), ("1", 2), (True, 2), (1, None)])
def test_a_wish_for_what_is_no_whole_number_stops_the_strategy(amount: object, least: object) -> None:
    class Odd(Heard):
        def on_opportunity(self, opportunity: Opportunity) -> list[Wish]:
            return [Wish(opportunity, amount, least)]  # type: ignore[arg-type]

    kernel = scripted(
        StrategySetup("bad", "odd"), find=lambda _: Kind(API, "odd", lambda _, market: Odd(1, market), HeardSettings)
    )
    (note,) = kernel.step(frame(2, 2, decide=[{}])).notes
    assert note[2].startswith("strategy bad is stopped for this session: TypeError: wished for ")
    assert kernel.totals.intents == 0


@pytest.mark.parametrize("amount", [-(10**18), 0, 2**64, 10**30])
def test_a_wish_off_the_grid_is_refused_by_name_and_in_the_digest(amount: int) -> None:
    class Odd(Heard):
        def on_opportunity(self, opportunity: Opportunity) -> list[Wish]:
            return [Wish(opportunity, amount, amount)]

    kernel = scripted(
        StrategySetup("bad", "odd"), find=lambda _: Kind(API, "odd", lambda _, market: Odd(1, market), HeardSettings)
    )
    (refusal,) = kernel.step(frame(2, 2, decide=[{}])).refusals
    assert refusal.reason == "size"
    assert kernel.running.stopped == {}


class Failing(Heard):
    """Raises at its third offer, or at the first order that it is told of."""

    def on_opportunity(self, opportunity: Opportunity) -> list[Wish]:
        wishes = super().on_opportunity(opportunity)
        if self._nth == 1 and self._count >= 3:
            message = "third"
            raise KeyError(message)
        return wishes

    def on_order(self, order: Order) -> None:
        if self._nth == 2:
            message = "told of an order"
            raise ValueError(message)


def failing(name: str) -> Kind:
    if name != "failing":
        return kinds.built_in(name)
    return Kind(API, name, lambda settings, market: Failing(settings.nth, market), HeardSettings)


@pytest.mark.parametrize(("nth", "why"), [(1, "KeyError: 'third'"), (2, "ValueError: told of an order")])
def test_a_strategy_that_raises_is_stopped_by_name_and_the_others_go_on(nth: int, why: str) -> None:
    both = StrategySetup("bad", "failing", {"nth": nth}), StrategySetup("good", "negative_cycle")
    parts = [frame(seq, seq * 10**9, decide=[{"key": f"k{seq}", "route": [f"e{seq}"]}]) for seq in range(2, 9)]
    whole = scripted(*both, find=failing)
    notes = whole.step(b"".join(parts)).notes
    assert [(level, text) for _, level, text in notes] == [
        ("error", f"strategy bad is stopped for this session: {why}")
    ]
    assert whole.running.stopped == {"bad": why}
    assert {outcome.order.strategy for outcome in whole.outcomes} >= {"good"}
    assert whole.totals.declined["bad"]["stopped"] >= 4
    for cut in range(1, len(parts)):
        begun = scripted(*both, find=failing)
        begun.step(b"".join(parts[:cut]))
        later = scripted(find=failing)
        later.restore(begun.state())
        later.step(b"".join(parts[cut:]))
        assert later.state() == whole.state()
        assert later.running.stopped == {"bad": why}


def test_a_strategy_may_not_ask_between_moments() -> None:
    made: list[Heard] = []
    scripted(StrategySetup("a", "heard", version="1.2"), find=finding(made))
    with pytest.raises(RuntimeError, match="in on_opportunity only"):
        made[-1]._market.gauges([("price", SOL)], 0)


def test_a_rule_of_its_own_stays_and_the_operators_goes_to_the_one_without() -> None:
    own = StrategySetup("own", "rule", {"text": "hops > 5"})
    kernel = scripted(own, StrategySetup("rule", "rule"))
    kernel.step(frame(2, 2, decide=[{}]))
    assert kernel.declined == {}
    kernel.step(pack(3, 10**9, RecordKind.COMMAND, encode(RecordedCommand("rule", {"text": "hops > 4"}))))
    kernel.step(frame(4, 2 * 10**9, decide=[{}]))
    assert kernel.declined == {"A:0|B:1": {"own": "rule", "rule": "rule"}}
    fixed = scripted(own)
    with pytest.raises(ValueError, match="no strategy here goes by the operator's rule"):
        fixed.check_rule("hops > 1")
    (_, level, text) = fixed.step(
        pack(2, 9, RecordKind.COMMAND, encode(RecordedCommand("rule", {"text": "hops > 4"})))
    ).notes[0]
    assert (level, text) == ("warn", "the rule stays as it was: no strategy here goes by the operator's rule")


def test_kinds_of_cambist_are_found_by_name_and_no_other() -> None:
    assert set(kinds.BUILT_IN) == {"negative_cycle", "rule", "cross_venue"}
    assert kinds.find("rule") is kinds.built_in("rule")
    for find in (kinds.find, kinds.built_in):
        with pytest.raises(NoStrategy, match=r"no strategy 'x' is installed; there are negative_cycle, rule, cross_ve"):
            find("x")
    assert replace(kinds.find("rule"), api=2).api != API
