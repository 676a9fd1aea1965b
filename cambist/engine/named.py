"""What the extension gives as bare tuples, by the names that the reference gives them.

The extension knows no class of Python. What a call of the reference promises is in its annotations: from these a
remaker is made once for each call, so that both give the same types.
"""

from __future__ import annotations

import functools
import importlib
import typing
from collections.abc import Callable, Sequence
from types import UnionType
from typing import Any

_REFERENCE = "cambist.engine.reference."
_TYPES = (
    "chain.log_parser.event", "chain.log_parser.fill", "chain.log_parser.parse", "chain.log_parser.trace",
    "chain.tx_parser.swaps", "chain.tx_parser.transaction", "venues.slab_decoder.book", "venues.slab_decoder.batch",
    "book.order_book.consolidated", "library.consolidated", "library.balance_scanner",
)  # fmt: skip
"""Where the types stand that calls return."""
NAMED = frozenset({
    "consolidate_books", "decode_books", "decode_events", "decode_fills", "decode_markets", "parse_logs",
    "parse_transactions", "scan_wallet",
})  # fmt: skip
"""Calls that return named tuples."""

Remake = Callable[[Any], Any]


@functools.cache
def named(native: Callable[..., Any], reference: Callable[..., Any]) -> Callable[..., Any]:
    """Returns the extension's call with results of the types that the reference's gives."""
    remake = _remaker(_hints(reference)["return"]) or (lambda found: found)

    @functools.wraps(native)
    def call(*args: Any, **kwargs: Any) -> Any:
        return remake(native(*args, **kwargs))

    return call


@functools.cache
def _names() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for module in _TYPES:
        found |= {
            name: each for name, each in vars(importlib.import_module(_REFERENCE + module)).items() if name[0].isupper()
        }
    return found


def _hints(of: Any) -> dict[str, Any]:
    own = vars(importlib.import_module(of.__module__))
    return typing.get_type_hints(of, own, {**_names(), **own, "Sequence": Sequence})


@functools.cache
def _remaker(shape: Any) -> Remake | None:
    """Returns what makes a value of a shape out of lists and tuples, `None` where it is of that shape as it is."""
    if isinstance(shape, type) and issubclass(shape, tuple) and hasattr(shape, "_fields"):
        fields = [_remaker(hint) for hint in _hints(shape).values()]
        return lambda row: shape(*_each(fields, row))
    kind, parts = typing.get_origin(shape), [_remaker(part) for part in typing.get_args(shape)]
    if kind is None or not any(parts):
        return None
    if kind is list or kind is Sequence:
        (each,) = parts
        return lambda rows: [each(row) for row in rows] if each else rows
    if kind is tuple:
        return lambda row: tuple(_each(parts, row))
    if kind is UnionType or kind is typing.Union:
        (made,) = [part for part in parts if part]
        return lambda value: made(value) if isinstance(value, (tuple, list)) else value
    message = f"no values of {shape} are remade"
    raise TypeError(message)


def _each(remakers: list[Remake | None], row: Sequence[Any]) -> list[Any]:
    return [remake(value) if remake else value for remake, value in zip(remakers, row, strict=True)]
