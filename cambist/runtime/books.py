"""Money over restarts: what a run goes on from, and what of it the journal does not hold yet.

journal ─► read_books ─► carried ─► the kernel's first STATE
                               └──► rows for the journal, once it is open
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from cambist.execution import order_life, postings
from cambist.execution.risk import RiskState
from cambist.kernel.ledger import Ledger, LedgerState
from cambist.model.ledger import DAY_NS, Entry, EntryKind
from cambist.model.market import Listed
from cambist.model.orders import Fill, Stage, Working
from cambist.model.tokens import unit_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cambist.kernel import KernelSetup
    from cambist.model.ledger import TokenValue
    from storage.journal import Journal, Unanswered
    from storage.journal_books import Read

CUT_SHORT = "the run ended before it landed"


@dataclass(slots=True)
class Carried:
    """What a run begins with."""

    books: LedgerState
    risk: RiskState
    wallet: Mapping[str, int] = field(default_factory=dict)
    """What the config gives the wallet: mint → atoms."""
    entries: list[tuple[str, Entry]] = field(default_factory=list)
    """Made at this start: (session of the order, entry); the session is empty for this run's own."""
    ends: list[tuple[str, Fill]] = field(default_factory=list)
    """(session, end) of paper orders that never had one."""
    listed: Listed = field(default_factory=Listed)
    """What tokens and pools are, those of earlier runs first."""
    rule: str = ""
    """The operator's rule that the run begins with."""


def carried(read: Read, setup: KernelSetup, now_ns: int) -> Carried:
    """Returns what a paper run begins with.

    What the config gives the wallet now beside what it gave it before is an opening. An order that was open when a run
    was cut short has expired: nobody watched the market at which it would have landed.
    """
    engine = setup.engine
    ledger = Ledger(LedgerState(read.balances), engine.tokens, unit_of(engine.tokens, engine.sol_mint))
    ledger.roll(now_ns)
    risk = RiskState(day=now_ns // DAY_NS)
    for entry in read.today:
        ledger.roll(entry.at_ns)
        ledger.today.take(entry)
        _take(risk, entry)
    made: list[tuple[str, Entry]] = []
    ends, numbers = [], dict(read.last_entries)
    for session, fill, working in _cut_short(read.unanswered, now_ns):
        moved = postings.of(working, fill, engine.sol_mint)
        entry = ledger.enter(EntryKind.ENDED, now_ns, fill.order_id, moved, _unpriced)
        numbers[session] = numbers.get(session, 0) + 1
        made.append((session, msgspec.structs.replace(entry, id=numbers[session])))
        ends.append((session, fill))
    change = {
        mint: setup.wallet.get(mint, 0) - read.wallet.get(mint, 0) for mint in sorted({*setup.wallet, *read.wallet})
    }
    if any(change.values()):
        made.append(("", ledger.enter(EntryKind.OPENING, now_ns, 0, postings.opening(change), _unpriced)))
    listed = read.listed.then(engine.tokens, engine.pools, demo=setup.demo)
    return Carried(ledger.state(), risk, setup.wallet, made, ends, listed, setup.rule)


def enter_carried(journal: Journal, what: Carried) -> bool:
    """Notes what a start made, ahead of the first record."""
    taken = True
    for session, fill in what.ends:
        for change in order_life.ended(fill):
            taken &= journal.note_stage(0, change, session)
        taken &= journal.note_fill(0, fill, session)
    for session, entry in what.entries:
        taken &= journal.note_entry(0, entry, session)
    taken &= journal.note_wallet(what.wallet) & journal.note_listed(what.listed)
    return taken & (not what.rule or journal.note_rule(0, what.rule))


def _cut_short(left: Sequence[Unanswered], now_ns: int) -> list[tuple[str, Fill, Working]]:
    found = []
    for session, order in left:
        fill = Fill(order.id, now_ns, Stage.EXPIRED, 0, 0, 0, 0, CUT_SHORT)
        found.append((session, fill, Working(order, Stage.SENT)))
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
