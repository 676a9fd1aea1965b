"""The commands. Results go to stdout, messages to stderr; exit codes are 0, 1, 2 and 130 as the README says."""

from __future__ import annotations

import contextlib
import re
import signal
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from cyclopts import App, Parameter
from cyclopts.exceptions import CycloptsError

from cambist import compose
from cambist.config import ConfigError, load
from cambist.model.venues import CHAIN_BOOKS, POOL_VENUES

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.runtime.hub import Hub
    from cambist.runtime.live import LiveSource

OK, DIFFERENT, UNUSABLE, INTERRUPTED = 0, 1, 2, 130

app = App(
    name="cambist",
    help="A live arbitrage dashboard: watch, replay, verify.",
    version=lambda: compose.version(),
    default_parameter=Parameter(negative=()),
)


class Stop(Exception):
    """Ends a command with an exit code and, maybe, a message."""

    def __init__(self, code: int, message: str = "") -> None:
        super().__init__(message)
        self.code, self.message = code, message


def say(text: str) -> None:
    """Writes a message to stderr; what a terminal could take for a command is not written raw."""
    clean = "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)
    print(clean, file=sys.stderr, flush=True)


def put(value: Any) -> None:
    """Writes one JSON object to stdout."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    sys.stdout.flush()


@app.default
@app.command
def run(
    *,
    config: Path | None = None,
    seed: int | None = None,
    headless: bool = False,
    for_: Annotated[float | None, Parameter(name="--for")] = None,
    json: bool = False,
) -> int:
    """Watch the market: start the dashboard, or run without a screen.

    Args:
        config: The TOML file; without it the default one, or the embedded market if there is none.
        seed: Seed of the embedded market.
        headless: No screen; a progress line goes to stderr.
        for_: End by itself after this many seconds.
        json: Print the report as one JSON object at the end.
    """
    settings = load(config)
    if seed is not None:
        settings = msgspec.structs.replace(settings, market=msgspec.structs.replace(settings.market, seed=seed))
    if for_ is not None and not 0 < for_ < 1e9:
        raise Stop(UNUSABLE, f"--for was {for_:g}, expected seconds above 0")
    if not headless:
        require_terminal(settings.screen.ascii)
    stop = Interrupts()
    with Progress() as progress:
        runtime = compose.live(settings, duel=settings.engine.duel and not headless, say=say, progress=progress)
    if not headless:
        compose.load_screen()
    runtime.start()
    try:
        if headless:
            watch(runtime, for_, stop)
        else:
            compose.show(runtime, settings, for_, lambda: stop.seen or not runtime.alive)
    finally:
        runtime.close()
    report = runtime.report()
    if json:
        put(report)
    else:
        say(summary(report))
    if runtime.failure is not None:
        raise Stop(DIFFERENT, f"the hub stopped: {runtime.failure}")
    return INTERRUPTED if stop.seen else OK


@app.command
def record(
    *,
    config: Path | None = None,
    for_: Annotated[str | None, Parameter(name="--for")] = None,
    feeds: str = "",
    out: str = "",
    json: bool = False,
) -> int:
    """Capture a session without a screen and without trading; it replays like any other.

    How it goes is said on stderr: on a terminal in one line that is rewritten, elsewhere every 30 s. SIGTERM ends it
    well (exit code 0). Under systemd it says when it is ready, stops, and that it is not hung.

    Args:
        config: The TOML file; without it the default one, or the embedded market if there is none.
        for_: End by itself after so long: 90, 30m, 1h30m, 2d.
        feeds: Exchanges and nodes to capture, with commas between, `solana` for all nodes; all if not given.
        out: Name of the session; further segments count on from it. Without it, by the time it begins.
        json: Print the report as one JSON object at the end.
    """
    from cambist.commands import record as capture

    settings = load(config)
    seconds = None if for_ is None else capture.seconds_of(for_)
    stop = Interrupts()
    runtime = compose.capture(settings, tuple(name.strip() for name in feeds.split(",") if name.strip()), out)
    runtime.start()
    try:
        say(f"recording {runtime.session or 'nothing'} in {settings.session_folder}")
        ended = capture.Watcher(runtime, settings.session_folder, seconds, say).watch(lambda: stop.seen)
    finally:
        runtime.close()
    report = {**runtime.report(), "ended": ended}
    if json:
        put(report)
    else:
        say(summary(report))
    if ended not in ("time", "stopped"):
        raise Stop(DIFFERENT, f"{ended}. What was recorded until then replays; free space and start again.")
    return INTERRUPTED if stop.number == signal.SIGINT else OK


@app.command
def replay(
    session: str,
    *,
    speed: str | None = None,
    from_: Annotated[str | None, Parameter(name="--from")] = None,
    engine: Literal["native", "reference"] | None = None,
    batch: int | None = None,
    headless: bool = False,
    json: bool = False,
    config: Path | None = None,
) -> int:
    """Replay a session in the same screens, or compare it without a screen.

    Args:
        session: Name of a stored session, or the path of one.
        speed: Multiple of real time, 0.25 to 64, or `max`; without it 1 on screen, `max` headless.
        from_: RFC 3339 time or `+seconds`; earlier records are stepped unshown and stay in the digest.
        engine: Which engine steps it.
        batch: Step at most this many records at a time.
        headless: No screen, as fast as it goes.
        json: Print the report as one JSON object at the end.
        config: The TOML file, for the session folder and the look.
    """
    settings = load(config)
    if batch is not None and batch < 1:
        raise Stop(UNUSABLE, f"--batch was {batch}, expected at least 1")
    pace = _speed(speed or ("max" if headless else "1"))
    reader = compose.open_reader(settings, session)
    from_ns = _from(from_, *compose.extent_ns(reader))
    kernel = compose.replay_kernel(reader, engine)
    stop = Interrupts()
    if headless:
        started = time.perf_counter()
        found = compose.replay_all(reader, kernel, batch, lambda: stop.seen, pace, from_ns)
        report, damage = found.report(compose.name_of(reader), time.perf_counter() - started), found.damage
    else:
        require_terminal(settings.screen.ascii)
        report, damage = compose.show_replay(reader, kernel, settings, pace, from_ns, lambda: stop.seen)
    if json:
        put(report)
    else:
        say(summary(report))
    if report["digest_match"] is False:
        raise Stop(DIFFERENT, damage or f"decisions differ from record {report['first_divergent_seq']} on")
    return INTERRUPTED if stop.seen else OK


@app.command(name="import")
def import_(files: Annotated[list[Path], Parameter(negative=())], /, *, out: str, config: Path | None = None) -> int:
    """Turn recordings of exchanges into a session that replays.

    Args:
        files: Recordings (plain, .zst or .gz); several are merged by receive time.
        out: Name of the session, or the path of a file to make.
        config: The TOML file, for the session folder.
    """
    if not files:
        raise Stop(UNUSABLE, "no file to import was given")
    put(compose.import_files(load(config), files, out, say))
    return OK


@app.command
def sessions(*, json: bool = False, config: Path | None = None) -> int:
    """List the stored sessions.

    Args:
        json: Print one JSON object.
        config: The TOML file, for the session folder.
    """
    rows = compose.stored(load(config))
    if json:
        put({"schema": 1, "sessions": rows})
        return OK
    if not rows:
        say(f"no session in {load(config).session_folder}")
    for row in rows:
        marks = " ".join(
            word
            for word, yes in (
                ("demo", row.demo),
                ("imported", row.imported),
                ("open", row.open),
                ("cut short", not row.complete and not row.open),
                (f"{row.bookmarks} bookmarks", row.bookmarks > 0),
            )
            if yes
        )
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(row.started_ns // 1_000_000_000))
        print(f"{row.name:40} {when}  {row.seconds:9.1f} s {row.bytes / 1e6:9.1f} MB {row.records:10,}  {marks}")
    return OK


@app.command
def verify(session: str, *, json: bool = False, config: Path | None = None) -> int:
    """Check a session: sizes, checksums, order. Exit code 0 sound, 1 damaged, 2 unusable.

    Args:
        session: Name of a stored session, or the path of one.
        json: Print one JSON object.
        config: The TOML file, for the session folder.
    """
    found = compose.verify(load(config), session)
    if json:
        put(found)
    else:
        say(f"{found.session}: {found.records:,} records in {found.chunks:,} chunks, {found.damaged_chunks} damaged")
        for line in found.findings:
            say(f"  {line}")
    return int(found.exit_code)


@app.command
def market(
    *, seed: int = 7, slots: int | None = None, digest: bool = False, rate: float = 1.0, exchanges: str = "binance"
) -> int:
    """Run the embedded market alone; its endpoints are printed as one JSON line.

    Args:
        seed: One seed gives the same transactions by slot.
        slots: End after this many slots.
        digest: Print the digest over all transactions and states of `slots` slots, without sockets.
        rate: How busy the noise traders are.
        exchanges: Names of the exchanges to serve, with commas between; binance is always among them.
    """
    if digest and slots is None:
        raise Stop(UNUSABLE, "--digest needs --slots")
    names = tuple(name.strip() for name in exchanges.split(",") if name.strip())
    return compose.market(seed, slots, digest=digest, rate=rate, exchanges=names)


@app.command
def bench(*parts: str, json: bool = False, memory: bool = False) -> int:
    """Measure this machine: the figures of BENCHMARKS.md.

    Args:
        parts: What to measure of `engine`, `demo`, `import` and `screen`; all of it if none is named.
        json: Print one JSON object at the end; without it each row is printed as it is measured.
        memory: Measure peak memory alone, each engine in a process of its own.
    """
    from cambist.bench import suite as benches

    if memory:
        from cambist.bench import memory as bench_memory

        peaks = bench_memory.rows()
        if json:
            put({"schema": 1, "machine": benches.machine(), "rows": peaks})
        else:
            for peak in peaks:
                print(bench_memory.line(peak))
        return OK
    plan = benches.Plan(parts=parts or benches.PARTS)
    try:
        result = benches.run(say, plan, lambda row: None if json else print(benches.line(row), flush=True))
    except ValueError as error:
        raise Stop(UNUSABLE, str(error)) from error
    if json:
        put(result)
    return OK


@app.command
def pools(*, json: bool = False, refresh: bool = False, limit: int | None = None, config: Path | None = None) -> int:
    """List what is watched and why: pools, fees, liquidity, how far each is proved, and where it comes from.

    Exit code 0 if all that is named can be watched, 1 if not, 2 if no node answers and nothing was kept.

    Args:
        json: Print one JSON object.
        refresh: Ask a node anew, however young the answer in the cache is.
        limit: Print at most this many pools.
        config: The TOML file.
    """
    if limit is not None and limit < 1:
        raise Stop(UNUSABLE, f"--limit was {limit}, expected at least 1")
    with Progress() as progress:
        found = compose.pools(load(config), refresh=refresh, say=say, progress=progress)
    if json:
        put(found.json | {"pools": found.json["pools"][:limit]})
    else:
        from cambist.commands.pools import print_pools

        print_pools(found.json, limit)
        for note in found.json["notes"]:
            say(note)
    return OK if found.ok else DIFFERENT


@app.command(name="config")
def show_config(*, json: bool = False, config: Path | None = None) -> int:
    """Print every key that can be set: default, unit, range, meaning, and what the config sets it to.

    Args:
        json: Print one JSON object.
        config: The TOML file; without it the default one.
    """
    from cambist.config import describe

    found = list(describe.keys(load(config)))
    if json:
        put({"schema": 1, "keys": found})
        return OK
    table = ""
    for key in found:
        if key.table != table:
            table = key.table
            print(table)
        print(describe.line(key))
    return OK


@app.command
def doctor(*, timeout: float = 10.0, json: bool = False, config: Path | None = None) -> int:
    """Check what a run needs: engine, terminal, folders, each endpoint; list how far each venue is proved.

    Every endpoint of the config is tried step by step, all at the same time: name, connection, TLS, first data, lag,
    clock, limits, fee. Exit code 0 if all is well, 1 if not.

    Args:
        timeout: No endpoint takes longer than so many seconds.
        json: Print one JSON object.
        config: The TOML file.
    """
    if not 0 < timeout <= 600:
        raise Stop(UNUSABLE, f"--timeout was {timeout:g}, expected seconds above 0 and at most 600")
    checks = compose.doctor(load(config), timeout, _counted())
    venues = [*POOL_VENUES, *CHAIN_BOOKS]
    if json:
        put({"schema": 1, "checks": checks, "venues": venues})
    else:
        for check in checks:
            ms = f"{check['ms']:7.1f} ms" if "ms" in check else ""
            step = f"{check.get('step', ''):15} {ms:10}  " if "step" in check else ""
            print(f"{'ok  ' if check['ok'] else 'MISS'} {check['name']:18} {step}{check['found']}")
        print("\nHow far quotes are proved (live trading refuses what is proved by formula only):")
        for venue in venues:
            print(f"     {venue.title:18} by {venue.proof:8} {venue.note}".rstrip())
            for form, proof in venue.forms:
                print(f"       {form:43} by {proof}")
        print("\nCompute units that a swap asks for:")
        for source in dict.fromkeys(venue.units for venue in POOL_VENUES):
            print(f"     {source}: {', '.join(venue.title for venue in POOL_VENUES if venue.units == source)}")
    return OK if all(check["ok"] for check in checks) else DIFFERENT


@app.command(name="new-feed")
def new_feed(name: str, /, *, dir: Path = Path()) -> int:  # noqa: A002
    """Write the first files of a plug-in for an exchange that cambist does not know; they are listed on stdout.

    Args:
        name: What the exchange is called in cambist.toml, such as acme.
        dir: The folder to make the plug-in's own folder in.
    """
    from cambist.commands import new_feed as scaffold

    for path in scaffold.write(name, dir):
        print(path)
    say("put the venue's own wire format in; `pytest` there says what is missing, `pip install -e .` makes it known")
    return OK


class Progress:
    """One line on stderr that is written over, if that is a terminal; it is gone at the end."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self("")

    def __call__(self, text: str) -> None:
        """Shows a text in the place of the one before it."""
        if self._shown:
            sys.stderr.write(f"\r\x1b[K{text[:78]}")
            sys.stderr.flush()


