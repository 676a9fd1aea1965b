"""A strategy as `cambist new-strategy` writes it: its own test, how it is found, and a session that it took part in."""

from __future__ import annotations

import asyncio
import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from cambist import compose
from cambist.cli import main
from cambist.config import Config, load
from cambist.config.strategies import StrategyTable
from cambist.doctor.machine import check
from cambist.kernel.state import read_state, write_state
from cambist.market import markets
from cambist.market.setup import kernel_setup
from cambist.model.events import HEADER, RecordKind, pack, unpack
from cambist.model.market import Token
from cambist.model.tokens import KNOWN
from cambist.strategies import contract, kinds, negative_cycle
from cambist.strategies.base import API, Kind, StrategySetup, Wish
from cambist.strategies.contract import ContractError, go
from storage.reader import SessionReader
from storage.session import Block, SessionWriter

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[3]
SESSION = ROOT / "tests" / "replay" / "net" / "demo-7.cambist"
MIN_NET_PPM = 1_500
"""Some gaps of the session leave more and some less, so that both of its strategies trade."""
TOKENS = (Token(KNOWN["SOL"], "SOL", 9, verified=True, base=1), Token(KNOWN["USDC"], "USDC", 6, verified=True, base=2))


@pytest.fixture
def written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(["new-strategy", "acme-two", "--dir", str(tmp_path)]) == 0
    paths = [Path(line) for line in capsys.readouterr().out.splitlines()]
    assert {path.name for path in paths} == {"pyproject.toml", "cambist_acme_two.py", "test_cambist_acme_two.py"}
    return tmp_path / "cambist-acme-two"


