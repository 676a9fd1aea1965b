"""A run of pytest that reads its tests once and then tries mutants in copies of itself; loaded by `-p`.

`MUTANTS_JOB` names a file of JSON. With `gather` it runs every test once and writes which lines each of them reaches
and how long it takes. With `try` each mutant is put into the code that a fork of this process has in memory, and the
tests that reach it run there until one fails: nothing is read or imported anew.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import select
import signal
import sys
import time
from pathlib import Path
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

import coverage
import pytest
from hypothesis import Phase, settings

from scripts.mutants.rooms import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

MEMORY_BYTES = 6 << 30
"""Address space of a mutant's process: one that never stops collecting is stopped before the machine is."""
BUDGET_S = 6.0
"""Of tests for one mutant; one that none of them noticed by then counts as alive."""
SLACK_S, TIMES = 5.0, 8.0
"""A test has hung after its own time as often as that, and the slack."""


def pytest_sessionstart(session: pytest.Session) -> None:
    """Lets Hypothesis draw the same examples in each process, keep none, and not look for simpler ones."""
    settings.register_profile(
        "mutants", parent=settings(), database=None, derandomize=True, deadline=None,
        phases=(Phase.explicit, Phase.generate),
    )  # fmt: skip
    settings.load_profile("mutants")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Does the job in place of running the tests."""
    job = json.loads(Path(os.environ["MUTANTS_JOB"]).read_bytes())
    if job["do"] == "gather":
        Path(job["out"]).write_text(json.dumps(_gathered(session, job["sources"])), encoding="utf-8")
    else:
        _Trials(session, job).run()
    return True


class _Watch:
    """Notes how the test that runs ends."""

    def __init__(self) -> None:
        self.failed = self.skipped = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed |= report.failed
        self.skipped |= report.skipped


def _run(item: pytest.Item, after: pytest.Item | None, watch: _Watch) -> bool:
    """Runs a test; returns whether it passed."""
    watch.failed = watch.skipped = False
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
    return not (watch.failed or watch.skipped)


def _watched(session: pytest.Session) -> _Watch:
    watch = _Watch()
    session.config.pluginmanager.register(watch, "mutants-watch")
    return watch


def _gathered(session: pytest.Session, sources: list[str]) -> dict[str, Any]:
    """Returns `{tests: {id: seconds}, lines: {path: {line: [id]}}}` of the tests that pass."""
    watch, took = _watched(session), {}
    measured = coverage.Coverage(data_file=None, config_file=False, include=[str(ROOT / path) for path in sources])
    for at, item in enumerate(session.items):
        begun = time.perf_counter()
        measured.start()
        measured.switch_context(item.nodeid)
        passed = _run(item, session.items[at + 1] if at + 1 < len(session.items) else None, watch)
        measured.stop()
        if passed:
            took[item.nodeid] = round(time.perf_counter() - begun, 4)
        else:
            print(f"left out, as it did not pass: {item.nodeid}", file=sys.stderr)
    data = measured.get_data()
    lines = {}
    for path in sources:
        reached = data.contexts_by_lineno(str(ROOT / path))
        lines[path] = {line: [test for test in tests if test in took] for line, tests in reached.items()}
    return {"tests": took, "lines": lines}


class _Trials:
    """Tries the mutants of a job, one after the other, and writes a line of JSON for each."""

    def __init__(self, session: pytest.Session, job: dict[str, Any]) -> None:
        self._items = {item.nodeid: item for item in session.items}
        self._watch = _watched(session)
        self._job = job
        self._took = job["tests"]
        self._functions = _functions({str(ROOT / mutant["path"]) for mutant in job["mutants"]})

    def run(self) -> None:
        gc.collect()
        gc.freeze()
        with Path(self._job["out"]).open("a", encoding="utf-8") as out:
            for mutant in self._job["mutants"]:
                begun = time.perf_counter()
                result, by = self._try(mutant)
                seconds = round(time.perf_counter() - begun, 3)
                out.write(json.dumps({"id": mutant["id"], "result": result, "by": by, "seconds": seconds}) + "\n")
                out.flush()

    def _try(self, mutant: dict[str, Any]) -> tuple[str, str]:
        """Returns (`killed` | `alive` | `elsewhere`, the test that noticed)."""
        path = ROOT / mutant["path"]
        original = path.read_bytes()
        text = original[: mutant["start"]] + mutant["text"].encode() + original[mutant["end"] :]
        code = compile(text, str(path), "exec", dont_inherit=True)
        patches = list(self._patches(str(path), code))
        if not patches:
            return "elsewhere", ""
        tests = [test for test in mutant["tests"] if test in self._items]
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            _alone()
            self._child(patches, tests, writing)
        os.close(writing)
        try:
            return self._followed(child, reading)
        finally:
            os.close(reading)
            _end(child)

    def _patches(self, path: str, code: CodeType) -> Iterator[tuple[FunctionType, CodeType]]:
        """Yields the functions in memory that the change is in, and their new code."""
        for new in _nested(code):
            for function in self._functions.get((path, new.co_qualname, new.co_firstlineno), ()):
                if function.__code__ != new and function.__code__.co_freevars == new.co_freevars:
                    yield function, new

    def _child(self, patches: list[tuple[FunctionType, CodeType]], tests: list[str], writing: int) -> None:
        """Runs tests in a fork until one fails, and ends the process."""
        end = "alive"
        try:
            for function, code in patches:
                function.__code__ = code
            begun = time.perf_counter()
            for at, test in enumerate(tests):
                os.write(writing, f"{test}\n".encode())
                after = self._items[tests[at + 1]] if at + 1 < len(tests) else None
                if not _run(self._items[test], after, self._watch):
                    end = "killed"
                    break
                if time.perf_counter() - begun > BUDGET_S:
                    break
            os.write(writing, f"={end}\n".encode())
        except BaseException:  # whatever a mutant throws out of a test, it was noticed
            os.write(writing, b"=killed\n")
        finally:
            os._exit(0)

    def _followed(self, child: int, reading: int) -> tuple[str, str]:
        """Reads what a fork says until it ends, or the test that it is at has hung."""
        text, test = b"", ""
        while True:
            limit = SLACK_S + TIMES * self._took.get(test, 1.0)
            if not select.select([reading], [], [], limit)[0]:
                return "killed", f"{test} (hung)"
            part = os.read(reading, 65_536)
            text += part
            *lines, text = text.split(b"\n")
            for line in lines:
                if line.startswith(b"="):
                    result = line[1:].decode()
                    return result, test if result == "killed" else ""
                test = line.decode()
            if not part:
                return "killed", f"{test} (the process ended)"


def _alone() -> None:
    """Makes a fork a group of its own, silent and bounded."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _end(child: int) -> None:
    """Ends a fork and all that its tests started."""
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _functions(paths: set[str]) -> dict[tuple[str, str, int], list[FunctionType]]:
    """Returns the functions in memory of some files, by (path, qualified name, first line); none of a lambda."""
    found: dict[tuple[str, str, int], list[FunctionType]] = {}
    for each in gc.get_objects():
        if isinstance(each, FunctionType) and each.__code__.co_filename in paths and each.__name__ != "<lambda>":
            code = each.__code__
            found.setdefault((code.co_filename, code.co_qualname, code.co_firstlineno), []).append(each)
    return found


def _nested(code: CodeType) -> Iterator[CodeType]:
    """Yields every code object in another."""
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each
            yield from _nested(each)
