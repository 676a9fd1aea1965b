"""Holds the dependencies against what is known of them: licences, duplicates and advisories of both languages.

Exit code 0: all was checked and nothing found; 1: something was found; 2: nothing was found, but not all could be
checked, because a tool is not installed or its data can't be reached. Each line says which.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
UNREACHABLE = re.compile(
    r"failed to (fetch|open|clone|resolve|lookup)|could ?n[o']t? (connect|resolve|fetch)|connection|network|timed? ?out"
    r"|name resolution|proxy|offline|dns|ssl|certificate|max retries",
    re.IGNORECASE,
)
"""What the tools say when their data is not there; whatever else fails is a finding."""
FOUND, UNCHECKED = 1, 2


class Check(NamedTuple):
    """One run of a tool."""

    title: str
    tool: str
    """What must be installed."""
    command: tuple[str, ...]
    install: str
    needs_data: bool
    """Whether it asks a server."""


DENY = ("cargo-deny", "--manifest-path", "engine_rs/Cargo.toml", "--color", "never")
CHECKS = (
    Check(
        "Rust: licences, duplicates, sources",
        "cargo-deny",
        (*DENY, "--offline", "check", "licenses", "bans", "sources"),
        "cargo install --locked cargo-deny",
        needs_data=False,
    ),
    Check(
        "Rust: advisories",
        "cargo-deny",
        (*DENY, "check", "advisories"),
        "cargo install --locked cargo-deny",
        needs_data=True,
    ),
    Check(
        "Python: advisories",
        "pip-audit",
        ("pip-audit", "--requirement", "requirements.lock", "--require-hashes", "--disable-pip"),
        "pipx install pip-audit",
        needs_data=True,
    ),
)


def run(check: Check) -> int:
    """Runs a check and says what came of it; returns 0, `FOUND` or `UNCHECKED`."""
    if shutil.which(check.tool) is None:
        print(f"{check.title}: not checked, {check.tool} is not installed ({check.install})")
        return UNCHECKED
    done = subprocess.run(check.command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        print(f"{check.title}: nothing found")
        return 0
    output = (done.stderr + done.stdout).strip()
    if check.needs_data and is_unreachable(done.returncode, output):
        print(f"{check.title}: not checked, the data of {check.tool} can't be reached: {reason(output)}")
        return UNCHECKED
    print(f"{check.title}: found\n{output}")
    return FOUND


def is_unreachable(code: int, output: str) -> bool:
    """Returns whether a tool that failed did so for want of its data, and not for what it found.

    >>> is_unreachable(1, "error[vulnerability]: connection may leak, id RUSTSEC-2026-0001")
    False
    >>> is_unreachable(1, "failed to fetch advisory database")
    True
    """
    found = re.search(r"error\[|RUSTSEC-\d|Found \d+ known vulnerabilit", output)
    return code != 0 and found is None and UNREACHABLE.search(output) is not None


def reason(output: str) -> str:
    """Returns the last line that says why, at most 200 characters."""
    lines = [line.strip() for line in output.splitlines() if UNREACHABLE.search(line)]
    return lines[-1][:200]


def main() -> int:
    """Runs every check; returns the exit code."""
    outcomes = [run(check) for check in CHECKS]
    return FOUND if FOUND in outcomes else max(outcomes)


if __name__ == "__main__":
    sys.exit(main())
