"""Readings of a field that the decoders of several venues share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.exchanges.decimal import (
    DECIMALS,
    U64_MAX,
    PriceScale,
    decimal,
    decimal8,
    is_decimal,
    needed_scale,
    scale_of,
)
from cambist.engine.reference.exchanges.event import Error, FieldError, Subscribed, Trade
from cambist.engine.reference.exchanges.rfc3339 import rfc3339_ns

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.engine.reference.exchanges.event import Level
    from cambist.engine.reference.exchanges.frame import Field

_MOST_DIGITS = 20
"""More digits than any unsigned 64-bit integer has."""

_I64_END = 1 << 63
"""Sequences end here: no venue ever gets there, and what claims to is broken. Times don't fit beyond it."""

_MOST_DECIMALS = 18
"""Most decimals of a step that a venue is believed."""

_NS_PER_MS = 1_000_000


def subscribed() -> Subscribed:
    """Returns the answer to a request that was taken."""
    return Subscribed("", None, None)


def refused(code: int, message: Field) -> Error:
    """Returns the answer to a request that was not; `code` is 0 where the venue has none."""
    return Error(code, message.text(), "", None)


def is_snapshot(kind: Field, change: str) -> bool:
    """Returns whether a message is a snapshot; `change` is what the venue calls the other kind."""
    text = kind.text()
    if text not in ("snapshot", change):
        raise kind.wrong()
    return text == "snapshot"


def sequence(field: Field) -> int:
    """Returns a number of a sequence, below 2⁶³."""
    number = field.u64()
    if number >= _I64_END:
        raise field.wrong()
    return number


def count(field: Field) -> int:
    """Returns an integer sent as text."""
    text = field.text()
    if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS and int(text) <= U64_MAX:
        return int(text)
    raise field.wrong()


def positive(amount: Field) -> int:
    """Returns a decimal string × 10⁸ that is not 0."""
    value = amount.decimal()
    if value == 0:
        raise amount.wrong()
    return value


def price(of: Field, scale: PriceScale) -> int:
    """Returns a decimal string as a price of a scale; it is not 0."""
    value = of.price(scale)
    if value == 0:
        raise of.wrong()
    return value


def trade(
    values: tuple[str, int, int, int], side: Field, takers: tuple[str, str], at: Field, clock: Callable[[Field], int]
) -> Trade:
    """Returns a trade of (symbol, id, price, quantity); `takers` are the words for buying and for selling."""
    word = side.text()
    if word not in takers:
        raise side.wrong()
    return Trade(*values, buyer_is_maker=word == takers[1], venue_ns=clock(at))


def at_most(rows: Field, most: int) -> list[Field]:
    """Returns the elements of an array that has at most so many; none of them is read before."""
    if type(rows.raw) is list and len(rows.raw) > most:
        raise FieldError(rows.name, f"{len(rows.raw)} levels")
    return rows.items()


def levels(side: Field, most: int, scale: PriceScale) -> list[Level]:
    """Returns at most so many `[price, quantity, …]` as levels."""
    at_most(side, most)
    return side.levels(scale)


def best(side: Field, most: int, scale: PriceScale) -> Level:
    """Returns the one level of a side, zeros if nobody waits there."""
    found = levels(side, most, scale)
    if len(found) > 1:
        raise side.wrong()
    return found[0] if found else (0, 0)


def ms(time: Field) -> int:
    """Returns milliseconds as nanoseconds."""
    return _ns_of_ms(time, time.u64())


def ms_text(time: Field) -> int:
    """Returns milliseconds, sent as text, as nanoseconds."""
    return _ns_of_ms(time, count(time))


def _ns_of_ms(time: Field, known: int) -> int:
    found = known * _NS_PER_MS
    if found >= _I64_END:
        raise time.wrong()
    return found


def instant(time: Field) -> int:
    """Returns a time like `2026-11-21T12:00:00.1Z` as nanoseconds."""
    found = rfc3339_ns(time.text())
    if found is None:
        raise time.wrong()
    return found


def is_too_fine(text: str) -> bool:
    """Returns whether this is a decimal, but not one that × 10⁸ is an integer."""
    return is_decimal(text) and decimal8(text) is None


def tick(rule: Field) -> tuple[int, PriceScale] | None:
    """Returns a tick and the scale that its instrument is to have, `None` if there is none so fine."""
    text = rule.text()
    if not is_decimal(text):
        raise rule.wrong()
    scale = needed_scale(text)
    found = None if scale is None else decimal(text, scale)
    return None if scale is None or found is None else (found, scale)


def tick_of(decimals: Field) -> tuple[int, PriceScale] | None:
    """Returns the tick of so many decimals and its scale, `None` if there is none so fine."""
    places = _places(decimals)
    scale = scale_of(places)
    return (10 ** (scale - places), scale) if places <= scale else None


def step_of(decimals: Field) -> int | None:
    """Returns the step of so many decimals × 10⁸, `None` if that is no integer."""
    places = _places(decimals)
    return 10 ** (DECIMALS - places) if places <= DECIMALS else None


def _places(decimals: Field) -> int:
    number = decimals.u64()
    if number > _MOST_DECIMALS:
        raise decimals.wrong()
    return number
