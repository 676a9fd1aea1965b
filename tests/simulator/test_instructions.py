"""What the market's wallets send, beside what the engine would: the same accounts, flags and bytes."""

import pytest

from cambist.engine.reference.build.instruction_builder.call import Instruction, SwapAmounts, User
from cambist.engine.reference.chain import program
from cambist.engine.reference.venues import instructions as builder
from cambist.engine.reference.venues.clmm.swap import ClmmAccounts
from cambist.engine.reference.venues.pump.swap import PumpPool
from cambist.simulator.market import Market
from cambist.simulator.pool import Pool
from cambist.simulator.swap_builder import SwapBuilder
from cambist.simulator.venues.pump.catalogue import BUYBACK_RECIPIENTS, FEE_RECIPIENTS

OWNER = bytes([5]) * 32
AMOUNT, LIMIT = 123_456_789, 987_654


@pytest.fixture(scope="module")
def market() -> Market:
    market = Market(7)
    for _ in range(3):
        market.slot()
    return market


def clmm(market: Market, pool: Pool, user: User, amounts: SwapAmounts, *, a_to_b: bool, version: int) -> Instruction:
    spec, account = pool.spec, market.chain.accounts[pool.spec.address]
    accounts = ClmmAccounts(
        spec.address,
        account.pool.amm_config,
        account.pool.observation,
        *account.pool.vaults,
        *account.pool.mints,
        builder.clmm_bitmap_extension(spec.address),
    )
    starts = pool.ahead(market.chain.accounts.get, a_to_b=a_to_b)[:3]
    arrays = [builder.clmm_tick_array(spec.address, start) for start in starts]
    taxed = program.TOKEN_2022 in (spec.token_a.token_program, spec.token_b.token_program)
    build = builder.clmm_swap_v2 if version == 2 or taxed else builder.clmm_swap
    return build(accounts, arrays, user, amounts, 0, zero_for_one=a_to_b)


def pump(market: Market, pool: Pool, user: User, amounts: SwapAmounts, *, a_to_b: bool, version: int) -> Instruction:
    state, pick = market.chain.accounts[pool.spec.address].pool, OWNER[0] % 8
    accounts = PumpPool(
        pool.spec.address,
        state.base_mint,
        state.quote_mint,
        state.base_vault,
        state.quote_vault,
        program.TOKEN,
        program.TOKEN,
        FEE_RECIPIENTS[pick],
        BUYBACK_RECIPIENTS[pick],
        state.coin_creator,
    )
    keys = builder.pump_accounts(accounts, OWNER, is_cashback_coin=False)
    return (builder.pump_swap if version == 1 else builder.pump_swap_v2)(keys, user, amounts, buy=not a_to_b)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(("venue", "count"), [("clmm", 9), ("pump", 4)])
def test_wallets_send_what_the_engine_builds(market: Market, venue: str, count: int, version: int) -> None:
    wallets, done = SwapBuilder(market.chain.accounts.get), 0
    for pool in market.world.pools:
        if pool.spec.venue != venue:
            continue
        for a_to_b, exact_in in ((True, True), (False, True), (True, False), (False, False)):
            if venue == "pump" and a_to_b and not exact_in:
                continue  # its program has no such swap
            sent = wallets.swap(pool, OWNER, AMOUNT, LIMIT, a_to_b=a_to_b, exact_in=exact_in, version=version)
            tokens = (pool.spec.token_a, pool.spec.token_b) if a_to_b else (pool.spec.token_b, pool.spec.token_a)
            user = User(OWNER, *(wallets.account_of(OWNER, token) for token in tokens))
            build = clmm if venue == "clmm" else pump
            built = build(market, pool, user, SwapAmounts(exact_in, AMOUNT, LIMIT), a_to_b=a_to_b, version=version)
            assert (sent.program, sent.data) == (built.program, built.data)
            # The wallet pays for its transaction, so that its key is writable whatever the swap asks.
            wanted = [(key, signer, writable or key == OWNER) for key, signer, writable in built.accounts]
            assert [tuple(meta) for meta in sent.accounts] == wanted
            assert builder.compile_legacy(OWNER, [built], bytes(32)).transaction([bytes(64)])
            done += 1
    assert done == count * (4 if venue == "clmm" else 3)
