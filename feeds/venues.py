"""Finds an exchange by its name: those that come with cambist, and those of installed packages."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points

from cambist.model.exchanges import EXCHANGES, PLUGINS
from feeds.venue import Venue

BUILT_IN = {exchange.name: exchange.feed for exchange in EXCHANGES}
"""A checkout that runs without being installed has no entry points; no package may take these names."""


class VenueError(ValueError):
    """A venue that can't be used."""


def names() -> tuple[str, ...]:
    """Returns the names of all venues there are, sorted."""
    return tuple(sorted({*BUILT_IN, *(point.name for point in entry_points(group=PLUGINS))}))


def find(name: str) -> Venue:
    """Returns a venue. Raises `VenueError` if there is none of that name, or it can't be loaded."""
    if name in BUILT_IN:
        module, _, attribute = BUILT_IN[name].partition(":")
        found = getattr(import_module(module), attribute)
    else:
        points = [point for point in entry_points(group=PLUGINS) if point.name == name]
        if not points:
            message = f"no venue {name!r}; there are {', '.join(names())}"
            raise VenueError(message)
        try:
            found = points[0].load()
        except (ImportError, AttributeError) as error:
            message = f"venue {name!r} of {points[0].value} can't be loaded: {error}"
            raise VenueError(message) from error
    venue = found() if isinstance(found, type) else found
    if not isinstance(venue, Venue) or venue.name != name:
        message = f"venue {name!r} is {venue!r}, expected a feeds.venue.Venue of that name"
        raise VenueError(message)
    return venue
