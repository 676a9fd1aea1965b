"""The market's Raydium CLMM against what the program's newest source and the deployed binary of 2024 did."""

import base64

import pytest

from cambist.engine.reference.chain import program
from cambist.engine.reference.venues.clmm.layout import (
    ClmmBitmapExtension,
    ClmmConfig,
    ClmmOrders,
    ClmmPool,
    ClmmTick,
    ClmmTickArray,
)
from cambist.engine.reference.venues.clmm.maths.ticks import ClmmTicks
from cambist.engine.reference.venues.clmm.owned import RAYDIUM_CLMM
from cambist.simulator.accounts import Account, TokenBalance
from cambist.simulator.addresses import MEMO_PROGRAM
from cambist.simulator.execution import Outcome
from cambist.simulator.metas import readonly, written
from cambist.simulator.pool import Pool, PoolSpec
from cambist.simulator.tokens import TokenSpec
from cambist.simulator.transactions import Instruction, Meta
from cambist.simulator.venues.clmm.accounts import ClmmAccount, ClmmTickArrayAccount
from cambist.simulator.venues.clmm.layout import CLMM_TICK, CLMM_TICK_ARRAY, ClmmTickState
from cambist.simulator.venues.clmm.market import ClmmMarket
from cambist.simulator.venues.clmm.program import CLMM_SWAP, CLMM_SWAP_V2
from tests.simulator.venues.wallets import USER, WALLETS, code, key32, run
from tests.svm_vectors import account_bytes, load

NATIVE, OLD = "raydium_clmm_native2026", "raydium_clmm_svm2024"
SENDER = key32("3Z3wCgpzP1fccTQvJM9mNBcDVc5kLxLz32UvLcnQz126")
HANDLER = {
    "handler:TooLittleOutputReceived/TooMuchInputPaid": (6018, 6019),
    "handler:TooSmallInputOrOutputAmount": (6022,),
    "handler:partial-fill RequireEq 2501": (2501,),
}
RENUMBERED = {6019: 6016, 6022: 6018, 6023: 6019, 6026: 6022, 6027: 6023}
"""Codes of the program of 2024 and of its successor."""


def ticks_of(data: bytes) -> dict[int, ClmmTickState]:
    """Returns all ticks of an array that were ever used, by index."""
    body, found = CLMM_TICK_ARRAY.decode(data)["ticks"], {}
    for at in range(0, len(body), CLMM_TICK.size):
        raw = CLMM_TICK.decode(body[at : at + CLMM_TICK.size])
        if any(body[at : at + CLMM_TICK.size]):
            orders = ClmmOrders(
                raw["orders_amount"], raw["part_filled_orders"], raw["order_phase"], raw["unfilled_ratio"]
            )
            tick = ClmmTick(raw["net"], raw["gross"], orders)
            found[raw["tick"]] = ClmmTickState(tick, (raw["fee_outside_0"], raw["fee_outside_1"]))
    return found


def clmm(name: str, data: dict) -> tuple[Pool, dict[bytes, Account]]:
    """Returns a recorded pool as the market holds pools, and its accounts."""
    by_role: dict[str, list[tuple[bytes, bytes]]] = {}
    for key, account in data["pools"][name]["accounts"].items():
        by_role.setdefault(account["role"], []).append((key32(key), account_bytes(account)))
    (address, raw), (config_key, config) = by_role["pool"][0], by_role["amm_config"][0]
    state = ClmmPool.decode(raw)
    tokens = [TokenSpec(side, mint, 6, program.TOKEN, real=False) for side, mint in zip("01", state.mints, strict=True)]
    spec = PoolSpec("clmm", *tokens, 0.0, 0, state.tick_spacing, 0, address, *state.vaults)
    bitmap, extension = by_role["bitmap_extension"][0]
    pool = ClmmMarket(spec, ClmmConfig.decode(config), config_key, by_role["observation"][0][0], bitmap)
    pool.extension = ClmmBitmapExtension.decode(extension)
    accounts: dict[bytes, Account] = {USER: Account(bytes(32), b"", 10**12)}
    arrays = []
    for key, array in by_role["tick_array"]:
        decoded, fields = ClmmTickArray.decode(array), CLMM_TICK_ARRAY.decode(array)
        account = ClmmTickArrayAccount(
            address, decoded.start_tick_index, state.tick_spacing, ticks_of(array), fields["recent_epoch"]
        )
        assert account.data == array
        assert account.array == decoded
        pool.arrays[decoded.start_tick_index], accounts[key] = key, account
        arrays.append(decoded)
    ticks = ClmmTicks(address, state, pool.extension, arrays)
    accounts[address] = ClmmAccount(raw, state, ticks, data["clock"]["epoch"])
    for keys, holder in ((state.vaults, address), (WALLETS, USER)):
        for key, mint in zip(keys, state.mints, strict=True):
            accounts[key] = TokenBalance.new(program.TOKEN, mint, holder, 2**64 - 1, native=False, withheld=False)
    return pool, accounts


