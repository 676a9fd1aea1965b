"""What `balance`, `positions`, `orders` and `history` answer: one object each, its field names are a contract.

Amounts are text, in atoms of `decimals`; a worth that is not known is null and named in `without`, never 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from cambist.model.ledger import COSTS, HELD, Account
from cambist.model.orders import Stage
from cambist.model.units import NS_PER_MS
from cambist.statements.books import earned_by_day
from cambist.statements.sheet import day_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cambist.model.orders import Order
    from cambist.statements.books import Books, Progress
    from cambist.statements.called import Called
    from storage.journal_reader import DayFlow, FillRow

SCHEMA = 1
_HELD = (Account.WALLET, Account.IN_FLIGHT, Account.RENT_HELD)


def balance(books: Books, now_ns: int) -> dict[str, Any]:
    """Returns what each venue holds of each token, what was paid, what all of it is worth, and the trial balance."""
    called, sums = books.called, _sums(books)
    held = sorted({(venue, token) for account, venue, token in sums if account in HELD})
    rows, total = [], _Worth(books, now_ns)
    for venue, token in held:
        parts = {account.value: sums.get((account, venue, token), 0) for account in _HELD}
        rows.append({
            "venue": venue,
            **_token(called, token),
            **{name: str(atoms) for name, atoms in parts.items()},
            "total": str(sum(parts.values())),
            **total.of(token, sum(parts.values())),
        })  # fmt: skip
    return {
        **_head(books),
        "holdings": rows,
        "worth": total.answer(),
        "paid": _paid(called, books.postings_by_token(COSTS)),
        "open_orders": len(books.open),
    }


def positions(books: Books, now_ns: int) -> dict[str, Any]:
    """Returns by how much of each token is held beside what was put in, and what is tied up in open orders."""
    called, rows, total = books.called, [], _Worth(books, now_ns)
    by_account = books.postings_by_token(Account)
    for token in sorted({token for account in (*_HELD, Account.OPENING) for token in by_account.get(account, {})}):
        put_in = -by_account.get(Account.OPENING, {}).get(token, 0)
        held = sum(by_account.get(account, {}).get(token, 0) for account in _HELD)
        open_ = [each for each in books.open if each.order.base == token]
        oldest_ns = min((each.at_ns for each in open_), default=None)
        rows.append({
            **_token(called, token),
            "put_in": str(put_in),
            "held": str(held),
            "earned": str(held - put_in),
            "earned_today": str(books.today.get(token, 0)),
            "in_flight": str(by_account.get(Account.IN_FLIGHT, {}).get(token, 0)),
            "open_orders": len(open_),
            "oldest_open_ms": None if oldest_ns is None else max(0, now_ns - oldest_ns) // NS_PER_MS,
            **total.of(token, held - put_in),
        })  # fmt: skip
    unfound = [{**_token(called, token), "atoms": str(atoms)} for token, atoms in books.unfound.items()]
    return {**_head(books), "positions": rows, "worth": total.answer(), "in_flight_of_unknown_orders": unfound}


def orders(books: Books, ended: Sequence[Progress]) -> dict[str, Any]:
    """Returns open orders, then those that have ended, newest first, each with its stages and the times between."""
    return {**_head(books), "orders": [_progress(books.called, each) for each in (*books.open, *ended)]}


def history(
    books: Books, days: Sequence[DayFlow] | None, outcomes: Iterable[tuple[FillRow, Order | None]]
) -> dict[str, Any]:
    """Returns what each day earned and paid, newest first, then the last outcomes; `None` where no days are kept."""
    return {
        **_head(books),
        "days": None if days is None else _days(books.called, days),
        "outcomes": [_outcome(books.called, row, order) for row, order in outcomes],
    }


class _Worth:
    """Values amounts in the unit at the prices that are known, and keeps those that can't be."""

    def __init__(self, books: Books, now_ns: int) -> None:
        self._books, self._now_ns = books, now_ns
        self._total = 0
        self._without: dict[str, int] = {}
        self._oldest_ns: int | None = None
        self._oldest = ""

    def of(self, token: str, atoms: int) -> dict[str, Any]:
        """Returns the worth of an amount with the age of its price, null where that is unknown, and counts it."""
        called, prices = self._books.called, self._books.prices
        if token == called.unit:
            self._total += atoms
            return {"worth": str(atoms), "price": None, "price_venue": None, "price_age_ms": None}
        mine, unit = prices.get(token), prices.get(called.unit)
        scales = called.decimals(token), called.decimals(called.unit)
        if mine is None or unit is None or scales[0] is None or scales[1] is None:
            if atoms:
                self._without[token] = self._without.get(token, 0) + atoms
            return {"worth": None, "price": None, "price_venue": None, "price_age_ms": None}
        worth = round(float(atoms) / 10.0 ** scales[0] * mine.price / unit.price * 10.0 ** scales[1])
        self._total += worth
        for mint, price in ((token, mine), (called.unit, unit)):
            if price.venue and (self._oldest_ns is None or price.at_ns < self._oldest_ns):
                self._oldest_ns, self._oldest = price.at_ns, mint
        said = [price for price in (mine, unit) if price.venue]  # the quote token itself is never old
        age_ms = (self._now_ns - min(price.at_ns for price in said)) // NS_PER_MS if said else None
        venue = mine.venue or unit.venue
        return {"worth": str(worth), "price": mine.price, "price_venue": venue, "price_age_ms": age_ms}

    def answer(self) -> dict[str, Any]:
        """Returns the sum, what is not in it by name, and the oldest price in it."""
        called = self._books.called
        age_ns = None if self._oldest_ns is None else self._now_ns - self._oldest_ns
        return {
            **_token(called, called.unit),
            "atoms": str(self._total),
            "without": [{**_token(called, token), "atoms": str(atoms)} for token, atoms in self._without.items()],
            "oldest_price": None if age_ns is None else {**_token(called, self._oldest), "age_ms": age_ns // NS_PER_MS},
        }


def _head(books: Books) -> dict[str, Any]:
    off = [{**_token(books.called, token), "atoms": str(atoms)} for token, atoms in books.off.items()]
    return {
        "schema": SCHEMA,
        "source": books.source,
        "kind": books.kind,
        "mode": books.mode,
        "demo": books.called.demo,
        "as_of_ns": books.as_of_ns or None,
        "balanced": not off,
        "off": off,
    }


def _sums(books: Books) -> dict[tuple[Account, str, str], int]:
    sums: dict[tuple[Account, str, str], int] = {}
    for posting in books.postings:
        key = posting.account, posting.venue, posting.token
        sums[key] = sums.get(key, 0) + posting.atoms
    return sums


def _token(called: Called, mint: str) -> dict[str, Any]:
    return {"token": mint, "symbol": called.symbol(mint), "decimals": called.decimals(mint)}


def _paid(called: Called, paid: Mapping[Account, Mapping[str, int]]) -> list[dict[str, Any]]:
    return [
        {"account": account.value, **_token(called, token), "atoms": str(atoms)}
        for account in COSTS
        for token, atoms in sorted(paid.get(account, {}).items())
        if atoms
    ]


def _days(called: Called, flows: Sequence[DayFlow]) -> list[dict[str, Any]]:
    earned = earned_by_day(flows)
    paid: dict[int, dict[Account, dict[str, int]]] = {}
    put_in: dict[int, dict[str, int]] = {}
    for day, posting in flows:
        if posting.account in COSTS:
            by_token = paid.setdefault(day, {}).setdefault(posting.account, {})
            by_token[posting.token] = by_token.get(posting.token, 0) + posting.atoms
        elif posting.account is Account.OPENING:
            opened = put_in.setdefault(day, {})
            opened[posting.token] = opened.get(posting.token, 0) - posting.atoms
    return [
        {
            "day": day_name(day),
            "earned": [{**_token(called, token), "atoms": str(atoms)} for token, atoms in earned.get(day, {}).items()],
            "paid": _paid(called, paid.get(day, {})),
            "put_in": [
                {**_token(called, token), "atoms": str(atoms)}
                for token, atoms in sorted(put_in.get(day, {}).items())
                if atoms
            ],
        }
        for day in sorted({flow.day for flow in flows}, reverse=True)
    ]


def _progress(called: Called, each: Progress) -> dict[str, Any]:
    order, stages, before_ns = each.order, [], None
    for stage in each.stages or ():
        stages.append({
            "stage": stage.stage.value,
            "at_ns": stage.at_ns,
            "after_ns": None if before_ns is None else stage.at_ns - before_ns,
            "attempt": stage.attempt,
            "reason": stage.reason,
            "figure": stage.figure,
            "unit": stage.unit,
        })  # fmt: skip
        before_ns = stage.at_ns
    return {
        **_order(called, order),
        "session": each.session or None,
        "at_ns": each.at_ns,
        "status": each.stage.value,
        "open": each.is_open,
        "final": None if each.stages is None else any(stage.stage is Stage.FINAL for stage in each.stages),
        "stages": None if each.stages is None else stages,
        "times": None if each.times is None else msgspec.structs.asdict(each.times),
        "laps_ns": None if each.times is None else each.times.laps(),
    }


def _order(called: Called, order: Order) -> dict[str, Any]:
    return {
        "order": order.id,
        "strategy": order.strategy,
        "purpose": order.purpose.value,
        "settlement": order.settlement,
        "venues": called.venues(order),
        "pairs": called.pairs(order),
        "route": order.route,
        **_token(called, order.base),
        "amount_in": str(order.amount_in),
        "min_out": str(order.min_out),
        "expected_out": str(order.expected_out),
    }


def _outcome(called: Called, row: FillRow, order: Order | None) -> dict[str, Any]:
    fill = row.fill
    about: dict[str, Any] = {"order": fill.order_id, "strategy": None, "venues": None, "pairs": None, "token": None}
    if order is not None:
        about = _order(called, order)
    return {
        **about,
        "session": row.session or None,
        "at_ns": row.at_ns,
        "status": fill.status.value,
        "filled_in": str(fill.amount_in),
        "filled_out": str(fill.amount_out),
        "fee": str(fill.fee),
        "net": str(fill.net),
        "reason": fill.reason,
        "attempt": fill.attempt,
        "slot": fill.slot,
    }
