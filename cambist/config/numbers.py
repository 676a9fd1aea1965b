"""Numbers as the tables have them."""

from __future__ import annotations

from typing import Annotated

import msgspec

Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
Ppm = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
Amount = Annotated[float, msgspec.Meta(ge=0.0, le=1e9)]
"""Whole tokens; in atoms of nine decimals it still fits 64 bits."""
