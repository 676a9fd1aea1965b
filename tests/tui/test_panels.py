"""What each panel and the headline say, at every width."""

from __future__ import annotations

import re

import msgspec
import pytest

from cambist.model.commands import RetryFeed
from cambist.view import (
    FeeInputRow,
    FeesSection,
    Headline,
    PanelState,
    TradesSection,
    Valued,
    View,
)
from tests.tui.board import board, screen_lines, settle, table
from tests.tui.fake import MS, NOW, FakeRuntime, S
from tui.app import CambistApp


@pytest.mark.parametrize("width", [80, 110, 120, 150, 200])
async def test_a_long_reason_for_not_recording_ends_before_the_state(width):
    runtime = FakeRuntime()
    runtime.change("status", recording=False, recording_note="disk full: free space or press R, trading is disarmed")
    async with CambistApp(runtime).run_test(size=(width, 50)) as pilot:
        await settle(pilot, pilot.app)
        left, state, _ = screen_lines(pilot.app)[0].partition("● RUNNING")
        assert state
        assert "not recording" in left
        assert left.endswith("  ")


async def test_realised_and_fills_never_touch_at_80_columns():
    runtime = FakeRuntime()
    for fills, orders in ((206, 444), (12_345, 45_678)):
        runtime.change("headline", realised=2_092_300_000, fills=fills, orders=orders)
        async with CambistApp(runtime).run_test(size=(80, 24)) as pilot:
            await settle(pilot, pilot.app)
            assert re.search(r"\+2(\.\d+)? SOL  +\d+( k)? of \d+( k)? *$", screen_lines(pilot.app)[2])


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_a_sum_without_a_price_is_unknown_and_says_why(size):
    runtime = FakeRuntime()
    why = Valued("no SOL price: 12.0 s old at orca, 5 s allowed")
    paper = msgspec.structs.replace(runtime.view.trades.paper, change=None, valued=why)
    runtime.change("headline", realised=None, valued=why)
    runtime.change("trades", paper=paper, curve=())
    async with CambistApp(runtime).run_test(size=size) as pilot:
        await settle(pilot, pilot.app)
        lines = screen_lines(pilot.app)
        assert any("no SOL price" in line for line in lines[:5])
        wallets = [line for line in lines if "paper 1" in line]
        if size[0] > 80:
            assert any(re.search(r"paper [\d.]+ SOL no SOL price.* real", line) for line in wallets)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_an_order_that_is_not_on_disk_yet_has_a_muted_mark_and_nothing_moves_when_it_is(size):
    runtime = FakeRuntime()
    rows = runtime.view.trades.rows
    runtime.change("trades", rows=(msgspec.structs.replace(rows[0], recorded=False), *rows[1:]))
    async with CambistApp(runtime).run_test(size=size) as pilot:
        await settle(pilot, pilot.app)
        marked = screen_lines(pilot.app)
        (y,) = [y for y, line in enumerate(marked) if "○ 14:01" in line]
        assert all("○ 1" not in line[board(pilot.app).floor.boxes["trades"].x :] for line in marked[y + 1 : -2])
        await pilot.press("5")
        await pilot.pause(0.2)
        assert "▌○14:01" in screen_lines(pilot.app)[y]
        await pilot.press("2")
        runtime.change("trades", rows=rows)
        await pilot.pause(0.2)
        assert screen_lines(pilot.app)[y] == marked[y].replace("○ 14:01", "  14:01")


@pytest.mark.parametrize(("keys", "words"), [("5", "orca 400 ms"), ("5z", "by orca 400 ms")])
async def test_a_sum_says_where_its_price_comes_from_and_how_old_it_is(keys, words):
    runtime = FakeRuntime()
    paper = msgspec.structs.replace(runtime.view.trades.paper, valued=Valued("", "orca", "orca…ress", 400_000_000))
    runtime.change("trades", paper=paper)
    async with CambistApp(runtime).run_test(size=(200, 60)) as pilot:
        await pilot.press(*keys)
        await settle(pilot, pilot.app)
        lines = screen_lines(pilot.app)
        assert any(re.search(rf"paper .* SOL \+[\d.]+ {words} +real", line) for line in lines)


async def test_fees_of_a_cheap_chain_are_shown_in_full_and_relate_to_a_size():
    runtime = FakeRuntime()
    runtime.change("fees", total=33_450, total_bps=0.0167, size=20_000_000_000, tip=1_000, priority=27_450, base=5_000)
    async with CambistApp(runtime).run_test(size=(120, 40)) as pilot:
        await settle(pilot, pilot.app)
        text = "\n".join(board(pilot.app).panels["fees"].lines())
        assert "0.00003 SOL = 0.02 bps of 20 SOL" in text
        assert "tip 0.0₅1 · prio 0.00003 · base 0.00001" in text


