"""Intent → Approved | Refused → Order, through its stages to its end."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from cambist.model.ledger import CHAIN
from cambist.model.opportunity import Opportunity
from cambist.model.refusals import Refusal


class Purpose(StrEnum):
    """What an intent is for."""

    OPEN = "open"
    """To earn: it counts against every limit."""
    REDUCE = "reduce"
    """To turn back what an order left over; it never makes that more."""


class Stage(StrEnum):
    """How far an order has come."""

    NEW = "new"
    """Approved and numbered."""
    BUILT = "built"
    SIGNED = "signed"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    """The venue knows of it."""
    PARTIAL = "partial"
    """A part of it is filled; the rest is open."""
    LANDED = "landed"
    """In a block that was processed."""
    FILLED = "filled"
    """Filled whole; on chain: its block is confirmed."""
    FINAL = "final"
    """Nothing can take it back."""
    MISSED = "missed"
    """It never landed."""
    REVERTED = "reverted"
    """It landed and did nothing but pay its fees."""
    EXPIRED = "expired"
    """It can't land any more."""
    UNKNOWN = "unknown"
    """No answer: asked about, never sent again."""
    UNWINDING = "unwinding"
    """A leg failed; what the others left is being ended."""


class Intent(msgspec.Struct, frozen=True, omit_defaults=True):
    """A strategy's wish to trade one opportunity. Its encoding leaves defaults out."""

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


class OrderLeg(msgspec.Struct, frozen=True, gc=False):
    """One hop of an order."""

    edge: str
    """`pool:direction`, `venue:symbol:direction` or an equivalence."""
    venue: str
    """Where its tokens are: `solana`, an exchange, or `equivalence` for two tokens that are taken for one."""
    token_in: str
    token_out: str


class Charges(msgspec.Struct, frozen=True, gc=False):
    """What the chain takes, in lamports."""

    network_fee: int = 0
    """Base and priority fee."""
    tip: int = 0
    rent: int = 0
    """Held, not spent."""

    @property
    def total(self) -> int:
        """All of them."""
        return self.network_fee + self.tip + self.rent


class Order(msgspec.Struct, frozen=True):
    """An approved intent on its way. `id` is also its client id."""

    id: int
    intent_id: int
    sent_ns: int
    due_ns: int
    """Paper: when the model says it reaches its venue; on chain, the leader."""
    key: str
    legs: tuple[OrderLeg, ...]
    amount_in: int
    min_out: int
    expected_out: int
    """What the legs were quoted to pay when it was decided."""
    expected_net: int
    fee: int
    """What landing costs on top of the legs, in atoms of the base token at the rate of its decision."""
    miss_fee: int
    """The part of it that a revert owes."""
    strategy: str = ""
    purpose: Purpose = Purpose.OPEN
    settlement: str = "atomic"
    pool_fees: int = 0
    """What the venues keep inside `expected_out`, in atoms of the base token."""
    transfer: int = 0
    """Transfer fees and rebalancing, in atoms of the base token."""
    loan_fee: int = 0
    charges: Charges = Charges()
    """What the chain takes if it lands."""
    miss_charges: Charges = Charges()
    """What it takes if the order reverts."""
    trade: int = 0
    """Id of the legged trade that it is a part of: that of its first order; 0 for one that is all of its trade."""
    protected: bool = False
    """Whether it goes in a bundle that does not land if it would revert."""

    @property
    def venue(self) -> str:
        """Where its tokens are: on chain, unless all of its legs are of one exchange."""
        venues = {leg.venue for leg in self.legs}
        return venues.pop() if len(venues) == 1 else CHAIN

    @property
    def token_out(self) -> str:
        """Mint of what it pays out; of a cycle its base token."""
        return self.legs[-1].token_out

    @property
    def base(self) -> str:
        """Mint of the token that it gives; a cycle, and so a whole trade, ends with it."""
        return self.legs[0].token_in

    @property
    def route(self) -> list[str]:
        """Edge names in the order they are executed."""
        return [leg.edge for leg in self.legs]

    @property
    def tokens(self) -> list[str]:
        """Mints in order, one more than legs."""
        return [leg.token_in for leg in self.legs] + [self.legs[-1].token_out]


class Landing(msgspec.Struct, frozen=True):
    """A transaction of paper's that reached the leader, and the states of its slot that its route was quoted at."""

    slot: int
    """Where it lands."""
    at_ns: int | None = None
    """When that slot had begun and it was there."""
    worst: int | None = None
    """The least that the route paid at a state of that slot; `None` while it could be quoted at none."""
    best: int | None = None
    reason: str = ""
    """Why the last state could not be quoted."""


class Working(msgspec.Struct, frozen=True):
    """An order that has not come to its end, and what of it is filled."""

    order: Order
    stage: Stage
    filled_in: int = 0
    filled_out: int = 0
    charged: Charges = Charges()
    """What the chain took so far."""
    attempt: int = 1
    landing: Landing | None = None
    """Paper: where it is to land, once it has reached the leader."""


class Fill(msgspec.Struct, frozen=True):
    """How an order, or a part of it, ended."""

    order_id: int
    recv_ns: int
    status: Stage
    amount_in: int
    amount_out: int
    fee: int
    """What was paid on top of the legs, in atoms of the base token at the rate of the decision."""
    net: int | None
    """`amount_out` − `amount_in` − `fee`; `None` for an order that ends in another token than it begins with."""
    reason: str = ""
    charges: Charges = Charges()
    """What the chain took."""
    miss: int | None = None
    """By how many atoms of the base token the least amount was missed; `None` where that was not the reason."""
    attempt: int = 1
    slot: int | None = None
    signature: str = ""


class StageChange(msgspec.Struct, frozen=True):
    """An order came to a stage."""

    order_id: int
    stage: Stage
    at_ns: int
    """Time of the record that says so."""
    reason: str = ""
    figure: int | None = None
    """The number that decided it, in `unit`."""
    unit: str = ""
    attempt: int = 1


class StageTimes(msgspec.Struct, frozen=True):
    """How an order came about, by the clock of the run that sent it: Unix nanoseconds, in the order of the fields.

    The first two are receive times of records; the others are measured, so no replay has them. When it was sent and
    landed is told by its stages.
    """

    frame_ns: int
    """The oldest frame came that it was decided with."""
    moment_ns: int
    """The record came at which it was decided."""
    taken_ns: int
    """The engine was given them."""
    decoded_ns: int
    """They were applied; what moved is judged next."""
    decided_ns: int
    approved_ns: int
    """The gate said yes."""
    built_ns: int

    def laps(self) -> dict[str, int]:
        """Returns what came to pass and how many nanoseconds it took since what is before it.

        >>> StageTimes(1, 5, 7, 17, 20, 21, 24).laps()["decoded"]
        10
        """
        times = msgspec.structs.astuple(self)
        names = [name.removesuffix("_ns") for name in self.__struct_fields__]
        return {name: after - before for name, before, after in zip(names[1:], times, times[1:], strict=False)}
