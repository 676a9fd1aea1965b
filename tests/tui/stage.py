"""A bare app with a scene, a runtime that remembers what it was told, and a cycle to look at."""

from __future__ import annotations

import random

import msgspec
from textual.app import App
from textual.widgets import Static

from cambist.engine.reference.series.kama import Kama
from cambist.engine.reference.series.technical import Bollinger, Ema
from cambist.model.commands import Halt
from cambist.view import (
    CycleDetail,
    CycleEnd,
    CycleHistory,
    CycleOutline,
    CycleRow,
    Gate,
    HopRow,
    Leg,
    Marker,
    PriceBar,
    PriceDetail,
    ReplayStatus,
    Runtime,
    SessionRow,
    View,
)
from tests.tui.fake import MS, NOW, FakeRuntime, price_rows
from tui.scene import Scene
from tui.widgets.canvas import Sheet

LEGS = (
    Leg("SOL", "ray4", "ray4", "58oQChx4yWmvKdwLLZzBi4ChoCc2fqCUWBkwMihLYQo2:0"),
    Leg("USDC", "orca", "orca", "3ne4mWqdYuNiYrYZC9TrA3FcfuFdErghH97vNPbjicr1:0"),
    Leg("BONK", "cpmm", "cpmm", "9xSeQ4QGxLS3sB9xNLbLGgUqYQm9cSwNmQ8j3kTqkW4b:1"),
)


def cycle_row(**changes: object) -> CycleRow:
    """Returns the cycle of the pictures."""
    values: dict[str, object] = {
        "key": "58oQ:0|3ne4:0|9xSe:1",
        "legs": LEGS,
        "unit": "SOL",
        "decimals": 9,
        "settlement": "atomic",
        "size": 12_500_000_000,
        "gross_bps": 74.6,
        "pools_bps": -54.0,
        "chain_bps": -6.4,
        "net_bps": 14.2,
        "net": 17_750_000,
        "oldest_ns": 180_000_000,
        "seen_slots": 3,
        "landing_ppm": 780_000,
        "score": 91,
        "mark": "go",
        "reason": "go",
        "detail": "",
        "decision": "sent, lands 78%",
    }
    return CycleRow(**(values | changes))  # type: ignore[arg-type]


def net_at(size: float) -> int:
    """Returns a parabola's net in lamports: 17 750 000 at 12.5 SOL, zero near 0.7 and 25."""
    return round((0.01775 - 0.000119 * (size - 12.5) ** 2) * 1e9)


def cycle_history(**changes: object) -> CycleHistory:
    """Returns the history of the pictures' cycle, which stands."""
    values: dict[str, object] = {
        "found_ns": NOW - 12_400 * MS,
        "found_slot": 312_884_102,
        "stood_ns": 12_400 * MS,
        "best_net": 18_210_000,
        "best_ns": NOW - 6_000 * MS,
    }
    return CycleHistory(**(values | changes))  # type: ignore[arg-type]  # values of many types by name


def outline(key: str, end: CycleEnd | None, **changes: object) -> CycleOutline:
    """Returns the outline of the pictures' cycle: it ended, or stands unsized where `end` is `None`."""
    return CycleOutline(1, key, "SOL", 9, cycle_history(ended=end, **changes))


def cycle_detail(**changes: object) -> CycleDetail:
    """Returns the detail of the pictures' cycle."""
    sol, usdc, bonk = 12_500_000_000, 2_155_310_000, 9_853_000_000_000
    hops = (
        HopRow("ray4", "ray4", "58oQ…YQo2", "SOL", "USDC", 9, 6, sol, usdc, 25.0, -2.1, 180_000_000),
        HopRow("orca", "orca", "3ne4…icr1", "USDC", "BONK", 6, 5, usdc, bonk, 4.0, -6.4, 180_000_000),
        HopRow("cpmm", "cpmm", "9xSe…kW4b", "BONK", "SOL", 5, 9, bonk, 12_525_750_000, 25.0, -3.8, 142_000_000),
    )
    values: dict[str, object] = {
        "version": 1,
        "row": cycle_row(),
        "hops": hops,
        "costs": (
            ("gross", 93_250_000),
            ("pool fees", -67_500_000),
            ("tip", -4_630_000),
            ("priority fee", -3_360_000),
            ("base fee", -10_000),
            ("net", 17_750_000),
        ),
        "gates": (
            Gate("net after all costs", "14.2 bps", "≥ 5.0 bps", passed=True),
            Gate("oldest quote", "180 ms", "≤ 800 ms", passed=True),
            Gate("seen for", "3 slots", "≥ 2 slots", passed=True),
            Gate("chance to land", "78%", "≥ 60%", passed=True),
            Gate("size against cap", "12.5 SOL", "≤ 20 SOL", passed=True),
            Gate("day's loss from peak", "0.031 SOL", "≤ 0.5 SOL", passed=True),
            Gate("fee and tip cap", "0.0080 SOL", "≤ 0.02 SOL", passed=True),
        ),
        "curve": tuple((round(size * 1e9 / 2), net_at(size / 2)) for size in range(1, 57)),
        "binds": "Positive from 0.7 to 25.2 SOL. Past 20 SOL the wallet cap binds; cpmm depth sets the peak.",
    }
    return CycleDetail(**({"history": cycle_history()} | values | changes))  # type: ignore[arg-type]


SECOND = 1_000_000_000
START = 1_790_000_000 * SECOND


