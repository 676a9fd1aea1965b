"""A runtime for tests: holds a View with the data of the pictures, records what is submitted."""

from __future__ import annotations

import math
import random
import time
from typing import TYPE_CHECKING, Any

import msgspec

from cambist.model.commands import name_of
from cambist.view import (
    CycleRow,
    CyclesSection,
    DuelRow,
    DuelSection,
    FeeColumn,
    FeedRow,
    FeedsSection,
    FeesSection,
    Gate,
    Headline,
    Leg,
    LogRow,
    LogSection,
    Marker,
    PanelState,
    PriceRow,
    PricesSection,
    ReplayStatus,
    Runtime,
    SessionRow,
    Status,
    TradeRow,
    TradesSection,
    View,
    Wallet,
)

if TYPE_CHECKING:
    from cambist.model.commands import Command

MS, S = 1_000_000, 1_000_000_000
NOW = int(time.mktime((2025, 11, 21, 14, 2, 31, 0, 0, -1))) * S + 480 * MS
CLASSES = {"ray4": "ray4", "cpmm": "cpmm", "orca": "orca", "dlmm": "dlmm", "binance": "binance"}
DECIMALS = {"SOL": 9, "USDC": 6, "USDT": 6, "mSOL": 9}


def at(clock: str) -> int:
    """Returns the session time of HH:MM:SS on the pictures' day."""
    hour, minute, second = (int(part) for part in clock.split(":"))
    return int(time.mktime((2025, 11, 21, hour, minute, second, 0, 0, -1))) * S


def legs(route: str) -> tuple[Leg, ...]:
    """Returns the legs of `SOL ray4 USDC orca SOL`."""
    words = route.split()
    return tuple(
        Leg(token, venue, CLASSES.get(venue, "other"), f"{venue}{index}:0")
        for index, (token, venue) in enumerate(zip(words[::2], words[1::2], strict=False))
    )


def wave(seed: int, drift: float, count: int = 60) -> tuple[float, ...]:
    """Returns a small random walk with a drift."""
    rng, value, out = random.Random(seed), 100.0, []
    for _ in range(count):
        value += rng.gauss(drift, 0.35)
        out.append(value)
    return tuple(out)


_PRICES = (
    ("SOL", "binance", 172.431, 172.442, 0.42, 61, 14, 4, 38, "a"),
    ("SOL", "ray4", 172.398, 172.829, 0.40, 60, 12, 4, 180, ""),
    ("SOL", "orca", 172.455, 172.524, 0.43, 62, 15, 5, 240, "b"),
    ("SOL", "dlmm", 172.420, 172.455, 0.41, 61, 13, 4, 205, ""),
    ("JUP", "orca", 0.84127, 0.84211, -1.12, 38, -41, 1, 310, "a"),
    ("JUP", "dlmm", 0.84188, 0.84230, -1.05, 39, -38, 2, 160, "b"),
    ("BONK", "orca", 0.000021874, 0.000021891, 2.31, 71, 88, 6, 180, "ab"),
    ("BONK", "cpmm", 0.000021822, 0.000021931, 2.18, 70, 81, 5, 420, ""),
    ("WIF", "ray4", 1.84310, 1.85232, -0.37, 46, -9, 3, 290, ""),
    ("WIF", "dlmm", 1.84402, 1.84586, -0.33, 46, -8, 3, 210, "ab"),
    ("RAY", "cpmm", 2.41190, 2.42396, 0.08, 52, 2, 3, 2400, "s"),
    ("JTO", "dlmm", 2.20740, 2.20961, 0.61, 57, 17, 4, 330, "ab"),
    ("JTO", "cpmm", 2.20510, 2.21613, 0.55, 56, 15, 4, 410, ""),
    ("ORCA", "orca", 3.10220, 3.10282, -0.15, 49, -4, 3, 270, "ab"),
    ("ORCA", "cpmm", 3.09870, 3.11419, -0.21, 48, -6, 3, 380, ""),
    ("jitoSOL", "orca", 208.114, 208.135, 0.42, 60, 14, 4, 150, ""),
    ("mSOL", "orca", 221.870, 221.892, 0.41, 60, 13, 4, 190, ""),
    ("USDT", "binance", 1.00012, 1.00013, 0.0, 50, 0, 3, 44, ""),
)


def price_rows() -> tuple[PriceRow, ...]:
    """Returns the rows of the pictures."""
    rows = []
    for index, (token, venue, bid, ask, change, rsi, ema, band, age, flags) in enumerate(_PRICES):
        mid = (bid + ask) / 2
        width = mid * 0.004
        low = mid - width * band / 6
        rows.append(
            PriceRow(
                key=f"{token}/{venue}", token=token, venue=venue, bid=bid, ask=ask, age_ns=age * MS,
                change_1h=change / 100, change_span_ns=3600 * S, spark=wave(index, change / 6),
                rsi=float(rsi), ema=mid / (1 + ema / 10_000), band_low=low, band_high=low + width,
                best_bid="b" in flags, best_ask="a" in flags, stale="s" in flags, source="demo", venue_class=venue,
                quote="USDC", unit="USDC",
            )
        )  # fmt: skip
    return tuple(rows)


