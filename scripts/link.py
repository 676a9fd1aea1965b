"""Installs this checkout into its virtual environment without a build: for machines that have no cargo."""

from __future__ import annotations

import stat
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = """#!{python}
if __name__ == "__main__":  # a process that this one starts reads it as a module
    import cambist.__main__
"""


def main() -> None:
    """Writes a path file and the `cambist` command."""
    site = Path(sysconfig.get_path("purelib"))
    (site / "cambist-checkout.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    command = Path(sysconfig.get_path("scripts")) / "cambist"
    command.write_text(SCRIPT.format(python=sys.executable), encoding="utf-8")
    command.chmod(command.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


if __name__ == "__main__":
    main()