async def test_fees_say_where_each_figure_comes_from_and_how_old_it_is():
    runtime = FakeRuntime()
    inputs = (
        FeeInputRow("bid", "p75", 41_000, 400_000_000),
        FeeInputRow("fullness", "logs", 123_000, 2_000_000_000),
        FeeInputRow("landing", "outcomes", 750_000, None),
        FeeInputRow("estimate", "a[red]b", None, 0),
    )
    runtime.change("fees", inputs=inputs)
    async with CambistApp(runtime).run_test(size=(120, 40)) as pilot:
        await settle(pilot, pilot.app)
        await pilot.press("3", "z")
        await settle(pilot, pilot.app)
        lines = [line.rstrip() for line in board(pilot.app).panels["fees"].lines()]
        text = "\n".join(" ".join(line.split()) for line in lines)
    assert "bid p75 400 ms 41 000" in text
    assert "fullness, observed logs 2.0 s 12.3%" in text
    assert "landing outcomes 75.0%" in text
    assert "a[red]b" in text


STATES = [
    (PanelState("loading", "Waiting for the first account data from solana.", "", NOW - 800 * MS), "loading", "0.8 s"),
    (PanelState("empty", "No cycle is profitable now.", "Best is −2.8 bps."), "empty", "Best is −2.8 bps."),
    (
        PanelState("stale", "no slot from node A for 5.2 s.", "Retry in 3 s.", NOW - 5200 * MS),
        "◌ stale 5.2 s",
        "node A",
    ),
    (PanelState("error", "binance refused the connection (HTTP 429).", "Again in 8 s."), "× error", "HTTP 429"),
]


@pytest.mark.parametrize(("state", "word", "words"), STATES)
async def test_a_state_is_in_the_title_and_its_cause_in_the_body(state, word, words):
    runtime = FakeRuntime()
    for name in ("prices", "cycles", "fees", "duel", "trades", "feeds"):
        runtime.change(
            name, state=state, **({"columns": (), "now": None, "score": None} if name == "fees" else {"rows": ()})
        )
    runtime.change("trades", paper=None, real=None)
    async with CambistApp(runtime).run_test(size=(120, 40)) as pilot:
        await settle(pilot, pilot.app)
        for panel in board(pilot.app).panels.values():
            if panel.id in board(pilot.app).shown():
                assert word.split()[-1 if word[0] == "×" else 0] in panel.lines()[0]
        cycles = table(pilot.app, "cycles")
        assert word in cycles.lines()[0]
        assert words in "\n".join(cycles.lines())


async def test_a_feed_that_is_down_says_why_and_when_it_is_tried_again():
    runtime = FakeRuntime()
    rows = list(runtime.view.feeds.rows)
    down = {"state": "down", "note": "HTTP 429", "last_ns": NOW - 41 * S, "attempt": 3, "wait_ns": 16 * S}
    rows[1] = msgspec.structs.replace(rows[1], **down, retry_at_ns=NOW + 8 * S)
    rows[2] = msgspec.structs.replace(rows[2], state="down", note="connection lost")
    state = PanelState("error", "binance: HTTP 429.", "Other feeds go on.")
    runtime.change("feeds", rows=tuple(rows), state=state)
    async with CambistApp(runtime).run_test(size=(120, 40)) as pilot:
        await settle(pilot, pilot.app)
        assert "× error" in table(pilot.app, "feeds").lines()[0]
        assert "binance: HTTP 429." in "\n".join(table(pilot.app, "feeds").lines())
        await pilot.press("6", "z")
        await settle(pilot, pilot.app)
        words = [line.strip() for line in table(pilot.app, "feeds").lines()]
        assert "try 3, again in 8 s   ━━━───" in words
        assert "Last good data 41.0 s ago. Other feeds go on." in words
        runtime.change("status", now_ns=NOW + 6 * S)
        await settle(pilot, pilot.app)
        await pilot.pause(0.3)
        assert any(line.strip().startswith("try 3, again in 2 s") for line in table(pilot.app, "feeds").lines())
        await pilot.press("down", "down")
        await settle(pilot, pilot.app)
        assert "orca: connection lost." in "\n".join(table(pilot.app, "feeds").lines())
        await pilot.press("r")
        assert runtime.submitted[-1] == RetryFeed("orca")


def raced(runtime):
    """Two endpoints of one chain instead of the one of the pictures."""
    first, *rest = runtime.view.feeds.rows
    helius = msgspec.structs.replace(first, name="helius-east", raced=True, first_ppm=624_000, ahead_ns=14_200_000)
    triton = msgspec.structs.replace(helius, name="triton", first_ppm=376_000, ahead_ns=9 * MS, behind_ns=14_200_000)
    trails = msgspec.structs.replace(helius, behind_ns=9 * MS, slots_behind=3)
    runtime.change("feeds", rows=(trails, triton, *rest))