@pytest.fixture
def installed(written: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Makes the plug-in known as pip would: by the metadata of its distribution."""
    told(written, "0.1.0")
    monkeypatch.syspath_prepend(str(written))
    importlib.invalidate_caches()
    yield written
    sys.modules.pop("cambist_acme_two", None)


def told(home: Path, version: str, points: str = "acme-two = cambist_acme_two:KIND") -> None:
    info = home / "cambist_acme_two-0.1.0.dist-info"
    info.mkdir(exist_ok=True)
    text = f"Metadata-Version: 2.1\nName: cambist-acme-two\nVersion: {version}\n"
    (info / "METADATA").write_text(text, "utf-8")
    (info / "entry_points.txt").write_text(f"[cambist.strategy]\n{points}\n", "utf-8")
    importlib.invalidate_caches()


def own_test(home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", "."],
        cwd=home, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_its_own_test_passes_as_it_was_written(written: Path) -> None:
    done = own_test(written)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"resumes": self._resumes}', "}", "made anew from its state after each record it said"),
        ("floor + 1", "floor - 1", "ContractError: wished for 1000000000 in and"),
        ("opportunity.amount_in, floor", "opportunity.amount_in - 1, floor", "ContractError: wished for 999999999 in"),
        (", forbid_unknown_fields=True", "", "settings of acme-two take unknown keys"),
        ("api=1", "api=2", "is no cambist.strategies.base.Kind of API 1"),
        ("self._slot, self._resumes = state.get", "self._resumes, self._slot = state.get", "`restore` came to"),
    ],
)
def test_its_own_test_fails_on_a_strategy_that_is_broken(written: Path, before: str, after: str, said: str) -> None:
    module = written / "cambist_acme_two.py"
    text = module.read_text("utf-8")
    assert text.count(before) == 1
    module.write_text(text.replace(before, after), "utf-8")
    done = own_test(written)
    assert done.returncode == 1
    assert said in done.stdout


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rule", "a strategy named rule already"),
        ("../x", "expected lower-case"),
        ("Acme", "expected lower-case"),
        ("\x1b[31m", "expected lower-case"),
    ],
)
def test_a_name_that_cannot_be_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, expected: str
) -> None:
    assert main(["new-strategy", name, "--dir", str(tmp_path)]) == 2
    err = capsys.readouterr().err
    assert expected in err
    assert "\x1b" not in err
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new-strategy", "acme-two", "--dir", str(written.parent)]) == 2
    assert "exists; choose another --dir" in capsys.readouterr().err


def made_setup(*tables: StrategyTable, **more: Any) -> Any:
    config = Config(tokens=TOKENS, strategies=tables, **more)
    return kernel_setup(config, markets.network(config))


def test_it_is_found_by_its_entry_point_and_runs_with_its_settings_and_budget(installed: Path, tmp_path: Path) -> None:
    path = tmp_path / "cambist.toml"
    path.write_text(
        '[[strategies]]\nname = "mine"\nkind = "acme-two"\ncapital = { SOL = 1.5 }\ndaily_loss = { SOL = 0.1 }\n'
        "max_open_orders = 2\nmax_orders_per_day = 9\nmax_edges = 77\nsettings = { pause_slots = 9 }\n"
        '[[strategies]]\nname = "negative_cycle"\n[[strategies]]\nname = "rule"\nenabled = false\n',
        "utf-8",
    )
    config = msgspec.structs.replace(load(path), tokens=TOKENS)
    setup = kernel_setup(config, markets.network(config))
    assert setup.strategies == (
        StrategySetup("mine", "acme-two", {"pause_slots": 9}, 77, "0.1.0"),
        StrategySetup("negative_cycle", "negative_cycle", {}, 10_000),
    )
    budget = setup.limits.budgets["mine"]
    assert (budget.capital, budget.daily_loss) == ({KNOWN["SOL"]: 1_500_000_000}, {KNOWN["SOL"]: 100_000_000})
    assert (budget.max_open_orders, budget.max_orders_per_day) == (2, 9)
    kernel = compose.fresh_kernel("reference")
    kernel._fresh(setup, read_state(kernel.initial_state()).kernel)
    assert kernel.running.names == ("mine", "negative_cycle")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"name": "acme-too"}, r"acme-too: no strategy 'acme-too' is installed; .*did you mean `acme-two`"),
        ({"name": "acme-two", "settings": {"pause": 1}}, "settings of acme-two: Object contains unknown field `pause`"),
        ({"name": "acme-two", "settings": {"pause_slots": -1}}, "Expected `int` >= 0"),
        ({"name": "rule", "settings": {"text": "hopps > 1"}}, r"\[\[strategies\]\] rule: column 1"),
        ({"name": "acme-two", "capital": {"BONK": 1.0}}, r"\[strategies acme-two capital\] names BONK"),
        ({"name": "rule", "enabled": False}, "none is enabled"),
    ],
)
@pytest.mark.usefixtures("installed")
def test_what_can_not_run_is_said_before_anything_does(table: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        made_setup(StrategyTable(**table))


def test_an_operators_rule_needs_a_strategy_that_goes_by_it() -> None:
    from cambist.config.schema import StrategyChoice

    text = StrategyChoice(rule="hops > 1")
    with pytest.raises(ValueError, match=r"\[strategy\] rule: no \[\[strategies\]\] of kind 'rule' without settings"):
        made_setup(StrategyTable("negative_cycle"), strategy=text)
    assert made_setup(StrategyTable("rule"), strategy=text).rule == "hops > 1"
    assert made_setup(strategy=text).strategies == ()


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ('[[strategies]]\nname = "Acme"\n', r"`strategies\[0\].name` is \"Acme\", expected up to 64 of a-z"),
        ('[[strategies]]\nname = "a"\n[[strategies]]\nname = "a"\n', r"`strategies\[1\].name` is taken by another"),
        ('[[strategies]]\nname = "a"\ncapital = { SOL = inf }\n', r"strategies\[0\].capital"),
    ],
)
def test_a_table_that_can_not_be_meant_is_refused_at_its_line(tmp_path: Path, tables: str, said: str) -> None:
    path = tmp_path / "cambist.toml"
    path.write_text(tables, "utf-8")
    with pytest.raises(ValueError, match=said):
        load(path)


def test_doctor_and_config_name_it(installed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = Config(strategies=(StrategyTable("mine", "acme-two"), StrategyTable("no", "acme-three")))
    found = [(one["ok"], one["found"]) for one in check(config) if one["name"] == "strategy"]
    assert found[:2] == [(True, "acme-two can be used, 0.1.0"), (True, "mine runs: acme-two")]
    assert found[2][0] is False
    assert found[2][1].startswith("[[strategies]] no: no strategy 'acme-three' is installed")
    assert main(["config", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["keys"]
    (row,) = [
        row for row in rows if (row["table"], row["name"]) == ("[strategies.settings] of acme-two", "pause_slots")
    ]
    assert (row["default"], row["high"], row["meaning"]) == (
        4,
        10_000,
        "Slots without a trade after one that was missed.",
    )


@pytest.mark.parametrize(
    ("text", "points", "said"),
    [
        ("raise RuntimeError('no key')", "", "can't be loaded: no key"),
        ("KIND = 7", "", "is 7, expected a cambist.strategies.base.Kind"),
        ("from cambist.strategies.base import Kind\nKIND = Kind(9, 'acme-two', None)", "", "for API 9, this is 1"),
        ("from cambist.strategies.base import Kind\nKIND = Kind(1, 'other', None)", "", "calls itself 'other'"),
        ("", "acme-two = cambist_acme_two:NONE", "can't be loaded: module 'cambist_acme_two' has no attribute 'NONE'"),
    ],
)
def test_a_package_that_can_not_be_used_says_why(installed: Path, text: str, points: str, said: str) -> None:
    (installed / "cambist_acme_two.py").write_text(text, "utf-8")
    if points:
        told(installed, "0.1.0", points)
    with pytest.raises(kinds.NoStrategy, match=said):
        kinds.find("acme-two")
    (found,) = [one for one in check(Config()) if one["name"] == "strategy"]
    assert not found["ok"]
    assert said.partition(":")[0] in found["found"]


def test_no_package_takes_a_name_of_cambists_own(installed: Path) -> None:
    told(installed, "0.1.0", "rule = cambist_acme_two:KIND")
    assert kinds.find("rule") is kinds.BUILT_IN["rule"]
    assert kinds.names() == tuple(kinds.BUILT_IN)


@pytest.fixture
def session(installed: Path, tmp_path: Path) -> Path:
    """Records a session of the net anew, with the plug-in ahead of the strategy that it had."""
    path = tmp_path / "with.cambist"
    asyncio.run(_record(path))
    return path


async def _record(path: Path) -> None:
    with SessionReader(SESSION) as reader:
        kernel, seq = compose.fresh_kernel(), 1
        writer = await SessionWriter.open(path, meta={}, channels=reader.channels, min_free_bytes=0)
        for chunk in reader.blocks():
            data = chunk.block
            if seq == 1:
                first, after = unpack(data, 0)
                assert first.kind == RecordKind.STATE
                state = read_state(first.body)
                both = (
                    StrategySetup("mine", "acme-two", {"min_net_ppm": MIN_NET_PPM}, version="0.1.0"),
                    StrategySetup("negative_cycle", "negative_cycle"),
                )
                setup = msgspec.structs.replace(state.setup, strategies=both)
                body = write_state(msgspec.structs.replace(state, setup=setup))
                data = pack(first.seq, first.recv_ns, RecordKind.STATE, body) + data[after:]
            effects = kernel.step(data)
            times = HEADER.unpack_from(data)[1], kernel.now_ns
            writer.put(Block(data, seq, seq + effects.records - 1, *times, effects.records, kernel.digest, None))
            await writer.flush()
            seq += effects.records
        await writer.close("made")
    assert writer.failure == ""
    assert {outcome.order.strategy for outcome in kernel.outcomes} == {"mine", "negative_cycle"}


def replayed(path: Path, engine: str, capsys: pytest.CaptureFixture[str]) -> tuple[dict[str, Any], str]:
    assert main(["replay", str(path), "--headless", "--json", "--engine", engine]) == 0
    said = capsys.readouterr()
    return json.loads(said.out), said.err


@pytest.mark.parametrize("engine", ["native", "reference"])
def test_a_session_that_it_took_part_in_replays_to_its_digest(
    session: Path, engine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    report, _ = replayed(session, engine, capsys)
    assert (report["digest_match"], report["not_compared"]) == (True, "")
    assert report["fills"] > 0


def test_a_session_whose_strategy_is_not_installed_opens_says_so_and_is_not_compared(
    session: Path, installed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told(installed, "0.2.0")
    report, _ = replayed(session, "native", capsys)
    assert (report["digest_match"], report["not_compared"]) == (
        None,
        "strategy mine: decided by acme-two of version 0.1.0, 0.2.0 is installed: not compared",
    )
    told(installed, "0.1.0", "")
    report, _ = replayed(session, "native", capsys)
    assert report["digest_match"] is None
    assert report["not_compared"].startswith("strategy mine: no strategy 'acme-two' is installed; there are negative_")
    assert report["records"] > 1_000
    assert report["digest"] != report["recorded_digest"]


class Drawing(negative_cycle.NegativeCycle):
    """Counts what it never tells of, as a draw or a clock would."""

    calls = 0

    def on_opportunity(self, opportunity: Any) -> list[Wish]:
        Drawing.calls += 1
        (wish,) = super().on_opportunity(opportunity)
        wish.skip = "odd" if Drawing.calls % 3 == 0 else ""
        return [wish]


def test_the_contract_is_kept_by_what_comes_with_cambist_and_not_by_what_draws() -> None:
    many = [go(seq) for seq in range(1, 9)]
    for kind in kinds.BUILT_IN.values():
        assert all(not skip for _, skip in contract.check(kind, many))
    with pytest.raises(ContractError, match="made anew from its state"):
        contract.check(Kind(API, "drawing", lambda *_: Drawing()), many)  # type: ignore[arg-type]
