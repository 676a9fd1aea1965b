"""Program-derived addresses of tick arrays: SHA-256 of the seeds, a bump, the program and a marker."""

from __future__ import annotations

import hashlib

BUMPS = range(255, 239, -1)
"""Program addresses are looked for under these bumps; each has a chance of one half, so more are never needed."""


def tick_array_addresses(whirlpool: bytes, owner: bytes, start: int) -> set[bytes]:
    """Returns the addresses that the tick array of a pool could have; it is the one of them that is off the curve."""
    seeds = b"tick_array" + whirlpool + str(start).encode()
    tail = owner + b"ProgramDerivedAddress"
    return {hashlib.sha256(seeds + bytes([bump]) + tail).digest() for bump in BUMPS}
