"""Addresses of Raydium CLMM."""

from __future__ import annotations

from cambist.engine.reference.chain import program

RAYDIUM_CLMM = program.key("CAMMCzo5YL8w4VFF8KVHrK22GGUsp5VTaW7grrKgrWqK")
