"""Tries mutants of Rust: all are compiled into one set of test programs, and each run is told which one holds.

The sources are copied to a folder of their own; there each function with mutants becomes a choice among its bodies.
Bodies that do not compile are dropped and count as never made. A mutant is tried with the core's own tests, and of
these with the programs that reach its function; the parity tests in Python are not run.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.mutants.rooms import FOLDER, ROOT, Room
from scripts.mutants.rust_sites import Switched, switched
from scripts.mutants.trying import Result

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.mutants.sites import Mutant

TREE = FOLDER / "rust" / "tree"
TARGET = FOLDER / "rust-target"
MODULE = "mutant_switch"
LIB = "engine_rs/core/src/lib.rs"
ROUNDS = 12
"""Most builds until all that is left compiles."""
START_S = 20.0
TIMES = 5.0
"""A run that takes this many times as long as it did without a change, and the start, doesn't end: that is noticed."""
SWITCH = """
/// Which mutant a process is; who reaches a function first is noted where a file for it is named.
mod mutant_switch {
    use std::fs::{File, OpenOptions};
    use std::io::Write;
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicBool, Ordering};
    static ON: LazyLock<u32> =
        LazyLock::new(|| std::env::var("CAMBIST_MUTANT").map_or(0, |text| text.parse().unwrap()));
    static REACHED: LazyLock<Option<File>> = LazyLock::new(|| {
        let path = std::env::var("CAMBIST_REACHED").ok()?;
        Some(OpenOptions::new().append(true).create(true).open(path).unwrap())
    });
    static SEEN: [AtomicBool; COUNT] = [const { AtomicBool::new(false) }; COUNT];
    pub(crate) fn on(first: usize) -> u32 {
        if let Some(mut file) = REACHED.as_ref() {
            if !SEEN[first].swap(true, Ordering::Relaxed) {
                writeln!(file, "{first}").unwrap();
            }
        }
        *ON
    }
}
"""


class Unbuilt(RuntimeError):
    """The copied tree does not build or run, and no mutant is to blame."""


@dataclass(slots=True)
class Program:
    """A program of tests, as it is without a change."""

    path: str
    seconds: float
    skipped: list[str]
    """Tests that fail in the copied tree already."""
    reached: set[int] = field(default_factory=set)
    """Functions, by their first mutant's number."""

    def command(self) -> list[str]:
        """Returns what runs it."""
        skips = [part for name in self.skipped for part in ("--skip", name)]
        return [self.path, "--test-threads", "1", "-q", *(["--exact", *skips] if skips else [])]


def try_rust(wanted: list[tuple[Room, Mutant]], say: Callable[[str], None]) -> dict[Mutant, Result | None]:
    """Returns what became of each mutant of Rust, `None` of those that do not compile."""
    if not wanted:
        return {}
    chosen = {at: mutant for at, (_, mutant) in enumerate(wanted, 1)}
    refused = _Refused(FOLDER / "uncompiled.json")
    for number in [number for number, mutant in chosen.items() if refused.knows(mutant)]:
        del chosen[number]
    tests = sorted({Path(path).stem for room, _ in wanted for path in room.test_files()})
    found: dict[Mutant, Result | None] = dict.fromkeys(mutant for _, mutant in wanted)
    if not chosen:
        return found
    paths, files = _built(chosen, tests, refused, say)
    programs = sorted((_program(path) for path in paths), key=lambda each: each.seconds)
    for each in programs:
        say(f"{Path(each.path).name}: {each.seconds:.1f} s, {len(each.reached)} functions, without {each.skipped}")
    firsts = _firsts(files)
    for done, (number, mutant) in enumerate(chosen.items(), 1):
        result = _tried(number, [each for each in programs if firsts[number] in each.reached])
        found[mutant] = result
        if not result.killed:
            say(f"alive: {mutant.path}:{mutant.line} {mutant.within} | {mutant.before} | {mutant.after}")
        if done % 20 == 0:
            say(f"{done} of {len(chosen)}")
    return found


