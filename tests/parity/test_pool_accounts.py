"""Pools of the younger venues in whole engines: whatever their accounts say, in whatever order, both engines agree."""

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from cambist.engine import make_engine
from cambist.engine.reference.chain import base58, program
from cambist.engine.reference.venues import owned
from cambist.model.market import PoolRef
from tests.parity import test_bins, test_curves, test_ranges
from tests.parity.markets import SOL, START_NS, USDC, Market, key, run, setup
from tests.parity.test_pools import vault
from tests.snapshots import all_state

pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")

ADDRESS = test_bins.ADDRESS
LATER = START_NS + 10**11
SOL_KEY, USDC_KEY = (base58.decode(mint) for mint in (SOL, USDC))
VAULTS = (key("vault-a"), key("vault-b"))
CONFIG = key("clmm-config")
Accounts = dict[bytes, tuple[bytes, bytes]]


def patched(data: bytes, keys: dict[int, bytes]) -> bytes:
    """Returns an account with keys at offsets."""
    out = bytearray(data)
    for offset, value in keys.items():
        out[offset : offset + 32] = value
    return bytes(out)


def vaults(amounts: tuple[int, int], mints: tuple[bytes, bytes]) -> Accounts:
    return {
        address: (program.TOKEN, patched(vault(amount), {0: mint, 32: key("authority")}))
        for address, amount, mint in zip(VAULTS, amounts, mints, strict=True)
    }


balances = st.tuples(st.integers(0, 2**50), st.integers(0, 2**50))


@st.composite
def saber(draw: st.DrawFn) -> Accounts:
    data = patched(draw(test_curves.saber_accounts()), {107: VAULTS[0], 139: VAULTS[1], 203: SOL_KEY, 235: USDC_KEY})
    return {ADDRESS: (owned.SABER, data), **vaults(draw(balances), (SOL_KEY, USDC_KEY))}


@st.composite
def damm2(draw: st.DrawFn) -> Accounts:
    return {
        ADDRESS: (owned.METEORA_DAMM_V2, patched(draw(test_curves.damm_v2_accounts()), {168: SOL_KEY, 200: USDC_KEY}))
    }


@st.composite
def dlmm(draw: st.DrawFn) -> Accounts:
    pair, bitmap, *arrays = draw(test_bins.accounts())
    found = {ADDRESS: (owned.METEORA_DLMM, patched(pair, {88: SOL_KEY, 120: USDC_KEY}))}
    if bitmap:
        found[key("bitmap")] = (owned.METEORA_DLMM, bitmap)
    return found | {key(f"array {at}"): (owned.METEORA_DLMM, data) for at, data in enumerate(arrays)}


@st.composite
def clmm(draw: st.DrawFn) -> Accounts:
    pool, config, bitmap, *arrays = draw(test_ranges.clmm())
    found = {
        ADDRESS: (owned.RAYDIUM_CLMM, patched(pool, {9: CONFIG, 73: SOL_KEY, 105: USDC_KEY})),
        CONFIG: (owned.RAYDIUM_CLMM, config),
    }
    if bitmap:
        found[key("bitmap")] = (owned.RAYDIUM_CLMM, bitmap)
    return found | {key(f"array {at}"): (owned.RAYDIUM_CLMM, data) for at, data in enumerate(arrays)}


@st.composite
def pump(draw: st.DrawFn) -> Accounts:
    pool, config, schedule = draw(test_ranges.pump())
    keys = {43: SOL_KEY, 75: USDC_KEY, 139: VAULTS[0], 171: VAULTS[1]}
    found = {
        ADDRESS: (owned.PUMP_AMM, patched(pool, keys)),
        owned.PUMP_AMM_CONFIG: (owned.PUMP_AMM, config),
        **vaults(draw(balances), (SOL_KEY, USDC_KEY)),
    }
    return found | ({owned.PUMP_FEE_CONFIG: (owned.PUMP_FEES, schedule)} if schedule else {})


