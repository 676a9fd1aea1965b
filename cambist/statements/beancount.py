"""Entries as beancount text: one balanced transaction each, accounts by kind, venue and token."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, TextIO

from cambist.model.ledger import CHAIN, DAY_NS, HELD, Account
from cambist.model.text import sanitise
from cambist.statements.sheet import day_name, moment

if TYPE_CHECKING:
    from cambist.model.ledger import Posting
    from cambist.model.orders import Order
    from cambist.statements.called import Called
    from cambist.statements.sheets import Journal
    from storage.journal_reader import EntryRow

TEXT_CELLS = 1_000
_COMMODITY = re.compile(r"[A-Z][A-Z0-9]{1,14}")
"""Symbols that beancount takes as they are; it allows 24 characters, a few of which tell mints apart."""
_OTHER = re.compile(r"[^A-Z0-9]")
_PART = re.compile(r"[^A-Za-z0-9]+")


def write_beancount(journal: Journal, out: TextIO) -> int:
    """Writes the entries that are wanted, accounts and commodities opened where they come first; returns how many."""
    return _Writer(journal, out).write()


class _Writer:
    """Writes transactions, and what beancount wants to know before them."""

    def __init__(self, journal: Journal, out: TextIO) -> None:
        self._journal, self._out, self._called = journal, out, journal.called
        self._opened: set[str] = set()
        self._commodities: dict[str, str] = {}

    def write(self) -> int:
        """Writes all; returns how many transactions."""
        demo = ", DEMO: no money" if self._called.demo else ""
        self._out.write(f'option "title" "cambist, {self._journal.reader.mode}{demo}"\n\n')
        count = 0
        for row, order, _ in self._journal.wanted_entries():
            self._transaction(row, order)
            count += 1
        return count

    def _transaction(self, row: EntryRow, order: Order | None) -> None:
        entry, day = row.entry, day_name(row.at_ns // DAY_NS)
        lines = [self._posting(posting, day) for posting in entry.postings]
        about = f"{entry.kind.value} order {entry.order_id}" if entry.order_id else entry.kind.value
        link = f" ^{_word(row.session)}.{entry.order_id}" if entry.order_id else ""
        self._out.write(f'{day} * "{_text(order.strategy if order else "")}" "{_text(about)}"{link}\n')
        self._out.write(f'  time: "{moment(row.at_ns)}"\n  session: "{_text(row.session)}"\n  entry: {entry.id}\n')
        if order is not None:
            self._out.write(f'  route: "{_text(order.key)}"\n')
        self._out.write("".join(lines) + "\n")

    def _posting(self, posting: Posting, day: str) -> str:
        """Returns a line, and opens its account on that day if it is new: entries come in order of time."""
        commodity = self._commodity(posting.token, day)
        account = account_name(posting, commodity)
        if account not in self._opened:
            self._opened.add(account)
            self._out.write(f"{day} open {account} {commodity}\n\n")
        amount = self._called.amount(posting.token, posting.atoms)
        return f"  {account}  {posting.atoms if amount is None else amount} {commodity}\n"

    def _commodity(self, mint: str, day: str) -> str:
        if mint not in self._commodities:
            name = self._commodities[mint] = commodity_name(mint, self._called)
            unit = "" if self._called.decimals(mint) is not None else '  name: "atoms, decimals unknown"\n'
            self._out.write(f'{day} commodity {name}\n  mint: "{_text(mint)}"\n{unit}\n')
        return self._commodities[mint]


def commodity_name(mint: str, called: Called) -> str:
    """Returns a token's commodity: its symbol if that alone says which it is, else with a hash of its mint.

    Beancount has no lower-case letters in them, so a part of a mint would not tell two apart.
    """
    label = called.symbol(mint)
    if _COMMODITY.fullmatch(label):
        return label
    symbol = _OTHER.sub("", label.split(" ")[0].upper())[:12].lstrip("0123456789") or "TOKEN"
    return f"{symbol}-{hashlib.sha256(mint.encode()).hexdigest()[:8].upper()}"


def account_name(posting: Posting, commodity: str) -> str:
    """Returns an account: what holds money is an asset, what was paid an expense, what prices gave an income."""
    account = posting.account
    if account in HELD:
        root = "Assets"
    elif account is Account.OPENING:
        root = "Equity"
    else:
        root = "Income" if account is Account.RESULT else "Expenses"
    name = "".join(part.capitalize() for part in account.value.split("_"))
    return f"{root}:{_venue(posting.venue)}:{name}:{commodity}"


def _venue(venue: str) -> str:
    return (_PART.sub("-", venue).strip("-") or CHAIN).capitalize()


def _word(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_/.-]", "-", text)


def _text(text: str) -> str:
    """Returns a text for a string: one line without control characters, its quotes and backslashes escaped."""
    return sanitise(text, TEXT_CELLS).replace("\\", "\\\\").replace('"', '\\"')
