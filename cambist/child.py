"""How cambist runs its own modules in child processes: nothing of the current folder is executed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
INSTALLED = ("site-packages", "dist-packages")


def command(module: str, *args: str) -> list[str]:
    """Returns the command line that runs a module with this interpreter; give it `environment()` too.

    Without `-P` the current folder would come first among the places that modules are looked for in.
    """
    return [sys.executable, "-P", "-m", module, *args]


def environment() -> dict[str, str]:
    """Returns this process's environment, in which a child finds cambist where this process has it from.

    An empty entry of PYTHONPATH would be the current folder. Where packages are installed is no entry of ours: it would
    come before the standard library.
    """
    given = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    own = [] if ROOT.name in INSTALLED else [str(ROOT)]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(dict.fromkeys([*own, *given])), "PYTHONSAFEPATH": "1"}
