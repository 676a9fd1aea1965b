"""How amounts of different tokens may be added up."""

from __future__ import annotations

import msgspec


class Valuing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which prices may value a sum. Without one there is no sum."""

    sources: tuple[str, ...] = ()
    """Venues; empty means any."""
    max_age_ms: int = 5_000
    """How long ago a price may have been known to be current."""