def _counted() -> Callable[[int, int], None]:
    """Returns what shows on a terminal how many endpoints are done; nothing is written elsewhere."""

    def tell(done: int, of: int) -> None:
        if of and sys.stderr.isatty():
            end = "\r\x1b[K" if done == of else ""
            print(f"\r{done} of {of} endpoints checked{end}", end="", file=sys.stderr, flush=True)

    return tell


class Interrupts:
    """Turns Ctrl-C and SIGTERM into a flag, so that a session closes before the process ends."""

    def __init__(self) -> None:
        self.seen = False
        self.number = 0
        """The signal that was seen first."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._note)

    def _note(self, number: int, frame: object) -> None:
        if self.seen:
            raise KeyboardInterrupt
        self.seen, self.number = True, number


def watch(runtime: Hub[LiveSource], seconds: float | None, stop: Interrupts) -> None:
    """Waits for the end of a headless run and says now and then how it goes."""
    began = spoke = time.monotonic()
    while runtime.alive and not stop.seen and (seconds is None or time.monotonic() - began < seconds):
        runtime.wait(0.05)
        if time.monotonic() - spoke >= 5:
            spoke = time.monotonic()
            _ = runtime.view
            runtime.wait(0.1)
            say(compose.progress(runtime, spoke - began))


def require_terminal(ascii_only: bool) -> None:
    """Raises `Stop` if there is no terminal to draw on."""
    del ascii_only
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Stop(UNUSABLE, "no terminal: the dashboard needs one of at least 80×24. Use --headless here.")


def summary(report: dict[str, Any]) -> str:
    """Returns a report in one line."""
    match = {True: "equal", False: "DIFFERENT", None: "not compared"}[report["digest_match"]]
    return (
        f"{report['session'] or 'not recorded'}: {report['records']:,} records, {report['seconds_recorded']:.1f} s in "
        f"{report['seconds_wall']:.1f} s, {report['gaps']} gaps, {report['opportunities']:,} sized, {report['go']} go, "
        f"{report['fills']} fills, digest {report['digest'][:8]} {match}"
    )


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    try:
        speed = float(text.rstrip("x×"))
    except ValueError:
        speed = 0.0
    if not 0.25 <= speed <= 64:
        raise Stop(UNUSABLE, f"--speed was {text!r}, expected 0.25 to 64, or max")
    return speed


def _from(text: str | None, first_ns: int, last_ns: int) -> int:
    if text is None:
        return 0
    at_ns = _moment(text, first_ns)
    if at_ns > last_ns:
        raise Stop(UNUSABLE, f"--from was {text}, after the session's end ({(last_ns - first_ns) / 1e9:.1f} s)")
    return at_ns


def _moment(text: str, first_ns: int) -> int:
    if re.fullmatch(r"\+\d{1,12}(\.\d{1,12})?", text):
        return first_ns + int(float(text) * 1e9)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Stop(UNUSABLE, f"--from was {text!r}, expected an RFC 3339 time or +seconds") from None
    if moment.tzinfo is None:
        raise Stop(UNUSABLE, f"--from was {text!r}, which names no time zone; add Z or an offset")
    return int(moment.timestamp() * 1e9)


def _interrupt(number: int, frame: object) -> None:
    """Makes SIGTERM end a command as Ctrl-C does: what it began is undone or closed."""
    raise KeyboardInterrupt


def main(argv: list[str] | None = None) -> int:
    """Runs a command; returns its exit code."""
    with contextlib.suppress(ValueError):  # not the main thread
        signal.signal(signal.SIGTERM, _interrupt)
    try:
        return int(app(argv, exit_on_error=False, print_error=False, result_action="return_value") or 0)
    except Stop as end:
        if end.message:
            say(f"cambist: {end.message}")
        return end.code
    except (ConfigError, CycloptsError) as error:
        say(f"cambist: {error}")
        return UNUSABLE
    except compose.UNUSABLE as error:
        say(f"cambist: {compose.explain(error)}")
        return UNUSABLE
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
