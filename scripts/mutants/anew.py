"""A run of pytest in which one module is read with a change in it; loaded by `-p`.

For what is only run when a module is read: constants, defaults, fields. `MUTANTS_JOB` names a file of JSON with the
`path` that is changed, the `source` in its place, and the `tests` to run, in order.
"""

from __future__ import annotations

import importlib.machinery
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scripts.mutants import serving
from scripts.mutants.rooms import ROOT

if TYPE_CHECKING:
    from types import CodeType

JOB = json.loads(Path(os.environ["MUTANTS_JOB"]).read_bytes())
PATH = str(ROOT / JOB["path"])
pytest_sessionstart = serving.pytest_sessionstart

_get_code = importlib.machinery.SourceFileLoader.get_code


def _changed(self: importlib.machinery.SourceFileLoader, fullname: str) -> CodeType | None:
    if self.path == PATH:
        return compile(JOB["source"], PATH, "exec", dont_inherit=True)
    return _get_code(self, fullname)


importlib.machinery.SourceFileLoader.get_code = _changed  # type: ignore[method-assign]  # all modules are loaded so


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leaves the tests of the job, in its order."""
    found = {item.nodeid: item for item in items}
    items[:] = [found[test] for test in JOB["tests"] if test in found]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Says which test noticed."""
    if report.failed:
        Path(JOB["out"]).write_text(report.nodeid, encoding="utf-8")
