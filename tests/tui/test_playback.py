from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cambist.model.commands import AddBookmark, Command, Pause, Play, Seek, SeekBy, SetSpeed, Step
from cambist.view import Marker, ReplayStatus
from tests.tui.stage import SECOND, START, replay_status
from tui import replay_keys
from tui.app import CambistApp
from tui.glyphs import use_ascii
from tui.replay_keys import SPEEDS, TimeError, commands, parse_time
from tui.widgets import playback
from tui.widgets.canvas import Canvas, cells


def drawn(status: ReplayStatus, width: int = 118) -> Canvas:
    canvas = Canvas(width, 3)
    playback.draw(canvas, status)
    return canvas


def test_the_first_row_says_state_speed_time_range_record_and_digest() -> None:
    first = drawn(replay_status()).text().splitlines()[0]
    for part in ("❚❚ paused", "1×", ".212", " of ", " to ", "record", "1\u2009204\u2009331", "9f3c…77a1 equal"):
        assert part in first


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"playing": True}, "▶ playing"),
        ({"finished": True}, "finished"),
        ({"speed": None}, "max"),
        ({"speed": 0.25}, "0.25×"),
        ({"digest_match": False}, "differs"),
        ({"digest_match": None}, "not compared"),
        ({"compared_percent": 12}, "equal in 12 %"),
    ],
)
def test_each_state_has_its_word(changes: dict[str, object], part: str) -> None:
    assert part in drawn(replay_status(**changes)).text()


def test_what_was_played_is_brighter_and_a_gap_is_a_hole() -> None:
    status = replay_status()
    canvas = drawn(status)
    head = playback.column(status.position_ns, status, 116)
    assert head is not None
    played = {role for char, role in canvas.rows[1][1 : 1 + head] if char != " "}
    ahead = {role for char, role in canvas.rows[1][2 + head : 117] if char != " "}
    assert (played, ahead) == ({"muted"}, {"faint"})
    gap = playback.column(START + 1150 * SECOND, status, 116)
    assert gap is not None
    assert canvas.rows[1][1 + gap][0] == " "
    assert canvas.rows[1][1 + 72][0] == " ", "slices without records are holes as well"


def test_markers_and_playhead_stand_at_their_times() -> None:
    status = replay_status()
    canvas = drawn(status)
    marks = {x - 1: char for x, (char, _) in enumerate(canvas.rows[2]) if char not in "─ "}
    wanted = {"fill": "◆", "bookmark": "◇", "loss": "▼", "gap": "×", "halt": "■"}
    for marker in status.markers:
        assert marks[playback.column(marker.at_ns, status, 116)] == wanted[marker.kind]
    assert marks[playback.column(status.position_ns, status, 116)] == "▲"


def test_the_gravest_marker_of_a_cell_is_shown() -> None:
    at = START + 300 * SECOND
    markers = (Marker(at, "bookmark"), Marker(at, "halt"), Marker(at, "fill"))
    assert "■" in drawn(replay_status(markers=markers)).text()


@pytest.mark.parametrize("width", [20, 40, 78, 118, 198])
@pytest.mark.parametrize("label", ["", "x" * 500, "[red]\x1b[2J漢字"])
def test_no_width_and_no_label_breaks_the_rows(width: int, label: str) -> None:
    markers = (Marker(START + 941 * SECOND, "bookmark", label),)
    for line in drawn(replay_status(markers=markers, record=10**15, records=10**15), width).text().splitlines():
        assert cells(line) <= width
        assert "\x1b" not in line


def test_ascii_writes_nothing_else() -> None:
    use_ascii(True)
    try:
        assert drawn(replay_status()).text().isascii()
    finally:
        use_ascii(False)


def test_an_empty_recording_is_drawn() -> None:
    assert "paused" in drawn(ReplayStatus(playing=False)).text()


def test_one_burst_does_not_flatten_the_rest() -> None:
    assert playback.levels([10.0] * 30 + [10_000.0, 0.0, 0.001], 7) == [6] * 30 + [7, 0, 1]
    assert playback.levels([], 7) == []
    assert playback.levels([0.0, 3.0], 7) == [0, 7]


@settings(max_examples=100)
@given(st.lists(st.integers(0, 1000), max_size=300), st.integers(1, 250))
def test_resampling_keeps_the_records(density: list[int], width: int) -> None:
    found = playback.resample(density, width)
    assert len(found) == width
    if len(density) >= width:
        assert sum(found) == sum(density)