_CYCLES = (
    ("SOL ray4 USDC orca BONK cpmm", 12.50, 74.6, 54.0, 6.4, 14.2, 0.01775, 180, 3, 78, 91, "go", "sent, lands 78%"),
    ("SOL orca USDC dlmm JUP ray4", 8.00, 48.1, 39.0, 3.2, 5.9, 0.00472, 240, 2, 71, 74, "go", "go"),
    ("USDC dlmm jitoSOL orca SOL binance", 2400, 17.9, 9.5, 2.6, 5.8, 1.392, 95, 5, 83, 72, "go", "go"),
    ("SOL ray4 RAY cpmm USDC orca", 7.40, 71.9, 54.0, 4.0, 13.9, 0.01029, 2400, 6, None, None, "stale",
     "stale cpmm 2.4 s"),
    ("SOL cpmm ORCA orca USDC ray4", 9.80, 66.4, 54.0, 3.1, 9.3, 0.00911, 205, 4, 70, 68, "blocked", "cap ORCA 5 SOL"),
    ("SOL cpmm WIF ray4 USDC orca", 6.20, 58.0, 54.0, 1.9, 2.1, 0.0013, 310, 1, 66, 48, "skip", "below min 5.0"),
    ("SOL dlmm BONK orca USDC ray4 JUP cpmm", 3.10, 92.3, 79.0, 11.6, 1.7, 0.00053, 420, 2, 52, 41, "skip",
     "below min 5.0"),
    ("mSOL orca SOL dlmm", 40.00, 7.1, 5.0, 0.6, 1.5, 0.006, 150, 9, 80, 39, "skip", "below min 5.0"),
    ("USDT binance SOL orca USDC dlmm", 1800, 12.6, 12.5, 2.9, -2.8, -0.504, 110, 1, 81, 22, "skip", "below min 5.0"),
    ("SOL orca JTO dlmm USDC ray4", 5.50, 34.8, 39.0, 2.0, -6.2, -0.00341, 280, 2, 69, 15, "skip", "below min 5.0"),
    ("SOL ray4 WIF dlmm", 2.20, 31.0, 35.0, 4.6, -8.6, -0.00189, 330, 1, 60, 11, "skip", "below min 5.0"),
    ("SOL cpmm JUP orca jitoSOL dlmm", 4.00, 27.7, 39.0, 2.8, -14.1, -0.00564, 260, 1, 72, 6, "skip", "below min 5.0"),
    ("USDC orca RAY cpmm SOL ray4", 900, 30.2, 54.0, 2.5, -26.3, -2.367, 390, 1, 64, 3, "skip", "below min 5.0"),
    ("SOL dlmm WIF orca USDC ray4", 1.10, 14.0, 39.0, 12.4, -37.4, -0.00411, 210, 1, 61, 1, "skip", "below min 5.0"),
    ("SOL orca BONK cpmm USDC ray4", 1.50, 22.1, 54.0, 9.1, -41.0, -0.00615, 300, 1, 58, 1, "skip", "below min 5.0"),
    ("SOL ray4 JTO cpmm USDC dlmm", 2.00, 20.8, 60.0, 6.9, -46.1, -0.00922, 370, 1, 55, 0, "skip", "below min 5.0"),
)  # fmt: skip


def cycle_rows() -> tuple[CycleRow, ...]:
    """Returns the rows of the pictures."""
    rows = []
    for route, size, gross, pools, chain, net_bps, net, age, slots, lands, score, mark, decision in _CYCLES:
        unit = route.split()[0]
        decimals = DECIMALS.get(unit, 9)
        rows.append(
            CycleRow(
                key=route.replace(" ", ">"), legs=legs(route), unit=unit, decimals=decimals,
                settlement="legged" if "binance" in route else "atomic", size=round(size * 10**decimals),
                gross_bps=gross, pools_bps=-pools, chain_bps=-chain, net_bps=net_bps, net=round(net * 10**decimals),
                oldest_ns=age * MS, seen_slots=slots, landing_ppm=None if lands is None else lands * 10_000,
                score=score, mark=mark, reason=decision.split()[0], detail=decision, decision=decision,
            )
        )  # fmt: skip
    return tuple(rows)


