"""What is wrong with a configuration, and on which line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class ConfigError(ValueError):
    """An unusable configuration: file, line, and what to do."""

    def __init__(self, path: Path, line: int | None, problem: str) -> None:
        self.path, self.line, self.problem = path, line, problem
        super().__init__(f"{path}{f':{line}' if line else ''}: {problem}")


def line_of(text: str, key: str) -> int | None:
    """Returns the line that sets a dotted key, or that opens its table; a good guess is enough to find it."""
    parts = [re.sub(r"\[[^]]*\]", "", p) for p in key.split(".") if p]
    if not parts:
        return None
    index = re.search(r"\[(\d+)\]", key)
    wanted, seen = parts[:-1], -1
    table: list[str] = []
    fallback: int | None = None

    def here(entry: int) -> bool:
        return index is None or entry == int(index.group(1))

    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[{1,2}\s*([\w.\-\"]+)\s*\]{1,2}", line):
            table = header.group(1).replace('"', "").split(".")
            if line.strip().startswith("[[") and table == parts[: len(table)]:
                seen += 1
            if table == parts[: len(table)] and here(seen):
                fallback = fallback or number
        elif re.match(rf"\s*\"?{re.escape(parts[-1])}\"?\s*=", line) and table == wanted and here(seen):
            return number
    return fallback