def instruction(case: dict, pool: Pool, accounts: dict[bytes, Account]) -> Instruction:
    spec, forward = pool.spec, case["z"]
    sides = [(WALLETS[0], spec.vault_a, spec.token_a.mint), (WALLETS[1], spec.vault_b, spec.token_b.mint)]
    users, vaults, mints = zip(*(sides if forward else sides[::-1]), strict=True)
    starts = pool.ahead(accounts.get, a_to_b=forward)[: case["narr"]]
    arrays = [written(pool.arrays[start]) for start in starts]
    head = (
        Meta(USER, signer=True, writable=False),
        readonly(pool.config_address),
        *(written(key) for key in (spec.address, *users, *vaults, pool.history)),
    )
    args = case["amount"].to_bytes(8, "little") + case["threshold"].to_bytes(8, "little")
    args += int(case["limit"]).to_bytes(16, "little") + bytes((case["exact_in"],))
    if case.get("ix") == "swap":
        metas = (*head, readonly(program.TOKEN), arrays[0], written(pool.bitmap), *arrays[1:])
        return Instruction(RAYDIUM_CLMM, metas, CLMM_SWAP + args)
    fixed = (program.TOKEN, program.TOKEN_2022, MEMO_PROGRAM, *mints)
    metas = (*head, *(readonly(key) for key in fixed), written(pool.bitmap), *arrays)
    return Instruction(RAYDIUM_CLMM, metas, CLMM_SWAP_V2 + args)


def swap(recording: str, case: dict) -> tuple[Pool, dict[bytes, Account], Outcome]:
    data = load(recording)
    pool, accounts = clmm(case["pool"], data)
    return pool, accounts, run(pool, accounts, instruction(case, pool, accounts), data["clock"])


def check(case: dict, pool: Pool, accounts: dict[bytes, Account], outcome: Outcome) -> bytes:
    """Checks amounts and the pool's bytes after a swap. Returns the event."""
    exp, before = case["exp"], accounts[pool.spec.address]
    moved = [outcome.account(key).amount - accounts[key].amount for key in WALLETS]
    signs = (-1, 1) if case["z"] else (1, -1)
    assert moved == [signs[0] * exp["amount_0"], signs[1] * exp["amount_1"]], case
    after = ClmmPool.decode(outcome.account(pool.spec.address).data)
    assert after == outcome.account(pool.spec.address).pool
    assert (after.sqrt_price, after.tick) == (int(exp["sqrt_price"]), exp["tick"])
    assert (after.liquidity, list(after.fee_growths)) == (int(exp["liquidity"]), [int(exp["fg0"]), int(exp["fg1"])])
    assert (list(after.protocol_fees), list(after.fund_fees)) == (exp["pf"], exp["ff"])
    if "bitmap_after_hex" in exp:
        assert after.bitmap.to_bytes(128, "little").hex() == exp["bitmap_after_hex"]
    else:
        assert after.bitmap == before.pool.bitmap
    if "dyn" in exp:
        fee = after.dynamic_fee
        seen = {"iref": fee.index_reference, "vref": fee.volatility_reference}
        assert exp["dyn"] == seen | {"vacc": fee.volatility_accumulator, "last": fee.last_update_timestamp}
    return base64.b64decode(next(line for line in outcome.logs if line.startswith("Program data: "))[14:])


def test_clmm_swaps_end_as_the_newest_source_says() -> None:
    """Amounts, the pool's bytes, limit orders, fees in the event, and error codes."""
    done, failed, orders, dynamic = 0, 0, 0, 0
    for case in load(NATIVE)["cases"]:
        exp = case["exp"]
        pool, accounts, outcome = swap(NATIVE, case)
        if not exp["ok"]:
            assert code(outcome) in HANDLER.get(exp["err"], (exp["err"],)), (case, outcome.logs)
            failed += 1
            continue
        assert outcome.err is None, (case, outcome.logs)
        event = check(case, pool, accounts, outcome)
        fees = int.from_bytes(event[205:213], "little"), int.from_bytes(event[213:], "little")
        assert fees == (exp["trade_fee_0"], exp["trade_fee_1"])
        after = {}
        for key in pool.arrays.values():
            old, new = ticks_of(accounts[key].data), ticks_of(outcome.account(key).data)
            after |= {at: new[at].tick.orders for at in new if new[at].tick.orders != old[at].tick.orders}
            used = [at for at, state in new.items() if state.tick.gross or state.tick.orders.total()]
            assert CLMM_TICK_ARRAY.decode(outcome.account(key).data)["initialized_tick_count"] == len(used)
        wanted = {
            int(at): ClmmOrders(*(int(word) for word in words)) for at, words in exp.get("orders_after", {}).items()
        }
        assert after == {at: ClmmOrders(o.amount, o.part_filled, o.phase, o.unfilled_ratio) for at, o in wanted.items()}
        orders, dynamic, done = orders + bool(after), dynamic + ("dyn" in exp), done + 1
    assert (done, failed) == (523, 156)
    assert orders > 80
    assert dynamic > 100


