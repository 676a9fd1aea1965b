"""How a paper order lands: when, whether, and at what price. Pure: each draw is keyed, none is sequential."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import msgspec

from cambist.model.orders import Fill, Order

if TYPE_CHECKING:
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
    cost = intent.opportunity.cost
    miss = (cost.base_fee or 0) + (cost.priority_fee or 0)
    return Order(
        id=order_id,
        intent_id=intent.id,
        sent_ns=now_ns,
        due_ns=now_ns + params.latency_ns + draw(seed, order_id, "latency", params.jitter_ns + 1),
        key=intent.opportunity.key,
        route=intent.opportunity.route,
        tokens=intent.opportunity.tokens,
        amount_in=intent.amount_in,
        min_out=intent.min_out,
        expected_net=intent.opportunity.net or 0,
        fee=miss + (cost.tip or 0) + (cost.rent or 0) + (cost.rebalancing or 0) + (cost.flash_loan or 0),
        miss_fee=miss,
    )


def land(params: PaperParams, seed: int, order: Order, engine: Engine, now_ns: int) -> Fill:
    """Returns how the order ends at the market as it is now.

    An order that does not land at all costs nothing; one that lands and reverts pays base and priority fee.
    """
    if draw(seed, order.id, "failure", PPM) < params.failure_ppm:
        return Fill(
            order_id=order.id,
            recv_ns=now_ns,
            status="missed",
            amount_in=0,
            amount_out=0,
            fee=0,
            net=0,
            reason="not landed",
        )
    quote = engine.quote_route(order.route, order.amount_in, now_ns)
    slip = draw(seed, order.id, "slippage", params.slippage_ppm + 1)
    out = quote.amount_out - (quote.amount_out * slip + PPM - 1) // PPM
    if quote.reason or out < order.min_out:
        reason = quote.reason or "price moved"
        return Fill(
            order_id=order.id,
            recv_ns=now_ns,
            status="missed",
            amount_in=0,
            amount_out=0,
            fee=order.miss_fee,
            net=-order.miss_fee,
            reason=reason,
        )
    net = out - order.amount_in - order.fee
    return Fill(
        order_id=order.id,
        recv_ns=now_ns,
        status="filled",
        amount_in=order.amount_in,
        amount_out=out,
        fee=order.fee,
        net=net,
    )
