"""How the market's chain counts time."""

from __future__ import annotations

SLOT_MS = 400
PARTS = 8
"""Ticks of a slot, 50 ms each: how often the leader runs what has come."""
START_SLOT = 390_000_000
SLOTS_PER_EPOCH = 432_000
START_EPOCH = START_SLOT // SLOTS_PER_EPOCH
