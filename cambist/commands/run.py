"""`cambist run`: watches the market, on a screen or without one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from msgspec.structs import replace

from cambist import heap, log
from cambist.commands.console import (
    DIFFERENT,
    INTERRUPTED,
    OK,
    UNUSABLE,
    Interrupts,
    Progress,
    Stop,
    at_level,
    print_line,
    put,
    require_terminal,
    settings,
    summary,
)

if TYPE_CHECKING:
    from cambist.runtime.hub import Hub
    from cambist.runtime.live import LiveSource

SPEAKS_S = 5.0


def run(
    *,
    config: Path | None = None,
    seed: int | None = None,
    easy: bool = False,
    hard: bool = False,
    fast: bool = False,
    headless: bool = False,
    for_: Annotated[float | None, Parameter(name="--for")] = None,
    json: bool = False,
    log_json: bool = False,
) -> int:
    """Watch the market: start the dashboard, or run without a screen.

    Args:
        config: The TOML file; without it the default one, or the embedded market if there is none.
        seed: Seed of the embedded market.
        easy: Rivals of the embedded market that leave more than real ones do; every screen says so.
        hard: Rivals that are faster and more than usual.
        fast: The embedded market on a given clock, as fast as it goes: the same session every time for a seed, with
            books of its own. Needs --headless and --for, in seconds of that clock.
        headless: No screen; a progress line goes to stderr.
        for_: End by itself after this many seconds.
        json: Print the report as one JSON object at the end.
        log_json: Write the application log as lines of JSON.
    """
    from cambist import compose

    heap.settle()
    log.begin("run", json=log_json)
    chosen = at_level(settings(config), easy=easy, hard=hard)
    if seed is not None:
        chosen = replace(chosen, market=replace(chosen.market, seed=seed))
    if for_ is not None and not 0 < for_ < 1e9:
        raise Stop(UNUSABLE, f"--for was {for_:g}, expected seconds above 0")
    if fast and (not headless or for_ is None or chosen.market.source != "demo"):
        raise Stop(UNUSABLE, "--fast needs --headless, --for and the embedded market")
    if not headless:
        require_terminal()
    stop = Interrupts()
    with Progress() as progress:
        runtime = (
            compose.given(chosen, for_)
            if fast
            else compose.live(chosen, duel=chosen.engine.duel and not headless, notify=print_line, progress=progress)
        )
    log.on_trouble(print_line if headless else lambda text: runtime.note_threadsafe("warn", "log", text))
    if not headless:
        compose.load_screen()
    runtime.start()
    try:
        if headless:
            watch(runtime, None if fast else for_, stop)
        else:
            compose.show(runtime, chosen, for_, lambda: stop.seen or not runtime.alive)
    finally:
        runtime.close()
    report = runtime.report()
    if json:
        put(report)
    else:
        print_line(summary(report))
    if runtime.failure is not None:
        raise Stop(DIFFERENT, f"the hub stopped: {runtime.failure}")
    return INTERRUPTED if stop.seen else OK


def watch(runtime: Hub[LiveSource], seconds: float | None, stop: Interrupts) -> None:
    """Waits for the end of a headless run and says now and then how it goes."""
    began = spoke = time.monotonic()
    while runtime.alive and not stop.seen and (seconds is None or time.monotonic() - began < seconds):
        runtime.wait(0.05)
        if time.monotonic() - spoke >= SPEAKS_S:
            spoke = time.monotonic()
            _ = runtime.view
            runtime.wait(0.1)
            print_line(progress(runtime, spoke - began))


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
