import itertools
import subprocess
import sys
from collections import Counter, defaultdict
from functools import cache

import msgspec
import pytest

from cambist.engine.reference.chain import program
from cambist.engine.reference.chain.token import Mint, TokenAccount
from cambist.engine.reference.venues.clmm.layout import ClmmBitmapExtension, ClmmConfig, ClmmPool, ClmmTickArray
from cambist.engine.reference.venues.clmm.maths.ticks import ClmmTicks
from cambist.engine.reference.venues.cpmm.layout import CpmmPool
from cambist.engine.reference.venues.damm2.layout import DammV2Pool
from cambist.engine.reference.venues.dlmm.layout import BinArray, BinArrayBitmapExtension, LbPair
from cambist.engine.reference.venues.dlmm.maths.bins import liquid_arrays
from cambist.engine.reference.venues.orca.layout import Oracle, TickArray, Whirlpool
from cambist.engine.reference.venues.pump.layout import PumpConfig, PumpFeeConfig, PumpPool
from cambist.engine.reference.venues.pump.owned import PUMP_AMM_CONFIG, PUMP_FEE_CONFIG
from cambist.engine.reference.venues.pump.pool import is_canonical
from cambist.engine.reference.venues.ray4.layout import AmmV4
from cambist.engine.reference.venues.saber.layout import StableSwap
from cambist.model.rivals import LEVELS, Level
from cambist.simulator import chain
from cambist.simulator.accounts import TokenBalance
from cambist.simulator.draw import Draw
from cambist.simulator.market import Market


def digest_of(seed: int, slots: int, hash_seed: str) -> dict:
    command = [sys.executable, "-m", "cambist.simulator", "--seed", str(seed), "--slots", str(slots), "--digest"]
    done = subprocess.run(
        command, capture_output=True, check=True, env={"PYTHONHASHSEED": hash_seed, "PYTHONPATH": "."}
    )
    return msgspec.json.decode(done.stdout)


def test_one_seed_gives_one_digest_whatever_the_process() -> None:
    first, second, other = digest_of(5, 60, "0"), digest_of(5, 60, "4242"), digest_of(6, 60, "0")
    assert first == second
    assert first["transactions"] > 300
    assert first["digest"] != other["digest"]


def test_a_longer_run_goes_through_the_same_slots() -> None:
    one, two = Market(3), Market(3)
    for _ in range(20):
        assert [item.signature for item in one.slot().landed] == [item.signature for item in two.slot().landed]
    assert two.slot().slot == one.chain.slot + 1


def test_what_the_exchange_tells_does_not_change_the_chain() -> None:
    class Deaf:
        def __getattr__(self, name: str):
            return lambda *_, **__: None

    loud, still = Market(3), Market(3)
    loud.exchange = Deaf()
    for _ in range(15):
        assert [item.signature for item in loud.slot().landed] == [item.signature for item in still.slot().landed]


