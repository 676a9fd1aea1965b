"""What an operator may ask for, of a journal or of a session: the four questions and their answers."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from cambist.statements import answers, books

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cambist.kernel import Kernel
    from cambist.model.orders import Order
    from cambist.statements.books import Books, Progress
    from storage.journal_reader import DayFlow, FillRow, JournalReader


class Asked(NamedTuple):
    """Books, and what there is beside them."""

    books: Books
    now_ns: int
    """What ages are counted to: now, or the end of a session."""
    ended: Callable[[int], list[Progress]]
    """Given a limit: orders that have come to an end, newest first."""
    outcomes: Callable[[int], list[tuple[FillRow, Order | None]]]
    days: Callable[[int], list[DayFlow] | None]
    """Given how many: what accounts moved by on the last days; `None` where no days are kept."""


class Wanted(NamedTuple):
    """How much of an answer."""

    limit: int = 20
    """Orders that have ended, or outcomes; 0 for none."""
    days: int = 7


QUESTIONS: Mapping[str, Callable[[Asked, Wanted], dict[str, Any]]] = MappingProxyType({
    "balance": lambda of, wanted: answers.balance(of.books, of.now_ns),
    "positions": lambda of, wanted: answers.positions(of.books, of.now_ns),
    "orders": lambda of, wanted: answers.orders(of.books, of.ended(wanted.limit)),
    "history": lambda of, wanted: answers.history(of.books, of.days(wanted.days), of.outcomes(wanted.limit)),
})  # fmt: skip
"""Each question's answer, as JSON says it."""


def of_journal(reader: JournalReader, now_ns: int) -> Asked:
    """Returns what a journal can be asked for."""

    def days(count: int) -> list[DayFlow]:
        last = reader.last_day()
        return [] if last is None else reader.days(last - count + 1, last)

    return Asked(
        books.journal_books(reader),
        now_ns,
        lambda limit: books.journal_ended(reader, limit),
        lambda limit: books.journal_outcomes(reader, limit),
        days,
    )


def of_session(kernel: Kernel, path: str) -> Asked:
    """Returns what a session can be asked for where its kernel stands."""
    return Asked(
        books.session_books(kernel, path),
        kernel.now_ns,
        lambda limit: books.session_ended(kernel, limit),
        lambda limit: books.session_outcomes(kernel, limit),
        lambda count: None,
    )
