"""Tries mutants of Python: which tests reach what, then each mutant in a fork, or anew if it is read and not called.

What was found is kept while it holds: a mutant that was killed until its file or its test changes, one that lives
until its file or any test that reaches it does.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import accumulate, chain
from pathlib import Path
from typing import Any

from scripts.mutants import serving
from scripts.mutants.rooms import FOLDER, PYTHON, ROOT, Room
from scripts.mutants.sites import Mutant

PYTEST = (sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", "not realtime")
ANEW_S = 8.0
"""Of tests for a mutant that needs a run of its own: those called like its file, then those beside it, then those that
reach most of it for their time."""
START_OF_TEST_S = 0.05
"""What every test takes beside its own time."""
FIRST_FILES = 1
START_S = 30.0
"""Most that such a run may take beside them."""
Say = Callable[[str], None]


@dataclass(slots=True)
class Result:
    """What became of a mutant."""

    killed: bool
    by: str = ""
    """The test that noticed."""
    seconds: float = 0.0


@dataclass(slots=True)
class Reach:
    """Which tests reach what."""

    seconds: dict[str, float] = field(default_factory=dict)
    """Test → how long it takes."""
    lines: dict[str, dict[int, set[str]]] = field(default_factory=dict)
    """Path → line → tests."""
    _ranked: dict[str, dict[str, float]] = field(default_factory=dict)

    def of(self, mutant: Mutant, room: Room) -> list[str]:
        """Returns the tests that may notice a mutant: in turn the quickest, and one that reaches most for its time."""
        lines = self.lines.get(mutant.path, {})
        if mutant.called:
            height = mutant.text.count("\n") + 1
            found = set[str]().union(*(lines.get(mutant.line + at, ()) for at in range(height)))
        else:
            name = f"/test_{Path(mutant.path).name}::"
            called_alike = {test for test in self.seconds if name in test}
            found = self._all(mutant.path) or {test for path in room.files() for test in self._all(path)}
            found |= called_alike
        ranks = self._ranks(mutant.path)
        widest = sorted(found, key=lambda test: (-ranks.get(test, 0.0), test))
        if not mutant.called:
            near = [test not in called_alike for test in widest], [not _is_beside(test, mutant.path) for test in widest]
            order = sorted(zip(*near, range(len(widest)), strict=True))
            return self._within([widest[at] for *_, at in order], ANEW_S)
        quickest = sorted(found, key=lambda test: (self.seconds[test], test))
        return [*dict.fromkeys(test for pair in zip(quickest, widest, strict=True) for test in pair)]

    def _all(self, path: str) -> set[str]:
        return set[str]().union(*self.lines.get(path, {}).values())

    def _ranks(self, path: str) -> dict[str, float]:
        if path not in self._ranked:
            reached = Counter(test for tests in self.lines.get(path, {}).values() for test in tests)
            self._ranked[path] = {
                test: count / (self.seconds[test] + START_OF_TEST_S) for test, count in reached.items()
            }
        return self._ranked[path]

    def _within(self, tests: list[str], seconds: float) -> list[str]:
        ends = accumulate(self.seconds[test] for test in tests)
        return [test for test, end in zip(tests, ends, strict=True) if end <= seconds]


def _is_beside(test: str, path: str) -> bool:
    """Returns whether a test is in the folder that mirrors the one of a source."""
    of = Path(path).parent.as_posix()
    folder = Path(test.partition("::")[0]).parent.as_posix()
    return folder in (f"tests/{of}", f"tests/{of.removeprefix('cambist/')}")


def try_all(wanted: list[tuple[Room, Mutant]], say: Say, *, anew: bool = False) -> dict[Mutant, Result]:
    """Returns what became of each mutant; with `anew` nothing that was found before is taken over."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    reach = _reach([*dict.fromkeys(room for room, _ in wanted)], say)
    kept = _Kept(FOLDER / "found.json")
    done: dict[Mutant, Result] = {}
    called, read, unreached = [], [], 0
    for room, mutant in wanted:
        tests = reach.of(mutant, room)
        known = None if anew else kept.get(mutant, tests)
        if known is not None:
            done[mutant] = known
        elif not tests:
            done[mutant] = Result(killed=False, by="no test reaches it")
            unreached += 1
        else:
            (called if mutant.called else read).append((mutant, tests))
    left = f"{len(called)} in forks, {len(read)} in runs of their own"
    say(f"{len(wanted)} mutants: {len(done) - unreached} known, {unreached} that no test reaches, {left}")
    progress = _Progress(len(called) + len(read), say)
    try:
        for mutant, result, tests in chain(_forked(called, reach, read, progress), _anew(read, progress)):
            done[mutant] = result
            kept.put(mutant, tests, result)
    finally:
        kept.write()
    return done


