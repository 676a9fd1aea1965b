import asyncio
import json

import pytest
from solders.address_lookup_table_account import AddressLookupTable, AddressLookupTableAccount
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.rpc.responses import GetSignatureStatusesResp, SendTransactionResp, SimulateTransactionResp
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

from cambist.engine.reference.venues import constant_product as raydium_v4
from cambist.engine.reference.venues.cpmm.pool import CpmmPoolState
from cambist.engine.reference.venues.damm2.pool import DammV2State
from cambist.engine.reference.venues.dlmm.pool import DlmmState
from cambist.engine.reference.venues.orca.pool import WhirlpoolState
from cambist.engine.reference.venues.quote import ChainTime
from cambist.engine.reference.venues.quote import Pool as ReferencePool
from cambist.engine.reference.venues.ray4.pool import AmmV4Pool
from cambist.engine.reference.venues.saber.pool import StablePool
from tests.simulator.conftest import Running
from tests.simulator.wire import (
    ATA,
    BASE64,
    BUDGET,
    PROCESSED,
    RAYDIUM,
    TOKEN,
    USER,
    Socket,
    associated,
    connect,
    encoded,
    limit,
    price,
    raydium_swap,
    signed,
)

SOL = "So11111111111111111111111111111111111111112"
USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
WALLETS = associated(USER.pubkey(), SOL), associated(USER.pubkey(), USDC)
SEND = {"encoding": "base64", "preflightCommitment": "processed"}


class Swap:
    """The SOL/USDC pool of Raydium AMM v4, as a trader knows it."""

    def __init__(self, running: Running) -> None:
        self.pool = next(
            p for p in running.market.world.pools if p.spec.venue == "ray4" and p.spec.token_b.symbol == "USDC"
        )
        self.chain = running.market.chain
        self.vaults = Pubkey(self.pool.spec.vault_a), Pubkey(self.pool.spec.vault_b)

    def amounts(self) -> tuple[int, int, int, int]:
        """Returns balances of both vaults, then of the user's SOL and USDC."""
        keys = (*map(bytes, self.vaults), *map(bytes, WALLETS))
        return tuple(self.chain.token_balance(key)[0] for key in keys)

    def expected(self, amount: int) -> int:
        """Returns the USDC that `amount` of SOL buys now, by the formula of the program."""
        coin, pc = self.amounts()[:2]
        reserves = coin - self.pool.info.need_take_pnl_coin, pc - self.pool.info.need_take_pnl_pc
        return raydium_v4.exact_in(reserves, (25, 10_000), amount)[0]

    def instruction(self, amount: int, least: int) -> Instruction:
        return raydium_swap(Pubkey(self.pool.spec.address), self.vaults, *WALLETS, amount, least)


async def blockhash(running: Running) -> str:
    return (await running.rpc("getLatestBlockhash", PROCESSED))["value"]["blockhash"]


async def test_a_signed_swap_moves_what_the_maths_says_and_is_seen_everywhere(running: Running) -> None:
    await running.slots(3)
    swap, amount = Swap(running), 3_000_000_000
    before, lamports = swap.amounts(), (await running.rpc("getBalance", str(USER.pubkey())))["value"]
    wanted = swap.expected(amount)
    transaction = signed(await blockhash(running), limit(60_000), price(60_000_000), swap.instruction(amount, wanted))
    signature = str(transaction.signatures[0])
    assert (await running.rpc("getSignatureStatuses", [signature]))["value"] == [None]
    async with connect(running.endpoints["pubsub"]) as connection:
        socket = Socket(connection)
        ended = (await socket.request("signatureSubscribe", [signature, PROCESSED]))["result"]
        logs = (await socket.request("logsSubscribe", [{"mentions": [str(USER.pubkey())]}, PROCESSED]))["result"]
        answer = await running.http.call(running.endpoints["rpc"], "sendTransaction", [encoded(transaction), SEND])
        assert str(SendTransactionResp.from_json(json.dumps(answer | {"id": 0})).value) == signature
        await running.slots(1)
        notifications = [await socket.next(), await socket.next()]
    by_sub = {message["params"]["subscription"]: message["params"]["result"] for message in notifications}
    assert by_sub[ended]["value"] == {"err": None}
    assert by_sub[logs]["value"]["signature"] == signature
    assert by_sub[logs]["context"] == {"slot": running.market.chain.slot}
    lines = by_sub[logs]["value"]["logs"]
    assert f"Program {RAYDIUM} invoke [1]" in lines
    assert lines[-1] == f"Program {RAYDIUM} success"
    after = swap.amounts()
    assert after[2] == before[2] - amount
    assert after[3] == before[3] + wanted
    fee = 5_000 + 60_000_000 * 60_000 // 1_000_000
    assert (await running.rpc("getBalance", str(USER.pubkey())))["value"] == lamports - fee
    status = (await running.rpc("getSignatureStatuses", [signature]))["value"][0]
    assert status["slot"] == running.market.chain.slot
    assert (status["err"], status["confirmationStatus"]) == (None, "processed")
    GetSignatureStatusesResp.from_json(
        json.dumps(await running.http.call(running.endpoints["rpc"], "getSignatureStatuses", [[signature]]) | {"id": 0})
    )
    rows = await running.rpc("getRecentPrioritizationFees", [], {"percentile": 10_000})
    assert rows[-1] == {"slot": running.market.chain.slot, "prioritizationFee": 60_000_000}
    await running.slots(33)
    status = (await running.rpc("getSignatureStatuses", [signature]))["value"][0]
    assert (status["confirmations"], status["confirmationStatus"]) == (None, "finalized")


