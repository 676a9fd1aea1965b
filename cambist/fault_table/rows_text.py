"""What venues and chains may call things: hostile names, from the frame to the screen."""

from __future__ import annotations

import random
import unicodedata
from typing import TYPE_CHECKING

import msgspec

from cambist.engine import build_info, make_engine
from cambist.engine.protocol import EngineSetup
from cambist.execution.paper_model import PaperParams
from cambist.execution.risk import Limits
from cambist.fault_table.problems import Problem
from cambist.fault_table.table import Outcome, Row, Scale, Tally, row
from cambist.kernel import Kernel, KernelSetup
from cambist.model.events import Channel, RecordKind, pack
from cambist.model.market import Identity, Token, VenueFee
from cambist.model.text import sanitise
from cambist.runtime.publish import Publisher
from cambist.view import View
from tui.app import CambistApp

if TYPE_CHECKING:
    from cambist.model.commands import Command
    from cambist.view import Gate, Runtime, SessionRow

SIZE = (120, 40)
WS, INFO, DEPTH = 1, 2, 3
SOL, USDC = "So11111111111111111111111111111111111111112", "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
START_NS = 1_790_000_000_000_000_000
KNOWN = (
    "[bold red]x[/]",
    "[/]",
    "[/",
    "[@click=app.quit]CLICK[/]",
    "[link=http://evil]L[/link]",
    "\x1b[2J\x1b]0;pwn\x07TOK",
    "\x9b31m",
    "\u202eevil",
    "a\u200bb",
    "a" + "\u0301" * 50,
    "a\nb\r\tc",
    "x" * 5_000,
    "龍" * 60,
    "",
    "\ud7ff\ue000",
    "=cmd|' /C calc'!A0",
    "\x7f\x00\x08",
    "{0.__class__}",
    "%s%n",
    "$(reboot)",
)
SPICE = "\x1b\x9b\u202e\u2066\u200b\u0301\n\r\t\x00\x07[]/@=龍😀\ue000 abcXYZ019"


def corpus(seed: int, count: int) -> list[str]:
    """Returns hostile strings: those known to have broken something, then random ones of the same parts."""
    draw = random.Random(seed)
    made = ["".join(draw.choices(SPICE, k=draw.randrange(1, 40))) for _ in range(max(0, count - len(KNOWN)))]
    return [*KNOWN, *made][:count]


class Shown:
    """A `Runtime` that shows one View."""

    def __init__(self, view: View) -> None:
        self.view = view

    def submit(self, command: Command) -> None:
        """Does nothing."""

    def sessions(self) -> tuple[SessionRow, ...]:
        """Returns none."""
        return ()

    def check_rule(self, text: str) -> str:
        """Takes any rule."""
        del text
        return ""

    def live_checks(self) -> tuple[Gate, ...]:
        """Returns none."""
        return ()

    def open_session(self, name: str) -> Runtime:
        """Raises `ValueError`."""
        raise ValueError(name)

    def close(self) -> None:
        """Has nothing to end."""


def view_of(name: str) -> View:
    """Returns what is shown of a market in which a token, a pair and an error bear this name."""
    channels = (
        Channel(WS, "binance", "binance", "binance.spot.ws", "wss://x"),
        Channel(INFO, "binance", "binance", "binance.spot.info", "https://x"),
        Channel(DEPTH, "binance", "binance", "binance.spot.depth", "https://x", name),
    )
    setup = EngineSetup(
        channels=channels,
        tokens=(Token(SOL, name, 9, verified=True, base=1), Token(USDC, name[::-1], 6, verified=True, base=2)),
        identities=(Identity("binance", name, SOL), Identity("binance", "USDC", USDC)),
        venue_fees=(VenueFee("binance", 1_000),),
    )
    kernel = Kernel(
        KernelSetup(setup, Limits({}, {}, 1, 1), PaperParams(0, 0, 0, 0), wallet={}, market=name),
        make_engine,
        "native" if build_info().native else "reference",
    )
    kernel.step(b"".join(_records(name)))
    publisher = Publisher(kernel)
    publisher.note(START_NS, "warn", name, name)
    view = publisher.build(kernel, START_NS + 10_000_000)
    status = msgspec.structs.replace(view.status, market=name, halt_reason=name, recording_note=name)
    return msgspec.structs.replace(view, status=status)


def _records(name: str) -> list[bytes]:
    """Returns frames of Binance about a pair of this name."""
    level = [["142.51", "30.1"]]
    pair = {"symbol": name, "status": "TRADING", "baseAsset": name, "quoteAsset": "USDC", "filters": []}
    frames: list[tuple[int, object]] = [
        (INFO, {"symbols": [pair]}),
        (DEPTH, {"lastUpdateId": 7, "bids": level, "asks": [["142.52", "4"]]}),
        (WS, {"u": 9, "s": name, "b": "142.51", "B": "1", "a": "142.52", "A": "1"}),
        (WS, {"code": 2, "msg": name, "id": 1}),
    ]
    return [
        pack(at, START_NS + at, RecordKind.FRAME, _encode(body), channel=channel, conn=1, generation=1)
        for at, (channel, body) in enumerate(frames, 1)
    ]


def _encode(body: object) -> bytes:
    return msgspec.json.encode(body)


@row(42, "hostile names on all screens", "200 strings: 0 escape characters, 0 crashes")
async def names(this: Row, scale: Scale) -> Outcome:
    """Paints every name on a whole dashboard of its own, which paints all of it at once, and reads the screen back."""
    tally, seen = Tally(), 0
    app = CambistApp(Shown(View()))
    async with app.run_test(size=SIZE) as pilot:
        for name in corpus(scale.seed, scale.of(200, 25)):
            app.open_runtime(Shown(view_of(name)))
            tally.trials += 1
            tally.frames += 4
            await pilot.pause()
            for key in ("question_mark", "escape") if tally.trials % 20 == 0 else ():
                await pilot.press(key)
            text = _text(app)
            app.close_runtime()
            bad = sorted({char for char in text if _hostile(char)})
            seen += sanitise(name)[:6].strip() in text
            tally.expect(not bad, Problem.TEXT_LEAKED, f"{name[:20]!r} left {bad} on the screen")
    tally.expect(seen == tally.trials, Problem.TOO_FEW, f"only {seen} of {tally.trials} names were on the screen")
    tally.expect(app.return_code in (0, None), Problem.TEXT_LEAKED, f"the dashboard ended with {app.return_code}")
    return tally.outcome(this, f"{tally.trials} names painted")


def _text(app: CambistApp) -> str:
    """Returns all text of the screen as it would go to the terminal, without what the driver itself adds."""
    strips = app.screen._compositor.render_strips()  # what is painted, before styles become escapes
    return "".join(segment.text for strip in strips for segment in strip if not segment.control)


def _hostile(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
