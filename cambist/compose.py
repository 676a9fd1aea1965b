"""Where the parts are put together: the only place that names concrete classes of every room.

One file, for that is what lets every other room be read without the rest.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import os
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from cambist import VERSION, log
from cambist import engine as engines
from cambist.clock import GivenClock
from cambist.engine.protocol import EngineSetup
from cambist.kernel import Kernel, KernelSetup, read_keyframe
from cambist.kernel.state import RULES, read_state
from cambist.market.setup import kernel_setup
from cambist.model.events import HEADER
from cambist.model.ledger import trial_balance
from cambist.model.rivals import rivals_of
from cambist.model.units import NS_PER_S
from cambist.runtime.books import carried
from cambist.runtime.given import GivenLoop
from cambist.runtime.hub import Hub
from cambist.runtime.live import LiveSource
from cambist.runtime.parts import Parts
from cambist.runtime.playing import RecordedSource
from cambist.runtime.recorder import SEGMENT_BYTES, Recorder
from cambist.runtime.replay import FOREVER_NS, Replayer
from cambist.strategies import kinds
from storage.bookmark import add_bookmark
from storage.catalogue import find, list_sessions, retain, session_path
from storage.files import Busy, SessionError, is_locked
from storage.reader import SessionReader

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cambist.config import Config
    from cambist.kernel.ledger import LedgerState
    from cambist.market.markets import Market
    from cambist.runtime.books import Carried
    from cambist.view import Runtime
    from storage.reader import ChunkInfo
    from storage.verify import GoesOn


def _nothing(text: str) -> None:
    """Drops the line."""


def live(
    config: Config,
    *,
    duel: bool,
    notify: Callable[[str], None] = _nothing,
    progress: Callable[[str], None] = _nothing,
) -> Hub[LiveSource]:
    """Returns a runtime on the configured market, not started yet. Looks for the pools of `[watch]` first.

    `notify` gets what is found, and what the embedded market would write to stderr.
    """
    journal = journal_path(config)
    if is_locked(journal):
        raise Busy(journal, "another cambist that trades on paper here", "none")
    held_back: list[str] = []

    def note(text: str) -> None:
        notify(text)
        held_back.append(text)

    market = _demo(config, notify) if config.market.source == "demo" else _network(config, note, progress)
    try:
        runtime = _live(config, market, duel=duel)
        for text in held_back:  # stderr is behind the dashboard by now
            runtime.note("info", "pools", text)
        return runtime
    except BaseException:
        market.close()
        raise


def capture(
    config: Config, feeds: tuple[str, ...], name: str, notify: Callable[[str], None] = _nothing
) -> Hub[LiveSource]:
    """Returns a runtime that records and takes nothing, not started yet. Raises `ValueError` for an unknown feed.

    `feeds` are names of exchanges and nodes, `solana` for all nodes; none is all of them. `name` is the session's.
    """
    from cambist.market import markets

    if name and session_path(config.session_folder, name).exists():
        message = f"session {name!r} exists; choose another --out"
        raise ValueError(message)
    config = markets.only(config, feeds)
    market = _demo(config, notify) if config.market.source == "demo" else _network(config, _nothing, _nothing)
    try:
        return _live(config, markets.narrowed(market, feeds), duel=False, named=name, captures=True)
    except BaseException:
        market.close()
        raise


def given(
    config: Config,
    seconds: float | None,
    *,
    pace: float | None = None,
    captures: bool = False,
    name: str = "",
    at_end: Callable[[Hub[LiveSource]], None] = lambda _: None,
) -> Hub[LiveSource]:
    """Returns a runtime on the embedded market on a given clock, as fast as it goes or at a pace, not started yet.

    It always begins at the same time with the wallet of the config, so a seed gives one session. It ends by itself
    after `seconds` of its clock, when it calls `at_end` while all is still connected. With `captures` it records and
    takes nothing; `name` is the session's. Raises `ValueError` for a name that is taken.
    """
    from cambist.market import given as embedded

    journal = _given_journal(config)
    if not captures and is_locked(journal):
        raise Busy(journal, "another cambist that trades on a given clock here", "none")
    if name and session_path(config.session_folder, name).exists():
        message = f"session {name!r} exists; choose another name"
        raise ValueError(message)
    clock = GivenClock(embedded.START_NS)
    made: list[Hub[LiveSource]] = []

    def ended() -> None:
        at_end(made[0])
        made[0].end_soon()

    market = embedded.market(config, seconds, ended)
    loop = partial(GivenLoop, clock, pace=pace, held=lambda: made[0].source.behind)
    runtime = _live(config, market, duel=False, named=name, captures=captures, clock=clock, loop=loop)
    made.append(runtime)
    return runtime


def _demo(config: Config, notify: Callable[[str], None]) -> Market:
    """Starts the market's process first: it builds its world on the other core while feeds and engine load here."""
    from cambist.simulator.process import begin

    def listener(line: str) -> None:
        log.emit("error", "market", line)
        notify(line)

    take = None if notify is _nothing else listener
    asked = config.market
    starting = begin(
        asked.seed,
        rate=asked.rate,
        exchanges=asked.exchanges,
        rivals=rivals_of(asked.level, asked.rivals),
        on_line=take,
    )
    from cambist.market import markets

    return markets.demo(config, starting)