def test_every_account_reads_as_its_layout_says() -> None:
    market = Market(2)
    for _ in range(40):
        market.slot()
    chain, found = market.chain, Counter()
    for pool in market.world.pools:
        account = chain.accounts[pool.spec.address]
        found[pool.spec.venue] += 1
        if pool.spec.venue == "ray4":
            assert AmmV4.decode(account.data) == pool.info
        elif pool.spec.venue == "cpmm":
            assert CpmmPool.decode(account.data) == account.pool
        elif pool.spec.venue == "damm2":
            assert DammV2Pool.decode(account.data) == account.pool
        elif pool.spec.venue == "saber":
            assert StableSwap.decode(account.data) == pool.state
        elif pool.spec.venue == "dlmm":
            assert LbPair.decode(account.data) == account.pair
            extension = BinArrayBitmapExtension.decode(chain.accounts[pool.bitmap].data) if pool.bitmap else None
            found["bitmap"] += extension is not None
            assert liquid_arrays(account.pair, extension) == sorted(pool.arrays)
            for index, key in pool.arrays.items():
                array = BinArray.decode(chain.accounts[key].data)
                assert array == chain.accounts[key].array
                assert (array.index, array.lb_pair) == (index, pool.spec.address)
        elif pool.spec.venue == "clmm":
            assert ClmmPool.decode(account.data) == account.pool
            assert ClmmConfig.decode(chain.accounts[pool.config_address].data) == pool.config
            extension = ClmmBitmapExtension.decode(chain.accounts[pool.bitmap].data)
            arrays = [ClmmTickArray.decode(chain.accounts[key].data) for key in pool.arrays.values()]
            assert arrays == [chain.accounts[key].array for key in pool.arrays.values()]
            ticks = ClmmTicks(pool.spec.address, account.pool, extension, arrays)
            assert (ticks.ticks, ticks.initialised) == (account.ticks.ticks, account.ticks.initialised)
            assert sum(tick.net for tick in ticks.ticks.values()) == 0
            inside = sum(tick.net for at, tick in ticks.ticks.items() if at <= account.pool.tick)
            assert inside == account.pool.liquidity
            found["beyond"] += any(extension.positive)
            found["orders"] += any(tick.orders.total() for tick in ticks.ticks.values())
            found["dynamic"] += account.pool.dynamic_fee is not None
            found["fee_on"] += account.pool.fee_on != 0
        elif pool.spec.venue == "pump":
            assert PumpPool.decode(account.data) == account.pool
            assert PumpConfig.decode(chain.accounts[PUMP_AMM_CONFIG].data) == pool.facts.config
            assert PumpFeeConfig.decode(chain.accounts[PUMP_FEE_CONFIG].data) == pool.facts.schedule
            assert is_canonical(account.pool) == pool.facts.canonical
            found["kept"] += account.pool.virtual_quote_reserves < 0
        else:
            assert Whirlpool.decode(account.data) == account.pool
            arrays = [TickArray.decode(chain.accounts[key].data) for key in pool.arrays.values()]
            edges = sorted(
                (a.start_tick_index + at * pool.spec.tick_spacing, net) for a in arrays for at, net in a.ticks
            )
            assert edges == list(zip(pool.ticks.indexes, pool.ticks.nets, strict=True))
            assert sum(net for _, net in edges) == 0
            inside = sum(net for edge, net in edges if edge <= account.pool.tick)
            assert inside == account.pool.liquidity
            if account.pool.has_adaptive_fee():
                assert Oracle.decode(chain.accounts[pool.oracle].data) == chain.accounts[pool.oracle].oracle
                found["adaptive"] += 1
    assert sum(found[venue] for venue in ("ray4", "cpmm", "orca")) >= 60
    assert min(found[venue] for venue in ("ray4", "cpmm", "orca")) >= 15
    assert (found["damm2"], found["dlmm"], found["saber"], found["clmm"], found["pump"]) == (5, 6, 3, 9, 4)
    assert (found["orders"], found["dynamic"], found["fee_on"]) == (3, 2, 2)
    assert found["beyond"] >= 2
    assert found["kept"] >= 1
    assert found["adaptive"] >= 2
    assert found["bitmap"] >= 1
    for key, account in chain.accounts.items():
        assert len(account.data) == account.space, key.hex()
        if isinstance(account, TokenBalance):
            token = TokenAccount.decode(account.data)
            assert (token.mint, token.owner, token.amount) == (account.mint, account.holder, account.amount)
    assert len({token.mint for token in market.world.tokens.values()}) >= 15


@cache
def traded() -> tuple[Market, dict[bytes, int], Counter]:
    """Returns a market after a minute, what there was of each token before it, and what landed and failed."""
    market, counted = Market(4), Counter()
    before = totals(market)
    for _ in range(150):
        landed = market.slot().landed
        counted.update(landed=len(landed), failed=sum(item.err is not None for item in landed))
    return market, before, counted


def totals(market: Market) -> dict[bytes, int]:
    found: dict[bytes, int] = defaultdict(int)
    for account in market.chain.accounts.values():
        if isinstance(account, TokenBalance):
            withheld = int.from_bytes(account.data[-8:], "little") if account.owner == program.TOKEN_2022 else 0
            found[account.mint] += account.amount + withheld
    return found