def _reach(rooms: list[Room], say: Say) -> Reach:
    """Returns which tests reach what in some rooms; files of tests that did not change are not run again."""
    reach = Reach()
    for tests in dict.fromkeys(room.tests for room in rooms):
        of = [room for room in PYTHON if room.tests == tests]
        found = _gathered(of[0], sorted({path for room in of for path in room.files()}), say)
        for each in found:
            reach.seconds |= each["tests"]
            for path, lines in each["lines"].items():
                for line, names in lines.items():
                    reach.lines.setdefault(path, {}).setdefault(int(line), set()).update(names)
    return reach


def _gathered(room: Room, sources: list[str], say: Say) -> list[dict[str, Any]]:
    """Returns what each file of a room's tests reaches of the sources."""
    base = _sha(ROOT / path for path in sources)
    files = {path: FOLDER / f"reach-{_sha(_test(ROOT / path), base, path)[:20]}.json" for path in room.test_files()}
    for at, (path, kept) in enumerate(files.items(), 1):
        if not kept.exists():
            say(f"what {path} reaches ({at} of {len(files)})")
            run = _pytest("scripts.mutants.serving", [path], {"do": "gather", "sources": sources, "out": f"{kept}"})
            run.wait()
            if not kept.exists():
                kept.write_text('{"tests": {}, "lines": {}}', encoding="utf-8")
    return [json.loads(kept.read_bytes()) for kept in files.values()]


def _test(path: Path) -> list[Path]:
    """Returns a file of tests, the files of `tests` that it imports, and what holds for its folders."""
    text = path.read_text(encoding="utf-8")
    found = re.findall(r"^\s*(?:from|import) (tests[\w.]*)(?: import ([\w, ]+))?", text, re.MULTILINE)
    names = [name for module, of in found for name in (module, *(f"{module}.{each}" for each in of.split(", ")))]
    modules = [ROOT / f"{name.replace('.', '/')}.py" for name in names]
    folders = [folder / "conftest.py" for folder in path.parents if folder.is_relative_to(ROOT / "tests")]
    return [path, *(each for each in dict.fromkeys((*modules, *folders)) if each.exists())]


def _pytest(plugin: str, files: Iterable[str], job: dict[str, Any], *, quiet: bool = True) -> subprocess.Popen[bytes]:
    path = FOLDER / f"job-{os.getpid()}.json"
    path.write_text(json.dumps(job), encoding="utf-8")
    environment = {**os.environ, "MUTANTS_JOB": str(path), "PYTHONHASHSEED": "0", "PYTHONPATH": str(ROOT)}
    output = subprocess.DEVNULL if quiet else None
    command = [*PYTEST, "-p", plugin, *files]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True)


Tried = tuple[Mutant, Result, list[str]]
Asked = list[tuple[Mutant, list[str]]]


def _forked(asked: Asked, reach: Reach, elsewhere: Asked, progress: _Progress) -> Iterable[Tried]:
    """Yields what became of mutants in forks; those that no fork can try are put with the others."""
    if not asked:
        return
    out = FOLDER / f"tried-{os.getpid()}.jsonl"
    out.unlink(missing_ok=True)
    rows = [
        {"id": at, "path": m.path, "start": m.start, "end": m.end, "text": m.text, "tests": tests}
        for at, (m, tests) in enumerate(asked)
    ]
    files = sorted({test.partition("::")[0] for _, tests in asked for test in tests})
    job = {"do": "try", "mutants": rows, "tests": reach.seconds, "out": str(out)}
    run = _pytest("scripts.mutants.serving", files, job)
    try:
        for row in _rows(out, run):
            mutant, tests = asked[row["id"]]
            if row["result"] == "elsewhere":
                elsewhere.append((mutant, tests))
                continue
            result = Result(row["result"] == "killed", row["by"], row["seconds"])
            progress.step(mutant, result)
            yield mutant, result, tests
    finally:
        run.terminate()
        run.wait()


def _rows(path: Path, run: subprocess.Popen[bytes]) -> Iterable[dict[str, Any]]:
    """Yields the lines of a file as they are written, until the run that writes them ends."""
    at = 0
    while True:
        ended = run.poll() is not None
        text = path.read_bytes()[at:] if path.exists() else b""
        whole = text[: text.rfind(b"\n") + 1]
        at += len(whole)
        yield from map(json.loads, whole.splitlines())
        if ended:
            return
        time.sleep(0.2)


