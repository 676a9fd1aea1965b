"""Reading the configuration: one TOML file; every error names the file, the line and what was expected."""

from __future__ import annotations

import difflib
import re
import sys
import tomllib
from typing import TYPE_CHECKING, Any

import msgspec

from cambist.config import schema
from cambist.config.checks import problems
from cambist.config.errors import ConfigError, line_of
from cambist.config.schema import Config, ExchangeEndpoint
from cambist.config.settings import TABLES
from cambist.config.yesterday import RULES, Renewed, renew
from cambist.model.exchanges import EXCHANGES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_warned: set[str] = set()


def _warn(text: str) -> None:
    """Says a warning on stderr, once."""
    if text not in _warned:
        _warned.add(text)
        print(f"cambist: {text}", file=sys.stderr)


def load(path: Path | None, warn: Callable[[str], None] = _warn) -> Config:
    """Returns the configuration in `path`, or the defaults if `path` is `None` and the default file does not exist.

    `warn` is told how to write what an older version wrote otherwise. Raises `ConfigError` for a missing file, broken
    TOML, an unknown key or a wrong type.
    """
    if path is None:
        path = schema.default_path()
        if not path.exists():
            return Config()
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(path, None, f"can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(path, None, f"is not UTF-8: {error.reason} at byte {error.start}") from error
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        line = int(found.group(1)) if found else None
        raise ConfigError(path, line, f"is not TOML: {error}") from error
    renewed = renew(data)
    if renewed.clash is not None:
        old, new = renewed.clash
        raise ConfigError(path, line_of(text, old), f"`{old}` and `{new}` are the same setting; keep the second")
    config = _typed(path, text, renewed)
    for warning in renewed.warnings:
        warn(f"{path}: {warning}; see `cambist config`")
    return config


def _typed(path: Path, text: str, renewed: Renewed) -> Config:
    tables = renewed.data.get("venues")
    rest, venues = dict(renewed.data), {}
    if isinstance(tables, dict):  # each for itself: an error's path would not say which
        del rest["venues"]
        for name, table in tables.items():
            venues[name] = _converted(path, text, renewed, table, ExchangeEndpoint, f"venues.{name}")
    plain: Config = _converted(path, text, renewed, rest, Config, "")
    config = msgspec.structs.replace(plain, watch=plain.watch.anchored(path.parent), venues=venues)
    for key, problem in problems(config):
        key = _as_written(renewed, key)
        raise ConfigError(path, line_of(text, key), problem.format(key=f"`{key}`"))
    return config


def _converted(path: Path, text: str, renewed: Renewed, data: Any, to: type[Any], prefix: str) -> Any:
    try:
        return msgspec.convert(data, to)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$")
        where = where.rstrip("`").lstrip(".").replace("[...]", "")
        unknown = re.search(r"unknown field `([^`]+)`", what)
        inside = f"{where}.{unknown.group(1)}".lstrip(".") if unknown else where
        key = _as_written(renewed, f"{prefix}.{inside}".strip("."))
        message = f"`{key or 'the file'}`: {what[0].lower()}{what[1:]}{_found(data, where)}"
        if unknown:
            message = f"`{key}` is not a setting{_nearest(unknown.group(1), where, to)}"
        raise ConfigError(path, line_of(text, key), message) from error


def _as_written(renewed: Renewed, key: str) -> str:
    """Returns a key as the file has it."""
    for new, old in renewed.written.items():
        if key == new or key.startswith((f"{new}.", f"{new}[")):
            return old + key.removeprefix(new)
    return key


def _found(data: Any, where: str) -> str:
    """Returns the number that stands at a place in the data; any other value is not repeated, it may be a secret."""
    for part in re.findall(r"[\w-]+", where):
        if isinstance(data, list) and part.isdigit() and int(part) < len(data):
            data = data[int(part)]
        else:
            data = data.get(part) if isinstance(data, dict) else None
    return f", was {data}" if isinstance(data, int | float) and not isinstance(data, bool) else ""


def _nearest(name: str, where: str, shape: Any) -> str:
    for part in re.sub(r"\[[^]]*\]", "", where).split("."):
        if part:
            fields = {f.encode_name: f.type for f in msgspec.structs.fields(shape)}
            shape = fields.get(part, Config)
            args = getattr(shape, "__args__", ())
            shape = next((a for a in (shape, *args) if isinstance(a, type) and issubclass(a, msgspec.Struct)), Config)
    names = [f.encode_name for f in msgspec.structs.fields(shape)]
    if shape is Config:
        own = [exchange.name for exchange in EXCHANGES]
        if name == RULES:
            names = [key for table in TABLES.values() for key in table.__struct_fields__]
        elif near := difflib.get_close_matches(name, own, 1):
            return f"; did you mean `venues.{near[0]}`?"
    near = difflib.get_close_matches(name, names, 1)
    return f"; did you mean `{near[0]}`?" if near else f"; known here: {', '.join(names)}"
