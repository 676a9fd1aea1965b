"""The rivals: as fast, as many and as sure as they are said to be, and what they send is to be seen."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import pytest
from solders.pubkey import Pubkey
from solders.signature import Signature

from cambist.engine.reference.chain.tx_parser import parse_transactions
from cambist.engine.reference.chain.tx_parser.receipt import TIP_ACCOUNTS
from cambist.model.rivals import LEVELS, Rivals, rivals_of
from cambist.simulator.draw import Draw, exponential, logarithm
from cambist.simulator.market import Market
from cambist.simulator.slots import PARTS

if TYPE_CHECKING:
    from cambist.simulator.chain import Landed
    from tests.simulator.conftest import Running

OPENING = 4
"""Slots in which pools come to the market's prices, which the opening puts them off."""


def rivals_landed(market: Market, slots: int) -> list[tuple[int, Landed]]:
    """Returns what rivals landed after the opening, with the tick of each, counted from the market's start."""
    own = {wallet.key for wallet in market.world.rivals}
    found, tick = [], 0
    while market.chain.slot < 390_000_000 + slots:
        market.step()
        tick += 1
        assert market.ticked is not None
        if tick > OPENING * PARTS:
            found += [(tick, item) for item in market.ticked.landed if item.transaction.payer in own]
    return found


def touched(market: Market, item: Landed) -> bytes:
    """Returns the pool that the first swap of a rival goes through."""
    swap = next(i for i in item.transaction.instructions if any(m.key in market.chain.pools for m in i.accounts))
    return next(meta.key for meta in swap.accounts if meta.key in market.chain.pools)


def test_the_best_bid_of_a_tick_gets_the_gap_and_the_others_pay_for_nothing() -> None:
    market = Market(5)
    races: dict[tuple[int, bytes, bool], list[Landed]] = defaultdict(list)
    for tick, item in rivals_landed(market, 150):
        if not item.transaction.protected:
            races[tick, touched(market, item), False].append(item)
    contested = [race for race in races.values() if len(race) > 1 and any(item.err is None for item in race)]
    assert len(contested) > 40
    for race in contested:
        bids = [item.transaction.bid for item in race]
        assert bids == sorted(bids, reverse=True), "who bids more goes first"
    first_wins = sum(race[0].err is None for race in contested)
    assert first_wins > 0.7 * len(contested)
    lost = [item for race in contested for item in race if item.err is not None]
    assert len(lost) > 40
    assert all(item.transaction.fee >= 5_000 for item in lost)


def test_a_bundle_lands_whole_or_not_at_all_and_tips() -> None:
    market = Market(5)
    landed = [item for _, item in rivals_landed(market, 120)]
    bundles = [item for item in landed if item.transaction.protected]
    assert len(bundles) > 60
    assert all(item.err is None and item.transaction.tip >= 500 for item in bundles)
    assert all(item.transaction.tip == 0 for item in landed if not item.transaction.protected)
    paid = sum(market.chain.accounts[key].lamports for key in TIP_ACCOUNTS if key in market.chain.accounts)
    assert paid >= sum(item.transaction.tip for item in bundles)
    assert any(item.err is not None for item in landed), "one without a bundle fails in the open"


def test_a_tip_counts_by_compute_unit_in_the_rank() -> None:
    market = Market(5)
    bundle = next(item.transaction for _, item in rivals_landed(market, 60) if item.transaction.protected)
    assert bundle.bid == bundle.budget.price + bundle.tip * 1_000_000 // bundle.budget.limit
    assert bundle.bid > bundle.budget.price


def after_a_jump(level: Rivals, seed: int = 5) -> list[int]:
    """Returns, for each pool that a jump of SOL's price left off by 0.4 % or more, the ticks until a rival took it."""
    market = Market(seed, rivals=level)
    for _ in range(OPENING):
        market.slot()
    before = dict(market.prices.usd)
    market._race._noticed.clear()  # what was open before it is nobody's business any more
    market._race._gaps.clear()
    jumped = [pool for pool in market.world.pools if pool.spec.token_a.symbol == "SOL" and pool.spec.fee_ppm <= 1_000]
    index = market.prices._index["SOL"]
    market.prices._ratio[index] *= 1.006
    market.prices._publish()
    assert market.prices.usd["SOL"] > before["SOL"] * 1.005
    own, taken = {wallet.key for wallet in market.world.rivals}, {}
    before_it = {item.signatures[0] for sent in market._race._outbox.values() for item in sent}
    for tick in range(1, 12 * PARTS):
        market.step()
        assert market.ticked is not None
        for item in market.ticked.landed:
            if item.transaction.payer in own and item.err is None and item.signature not in before_it:
                taken.setdefault(touched(market, item), tick)
    return sorted(taken[pool.spec.address] for pool in jumped if pool.spec.address in taken)


