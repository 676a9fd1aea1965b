"""What a session watches: from a node, from the cache, and from the cache when no node answers."""

import asyncio
import json
from pathlib import Path

import msgspec
import pytest

from cambist.config import Config, SolanaEndpoint, load
from cambist.doctor import check
from cambist.market import discovery
from cambist.market.discovery import DiscoveryError, Watched, cache, tokens_of
from cambist.market.discovery.files import Listed
from cambist.market.discovery.mints import FoundToken
from cambist.market.pools import shown, to_watch
from cambist.model.market import PoolRef, Token
from cambist.model.tokens import KNOWN, labels
from cambist.simulator.jsonrpc import RpcError
from tests.cambist.market.discovery.conftest import Chain

SOL, USDC = KNOWN["SOL"], KNOWN["USDC"]
HOUR_NS = 3_600_000_000_000
GONE = "http://127.0.0.1:1"


def config(chain: Chain, folder: Path, more: str = "", rpc: str = "") -> Config:
    path = folder / "cambist.toml"
    path.write_text(
        f"""
[market]
source = "network"
[[solana]]
name = "node-a"
pubsub = "{chain.facts["pubsub"]}"
rpc = "{rpc or chain.facts["rpc"]}"
[watch]
tokens = ["SOL", "USDC"]
venues = ["ray4", "cpmm", "orca"]
calls_per_minute = 6000
{more}
"""
    )
    return load(path)


async def watched(settings: Config, folder: Path, **options: object) -> tuple[Watched, list[str]]:
    notified: list[str] = []
    found = await asyncio.to_thread(
        lambda: discovery.watched(settings, folder=folder, notify=notified.append, **options)  # type: ignore[arg-type]
    )
    return found, notified


def kept_in(folder: Path) -> Path:
    (path,) = folder.glob("pools-*.json")
    return path


def aged(folder: Path, hours: float) -> None:
    path = kept_in(folder)
    data = json.loads(path.read_text())
    data["at_ns"] -= int(hours * HOUR_NS)
    path.write_text(json.dumps(data))


async def test_a_young_answer_is_kept_and_an_old_one_renewed(chain: Chain, tmp_path: Path) -> None:
    settings = config(chain, tmp_path)
    steps: list[str] = []
    first, _ = await watched(settings, tmp_path, progress=steps.append)
    assert {pool.address for pool in first.pools} == chain.pools("SOL", "USDC", venues=("ray4", "cpmm", "orca"))
    assert any("questions" in step for step in steps)
    assert not first.cached
    path = kept_in(tmp_path)
    kept = json.loads(path.read_text())
    assert kept["node"] == chain.facts["rpc"]
    assert kept["asked"]["tokens"] == [SOL, USDC]
    calls = len(chain.asked)
    again, notified = await watched(settings, tmp_path)
    assert (again.cached, again.pools, again.tokens, notified) == (True, first.pools, first.tokens, [])
    aged(tmp_path, 23.0)
    assert (await watched(settings, tmp_path))[0].cached
    assert len(chain.asked) == calls
    aged(tmp_path, 2.0)
    assert not (await watched(settings, tmp_path))[0].cached
    assert not (await watched(settings, tmp_path, refresh=True))[0].cached
    assert len(chain.asked) == 3 * calls


async def test_another_question_or_another_node_is_another_answer(chain: Chain, tmp_path: Path) -> None:
    await watched(config(chain, tmp_path), tmp_path)
    other, _ = await watched(config(chain, tmp_path, "max_pools = 2"), tmp_path)
    assert not other.cached
    assert len(other.pools) == 2
    with pytest.raises(DiscoveryError, match=r"127\.0\.0\.1:1"):
        await watched(config(chain, tmp_path, rpc=GONE), tmp_path)


async def test_offline_the_old_answer_is_used_and_its_age_said(chain: Chain, tmp_path: Path) -> None:
    settings = config(chain, tmp_path)
    first, _ = await watched(settings, tmp_path)
    aged(tmp_path, 50.0)
    chain.refuse["getMultipleAccounts"] = RpcError(-32601, "Method not found")
    found, notified = await watched(settings, tmp_path)
    assert found.pools == first.pools
    assert found.cached
    assert "using the pools found 2 d ago at http://127.0.0.1" in notified[0]
    assert found.age_ns > 49 * HOUR_NS


