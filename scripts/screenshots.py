"""Draws screenshots/ from a recorded session: every size, theme and state, as SVG.

Without `--session` it records the embedded market first. A still shows the session as it looked when it was recorded
(PAPER); the replay picture shows it as a recording.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from cambist import compose
from cambist import engine as engines
from cambist.config import Config, EngineChoice, Market, Recording
from cambist.engine.duel import Duel
from cambist.model.commands import Command, Pause, SetSpeed
from cambist.runtime.hub import Hub
from cambist.runtime.pace import cut
from cambist.runtime.playing import RecordedSource
from cambist.runtime.replay import Replayer
from cambist.runtime.status import live_gates
from cambist.runtime.timing import RECORDS, Input
from cambist.view import DuelSection, PanelState
from tui.app import CambistApp
from tui.screenshot import export_svg

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.engine.protocol import Keyframe
    from cambist.view import Gate, Runtime, SessionRow, View

FOREVER_NS = 2**63 - 1
FOLDER = Path(__file__).resolve().parent.parent / "screenshots"
SIZES = {"80x24": (80, 24), "120x40": (120, 40), "200x60": (200, 60)}
THEMES = {"dark": "verdigris", "light": "ledger", "safe": "harbour"}
HISTORY_NS = 300_000_000_000
HISTORY_SPEED = 24.0
"""How much of the session is played before the picture, so that charts have something to show, and how fast."""
FONT = "'JetBrains Mono', 'DejaVu Sans Mono', 'Fira Code', monospace"


class Still:
    """A `Runtime` that stands at one View."""

    def __init__(self, view: View, gates: tuple[Gate, ...], **status: Any) -> None:
        self.gates = gates
        self.view = msgspec.structs.replace(view, status=msgspec.structs.replace(view.status, **status), replay=None)

    def submit(self, command: Command) -> None:
        """Does nothing: the picture stands."""

    def sessions(self) -> tuple[SessionRow, ...]:
        """Has none."""
        return ()

    def check_rule(self, text: str) -> str:
        """Takes any rule."""
        return ""

    def live_checks(self) -> tuple[Gate, ...]:
        """Checks what a run on the recorded market would check."""
        return self.gates

    def open_session(self, name: str) -> Runtime:
        """Can't."""
        raise ValueError(name)

    def close(self) -> None:
        """Has nothing to end."""


def record(folder: Path, seconds: float) -> Path:
    """Records the embedded market and returns the session."""
    config = Config(
        market=Market(level="easy"), recording=Recording(folder=str(folder)), engine=EngineChoice(duel=True)
    )
    runtime = compose.live(config, duel=False)
    runtime.start()
    end = time.monotonic() + seconds
    while runtime.alive and time.monotonic() < end:
        runtime.wait(1.0)
    runtime.close()
    return folder / f"{runtime.session}.cambist"


def watch(runtime: Hub[RecordedSource], done: Callable[[View], bool], seconds: float) -> None:
    """Reads the View as a screen does until `done` or time is up: what it keeps over time, it keeps as it is read."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not done(runtime.view):
        time.sleep(0.05)


def at(session: Path, before_end_ns: int) -> tuple[Hub[RecordedSource], View]:
    """Returns a replay paused shortly before the session's end, and its View."""
    reader = compose.open_reader(Config(), str(session))
    last_ns = max(chunk.last_ns for chunk in reader.index())
    moment_ns = last_ns - before_end_ns
    kernel = compose.replay_kernel(reader, None)
    source = RecordedSource(reader, kernel, name=session.stem, speed=HISTORY_SPEED, from_ns=moment_ns - HISTORY_NS)
    runtime = Hub(kernel, source)
    runtime.start()
    watch(runtime, lambda view: view.status.now_ns >= moment_ns, 60)
    runtime.submit(SetSpeed(1.0))
    watch(runtime, lambda view: any(row.mark == "go" for row in view.cycles.rows), 60)
    runtime.submit(Pause())
    watch(runtime, lambda view: view.replay is not None and not view.replay.playing, 5)
    return runtime, runtime.view


def first_records(keyframe: Keyframe, block: bytes) -> bytes:
    """Returns as many records of a block as a live run would have timed, up to a moment."""
    made, begin = Input(keyframe), 0
    while begin < len(block) and not made.enough:
        end, count, _ = cut(block, begin, FOREVER_NS, RECORDS)
        made.add(block[begin:end], count)
        begin = end
    return made.records()


