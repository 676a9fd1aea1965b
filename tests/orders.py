"""Orders and fills with few words, for tests of several rooms."""

from __future__ import annotations

from typing import Any

from cambist.execution.routes import legs_of
from cambist.model.orders import Charges, Fill, Order, Stage
from tests.fakes import SOL, USDC

ROUTE, TOKENS = ["A:0", "B:1"], [SOL, USDC, SOL]
PAID = Charges(network_fee=25_000, tip=500_000, rent=0)
OWED = Charges(network_fee=25_000)


def order(number: int = 1, **changes: Any) -> Order:
    """Returns an order over two pools with costs that are not zero."""
    made: dict[str, Any] = {
        "id": number,
        "intent_id": number,
        "sent_ns": 0,
        "due_ns": 1,
        "key": "|".join(ROUTE),
        "legs": legs_of(changes.pop("route", ROUTE), changes.pop("tokens", TOKENS)),
        "amount_in": 1_000_000_000,
        "min_out": 1_000_525_001,
        "expected_out": 1_010_000_000,
        "expected_net": 9_475_000,
        "fee": 525_000,
        "miss_fee": 25_000,
        "strategy": "negative_cycle",
        "pool_fees": 5_000_000,
        "charges": PAID,
        "miss_charges": OWED,
    }
    return Order(**made | changes)


def fill(of: Order, amount_out: int, **changes: Any) -> Fill:
    """Returns the fill of a whole order."""
    made: dict[str, Any] = {
        "order_id": of.id,
        "recv_ns": 5,
        "status": Stage.FILLED,
        "amount_in": of.amount_in,
        "amount_out": amount_out,
        "fee": of.fee,
        "net": amount_out - of.amount_in - of.fee,
        "charges": of.charges,
    }
    return Fill(**made | changes)


def ended(of: Order, status: Stage = Stage.REVERTED, **changes: Any) -> Fill:
    """Returns an end without a fill; one that reverts pays what it owes."""
    owes = status == Stage.REVERTED
    made: dict[str, Any] = {
        "order_id": of.id,
        "recv_ns": 5,
        "status": status,
        "amount_in": 0,
        "amount_out": 0,
        "fee": of.miss_fee if owes else 0,
        "net": -of.miss_fee if owes else 0,
        "charges": of.miss_charges if owes else Charges(),
        "reason": "price moved" if owes else "not landed",
    }
    return Fill(**made | changes)
