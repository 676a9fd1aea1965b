"""How each pool program's pools are found: one module each, found by the names of `cambist.model.venues`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from cambist.model.venues import POOL_VENUES

if TYPE_CHECKING:
    from cambist.market.discovery.venue import Venue

VENUES: dict[str, Venue] = {venue.name: import_module(f"{__name__}.{venue.name}").VENUE for venue in POOL_VENUES}
