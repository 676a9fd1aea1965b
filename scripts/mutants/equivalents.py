"""Mutants that no test can tell from the original, with the reason: `tests/mutants/equivalent.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scripts.mutants.places import mutants
from scripts.mutants.rooms import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from scripts.mutants.sites import Mutant

LIST = ROOT / "tests" / "mutants" / "equivalent.toml"
Key = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Equivalents:
    """What is listed: by (path, within, before, after), as texts of code, so that lines may move."""

    reasons: dict[Key, str]

    @classmethod
    def read(cls, path: Path = LIST) -> Equivalents:
        """Returns the list; empty if there is none."""
        rows = tomllib.loads(path.read_text(encoding="utf-8"))["mutant"] if path.exists() else []
        return cls({(row["path"], row["within"], row["before"], row["after"]): row["reason"] for row in rows})

    def reason(self, mutant: Mutant) -> str:
        """Returns why nobody can tell a mutant apart; empty if it isn't listed."""
        return self.reasons.get(mutant.key, "")

    def strange(self) -> list[Key]:
        """Returns the entries that no mutant is described by."""
        paths = {path for path, *_ in self.reasons}
        known = {mutant.key for path in paths if (ROOT / path).exists() for mutant in mutants(ROOT, path)}
        return [key for key in self.reasons if key not in known]
