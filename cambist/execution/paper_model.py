"""How a paper order lands: when, whether, and at what price. Pure: each draw is keyed, none is sequential."""

from __future__ import annotations

from hashlib import blake2b
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

from cambist.model.ledger import CHAIN
from cambist.model.orders import Charges, Fill, Order, OrderLeg, Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.engine.protocol import Engine
    from cambist.execution.risk import Approved

PPM = 1_000_000


class PaperParams(msgspec.Struct, frozen=True):
    """Latency, failures and slippage of paper orders."""

    latency_ns: int = 450_000_000
    jitter_ns: int = 350_000_000
    failure_ppm: int = 50_000
    """Share of orders that never land for reasons nobody sees."""
    slippage_ppm: int = 30
    """Most that a landed order pays on top of what the route quotes then, drawn evenly from 0."""


def draw(seed: int, order_id: int, purpose: str, span: int) -> int:
    """Returns a number in 0..span−1 that depends on nothing but the arguments."""
    digest = blake2b(f"{seed}:{order_id}:{purpose}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % span if span > 0 else 0


def send(params: PaperParams, seed: int, order_id: int, approved: Approved, now_ns: int) -> Order:
    """Returns the order an approved intent becomes, with the time it would land."""
    intent = approved.intent
    found, cost, paid = intent.opportunity, intent.opportunity.cost, intent.opportunity.lamports
    miss = (cost.base_fee or 0) + (cost.priority_fee or 0)
    network = (paid.base_fee or 0) + (paid.priority_fee or 0)
    return Order(
        id=order_id,
        intent_id=intent.id,
        sent_ns=now_ns,
        due_ns=now_ns + params.latency_ns + draw(seed, order_id, "latency", params.jitter_ns + 1),
        key=found.key,
        legs=legs(found.route, found.tokens),
        amount_in=intent.amount_in,
        min_out=intent.min_out,
        expected_out=found.amount_out,
        expected_net=found.net or 0,
        fee=found.cost.chain or 0,
        miss_fee=miss,
        strategy=intent.strategy,
        settlement=found.settlement,
        pool_fees=cost.venue_fees,
        transfer=cost.transfer_fees + (cost.rebalancing or 0),
        loan_fee=cost.flash_loan or 0,
        charges=Charges(network, paid.tip or 0, paid.rent or 0),
        miss_charges=Charges(network),
    )


def legs(route: Sequence[str], tokens: Sequence[str]) -> tuple[OrderLeg, ...]:
    """Returns the hops of a route; an edge of three parts is of the exchange that it begins with."""
    made = []
    for edge, (token_in, token_out) in zip(route, pairwise(tokens), strict=True):
        head, *rest = edge.split(":")
        made.append(OrderLeg(edge, head if len(rest) > 1 else CHAIN, token_in, token_out))
    return tuple(made)


def land(params: PaperParams, seed: int, order: Order, engine: Engine, now_ns: int) -> Fill:
    """Returns how the order ends at the market as it is now.

    An order that does not land at all costs nothing; one that lands and reverts pays base and priority fee.
    """
    if draw(seed, order.id, "failure", PPM) < params.failure_ppm:
        return _without(order, now_ns, Stage.MISSED, "not landed", None)
    quote = engine.quote_route(order.route, order.amount_in, now_ns)
    slip = draw(seed, order.id, "slippage", params.slippage_ppm + 1)
    out = quote.amount_out - (quote.amount_out * slip + PPM - 1) // PPM
    if quote.reason:
        return _without(order, now_ns, Stage.REVERTED, quote.reason, None)
    if out < order.min_out:
        return _without(order, now_ns, Stage.REVERTED, "price moved", order.min_out - out)
    net = out - order.amount_in - order.fee
    return Fill(
        order_id=order.id,
        recv_ns=now_ns,
        status=Stage.FILLED,
        amount_in=order.amount_in,
        amount_out=out,
        fee=order.fee,
        net=net,
        charges=order.charges,
    )


def _without(order: Order, now_ns: int, status: Stage, reason: str, miss: int | None) -> Fill:
    """Returns the end of an order that traded nothing; only one that reverts owes something."""
    owes = status == Stage.REVERTED
    fee = order.miss_fee if owes else 0
    return Fill(
        order_id=order.id,
        recv_ns=now_ns,
        status=status,
        amount_in=0,
        amount_out=0,
        fee=fee,
        net=-fee,
        reason=reason,
        charges=order.miss_charges if owes else Charges(),
        miss=miss,
    )
