"""What cambist relies on in a strategy, as a test of it: `check(KIND, opportunities)`.

A replay steps the same records through a strategy made anew from its state, on another engine and in other batches, and
must come to the same decisions. So what a strategy wishes for rests on what it was handed and on its state alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cambist.engine.protocol import BookInspection, EngineSetup, RouteQuote
from cambist.model.opportunity import Cost, Opportunity
from cambist.model.orders import Charges, Fill, Order, OrderLeg, Stage
from cambist.strategies.base import API, Kind, Setting, Strategy, made

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SOL, USDC = EngineSetup().sol_mint, EngineSetup().quote_mint
CALLS = ("on_opportunity", "on_order", "on_fill", "state", "restore")


class ContractError(AssertionError):
    """A strategy that cambist can't run, with what it did."""


class FixedMarket:
    """A market that always answers the same: routes pay `pays`, wallets hold `holds`, no gauge and no book is known."""

    backend = "reference"

    def __init__(self, setup: EngineSetup | None = None, pays: int = 0, holds: Mapping[str, int] | None = None) -> None:
        self.setup, self._pays, self._holds = setup or EngineSetup(), pays, dict(holds or {})

    def quote(self, route: list[str], amount_in: int, now_ns: int) -> RouteQuote:
        """Returns what it always pays."""
        del route, amount_in, now_ns
        return RouteQuote(self._pays, "" if self._pays else "liquidity")

    def gauges(self, wanted: Sequence[tuple[str, str]], now_ns: int) -> list[float | None]:
        """Knows none."""
        del now_ns
        return [None] * len(wanted)

    def book(self, source: str, depth: int, now_ns: int) -> BookInspection | None:
        """Knows none."""
        del source, depth, now_ns
        return None

    def wallet(self, venue: str) -> Mapping[str, int]:
        """Returns what every venue holds."""
        del venue
        return self._holds


def go(seq: int = 1, **changes: object) -> Opportunity:
    """Returns a go on SOL → USDC → SOL: 1 SOL in, 0.01 SOL more out, 0.009475 SOL net."""
    plain = Opportunity(
        seq=seq,
        recv_ns=seq * 400_000_000,
        slot=seq,
        key="A:0|B:1",
        route=["A:0", "B:1"],
        tokens=[SOL, USDC, SOL],
        settlement="atomic",
        amount_in=1_000_000_000,
        amount_out=1_010_000_000,
        gross=10_000_000,
        cost=Cost(5_000_000, 0, 5_000, 20_000, 500_000, 0, 0),
        net=9_475_000,
        oldest_ns=100_000_000,
        seen_slots=2,
        landing_ppm=500_000,
        score=80,
        go=True,
        reason="go",
    )
    return msgspec.structs.replace(plain, **changes)


def check(
    kind: Kind,
    opportunities: Sequence[Opportunity],
    settings: Mapping[str, Setting] | None = None,
    market: FixedMarket | None = None,
) -> list[tuple[int, str]]:
    """Returns what a kind of strategy says of each: (seq, why it is skipped or empty), having held it to its contract.

    Each wish becomes an order that is filled, and each second one misses. Raises `ContractError`.
    """
    _shaped(kind)
    chosen, market = dict(settings or {}), market or FixedMarket()
    whole = made(kind, chosen, market)
    said = [line for each in opportunities for line in _step(whole, each)]
    again = made(kind, chosen, market)
    cut: list[tuple[int, str]] = []
    for each in opportunities:
        cut += _step(again, each)
        state, again = _state(again), made(kind, chosen, market)
        again.restore(msgspec.json.decode(msgspec.json.encode(state), type=dict[str, int]))
        if _state(again) != state:
            message = f"after record {each.seq} `restore` came to {_state(again)}, `state` was {state}"
            raise ContractError(message)
    if cut != said:
        message = f"made anew from its state after each record it said {cut}, as a whole {said}"
        raise ContractError(message)
    if _state(again) != _state(whole):
        message = f"made anew from its state it ends with {_state(again)}, as a whole with {_state(whole)}"
        raise ContractError(message)
    return said


def _shaped(kind: Kind) -> None:
    if not isinstance(kind, Kind) or kind.api != API:
        message = f"{kind!r} is no cambist.strategies.base.Kind of API {API}"
        raise ContractError(message)
    try:
        msgspec.convert({"no such key": 1}, kind.settings)
    except msgspec.ValidationError:
        return
    message = f"settings of {kind.name} take unknown keys: say `forbid_unknown_fields=True`"
    raise ContractError(message)


def _step(strategy: Strategy, opportunity: Opportunity) -> list[tuple[int, str]]:
    missing = [name for name in CALLS if not callable(getattr(strategy, name, None))]
    if missing:
        message = f"a strategy without {', '.join(missing)}"
        raise ContractError(message)
    found = []
    for wish in strategy.on_opportunity(opportunity):
        found.append((opportunity.seq, wish.skip))
        if wish.skip:
            continue
        floor = opportunity.amount_in + (opportunity.cost.chain or 0)
        if wish.amount_in != opportunity.amount_in or type(wish.min_out) is not int or wish.min_out < floor:
            message = f"wished for {wish.amount_in} in and {wish.min_out} out of {opportunity.amount_in} and {floor}"
            raise ContractError(message)
        order = _order(opportunity, wish.min_out)
        strategy.on_order(order)
        strategy.on_fill(order, _fill(order, landed=opportunity.seq % 2 == 1))
    return found


def _state(strategy: Strategy) -> dict[str, int]:
    state = strategy.state()
    if not all(type(name) is str and type(number) is int for name, number in state.items()):
        message = f"a state of {state}, expected whole numbers by name"
        raise ContractError(message)
    return dict(state)


def _order(found: Opportunity, min_out: int) -> Order:
    hops = zip(found.route, found.tokens, found.tokens[1:], strict=False)
    return Order(
        id=found.seq,
        intent_id=found.seq,
        sent_ns=found.recv_ns,
        due_ns=found.recv_ns + 1,
        key=found.key,
        legs=tuple(OrderLeg(edge, "solana", put, got) for edge, put, got in hops),
        amount_in=found.amount_in,
        min_out=min_out,
        expected_out=found.amount_out,
        expected_net=found.net or 0,
        fee=found.cost.chain or 0,
        miss_fee=25_000,
    )


def _fill(order: Order, *, landed: bool) -> Fill:
    if not landed:
        fee = order.miss_fee
        return Fill(order.id, order.due_ns, Stage.REVERTED, 0, 0, fee, -fee, "price moved", Charges(fee))
    net = order.expected_out - order.amount_in - order.fee
    return Fill(order.id, order.due_ns, Stage.FILLED, order.amount_in, order.expected_out, order.fee, net)