def fee_columns() -> tuple[FeeColumn, ...]:
    """Returns 15 minutes of percentiles with a storm in the middle."""
    rng, columns = random.Random(3), []
    for index in range(60):
        storm = math.exp(-(((index - 36) / 6) ** 2)) + 0.5 * math.exp(-(((index - 14) / 5) ** 2)) + index / 160
        level = 0.35 + storm + rng.uniform(-0.08, 0.08)
        values = [round(base * math.exp(2.2 * level - 0.6)) for base in (1500, 5200, 16_000, 43_000, 140_000)]
        columns.append(FeeColumn(NOW - (59 - index) * 15 * S, *values))
    return tuple(columns)


_TRADES = (
    ("14:01:58", "SOL x USDC x BONK x", 14.2, 13.1, 0.0164, "filled"),
    ("14:01:12", "SOL x USDC x JUP x", 6.8, 6.9, 0.0055, "filled"),
    ("14:00:47", "SOL x WIF x USDC x", 7.4, -3.2, -0.0020, "filled"),
    ("13:59:30", "USDC x jitoSOL x SOL x", 5.5, 5.1, 0.0031, "filled"),
    ("13:58:55", "SOL x RAY x USDC x", 11.9, None, None, "missed"),
    ("13:57:21", "SOL x USDC x BONK x", 18.6, 17.7, 0.0221, "filled"),
    ("13:56:02", "SOL x JTO x USDC x", 6.1, 5.8, 0.0032, "filled"),
    ("13:55:40", "SOL x ORCA x USDC x", 8.8, 8.1, 0.0040, "filled"),
    ("13:54:19", "SOL x USDC x JUP x", 5.2, 4.9, 0.0039, "filled"),
    ("13:53:08", "mSOL x SOL x", 5.9, 5.5, 0.0220, "filled"),
)


def trade_rows() -> tuple[TradeRow, ...]:
    """Returns the rows of the pictures."""
    return tuple(
        TradeRow(
            id=41 - index, at_ns=at(clock), legs=legs(route), unit="SOL", decimals=9, hoped_bps=hoped, got_bps=got,
            net=None if net is None else round(net * 1e9), status=status,
        )
        for index, (clock, route, hoped, got, net, status) in enumerate(_TRADES)
    )  # fmt: skip


def _curve() -> tuple[float, ...]:
    rng, value, out = random.Random(5), 0.0, []
    for index in range(90):
        value = max(-0.01, value + rng.uniform(-0.004, 0.012) * (0.4 + index / 60))
        out.append(value)
    scale = 0.851 / max(out)
    return tuple(value * scale for value in out)


_DUEL = (
    ("decode", 410, 780, 19_800, 31_700), ("amm_math", 90, 170, 6_200, 9_920), ("graph", 220, 420, 14_700, 23_500),
    ("cycle_finder", 11_800, 22_400, 1_240_000, 1_980_000), ("multiverse", 38_400, 73_000, 4_410_000, 7_060_000),
    ("sizing", 2_900, 5_510, 210_000, 336_000), ("scorer", 600, 1_140, 17_100, 27_400),
    ("technical", 1_700, 3_230, 44_000, 70_400), ("fees", 3_100, 5_890, 2_400, 3_840),
    ("base58", 50, 100, 3_900, 6_240),
)  # fmt: skip


def duel_rows() -> tuple[DuelRow, ...]:
    """Returns the rows of the pictures; in one Python is faster."""
    return tuple(DuelRow(m, r50, r99, p50, p99, p50 / r50, 400, 0) for m, r50, r99, p50, p99 in _DUEL)


_FEEDS = (
    ("solana", "live", 1840.0, 12, 0), ("binance", "live", 412.0, 38, 0), ("orca", "live", 640.0, 14, 1),
    ("ray4", "live", 502.0, 13, 0), ("cpmm", "stale", 0.0, 2400, 1), ("dlmm", "live", 371.0, 15, 0),
    ("fees", "live", 3.0, 410, 0),
)  # fmt: skip


def feed_rows() -> tuple[FeedRow, ...]:
    """Returns the rows of the pictures."""
    return tuple(FeedRow(name, state, per_s, lag * MS, gaps, 0) for name, state, per_s, lag, gaps in _FEEDS)


_LOG = (
    ("13:31:24", "info", "session", "recording to sessions/demo-1331.db, kept 7 days or 20 GB"),
    ("13:58:55", "info", "trade", "missed 0037: a rival closed the gap 1 slot earlier"),
    ("14:00:47", "info", "trade", "fill 0039 realised −3.2 bps: price moved −8.9, depth −1.1, fees −0.6"),
    ("14:01:31", "warn", "feeds", "orca: gap of 3 slots, snapshot taken again in 212 ms"),
    ("14:01:58", "info", "trade", "sent 0041, tip 0.0011 SOL, slot 312 884 099"),
    ("14:02:12", "info", "fees", "congestion 58 → 62, bid raised to p75"),
    ("14:02:29", "info", "risk", "refused SOL→ORCA→USDC→SOL: ORCA is capped at 5 SOL, asked 9.8"),
    ("14:02:30", "info", "trade", "fill 0041 SOL→USDC→BONK→SOL, expected +14.2 bps, got +13.1"),
    ("14:02:31", "warn", "feeds", "cpmm: no account update for 2.4 s; its 11 pools are out of detection"),
)


