"""Addresses of Raydium AMM v4."""

from __future__ import annotations

from cambist.engine.reference.chain import program

RAYDIUM_V4 = program.key("675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8")
RAYDIUM_V4_AUTHORITY = program.key("5Q544fKrFoe6tsEbD7S8EmxGTJYAKtTVhAW5Q5pge4j1")
