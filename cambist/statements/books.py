"""The books that a question is about, wherever they are read from: balances, prices, orders, outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.execution.order_life import ENDED
from cambist.model.ledger import HELD, Account, Posting
from cambist.model.market import Listed
from cambist.model.orders import Stage
from cambist.model.units import NS_PER_MS
from cambist.statements.called import Called
from storage.journal_reader import FillRow, OrderRow, Span, StageRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cambist.kernel import Kernel
    from cambist.model.orders import Order, StageTimes
    from storage.journal_reader import DayFlow, JournalReader

PRICE_ENTRIES = 256
"""So many of the newest entries are looked through for prices: 2 ms."""


class Price(NamedTuple):
    """What a whole token was worth in whole quote tokens, who said so, and when that was known to be current."""

    price: float
    venue: str
    at_ns: int


class Progress(NamedTuple):
    """An order and the stages it came to, as far as they are kept."""

    session: str
    at_ns: int
    order: Order
    stage: Stage
    """Of one that is final, how it ended."""
    stages: Sequence[StageRow] | None
    """`None` where a session keeps how it ended and not by which stages."""
    times: StageTimes | None = None
    """How it came about, where that was measured and kept."""

    @property
    def is_open(self) -> bool:
        """Whether its end is still to come."""
        return self.stage not in ENDED


class Books(NamedTuple):
    """Books at a moment."""

    source: str
    """Path of the file."""
    kind: str
    """`journal` or `session`."""
    mode: str
    """`paper` or `live`."""
    as_of_ns: int
    """Time of the newest thing that they hold; 0 if that is nothing."""
    called: Called
    postings: Sequence[Posting]
    """What each account holds."""
    today: Mapping[str, int]
    """Atoms earned on the day of `as_of_ns` (UTC), by token."""
    prices: Mapping[str, Price]
    """Of those tokens whose price is known."""
    open: Sequence[Progress]
    """Orders without an end, newest first."""
    unfound: Mapping[str, int] = {}
    """Atoms in flight, by token, whose order was not found."""

    @property
    def off(self) -> dict[str, int]:
        """The trial balance: by token what all accounts sum to where that is not zero."""
        sums: dict[str, int] = {}
        for posting in self.postings:
            sums[posting.token] = sums.get(posting.token, 0) + posting.atoms
        return {token: atoms for token, atoms in sorted(sums.items()) if atoms}

    def postings_by_token(self, accounts: Iterable[Account]) -> dict[Account, dict[str, int]]:
        """Returns what some accounts hold, by account and token, over all venues."""
        wanted = set(accounts)
        sums: dict[Account, dict[str, int]] = {}
        for posting in self.postings:
            if posting.account in wanted:
                by_token = sums.setdefault(posting.account, {})
                by_token[posting.token] = by_token.get(posting.token, 0) + posting.atoms
        return sums


def journal_books(reader: JournalReader) -> Books:
    """Returns the books of a journal."""
    called, newest = Called(reader.listed), list(reader.newest_entries(PRICE_ENTRIES))
    prices: dict[str, Price] = {}
    for row in newest:
        for mint, value in row.entry.values.items():
            prices.setdefault(mint, Price(value.price, value.venue, row.at_ns - value.age_ns))
    last = reader.last_day()
    today = {} if last is None else earned_by_day(reader.days(last, last)).get(last, {})
    found = reader.open_orders()
    return Books(
        source=str(reader.path),
        kind="journal",
        mode=reader.mode,
        as_of_ns=newest[0].at_ns if newest else 0,
        called=called,
        postings=reader.balances(),
        today=today,
        prices=prices,
        open=[progress(reader, row) for row in found.rows],
        unfound=found.unfound,
    )


def session_books(kernel: Kernel, path: str) -> Books:
    """Returns the books of a session where its kernel stands."""
    setup, desk, now_ns = kernel.setup, kernel.desk, kernel.now_ns
    postings = desk.ledger.state().balances
    mints, rules = sorted({posting.token for posting in postings}), setup.valuation
    values = kernel.engine.token_values(mints, rules.sources, rules.max_age_ms * NS_PER_MS, now_ns)
    working = [
        Progress("", each.order.sent_ns, each.order, each.stage, None)
        for each in sorted(desk.working, key=lambda each: -each.order.id)
    ]
    return Books(
        source=path,
        kind="session",
        mode="paper",
        as_of_ns=now_ns,
        called=Called(Listed(setup.engine.tokens, setup.engine.pools, setup.demo)),
        postings=postings,
        today=desk.ledger.today.net,
        prices={
            mint: Price(value.price, value.venue, now_ns - value.age_ns)
            for mint, value in zip(mints, values, strict=True)
            if value is not None and value.price > 0
        },
        open=working,
    )


def progress(reader: JournalReader, row: OrderRow) -> Progress:
    """Returns an order of a journal with its stages."""
    stages = reader.stages(row.session, row.order.id)
    ended = [each.stage for each in stages or () if each.stage is not Stage.FINAL]
    stage = ended[-1] if ended else reader.last_stage(row.session, row.order.id)
    return Progress(row.session, row.at_ns, row.order, stage, stages, reader.times(row.session, row.order.id))


def journal_ended(reader: JournalReader, limit: int) -> list[Progress]:
    """Returns the newest orders that have come to an end, newest first."""
    found: list[Progress] = []
    for row in reader.orders(Span(), newest_first=True):
        if len(found) >= limit:
            break
        each = progress(reader, row)
        if not each.is_open:
            found.append(each)
    return found


def session_ended(kernel: Kernel, limit: int) -> list[Progress]:
    """Returns the newest outcomes that a session keeps as orders, newest first."""
    outcomes = reversed(kernel.desk.outcomes)
    ended = [Progress("", each.fill.recv_ns, each.order, each.fill.status, None) for each in outcomes]
    return [each for each in ended if not each.is_open][:limit]


def journal_outcomes(reader: JournalReader, limit: int) -> list[tuple[FillRow, Order | None]]:
    """Returns the newest outcomes with their orders, newest first."""
    found: list[tuple[FillRow, Order | None]] = []
    for row in reader.fills(Span(), newest_first=True):
        if len(found) >= limit:
            break
        order = reader.order(row.session, row.fill.order_id)
        found.append((row, order.order if order else None))
    return found


def session_outcomes(kernel: Kernel, limit: int) -> list[tuple[FillRow, Order | None]]:
    """Returns the newest outcomes that a session keeps, newest first."""
    outcomes = list(reversed(kernel.desk.outcomes))[:limit]
    return [(FillRow("", 0, each.fill.recv_ns, each.fill), each.order) for each in outcomes]


def earned_by_day(flows: Sequence[DayFlow]) -> dict[int, dict[str, int]]:
    """Returns what was earned on each day, by token: what the accounts that hold money gained, openings apart."""
    days: dict[int, dict[str, int]] = {}
    for day, posting in flows:
        if posting.account in HELD or posting.account is Account.OPENING:
            net = days.setdefault(day, {})
            net[posting.token] = net.get(posting.token, 0) + posting.atoms
    return {day: {token: atoms for token, atoms in sorted(net.items()) if atoms} for day, net in days.items()}