def test_clmm_swaps_end_as_the_recorded_ones() -> None:
    """Amounts, the pool's bytes, the event as far as it went in 2024, error codes, about the compute units."""
    done, failed, units = 0, 0, []
    for case in load(OLD)["cases"]:
        exp = case["exp"]
        if isinstance(exp["err"], str):
            continue  # it panicked where its successor doesn't
        pool, accounts, outcome = swap(OLD, case)
        if not exp["ok"]:
            assert code(outcome) == RENUMBERED[exp["err"]], (case, outcome.logs)
            failed += 1
            continue
        event = check(case, pool, accounts, outcome)
        recorded = base64.b64decode(exp["event"][0])
        assert event[:40] == recorded[:40]
        assert event[136:205] == recorded[136:]
        units.append(outcome.units / exp["cu"])
        done += 1
    assert (done, failed) == (128, 29)
    units.sort()
    assert 0.9 < units[len(units) // 2] < 1.1


def test_what_grew_outside_of_a_tick_is_on_the_other_side_after_it_was_crossed() -> None:
    crossed = 0
    for case in load(NATIVE)["cases"]:
        exp = case["exp"]
        if not exp["ok"] or not exp["crossed"]:
            continue
        pool, accounts, outcome = swap(NATIVE, case)
        before, after = (accounts[pool.spec.address].pool, outcome.account(pool.spec.address).pool)
        low, high = sorted((before.tick, after.tick))
        for key in pool.arrays.values():
            old, new = ticks_of(accounts[key].data), ticks_of(outcome.account(key).data)
            for at, state in new.items():
                if state.fee_outside == old[at].fee_outside:
                    continue
                assert low < at <= high
                inside = [(state.fee_outside[i] + old[at].fee_outside[i]) % 2**128 for i in (0, 1)]
                for first, now, last in zip(before.fee_growths, inside, after.fee_growths, strict=True):
                    assert (now - first) % 2**128 <= (last - first) % 2**128
                crossed += 1
    assert crossed > 300


@pytest.mark.parametrize("version", [1, 2])
def test_clmm_refuses_wrong_accounts(version: int) -> None:
    case = next(
        item for item in load(OLD)["cases"] if item["exp"]["ok"] and item["exp"]["crossed"] > 3 and item["narr"] > 2
    )
    case = dict(case, ix="swap" if version == 1 else "swap_v2")
    pool, accounts = clmm(case["pool"], load(OLD))
    good = instruction(case, pool, accounts)
    first = 9 if version == 1 else 14

    def with_meta(at: int, key: bytes) -> tuple[Meta, ...]:
        return (*good.accounts[:at], good.accounts[at]._replace(key=key), *good.accounts[at + 1 :])

    wrong = [
        (good.accounts[:9], 3005),
        (with_meta(1, pool.history), 2012),
        (with_meta(2, pool.history), 3012),
        (with_meta(5, pool.spec.vault_a if not case["z"] else pool.spec.vault_b), 6021),
        (with_meta(7, pool.config_address), 2012),
        (with_meta(8, program.TOKEN_2022), 3008),
        ((good.accounts[0]._replace(signer=False), *good.accounts[1:]), 3010),
        ((*good.accounts[: first + 1],), 6023),
    ]
    for metas, wanted in wrong:
        outcome = run(pool, accounts, good._replace(accounts=metas), load(OLD)["clock"])
        assert code(outcome) == wanted, (wanted, outcome.logs)


def test_clmm_asks_for_the_extension_of_the_bitmap_where_it_ends() -> None:
    codes = []
    for case in load(OLD)["cases"]:
        if not case["exp"]["ok"]:
            continue
        pool, accounts = clmm(case["pool"], load(OLD))
        swap_ = instruction(case, pool, accounts)
        metas = tuple(meta for meta in swap_.accounts if meta.key != pool.bitmap)
        outcome = run(pool, accounts, swap_._replace(accounts=metas), load(OLD)["clock"])
        codes.append(code(outcome))
    assert set(codes) == {None, 6035}
    assert codes.count(6035) > 5
