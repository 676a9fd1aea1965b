"""Where the parts are put together: the only place that names concrete classes of every room."""

from __future__ import annotations

import gc
import importlib
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from cambist import engine as engines
from cambist.config import Paper, Risk
from cambist.config.settings import Gates
from cambist.config.watch import nearest
from cambist.engine.protocol import EngineSetup
from cambist.engine.rules import compile_rule
from cambist.execution.paper_model import PaperParams
from cambist.execution.risk import Limits
from cambist.kernel import Kernel, KernelSetup
from cambist.model.events import HEADER
from cambist.model.valuation import Valuing
from cambist.model.venues import POOL_VENUES
from cambist.runtime.hub import Hub
from cambist.runtime.live import LiveSource
from cambist.runtime.pace import Pace
from cambist.runtime.parts import Parts
from cambist.runtime.playing import RecordedSource
from cambist.runtime.recorder import SEGMENT_BYTES, Recorder
from cambist.runtime.replay import Replayer
from cambist.simulator.process import MarketError
from cambist.strategies.rule import symbols_of
from storage.catalogue import list_sessions, retain, session_path
from storage.files import SUFFIX, Busy, SessionError, is_locked
from storage.reader import SessionReader, add_bookmark

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.config import Config
    from cambist.doctor import Check
    from cambist.market.markets import Market
    from cambist.market.pools import Shown
    from cambist.view import Runtime, SessionRow
    from storage.verify import Verification

NS_PER_S = 1_000_000_000
UNUSABLE = (SessionError, MarketError, OSError, ValueError)
VERSION = "0.1.0"


def version() -> str:
    """Returns version and engine build."""
    build = engines.build_info()
    return f"cambist {VERSION}, engine {'rust, ' + build.profile if build.native else 'reference: ' + build.why}"


def explain(error: BaseException) -> str:
    """Returns an error as one line that says what to do, where that is known."""
    if isinstance(error, Busy):
        return f"{error.path}: {error.found}. End that one, or give this one its own [recording] folder."
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def live(
    config: Config,
    *,
    duel: bool,
    say: Callable[[str], None] = lambda _: None,
    progress: Callable[[str], None] = lambda _: None,
) -> Hub[LiveSource]:
    """Returns a runtime on the configured market, not started yet. Looks for the pools of `[watch]` first."""
    journal = _journal_path(config)
    if is_locked(journal):
        raise Busy(journal, "another cambist that trades on paper here", "none")
    told: list[str] = []

    def tell(text: str) -> None:
        say(text)
        told.append(text)

    market = _demo(config) if config.market.source == "demo" else _network(config, tell, progress)
    try:
        runtime = _live(config, market, duel=duel)
        for text in told:  # stderr is behind the dashboard by now
            runtime.note("info", "pools", text)
        return runtime
    except BaseException:
        market.close()
        raise


def capture(config: Config, feeds: tuple[str, ...], name: str) -> Hub[LiveSource]:
    """Returns a runtime that records and takes nothing, not started yet. Raises `ValueError` for an unknown feed.

    `feeds` are names of exchanges and nodes, `solana` for all nodes; none is all of them. `name` is the session's.
    """
    from cambist.market import markets

    if name and session_path(config.session_folder, name).exists():
        message = f"session {name!r} exists; choose another --out"
        raise ValueError(message)
    config = markets.only(config, feeds)
    market = _demo(config) if config.market.source == "demo" else _network(config, lambda _: None, lambda _: None)
    try:
        return _live(config, markets.narrowed(market, feeds), duel=False, capture=name)
    except BaseException:
        market.close()
        raise


def _demo(config: Config) -> Market:
    """Starts the market's process first: it builds its world on the other core while feeds and engine load here."""
    from cambist.simulator.process import begin

    starting = begin(config.market.seed, rate=config.market.rate, exchanges=config.market.exchanges)
    from cambist.market import markets

    return markets.demo(config, starting)


def _network(config: Config, say: Callable[[str], None], progress: Callable[[str], None]) -> Market:
    from cambist.market import markets

    if not config.watch.asks:
        return markets.network(config)
    from cambist.market import pools

    return markets.network(config, pools.to_watch(config, say, progress))


