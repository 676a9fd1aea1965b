"""Two runs beside each other: what counts as a change, and what the command ends with. Nothing is timed here."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cambist.bench import again, against, suite
from cambist.bench import engine as bench_engine
from cambist.bench.against import FLOOR, FLOOR_OF_ONE
from cambist.bench.engine import EngineRow
from cambist.cli import main

NOISE = (1.00, 1.01, 0.99, 1.02, 0.98, 1.03, 1.40)
"""Of seven rounds; one was disturbed."""
RUNS = Path(__file__).parent / "runs"


def rounds(ns: float) -> list[float]:
    return [ns * each for each in NOISE]


def call(name: str, rust: float, python: float | None = None, peer: float | None = None, **more: Any) -> dict[str, Any]:
    """Returns a row of an engine call, all of its rounds disturbed alike."""
    sides = {"rust": rust, "python": python, "peer": peer}
    row = {"name": name, "size": "10", "part": "engine", "peer": "solders" if peer else ""}
    row |= {f"{side}_ns": ns for side, ns in sides.items()}
    return {**row, "rounds": {side: rounds(ns) for side, ns in sides.items() if ns}, **more}


def figure(name: str, value: float | None, better: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": "1/s", "better": better, "part": "demo", **more}


def run(*rows: dict[str, Any]) -> against.Kept:
    return against.read({"machine": {"engine": "rust, release", "cpu": "x"}, "rows": rows, "date": "2026-11-23"})


def one(old: dict[str, Any], new: dict[str, Any]) -> against.Change:
    (change,) = against.compare(run(old), run(new))
    return change


def one_of(old: against.Kept, new: against.Kept) -> set[str]:
    return {change.verdict for change in against.compare(old, new)}


def among(count: int, machine: float, *rows: dict[str, Any]) -> against.Kept:
    """Returns a run of calls that nobody changed, on a machine so many times as slow, and of some more rows."""
    return run(*(call(f"other {n}", 10 * machine, 100 * machine) for n in range(count)), *rows)


def found(old: against.Kept, new: against.Kept, name: str) -> against.Change:
    return next(change for change in against.compare(old, new) if change.name == name)


@pytest.mark.parametrize(
    ("times", "verdict"),
    [(1.0, "same"), (1 + FLOOR * 0.9, "same"), (1 + FLOOR * 1.2, "worse"), (1 / (1 + FLOOR * 1.2), "better")],
)
def test_a_call_is_judged_by_its_share_of_what_was_timed_beside_it(times: float, verdict: str) -> None:
    change = one(call("x", 10, 1000, 50), call("x", 10 * times, 1000, 50))
    assert change.verdict == verdict
    assert change.by == pytest.approx({"peer": times, "python": times})
    assert change.samples == (7, 7)
    assert change.new[1] == pytest.approx(10 * times * 1.01)


def test_a_machine_that_became_slower_changes_nothing() -> None:
    assert one(call("x", 10, 1000, 50), call("x", 25, 2500, 125)).verdict == "same"
    lone = found(among(8, 1.0, call("x", 10)), among(8, 2.5, call("x", 25)), "x")
    assert (lone.verdict, lone.by) == ("same", {"pace": pytest.approx(1.0)})


def test_a_call_that_has_nothing_beside_it_is_judged_by_the_pace_of_the_others() -> None:
    assert found(among(8, 1.0, call("x", 10)), among(8, 2.5, call("x", 40)), "x").verdict == "worse"
    assert found(among(8, 1.0, call("x", 10)), among(8, 2.5, call("x", 10)), "x").verdict == "better"


def test_too_few_others_make_no_pace() -> None:
    assert found(among(7, 1.0, call("x", 10)), among(7, 2.5, call("x", 25)), "x").by == {"time": pytest.approx(2.5)}


def test_a_twin_that_became_faster_makes_rust_no_worse() -> None:
    change = found(among(8, 1.0, call("x", 10, 1000)), among(8, 1.0, call("x", 10, 400)), "x")
    assert change.verdict == "same"
    assert change.by == pytest.approx({"python": 2.5, "pace": 1.0})
    change = found(among(8, 1.0, call("x", 10, 1000, 50)), among(8, 1.0, call("x", 20, 2000, 50)), "x")
    assert change.verdict == "worse"  # what became slower in both is found by the peer


def test_another_peer_is_not_divided_by() -> None:
    old, new = call("x", 10, 1000, 50), call("x", 10, 1000, 5) | {"peer": "numba"}
    assert one(old, new).by == pytest.approx({"python": 1.0})


def test_what_the_noise_of_the_rounds_covers_is_no_change() -> None:
    wide = {"rust": [10, 11, 12, 20, 28, 29, 30]}
    old = call("x", 10, rounds=wide)
    new = call("x", 20, rounds={"rust": [each + 9 for each in wide["rust"]]})
    assert one(old, new).verdict == "same"
    assert one(call("x", 10), call("x", 20)).verdict == "worse"


def test_a_figure_that_was_measured_once_must_change_by_more() -> None:
    def once(ns: float) -> dict[str, Any]:
        return call("x", ns, rounds={})

    assert one(once(10), once(10 * (1 + FLOOR_OF_ONE * 0.9))).verdict == "same"
    assert one(once(10), once(10 * (1 + FLOOR_OF_ONE * 1.1))).verdict == "worse"
    assert one(call("x", 10), once(10 * (1 + FLOOR_OF_ONE * 0.9))).verdict == "same"


def test_of_a_rate_more_is_better() -> None:
    tries = {"value": rounds(100)}
    assert (
        one(figure("x", 100, "more", rounds=tries), figure("x", 50, "more", rounds={"value": rounds(50)})).verdict
        == "worse"
    )
    assert one(figure("x", 100, "more"), figure("x", 190, "more")).verdict == "better"
    assert one(figure("x", 100, "less"), figure("x", 190, "less")).verdict == "worse"


def test_a_figure_is_divided_by_its_peer_too() -> None:
    old = figure("x", 10, "less", peer="python", peer_value=1000)
    assert one(old, figure("x", 20, "less", peer="python", peer_value=2000)).verdict == "same"
    assert one(old, figure("x", 20, "less", peer="python", peer_value=1000)).by == {"python": 2.0}


def test_a_digest_that_is_no_longer_equal_is_worse() -> None:
    equal, other = figure("digest", 1.0, "more", unit="equal"), figure("digest", 0.0, "more", unit="equal")
    assert one(equal, equal).verdict == "same"
    assert one(equal, other).verdict == "worse"
    assert one(other, equal).verdict == "better"


def test_what_is_neither_good_nor_bad_or_was_not_measured_is_left_out() -> None:
    rows = figure("writes", 10, ""), figure("import", None, "more"), call("x", None, 10)
    assert against.compare(run(*rows), run(*rows)) == []


def test_rows_come_and_go() -> None:
    old = run(call("x", 10), call("x", 10, size="20"), figure("rate", 5, "more"))
    new = run(call("y", 10), call("x", 10))
    changes = {(change.name, change.size): change for change in against.compare(old, new)}
    assert {key: change.verdict for key, change in changes.items()} == {
        ("y", "10"): "new", ("x", "10"): "same", ("x", "20"): "gone",
    }  # fmt: skip
    assert changes["y", "10"].old is None
    assert changes["x", "20"].new is None
    assert against.summary(changes.values()) == "3 rows: 1 same, 1 new, 1 gone"


def test_a_change_is_one_line() -> None:
    text = against.line(one(call("x", 10, 1000), call("x", 20, 1000)))
    assert text.startswith("worse ")
    for part in ("x, 10", "10.1 [9.95–10.25]", "20.2 [19.9–20.5]", "ns", "python ×2.00"):
        assert part in text
    gone = against.compare(run(figure("x", 2000, "more"), figure("y", 1, "more")), run(figure("y", 1, "more")))[1]
    assert against.line(gone).split() == ["gone", "x", "2,000", "–", "1/s"]


@given(st.lists(st.lists(st.floats(0, 1e12), min_size=1, max_size=9), min_size=1, max_size=12))
def test_a_run_is_the_same_as_itself(samples: list[list[float]]) -> None:
    rows = [call(str(n), each[0], rounds={"rust": each, "python": each[::-1]}) for n, each in enumerate(samples)]
    assert {change.verdict for change in against.compare(run(*rows), run(*rows))} <= {"same"}


@given(
    st.lists(st.floats(1, 1e9), min_size=1, max_size=9), st.lists(st.floats(1, 1e9), min_size=1, max_size=9)
)  # fmt: skip
def test_better_and_worse_change_sides_with_the_runs(first: list[float], second: list[float]) -> None:
    one_way = one(call("x", 1, rounds={"rust": first}), call("x", 1, rounds={"rust": second})).verdict
    other = one(call("x", 1, rounds={"rust": second}), call("x", 1, rounds={"rust": first})).verdict
    assert {"better": "worse", "worse": "better", "same": "same"}[one_way] == other


def test_an_engine_row_can_be_measured_again(monkeypatch: pytest.MonkeyPatch) -> None:
    mean = EngineRow("mean", "", None, 1.0)
    monkeypatch.setattr(bench_engine.search, "rows", lambda plan: [mean])
    monkeypatch.setattr(bench_engine.ingest, "rows", lambda plan: [msgspec.structs.replace(mean, name="other")])
    monkeypatch.setattr(bench_engine.pictures, "rows", lambda plan: [])
    case = next(bench_engine.cases())
    monkeypatch.setattr(bench_engine, "cases", lambda: iter([case]))
    plan = bench_engine.Plan(rounds=1, round_s=0.001)
    found = [row.name for row in bench_engine.again(plan, {(case.name, case.size), ("mean", ""), ("none", "")})]
    assert found == [case.name, "mean"]
    assert list(bench_engine.again(plan, ())) == []


def test_what_is_measured_again_is_in_a_process_of_its_own() -> None:
    ((key, row),) = again.measured({("base58 encode", "32 bytes")}).items()
    assert key == (row.name, row.size) == ("base58 encode", "32 bytes")
    assert row.rounds["python"]


def test_of_several_runs_the_rounds_are_put_together() -> None:
    slow, fast = run(call("x", 18, 1000, 50)), run(call("x", 13, 1000, 50), call("y", 1))
    both = against.together([slow, fast])
    assert [row.name for row in both.rows] == ["x", "y"]
    assert both.rows[0].rounds["rust"] == tuple(rounds(18) + rounds(13))
    assert one_of(both, run(call("x", 18, 1000, 50), call("y", 1))) == {"same"}
    assert one_of(fast, run(call("x", 18, 1000, 50), call("y", 1))) == {"worse", "same"}
    other = run(call("x", 18, 1000, 5) | {"peer": "numba"})
    assert set(against.together([slow, other]).rows[0].rounds) == {"rust", "python"}
    debug = msgspec.structs.replace(slow, machine={"engine": "rust, debug", "cpu": "x"})
    with pytest.raises(ValueError, match="differ in engine: rust, release, and rust, debug"):
        against.together([slow, debug])


# The command.


@pytest.fixture
def kept(tmp_path: Path) -> Any:
    def write(name: str, *rows: dict[str, Any], **more: Any) -> str:
        path = tmp_path / name
        path.write_text(json.dumps({"machine": {"engine": "rust, release"}, "rows": rows, **more}), encoding="utf-8")
        return str(path)

    return write


def test_the_command_ends_with_1_if_a_row_is_worse(kept: Any, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = kept("old", call("x", 10), call("y", 10)), kept("new", call("x", 10), call("y", 20))
    assert main(["bench", "--against", old, "--measured", old]) == 0
    assert main(["bench", "--against", new, "--measured", old]) == 0  # better
    assert main(["bench", "--against", new, "--against", old, "--measured", new]) == 0
    capsys.readouterr()
    assert main(["bench", "--against", old, "--measured", new]) == 1
    out, err = capsys.readouterr()
    assert [text.split()[0] for text in out.splitlines()] == ["old:", "new:", "same", "worse", "2"]
    assert err == ""


def test_the_command_gives_a_script_what_changed(kept: Any, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = kept("old", call("x", 10), date="2026-11-23"), kept("new", call("x", 20))
    assert main(["bench", "--against", old, "--measured", new, "--json"]) == 1
    output = json.loads(capsys.readouterr().out)
    assert output["against"]["date"] == "2026-11-23"
    assert [(change["name"], change["verdict"]) for change in output["changes"]] == [("x", "worse")]


def test_the_command_says_that_it_was_another_engine(kept: Any, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = kept("old", call("x", 10)), kept("new", call("x", 10), machine={"engine": "rust, debug"})
    assert main(["bench", "--against", old, "--measured", new]) == 0
    assert "another engine: rust, release, not rust, debug" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"machine": {}, "rows": []}', '{"machine": {}, "rows": [{"name": 1}]}', "\0", '"\ud800"'],
)
def test_a_file_that_is_no_run_ends_it_with_2(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "damaged"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    assert main(["bench", "--against", str(path)]) == 2
    out, err = capsys.readouterr()
    assert str(path) in err
    assert err.count("\n") == 1
    assert out == ""


def test_a_file_that_there_is_not_ends_it_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--against", str(tmp_path / "none")]) == 2
    assert main(["bench", "--against", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 2


@pytest.mark.parametrize(
    "args", [["--memory", "--against", "x"], ["--measured", "x"], ["engine", "--measured", "x", "--against", "y"]]
)
def test_what_can_not_be_compared_ends_it_with_2(args: list[str]) -> None:
    assert main(["bench", *args]) == 2


def test_runs_that_were_kept_are_compared_row_by_row(capsys: pytest.CaptureFixture[str]) -> None:
    one, two = (RUNS / f"2026-11-23-{letter}.json" for letter in "ab")
    args = ["bench", "--against", str(one), "--against", str(two), "--measured"]
    assert main([*args, str(one), "--json"]) == 0
    output = json.loads(capsys.readouterr().out)
    assert output["against"]["files"] == [str(one), str(two)]
    assert output["against"]["machine"]["engine"] == "rust, release"
    names = set(against.figures(against.load(one)))
    assert {(change["name"], change["size"]) for change in output["changes"]} == names
    assert main([*args, str(one)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(names) + 3


@pytest.mark.parametrize(
    ("args", "printed"), [([], ["x"]), (["--json"], []), (["--against", "old"], ["x", "old:", "new:", "same", "1"])]
)
def test_a_call_that_looks_no_worse_is_measured_once(
    args: list[str],
    printed: list[str],
    kept: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    made = EngineRow("x", "10", None, 10, rounds={"rust": tuple(rounds(10))})

    def measured(notify: object, plan: suite.Plan, show: Any) -> dict[str, Any]:
        assert plan.parts == ("engine",)
        show(made)
        return {"machine": {"engine": "rust, release"}, "rows": [made]}

    def measured_again(wanted: object) -> None:
        pytest.fail("nothing looks worse")

    kept("old", call("x", 10))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(suite, "run", measured)
    monkeypatch.setattr(again, "measured", measured_again)
    assert main(["bench", "engine", *args]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    if "--json" in args:
        assert [row["name"] for row in json.loads(out)["rows"]] == ["x"]
    else:
        assert [text.split()[0] for text in out.splitlines()] == printed


@pytest.mark.parametrize(("second", "code"), [(10, 0), (20, 1)])
def test_a_call_that_looks_worse_is_measured_again(
    second: float, code: int, kept: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def row(name: str, ns: float) -> EngineRow:
        return EngineRow(name, "10", None, ns, rounds={"rust": tuple(rounds(ns))})

    def measured(notify: object, plan: suite.Plan, show: Any) -> dict[str, Any]:
        return {"machine": {"engine": "rust, release"}, "rows": [row("x", 10), row("y", 20)]}

    def measured_again(wanted: set[tuple[str, str]]) -> dict[tuple[str, str], EngineRow]:
        asked.append(wanted)
        return {("y", "10"): row("y", second)}

    asked: list[set[tuple[str, str]]] = []
    monkeypatch.setattr(suite, "run", measured)
    monkeypatch.setattr(again, "measured", measured_again)
    assert main(["bench", "engine", "--against", kept("old", call("x", 10), call("y", 10)), "--json"]) == code
    assert asked == [{("y", "10")}]
    out, err = capsys.readouterr()
    assert json.loads(out)["rows"][1]["rust_ns"] == second
    assert "measuring again what looks worse: y" in err


@pytest.mark.parametrize("path", sorted(RUNS.glob("*.json")), ids=lambda path: path.stem)
def test_a_kept_run_can_be_compared(path: Path) -> None:
    kept = against.load(path)
    assert kept.date
    assert kept.machine["engine"] == "rust, release"
    assert len(against.figures(kept)) >= 60
    assert {change.verdict for change in against.compare(kept, kept)} == {"same"}


def test_a_run_reads_as_it_was_written() -> None:
    kept = run(call("x", 10, 20, 30), figure("y", 1, "more"))
    assert msgspec.json.decode(msgspec.json.encode(kept), type=against.Kept) == kept
