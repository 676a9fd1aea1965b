"""Units as types: a number never loses what it counts."""

from typing import NewType

Atoms = NewType("Atoms", int)
"""Smallest unit of a token."""

Lamports = NewType("Lamports", int)
"""10⁻⁹ SOL."""

MicroLamports = NewType("MicroLamports", int)
"""10⁻⁶ lamports; the unit of a compute-unit price."""

Nanos = NewType("Nanos", int)
"""Nanoseconds. A `recv_ns` is Unix time read from a monotonic clock anchored at the session's start."""

Ppm = NewType("Ppm", int)
"""Parts per million."""

Slot = NewType("Slot", int)

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000
LAMPORTS_PER_SOL = 1_000_000_000