def timed(session: Path, before_end_ns: int, seconds: float = 60.0) -> DuelSection:
    """Returns both engines' times on the session's own records, as a live run would show them."""
    reader = compose.open_reader(Config(), str(session))
    kernel = compose.replay_kernel(reader, None)
    replayer = Replayer(reader, kernel, keyframes=False)
    replayer.seek(max(chunk.last_ns for chunk in reader.index()) - before_end_ns)
    duel = Duel.start(msgspec.json.encode(kernel.setup.engine))
    try:
        end = time.monotonic() + seconds
        for chunk in itertools.cycle(reader.blocks(from_seq=kernel.last_seq + 1)):
            keyframe = kernel.engine.keyframe()
            duel.offer(keyframe, first_records(keyframe, chunk.block))
            time.sleep(0.5)
            rows = duel.rows()
            if time.monotonic() > end or (rows and all(row.python_p50 is not None for row in rows)):
                break
    finally:
        duel.close()
    return DuelSection(1, PanelState(), rows, engines.build_info().profile, sum(row.mismatches for row in rows))


async def draw(
    runtime: Any, name: str, size: tuple[int, int], theme: str, *keys: str, ascii_only: bool = False
) -> None:
    """Writes one picture after pressing some keys."""
    app = CambistApp(runtime, theme=theme, motion="off", ascii=ascii_only)
    async with app.run_test(size=size) as pilot:
        await pilot.pause(0.6)
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.3)
        await pilot.pause(0.4)
        text = export_svg(app)
    text = re.sub(r"@font-face\s*{[^}]*}", "", text)
    text = re.sub(r"font-family: ?[^;]*;", f"font-family: {FONT};", text)
    (FOLDER / f"{name}.svg").write_text(text, encoding="utf-8")
    print(name, file=sys.stderr)


async def everything(view: View, replay: Hub[RecordedSource], recorded: tuple[int, int]) -> None:
    """Draws every picture."""
    began_ns, size = recorded
    gates = live_gates(replay.kernel, recording=True)
    paper = Still(
        view, gates, mode="PAPER", market="seed 7", recording=True, recorded_since_ns=began_ns, recorded_bytes=size
    )
    seen = {"recording": True, "recorded_since_ns": began_ns, "recorded_bytes": size}
    halted = Still(
        view, gates, mode="PAPER", market="seed 7", state="HALTED", halt_reason="halted by the operator", **seen
    )
    for size_name, cells in SIZES.items():
        for theme_name, theme in THEMES.items():
            await draw(paper, f"dashboard-{size_name}-{theme_name}", cells, theme)
    await draw(paper, "dashboard-80x24-ascii", SIZES["80x24"], "ansi16", ascii_only=True)
    await draw(halted, "dashboard-120x40-halted", SIZES["120x40"], "verdigris")
    await draw(paper, "dashboard-120x40-frozen", SIZES["120x40"], "verdigris", "space")
    await draw(paper, "help-120x40-dark", SIZES["120x40"], "verdigris", "question_mark")
    await draw(paper, "going-live-120x40-dark", SIZES["120x40"], "verdigris", "m")
    await draw(replay, "replay-120x40-dark", SIZES["120x40"], "verdigris")
    await draw(replay, "cycle-detail-120x40-dark", SIZES["120x40"], "verdigris", "2", "enter")
    for size_name, cells in SIZES.items():
        await draw(replay, f"price-detail-{size_name}-dark", cells, "verdigris", "1", "enter")
        await draw(paper, f"history-{size_name}-dark", cells, "verdigris", "h")
    await draw(paper, "too-small-60x14-dark", (60, 14), "verdigris")


def main() -> None:
    """Records or takes a session, then draws."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--session", type=Path, help="a recorded session; without it one is recorded")
    parser.add_argument("--record", type=float, default=300.0, metavar="SECONDS", help="how long to record")
    parser.add_argument("--before-end", type=float, default=20.0, metavar="SECONDS", help="which moment to draw")
    options = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        session = options.session or record(Path(folder), options.record)
        before_end_ns = int(options.before_end * 1e9)
        replay, view = at(session, before_end_ns)
        view = msgspec.structs.replace(view, duel=timed(session, before_end_ns))
        began_ns = view.replay.first_ns if view.replay else 0
        try:
            asyncio.run(everything(view, replay, (began_ns, session.stat().st_size)))
        finally:
            replay.close()


if __name__ == "__main__":
    main()
