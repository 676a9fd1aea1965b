"""What a run needs of this machine: engine, terminal, folders, disk, a rule that can be read."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import sys
import tempfile
from typing import TYPE_CHECKING

from cambist import engine, log
from cambist.doctor.probe import Check
from cambist.host import Stolen, longest_pause_ns
from cambist.model.text import sanitise
from cambist.strategies.rule import symbols_of

if TYPE_CHECKING:
    from pathlib import Path

    from cambist.config import Config
    from cambist.market.discovery import Watched

MIN_FREE = 1 << 30
WATCHED_S = 0.5
"""How long this machine is watched for pauses."""
LONG_NS = 10_000_000
"""A pause that shows in what is measured, and in what a quote's age is."""


def check(config: Config) -> list[Check]:
    """Returns every check of this machine. Nothing is changed."""
    kept, pools = _pools(config)
    checks = [_python(), _engine(config), _pauses(), _terminal(), *_folder(config), _log(), *pools]
    checks += [*_rule(config, kept), *_strategies(config), *_equivalences(config)]
    if config.market.source == "demo":
        checks.append(_loopback())
    return checks


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    return Check(name="python", ok=sys.version_info >= (3, 11), found=f"{version}, 3.11 or newer is needed")


def _engine(config: Config) -> Check:
    build = engine.build_info()
    if not config.engine.use_rust_backend:
        return Check(name="engine", ok=True, found="reference, by choice (use_rust_backend = false)")
    if not build.native:
        return Check(name="engine", ok=False, found=f"reference: {build.why}. Run `make setup` with cargo installed.")
    slow = "" if build.profile == "release" else ", slow: run `make setup`"
    return Check(name="engine", ok=not slow, found=f"rust, {build.profile} build{slow}")


def _pauses() -> Check:
    stolen = Stolen()
    pause_ns = longest_pause_ns(WATCHED_S)
    share = stolen.ppm()
    found = f"at most {pause_ns / 1e6:.1f} ms in {WATCHED_S:g} s of work"
    if share:
        found += f", its host took {share / 10_000:.0f} % of it"
    if pause_ns > LONG_NS:
        found += "; times measured here are no better than that"
    return Check(name="pauses", ok=True, found=found)


def _terminal() -> Check:
    if not sys.stdout.isatty():
        return Check(name="terminal", ok=True, found="none here; --headless runs without one")
    size = shutil.get_terminal_size()
    colours = "24-bit" if os.environ.get("COLORTERM") in ("truecolor", "24bit") else os.environ.get("TERM", "unknown")
    fits = size.columns >= 80 and size.lines >= 24
    found = f"{size.columns}×{size.lines}, {colours}, {sys.stdout.encoding}"
    return Check(name="terminal", ok=fits, found=found if fits else f"{found}; at least 80×24 is needed")


def _folder(config: Config) -> list[Check]:
    folder = config.session_folder
    near, why = _writable(folder)
    found = f"{folder}: {why}. Set [recording] folder." if why else str(folder)
    free = shutil.disk_usage(near).free
    room = Check(name="disk", ok=free > MIN_FREE, found=f"{free / 1e9:.1f} GB free, recording stops under 1.1 GB")
    return [Check(name="session folder", ok=not why, found=found), room]


def _writable(folder: Path) -> tuple[Path, str]:
    """Returns the folder, or what is there of its parents, and why nothing can be written there; empty if it can."""
    near = next(p for p in (folder, *folder.parents) if p.exists())
    try:
        with tempfile.TemporaryFile(dir=near):
            return near, ""
    except OSError as error:
        return near, error.strerror or type(error).__name__


def _log() -> Check:
    """Returns where the application's own log is; a run goes on without it."""
    path = log.path()
    why = _writable(path.parent)[1]
    if not why and path.exists() and not os.access(path, os.W_OK):
        why = os.strerror(errno.EACCES)
    found = f"{path}: {why}. A run goes on without a log." if why else f"{path}, {path.with_suffix('.jsonl').name}"
    return Check(name="log", ok=not why, found=found)


def _loopback() -> Check:
    try:
        with socket.create_server(("127.0.0.1", 0)):
            return Check(name="loopback", ok=True, found="the embedded market can listen")
    except OSError as error:
        return Check(name="loopback", ok=False, found=f"can't listen on 127.0.0.1: {error.strerror}")


def _pools(config: Config) -> tuple[Watched | None, list[Check]]:
    """Returns which pools were found before, and a check that says so; nothing if none is looked for."""
    if config.market.source == "demo" or not config.watch.asks:
        return None, []
    from cambist.market import discovery

    try:
        kept = discovery.kept(config)
    except (ValueError, OSError) as error:
        return None, [Check(name="pools", ok=False, found=str(error))]
    if kept is None:
        return None, [Check(name="pools", ok=True, found="none kept yet; `cambist pools` asks a node, as a run does")]
    found = f"{len(kept.pools)} found {discovery.age(kept.age_ns)} ago at {kept.found.node}"
    return kept, [Check(name="pools", ok=bool(kept.pools), found=found)]


def _rule(config: Config, kept: Watched | None) -> list[Check]:
    """Returns whether the operator's rule can be read, with the tokens that this market has."""
    text = config.strategy.rule
    if not text:
        return []
    if config.market.source == "demo":
        from cambist.simulator.tokens import tokens

        symbols = list(tokens())
    elif kept is None and config.watch.asks:
        return [Check(name="rule", ok=True, found="not looked at: what tokens there are is known with the pools")]
    else:
        symbols = list(symbols_of(config.tokens if kept is None else kept.tokens))
    try:
        rule = engine.compile_rule(text, symbols)
    except ValueError as error:
        return [Check(name="rule", ok=False, found=f"[strategy] rule: {error}")]
    how = "machine code" if rule.native else "interpreted"
    return [Check(name="rule", ok=True, found=f"{how}, reads {', '.join(rule.fields) or 'nothing'}")]


def _strategies(config: Config) -> list[Check]:
    """Returns what runs, and for each strategy of an installed package whether it can."""
    from cambist.strategies import kinds
    from cambist.strategies.base import typed

    checks = []
    for name in kinds.names():
        if name in kinds.BUILT_IN:
            continue
        try:
            version = kinds.find(name).version or "no version"
            checks.append(Check(name="strategy", ok=True, found=f"{name} can be used, {version}"))
        except kinds.NoStrategy as error:
            checks.append(Check(name="strategy", ok=False, found=sanitise(str(error), 200)))
    for table in config.strategies:
        if not table.enabled:
            continue
        kind = table.kind or table.name
        try:
            typed(kinds.find(kind), table.settings)
            checks.append(Check(name="strategy", ok=True, found=f"{table.name} runs: {kind}"))
        except ValueError as error:
            found = sanitise(f"[[strategies]] {table.name}: {error}", 200)
            checks.append(Check(name="strategy", ok=False, found=found))
    return checks


def _equivalences(config: Config) -> list[Check]:
    """Returns for each equivalence whether the book that guards it is watched."""
    checks = []
    for each in config.equivalences:
        venue, _, symbol = each.pair.partition(":")
        table = config.exchanges.get(venue)
        watched = table is not None and symbol in table.symbols
        found = f"±{each.band_ppm} ppm, costs {each.cost_ppm} ppm, no older than {each.max_age_ms} ms"
        found += f", back after {each.hold_ms / 1_000:g} s in half of it"
        if not watched:
            found += f"; that book is not watched, so it never holds: add {symbol} to the symbols of {venue}"
        checks.append(Check(name=f"equivalence {each.pair}", ok=watched, found=found))
    return checks