VENUES = {
    "saber": (owned.SABER, saber()),
    "damm2": (owned.METEORA_DAMM_V2, damm2()),
    "dlmm": (owned.METEORA_DLMM, dlmm()),
    "clmm": (owned.RAYDIUM_CLMM, clmm()),
    "pump": (owned.PUMP_AMM, pump()),
}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@pytest.mark.parametrize("venue", VENUES)
@given(st.data())
def test_same_accounts_same_bytes(venue: str, data: st.DataObject):
    owner, states = VENUES[venue]
    made = setup(pools=(PoolRef(base58.encode(ADDRESS), base58.encode(owner)),))
    first, second, market = make_engine("reference", made), make_engine("native", made), Market()
    before = data.draw(states)
    market.accounts |= before
    market.next_slot()
    for address in (program.CLOCK, ADDRESS, *data.draw(st.permutations([SOL_KEY, USDC_KEY, *set(before) - {ADDRESS}]))):
        market.subscribe(address)
        market.notify(address)
    market.next_slot()
    for _ in range(data.draw(st.integers(0, 2))):
        after = data.draw(states)
        for address in data.draw(st.permutations(sorted(set(before) & set(after)))):
            market.accounts[address] = after[address]
            market.notify(address)
            if data.draw(st.integers(0, 3)) == 0:
                market.next_slot()
        if data.draw(st.integers(0, 3)) == 0:
            gone = data.draw(st.sampled_from(sorted(before)))
            market.accounts.pop(gone)
            market.seed([gone])
            market.accounts[gone] = before[gone]
    market.next_slot()
    block = market.take()
    assert run(first, block) == run(second, block)
    assert first.snapshot() == second.snapshot()
    assert first.present(LATER) == second.present(LATER)
    pool = base58.encode(ADDRESS)
    asked = [pool, SOL, "nobody", ""]
    assert first.unrecorded(asked) == second.unrecorded(asked)
    assert first.unrecorded(asked)[-3:] == asked[-3:], "a pool that isn't watched is not known"
    for direction in (0, 1):
        for amount in (1, 10**6, 10**10):
            route = [f"{pool}:{direction}"]
            assert first.quote_route(route, amount, LATER) == second.quote_route(route, amount, LATER)
    # A third engine that starts from the snapshot says the same of what comes next.
    third = make_engine("native", made)
    third.restore(first.snapshot())
    market.notify(ADDRESS)
    market.next_slot()
    block = market.take()
    assert run(first, block) == run(third, block)
    assert first.snapshot() == third.snapshot()


@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@pytest.mark.parametrize("venue", VENUES)
def test_a_whole_pool_becomes_live(venue: str):
    """Of many drawn pools some must be live: the comparison above is not of refusals only."""
    owner, states = VENUES[venue]

    def lives(accounts: Accounts) -> bool:
        made = setup(pools=(PoolRef(base58.encode(ADDRESS), base58.encode(owner)),))
        engine, market = make_engine("native", made), Market()
        market.accounts |= accounts
        market.next_slot()
        for address in (program.CLOCK, ADDRESS, SOL_KEY, USDC_KEY, *(set(accounts) - {ADDRESS})):
            market.subscribe(address)
            market.notify(address)
        market.next_slot()
        market.next_slot()
        run(engine, market.take())
        return all_state(engine)["pools"][0]["state"] == "live"

    find(states, lives, settings=settings(max_examples=600, phases=[Phase.generate], derandomize=True))


@pytest.mark.parametrize("engine", ["reference", "native"])
@pytest.mark.parametrize(("mode", "recorded"), [(0, True), (1, False), (2, False), (3, False), (4, False)])
def test_a_pool_whose_fee_was_never_recorded_is_named(engine: str, mode: int, recorded: bool):
    pool = base58.encode(ADDRESS)
    made = make_engine(engine, setup(pools=(PoolRef(pool, base58.encode(owned.METEORA_DAMM_V2)),)))
    assert made.unrecorded([pool]) == [pool], "nothing is known of it yet"
    data = bytearray(1112)
    data[:8] = bytes.fromhex("f19a6d0411b16dbc")
    data[16], data[24] = mode, 60
    test_curves.put(data, 424, 1, 1, 1)
    market = Market()
    market.accounts[ADDRESS] = (owned.METEORA_DAMM_V2, patched(data, {168: SOL_KEY, 200: USDC_KEY}))
    market.next_slot()
    market.subscribe(ADDRESS)
    market.notify(ADDRESS)
    market.next_slot()
    run(made, market.take())
    assert made.unrecorded([pool]) == ([] if recorded else [pool])
