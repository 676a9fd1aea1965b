"""Intent → Approved | Refused → Order → Fill."""

from __future__ import annotations

import msgspec

from cambist.model.opportunity import Opportunity


class Intent(msgspec.Struct, frozen=True):
    """A strategy's wish to trade one opportunity."""

    id: int
    strategy: str
    opportunity: Opportunity
    amount_in: int
    min_out: int


class Refused(msgspec.Struct, frozen=True):
    """What RiskGate answered, with its reason and the numbers behind it."""

    intent_id: int
    reason: str
    detail: str = ""


class Order(msgspec.Struct, frozen=True):
    """An approved intent on its way. `id` is also its client id."""

    id: int
    intent_id: int
    sent_ns: int
    due_ns: int
    """Paper: when the model says it lands."""
    key: str
    route: list[str]
    tokens: list[str]
    amount_in: int
    min_out: int
    expected_net: int
    fee: int
    """What landing costs (base and priority fee, tip) in atoms of the base token; a miss pays the part it owes."""
    miss_fee: int


class Fill(msgspec.Struct, frozen=True):
    """How an order ended. `status`: `filled`, `missed` (reverted or not landed), `unknown`."""

    order_id: int
    recv_ns: int
    status: str
    amount_in: int
    amount_out: int
    fee: int
    net: int
    reason: str = ""
