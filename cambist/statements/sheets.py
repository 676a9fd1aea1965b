"""The sheets of a journal: orders, fills, entries and postings, oldest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.model.orders import Stage
from cambist.statements.sheet import Sheet, columns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cambist.model.orders import Order
    from cambist.statements.called import Called
    from cambist.statements.chosen import Chosen
    from cambist.statements.sheet import Cell
    from storage.journal_reader import EntryRow, JournalReader

BETWEEN = " + "
"""Between the venues, or the pairs, of one order."""

ORDERS = columns(
    "at:time session order:count intent:count strategy rule purpose settlement status stages:count took_ns:count "
    "venues pairs route token symbol decimals:count amount_in:atoms min_out:atoms expected_out:atoms "
    "expected_net:atoms fee:atoms"
)
FILLS = columns(
    "at:time session order:count status strategy rule venues pairs route token symbol decimals:count amount_in:atoms "
    "amount_out:atoms fee:atoms net:atoms network_fee_lamports:count tip_lamports:count rent_lamports:count reason "
    "miss:atoms attempt:count slot:count signature"
)
ENTRIES = columns(
    "at:time session entry:count kind order:count strategy rule venues pairs route postings:count unit unit_symbol "
    "worth:atoms unvalued"
)
POSTINGS = columns(
    "at:time session entry:count posting:count kind order:count account venue token symbol decimals:count "
    "atoms:atoms amount"
)


class Journal:
    """A journal's rows that are wanted, each with the order it is of."""

    def __init__(self, reader: JournalReader, called: Called, chosen: Chosen) -> None:
        self.reader, self.called, self.chosen = reader, called, chosen
        self._orders: dict[tuple[str, int], tuple[Order, str] | None] = {}
        """Of each order that was asked for: itself and its rule, or nothing if it is not wanted."""

    def orders(self) -> Sheet:
        """Returns the orders with how far they have come."""
        return Sheet("orders", ORDERS, self._order_rows())

    def fills(self) -> Sheet:
        """Returns the outcomes of orders, and of parts of them."""
        return Sheet("fills", FILLS, self._fill_rows())

    def entries(self) -> Sheet:
        """Returns the entries of the books with what each earned."""
        return Sheet("entries", ENTRIES, self._entry_rows())

    def postings(self) -> Sheet:
        """Returns every posting of every entry."""
        return Sheet("postings", POSTINGS, self._posting_rows())

    def wanted_entries(self) -> Iterator[tuple[EntryRow, Order | None, str]]:
        """Yields the entries that are wanted, each with its order, `None` for an opening, and that order's rule."""
        chosen = self.chosen
        for row in self.reader.entries(chosen.span):
            if chosen.kind not in (None, row.entry.kind):
                continue
            found = self._wanted(row.session, row.entry.order_id) if row.entry.order_id else None
            if found is not None:
                yield row, *found
            elif not chosen.asks_of_orders:  # an opening, or an order that is not there: its money moved all the same
                yield row, None, ""

    def _order_rows(self) -> Iterator[tuple[Cell, ...]]:
        called = self.called
        for session, seq, at_ns, order in self.reader.orders(self.chosen.span):
            del seq
            found = self._wanted(session, order.id)
            if found is None:
                continue
            stages = self.reader.stages(session, order.id)
            ended = [each for each in stages if each.stage is not Stage.FINAL]
            took_ns = ended[-1].at_ns - ended[0].at_ns if ended else None
            yield (
                at_ns, session, order.id, order.intent_id, order.strategy, found[1], order.purpose.value,
                order.settlement, ended[-1].stage.value if ended else None, len(stages), took_ns,
                *self._where(order), order.base, called.symbol(order.base), called.decimals(order.base),
                order.amount_in, order.min_out, order.expected_out, order.expected_net, order.fee,
            )  # fmt: skip

    def _fill_rows(self) -> Iterator[tuple[Cell, ...]]:
        called = self.called
        for session, seq, at_ns, fill in self.reader.fills(self.chosen.span):
            del seq
            found = self._wanted(session, fill.order_id)
            if found is None:
                continue
            (order, rule), charges = found, fill.charges
            yield (
                at_ns, session, fill.order_id, fill.status.value, order.strategy, rule, *self._where(order), order.base,
                called.symbol(order.base), called.decimals(order.base), fill.amount_in, fill.amount_out, fill.fee,
                fill.net, charges.network_fee, charges.tip, charges.rent, fill.reason, fill.miss, fill.attempt,
                fill.slot, fill.signature,
            )  # fmt: skip

    def _entry_rows(self) -> Iterator[tuple[Cell, ...]]:
        called = self.called
        for (session, _, at_ns, entry), order, rule in self.wanted_entries():
            where = self._where(order) if order is not None else (None, None, None)
            unvalued = " ".join(f"{mint}:{atoms}" for mint, atoms in sorted(entry.unvalued.items()))
            yield (
                at_ns, session, entry.id, entry.kind.value, entry.order_id or None,
                None if order is None else order.strategy, None if order is None else rule, *where,
                len(entry.postings), called.unit, called.symbol(called.unit), entry.worth, unvalued,
            )  # fmt: skip

    def _posting_rows(self) -> Iterator[tuple[Cell, ...]]:
        called = self.called
        for (session, _, at_ns, entry), _, _ in self.wanted_entries():
            for n, (account, venue, token, atoms) in enumerate(
                ((p.account, p.venue, p.token, p.atoms) for p in entry.postings), 1
            ):
                yield (
                    at_ns, session, entry.id, n, entry.kind.value, entry.order_id or None, account.value, venue, token,
                    called.symbol(token), called.decimals(token), atoms, called.amount(token, atoms),
                )  # fmt: skip

    def _where(self, order: Order) -> tuple[Cell, ...]:
        """Returns venues, pairs and route."""
        return BETWEEN.join(self.called.venues(order)), BETWEEN.join(self.called.pairs(order)), order.key

    def _wanted(self, session: str, number: int) -> tuple[Order, str] | None:
        key = session, number
        if key not in self._orders:
            self._orders[key] = self._look(session, number)
        return self._orders[key]

    def _look(self, session: str, number: int) -> tuple[Order, str] | None:
        row = self.reader.order(session, number)
        if row is None:
            return None
        rule = self.reader.rule(session, row.order.intent_id) or ""
        status = self.reader.last_stage(session, number)
        if self.chosen.status is Stage.FINAL and self.reader.is_final(session, number):
            status = Stage.FINAL
        return (row.order, rule) if self.chosen.takes(row.order, status, rule, self.called) else None