def rich_view() -> View:
    """Returns the View of the pictures."""
    cycles = cycle_rows()
    columns = fee_columns()
    return View(
        status=Status(
            version=1, mode="PAPER", demo=True, market="seed 7", recording=True, recorded_bytes=12_400_000,
            recorded_since_ns=NOW - 1867 * S, retention_bytes=20_000_000_000, events_per_s=2041.0, slot=312_884_102,
            queue=3, now_ns=NOW, wall_ns=NOW, signer="7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosg9fQ2",
        ),
        headline=Headline(
            version=1, best=cycles[0], realised=842_100_000, fills=37, orders=41, missed=4, from_peak=-31_000_000,
            loss_limit=500_000_000, congestion=62, since_ns=at("13:31:24"),
            per_minute=(180, 190, 188, 201, 220, 231, 215, 209, 205, 212), go_last_minute=9,
            score_p50_ns=38_000, score_p99_ns=71_000,
        ),
        prices=PricesSection(1, PanelState(), price_rows(), "USDC", 15, 60),
        cycles=CyclesSection(1, PanelState(), cycles, 5.0, 212, 14.2),
        fees=FeesSection(
            version=1, state=PanelState(), columns=columns, score=62, trend="rising", bid_percentile="p75", hops=3,
            now=FeeColumn(NOW, 3_100, 12_400, 41_000, 118_000, 412_000), total=8_010_000, total_bps=6.4,
            tip=4_600_000, priority=3_400_000, base=10_000, source="demo", age_ns=120 * MS,
        ),
        duel=DuelSection(1, PanelState(), duel_rows(), "release", 0),
        trades=TradesSection(
            1, PanelState(), Wallet("paper", 100_842_100_000, 842_100_000), Wallet("real", 12_003_000_000, 21_200_000),
            trade_rows(), _curve(),
        ),
        feeds=FeedsSection(1, PanelState(), feed_rows()),
        log=LogSection(1, tuple(LogRow(at(clock), level, source, text) for clock, level, source, text in _LOG)),
    )  # fmt: skip


def replay_status() -> ReplayStatus:
    """Returns the playback of the replay picture."""
    rng = random.Random(2)
    first, last = at("13:31:24"), at("14:02:31")
    return ReplayStatus(
        version=1, session="demo-1331.db", playing=False, speed=1.0, position_ns=at("13:47:05") + 212 * MS,
        first_ns=first, last_ns=last, record=1_204_331, records=2_410_008, digest="9f3c11c077a1", digest_match=True,
        density=tuple(rng.randint(200, 1800) for _ in range(120)),
        markers=(Marker(at("13:34:10"), "fill"), Marker(at("13:51:20"), "gap"), Marker(at("13:57:00"), "halt")),
    )  # fmt: skip


class FakeRuntime:
    """A `Runtime` whose View a test sets; `submitted` holds the commands it got."""

    def __init__(self, view: View | None = None) -> None:
        self._view = rich_view() if view is None else view
        self.submitted: list[Command] = []
        self.closed = False

    @property
    def view(self) -> View:
        return self._view

    def set(self, **sections: Any) -> None:
        """Replaces whole sections."""
        self._view = msgspec.structs.replace(self._view, **sections)

    def change(self, section: str, **fields: Any) -> None:
        """Changes fields of a section and counts its version up."""
        before = getattr(self._view, section)
        after = msgspec.structs.replace(before, version=before.version + 1, **fields)
        self.set(**{section: after})

    def submit(self, command: Command) -> None:
        self.submitted.append(command)

    def names(self) -> list[str]:
        """Returns the names of the commands submitted."""
        return [name_of(command) for command in self.submitted]

    def sessions(self) -> tuple[SessionRow, ...]:
        return (
            SessionRow("demo-1331", "sessions/demo-1331.db", at("13:31:24"), 1867.0, 12_400_000, 2_410_008, 2,
                       imported=False, open=True, demo=True, complete=False),
        )  # fmt: skip

    def check_rule(self, text: str) -> str:
        return "" if text in ("", "hops <= 3") else "column 1: `nte` is no field; did you mean `net`?"

    def live_checks(self) -> tuple[Gate, ...]:
        return (Gate("keypair", "missing", "live.keypair", passed=False),)

    def open_session(self, name: str) -> Runtime:
        return FakeRuntime(msgspec.structs.replace(rich_view(), replay=replay_status()))

    def close(self) -> None:
        self.closed = True
