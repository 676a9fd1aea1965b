"""Engine rows measured a second time, in a process of their own: where its memory lies is drawn anew, too.

A column that lies badly slows a call for as long as the process lives, by up to a third.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import msgspec

from cambist import child
from cambist.bench import engine
from cambist.bench.engine import EngineRow

if TYPE_CHECKING:
    from collections.abc import Iterable

Key = tuple[str, str]
"""A row's name and size."""


def measured(wanted: Iterable[Key]) -> dict[Key, EngineRow]:
    """Returns new rows of these names and sizes; what is no engine row has none."""
    command = child.command("cambist.bench.again", msgspec.json.encode(sorted(wanted)).decode())
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=child.environment())
    rows = msgspec.json.decode(done.stdout, type=list[EngineRow])
    return {(row.name, row.size): row for row in rows}


def main(wanted: str) -> None:
    """Measures what is named, and prints the rows as JSON."""
    keys = msgspec.json.decode(wanted, type=list[Key])
    sys.stdout.buffer.write(msgspec.json.encode(list(engine.again(engine.Plan(), keys))))


if __name__ == "__main__":
    main(sys.argv[1])
