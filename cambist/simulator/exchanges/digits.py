"""Numbers as exchanges print them; values are integers of 10^-`places`."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from cambist.simulator.books import PLACES, text


@lru_cache(maxsize=65_536)
def fixed(value: int, decimals: int, places: int = PLACES) -> str:
    """Returns a value with so many decimals, trailing zeros kept."""
    value //= 10 ** (places - decimals)
    if decimals == 0:
        return str(value)
    unit = 10**decimals
    return f"{value // unit}.{value % unit:0{decimals}d}"


@lru_cache(maxsize=65_536)
def trimmed(value: int, places: int = PLACES) -> str:
    """Returns a value without trailing zeros."""
    return text(value, places).rstrip("0").removesuffix(".")


def decimals(step: int, places: int = PLACES) -> int:
    """Returns how many decimals a grid needs."""
    found = places
    while found and step % 10 == 0:
        step //= 10
        found -= 1
    return found


@lru_cache(maxsize=256)
def rfc3339(ms: int, digits: int = 6) -> str:
    """Returns Unix milliseconds as UTC time of day and date."""
    moment = datetime.fromtimestamp(ms // 1_000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1_000:03d}{'0' * (digits - 3)}Z"
