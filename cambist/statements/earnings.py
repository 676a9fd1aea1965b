"""What was earned and paid, by group: every entry that is wanted is in one group, so groups sum to the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, get_args

from cambist.kernel.ledger import Tally
from cambist.model.ledger import COSTS, DAY_NS, Account, EntryKind
from cambist.statements.by import By
from cambist.statements.sheet import Column, Sheet, Type, columns, day_name
from cambist.statements.sheets import BETWEEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cambist.model.orders import Order
    from cambist.statements.called import Called
    from cambist.statements.sheet import Cell
    from cambist.statements.sheets import Journal
    from storage.journal_reader import EntryRow

BYS: tuple[By, ...] = get_args(By)
HOUR_NS = DAY_NS // 24
NO_RULE = "(no rule)"
NO_ORDER = "(unknown order)"
"""Of entries whose order the journal does not hold."""
EARNINGS = (
    *columns("by group orders:count entries:count token symbol decimals:count"),
    *(Column(name, Type.ATOMS) for name in ("gross", *(account.value for account in COSTS), "net", "unvalued")),
    *columns("unit_symbol worth:atoms"),
)


class Group(NamedTuple):
    """What one group earned."""

    name: str
    tally: Tally
    gross: dict[str, int]
    """What prices gave before every cost, by token: `net` is this less what was paid."""
    orders: set[tuple[str, int]]
    """(session, id) of those that earned or cost something."""

    def tokens(self, unit: str) -> list[str]:
        """Returns the mints that anything moved in, the unit first."""
        paid = {mint for tokens in self.tally.paid.values() for mint in tokens}
        return [unit, *sorted({*self.tally.net, *self.gross, *paid} - {unit})]


def earnings(journal: Journal, by: By) -> list[Group]:
    """Returns the groups: those of time in their order, others by what they are worth, the most first."""
    groups: dict[str, Group] = {}
    for row, order, rule in journal.wanted_entries():
        if row.entry.kind == EntryKind.OPENING:
            continue
        name = _name(by, row, order, rule, journal.called)
        group = groups.get(name) or groups.setdefault(name, Group(name, Tally(), {}, set()))
        group.tally.take(row.entry)
        if row.entry.net:
            group.orders.add((row.session, row.entry.order_id))
        for posting in row.entry.postings:
            if posting.account == Account.RESULT:
                group.gross[posting.token] = group.gross.get(posting.token, 0) - posting.atoms
    if by in ("hour", "day"):
        return sorted(groups.values(), key=lambda group: group.name)
    return sorted(groups.values(), key=lambda group: (-group.tally.worth, group.name))


def earnings_sheet(journal: Journal, by: By) -> Sheet:
    """Returns a row for each group and token; what the whole group is worth stands in its row of the unit."""
    return Sheet("pnl", EARNINGS, _rows(journal, by))


def _rows(journal: Journal, by: By) -> Iterator[tuple[Cell, ...]]:
    called = journal.called
    for group in earnings(journal, by):
        for token in group.tokens(called.unit):
            unit, tally = token == called.unit, group.tally
            yield (
                by, group.name, len(group.orders), tally.entries, token, called.symbol(token), called.decimals(token),
                group.gross.get(token, 0), *(tally.paid.get(account.value, {}).get(token, 0) for account in COSTS),
                tally.net.get(token, 0), tally.unvalued.get(token, 0),
                called.symbol(called.unit) if unit else None, tally.worth if unit else None,
            )  # fmt: skip


def _name(by: By, row: EntryRow, order: Order | None, rule: str, called: Called) -> str:
    if by == "hour":
        hour = row.at_ns // HOUR_NS
        return f"{day_name(hour // 24)}T{hour % 24:02}Z"
    if by == "day":
        return day_name(row.at_ns // DAY_NS)
    if order is None:
        return NO_ORDER
    match by:
        case "strategy":
            return order.strategy or "(no strategy)"
        case "venue":
            return BETWEEN.join(called.venues(order))
        case "pair":
            return BETWEEN.join(called.pairs(order))
        case "route":
            return order.key
        case "rule":
            return rule or NO_RULE
