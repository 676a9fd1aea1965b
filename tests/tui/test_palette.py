from tests.tui.stage import StubRuntime, text
from themes import names
from tui.app import CambistApp
from tui.commands import REGISTRY, Situation
from tui.screens.palette import PaletteScreen, found, offers

PANELS = (("1", "Price feeds"), ("2", "Cycles"))


def offered(now: Situation) -> list[str]:
    return [offer.action for offer in offers(REGISTRY.available(now), PANELS, ("ledger",))]


def test_only_what_does_something_now_is_offered() -> None:
    live, replay = offered(Situation()), offered(Situation(replay=True))
    assert "mode" in live
    assert "seek" not in live
    assert "mode" not in replay
    assert replay.count("seek") == 2, "back and forward are two lines"
    assert "halt" not in offered(Situation(read_only=True))


def test_names_are_found_by_parts_best_first() -> None:
    everything = offers(REGISTRY.available(Situation()), PANELS, ("ledger", "harbour"))
    assert found(everything, "halt")[0].action == "halt"
    assert found(everything, "theme harb")[0].meaning == "harbour"
    assert found(everything, "zzzz") == ()
    assert found(everything, "  ") == everything


async def test_ctrl_p_runs_what_is_chosen() -> None:
    app = CambistApp(StubRuntime())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("ctrl+p", *"theme ledger")
        await pilot.pause(0.2)
        assert isinstance(app.screen, PaletteScreen)
        assert "theme ledger" in text(app)
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert app.look == "ledger"
        assert "ledger" in names()


async def test_letters_are_text_and_esc_closes_without_running() -> None:
    runtime = StubRuntime()
    app = CambistApp(runtime)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("ctrl+p", "k", "m", "escape")
        await pilot.pause(0.1)
        assert not isinstance(app.screen, PaletteScreen)
        assert runtime.names() == []


async def test_the_cursor_stops_at_both_ends_and_a_panel_is_shown() -> None:
    app = CambistApp(StubRuntime())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("ctrl+p", "up", "pagedown", "pagedown", "pagedown", "pagedown", "down")
        await pilot.pause(0.2)
        assert "theme mono" in text(app)
        await pilot.press(*"panel feeds", "enter")
        await pilot.pause(0.2)
        assert app.dashboard.focused_panel in ("feeds", "prices")
