"""What a kernel must have done, counted beside it from nothing but its effects.

The witness adds up postings, follows each order and holds each approval against limits in a way of its own: it asks
neither the gate nor the books. Only what a legged trade comes to is `legged.settle`'s, which exact fractions hold.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from cambist.execution import legged
from cambist.execution.legged import Filled
from cambist.model.ledger import CHAIN, DAY_NS, Account
from cambist.model.orders import Purpose, Stage
from cambist.model.refusals import Refusal
from tests.flows.counted import Counted, Tied, venues
from tests.flows.held import AFTER, ANYWHERE, BARREN, ENDS, Held, Where
from tests.parity.markets import SOL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cambist.execution.legged import Left
    from cambist.kernel import Effects, KernelSetup
    from cambist.kernel.kernel import Kernel
    from cambist.model.ledger import Entry, Posting
    from cambist.model.orders import Fill, Intent, Order
    from cambist.runtime.books import Carried

EARNING = (Account.WALLET, Account.IN_FLIGHT, Account.RENT_HELD)


@dataclass
class Going:
    """A legged trade that is on."""

    intent: Intent
    orders: list[Order]
    fills: dict[int, list[int]]
    """Order → in, out and fee so far."""
    open: set[int] = field(default_factory=set)


class Witness:
    """Takes what each step did; fails where something can't be, or is counted twice."""

    def __init__(self, setup: KernelSetup) -> None:
        self.setup, self.counted = setup, Counted(setup.limits)
        self.sums: Counter[tuple[Account, str, str]] = Counter()
        for venue, wallet in {CHAIN: setup.wallet, **setup.inventory}.items():
            for token, atoms in wallet.items():
                self.sums[Account.WALLET, venue, token] += atoms
                self.sums[Account.OPENING, venue, token] -= atoms
        self.orders: dict[int, Held] = {}
        self.trades: dict[int, Going] = {}
        self.last_entry = self.entries_day = self.filled = self.missed = 0
        self.today: Counter[str] = Counter()
        self._intents: dict[int, Intent] = {}

    @property
    def open(self) -> list[Held]:
        """Orders that have no end, oldest first."""
        return [held for held in self.orders.values() if held.end is None]

    @property
    def closed(self) -> list[Held]:
        """Orders that have ended, oldest first."""
        return [held for held in self.orders.values() if held.end is not None]

    def take(self, effects: Effects) -> None:
        """Takes what a step did, in the order in which stages tell it."""
        halted = self.counted.halted
        self._intents = {intent.id: intent for intent in effects.intents}
        orders = {order.id: order for order in effects.orders}
        refused = [each.intent_id for each in effects.refusals]
        asked = Counter([*refused, *{order.intent_id for order in effects.orders}])
        assert asked == Counter(list(self._intents)), "an intent is refused or sent, once"
        fills: dict[int, deque[Fill]] = {}
        for order, fill in effects.fills:
            fills.setdefault(order.id, deque()).append(fill)
        entries = deque(effects.entries)
        for change in effects.stages:
            told = fills.get(change.order_id)
            if change.stage == Stage.NEW:
                self._approved(orders[change.order_id], effects)
            elif change.stage == Stage.SENT:
                self._sent(orders[change.order_id], entries.popleft())
            elif told and told[0].status == change.stage:
                self._told(self.orders[change.order_id], told.popleft(), entries)
            elif change.stage == Stage.FINAL:
                held = self.orders[change.order_id]
                assert held.order.venue != CHAIN, "a slot of no chain is final"
                assert held.stage in (Stage.FILLED, Stage.REVERTED), "final before it ended"
            elif change.stage == Stage.UNKNOWN:
                self._moved(self.orders[change.order_id], Stage.UNKNOWN)
            else:
                assert change.stage == Stage.LANDED, "a stage that no record told"
        assert not entries, "entries that no order made"
        assert not any(fills.values()), "fills without a stage"
        for refusal in effects.refusals:
            if refusal.reason == Refusal.UNQUOTED:  # it never came to the gate
                continue
            self.counted.roll(self._intents[refusal.intent_id].opportunity.recv_ns)
        if self.counted.halted and not halted:
            assert effects.halts, "a halt that nobody was told of"

    def _approved(self, order: Order, effects: Effects) -> None:
        assert order.id not in self.orders, "a number of an order used twice"
        self.orders[order.id] = Held(order)
        intent = self._intents[order.intent_id]
        if order.trade in (0, order.id):
            self.counted.approve(intent, order.sent_ns)
        if order.trade == order.id:
            parts = [each for each in effects.orders if each.trade == order.id]
            ids = {each.id for each in parts}
            self.trades[order.id] = Going(intent, parts, {at: [0, 0, 0] for at in ids}, ids)

    def _sent(self, order: Order, entry: Entry) -> None:
        assert (entry.kind, entry.order_id) == ("sent", order.id)
        assert self._book(entry) == {}, "sending earns nothing"
        for posting in entry.postings:
            if posting.account is Account.WALLET:
                wallet = self.sums[Account.WALLET, posting.venue, posting.token]
                floor = self._floor(order, posting.venue, posting.token)
                assert wallet >= floor, f"{wallet} of {posting.token} are left at {posting.venue}, {floor} must be"

    def _floor(self, order: Order, venue: str, token: str) -> int:
        """Returns what must stay in a wallet; lamports for orders in another token may come from it."""
        if venue != CHAIN or order.base != token or order.purpose is Purpose.REDUCE:
            return 0
        others = [each.order for each in self.open if each.order.base != SOL or each.order.purpose is Purpose.REDUCE]
        lent = sum(each.charges.total for each in others) if token == SOL else 0
        return max(0, self.setup.limits.balance_floor.get(token, 0) - lent)

    def _book(self, entry: Entry) -> Counter[Where]:
        """Adds an entry up; returns what all that is held gained by it."""
        assert entry.id == self.last_entry + 1, "an entry is missing, or there twice"
        self.last_entry = entry.id
        if entry.at_ns // DAY_NS > self.entries_day:
            self.entries_day, self.today = entry.at_ns // DAY_NS, Counter()
        sums, gained = Counter[str](), Counter[Where]()
        for posting in entry.postings:
            self.sums[posting.account, posting.venue, posting.token] += posting.atoms
            sums[posting.token] += posting.atoms
            if posting.account in EARNING:
                gained[posting.venue, posting.token] += posting.atoms
                self.today[posting.token] += posting.atoms
        assert not any(sums.values()), "an entry that does not balance"
        return Counter({where: atoms for where, atoms in gained.items() if atoms})

    def _told(self, held: Held, fill: Fill, entries: deque[Entry]) -> None:
        order = held.order
        assert held.could(fill), f"{fill.status} after {held.stage}"
        back = held.end is not None
        if held.end is not None:
            assert held.before is not None
            gained = held.before.gains(held.end)
        else:
            gained = held.gains(fill)
        expected = Counter({where: -atoms if back else atoms for where, atoms in gained.items() if atoms})
        booked = Counter[Where]()
        kind = "reversed" if back else "filled" if fill.amount_out else "ended"
        if entries and (entries[0].order_id, entries[0].kind) == (order.id, kind):
            booked = self._book(entries.popleft())
        assert booked == expected, f"order {order.id}: {kind} booked {booked}, it gains {expected}"
        if back:
            self._taken_back(held, fill.recv_ns)
        else:
            self._moved(held, fill.status, fill)
            self._came(held, fill)

    def _moved(self, held: Held, stage: Stage, fill: Fill | None = None) -> None:
        assert stage in AFTER.get(held.stage, ANYWHERE)
        after = replace(held, stage=stage)
        if fill is not None:
            after = replace(after, filled_in=held.filled_in + fill.amount_in, charged=held.charged + fill.charges.total)
            if stage in ENDS:
                after = replace(after, end=fill, before=held)
        self.orders[held.order.id] = after

    def _came(self, held: Held, fill: Fill) -> None:
        """Lets limits know of an outcome."""
        order, counted = held.order, self.counted
        if order.trade:
            self._leg(order, fill)
            return
        if fill.status not in ENDS and fill.status != Stage.PARTIAL:
            return
        places: dict[int, Tied] = counted.stray if order.id in counted.stray else counted.open
        place = order.id if order.id in counted.stray else order.intent_id
        tied = places[place]
        if fill.status in ENDS:
            del places[place]
        counted.roll(fill.recv_ns)
        if order.purpose is Purpose.OPEN:
            self.filled += fill.status == Stage.FILLED
            self.missed += fill.status in BARREN
            counted.realise(order.base, fill.amount_out - fill.amount_in - fill.fee, tied.strategy)
        elif tied.reduces and order.base in counted.left:
            counted.reduce(order.base, fill.amount_in, fill.amount_out, fill.fee, fill.charges.total)
        else:
            counted.halted = True

    def _leg(self, order: Order, fill: Fill) -> None:
        trade = self.trades.get(order.trade)
        if trade is None:
            if fill.status in ENDS:
                self.counted.halted = True
                del self.counted.stray[order.id]
            return
        sums = trade.fills[order.id]
        trade.fills[order.id] = [sums[0] + fill.amount_in, sums[1] + fill.amount_out, sums[2] + fill.fee]
        if fill.status in ENDS:
            trade.open.discard(order.id)
        if not trade.open:
            self._settled(self.trades.pop(order.trade), fill.recv_ns)

    def _settled(self, trade: Going, now_ns: int) -> None:
        tied = self.counted.open.pop(trade.intent.id)
        found = trade.intent.opportunity
        fills = [Filled(*trade.fills[order.id]) for order in trade.orders]
        settled = legged.settle(found.amount_in, found.amount_out, trade.orders, fills)
        for order, filled, left in self._decomposed(trade, fills):
            over = [each.atoms for each in settled.left if each.order is order]
            assert sum(over) == left, f"order {order.id} bought {filled.amount_out}, {over} of {left} are left over"
        self.filled += settled.whole
        self.missed += not settled.whole
        self.counted.roll(now_ns)
        self.counted.realise(found.tokens[0], settled.net, tied.strategy)
        for left in settled.left:
            worst = -(-found.amount_in * left.cost // left.order.amount_in)
            self.counted.leave(left, found.tokens[0], worst, self._way(left, trade, fills))

    def _way(self, left: Left, trade: Going, fills: list[Filled]) -> tuple[int, int]:
        """Returns what the chain takes for turning back what is left over: lamports, and atoms of the trade's base."""
        hedge = self.setup.limits.unwind.policy == "hedge"
        legs = legged.way_back(left, trade.orders, fills, hedge=hedge)
        if all(leg.venue != CHAIN for leg in legs):
            return 0, 0
        return next(((each.charges.total, each.fee) for each in trade.orders if each.venue == CHAIN), (0, 0))

    def _decomposed(self, trade: Going, fills: list[Filled]) -> Iterator[tuple[Order, Filled, int]]:
        """Yields each order, what it filled, and what of that went no further than this order."""
        least = min(Fraction(f.amount_in, o.amount_in) for o, f in zip(trade.orders, fills, strict=True))
        for order, filled in zip(trade.orders, fills, strict=True):
            share = least * order.amount_in
            done = filled.amount_out * share // filled.amount_in if filled.amount_in else 0
            whole = -(-share.numerator // share.denominator) >= filled.amount_in
            yield order, filled, 0 if whole else int(filled.amount_out - done)

    def _taken_back(self, held: Held, now_ns: int) -> None:
        order, fill, before = held.order, held.end, held.before
        assert fill is not None
        assert before is not None
        self.orders[order.id] = replace(before, stage=Stage.UNKNOWN)
        trade = self.trades.get(order.trade)
        if trade is not None:
            sums = trade.fills[order.id]
            trade.fills[order.id] = [sums[0] - fill.amount_in, sums[1] - fill.amount_out, sums[2] - fill.fee]
            trade.open.add(order.id)
            return
        stray = order.trade or order.purpose is Purpose.REDUCE
        worst = order.miss_fee if order.token_out == order.base else order.amount_in + order.fee
        tied = Tied(order.key, order.base, order.amount_in, order.fee, worst, order.strategy, reduces=False)
        tied.venues = venues(order.route)
        self.counted.stray[order.id] = tied
        if stray:
            self.counted.halted = True  # what that means is for a hand to say
            return
        self.filled -= fill.status == Stage.FILLED
        self.missed -= fill.status in BARREN
        self.counted.roll(now_ns)
        self.counted.realise(order.base, -(fill.amount_out - fill.amount_in - fill.fee), order.strategy)

    def on_disk(self, balances: Iterable[Posting]) -> None:
        """Fails unless a journal holds what was counted here."""
        held = {(each.account, each.venue, each.token): each.atoms for each in balances if each.atoms}
        assert held == {key: atoms for key, atoms in self.sums.items() if atoms}

    def begins(self, before: Carried, now_ns: int) -> None:
        """Lets another process go on: what was open has expired, trades that were on come to what was filled."""
        counted = self.counted
        cut = [held.order.id for held in self.open]
        assert sorted(entry.order_id for session, entry in before.entries if session) == sorted(cut)
        for _, entry in before.entries:
            if entry.kind != "opening":
                self.last_entry = entry.id - 1
                assert not self._book(entry), "what is cut short earns nothing"
        counted.roll(now_ns)
        counted.recent, counted.stray = [], {}
        for going in [*self.trades.values()]:
            self._settled(going, now_ns)
        counted.open, counted.halted, counted.disarmed = {}, False, False
        for rest in counted.left.values():
            rest.tries = 0
        self.orders, self.trades, self.filled, self.missed = {}, {}, 0, 0
        self.last_entry = before.books.next_entry - 1
        if now_ns // DAY_NS > self.entries_day:
            self.entries_day, self.today = now_ns // DAY_NS, Counter()

    def require_same(self, kernel: Kernel) -> None:
        """Fails unless books, orders and limits of a kernel are what was counted here."""
        ledger = kernel.ledger
        assert ledger.off() == {}
        balances = {(p.account, p.venue, p.token): p.atoms for p in ledger.state().balances}
        assert balances == {key: atoms for key, atoms in self.sums.items() if atoms}
        tied: Counter[Where] = Counter()
        for held in self.open:
            tied.update(held.in_flight())
        flying = {key[1:]: atoms for key, atoms in balances.items() if key[0] is Account.IN_FLIGHT}
        assert flying == {where: atoms for where, atoms in tied.items() if atoms}
        working = {each.order.id: (each.stage, each.filled_in) for each in kernel.desk.working}
        assert working == {held.order.id: (held.stage, held.filled_in) for held in self.open}
        assert len(kernel.desk.working) == len(working)
        assert kernel.trades.open.keys() == self.trades.keys()
        assert (ledger.day, {t: a for t, a in ledger.today.net.items() if a}) == (
            self.entries_day, {t: a for t, a in self.today.items() if a},
        )  # fmt: skip
        assert (kernel.totals.filled, kernel.totals.missed) == (self.filled, self.missed)
        self.counted.require_same(kernel.risk.state)
