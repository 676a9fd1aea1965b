import itertools

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.events import Paste

from cambist.model.commands import SetRule
from cambist.view import LimitRow
from tests.tui.stage import Stage, StubRuntime, text
from tui.app import CambistApp
from tui.filters import KINDS, columns_of, parse
from tui.panels.cycles import Cycles
from tui.screens.confirm import ConfirmScreen, clear_halt, leave, stop_recording
from tui.screens.prompt import EXAMPLES, FilterPrompt
from tui.widgets.canvas import Canvas, cells, clip, wrap
from tui.widgets.line_edit import MAX_CHARS, LineEdit


def cycles(app: CambistApp) -> Cycles:
    return app.dashboard.query_one("#cycles", Cycles)


async def test_a_filter_works_while_it_is_typed_and_shows_in_the_title() -> None:
    app = CambistApp(StubRuntime())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause(0.2)
        before = cycles(app).rows_shown
        await pilot.press("slash", *"net>5")
        assert 0 < cycles(app).rows_shown < before
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert not isinstance(app.screen, FilterPrompt)
        assert "/net>5" in cycles(app).lines()[0]
        await pilot.press("escape")
        assert cycles(app).rows_shown == before


async def test_esc_restores_the_filter_from_before() -> None:
    app = CambistApp(StubRuntime())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("slash", *"usdc", "enter")
        shown = cycles(app).rows_shown
        await pilot.press("slash", *" !bonk", "escape")
        assert (cycles(app).filter, cycles(app).rows_shown) == ("usdc", shown)


async def test_a_wrong_filter_is_not_taken_and_says_why() -> None:
    app = CambistApp(StubRuntime())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("slash", *"profit>5", "enter")
        await pilot.pause(0.2)
        assert isinstance(app.screen, FilterPrompt)
        assert "no column profit here" in text(app)
        assert cycles(app).filter == "profit"


async def test_in_a_field_k_is_a_letter_and_ctrl_k_halts() -> None:
    runtime = StubRuntime()
    app = CambistApp(runtime)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("slash", "k")
        assert runtime.names() == []
        await pilot.press("ctrl+k")
        assert runtime.names() == ["halt"]


async def test_a_page_pasted_becomes_one_bounded_line() -> None:
    app = Stage(StubRuntime())
    async with app.run_test(size=(80, 24)) as pilot:
        prompt = FilterPrompt(app.runtime, "Cycles", int)
        await app.push_screen(prompt)
        prompt.post_message(Paste("a\nb\x1b[2J" + "c" * 5000))
        await pilot.pause(0.2)
        assert len(prompt.edit.text) == MAX_CHARS
        assert prompt.edit.text.isprintable()
        assert len(text(app).splitlines()) == 1


@pytest.mark.parametrize(("key", "answer"), [("y", True), ("enter", False), ("n", False), ("escape", False)])
async def test_only_y_confirms(key: str, answer: bool) -> None:
    app = Stage(StubRuntime())
    answers: list[bool | None] = []
    async with app.run_test(size=(80, 24)) as pilot:
        await app.push_screen(stop_recording(app.runtime), answers.append)
        await pilot.press(key)
        await pilot.pause(0.1)
        assert answers == [answer]