class _Refused:
    """Mutants that did not compile while their file was as it is: the next draw is spared the rounds."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: set[str] = set(json.loads(path.read_bytes())) if path.exists() else set()

    def knows(self, mutant: Mutant) -> bool:
        return self._id(mutant) in self._known

    def put(self, mutant: Mutant) -> None:
        self._known.add(self._id(mutant))
        self._path.write_text(json.dumps(sorted(self._known), indent=0), encoding="utf-8")

    def _id(self, mutant: Mutant) -> str:
        digest = hashlib.sha256((ROOT / mutant.path).read_bytes()).hexdigest()[:12]
        return f"{digest}:{mutant.start}:{mutant.end}:{mutant.text}"


def _built(
    chosen: dict[int, Mutant], tests: list[str], refused: _Refused, say: Callable[[str], None]
) -> tuple[list[str], list[Switched]]:
    """Returns the programs and changed files; takes out of `chosen` what does not compile."""
    for _ in range(ROUNDS):
        files = _written(chosen)
        begun = time.monotonic()
        programs, places = _cargo(tests)
        say(f"a build took {time.monotonic() - begun:.0f} s, {len(places)} errors")
        if not places:
            return programs, list(files.values())
        wrong = {number for path, line in places if path in files for number in files[path].blamed(line)}
        if not wrong & chosen.keys():
            raise Unbuilt(places)
        for number in wrong & chosen.keys():
            say(f"does not compile: {chosen[number].path}:{chosen[number].line} | {chosen[number].after}")
            refused.put(chosen.pop(number))
    raise Unbuilt(places)


def _written(chosen: dict[int, Mutant]) -> dict[str, Switched]:
    """Writes the tree with all of the chosen mutants; files that stay the same keep their time."""
    files: dict[str, Switched] = {}
    for path in dict.fromkeys(mutant.path for mutant in chosen.values()):
        of = {number: mutant for number, mutant in chosen.items() if mutant.path == path}
        files[path] = switched(ROOT, path, of, f"crate::{MODULE}")
    _linked()
    kept = set()
    for source in (ROOT / "engine_rs").rglob("*"):
        place = source.relative_to(ROOT)
        if not source.is_file() or place.parts[1] == "target":
            continue
        name = place.as_posix()
        data = files[name].text.encode() if name in files else source.read_bytes()
        if name == LIB:
            data += SWITCH.replace("COUNT", str(max(chosen) + 1)).encode()
        kept.add(_put(TREE / place, data))
    for stale in [path for path in (TREE / "engine_rs").rglob("*.rs") if path not in kept]:
        stale.unlink()
    return files


def _linked() -> None:
    """Puts what the tests read by a path from the manifest where they look for it."""
    for source, place in ((ROOT / "tests", TREE), (ROOT.parent / "shared", TREE.parent)):
        place.mkdir(parents=True, exist_ok=True)
        if not (place / source.name).is_symlink():
            (place / source.name).symlink_to(source)


def _put(path: Path, data: bytes) -> Path:
    if not path.exists() or path.read_bytes() != data:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return path


def _cargo(tests: list[str]) -> tuple[list[str], list[tuple[str, int]]]:
    """Builds; returns the programs and the places of errors."""
    cargo = shutil.which("cargo") or "cargo"
    command = [cargo, "test", "-p", "cambist-core", "--lib", *(part for name in tests for part in ("--test", name))]
    command += ["--no-run", "--message-format=json", "--config", "profile.dev.debug=0", "--locked", "-q"]
    environment = {
        "CARGO_BUILD_JOBS": "1",
        **os.environ,
        "CARGO_TARGET_DIR": str(TARGET),
        "RUSTFLAGS": "--cap-lints=warn",
    }
    run = subprocess.run(command, cwd=TREE / "engine_rs", env=environment, capture_output=True, check=False)
    rows = [json.loads(line) for line in run.stdout.splitlines() if line.startswith(b"{")]
    programs = [row["executable"] for row in rows if row.get("executable") and row["profile"]["test"]]
    places = [place for row in rows if row["reason"] == "compiler-message" for place in _places(row["message"])]
    if run.returncode and not places:
        raise Unbuilt(run.stderr.decode()[-2000:])
    return programs, places if run.returncode else []


def _places(message: dict[str, Any]) -> list[tuple[str, int]]:
    if message["level"] != "error":
        return []
    return [(f"engine_rs/{s['file_name']}", s["line_start"]) for s in message["spans"] if s["is_primary"]]


def _program(path: str) -> Program:
    """Runs a program without a change: how long it takes, what it reaches, and what fails."""
    out = FOLDER / f"reached-{os.getpid()}"
    out.unlink(missing_ok=True)
    begun = time.monotonic()
    run = _run([path, "--test-threads", "1"], {"CAMBIST_REACHED": str(out)}, 600.0)
    seconds = time.monotonic() - begun
    text = run.stdout.decode(errors="replace") if run else ""
    failed = re.findall(r"^test (\S+).* FAILED$", text, re.MULTILINE)
    if run is None or (run.returncode and not failed):
        raise Unbuilt(path, text[-500:])
    return Program(path, seconds, failed, set(map(int, out.read_text().split())) if out.exists() else set())


def _firsts(files: list[Switched]) -> dict[int, int]:
    """Returns by a mutant's number that of the first in its function."""
    groups = [numbers for each in files for _, _, numbers in each.places]
    return {number: min(group) for group in sorted(groups, key=len) for number in group}


def _tried(number: int, programs: list[Program]) -> Result:
    begun = time.monotonic()
    for each in programs:
        run = _run(each.command(), {"CAMBIST_MUTANT": str(number)}, START_S + TIMES * each.seconds)
        if run is None or run.returncode:
            name = re.sub(r"-[0-9a-f]{16}$", "", Path(each.path).name)
            return Result(killed=True, by=name, seconds=round(time.monotonic() - begun, 3))
    by = "" if programs else "no test reaches it"
    return Result(killed=False, by=by, seconds=round(time.monotonic() - begun, 3))


def _run(command: list[str], more: dict[str, str], seconds: float) -> subprocess.CompletedProcess[bytes] | None:
    """Runs a program of tests where its manifest is; `None` if it does not end."""
    environment = {**os.environ, **more}
    place = TREE / "engine_rs" / "core"
    try:
        return subprocess.run(
            command, cwd=place, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
            timeout=seconds,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None
