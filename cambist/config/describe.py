"""Every key that can be set, as its type says it: default, unit, range, meaning, and what it is set to."""

from __future__ import annotations

import ast
import inspect
import textwrap
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import NODEFAULT
from msgspec import inspect as types

from cambist.config.schema import Config, ExchangeEndpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

UNITS = {
    "_s": "s", "_ms": "ms", "_ppm": "ppm", "_bytes": "bytes", "_days": "days", "_hours": "hours",
    "_per_minute": "per minute", "_per_day": "per day", "_megabytes": "MB",
}  # fmt: skip
"""What the end of a name says of its unit."""


class Key(msgspec.Struct, frozen=True):
    """One key of the configuration."""

    table: str
    """`gates`, `[[solana]]`, `[venues.NAME]`, …; empty at the top of the file."""
    name: str
    type: str
    default: Any
    """`None` where it has to be given, or where nothing is the default."""
    required: bool
    unit: str
    low: float | None
    high: float | None
    meaning: str
    value: Any = None
    """What it is set to; of tables that may stand there many times nothing is said."""


def keys(config: Config) -> Iterator[Key]:
    """Yields every key, table by table, with its value in `config`."""
    for field in _fields(Config):
        shape, many = _table_of(field.type)
        if shape is None:
            continue
        if field.name == "venues":
            yield from _keys(ExchangeEndpoint, "[venues.NAME]", None)
        elif many:
            yield from _keys(shape, f"[[{field.name}]]", None)
        else:
            yield from _keys(shape, f"[{field.name}]", getattr(config, field.name))


def settings_keys(shape: type[msgspec.Struct], table: str) -> Iterator[Key]:
    """Yields the keys of a table that no file of cambist's own describes, as the settings of a strategy."""
    yield from _keys(shape, table, None)


def line(key: Key) -> str:
    """Returns a key as a line of a table."""
    bounds = "" if key.low is None and key.high is None else f"{_short(key.low)} to {_short(key.high)}"
    default = "required" if key.required else _shown(key.default)
    changed = key.value is not None and key.value != key.default
    value = f"{default} → {_shown(key.value)}" if changed else default
    return f"  {key.name:24} {value:28} {key.unit:20} {bounds:24} {key.meaning}".rstrip()


def _keys(shape: type[msgspec.Struct], table: str, values: Any) -> Iterator[Key]:
    meanings = _meanings(shape)
    inner = {field.name: within for field in _fields(shape) if (within := _table_of(field.type)[0]) is not None}
    for field in _fields(shape):
        if field.name in inner:
            continue
        low, high, unit, meaning = _bounds(field.type)
        yield Key(
            table=table,
            name=field.encode_name,
            type=_type(field.type),
            default=_default(field),
            required=field.required,
            unit=unit or next((unit for end, unit in UNITS.items() if field.name.endswith(end)), ""),
            low=low,
            high=high,
            meaning=_sentence(meaning) or meanings.get(field.name, ""),
            value=None if values is None else msgspec.to_builtins(getattr(values, field.name)),
        )
    for name, within in inner.items():
        yield from _keys(within, f"{table[:-1]}.{name}]", getattr(values, name, None))


def _fields(shape: type[msgspec.Struct]) -> tuple[types.Field, ...]:
    found = types.type_info(shape)
    assert isinstance(found, types.StructType)
    return found.fields


def _default(field: types.Field) -> Any:
    if field.default is not NODEFAULT:
        return msgspec.to_builtins(field.default)
    return None if field.default_factory is NODEFAULT else msgspec.to_builtins(field.default_factory())


def _table_of(found: types.Type) -> tuple[type[msgspec.Struct] | None, bool]:
    """Returns (the type of a table, whether it may stand there many times)."""
    if isinstance(found, types.StructType):
        return found.cls, False
    inner = getattr(found, "item_type", None) or getattr(found, "value_type", None)
    return (inner.cls, True) if isinstance(inner, types.StructType) else (None, False)


def _bounds(found: types.Type) -> tuple[float | None, float | None, str, str]:
    """Returns (least, most, unit, meaning) as far as the type says them."""
    unit = meaning = ""
    low = high = None
    for part in _parts(found):
        if isinstance(part, types.Metadata):
            unit = (part.extra or {}).get("unit", unit)
            meaning = (part.extra_json_schema or {}).get("description", meaning)
        low = _first(getattr(part, "ge", None), getattr(part, "gt", None), low)
        high = _first(getattr(part, "le", None), getattr(part, "lt", None), high)
    return low, high, unit, meaning


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)


def _parts(found: types.Type) -> Iterator[types.Type]:
    yield found
    if isinstance(found, types.Metadata):
        yield from _parts(found.type)
    elif isinstance(found, types.UnionType):
        for each in found.types:
            yield from _parts(each)


def _type(found: types.Type) -> str:
    names = [type(part).__name__.removesuffix("Type").lower() for part in _parts(found)]
    kinds = [name for name in names if name not in ("metadata", "union")]
    return " or ".join("none" if kind == "none" else kind for kind in kinds)


@cache
def _meanings(shape: type[msgspec.Struct]) -> dict[str, str]:
    """Returns what the line under each field says of it, those of the types that it is made from too."""
    found: dict[str, str] = {}
    for each in reversed(shape.__mro__):
        if each in (msgspec.Struct, object) or not issubclass(each, msgspec.Struct):
            continue
        try:
            source = inspect.getsource(each)
        except OSError:  # a package without its source
            continue
        (body,) = ast.parse(textwrap.dedent(source)).body
        assert isinstance(body, ast.ClassDef)
        for before, after in zip(body.body, body.body[1:], strict=False):
            doc = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) and after.value.value
            if isinstance(before, ast.AnnAssign) and isinstance(before.target, ast.Name) and isinstance(doc, str):
                found[before.target.id] = " ".join(doc.split())
    return found


def _shown(value: Any) -> str:
    text = "none" if value is None else msgspec.json.encode(value).decode()
    return text if len(text) <= 60 else f"{text[:59]}…"


def _short(value: float | None) -> str:
    return "…" if value is None else f"{value:,g}" if abs(value) < 1e6 else f"{value:,.0f}"


def _sentence(text: str) -> str:
    return text and f"{text[0].upper()}{text[1:]}."