def test_most_gaps_worth_it_are_gone_within_the_slot_and_the_levels_differ() -> None:
    honest, easy = after_a_jump(LEVELS["honest"]), after_a_jump(LEVELS["easy"])
    assert len(honest) >= 8
    assert honest[0] >= 2, "a gap can't be taken in the tick that opens it"
    assert honest[len(honest) // 2] <= 5, "most were worth it, and gone within 200 ms"
    assert sum(tick <= 1 + PARTS for tick in honest) >= 0.6 * len(honest), "those of little worth may stand"
    assert easy[0] > PARTS, "easy rivals need slots"
    tried = [len(rivals_landed(Market(5, rivals=LEVELS[name]), 60)) for name in ("hard", "honest")]
    assert tried[0] > 1.2 * tried[1], "hard rivals are more"


def test_with_nobody_fast_a_gap_in_a_small_pool_stands_for_the_slots_that_are_drawn() -> None:
    blind = rivals_of("honest", {"blind": 1.0, "shallow_dollars": 1e12, "late_slots": 5.0})
    seen = after_a_jump(blind)
    assert len(seen) >= 5
    assert seen[0] > PARTS - 1
    assert seen[len(seen) // 2] > 2 * PARTS


def test_what_a_rival_sends_can_be_read_off_its_transaction() -> None:
    """Payer, signature and tip, from the bytes on the wire."""
    from solders.transaction import VersionedTransaction

    from cambist.simulator.transactions import wire

    market = Market(5)
    landed = [item for _, item in rivals_landed(market, 40)]
    assert len(landed) > 50
    for item in landed[:60]:
        read = VersionedTransaction.from_bytes(wire(item.transaction))
        read.verify_and_hash_message()
        assert bytes(read.message.account_keys[0]) == item.transaction.payer
        assert bytes(read.signatures[0]) == item.signature
        if item.transaction.tip:
            last = read.message.instructions[-1]
            keys = read.message.account_keys
            assert bytes(keys[last.program_id_index]) == bytes(32)
            assert int.from_bytes(bytes(last.data)[4:12], "little") == item.transaction.tip
            assert bytes(keys[last.accounts[1]]) in TIP_ACCOUNTS
        assert any(str(Pubkey(touched(market, item))) == str(key) for key in read.message.account_keys)


async def test_a_node_tells_payer_fee_and_swaps_of_what_rivals_landed(running: Running) -> None:
    """`getTransaction` and `getBlock`, read by the parser of the house."""
    market, own = running.market, {wallet.key for wallet in running.market.world.rivals}
    await running.slots(12)
    older = list(market.chain.recent)[:-3]
    block = max(older, key=lambda each: sum(item.transaction.payer in own for item in each.landed))
    options = {"encoding": "base64", "commitment": "confirmed", "maxSupportedTransactionVersion": 0}
    told = await running.rpc("getBlock", block.slot, options)
    parsed = parse_transactions(json.dumps({"jsonrpc": "2.0", "result": told, "id": 1}).encode())
    assert [each.signature for each in parsed] == [item.signature for item in block.landed]
    rivals = swaps = 0
    for read, item in zip(parsed, block.landed, strict=True):
        assert (read.signer, read.fee) == (item.transaction.payer, item.transaction.fee)
        assert (read.error is None) == (item.err is None)
        rivals += read.signer in own
        swaps += len(read.swaps)
    assert rivals >= 3
    assert swaps >= sum(item.err is None for item in block.landed) / 2
    landed = next(item for item in block.landed if item.err is None and item.transaction.payer in own)
    signature = str(Signature(landed.signature))
    one = await running.rpc("getTransaction", signature, options)
    assert one["slot"] == block.slot
    before, after = one["meta"]["preBalances"], one["meta"]["postBalances"]
    assert before[0] - after[0] == landed.transaction.fee + landed.transaction.tip
    moved = [
        int(new["uiTokenAmount"]["amount"]) - int(old["uiTokenAmount"]["amount"])
        for old, new in zip(one["meta"]["preTokenBalances"], one["meta"]["postTokenBalances"], strict=True)
    ]
    assert sum(delta != 0 for delta in moved) >= 4, "two vaults and two accounts of the rival"
    newest = market.chain.recent[-1].landed[0].signature
    assert await running.rpc("getTransaction", str(Signature(newest)), options) is None, "not confirmed yet"
    assert "skipped" in (await running.refused("getBlock", block.slot + 100, options))["message"]
    for wrong in ({}, {"encoding": "base64", "commitment": "processed"}):
        assert (await running.refused("getBlock", block.slot, wrong))["code"] == -32602


def test_ten_rivals_have_half_of_the_traffic() -> None:
    traffic = Counter(item.transaction.payer for _, item in rivals_landed(Market(7), 120))
    assert len(traffic) > 30
    top = sum(count for _, count in traffic.most_common(10))
    assert 0.35 < top / traffic.total() < 0.65


def test_single_figures_change_a_level_and_no_other_name_does() -> None:
    assert rivals_of("hard", {}) == LEVELS["hard"]
    assert rivals_of("honest", {"others": 9.0}) == Rivals(others=9.0)
    for wrong in ({"colour": 1.0}, {"blind": 1.5}, {"reaction_p50_ms": 0.0}, {"others": -1.0}):
        with pytest.raises(ValueError, match=r"colour|blind|reaction_p50_ms|others"):
            rivals_of("honest", wrong)
    assert LEVELS["honest"] == Rivals()
    assert sorted(LEVELS) == ["easy", "hard", "honest"]


def test_draws_have_the_shapes_they_are_said_to_have() -> None:
    draw = Draw(1, "shapes")
    reactions = sorted(draw.lognormal(60.0, 250.0) for _ in range(8_000))
    assert 56.0 < reactions[4_000] < 64.0
    assert 225.0 < reactions[7_200] < 275.0
    lives = [draw.geometric(6.0) for _ in range(8_000)]
    assert min(lives) == 1
    assert 0.47 < sum(life <= 6 for life in lives) / 8_000 < 0.53
    shares = [draw.middling() for _ in range(8_000)]
    assert abs(sum(shares) / 8_000 - 0.5) < 0.01
    assert 0.74 < sorted(shares)[7_200] < 0.81
    assert exponential(1.0) == pytest.approx(2.718281828459045, rel=1e-9)
    assert exponential(-3.5) * exponential(3.5) == pytest.approx(1.0, rel=1e-9)
    assert logarithm(exponential(2.25)) == pytest.approx(2.25, rel=1e-8)
    assert logarithm(1.0) == 0.0
    assert logarithm(0.3) == pytest.approx(-1.2039728043259361, rel=1e-8)
