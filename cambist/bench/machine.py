"""What figures were measured on, and with: a run that is kept is read beside one of another day."""

from __future__ import annotations

import contextlib
import datetime
import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Any

from cambist import VERSION, engine

LIBRARIES = ("base58", "kand", "msgspec", "networkx", "numba", "numpy", "rustworkx", "scipy", "solders", "ta-lib")
"""Peers of the rows, and what both engines stand on."""


def about() -> dict[str, Any]:
    """Returns when figures are measured, and the versions of what they compare."""
    found = {}
    for name in LIBRARIES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return {"schema": 1, "date": now, "cambist": VERSION, "libraries": found}


def machine() -> dict[str, Any]:
    """Returns what the figures were measured on."""
    build = engine.build_info()
    model = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next((ln.partition(":")[2].strip() for ln in lines if ln.startswith("model name")), model)
    load = None
    with contextlib.suppress(OSError, AttributeError):
        load = round(os.getloadavg()[0], 1)
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "load": load,
        "system": platform.platform(),
        "python": platform.python_version(),
        "engine": f"rust, {build.profile}" if build.native else f"reference: {build.why}",
    }
