import pytest

from tests.tui.stage import with_detail
from themes import channels, load
from tui.app import CambistApp
from tui.screens.dashboard import Dashboard
from tui.screens.overlay import SHADE


async def test_the_dashboard_behind_goes_on() -> None:
    runtime = with_detail()
    app = CambistApp(runtime)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("enter")
        runtime.change("status", market="seed 99")
        await pilot.pause(0.5)
        assert "seed&#160;99" in app.export_screenshot()


@pytest.mark.parametrize("theme", ["verdigris", "ledger", "harbour"])
async def test_what_lies_below_is_shaded_by_the_theme_and_its_text_stays(theme: str) -> None:
    app = CambistApp(with_detail(), theme=theme)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("m")
        await pilot.pause(0.3)
        line = app.screen.render_line(39)
        assert "HALT" in line.text
        ground, shade = channels(load(theme).roles["background"]), channels(load(theme).roles["shade"])
        wanted = tuple(round(a * (1 - SHADE) + b * SHADE) for a, b in zip(ground, shade, strict=True))
        blank = app.screen.render_line(1)._segments[0].style
        assert blank is not None
        assert blank.bgcolor is not None
        assert tuple(blank.bgcolor.triplet or ()) == wanted


async def test_without_true_colours_nothing_is_shaded() -> None:
    app = CambistApp(with_detail(), theme="ansi16")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause(0.2)
        below = [strip.text for strip in app.screen._compositor.render_strips()]
        await pilot.press("m")
        await pilot.pause(0.3)
        assert app.screen.render_line(39).text == below[39]


async def test_an_overlay_follows_the_window_from_large_to_small() -> None:
    app = CambistApp(with_detail())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert app.screen.query_one("Sheet").size == (108, 31)
        await pilot.resize_terminal(80, 24)
        await pilot.pause(0.3)
        assert app.screen.query_one("Sheet").size == (80, 22)


async def test_under_an_overlay_the_dashboard_pulls_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    app = CambistApp(with_detail())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause(0.3)
        dashboard = app.screen
        assert isinstance(dashboard, Dashboard)
        await pilot.press("enter")
        await pilot.pause(0.3)
        pulls: list[float] = []
        pull = dashboard.pull
        monkeypatch.setattr(dashboard, "pull", lambda: (pulls.append(1.0), pull()))
        await pilot.pause(0.9)
        assert 1 <= len(pulls) <= 10
