"""Jupiter: a router, whose events repeat the swaps of others."""

from __future__ import annotations

from cambist.engine.reference.chain import program

JUPITER = program.key("JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4")