@pytest.mark.parametrize(
    ("size", "keys", "heads", "row"),
    [
        ((120, 40), "", "feed per s lag 1st", "helius-… 1.8k 12 ms 62%"),
        ((80, 24), "6", "feed per s lag first gaps", "helius-east 1 840 12 ms 62% 0"),
        ((200, 60), "", "feed per s lag first ahead gaps drops", "helius-east 1 840 12 ms 62% 14 ms 0 0"),
        (
            (120, 40),
            "6z",
            "feed per s lag first ahead behind slots gaps drops",
            "helius-east 1 840 12 ms 62% 14 ms 9 ms 3 0 0",
        ),
    ],
)
async def test_endpoints_of_one_chain_say_who_is_first(size, keys, heads, row):
    runtime = FakeRuntime()
    raced(runtime)
    async with CambistApp(runtime).run_test(size=size) as pilot:
        await settle(pilot, pilot.app)
        await pilot.press(*keys)
        await settle(pilot, pilot.app)
        _, head, *rows = [line.replace("\u2009", " ") for line in table(pilot.app, "feeds").lines()]
        shown = [" ".join(line.split()) for line in (head, *rows)]
        assert shown[0].startswith(heads)
        assert shown[1].lstrip("▌ ●").startswith(row)
        binance = next(line for line in rows if "binance" in line)
        assert "–" in binance, "a feed that has no rival has no share"
        ends = [head.index(word) + len(word) for word in heads.split() if word not in ("feed", "per")]
        for end in ends:
            assert all(line[end - 1] != " " for line in rows[:2]), "values end where their heads end"


async def test_a_single_endpoint_has_no_columns_for_a_race():
    async with CambistApp(FakeRuntime()).run_test(size=(120, 40)) as pilot:
        await pilot.press("6", "z")
        await settle(pilot, pilot.app)
        head = table(pilot.app, "feeds").lines()[1]
        assert "gaps" in head
        assert "first" not in head
        assert "ahead" not in head


async def test_an_empty_view_shows_unknown_not_zero():
    async with CambistApp(FakeRuntime(View())).run_test(size=(120, 40)) as pilot:
        await settle(pilot, pilot.app)
        lines = screen_lines(pilot.app)
        assert "no cycle yet" in lines[3]
        assert lines[3][49:55].strip() == "–"
        assert "loading" in lines[6]


async def test_the_state_stands_in_its_slot_whatever_the_left_side_holds():
    runtime = FakeRuntime()
    app = CambistApp(runtime)
    async with app.run_test(size=(120, 40)) as pilot:
        for market in ("", "seed 7", "a very long session name indeed"):
            for state, shown in (("RUNNING", "● RUNNING"), ("REDUCING", "◐ REDUCING"), ("HALTED", "■ HALTED")):
                runtime.change("status", market=market, state=state)
                await settle(pilot, app)
                assert screen_lines(app)[0][57:].startswith(shown)


async def test_a_debug_build_and_a_mismatch_say_so():
    runtime = FakeRuntime()
    rows = runtime.view.duel.rows
    runtime.change(
        "duel", profile="debug", mismatches=3, rows=(msgspec.structs.replace(rows[0], mismatches=3), *rows[1:])
    )
    async with CambistApp(runtime).run_test(size=(200, 60)) as pilot:
        await settle(pilot, pilot.app)
        title = table(pilot.app, "duel").lines()[0]
        assert "debug build" in title
        assert "≠ 3" in title
        assert "Python ×1.3" in "\n".join(table(pilot.app, "duel").lines())


async def test_only_the_minimum_fee_is_shown_where_a_node_gives_nothing_else():
    runtime = FakeRuntime()
    columns = tuple(type(c)(c.end_ns, minimum=c.p25) for c in runtime.view.fees.columns)
    note = "This node gives only the minimum landed fee per slot."
    runtime.change(
        "fees", columns=columns, now=columns[-1], note=note, score=None, total=None, tip=None, total_bps=None
    )
    async with CambistApp(runtime).run_test(size=(120, 40)) as pilot:
        await settle(pilot, pilot.app)
        text = "\n".join(board(pilot.app).panels["fees"].lines())
        assert "min " in text
        assert "p99" not in text
        assert "This node gives only the minimum" in text
        assert "congestion –" in text


@pytest.mark.parametrize(("size", "line"), [((80, 24), 3), ((120, 40), 4)])
@pytest.mark.parametrize("unit", ["USDC", "jitoSOL"])
async def test_the_gain_of_the_best_cycle_leaves_its_neighbour_alone(size, line, unit):
    runtime = FakeRuntime()
    best = msgspec.structs.replace(runtime.view.cycles.rows[0], unit=unit, decimals=6, net=17_079_390)
    runtime.change("headline", best=best)
    async with CambistApp(runtime).run_test(size=size) as pilot:
        await settle(pilot, pilot.app)
        shown = screen_lines(pilot.app)[line]
        assert re.search(r"\+17\.\d+ (USDC|jito…) +(today|paper)", shown), shown


async def test_an_unknown_headline_is_not_zero():
    runtime = FakeRuntime()
    runtime.set(headline=Headline(version=5), fees=FeesSection(version=5), trades=TradesSection(version=5))
    async with CambistApp(runtime).run_test(size=(120, 40)) as pilot:
        await settle(pilot, pilot.app)
        assert screen_lines(pilot.app)[3][64:76].strip() == "–"
