"""Rows with named, typed columns: what every export is made of."""

from __future__ import annotations

import datetime
import time
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from cambist.model.units import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Iterator

Cell = str | int | None
"""`None`: unknown, or it does not apply."""
_EPOCH_DAYS = 719_163
"""Ordinal of the day that days since 1970 are counted from."""


class Type(Enum):
    """What the cells of a column are."""

    TEXT = "text"
    COUNT = "count"
    """An integer of 64 bits."""
    ATOMS = "atoms"
    """An integer of up to 128 bits."""
    TIME = "time"
    """Nanoseconds since 1970, UTC."""


class Column(NamedTuple):
    """A column."""

    name: str
    type: Type = Type.TEXT


class Sheet(NamedTuple):
    """What is exported; its rows are made as they are read."""

    name: str
    columns: tuple[Column, ...]
    rows: Iterator[tuple[Cell, ...]]


def columns(text: str) -> tuple[Column, ...]:
    """Returns columns by the words of a text, `name` or `name:type`.

    >>> [column.type.value for column in columns("at:time session net:atoms")]
    ['time', 'text', 'atoms']
    """
    parts = [word.partition(":") for word in text.split()]
    return tuple(Column(name, Type(kind or "text")) for name, _, kind in parts)


def moment(at_ns: int) -> str:
    """Returns a time as RFC 3339 with nanoseconds.

    >>> moment(1_500_000_000_000_000_001)
    '2017-07-14T02:40:00.000000001Z'
    """
    seconds, rest = divmod(at_ns, NS_PER_S)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest:09d}Z"


def day_name(day: int) -> str:
    """Returns a day since 1970 as `2017-07-14`."""
    return datetime.date.fromordinal(day + _EPOCH_DAYS).isoformat()
