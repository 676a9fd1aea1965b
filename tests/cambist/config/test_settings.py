"""One source of settings: what an operator writes is what both engines get, yesterday's file and session included."""

import json
import tomllib
from pathlib import Path

import msgspec
import pytest

from cambist.config import Config, load
from cambist.config.describe import keys
from cambist.config.settings import EARLIER_DEFAULTS, ENGINE, TABLES, Bidding, Gates, GateSettings, Search, complete
from cambist.engine.protocol import EngineSetup
from cambist.execution.paper_model import PaperParams
from cambist.execution.risk import Limits
from cambist.kernel import Kernel, KernelSetup
from tests.fakes import TOKENS, ScriptedEngine
from tests.snapshots import all_of_body

YESTERDAY = Path(__file__).with_name("yesterday.toml")


def test_yesterdays_file_works_and_says_how_to_write_it_now() -> None:
    warnings: list[str] = []
    config = load(YESTERDAY, warnings.append)
    old = tomllib.loads(YESTERDAY.read_text(encoding="utf-8"))
    assert list(config.exchanges) == ["binance", "kraken", "okx", "coinbase", "binance-usdm"]
    assert not config.venues["bybit"].enabled
    assert (config.venues["okx"].seed, config.venues["kraken"].silence_s) == ("rest", 20.0)
    assert config.search == Search(3, 5, 10_000, 200)
    rules = old["rules"]
    bidding = Bidding(rules.pop("bid_percentile"), rules.pop("bid_floor_micro_lamports"), 40_000, 2_000)
    assert config.bidding == bidding
    gates = {name: rules[name] for name in GateSettings.__struct_fields__ if name in rules}
    assert config.gates == GateSettings(**gates)
    assert len(gates) == 10
    for name in ("binance", "kraken", "okx", "bybit", "coinbase"):
        assert any(f"[{name}] is written [venues.{name}] now" in text for text in warnings)
    (rewritten,) = [text for text in warnings if "[rules]" in text]
    assert "[search] max_hops, keep" in rewritten
    assert "[bidding] percentile (was bid_percentile)" in rewritten
    assert len(warnings) == 6


def test_todays_file_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "cambist.toml"
    path.write_text("[gates]\nmin_net_ppm = 1\n[venues.kraken]\nsymbols = ['SOL/USD']\n", encoding="utf-8")
    warnings: list[str] = []
    assert load(path, warnings.append).gates.min_net_ppm == 1
    assert warnings == []


def test_every_key_has_a_default_or_is_required_and_says_what_it_means() -> None:
    found = list(keys(Config()))
    for key in found:
        assert key.meaning, f"{key.table} {key.name}"
        assert key.required or key.value is not None or key.default is not None or key.type.endswith("none"), key
    assert {key.name for key in found if key.table == "[gates]"} == set(GateSettings.__struct_fields__)
    named = {(key.table.strip("[]"), key.name) for key in found}
    assert {(table, name) for table, shape in TABLES.items() for name in shape.__struct_fields__} <= named


def test_numbers_of_the_engine_have_unit_and_range() -> None:
    for key in keys(Config()):
        if key.table.strip("[]") in TABLES and "int" in key.type:
            assert key.unit, key
            assert key.low is not None, key
            assert key.high is not None, key
            default = key.default
            assert default is None or key.low <= default <= key.high, key


def test_a_default_that_changes_is_kept_for_the_sessions_of_before() -> None:
    then = json.loads(Path(__file__).with_name("defaults.json").read_text(encoding="utf-8"))
    now = {name: msgspec.to_builtins(shape()) for name, shape in ENGINE.items()}
    for table, keys_then in then.items():
        for key, value in keys_then.items():
            meant = EARLIER_DEFAULTS.get(table, {}).get(key, now[table][key])
            assert meant == value, f"write {value!r} into EARLIER_DEFAULTS[{table!r}][{key!r}]"


def test_a_setup_without_a_key_is_completed() -> None:
    whole = json.loads(msgspec.json.encode(EngineSetup()))
    for table in ENGINE:
        for key in whole[table]:
            less = {**whole, table: {k: v for k, v in whole[table].items() if k != key}}
            assert complete(less) == whole
    assert complete({}) == {name: whole[name] for name in ENGINE}


def test_a_session_of_before_a_key_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = EngineSetup(tokens=TOKENS, gates=Gates(min_net_ppm=7))
    given: list[EngineSetup] = []

    def make(name: str, engine_setup: EngineSetup) -> ScriptedEngine:
        given.append(engine_setup)
        return ScriptedEngine(engine_setup)

    kernel = Kernel(KernelSetup(engine, Limits({}, {}, 1, 1), PaperParams(0, 0, 0, 0)), make)
    body = all_of_body(kernel.initial_state()) | {"schema": 1}
    del body["setup"]["engine"]["search"]
    del body["setup"]["engine"]["gates"]["max_gap_slots"]
    monkeypatch.setitem(EARLIER_DEFAULTS, "gates", {"max_gap_slots": 9})  # as if it had been another
    kernel.restore(json.dumps(body).encode())
    assert given[-1].gates == Gates(min_net_ppm=7, max_gap_slots=9)
    assert given[-1].search == Search()


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"setup":[]}', b'{"setup":{"engine":{"gates":[]}}}', b"nonsense"])
def test_what_is_no_setup_is_refused(body: bytes) -> None:
    kernel = Kernel(KernelSetup(EngineSetup()), lambda name, setup: ScriptedEngine(setup))
    with pytest.raises(ValueError, match="not a STATE record"):
        kernel.restore(body)
