"""The mutants of a file, in the language that it is written in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.mutants import rust_sites, sites

if TYPE_CHECKING:
    from pathlib import Path


def mutants(root: Path, path: str) -> list[sites.Mutant]:
    """Returns every mutant of a file below `root`, in order of place. Raises `SyntaxError` for what is no Python."""
    return rust_sites.rust_mutants(root, path) if path.endswith(".rs") else sites.mutants(root, path)