async def test_a_question_names_reason_and_consequence() -> None:
    runtime = StubRuntime()
    runtime.change("status", state="HALTED", halt_reason="loss limit of 0.5 SOL reached")
    app = Stage(runtime)
    async with app.run_test(size=(80, 24)) as pilot:
        await app.push_screen(clear_halt(runtime))
        await pilot.pause(0.2)
        assert "loss limit of 0.5 SOL reached" in text(app)
        await pilot.press("escape")
        await app.push_screen(leave(runtime, 2))
        await pilot.pause(0.2)
        assert "2 orders are open" in text(app)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_question_of_a_halt_shows_the_limits_that_are_nearest(size: tuple[int, int]) -> None:
    runtime = StubRuntime()
    limits = (
        LimitRow("balance_floor", None, 0, "USDC", 6),
        LimitRow("daily_loss", 500_000_000, 500_000_000, "SOL", 9),
        LimitRow("venue_cap", 1_250_000_000, 5_000_000_000, "SOL", 9, "kraken"),
        *(LimitRow("max_open_orders", n, 4, "orders", 0) for n in (3, 2, 1, 0, 0)),
        LimitRow("max_orders_per_minute", 0, 60, "orders", 0),
    )
    runtime.change("status", state="HALTED", halt_reason="daily loss limit: 500000000 of 500000000 atoms lost")
    runtime.change("trades", limits=limits)
    app = Stage(runtime)
    async with app.run_test(size=size) as pilot:
        await app.push_screen(clear_halt(runtime))
        await pilot.pause(0.2)
        lines = [line.strip(" │┃") for line in text(app).splitlines()]
        shown = [" ".join(line.split()) for line in lines]
        assert any("balance_floor – of 0.000 USDC" in line for line in shown)
        assert any("daily_loss 0.500 of 0.500 SOL used up" in line for line in shown)
        assert any("venue_cap kraken 1.250 of 5.000 SOL" in line for line in shown)
        assert any("max_open_orders 3 of 4 orders" in line for line in shown)
        assert not any("max_orders_per_minute" in line for line in shown)
        assert any("y clear the halt" in line for line in shown)


async def test_k_upper_case_asks_and_y_clears() -> None:
    runtime = StubRuntime()
    runtime.change("status", state="HALTED", halt_reason="by key")
    app = CambistApp(runtime)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause(0.3)
        await pilot.press("K")
        assert isinstance(app.screen, ConfirmScreen)
        await pilot.press("y")
        await pilot.pause(0.1)
        assert runtime.names() == ["clear_halt"]


async def test_stopping_a_recording_asks_first() -> None:
    runtime = StubRuntime()
    app = CambistApp(runtime)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause(0.3)
        await pilot.press("R")
        assert runtime.names() == []
        await pilot.press("y")
        await pilot.pause(0.1)
        assert runtime.names() == ["record_stop"]


def test_editing_keys() -> None:
    edit = LineEdit("usdc bonk")
    for key, character in (("ctrl+w", None), ("x", "x"), ("left", None), ("backspace", None), ("home", None)):
        assert edit.key(key, character)
    assert (edit.text, edit.cursor) == ("usdcx", 0)
    assert edit.key("delete", None)
    assert edit.key("end", None)
    assert (edit.text, edit.cursor) == ("sdcx", 4)
    assert not edit.key("f5", None)
    assert not edit.key("ctrl+j", "\n")
    assert edit.key("ctrl+u", "\x15")
    assert edit.text == ""


@settings(max_examples=100)
@given(st.text(max_size=60), st.integers(3, 30))
def test_a_field_is_never_wider_than_its_place(typed: str, width: int) -> None:
    edit = LineEdit()
    edit.insert(typed)
    canvas = Canvas(width, 1)
    edit.draw(canvas, 0, 0, width)
    assert sum(cells(char) for char, _ in canvas.rows[0]) == width


@settings(max_examples=100)
@given(st.text(max_size=80), st.integers(1, 30))
def test_wrapped_and_clipped_text_fits(words: str, width: int) -> None:
    for line in wrap(words, width):
        assert cells(line) <= max(width, 2)
    assert cells(clip(words, width)) <= width


async def test_a_rule_that_is_none_is_not_taken_and_says_where() -> None:
    runtime = StubRuntime()
    app = CambistApp(runtime)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("u", *"nte>3", "enter")
        await pilot.pause(0.2)
        assert "column 1: `nte` is no field" in text(app)
        assert runtime.names() == []
        await pilot.press(*["backspace"] * 5, *"hops <= 3", "enter")
        await pilot.pause(0.2)
        assert runtime.submitted[-1] == SetRule("hops <= 3")


async def test_the_rule_in_force_stands_in_the_title_and_in_the_prompt_and_can_be_ended() -> None:
    runtime = StubRuntime()
    section = msgspec.structs.replace(runtime.view.cycles, rule="hops <= 3")
    runtime = StubRuntime(msgspec.structs.replace(runtime.view, cycles=section))
    app = CambistApp(runtime)
    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.pause(0.2)
        assert "rule hops <= 3" in cycles(app).lines()[0]
        await pilot.press("u")
        assert "hops <= 3" in text(app)
        await pilot.press(*["backspace"] * 9, "enter")
        assert runtime.submitted[-1] == SetRule()


