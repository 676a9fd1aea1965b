"""Kinds of strategies by name: those that come with cambist, and those of installed packages."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cambist.strategies import cross_venue, negative_cycle, rule
from cambist.strategies.base import API, PLUGINS, Kind

if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.metadata import EntryPoint

    Find = Callable[[str], Kind]
    """Returns a kind by its name. Raises `NoStrategy`."""

BUILT_IN = {kind.name: kind for kind in (negative_cycle.KIND, rule.KIND, cross_venue.KIND)}
"""No package may take these names."""


class NoStrategy(ValueError):
    """A kind of strategy that isn't installed, or can't be used."""


def built_in(name: str) -> Kind:
    """Returns a kind that comes with cambist. Raises `NoStrategy`."""
    if name not in BUILT_IN:
        raise NoStrategy(_missing(name))
    return BUILT_IN[name]


def names() -> tuple[str, ...]:
    """Returns the names of all kinds there are, those of cambist first."""
    return (*BUILT_IN, *sorted({point.name for point in _points()} - BUILT_IN.keys()))


def find(name: str) -> Kind:
    """Returns a kind. Raises `NoStrategy` if there is none of that name, or it can't be used here."""
    if name in BUILT_IN:
        return BUILT_IN[name]
    point = next((point for point in _points() if point.name == name), None)
    if point is None:
        raise NoStrategy(_missing(name))
    try:
        found = point.load()
    except Exception as error:  # whatever a package raises while it is imported
        message = f"strategy {name!r} of {point.value} can't be loaded: {error}"
        raise NoStrategy(message) from error
    return _checked(name, point, found)


def _checked(name: str, point: EntryPoint, found: object) -> Kind:
    if not isinstance(found, Kind):
        message = f"strategy {name!r} of {point.value} is {found!r}, expected a cambist.strategies.base.Kind"
        raise NoStrategy(message)
    if found.api != API:
        message = f"strategy {name!r} of {point.value} was written for API {found.api}, this is {API}"
        raise NoStrategy(message)
    if found.name != name:
        message = f"strategy {name!r} of {point.value} calls itself {found.name!r}"
        raise NoStrategy(message)
    return replace(found, version=point.dist.version if point.dist is not None else "")


def _points() -> list[EntryPoint]:
    from importlib.metadata import entry_points  # loads the email package; few sessions need it

    return sorted(entry_points(group=PLUGINS), key=lambda point: (point.name, point.value))


def _missing(name: str) -> str:
    return f"no strategy {name!r} is installed; there are {', '.join(names())}"
