"""Orders on their way, and the books that they are posted to.

The desk knows neither strategies nor limits: it is handed approved orders and what became of them, takes each order
from stage to stage, and posts what that moves. An outcome that can't follow is refused, so nothing is booked twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from cambist.execution import order_life, postings
from cambist.execution.paper_landing import WAIT_NS
from cambist.kernel.ledger import Ledger, LedgerState, Values
from cambist.model.ledger import CHAIN, Account, Entry, EntryKind, Posting, reversal
from cambist.model.orders import Charges, Fill, Order, Stage, StageChange, Working
from cambist.model.tokens import unit_of

if TYPE_CHECKING:
    from cambist.engine.protocol import EngineSetup
    from cambist.model.orders import Landing

FOREVER_NS = 2**63 - 1
MAX_CLOSED = 64
LAST_FILLS = 200


class Outcome(NamedTuple):
    """What an order came to, and the entry that it was booked by."""

    order: Order
    fill: Fill
    worth: int | None
    """What it earned in atoms of the unit, of the tokens that could be valued; `None` if none could."""


class Closed(msgspec.Struct, frozen=True):
    """An order that ended lately, as it was before, and its outcome: a block that is dropped takes that back."""

    before: Working
    fill: Fill


class Step(NamedTuple):
    """What came of one outcome."""

    stages: list[StageChange]
    entry: Entry | None
    closed: bool


class Desk:
    """Keeps open orders in the order in which they wake, and one ledger."""

    def __init__(self, setup: EngineSetup, books: LedgerState, working: list[Working], closed: list[Closed]) -> None:
        self._sol = setup.sol_mint
        self.ledger = Ledger(books, setup.tokens, unit_of(setup.tokens, setup.sol_mint))
        self.working = working
        self.closed = closed
        self.outcomes: list[Outcome] = []
        """The last ones, oldest first."""

    @property
    def due_ns(self) -> int:
        """When the next order wakes."""
        return _due_ns(self.working[0]) if self.working else FOREVER_NS

    def holdings(self) -> dict[str, int]:
        """Returns what is in the wallet on chain and in flight: mint → atoms."""
        held = self.ledger.wallet()
        return {token: atoms + self.ledger.balance(Account.IN_FLIGHT, token, CHAIN) for token, atoms in held.items()}

    def send(self, order: Order, values: Values) -> Step:
        """Takes an approved order and ties its money up."""
        self._keep(Working(order, Stage.SENT))
        entry = self.ledger.enter(EntryKind.SENT, order.sent_ns, order.id, postings.sent(order, self._sol), values)
        return Step(order_life.sent(order), entry, closed=False)

    def follow(self, working: Working, landing: Landing) -> None:
        """Takes over how far an open order is on its way into a block."""
        self.working.remove(working)
        self._keep(msgspec.structs.replace(working, landing=landing))

    def landing(self) -> list[int]:
        """Returns the ids of paper's orders that are on their way into a block, in the order in which they wake."""
        on_way = (each for each in self.working if each.stage == Stage.SENT and each.landing is not None)
        return [working.order.id for working in on_way]

    def find(self, order_id: int) -> Working | None:
        """Returns an open order."""
        return next((each for each in self.working if each.order.id == order_id), None)

    def dropped(self, fill: Fill) -> Closed | None:
        """Returns the closed order whose outcome an `UNKNOWN` takes back: one that was in a block."""
        if fill.status != Stage.UNKNOWN:
            return None
        return next(
            (
                each
                for each in self.closed
                if each.fill.order_id == fill.order_id and Stage.UNKNOWN in order_life.NEXT[each.fill.status]
            ),
            None,
        )

    def book(self, working: Working, fill: Fill, values: Values) -> Step:
        """Takes an open order a step on.

        Raises `NoSuchStep`, or `ValueError` for impossible amounts; nothing has changed then.
        """
        order_life.step(fill.order_id, working.stage, fill.status)
        order_life.require_possible(working, fill)
        made = postings.of(working, fill, self._sol)
        self.working.remove(working)
        closed, stages = fill.status in order_life.ENDED, order_life.ended(fill, working.stage, working.landing)
        if closed and working.order.venue != CHAIN:
            stages += order_life.answered(fill)
        elif closed:
            self.closed = [*self.closed, Closed(working, fill)][-MAX_CLOSED:]
        else:
            self._keep(_after(working, fill))
        entry = None
        if made:
            kind = EntryKind.FILLED if fill.amount_out else EntryKind.ENDED
            order = working.order
            conversion = order.base != order.token_out
            entry = self.ledger.enter(kind, fill.recv_ns, order.id, made, values, conversion=conversion)
        if fill.status != Stage.UNKNOWN:
            outcome = Outcome(working.order, fill, 0 if entry is None else entry.worth)
            self.outcomes = [*self.outcomes, outcome][-LAST_FILLS:]
        return Step(stages, entry, closed)

    def take_back(self, closed: Closed, fill: Fill, values: Values) -> Step:
        """Undoes the outcome of an order whose block fell out of the chain; it is open again, its end unknown."""
        undone: tuple[Posting, ...] = reversal(postings.of(closed.before, closed.fill, self._sol))
        self.closed = [each for each in self.closed if each is not closed]
        self._keep(msgspec.structs.replace(closed.before, stage=Stage.UNKNOWN))
        order = closed.before.order
        conversion = order.base != order.token_out
        kind = EntryKind.REVERSED
        entry = self.ledger.enter(kind, fill.recv_ns, order.id, undone, values, conversion=conversion)
        self.outcomes = [*self.outcomes, Outcome(closed.before.order, fill, entry.worth)][-LAST_FILLS:]
        return Step(order_life.ended(fill), entry, closed=False)

    def finish(self, closed: Closed, now_ns: int) -> StageChange:
        """Lets an order be final that ended in a slot: nothing takes that back any more."""
        self.closed = [each for each in self.closed if each is not closed]
        return order_life.final(closed.fill, now_ns)

    def _keep(self, working: Working) -> None:
        self.working.append(working)
        self.working.sort(key=lambda each: (_due_ns(each), each.order.id))


def _due_ns(working: Working) -> int:
    """Returns when paper wakes an order; one that something else is known of waits for word."""
    if working.stage != Stage.SENT:
        return FOREVER_NS
    return working.order.due_ns + (0 if working.landing is None else WAIT_NS)


def _after(working: Working, fill: Fill) -> Working:
    """Returns an open order after a step."""
    before, more = working.charged, fill.charges
    return msgspec.structs.replace(
        working,
        stage=fill.status,
        filled_in=working.filled_in + fill.amount_in,
        filled_out=working.filled_out + fill.amount_out,
        charged=Charges(before.network_fee + more.network_fee, before.tip + more.tip, before.rent + more.rent),
        attempt=fill.attempt,
    )
