"""Money over restarts: what a run goes on from, and what of it the journal does not hold yet.

journal ─► read_books ─► carried ─► the kernel's first STATE
                               └──► rows for the journal, once it is open
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cambist.execution import order_life, postings
from cambist.execution.risk import RiskState
from cambist.execution.risk.day import roll
from cambist.execution.risk.unwind import leave
from cambist.kernel.ledger import Ledger, LedgerState
from cambist.kernel.trades import Trade
from cambist.kernel.unwinding import FOREVER_NS, way_back
from cambist.model.ledger import CHAIN, DAY_NS, Entry, EntryKind, Posting
from cambist.model.market import Listed
from cambist.model.orders import Fill, Stage, Working
from cambist.model.tokens import unit_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cambist.execution.legged import Filled
    from cambist.kernel import KernelSetup
    from cambist.model.ledger import TokenValue
    from cambist.model.orders import Order
    from storage.journal import Journal
    from storage.journal_books import Read

CUT_SHORT = "the run ended before it landed"


@dataclass(slots=True)
class Carried:
    """What a run begins with."""

    books: LedgerState
    risk: RiskState
    wallet: Mapping[str, int] = field(default_factory=dict)
    """What the config gives the wallets; see `KernelSetup.given`."""
    entries: list[tuple[str, Entry]] = field(default_factory=list)
    """Made at this start: (session of the order, entry); the session is empty for this run's own."""
    ends: list[tuple[str, Fill]] = field(default_factory=list)
    """(session, end) of paper orders that never had one."""
    listed: Listed = field(default_factory=Listed)
    """What tokens and pools are, those of earlier runs first."""
    rule: str = ""
    """The operator's rule that the run begins with."""
    at_ns: int = 0
    """When it begins."""


def carried(read: Read, setup: KernelSetup, now_ns: int) -> Carried:
    """Returns what a paper run begins with.

    What the config gives the wallet now beside what it gave it before is an opening. An order that was open when a run
    was cut short has expired: nobody watched the market at which it would have landed.
    """
    engine = setup.engine
    ledger = Ledger(LedgerState(read.balances), engine.tokens, unit_of(engine.tokens, engine.sol_mint))
    ledger.roll(now_ns)
    for entry in read.today:
        ledger.roll(entry.at_ns)
        ledger.today.take(entry)
    risk = _risk(read, setup, now_ns)
    made: list[tuple[str, Entry]] = []
    ends, numbers = [], dict(read.last_entries)
    for session, fill, working in _cut_short(read, now_ns):
        moved = postings.of(working, fill, engine.sol_mint)
        entry = ledger.enter(EntryKind.ENDED, now_ns, fill.order_id, moved, _unpriced)
        numbers[session] = numbers.get(session, 0) + 1
        made.append((session, replace(entry, id=numbers[session])))
        ends.append((session, fill))
    if opened := _opened(setup.given, read.wallet):
        made.append(("", ledger.enter(EntryKind.OPENING, now_ns, 0, opened, _unpriced)))
    for trade in read.cut:
        _settle(risk, trade, setup, now_ns, counted=read.risk is None)
    listed = read.listed.then(engine.tokens, engine.pools, demo=setup.demo)
    return Carried(ledger.state(), risk, setup.given, made, ends, listed, setup.rule, now_ns)


def _settle(
    risk: RiskState, orders: Sequence[tuple[Order, Filled]], setup: KernelSetup, now_ns: int, *, counted: bool
) -> None:
    """Books what a legged trade came to that a run was cut short in, and takes note of what it left over.

    `counted`: the entries of the day say already what it earned and paid.
    """
    first, last = orders[0][0], orders[-1][0]
    trade = Trade(
        key=first.key,
        base=first.base,
        amount_in=first.amount_in,
        expected_out=last.expected_out,
        orders=[order for order, _ in orders],
        fills=[filled for _, filled in orders],
        open=[],
    )
    settled = trade.settled()
    if not counted:
        _realise(risk, trade.base, settled.net, first.strategy)
    for left in settled.left:
        way = way_back(left, trade, setup.limits.unwind, now_ns)
        try:
            leave(risk, left.token, left.atoms, left.base, left.cost, way)
        except ValueError:  # something of it is left over of another token: that part counts as lost
            _realise(risk, way.counts, -way.worst, way.strategy)


def _realise(risk: RiskState, token: str, net: int, strategy: str) -> None:
    """Moves the day's result, and that of a strategy."""
    risk.realised[token] = risk.realised.get(token, 0) + net
    risk.peak[token] = max(risk.peak.get(token, 0), risk.realised[token])
    if token in risk.balance:
        risk.balance[token] += net
    if strategy:
        risk.earned_by(strategy, token, net)


def _opened(now: Mapping[str, int], before: Mapping[str, int]) -> tuple[Posting, ...]:
    """Returns what brings wallets from what the config gave them before to what it gives them now."""
    made: list[Posting] = []
    for key in sorted({*now, *before}):
        venue, _, mint = key.rpartition("/")
        made += postings.opening({mint: now.get(key, 0) - before.get(key, 0)}, venue or CHAIN)
    return tuple(made)


def _risk(read: Read, setup: KernelSetup, now_ns: int) -> RiskState:
    """Returns what the gate remembers of the day and of what is left over; no order is open any more."""
    if read.risk is None:
        state = RiskState(day=now_ns // DAY_NS)
        for entry in read.today:
            _take(state, entry)
        return state
    due_ns = FOREVER_NS if setup.limits.unwind.policy == "hold" else now_ns
    left = {mint: replace(each, tries=0, due_ns=due_ns) for mint, each in read.risk.leftovers.items()}
    state = replace(read.risk, halted="", disarmed="", recent_ns=[], open={}, leftovers=left)
    roll(state, now_ns)
    return state


def enter_carried(journal: Journal, what: Carried) -> bool:
    """Notes what a start made, ahead of the first record."""
    taken = True
    for session, fill in what.ends:
        for change in order_life.ended(fill):
            taken &= journal.note_stage(0, change, session)
        taken &= journal.note_fill(0, fill, session)
    for session, entry in what.entries:
        taken &= journal.note_entry(0, entry, session)
    taken &= journal.note_unseen(what.at_ns)
    taken &= journal.note_wallet(what.wallet) & journal.note_listed(what.listed) & journal.note_risk(0, what.risk)
    return taken & (not what.rule or journal.note_rule(0, what.rule))


def _cut_short(read: Read, now_ns: int) -> list[tuple[str, Fill, Working]]:
    found = []
    for session, order in read.unanswered:
        fill = Fill(order.id, now_ns, Stage.EXPIRED, 0, 0, 0, 0, CUT_SHORT)
        found.append((session, fill, read.working.get((session, order.id), Working(order, Stage.SENT))))
    return found


def _take(risk: RiskState, entry: Entry) -> None:
    """Counts an entry of the day as the gate would have."""
    for token, atoms in entry.net.items():
        risk.realised[token] = risk.realised.get(token, 0) + atoms
        risk.peak[token] = max(risk.peak.get(token, 0), risk.realised[token])


def _unpriced(mints: Sequence[str], now_ns: int) -> list[TokenValue | None]:
    """Nothing that is booked at a start earns anything."""
    del now_ns
    return [None] * len(mints)
