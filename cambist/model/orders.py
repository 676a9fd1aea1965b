"""Intent → Approved | Refused → Order → Fill."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from cambist.model.opportunity import Opportunity
from cambist.model.refusals import Refusal


class Purpose(StrEnum):
    """What an intent is for."""

    OPEN = "open"
    """To earn: it counts against every limit."""
    REDUCE = "reduce"
    """To turn back what an order left over; it never makes that more."""


class Intent(msgspec.Struct, frozen=True, omit_defaults=True):
    """A strategy's wish to trade one opportunity.

    Its encoding leaves defaults out: decisions made before there was a purpose keep their digest.
    """

    id: int
    strategy: str
    opportunity: Opportunity
    amount_in: int
    min_out: int
    purpose: Purpose = Purpose.OPEN


class Refused(msgspec.Struct, frozen=True):
    """What RiskGate answered, with its reason and the numbers behind it."""

    intent_id: int
    reason: Refusal
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