def _live(config: Config, market: Market, *, duel: bool, capture: str | None = None) -> Hub[LiveSource]:
    """Returns a runtime; with `capture`, the name of a session or an empty one, it records and takes nothing."""
    folder = config.session_folder
    setup = kernel_setup(config, market)
    trades = capture is None
    if not trades:
        setup = msgspec.structs.replace(setup, watch_only=True)
    name, note = _engine(config)
    kernel = Kernel(setup, engines.make_engine, name)
    journal_path = _journal_path(config)
    if trades:
        kernel.risk.state.halted = _standing_halt(journal_path)
    log: list[Callable[[str, str, str], None]] = []

    def recorder(on_end: Callable[[str], None]) -> Recorder:
        prefix = f"demo{config.market.seed}" if market.demo else "market"
        meta = {"app": VERSION, "engine": kernel.engine.name, "seed": str(market.seed), "market": market.label}
        limits = config.recording

        def tidy() -> object:
            age_ns = limits.max_days * 86_400 * NS_PER_S
            return retain(folder, time.time_ns(), max_bytes=limits.max_bytes, max_age_ns=age_ns)

        # Twenty segments fill the folder, so that removing the oldest leaves most of what there was.
        segment_bytes = min(SEGMENT_BYTES, max(1 << 20, limits.max_bytes // 20))
        named = capture or ""
        return Recorder(folder, prefix, meta, on_end, retain=tidy, segment_bytes=segment_bytes, name=named)

    def journal() -> Any:
        from storage.journal import Journal

        return Journal.open(journal_path, "paper", f"run-{time.time_ns()}")

    def start_duel() -> Any:
        from cambist.engine.duel import Duel

        return Duel.start(msgspec.json.encode(setup.engine))

    build = engines.build_info()
    parts = Parts(
        feeds=lambda inbox: market.feeds(inbox, lambda *line: log[0](*line)),
        recorder=recorder if config.recording.enabled or not trades else None,
        journal=journal if trades else None,
        duel=start_duel if duel else None,
        sessions=lambda: list_sessions(folder),
        open_session=lambda chosen, beside: _beside(config, chosen, beside),
        market=market.label,
        profile=build.profile if build.native else "",
        engine_note=note,
        retention_bytes=config.recording.max_bytes,
        trouble=market.trouble,
        close=market.close,
    )
    runtime = Hub(kernel, LiveSource(kernel, parts))
    log.append(runtime.note)
    return runtime


def _journal_path(config: Config) -> Path:
    return config.session_folder / "journal" / ("demo.journal" if config.market.source == "demo" else "paper.journal")


def kernel_setup(config: Config, market: Market) -> KernelSetup:
    """Returns all that decisions depend on, from config and market. Symbols in the config mean verified base tokens."""
    tokens = config.valuation.ranked(market.tokens)
    base = {t.symbol: t for t in tokens if t.base}

    def atoms(amounts: dict[str, float], key: str, default: dict[str, float]) -> dict[str, int]:
        if amounts == default:
            amounts = {symbol: amount for symbol, amount in amounts.items() if symbol in base}
        unknown = sorted(set(amounts) - set(base))
        if unknown:
            message = (
                f"[{key}] names {', '.join(unknown)}; the base tokens here are {', '.join(sorted(base)) or 'none'}"
            )
            raise ValueError(message)
        return {base[s].mint: round(v * 10 ** base[s].decimals) for s, v in amounts.items()}

    risk, paper = config.risk, config.paper
    caps = atoms(risk.cap, "risk.cap", Risk().cap)
    quote = EngineSetup().quote_mint
    if config.valuation.quote:
        quote = config.valuation.mint(config.valuation.quote, tokens, "quote")
    setup = EngineSetup(
        quote_mint=quote,
        channels=market.channels,
        tokens=tokens,
        identities=market.identities,
        instruments=market.instruments,
        venue_fees=config.venue_fees,
        equivalences=config.equivalences,
        pools=market.pools,
        search=config.search,
        gates=Gates(**msgspec.structs.asdict(config.gates), caps=caps),
        bidding=config.bidding,
    )
    losses = atoms(risk.daily_loss, "risk.daily_loss", Risk().daily_loss)
    limits = Limits(caps, losses, risk.max_open_orders, risk.max_orders_per_minute)
    model = PaperParams(
        paper.latency_ms * 1_000_000, paper.jitter_ms * 1_000_000, paper.failure_ppm, paper.slippage_ppm
    )
    wallet = atoms(paper.wallet, "paper.wallet", Paper().wallet)
    _check_rule(config.strategy.rule, market)
    return KernelSetup(
        setup,
        limits,
        model,
        market.seed,
        wallet,
        market.label,
        market.demo,
        valuation=_valuing(config, market),
        rule=config.strategy.rule,
    )


def _valuing(config: Config, market: Market) -> Valuing:
    """Returns which prices may value a sum. Raises `ValueError` for a source that no price comes from here."""
    wanted = config.valuation
    known = (*(venue.name for venue in POOL_VENUES), *dict.fromkeys(i.venue for i in market.instruments), "injected")
    known += tuple(c.venue for c in market.channels if c.venue not in (*known, "solana", "jito"))
    for name in wanted.sources:
        if name not in known:
            message = f"[valuation] sources: {name[:60]!r} gives no price here{nearest(name, known)}"
            raise ValueError(message)
    return Valuing(wanted.sources, wanted.max_age_ms)


def _check_rule(text: str, market: Market) -> None:
    if not text:
        return
    try:
        compile_rule(text, list(symbols_of(market.tokens)))
    except ValueError as error:
        message = f"[strategy] rule: {error}"
        raise ValueError(message) from error


def _engine(config: Config) -> tuple[str, str]:
    """Returns the engine to use, and why it is the reference if that was not asked for."""
    build = engines.build_info()
    if not config.engine.use_rust_backend:
        return "reference", ""
    return ("native", "") if build.native else ("reference", f"the Rust engine is not built: {build.why}")


def _standing_halt(path: Path) -> str:
    from storage.journal import read_halt

    halt = read_halt(path)
    return halt.reason if halt else ""


def open_reader(config: Config, session: str) -> SessionReader:
    """Returns a reader on a stored session's name or a path. Raises `SessionError`, `OSError`, `ValueError`."""
    return SessionReader(_session_file(config, session))


def _session_file(config: Config, session: str) -> Path:
    path = Path(session)
    if path.is_file():
        return path
    if "/" in session or session in (".", ".."):
        message = f"{session}: {'a folder, expected a session file' if path.is_dir() else 'no such file'}"
        raise ValueError(message)
    path = session_path(config.session_folder, session)
    if not path.exists():
        message = f"no session {session!r} in {config.session_folder}; `cambist sessions` lists them"
        raise ValueError(message)
    return path


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


def fresh_kernel(engine: str | None = None) -> Kernel:
    """Returns a kernel that waits for a STATE record, on an engine that no record changes."""
    name = engine or ("native" if engines.build_info().native else "reference")
    kernel = Kernel(KernelSetup(EngineSetup()), engines.make_engine, name)
    kernel.pinned = True
    return kernel


def replay_all(
    reader: SessionReader,
    kernel: Kernel,
    batch: int | None = None,
    interrupted: Callable[[], bool] = lambda: False,
    speed: float | None = None,
    from_ns: int = 0,
) -> Replayer:
    """Steps a whole session unshown, as fast as it goes or at `speed`; ends early if interrupted."""
    replayer = Replayer(reader, kernel, keyframes=False)
    limit, pace = batch or 2**62, Pace(speed)
    if speed is not None:
        replayer.step(2**63 - 1, 1)
        if from_ns:
            replayer.seek(from_ns)
        pace.anchor(time.monotonic_ns(), max(kernel.now_ns, from_ns))
    while not replayer.finished and not interrupted():
        due_ns = pace.due_ns(time.monotonic_ns())
        count, next_ns = replayer.step(due_ns, limit)
        if not count and next_ns > due_ns:
            time.sleep(min(0.05, (next_ns - due_ns) / NS_PER_S / (speed or 1)))
    return replayer


def name_of(reader: SessionReader) -> str:
    """Returns a session's name."""
    return reader.path.stem


def extent_ns(reader: SessionReader) -> tuple[int, int]:
    """Returns the times of a session's first and last record, 0 if it is empty."""
    ends = reader.extent()
    return (ends[0].first_ns, ends[1].last_ns) if ends else (0, 0)


def _replaying(
    config: Config, reader: SessionReader, kernel: Kernel, beside: Runtime | None, **how: Any
) -> Hub[RecordedSource]:
    del config
    source = RecordedSource(
        reader,
        kernel,
        name=name_of(reader),
        background=beside,
        bookmark=lambda at_ns, seq: add_bookmark(reader.path, at_ns, seq),
        **how,
    )
    return Hub(kernel, source)


def _beside(config: Config, session: str, beside: Runtime) -> Runtime:
    reader = open_reader(config, session)
    runtime = _replaying(config, reader, replay_kernel(reader, None), beside)
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


def show_replay(
    reader: SessionReader,
    kernel: Kernel,
    config: Config,
    speed: float | None,
    from_ns: int,
    interrupted: Callable[[], bool],
) -> tuple[dict[str, Any], str]:
    """Runs the dashboard on a session; returns the report over what was stepped, and what damage ended it early."""
    runtime = _replaying(config, reader, kernel, None, speed=speed, from_ns=from_ns)
    runtime.start()
    try:
        show(runtime, config, ended=interrupted)
    finally:
        runtime.close()
    return runtime.report(), runtime.source.damage


def look(config: Config) -> dict[str, Any]:
    """Returns what the dashboard is made with."""
    screen = config.screen
    return {
        "theme": screen.theme,
        "motion": screen.motion,
        "ascii": screen.ascii,
        "read_only": screen.read_only,
    }


def import_files(config: Config, files: list[Path], out: str, say: Callable[[str], None]) -> dict[str, Any]:
    """Makes a session out of recordings, with the digest of its decisions; returns its report."""
    from storage import imports

    path = Path(out) if "/" in out else session_path(config.session_folder, out)
    path = path.with_name(path.name.removesuffix(SUFFIX) + SUFFIX)
    if path.exists():
        message = f"{path} exists; choose another --out"
        raise ValueError(message)
    say(f"reading {len(files)} files")
    plan = imports.scan(files)
    setup = KernelSetup(plan.setup, market=", ".join(sorted({c.venue for c in plan.setup.channels})))
    kernel = Kernel(setup, engines.make_engine, _engine(config)[0])

    def digest(block: bytes) -> str:
        kernel.step(block)
        return kernel.digest

    say(f"writing {plan.lines:,} lines to {path}")
    written = imports.write(plan, path, kernel.initial_state(), digest)
    return {"schema": 1, **msgspec.to_builtins(written), "digest": kernel.digest}


def stored(config: Config) -> tuple[SessionRow, ...]:
    """Returns the stored sessions, newest first."""
    return list_sessions(config.session_folder)


def verify(config: Config, session: str) -> Verification:
    """Checks a session."""
    from storage.verify import verify as check

    return check(_session_file(config, session))


def market(seed: int, slots: int | None, *, digest: bool, rate: float, exchanges: tuple[str, ...]) -> int:
    """Runs the embedded market alone."""
    from cambist.simulator.process import run_market

    return run_market(seed, slots, digest=digest, rate=rate, exchanges=exchanges)


def pools(config: Config, *, refresh: bool, say: Callable[[str], None], progress: Callable[[str], None]) -> Shown:
    """Returns what is watched and why, asked of a node or read from the cache."""
    from cambist.market import pools as rows

    return rows.shown(config, refresh=refresh, say=say, progress=progress)


def doctor(config: Config, timeout_s: float, tell: Callable[[int, int], None]) -> list[Check]:
    """Returns what a run needs, checked; `tell` hears how many endpoints are done, of how many."""
    from cambist import doctor as checks  # loads all that feeds need

    return checks.check(config, timeout_s, tell)


def progress(runtime: Hub[LiveSource], seconds: float) -> str:
    """Returns a line on how a headless run goes."""
    view = runtime.view
    status, headline = view.status, view.headline
    rate = "–" if status.events_per_s is None else f"{status.events_per_s:,.0f}/s"
    best = "–" if headline.best is None or headline.best.net_bps is None else f"{headline.best.net_bps:+.1f} bps"
    size = f"{status.recorded_bytes / 1e6:.1f} MB" if status.recording else "not recording"
    return (
        f"{seconds:5.0f} s  {rate}  queue {status.queue}  slot {status.slot or '–'}  best {best}  "
        f"{headline.fills} fills of {headline.orders}  {size}  {status.state}"
    )