def test_trading_neither_makes_nor_loses_tokens() -> None:
    market, before, counted = traded()
    assert totals(market) == before
    assert counted["landed"] > 1_000
    assert 0 < counted["failed"] < counted["landed"] / 2
    for mint, total in before.items():
        assert total <= Mint.decode(market.chain.accounts[mint].data).supply


def test_pools_hold_what_they_owe() -> None:
    """Every position could be taken out: the vault covers the liquidity at the price, orders, and the fees owed."""
    from cambist.engine.reference.venues import raydium_price
    from cambist.engine.reference.venues.sqrt_price import delta_a, delta_b, sqrt_price_from_tick

    (market, *_), checked = traded(), Counter()
    for pool in market.world.pools:
        if pool.spec.venue not in ("orca", "clmm"):
            continue
        account = market.chain.accounts[pool.spec.address]
        state, liquidity = account.pool, 0
        if pool.spec.venue == "orca":
            need = [state.protocol_owed_a, state.protocol_owed_b]
            edges, root_at = list(zip(pool.ticks.indexes, pool.ticks.nets, strict=True)), sqrt_price_from_tick
        else:
            need = [sum(owed) for owed in zip(state.protocol_fees, state.fund_fees, strict=True)]
            edges = [(at, tick.net) for at, tick in sorted(account.ticks.ticks.items())]
            root_at = raydium_price.sqrt_price_from_tick
            for at, tick in account.ticks.ticks.items():
                need[0 if at > state.tick else 1] += tick.orders.total()
        for (low, net), (high, _) in itertools.pairwise(edges):
            liquidity += net
            low_root, high_root = root_at(low), root_at(high)
            inside = min(max(state.sqrt_price, low_root), high_root)
            need[0] += delta_a(inside, high_root, liquidity, up=False) or 0
            need[1] += delta_b(low_root, inside, liquidity, up=False) or 0
        assert market.chain.accounts[pool.spec.vault_a].amount >= need[0]
        assert market.chain.accounts[pool.spec.vault_b].amount >= need[1]
        checked[pool.spec.venue] += 1
    assert checked["orca"] > 20
    assert checked["clmm"] == 9


def test_dlmm_reserves_hold_the_bins_the_orders_and_the_protocol_s_fees() -> None:
    (market, *_), moved = traded(), 0
    for pool in market.world.pools:
        if pool.spec.venue != "dlmm":
            continue
        pair = market.chain.accounts[pool.spec.address].pair
        moved += pair.volatility.last_update_timestamp > 1_790_000_000
        need = [pair.protocol_fee_x, pair.protocol_fee_y]
        for key in pool.arrays.values():
            for bin_ in market.chain.accounts[key].array.bins:
                need[0] += bin_.amount_x
                need[1] += bin_.amount_y
                need[0 if bin_.is_ask else 1] += bin_.open_order_amount + bin_.processed_order_remaining
        for key, least in zip((pool.spec.vault_a, pool.spec.vault_b), need, strict=True):
            assert market.chain.accounts[key].amount >= least
    assert moved >= 4


def cycles(market: Market) -> dict[tuple, float]:
    """Returns every 2 and 3 hop cycle through pools from SOL and USDC that gains at the margin, by brute force."""
    out = defaultdict(list)
    for index, (pool, mid) in enumerate(zip(market.world.pools, market.mids, strict=True)):
        spec = pool.spec
        keep = 1.0 - spec.fee_ppm / 1e6
        for token in (spec.token_a.symbol, spec.token_b.symbol):
            keep *= 0.997 if token == "TOLL" else 1.0
        out[spec.token_a.symbol].append((spec.token_b.symbol, mid * keep, index))
        out[spec.token_b.symbol].append((spec.token_a.symbol, keep / mid, index))
    found = {}
    for start in ("SOL", "USDC"):
        for second, first_rate, i in out[start]:
            for third, second_rate, j in out[second]:
                if j == i:
                    continue
                if third == start and first_rate * second_rate > 1.0:
                    found[start, i, j] = first_rate * second_rate - 1.0
                for last, last_rate, k in out[third] if third != start else ():
                    if last == start and k not in (i, j) and first_rate * second_rate * last_rate > 1.0:
                        found[start, i, j, k] = first_rate * second_rate * last_rate - 1.0
    return found


