"""Addresses of Raydium CPMM."""

from __future__ import annotations

from cambist.engine.reference.chain import program

RAYDIUM_CPMM = program.key("CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C")
RAYDIUM_CPMM_AUTHORITY = program.key("GpMZbSM2GgvTKHJirzeGfMFoaZ8UR2X7F4v8vHTvxFbL")