async def test_an_unreadable_cache_is_as_none(chain: Chain, tmp_path: Path) -> None:
    settings = config(chain, tmp_path)
    first, _ = await watched(settings, tmp_path)
    path = kept_in(tmp_path)
    for text in ("", "{", "[]", '{"schema": 1}', path.read_text().replace('"schema": 1', '"schema": 99'), "[" * 9_999):
        path.write_text(text)
        assert cache.load(first.found.asked, (first.found.node,), tmp_path) is None
    aged_into_the_future = msgspec.structs.replace(first.found, at_ns=first.found.at_ns + 48 * HOUR_NS)
    cache.store(aged_into_the_future, tmp_path)
    assert not (await watched(settings, tmp_path))[0].cached


async def test_the_next_node_is_asked_when_one_refuses(chain: Chain, tmp_path: Path) -> None:
    settings = config(chain, tmp_path)
    gone = SolanaEndpoint("gone", "ws://127.0.0.1:1", GONE)
    both = msgspec.structs.replace(settings, solana=(gone, *settings.solana))
    found, _ = await watched(both, tmp_path)
    assert found.found.node == chain.facts["rpc"]
    only = msgspec.structs.replace(both, watch=msgspec.structs.replace(both.watch, node="gone", max_pools=3))
    with pytest.raises(DiscoveryError, match=r"gone \(http://127\.0\.0\.1:1\)"):
        await watched(only, tmp_path)


async def test_pools_by_address_and_from_a_list_need_no_search(chain: Chain, tmp_path: Path) -> None:
    listed = sorted(chain.pools("KELP", "SOL"))
    named = sorted(chain.pools("SOL", "USDC"))[0]
    (tmp_path / "list.json").write_text(json.dumps([{"id": address, "dex": "wrong"} for address in listed]))
    settings = config(chain, tmp_path)
    watch = msgspec.structs.replace(
        settings.watch, tokens=(), venues=(), pools=(named,), pool_list=str(tmp_path / "list.json")
    )
    lied = PoolRef(listed[0], "SSwpkEEcbUqx4vtoEByFjSkhKdCT862DNVb52nZg1UZ")
    found, _ = await watched(msgspec.structs.replace(settings, watch=watch), tmp_path)
    assert {pool.address for pool in found.pools} == {named, *listed}
    programs = {pool["address"]: pool["program"] for pool in chain.facts["pools"]}
    assert all(pool.program == programs[pool.address] for pool in found.pools)
    found, _ = await watched(msgspec.structs.replace(settings, watch=watch, pools=(lied,)), tmp_path)
    (wrong,) = [pool for pool in found.found.pools if not pool.usable]
    assert wrong.address == lied.address
    assert wrong.state.startswith("not as [[pools]] says: its program is")


async def test_the_rows_say_why_and_how_far_each_is_proved(
    chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / name))
    absent = "GfmpT4hqnDGi9pdTCjhU1RavUTb8T5Cp48rBwrtvhZRR"
    settings = config(chain, tmp_path, f'pools = ["{absent}"]')
    notified: list[str] = []
    rows = await asyncio.to_thread(
        lambda: shown(settings, refresh=False, notify=notified.append, progress=notified.append)
    )
    assert not rows.ok, "a pool that is named can't be watched"
    by_address = {pool["address"]: pool for pool in rows.json["pools"]}
    assert by_address[absent]["state"] == "no such account"
    assert by_address[absent]["from"] == "config"
    one = by_address[next(iter(chain.pools("SOL", "USDC", venues=("ray4",))))]
    assert (one["from"], one["proof"], one["usable"], one["fee_ppm"]) == ("discovery", "program", True, 2_500.0)
    assert [side["decimals"] for side in one["pair"]] == [9, 6]
    assert [side["label"] for side in one["pair"]] == ["SOL", "USDC"]
    depths = [int(p["liquidity_atoms"]) for p in rows.json["pools"] if p["liquidity_atoms"]]
    assert depths == sorted(depths, reverse=True)
    assert rows.json["unit"]["label"] == "SOL"
    assert (rows.json["cached"], rows.json["demo"], rows.json["node"]) == (False, False, chain.facts["rpc"])
    notified.clear()
    session = await asyncio.to_thread(to_watch, settings, notified.append, lambda _: None)
    assert session.cached
    assert notified[0] == f"pool {absent} is not watched: no such account"
    assert notified[-1].startswith(f"{len(session.pools)} pools are watched, as http://127.0.0.1")
    watch = msgspec.structs.replace(settings.watch, tokens=(), venues=(), pools=(absent,))
    with pytest.raises(DiscoveryError, match="found no pool that can be watched"):
        await asyncio.to_thread(
            to_watch, msgspec.structs.replace(settings, watch=watch), notified.append, notified.append
        )