@pytest.mark.parametrize(("seed", "level", "least"), [(1, "easy", 30), (2, "honest", 5)])
def test_gaps_open_last_a_few_slots_and_are_closed_by_someone(seed: int, level: Level, least: int) -> None:
    """Counted for gaps of 5 bps and more, which pay for their own costs; thinner ones may stay."""
    market = Market(seed, rivals=LEVELS[level])
    alive: dict[tuple, int] = {}
    lives: list[int] = []
    slots_with, best = 0, 0.0
    for _ in range(300):
        market.slot()
        now = {key: gain for key, gain in cycles(market).items() if gain > 0.0005}
        slots_with += bool(now)
        best = max(best, *now.values(), 0.0)
        lives += [alive.pop(key) for key in list(alive) if key not in now]
        for key in now:
            alive[key] = alive.get(key, 0) + 1
    lives.sort()
    assert slots_with > least, "a market without gaps shows nothing"
    assert slots_with < 290, "a market that always has gaps has no rivals"
    assert len(lives) > least
    assert lives[len(lives) // 2] <= 6
    assert lives[-1] <= 120
    assert max(alive.values(), default=0) <= 120
    assert best < 0.05


@pytest.mark.parametrize("seed", [1, 9])
def test_pools_stay_near_the_fair_price(seed: int) -> None:
    market = Market(seed)
    for checkpoint in range(2):
        for _ in range(75):
            market.slot()
        off = []
        for pool, mid in zip(market.world.pools, market.mids, strict=True):
            spec, usd = pool.spec, market.prices.usd
            fair = usd[spec.token_a.symbol] / usd[spec.token_b.symbol]
            off.append(max(0.0, abs(mid / fair - 1.0) - spec.fee_ppm / 1e6))
        off.sort()
        assert off[len(off) // 2] < 0.0015, checkpoint
        assert off[-1] < 0.03, checkpoint


def test_fees_and_congestion_follow_the_weather() -> None:
    market = Market(4, rate=0.2)
    calm, storm = [], []
    for _ in range(300):
        market.slot()
        row = market.chain.fees.rows([], 5_000)[-1][1]
        (storm if market.weather.storm > 0.4 else calm if market.weather.storm < 0.05 else []).append(row)
    assert len(storm) > 40
    assert len(calm) > 100
    calm.sort()
    storm.sort()
    assert storm[len(storm) // 2] > 4 * calm[len(calm) // 2]


def test_of_what_landed_a_status_is_kept_and_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = 40
    monkeypatch.setattr(chain, "KEPT_SLOTS", kept)
    market, told = Market(seed=5), []
    for _ in range(kept + 30):
        block = market.slot()
        told.append([item.signature for item in block.landed])
    statuses = market.chain.statuses
    assert sum(map(len, told[-kept:])) == len(statuses) > 1_000
    assert not any(signature in statuses for slot in told[:-kept] for signature in slot)
    newest = [signature for slot in told[-kept:] for signature in slot]
    assert [statuses[signature].slot for signature in newest] == sorted(
        statuses[signature].slot for signature in newest
    )
    assert {type(status.err) for status in statuses.values()} > {type(None)}


def test_draws_are_even() -> None:
    draw = Draw(1, "test")
    assert abs(sum(draw.normal() for _ in range(4_000))) < 4_000**0.5 * 4
    assert {draw.below(3) for _ in range(100)} == {0, 1, 2}
    assert abs(sum(draw.count(0.3) for _ in range(4_000)) - 1_200) < 150
    assert all(1.0 <= draw.tail(9.0) <= 9.0 for _ in range(100))
    numbers = list(range(50))
    draw.shuffle(numbers)
    assert sorted(numbers) == list(range(50)) != numbers
    assert Draw(1, "test").unit() == Draw(1, "test").unit() != Draw(1, "other").unit()