def _anew(asked: Asked, progress: _Progress) -> Iterable[Tried]:
    """Yields what became of mutants, each in a run of its own: first with few files of tests, which are soon read."""
    for mutant, tests in asked:
        first = [*dict.fromkeys(test.partition("::")[0] for test in tests)][:FIRST_FILES]
        few = [test for test in tests if test.partition("::")[0] in first]
        result = _one(mutant, few)
        if not result.killed and len(few) < len(tests):
            more = _one(mutant, [test for test in tests if test not in few])
            result = Result(more.killed, more.by, round(result.seconds + more.seconds, 3))
        progress.step(mutant, result)
        yield mutant, result, tests


def _one(mutant: Mutant, tests: list[str]) -> Result:
    """Returns whether any of some tests notices a mutant that is there from the start."""
    out = FOLDER / f"noticed-{os.getpid()}"
    out.unlink(missing_ok=True)
    source = mutant.source((ROOT / mutant.path).read_bytes()).decode()
    job = {"path": mutant.path, "source": source, "tests": tests, "out": str(out)}
    files = sorted({test.partition("::")[0] for test in tests})
    begun = time.perf_counter()
    run = _pytest("scripts.mutants.anew", ["-x", *files], job)
    try:
        code = run.wait(START_S + serving.TIMES * ANEW_S)
    except subprocess.TimeoutExpired:
        code = 1
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
            run.wait()
    by = out.read_text(encoding="utf-8") if out.exists() else "reading it" if code else ""
    return Result(code not in (0, 5), by, round(time.perf_counter() - begun, 3))


class _Progress:
    """Says how far it is, every ten seconds."""

    def __init__(self, total: int, say: Say) -> None:
        self._total, self._say, self._counts = total, say, Counter[bool]()
        self._begun = self._said = time.monotonic()

    def step(self, mutant: Mutant, result: Result) -> None:
        self._counts[result.killed] += 1
        if not result.killed:
            self._say(f"alive: {mutant.path}:{mutant.line} {mutant.within} | {mutant.before} | {mutant.after}")
        now, done = time.monotonic(), self._counts.total()
        if now - self._said > 10.0 or done == self._total:
            self._said = now
            each = (now - self._begun) / done
            left = (self._total - done) * each / 60.0
            alive = f"{self._counts[False]} alive"
            self._say(f"{done} of {self._total}, {alive}, {each:.2f} s each, {left:.0f} min left: {mutant.path}")


class _Kept:
    """Results of earlier runs, and whether they still hold."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: dict[str, Any] = json.loads(path.read_bytes()) if path.exists() else {}
        self._hashes: dict[str, str] = {}
        self._changed = 0

    def get(self, mutant: Mutant, tests: list[str]) -> Result | None:
        row = self._rows.get(self._id(mutant))
        if row is None or row["of"] != self._of(row["killed"], row["by"], tests):
            return None
        return Result(row["killed"], row["by"], row["seconds"])

    def put(self, mutant: Mutant, tests: list[str], result: Result) -> None:
        of = self._of(result.killed, result.by, tests)
        row = {"killed": result.killed, "by": result.by, "seconds": result.seconds, "of": of}
        self._rows[self._id(mutant)] = row
        self._changed += 1
        if self._changed % 50 == 0:
            self.write()

    def write(self) -> None:
        """Puts it on disk, whole or not at all."""
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps(self._rows, indent=0), encoding="utf-8")
        new.replace(self._path)

    def _id(self, mutant: Mutant) -> str:
        return f"{self._sha(mutant.path)[:12]}:{mutant.start}:{mutant.end}:{mutant.text}"

    def _of(self, killed: bool, by: str, tests: list[str]) -> str:
        """Returns a sum over the files of tests that a result hangs on."""
        names = {by.partition("::")[0]} if killed and "::" in by else {test.partition("::")[0] for test in tests}
        return hashlib.sha256("".join(self._sha(name) for name in sorted(names)).encode()).hexdigest()[:16]

    def _sha(self, path: str) -> str:
        if path not in self._hashes:
            full = ROOT / path
            self._hashes[path] = _sha([full]) if full.exists() else ""
        return self._hashes[path]


def _sha(paths: Iterable[Path], *more: str) -> str:
    digest = hashlib.sha256("\n".join(more).encode())
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()
