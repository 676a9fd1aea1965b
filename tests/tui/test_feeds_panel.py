"""The Feeds panel says of every row whose it is, also where all five exchanges run beside a node and its fees."""

import msgspec
import pytest

from cambist.config import Config, ExchangeEndpoint, SolanaEndpoint
from cambist.market.markets import network
from cambist.runtime.words import feed_row_name
from cambist.view import FeedRow
from tests.tui.board import settle, table
from tests.tui.fake import MS, FakeRuntime
from tests.tui.test_quote_assets import all_lines
from tui.app import CambistApp

EXCHANGES = ("binance", "kraken", "okx", "bybit", "coinbase")
NODE = SolanaEndpoint("solana", "ws://127.0.0.1:1", "http://127.0.0.1:1", tip_floor="http://127.0.0.1:2")
SIZES = ((80, 24), (120, 40), (200, 60))


def names() -> list[str]:
    """Returns the rows of a session with all exchanges and a node, streams first."""
    tables = {name: ExchangeEndpoint(symbols=("SOLUSDC",)) for name in EXCHANGES}
    market = network(Config(solana=(NODE,), venues=tables))
    streams_first = sorted(market.channels, key=lambda channel: not channel.protocol.endswith(".ws"))
    return list(dict.fromkeys(feed_row_name(channel) for channel in streams_first))


def rows() -> tuple[FeedRow, ...]:
    """Returns one row for each of them."""
    return tuple(
        FeedRow(name, "live", 12.0, None if " " in name else 38 * MS, 1, 2, clock_ns=-649 * MS, asked=" " in name)
        for name in names()
    )


def test_every_row_is_named_for_its_venue_and_no_two_share_a_name() -> None:
    found = names()
    owners = [name.partition(" ")[0] for name in found]
    assert set(owners) == {"solana", "jito", *EXCHANGES}
    assert {"binance rules", "binance depth", "coinbase rules", "solana rpc", "solana fees", "jito tips"} <= set(found)
    assert found[: len(EXCHANGES) + 1] == ["solana", *EXCHANGES], "all streams stand above what is only asked for"


@pytest.mark.parametrize("keys", ["6", "6z"])
@pytest.mark.parametrize("size", SIZES)
async def test_every_row_shows_its_whole_name(size: tuple[int, int], keys: str) -> None:
    runtime = FakeRuntime()
    runtime.change("feeds", rows=rows())
    async with CambistApp(runtime).run_test(size=size) as pilot:
        await pilot.press(*keys)
        await settle(pilot, pilot.app)
        for name, line in zip(names(), all_lines(table(pilot.app, "feeds")), strict=True):
            assert line[3:].startswith(f"{name} "), (name, line)


async def test_where_the_name_needs_the_room_what_is_asked_shows_no_rate() -> None:
    runtime = FakeRuntime()
    asked = msgspec.structs.replace(rows()[-1], name="binance-usdm rules", asked=True, per_s=12.0, gaps=7)
    runtime.change("feeds", rows=(rows()[0], asked))
    async with CambistApp(runtime).run_test(size=(120, 40)) as pilot:
        await settle(pilot, pilot.app)
        stream, line = table(pilot.app, "feeds").lines()[2:4]
        assert stream.split()[1:] == ["solana", "12", "38", "ms", "1"]
        assert line.split()[1:] == ["binance-usdm", "rules", "7"]


async def test_zoomed_on_the_smallest_screen_it_shows_clock_and_trouble() -> None:
    runtime = FakeRuntime()
    first, *others = rows()
    runtime.change("feeds", rows=(msgspec.structs.replace(first, note="error -32016"), *others))
    async with CambistApp(runtime).run_test(size=(80, 24)) as pilot:
        await pilot.press("6", "z")
        await settle(pilot, pilot.app)
        _, head, line, *_ = table(pilot.app, "feeds").lines()
        assert head.split() == ["feed", "per", "s", "lag", "gaps", "drops", "clock", "last", "trouble"]
        assert line.split()[2:] == ["12", "38", "ms", "1", "2", "−649", "ms", "error", "-32016"]
