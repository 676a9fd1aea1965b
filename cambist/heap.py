"""How a process that runs for days gives memory back: settings of glibc's heap, which keeps what threads free."""

from __future__ import annotations

import ctypes

TRIM_THRESHOLD, MMAP_THRESHOLD, ARENA_MAX = -1, -3, -8
"""Parameters of `mallopt`, from malloc.h."""
LARGE = 256 << 10
"""Bytes from which a piece is mapped for itself, and gone when it is freed. By default the limit rises with each such
piece, up to 32 MiB, and snapshots, chunks and Views then leave their holes between what stays."""
KEPT = 1 << 20
"""Free bytes at a heap's end that are not given back: what comes and goes costs no system call."""
ARENAS = 2
"""Heaps that all threads share. By default each of a dozen threads has one of its own, and each heap grows to the most
that its thread ever held at once."""


def settle() -> bool:
    """Sets them for this process, before its threads begin; returns False where the heap knows no such settings."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return all([mallopt(TRIM_THRESHOLD, KEPT), mallopt(MMAP_THRESHOLD, LARGE), mallopt(ARENA_MAX, ARENAS)])
