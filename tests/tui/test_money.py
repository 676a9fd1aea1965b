import msgspec
import pytest

from cambist.view import Holding, LeftRow, LimitRow, PaidRow, PanelState, TradesSection, View, Wallet
from tests.tui.fake import NOW, rich_view, trade_rows
from tests.tui.stage import StubRuntime, text
from tui.app import CambistApp
from tui.glyphs import glyph
from tui.screens.money import MoneyScreen, draw
from tui.widgets.canvas import Canvas

S = 10**9
HOLDINGS = (
    Holding("SOL", 9, 149_997_494_791, 50_002_505_209, 1_392_835_885),
    Holding("USDC", 6, 57_413_162_674, 0, -7_500_000),
    Holding("USD", 2, 4_258_755, 741_245, None, "binance-us"),
)
LEFT = LeftRow("SOL", 9, 51_033_722_385, "USD", 2, 741_245, 739_102, NOW - 95 * S, 1, "binance-us")
PAID = (PaidRow("network_fee", "SOL", 9, 10_418), PaidRow("transfer", "SOL", 9, 5_000_000))
LIMITS = (LimitRow("daily_loss", 480_000_000, 500_000_000, "SOL", 9), LimitRow("max_open_orders", 4, 4, "orders", 0))
MONEY = TradesSection(
    1, PanelState("empty"), Wallet("paper", 1, 2, holdings=HOLDINGS), limits=LIMITS, left=(LEFT,), paid=PAID
)


def drawn(section: TradesSection = MONEY, size: tuple[int, int] = (108, 31)) -> str:
    canvas = Canvas(*size)
    draw(canvas, section, NOW)
    return canvas.text()


def line(shown: str, *words: str) -> str:
    return next(each for each in shown.splitlines() if all(word in each for word in words))


@pytest.fixture
def runtime() -> StubRuntime:
    view: View = msgspec.structs.replace(rich_view(), trades=MONEY)
    return StubRuntime(view)


def test_each_wallet_says_where_it_is_what_is_free_and_what_is_tied_up() -> None:
    shown = drawn()
    assert "149.9975 SOL 50.003 tied" in line(shown, "solana", "SOL")
    assert "+1.3928" in line(shown, "solana", "SOL")
    assert "−7.5000" in line(shown, "solana", "USDC")
    assert "42\u2009587.55 USD 7\u2009412.45 tied" in line(shown, "binance-us")


def test_what_is_left_over_says_its_cost_its_age_its_tries_and_what_it_would_bring() -> None:
    left = line(drawn(), "51.0337 SOL")
    assert "for 7\u2009412.45 USD 1× 1" in left
    assert "mark −21.43" in left
    unknown = msgspec.structs.replace(MONEY, left=(msgspec.structs.replace(LEFT, mark=None),))
    assert f"mark {glyph('unknown')}" in line(drawn(unknown), "51.0337 SOL")


def test_books_that_are_off_are_said_and_a_limit_that_is_used_up_too() -> None:
    assert "books balance" in drawn()
    assert "books are off: SOL" in drawn(msgspec.structs.replace(MONEY, off=("SOL",)))
    assert "4 of 4 orders used up" in line(drawn(), "max_open_orders")
    assert "0.005000 SOL" in line(drawn(), "transfer")


def test_orders_that_are_not_on_disk_yet_are_counted() -> None:
    assert "on disk" not in drawn()
    rows = tuple(msgspec.structs.replace(row, recorded=at % 4 > 1) for at, row in enumerate(trade_rows()))
    assert "○ 6 of the last orders not on disk yet" in drawn(msgspec.structs.replace(MONEY, rows=rows))


def test_more_than_there_is_room_for_is_counted() -> None:
    many = msgspec.structs.replace(MONEY, limits=LIMITS * 40)
    assert "54 more" in drawn(many)
    assert "none" in line(drawn(TradesSection()), "none")


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_enter_on_trades_opens_it_and_esc_comes_back(size: tuple[int, int], runtime: StubRuntime) -> None:
    async with CambistApp(runtime).run_test(size=size) as pilot:
        await pilot.pause(0.2)
        await pilot.press("5", "enter")
        await pilot.pause(0.2)
        assert isinstance(pilot.app.screen, MoneyScreen)
        shown = text(pilot.app)
        for part in ("Paper wallets", "Left over of legged trades", "Paid since the session began", "Limits"):
            assert part in shown
        await pilot.press("escape")
        await pilot.pause(0.1)
        assert not isinstance(pilot.app.screen, MoneyScreen)
