"""How a paper order ends: when, whether, and at what price. Pure: each draw is keyed, none is sequential.

An order on chain lands as one transaction or not at all; in which slot and at which of its states says `paper_landing`.
One at an exchange takes of the book what keeps its limit, and the rest of it is cancelled.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import msgspec

from cambist.execution.routes import legs_of
from cambist.model.ledger import CHAIN
from cambist.model.orders import Charges, Fill, Order, Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.engine.protocol import Engine
    from cambist.execution.legged import Part
    from cambist.execution.risk import Approved
    from cambist.model.opportunity import Cost

PPM = 1_000_000
SHARES = 1_024
"""Of an order at an exchange so many shares are filled or not."""


MOST_VENUES = 64


class Answers(msgspec.Struct, frozen=True):
    """How long a venue took to answer reads, over a minute. An order goes one way: half of that."""

    p50_ns: int
    p90_ns: int
    """Not below `p50_ns`. The way there varies by twice what is between that and the median."""


class PaperParams(msgspec.Struct, frozen=True):
    """Latency, failures and slippage of paper orders."""

    latency_ns: int = 80_000_000
    """Until an order on chain reaches the leader."""
    jitter_ns: int = 120_000_000
    failure_ppm: int = 50_000
    """Share of orders that never land for reasons nobody sees."""
    slippage_ppm: int = 30
    """Most that a landed order pays on top of what the route quotes then, drawn evenly from 0."""
    exchange_latency_ns: int = 80_000_000
    """Of orders at exchanges."""
    exchange_jitter_ns: int = 70_000_000
    venue_latency_ns: dict[str, int] = {}
    """Exchange → instead of `exchange_latency_ns`."""
    late_ppm: int = 230_000
    """Chance that a transaction misses the slot it came for, and each one after it, on a chain without congestion."""
    late_full_ppm: int = 600_000
    """The same at a congestion of 100, and where that is not known; in between it grows with it."""
    measured: dict[str, Answers] = {}
    """Venue → how long it took to answer lately; where that says that orders take longer, it counts."""
    protected: bool = False
    """Whether transactions go in bundles: one that would revert does not land, and costs nothing."""

    def due_ns(self, seed: int, order_id: int, venue: str, now_ns: int) -> int:
        """Returns when an order that is sent now reaches its venue."""
        least, most = self.latency_ns, self.jitter_ns
        if venue != CHAIN:
            least, most = self.venue_latency_ns.get(venue, self.exchange_latency_ns), self.exchange_jitter_ns
        if (answers := self.measured.get(venue)) is not None:
            least, most = max(least, answers.p50_ns // 2), max(most, answers.p90_ns - answers.p50_ns)
        return now_ns + least + draw(seed, order_id, "latency", most + 1)

    def told(self, venue: str, answers: Answers) -> PaperParams:
        """Returns them with how long a venue took to answer lately; the venues that were told of last stay known."""
        known = {name: each for name, each in self.measured.items() if name != venue}
        kept = [*known.items(), (venue, answers)][-MOST_VENUES:]
        return msgspec.structs.replace(self, measured=dict(kept))


def draw(seed: int, order_id: int, purpose: str, span: int) -> int:
    """Returns a number in 0..span−1 that depends on nothing but the arguments."""
    digest = blake2b(f"{seed}:{order_id}:{purpose}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % span if span > 0 else 0


def send(params: PaperParams, seed: int, order_id: int, approved: Approved, now_ns: int) -> Order:
    """Returns the order an approved intent becomes, with the time it would land."""
    intent = approved.intent
    found, cost, paid = intent.opportunity, intent.opportunity.cost, intent.opportunity.lamports
    network = (paid.base_fee or 0) + (paid.priority_fee or 0)
    on_revert = 0 if params.protected else network
    order = Order(
        id=order_id,
        intent_id=intent.id,
        sent_ns=now_ns,
        due_ns=0,
        key=found.key,
        legs=legs_of(found.route, found.tokens),
        amount_in=intent.amount_in,
        min_out=intent.min_out,
        expected_out=found.amount_out,
        expected_net=found.net or 0,
        fee=found.cost.chain or 0,
        miss_fee=0 if params.protected else _miss_fee(cost),
        strategy=intent.strategy,
        purpose=intent.purpose,
        settlement=found.settlement,
        pool_fees=cost.venue_fees,
        transfer=_transfer(cost),
        loan_fee=cost.flash_loan or 0,
        charges=Charges(network, paid.tip or 0, paid.rent or 0),
        miss_charges=Charges(on_revert),
        protected=params.protected,
    )
    due_ns = params.due_ns(seed, order_id, order.venue, now_ns)
    return msgspec.structs.replace(order, due_ns=due_ns)


def send_parts(
    params: PaperParams, seed: int, first_id: int, approved: Approved, parts: Sequence[Part], now_ns: int
) -> list[Order]:
    """Returns the orders of a legged trade, numbered from `first_id` on, each with the time it would reach its venue.

    The first one bears what the trade pays beside its legs, the last one the fees inside it, each one on chain what the
    chain takes.
    """
    whole = send(params, seed, first_id, approved, now_ns)
    made = []
    for at, part in enumerate(parts):
        first, last, on_chain = at == 0, at == len(parts) - 1, part.venue == CHAIN
        made.append(
            msgspec.structs.replace(
                whole,
                id=first_id + at,
                trade=first_id,
                due_ns=params.due_ns(seed, first_id + at, part.venue, now_ns),
                legs=part.legs,
                amount_in=part.amount_in,
                min_out=part.min_out,
                expected_out=part.expected_out,
                expected_net=whole.expected_net if last else 0,
                fee=whole.fee - whole.transfer - whole.loan_fee if on_chain else 0,
                miss_fee=whole.miss_fee if on_chain else 0,
                pool_fees=whole.pool_fees if last else 0,
                transfer=whole.transfer if first else 0,
                loan_fee=whole.loan_fee if first else 0,
                charges=whole.charges if on_chain else Charges(),
                miss_charges=whole.miss_charges if on_chain else Charges(),
            )
        )
    return made


def _miss_fee(cost: Cost) -> int:
    return (cost.base_fee or 0) + (cost.priority_fee or 0)


def _transfer(cost: Cost) -> int:
    return cost.transfer_fees + (cost.rebalancing or 0)


def land(params: PaperParams, seed: int, order: Order, engine: Engine, now_ns: int) -> list[Fill]:
    """Returns how the order ends at the market as it is now: one fill, or a part and the end of the rest."""
    if is_lost(params, seed, order):
        return [without(order, now_ns, Stage.MISSED, "not landed", None)]
    slip = slip_ppm(params, seed, order)
    if order.venue == CHAIN:
        quote = engine.quote_route(order.route, order.amount_in, now_ns)
        return [executed(order, quote.amount_out, quote.reason, slip, now_ns)]
    return _at_exchange(order, slip, engine, now_ns)


def is_lost(params: PaperParams, seed: int, order: Order) -> bool:
    """Returns whether an order never reaches its venue."""
    return draw(seed, order.id, "failure", PPM) < params.failure_ppm


def slip_ppm(params: PaperParams, seed: int, order: Order) -> int:
    """Returns what share of what its route quotes an order is not paid."""
    return draw(seed, order.id, "slippage", params.slippage_ppm + 1)


def executed(order: Order, quoted: int, reason: str, slip: int, now_ns: int) -> Fill:
    """Returns how a transaction ends that is executed where its route pays `quoted`, or nothing for a reason.

    One that lands and reverts pays base and priority fee; one that is protected does not land then.
    """
    end = Stage.MISSED if order.protected else Stage.REVERTED
    if reason:
        return without(order, now_ns, end, reason, None)
    out = slipped(quoted, slip)
    if out < order.min_out:
        return without(order, now_ns, end, "price moved", order.min_out - out)
    return _filled(order, now_ns, Stage.FILLED, order.amount_in, out)


def _at_exchange(order: Order, slip: int, engine: Engine, now_ns: int) -> list[Fill]:
    """Returns what of an order at an exchange is filled at its price or better, and the end of the rest.

    As much is filled as brings, together, what its limit asks of it.
    """

    def out(shares: int) -> int:
        quote = engine.quote_route(order.route, order.amount_in * shares // SHARES, now_ns)
        return 0 if quote.reason else slipped(quote.amount_out, slip)

    whole = engine.quote_route(order.route, order.amount_in, now_ns)
    reached = 0 if whole.reason else slipped(whole.amount_out, slip)
    if reached >= order.min_out:
        return [_filled(order, now_ns, Stage.FILLED, order.amount_in, reached)]
    filled, refused = 0, SHARES
    while refused - filled > 1:
        middle = (filled + refused) // 2
        if out(middle) * SHARES >= order.min_out * middle:
            filled = middle
        else:
            refused = middle
    reason, missed = (whole.reason, None) if whole.reason else ("price moved", order.min_out - reached)
    if filled == 0:
        return [without(order, now_ns, Stage.MISSED, reason, missed)]
    part = _filled(order, now_ns, Stage.PARTIAL, order.amount_in * filled // SHARES, out(filled))
    return [part, without(order, now_ns, Stage.EXPIRED, reason, missed)]


def slipped(out: int, slip: int) -> int:
    """Returns what is left of an output after `slip` ppm of it, rounded against us."""
    return out - (out * slip + PPM - 1) // PPM


def _filled(order: Order, now_ns: int, status: Stage, amount_in: int, out: int) -> Fill:
    fee = order.fee
    return Fill(
        order_id=order.id,
        recv_ns=now_ns,
        status=status,
        amount_in=amount_in,
        amount_out=out,
        fee=fee,
        net=out - amount_in - fee if order.token_out == order.base else None,
        charges=order.charges,
    )


def without(order: Order, now_ns: int, status: Stage, reason: str, miss: int | None) -> Fill:
    """Returns the end of an order that traded nothing; only one that reverts owes something."""
    owes = status == Stage.REVERTED
    fee = order.miss_fee if owes else 0
    cycle = order.token_out == order.base
    return Fill(
        order_id=order.id,
        recv_ns=now_ns,
        status=status,
        amount_in=0,
        amount_out=0,
        fee=fee,
        net=-fee if cycle else None,
        reason=reason,
        charges=order.miss_charges if owes else Charges(),
        miss=miss,
    )