def _network(config: Config, notify: Callable[[str], None], progress: Callable[[str], None]) -> Market:
    from cambist.market import markets

    if not config.watch.asks:
        return markets.network(config)
    from cambist.market import pools

    return markets.network(config, pools.to_watch(config, notify, progress))


def _live(
    config: Config,
    market: Market,
    *,
    duel: bool,
    named: str = "",
    captures: bool = False,
    clock: GivenClock | None = None,
    loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop,
) -> Hub[LiveSource]:
    """Returns a runtime. `named` is its session; with `captures` it records and takes nothing.

    On a given clock it goes on with no books, and stores no keyframes.
    """
    folder, trades = config.session_folder, not captures
    setup = kernel_setup(config, market)
    if not trades:
        setup = msgspec.structs.replace(setup, watch_only=True)
    name, note = engines.chosen(rust=config.engine.use_rust_backend)
    kernel = Kernel(setup, engines.make_engine, name, kinds.find)
    journal = journal_path(config) if clock is None else _given_journal(config)
    before = _books_in_force(journal, setup) if trades and clock is None else None
    if before is not None:
        kernel.adopt(before.books, before.risk)
    notes: list[Callable[[str, str, str], None]] = []
    build = engines.build_info()
    parts = Parts(
        feeds=lambda inbox: market.feeds(inbox, lambda *line: notes[0](*line)),
        recorder=_recorders(config, market, kernel, named, given=clock is not None)
        if config.recording.enabled or not trades
        else None,
        journal=partial(_open_journal, journal) if trades else None,
        carried=before,
        duel=partial(_start_duel, setup) if duel else None,
        sessions=lambda: list_sessions(folder),
        open_session=lambda chosen, beside: _beside(config, chosen, beside),
        keyframes=clock is None,
        market=market.label,
        profile=build.profile if build.native else "",
        engine_note=note,
        retention_bytes=config.recording.max_bytes,
        trouble=market.trouble,
        close=market.close,
    )
    runtime = Hub(kernel, LiveSource(kernel, parts, clock), loop)
    notes.append(runtime.note)
    return runtime