@pytest.mark.parametrize("kind", list(KINDS.values()))
def test_the_example_of_a_filter_is_one_that_its_table_takes(kind: type) -> None:
    assert parse(EXAMPLES[kind], columns_of(kind)).terms


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_a_prompt_shows_its_keys_whole_at_every_size(size: tuple[int, int]) -> None:
    app = CambistApp(StubRuntime())
    async with app.run_test(size=size) as pilot:
        for panel, key in itertools.product("1245673", ("slash", "E", "u")):
            await pilot.press(panel, key)
            if panel == "3" and key != "u":
                assert len(app.screen_stack) == 1, "fees are no table"
                continue
            line = text(app)
            assert "…" not in line
            assert "enter" in line
            assert line.rstrip().endswith("esc back")
            await pilot.press("escape")


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (("slash", *"nowhere", "enter"), "No row passes /nowhere."),
        (("exclamation_mark",), "Nothing here is wrong."),
        (("exclamation_mark", "slash", *"nowhere", "enter"), "No row that is wrong passes /nowhere."),
    ],
)
async def test_a_table_whose_rows_are_all_hidden_says_so_and_how_to_get_them_back(
    keys: tuple[str, ...], words: str
) -> None:
    runtime = StubRuntime()
    rows = tuple(msgspec.structs.replace(row, mark="go") for row in runtime.view.cycles.rows)
    runtime.change("cycles", rows=rows)
    app = CambistApp(runtime)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.2)
        await pilot.press(*keys)
        await pilot.pause(0.2)
        shown = "\n".join(cycles(app).lines())
        assert words in shown
        assert ("esc  all rows" if "slash" in keys else "!  all rows") in shown
        assert ("only wrong" in cycles(app).lines()[0]) == ("exclamation_mark" in keys)
        await pilot.press("escape")
        assert cycles(app).rows_shown == len(rows)


async def test_copying_says_so_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    app = CambistApp(StubRuntime())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("2", "y")
        assert "copied as JSON" in cycles(app).lines()[0]
        monkeypatch.setattr("tui.widgets.panel.NOTICE_S", -1.0)
        await pilot.press("y")
        cycles(app).repaint()
        assert "copied as JSON" not in cycles(app).lines()[0]


async def test_the_log_of_a_feeds_part_is_that_of_the_feed() -> None:
    runtime = StubRuntime()
    feed = msgspec.structs.replace(runtime.view.feeds.rows[1], name="binance rules", asked=True)
    runtime.change("feeds", rows=(feed,))
    app = CambistApp(runtime)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("6", "l")
        assert app.dashboard.panels["log"].filter == "binance"


@pytest.mark.parametrize("queue", [0, 999, 99_000])
@pytest.mark.parametrize("state", ["RUNNING", "REDUCING", "HALTED"])
async def test_nothing_in_the_smallest_status_bar_touches(state: str, queue: int) -> None:
    runtime = StubRuntime()
    runtime.change("status", state=state, queue=queue, engine="reference", now_ns=1_790_000_000_000_000_000)
    app = CambistApp(runtime)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.3)
        bar = app.dashboard.query_one("#status").lines()[0]
        words = bar.split()
        assert words[-2] == "python"
        assert words[words.index("q") - 1] == state


@pytest.mark.parametrize(("width", "said"), [(80, ["py", "99%"]), (120, ["python", "beside", "99", "%"])])
async def test_the_status_bar_says_how_far_an_engine_is_that_is_loaded(width: int, said: list[str]) -> None:
    runtime = StubRuntime()
    runtime.change("status", loading="reference", loading_percent=99, queue=99_000, now_ns=1_790_000_000_000_000_000)
    app = CambistApp(runtime)
    async with app.run_test(size=(width, 40)) as pilot:
        await pilot.pause(0.3)
        words = app.dashboard.query_one("#status").lines()[0].split()
        at = words.index(said[0])
        assert words[at : at + len(said)] == said
        assert ("rust" in words) == (width > 80)