@pytest.mark.parametrize(
    ("action", "step", "changes", "wanted"),
    [
        ("play", "space", {}, [Play()]),
        ("play", "space", {"playing": True}, [Pause()]),
        ("play", "space", {"finished": True}, [Seek(START), Play()]),
        ("step", "1", {}, [Step(1)]),
        ("step", "-1", {"playing": True}, [Pause(), Step(-1)]),
        ("speed", "1", {}, [SetSpeed(2)]),
        ("speed", "-1", {}, [SetSpeed(0.5)]),
        ("speed", "1", {"speed": 64.0}, [SetSpeed(None)]),
        ("speed", "1", {"speed": None}, []),
        ("speed", "-1", {"speed": None}, [SetSpeed(64)]),
        ("speed", "-1", {"speed": 0.25}, []),
        ("speed", "1", {"speed": 3.0}, [SetSpeed(4)]),
        ("speed", "-1", {"speed": 3.0}, [SetSpeed(2)]),
        ("seek", "-10", {}, [SeekBy(-10000000000)]),
        ("leap", "60", {}, [SeekBy(60000000000)]),
        ("event", "1", {}, [Seek(START + 1150 * SECOND)]),
        ("event", "-1", {}, [Seek(START + 845 * SECOND)]),
        ("event", "1", {"markers": ()}, []),
        ("bookmark", "b", {}, [AddBookmark()]),
        ("theme", "t", {}, []),
    ],
)
def test_actions_become_commands(action: str, step: str, changes: dict[str, object], wanted: list[Command]) -> None:
    assert list(commands(action, step, replay_status(**changes))) == wanted


def test_while_playing_previous_passes_over_the_event_just_reached() -> None:
    at = START + 845 * SECOND
    paused = replay_status(position_ns=at + SECOND // 2)
    playing = replay_status(position_ns=at + SECOND // 2, playing=True)
    assert replay_keys.neighbour(paused, -1) == at
    assert replay_keys.neighbour(playing, -1) == START + 715 * SECOND


def test_speeds_run_from_a_quarter_to_as_fast_as_it_goes() -> None:
    assert SPEEDS[0] == 0.25
    assert SPEEDS[-1] is None


def clock_of(ns: int) -> str:
    return datetime.fromtimestamp(ns / SECOND).strftime("%H:%M:%S")


def test_times_are_read_in_every_form() -> None:
    status = replay_status()
    at = START + 600 * SECOND
    assert parse_time(clock_of(at), status) == at
    assert parse_time(f"{clock_of(at)}.25", status) == at + SECOND // 4
    assert parse_time("+90", status) == status.position_ns + 90 * SECOND
    assert parse_time("-2m", status) == status.position_ns - 120 * SECOND
    assert parse_time("−30", status) == status.position_ns - 30 * SECOND
    assert parse_time("+9h", status) == status.last_ns, "a step stops at the end"
    assert parse_time("0%", status) == status.first_ns
    assert parse_time("100%", status) == status.last_ns
    assert parse_time(datetime.fromtimestamp(at / SECOND).astimezone().isoformat(), status) == at


def test_after_midnight_a_time_of_day_is_the_next_day() -> None:
    midnight = datetime(2026, 11, 21, 23, 50).astimezone()
    first = int(midnight.timestamp()) * SECOND
    status = replay_status(first_ns=first, last_ns=first + 1800 * SECOND, position_ns=first)
    assert parse_time("00:05:00", status) == first + 900 * SECOND


@pytest.mark.parametrize(
    ("text", "cause"),
    [("", "nothing is no time"), ("noon", "noon is no time"), ("25:00", "no time of day"), ("03:00:00", "runs from")],
)
def test_what_is_no_time_of_this_recording_is_said(text: str, cause: str) -> None:
    first = int(datetime(2026, 11, 21, 14, 0).astimezone().timestamp()) * SECOND
    status = replay_status(first_ns=first, last_ns=first + 1800 * SECOND, position_ns=first)
    with pytest.raises(TimeError, match=cause):
        parse_time(text, status)


async def replaying() -> CambistApp:
    from tests.tui.stage import StubRuntime

    runtime = StubRuntime()
    runtime.set(replay=replay_status())
    runtime.change("status", mode="REPLAY")
    return CambistApp(runtime)


async def test_keys_reach_the_runtime_and_the_playback_is_shown() -> None:
    app = await replaying()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause(0.3)
        assert "paused" in "\n".join(app.screen.query_one("#playback").lines())  # type: ignore[attr-defined]
        await pilot.press("space", "full_stop", "greater_than_sign", "left_square_bracket", "n", "b")
        assert app.runtime.names() == ["play", "step", "speed", "seek_by", "seek", "bookmark"]  # type: ignore[attr-defined]


async def test_g_asks_for_a_time_and_keeps_asking_until_it_is_one() -> None:
    app = await replaying()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("g", *"noon", "enter")
        await pilot.pause(0.2)
        assert "noon is no time" in "\n".join(app.screen.query_one("Sheet").lines())  # type: ignore[attr-defined]
        await pilot.press("ctrl+u", *"+90", "enter")
        await pilot.pause(0.2)
        assert app.runtime.submitted[-1] == Seek(START + 1031 * SECOND + 212_000_000)  # type: ignore[attr-defined]


async def test_a_click_on_the_density_goes_there() -> None:
    app = await replaying()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause(0.3)
        await pilot.click("#playback", offset=(1, 1))
        assert app.runtime.submitted[-1] == Seek(START)  # type: ignore[attr-defined]