def searches(chain: Chain) -> int:
    """Returns how often pools or mints were asked for; that an endpoint answers is the doctor's own question."""
    return sum(method in ("getProgramAccounts", "getMultipleAccounts") for method, _ in chain.asked)


async def test_doctor_says_what_is_kept_and_knows_its_tokens(
    chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / name))
    settings = config(chain, tmp_path)
    rule = msgspec.structs.replace(settings.strategy, rule="rsi(SOL) < 70")
    settings = msgspec.structs.replace(settings, strategy=rule)

    async def checks() -> dict[str, tuple[bool, str]]:
        return {c["name"]: (c["ok"], c["found"]) for c in await asyncio.to_thread(check, settings, 1.0)}

    assert (await checks())["pools"] == (True, "none kept yet; `cambist pools` asks a node, as a run does")
    assert (await checks())["rule"] == (True, "not looked at: what tokens there are is known with the pools")
    calls = searches(chain)
    found, _ = await asyncio.to_thread(lambda: (discovery.watched(settings), None))
    asked = searches(chain)
    assert asked > calls
    kept_checks = await checks()
    assert kept_checks["pools"][0]
    assert kept_checks["pools"][1].startswith(f"{len(found.pools)} found 0 s ago at http://127.0.0.1")
    assert kept_checks["rule"][0]
    assert searches(chain) == asked, "no node is asked for pools to look at what is kept"


def found_token(mint: str, decimals: int, symbol: str = "") -> FoundToken:
    return FoundToken(mint, decimals, "spl-token", symbol)


def test_decimals_are_the_mints_and_symbols_are_verified_by_config_or_list() -> None:
    bonk, fake, jup, twin = (base * 4 + "1111111111" for base in ("BonkBonk", "FakeFake", "JuppJupp", "TwinTwin"))
    asked = discovery.Ask(base=(SOL, USDC))
    tokens = (
        found_token(SOL, 9), found_token(USDC, 6), found_token(bonk, 5), found_token(fake, 9, "SOL"),
        found_token(jup, 6), found_token(twin, 6),
    )  # fmt: skip
    found = discovery.Found(asked, "x", 0, 0, (), tokens)
    settings = Config(tokens=(Token(jup, "JUP", 8, verified=True),))
    listed = {
        bonk: Listed("BONK", 5, unique=True),
        twin: Listed("WIF", 5, unique=True),
        fake: Listed("FAKE", 9, unique=False),
    }
    made, notes = tokens_of(settings, found, listed)
    by_mint = {token.mint: token for token in made}
    named = labels(made)
    assert (by_mint[SOL].base, by_mint[USDC].base, by_mint[bonk].base) == (1, 2, 0)
    assert (named[SOL], named[USDC], named[bonk], named[jup]) == ("SOL", "USDC", "BONK", "JUP")
    assert by_mint[jup].decimals == 6
    assert named[fake] == "FAKE Fake…1111"
    assert named[twin] == "WIF Twin…1111", "a list that is wrong about decimals verifies nothing"
    assert len(notes) == 2
    assert notes[0] == "Jupp…1111: [[tokens]] says 8 decimals, its mint 6: that is used"
    fiat = Config(tokens=(Token("fiat:USD", "USD", 2, base=1), Token(jup, "JUP", 6, base=2)))
    asked = discovery.ask_of(fiat)
    assert (asked.mints, asked.base) == ((jup,), (jup,)), "no node is asked for the money of banks"
    assert "fiat:USD" in {token.mint for token in tokens_of(fiat, found)[0]}
    bare, _ = tokens_of(Config(), found)
    assert labels(bare)[fake] == "SOL Fake…1111"