async def test_a_swap_with_nobody_else_in_the_slot_leaves_exactly_the_reserves(running: Running) -> None:
    swap, amount = Swap(running), 777_777_777
    chain = swap.chain
    before, wanted = swap.amounts(), swap.expected(amount)
    transaction = signed(await blockhash(running), swap.instruction(amount, wanted))
    await running.rpc("sendTransaction", encoded(transaction), SEND)
    (landed,) = chain.close_slot([], 10**7).landed
    assert swap.amounts() == (before[0] + amount, before[1] - wanted, before[2] - amount, before[3] + wanted)
    assert landed.signature == bytes(transaction.signatures[0])
    assert landed.transaction.budget.limit == 200_000


async def test_every_venue_both_ways_exact_in_and_out_equals_the_reference_pool(running: Running) -> None:
    """Instructions built by the simulator's own traders, read back from the wire, against `reference.pool`."""
    from cambist.simulator.swap_builder import SwapBuilder
    from cambist.simulator.transactions import Budget, set_limit, sign, wire

    await running.slots(5)
    chain, owner = running.market.chain, bytes(USER.pubkey())
    builder = SwapBuilder(chain.accounts.get)
    done = 0
    for pool in running.market.world.pools:
        for a_to_b, exact_in, version in ((True, True, 1), (False, True, 2), (True, False, 2), (False, False, 1)):
            if not exact_in and (pool.spec.venue == "saber" or (pool.spec.venue == "pump" and a_to_b)):
                continue  # its program has no such swap
            reference = reference_pool(running, pool)
            time = ChainTime(chain.slot + 1, (chain.now_ms + 400) // 1_000, chain.epoch)
            tokens = (pool.spec.token_a, pool.spec.token_b) if a_to_b else (pool.spec.token_b, pool.spec.token_a)
            dollars = running.market.prices.usd
            amount = int(
                700.0 / dollars[tokens[0 if exact_in else 1].symbol] * 10 ** tokens[0 if exact_in else 1].decimals
            )
            quote = (
                reference.quote(a_to_b, amount, time) if exact_in else reference.quote_exact_out(a_to_b, amount, time)
            )
            wallets = [builder.account_of(owner, token) for token in tokens]
            before = [chain.token_balance(key)[0] for key in wallets]
            bound = quote.amount_out if exact_in else quote.amount_in
            swap = builder.swap(pool, owner, amount, bound, a_to_b=a_to_b, exact_in=exact_in, version=version)
            item = sign(USER, owner, chain.latest_blockhash()[0], (set_limit(200_000), swap), Budget(200_000, 0))
            parsed = VersionedTransaction.from_bytes(wire(item))
            # Preflight runs at the closed slot's time, at which a fee that follows volatility may be another.
            await running.rpc("sendTransaction", encoded(parsed), SEND | {"skipPreflight": True})
            (landed,) = chain.close_slot([], 10**7).landed
            assert landed.signature == bytes(parsed.signatures[0])
            assert landed.err is None, landed.logs
            assert landed.transaction == item
            after = [chain.token_balance(key)[0] for key in wallets]
            assert (before[0] - after[0], after[1] - before[1]) == (quote.amount_in, quote.amount_out)
            done += 1
    assert done == 4 * len(running.market.world.pools) - 2 * 3 - 4


def reference_pool(running: Running, pool: object) -> ReferencePool:
    """Builds the engine's pool from the bytes of the accounts."""
    from cambist.engine.reference.chain.token import Mint, TokenAccount
    from cambist.engine.reference.venues import owned
    from cambist.engine.reference.venues.clmm import layout as raydium_clmm
    from cambist.engine.reference.venues.clmm.maths import ClmmTicks
    from cambist.engine.reference.venues.clmm.pool import ClmmState
    from cambist.engine.reference.venues.cpmm.layout import CpmmConfig, CpmmPool
    from cambist.engine.reference.venues.damm2.layout import DammV2Pool
    from cambist.engine.reference.venues.dlmm.layout import BinArray, BinArrayBitmapExtension, LbPair
    from cambist.engine.reference.venues.dlmm.maths import Bins
    from cambist.engine.reference.venues.orca.layout import Oracle, TickArray, Whirlpool
    from cambist.engine.reference.venues.pump import layout as pump
    from cambist.engine.reference.venues.pump.pool import PumpState, is_canonical
    from cambist.engine.reference.venues.ray4.layout import AmmV4
    from cambist.engine.reference.venues.saber.layout import StableSwap
    from cambist.engine.reference.venues.tick_array_manager import Ticks

    accounts, spec = running.market.chain.accounts, pool.spec
    held = [TokenAccount.decode(accounts[key].data).amount for key in (spec.vault_a, spec.vault_b)]
    data = accounts[spec.address].data
    if spec.venue == "ray4":
        return AmmV4Pool(AmmV4.decode(data), tuple(held))
    fees = tuple(Mint.decode(accounts[token.mint].data).transfer_fee for token in (spec.token_a, spec.token_b))
    if spec.venue == "cpmm":
        state = CpmmPool.decode(data)
        return CpmmPoolState(state, CpmmConfig.decode(accounts[state.amm_config].data), tuple(held), fees)
    if spec.venue == "saber":
        return StablePool(StableSwap.decode(data), tuple(held))
    if spec.venue == "damm2":
        return DammV2State(DammV2Pool.decode(data), fees)
    if spec.venue == "dlmm":
        pair = LbPair.decode(data)
        found = [BinArray.decode(accounts[key].data) for key in pool.arrays.values()]
        bitmap = BinArrayBitmapExtension.decode(accounts[pool.bitmap].data) if pool.bitmap else None
        return DlmmState(pair, Bins(spec.address, pair, bitmap, found), fees)
    if spec.venue == "clmm":
        clmm = raydium_clmm.ClmmPool.decode(data)
        arrays = [raydium_clmm.ClmmTickArray.decode(accounts[key].data) for key in pool.arrays.values()]
        bitmap = raydium_clmm.ClmmBitmapExtension.decode(accounts[pool.bitmap].data)
        config = raydium_clmm.ClmmConfig.decode(accounts[clmm.amm_config].data)
        return ClmmState(clmm, config, ClmmTicks(spec.address, clmm, bitmap, arrays), fees)
    if spec.venue == "pump":
        coin = pump.PumpPool.decode(data)
        config = pump.PumpConfig.decode(accounts[owned.PUMP_AMM_CONFIG].data)
        schedule = pump.PumpFeeConfig.decode(accounts[owned.PUMP_FEE_CONFIG].data)
        supply = Mint.decode(accounts[coin.base_mint].data).supply
        return PumpState(coin, config, schedule, supply, is_canonical(coin), tuple(held), fees)
    state = Whirlpool.decode(data)
    arrays = [TickArray.decode(accounts[key].data) for key in pool.arrays.values()]
    span = 88 * spec.tick_spacing
    known = {array.start_tick_index for array in arrays}
    absent = [at for at in range(-443_636 // span * span, 443_637, span) if at not in known]
    oracle = Oracle.decode(accounts[pool.oracle].data) if state.has_adaptive_fee() else None
    return WhirlpoolState(state, Ticks(spec.tick_spacing, arrays, absent), oracle, fees)


async def test_slippage_is_refused_in_preflight_and_lands_as_failed_without_it(running: Running) -> None:
    swap, amount = Swap(running), 10**9
    wanted = swap.expected(amount)
    transaction = signed(await blockhash(running), price(50_000_000), swap.instruction(amount, wanted * 2))
    refused = await running.refused("sendTransaction", encoded(transaction), SEND)
    assert refused["code"] == -32002
    assert (
        refused["message"]
        == "Transaction simulation failed: Error processing Instruction 1: custom program error: 0x1e"
    )
    assert refused["data"]["err"] == {"InstructionError": [1, {"Custom": 30}]}
    assert f"Program {RAYDIUM} failed: custom program error: 0x1e" in refused["data"]["logs"]
    before, lamports = swap.amounts(), (await running.rpc("getBalance", str(USER.pubkey())))["value"]
    await running.rpc("sendTransaction", encoded(transaction), SEND | {"skipPreflight": True})
    await running.slots(1)
    status = (await running.rpc("getSignatureStatuses", [str(transaction.signatures[0])]))["value"][0]
    assert status["err"] == {"InstructionError": [1, {"Custom": 30}]}
    assert status["status"] == {"Err": status["err"]}
    assert swap.amounts()[2:] == before[2:]
    assert (await running.rpc("getBalance", str(USER.pubkey())))["value"] < lamports


async def test_what_a_node_refuses(running: Running) -> None:
    swap, now = Swap(running), await blockhash(running)
    good = swap.instruction(10**6, 1)
    forged = VersionedTransaction.populate(signed(now, good).message, [Keypair().sign_message(b"x")])
    assert (await running.refused("sendTransaction", encoded(forged), SEND))["code"] == -32003
    unknown = signed(str(Hash.new_unique()), good)
    refused = await running.refused("sendTransaction", encoded(unknown), SEND)
    assert (refused["code"], refused["data"]["err"]) == (-32002, "BlockhashNotFound")
    poor = Keypair.from_seed(bytes(32))
    alone = signed(
        now, transfer(TransferParams(from_pubkey=poor.pubkey(), to_pubkey=USER.pubkey(), lamports=1)), signer=poor
    )
    assert (await running.refused("sendTransaction", encoded(alone), SEND))["data"]["err"] == "AccountNotFound"
    greedy = signed(now, transfer(TransferParams(from_pubkey=USER.pubkey(), to_pubkey=poor.pubkey(), lamports=10**15)))
    refused = await running.refused("sendTransaction", encoded(greedy), SEND)
    assert refused["data"]["err"] == {"InstructionError": [0, {"Custom": 1}]}
    twice = signed(now, limit(100_000), limit(100_000), good)
    assert (await running.refused("sendTransaction", encoded(twice), SEND))["data"]["err"] == {
        "DuplicateInstruction": 1
    }
    short = signed(now, limit(1_000), good)
    assert (await running.refused("sendTransaction", encoded(short), SEND))["data"]["err"] == {
        "InstructionError": [1, "ComputationalBudgetExceeded"]
    }
    foreign = signed(now, Instruction(Pubkey.new_unique(), b"", []))
    assert (await running.refused("sendTransaction", encoded(foreign), SEND))["data"]["err"] == {
        "InstructionError": [0, "UnsupportedProgramId"]
    }
    once = signed(now, good)
    await running.rpc("sendTransaction", encoded(once), SEND)
    await running.slots(1)
    assert (await running.refused("sendTransaction", encoded(once), SEND))["data"]["err"] == "AlreadyProcessed"
    assert (await running.refused("sendTransaction", "A" * 4_000, SEND))["code"] == -32602


@pytest.mark.parametrize(
    ("change", "err"),
    [
        (lambda metas: metas[:7], "NotEnoughAccountKeys"),
        (lambda metas: [metas[0], AccountMeta(metas[3].pubkey, False, True), *metas[2:]], {"Custom": 4}),
        (lambda metas: [*metas[:3], metas[4], metas[3], *metas[5:]], {"Custom": 14}),
        (lambda metas: [*metas[:5], metas[3], *metas[6:]], {"Custom": 4}),
        (lambda metas: [*metas[:5], metas[2], *metas[6:]], "InvalidAccountData"),
    ],
)
async def test_wrong_accounts_are_refused(running: Running, change, err: object) -> None:
    swap = Swap(running)
    good = swap.instruction(10**6, 1)
    bad = Instruction(good.program_id, good.data, change(good.accounts))
    result = await running.rpc("simulateTransaction", encoded(signed(await blockhash(running), bad)), BASE64)
    assert result["value"]["err"] == {"InstructionError": [0, err]}


async def test_simulation_changes_nothing_and_shows_what_would_be(running: Running) -> None:
    swap, amount = Swap(running), 10**9
    wanted = swap.expected(amount)
    stale = signed(str(Hash.new_unique()), limit(60_000), swap.instruction(amount, 0))
    options = BASE64 | {
        "replaceRecentBlockhash": True,
        "accounts": {"encoding": "base64", "addresses": [str(WALLETS[1])]},
    }
    before = swap.amounts()
    answer = await running.http.call(running.endpoints["rpc"], "simulateTransaction", [encoded(stale), options])
    parsed = SimulateTransactionResp.from_json(json.dumps(answer | {"id": 0})).value
    assert parsed.err is None
    assert 20_000 < parsed.units_consumed < 30_000
    assert int.from_bytes(bytes(parsed.accounts[0].data)[64:72], "little") == before[3] + wanted
    assert swap.amounts() == before
    assert answer["result"]["value"]["replacementBlockhash"]["blockhash"] == await blockhash(running)
    both = await running.refused("simulateTransaction", encoded(stale), options | {"sigVerify": True})
    assert both["code"] == -32602


async def test_lookup_tables_and_versioned_messages(running: Running) -> None:
    swap, amount = Swap(running), 10**9
    tables = []
    for text in running.endpoints["lookup_tables"]:
        data = running.market.chain.accounts[bytes(Pubkey.from_string(text))].data
        table = AddressLookupTable.deserialize(data)
        tables.append(AddressLookupTableAccount(Pubkey.from_string(text), table.addresses))
    now = Hash.from_string(await blockhash(running))
    message = MessageV0.try_compile(USER.pubkey(), [limit(60_000), swap.instruction(amount, 1)], tables, now)
    assert sum(len(lookup.writable_indexes) for lookup in message.address_table_lookups) == 3
    before, wanted = swap.amounts(), swap.expected(amount)
    await running.rpc("sendTransaction", encoded(VersionedTransaction(message, [USER])), SEND)
    swap.chain.close_slot([], 10**7)
    assert swap.amounts()[3] == before[3] + wanted
    missing = AddressLookupTableAccount(Pubkey.new_unique(), [Pubkey(swap.pool.spec.address)])
    message = MessageV0.try_compile(USER.pubkey(), [swap.instruction(amount, 1)], [missing], now)
    assert (await running.refused("sendTransaction", encoded(VersionedTransaction(message, [USER])), SEND))[
        "code"
    ] == -32602


async def test_wrapping_and_unwrapping_sol(running: Running) -> None:
    fresh = Keypair.from_seed(bytes([9]) * 32)
    await running.rpc("requestAirdrop", str(fresh.pubkey()), 10**10)
    await running.slots(1)
    assert (await running.rpc("getBalance", str(fresh.pubkey())))["value"] == 10**10
    wrapped = associated(fresh.pubkey(), SOL)
    owner = AccountMeta(fresh.pubkey(), is_signer=True, is_writable=True)
    account = AccountMeta(wrapped, is_signer=False, is_writable=True)
    others = [
        AccountMeta(key, False, False) for key in (fresh.pubkey(), Pubkey.from_string(SOL), Pubkey.default(), TOKEN)
    ]
    create = Instruction(ATA, b"\x01", [owner, account, *others])
    fund = transfer(TransferParams(from_pubkey=fresh.pubkey(), to_pubkey=wrapped, lamports=10**9))
    sync = Instruction(TOKEN, b"\x11", [account])
    await running.rpc(
        "sendTransaction", encoded(signed(await blockhash(running), create, fund, sync, signer=fresh)), SEND
    )
    await running.slots(1)
    assert (await running.rpc("getTokenAccountBalance", str(wrapped)))["value"]["uiAmountString"] == "1"
    assert (await running.rpc("getBalance", str(wrapped)))["value"] == 10**9 + 2_039_280
    close = Instruction(TOKEN, b"\x09", [account, owner, owner])
    await running.rpc("sendTransaction", encoded(signed(await blockhash(running), close, signer=fresh)), SEND)
    await running.slots(1)
    assert (await running.rpc("getBalance", str(fresh.pubkey())))["value"] == 10**10 - 10_000
    assert BUDGET


async def test_many_send_at_once(running: Running) -> None:
    swap, now = Swap(running), await blockhash(running)
    items = [signed(now, price(1_000 + i), swap.instruction(10**6 + i, 1)) for i in range(20)]
    for item in items:
        await running.rpc("sendTransaction", encoded(item), SEND)
    await running.slots(2)
    statuses = (await running.rpc("getSignatureStatuses", [str(item.signatures[0]) for item in items]))["value"]
    assert all(status["err"] is None for status in statuses)
    await asyncio.sleep(0)