def replay_status(**changes: object) -> ReplayStatus:
    """Returns a replay halfway through half an hour with a gap."""
    density = [40 + (index * 37) % 60 + (20 if 10 < index < 70 else 0) for index in range(232)]
    density[140:147] = [0] * 7
    values: dict[str, object] = {
        "version": 1,
        "session": "demo-1331.db",
        "playing": False,
        "speed": 1.0,
        "position_ns": START + 941 * SECOND + 212_000_000,
        "first_ns": START,
        "last_ns": START + 1867 * SECOND,
        "record": 1_204_331,
        "records": 2_410_008,
        "digest": "9f3c" + "0" * 56 + "77a1",
        "digest_match": True,
        "density": tuple(density),
        "markers": (
            Marker(START + 150 * SECOND, "fill"),
            Marker(START + 360 * SECOND, "fill"),
            Marker(START + 500 * SECOND, "bookmark", "here"),
            Marker(START + 715 * SECOND, "fill"),
            Marker(START + 845 * SECOND, "loss"),
            Marker(START + 1150 * SECOND, "gap"),
            Marker(START + 1535 * SECOND, "halt"),
            Marker(START + 1680 * SECOND, "fill"),
        ),
    }
    return ReplayStatus(**(values | changes))  # type: ignore[arg-type]


def session_row(name: str, **changes: object) -> SessionRow:
    """Returns a stored session."""
    values: dict[str, object] = {
        "name": name,
        "path": f"/sessions/{name}",
        "started_ns": START,
        "seconds": 1867.0,
        "bytes": 12_400_000,
        "records": 2_410_008,
        "bookmarks": 0,
        "imported": False,
        "open": False,
        "demo": True,
        "complete": True,
    }
    return SessionRow(**(values | changes))  # type: ignore[arg-type]


class StubRuntime(FakeRuntime):
    """A fake runtime whose sessions, checks and faults a test sets."""

    def __init__(self, view: View | None = None) -> None:
        super().__init__(view)
        self.checks: tuple[Gate, ...] = ()
        self.stored: tuple[SessionRow, ...] = ()
        self.opened: list[str] = []
        self.fault: Exception | None = None

    def sessions(self) -> tuple[SessionRow, ...]:
        return self.stored

    def check_rule(self, text: str) -> str:
        return "" if text in ("", "hops <= 3") else "column 1: `nte` is no field; did you mean `net`?"

    def live_checks(self) -> tuple[Gate, ...]:
        return self.checks

    def open_session(self, name: str) -> Runtime:
        if self.fault is not None:
            raise self.fault
        self.opened.append(name)
        status = msgspec.structs.replace(self.view.status, mode="REPLAY", background="PAPER RUNNING")
        return StubRuntime(msgspec.structs.replace(self.view, status=status, replay=replay_status(session=name)))


def with_detail(**changes: object) -> StubRuntime:
    """Returns a runtime that has opened its first cycle."""
    runtime = StubRuntime()
    detail = cycle_detail(**changes)
    row = msgspec.structs.replace(detail.row, key=runtime.view.cycles.rows[0].key)
    runtime.set(detail=msgspec.structs.replace(detail, row=row))
    return runtime


def text(app: App[None]) -> str:
    """Returns what the topmost overlay has drawn."""
    return "\n".join(app.screen.query_one(Sheet).lines())


class Stage(App[None]):
    """Shows overlays over nothing."""

    def __init__(self, runtime: StubRuntime | None = None, theme: str = "verdigris") -> None:
        super().__init__()
        self.runtime = runtime or StubRuntime()
        self.scene = Scene(theme)
        self.copied = ""

    def compose(self):
        yield Static("the dashboard")

    def action_halt(self) -> None:
        self.runtime.submit(Halt())

    def copy_to_clipboard(self, text: str) -> None:
        self.copied = text


def price_bars(count: int, *, seed: int = 3, start: float = 172.4) -> tuple[PriceBar, ...]:
    """Returns bars of a random walk; average and band are those of the streaming forms over their closes."""
    rng, close, found = random.Random(seed), start, []
    ema, kama, bands = Ema(20), Kama(), Bollinger(20, 2.0)
    for index in range(count):
        opening = close
        close = opening * (1 + rng.gauss(0, 0.0004))
        high, low = max(opening, close) * 1.0001, min(opening, close) * 0.9999
        ema.update(close)
        kama.update(close)
        bands.update(close)
        band = bands.value
        found.append(
            PriceBar(
                START + index * 5 * SECOND, opening, high, low, close, ema.value, kama.value,
                None if band is None else band.low, None if band is None else band.high,
            )
        )  # fmt: skip
    return tuple(found)


def price_detail(count: int = 61, **changes: object) -> PriceDetail:
    """Returns the detail of the pictures' SOL, whose reference venue is ray4; the last bar is provisional."""
    rows = tuple(
        msgspec.structs.replace(row, depth=0.0 if row.venue == "binance" else 1e6, reference=row.venue == "ray4")
        for row in price_rows()
        if row.token == "SOL"
    )
    *bars, last = price_bars(count)
    values: dict[str, object] = {
        "version": 1, "key": rows[0].key, "token": "SOL", "quote": "USDC", "venue": "ray4", "venue_class": "ray4",
        "source": "58oQ…YQo2", "state": "live", "age_ns": 180_000_000, "changed_ns": 600_000_000, "bars": tuple(bars),
        "provisional": last, "rsi": 61.4 if count > 14 else None, "rows": rows,
    }  # fmt: skip
    return PriceDetail(**(values | changes))  # type: ignore[arg-type]  # values of many types by name


def with_price(count: int = 61, **changes: object) -> StubRuntime:
    """Returns a runtime that has opened the first price."""
    runtime = StubRuntime()
    runtime.set(price_detail=price_detail(count, **changes))
    return runtime