def _recorders(
    config: Config, market: Market, kernel: Kernel, named: str, *, given: bool
) -> Callable[[Callable[[str], None]], Recorder]:
    """Returns what makes a recorder, given what is called at its end; `named` is its session or empty.

    A session on a given clock is as old as its making: its own times say nothing of that.
    """
    folder, limits = config.session_folder, config.recording
    prefix = f"demo{config.market.seed}" if market.demo else "market"
    # Twenty segments fill the folder, so that removing the oldest leaves most of what there was.
    segment_bytes = min(SEGMENT_BYTES, max(1 << 20, limits.max_bytes // 20))

    def tidy() -> object:
        age_ns = limits.max_days * 86_400 * NS_PER_S
        return retain(folder, time.time_ns(), max_bytes=limits.max_bytes, max_age_ns=age_ns)

    def recorder(on_end: Callable[[str], None]) -> Recorder:
        meta = {"app": VERSION, "engine": kernel.engine.name, "seed": str(market.seed), "market": market.label}
        meta["rules"] = str(RULES)
        if given:
            meta["made_ns"] = str(time.time_ns())
        return Recorder(folder, prefix, meta, on_end, retain=tidy, segment_bytes=segment_bytes, name=named)

    return recorder


def _open_journal(path: Path) -> Any:
    from storage.journal import Journal

    return Journal.open(path, "paper", f"run-{time.time_ns()}")


def _start_duel(setup: KernelSetup) -> Any:
    from cambist.engine.duel import Duel

    return Duel.start(msgspec.json.encode(setup.engine))


def journal_path(config: Config, *, live: bool = False) -> Path:
    """Returns the journal that a run with this config writes: the embedded market's own, or that of its mode."""
    demo = config.market.source == "demo" and not live
    return config.session_folder / "journal" / ("demo.journal" if demo else "live.journal" if live else "paper.journal")


def _given_journal(config: Config) -> Path:
    """Returns the journal of sessions on a given clock, which go on with no earlier one's books."""
    return config.session_folder / "journal" / "given.journal"


def _books_in_force(path: Path, setup: KernelSetup) -> Carried:
    """Returns what a paper run goes on from: books, the day's result, and the halt that nobody cleared."""
    from storage.journal import read_halt
    from storage.journal_books import read_books, upgrade

    upgrade(path)
    now_ns = time.time_ns()
    found = carried(read_books(path, now_ns), setup, now_ns)
    halt = read_halt(path)
    found.risk.halted = halt.reason if halt else ""
    return found


def open_reader(config: Config, session: str) -> SessionReader:
    """Returns a reader on a stored session's name or a path. Raises `SessionError`, `OSError`, `ValueError`."""
    return SessionReader(find(config.session_folder, session))


def replay_kernel(reader: SessionReader, engine: str | None) -> Kernel:
    """Returns a kernel that steps a session from its STATE record on. Raises `SessionError` if there is none."""
    if engine == "native" and not engines.build_info().native:
        message = f"--engine native: the Rust engine is not built: {engines.build_info().why}"
        raise ValueError(message)
    kernel = fresh_kernel(engine)
    first = next(iter(reader.blocks()), None)
    if first is None or HEADER.unpack_from(first.block)[2] != 0:
        raise SessionError(reader.path, "no STATE record at its start", "a session of this version")
    return kernel


def at_end(reader: SessionReader) -> Replayer:
    """Returns a replayer that stands at a session's last record; it went on from the nearest keyframe.

    Its `damage` says why it ended before. Raises as `replay_kernel` does.
    """
    replayer, ends = Replayer(reader, replay_kernel(reader, None)), reader.extent()
    replayer.step(FOREVER_NS, 1)
    if ends is not None:
        replayer.seek(ends[1].last_ns)
    replayer.run()
    return replayer


def fresh_kernel(engine: str | None = None) -> Kernel:
    """Returns a kernel that waits for a STATE record."""
    name = engine or ("native" if engines.build_info().native else "reference")
    return Kernel(KernelSetup(EngineSetup()), engines.make_engine, name, kinds.find)


def keyframe_check() -> GoesOn:
    """Returns what raises `ValueError` for a keyframe that no replay can go on from: 6 ms each, 60 by reference."""
    kernel = fresh_kernel()

    def check(body: bytes, before: ChunkInfo) -> None:
        frame = read_keyframe(body, before.last_seq + 1)
        if frame.sealed != before.digest:
            message = "it is sealed with another digest than its chunk has"
            raise ValueError(message)
        kernel.rewind(frame)
        _require_balanced(kernel.desk.ledger.state())

    return check


class BooksOfSession:
    """Adds up the books of a session: what each STATE says, and where a replay of it ends."""

    def state(self, body: bytes) -> None:
        """Raises `ValueError` unless the books of a STATE record's body balance."""
        _require_balanced(read_state(body).kernel.ledger)

    def end(self, reader: SessionReader) -> None:
        """Raises `ValueError` unless the books balance after the last record, or if that can't be reached."""
        replayer = at_end(reader)
        _require_balanced(replayer.kernel.desk.ledger.state())
        if replayer.damage:
            message = f"its books are not known: {replayer.damage}"
            raise ValueError(message)


def _require_balanced(books: LedgerState) -> None:
    if off := trial_balance(books.balances):
        message = "its books don't balance: " + ", ".join(f"{atoms} of {token}" for token, atoms in off.items())
        raise ValueError(message)


def session_holds(folder: Path) -> Callable[[int, int], bool]:
    """Returns what says whether a session of a folder has a record of a seq and a time."""
    spans = []
    for row in list_sessions(folder):
        with contextlib.suppress(SessionError, OSError), SessionReader(session_path(folder, row.name)) as reader:
            if ends := reader.extent():
                spans.append((ends[0].first_seq, ends[1].last_seq, ends[0].first_ns, ends[1].last_ns))

    def holds(seq: int, at_ns: int) -> bool:
        return any(first <= seq <= last and begin <= at_ns <= end for first, last, begin, end in spans)

    return holds


def _replaying(reader: SessionReader, kernel: Kernel, beside: Runtime | None, **how: Any) -> Hub[RecordedSource]:
    source = RecordedSource(
        reader,
        kernel,
        name=reader.path.stem,
        background=beside,
        bookmark=lambda at_ns, seq: add_bookmark(reader.path, at_ns, seq),
        **how,
    )
    return Hub(kernel, source)


def _beside(config: Config, session: str, beside: Runtime) -> Runtime:
    reader = open_reader(config, session)
    runtime = _replaying(reader, replay_kernel(reader, None), beside)
    runtime.start()
    return runtime


def load_screen() -> None:
    """Loads the dashboard's modules: 0.5 s alone, but 2 s beside a hub that holds the GIL while its feeds connect.

    Textual draws what changed one to two of its frames after the last drawing: 17 to 33 ms between a key and the screen
    at its 60 frames a second, half of that at 120. The dashboard still pulls thirty times a second.
    """
    os.environ.setdefault("TEXTUAL_FPS", "120")
    importlib.import_module("tui.app")


def settle() -> None:
    """Takes all that is loaded by now out of the garbage collector's view: walking it held a key up for 94 ms."""
    gc.freeze()


def show(
    runtime: Runtime, config: Config, seconds: float | None = None, ended: Callable[[], bool] = lambda: False
) -> None:
    """Runs the dashboard on a started runtime until it is quit, `seconds` are over or `ended` says so."""
    from tui.app import CambistApp
    from tui.probe import draws_wide

    settings = look(config)
    settings["ascii"] = settings["ascii"] or draws_wide()
    app = CambistApp(runtime, **settings)
    done = threading.Event()

    def watch() -> None:
        end = None if seconds is None else time.monotonic() + seconds
        while not done.wait(0.1):
            if ended() or (end is not None and time.monotonic() >= end):
                app.call_from_thread(app.exit)
                return

    watcher = threading.Thread(target=watch, name="end", daemon=True)
    watcher.start()
    settle()
    try:
        app.run()
    finally:
        done.set()
        if app._exception is not None:  # Textual shows it when the screen is gone, and keeps it nowhere else
            log.crash("screen", app._exception)


def show_replay(
    reader: SessionReader,
    kernel: Kernel,
    config: Config,
    speed: float | None,
    from_ns: int,
    interrupted: Callable[[], bool],
) -> tuple[dict[str, Any], str]:
    """Runs the dashboard on a session; returns the report over what was stepped, and what damage ended it early."""
    runtime = _replaying(reader, kernel, None, speed=speed, from_ns=from_ns)
    runtime.start()
    try:
        show(runtime, config, ended=interrupted)
    finally:
        runtime.close()
    return runtime.report(), runtime.source.damage


def look(config: Config) -> dict[str, Any]:
    """Returns what the dashboard is made with."""
    screen = config.screen
    return {"theme": screen.theme, "motion": screen.motion, "ascii": screen.ascii, "read_only": screen.read_only}
