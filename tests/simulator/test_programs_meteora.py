"""The market's DAMM v2 and DLMM against what the deployed binary did."""

import base64

from cambist.engine.reference.chain import program
from cambist.engine.reference.chain.token import Mint as MintAccount
from cambist.engine.reference.chain.token import TransferFee
from cambist.engine.reference.venues import owned
from cambist.engine.reference.venues.damm2.layout import DammV2Pool
from cambist.engine.reference.venues.dlmm.layout import BinArray, LbPair
from cambist.engine.reference.venues.dlmm.maths import Bins
from cambist.simulator import catalogue
from cambist.simulator.accounts import Account, BinArrayAccount, DammV2Account, LbPairAccount, TokenBalance
from cambist.simulator.catalogue import PoolSpec, TokenSpec
from cambist.simulator.execution import Outcome, execute
from cambist.simulator.instructions import readonly, written
from cambist.simulator.layouts import LpFees
from cambist.simulator.programs import (
    DAMM_SWAP,
    DAMM_SWAP2,
    DLMM_OUT,
    DLMM_OUT2,
    DLMM_SWAP,
    DLMM_SWAP2,
    HANDLERS,
)
from cambist.simulator.transactions import Budget, Instruction, Meta, Transaction
from cambist.simulator.venues import Pool
from tests.simulator.test_programs import USER, WALLETS, code, key32, run
from tests.svm_vectors import account_bytes, load

MODES = {"in": 0, "partial": 1, "out": 2}
USERS_KEY = key32("3Z3wCgpzP1fccTQvJM9mNBcDVc5kLxLz32UvLcnQz126")
DLMM_TAGS = {"swap": DLMM_SWAP, "swap2": DLMM_SWAP2, "swap_exact_out": DLMM_OUT, "swap_exact_out2": DLMM_OUT2}


def damm_v2(case: dict, data: dict) -> tuple[Pool, dict[bytes, Account]]:
    """Returns the recorded pool as the market holds pools, and its accounts."""
    raw = base64.b64decode(case["pool_b64"])
    state = DammV2Pool.decode(raw)
    tokens = [TokenSpec(name, mint, 6, program.TOKEN, real=False) for name, mint in zip("AB", state.mints, strict=True)]
    address = key32(data["addresses"]["pool"])
    pool = Pool(PoolSpec("damm2", *tokens, 0.0, 0, 0, 0, address, *state.vaults))
    accounts: dict[bytes, Account] = {USER: Account(bytes(32), b"", 10**12)}
    accounts[address] = DammV2Account(raw, state, LpFees((0, 0), (0, 0)))
    for keys, holder, amount in (
        (state.vaults, key32(data["addresses"]["authority"]), data["vault_balance"]),
        (WALLETS, USER, data["user_balance"]),
    ):
        for key, mint in zip(keys, state.mints, strict=True):
            accounts[key] = TokenBalance.new(program.TOKEN, mint, holder, amount, native=False, withheld=False)
    return pool, accounts


def swap(case: dict, data: dict) -> tuple[Pool, dict[bytes, Account], Outcome]:
    pool, accounts = damm_v2(case, data)
    spec, version = pool.spec, 2 if case["ix"] == "swap2" else 1
    users = WALLETS if case["a2b"] else WALLETS[::-1]
    tail = (program.TOKEN, program.TOKEN, owned.METEORA_DAMM_V2)
    metas = (
        readonly(key32(data["addresses"]["authority"])),
        written(spec.address),
        *(written(key) for key in (*users, spec.vault_a, spec.vault_b)),
        readonly(spec.token_a.mint),
        readonly(spec.token_b.mint),
        Meta(USER, signer=True, writable=False),
        *(readonly(key) for key in tail),
        readonly(key32(data["addresses"]["event_authority"])),
        readonly(owned.METEORA_DAMM_V2),
    )
    args = case["amount"].to_bytes(8, "little") + case["limit"].to_bytes(8, "little")
    args += bytes((MODES[case["mode"]],)) if version == 2 else b""
    tag = DAMM_SWAP if version == 1 else DAMM_SWAP2
    outcome = run(pool, accounts, Instruction(owned.METEORA_DAMM_V2, metas, tag + args), data["clock"])
    return pool, accounts, outcome


def test_damm_v2_swaps_end_as_the_recorded_ones() -> None:
    """Amounts, price, fees owed, volatility, the event byte for byte, and error codes."""
    data, done, failed, dynamic = load("meteora_damm_v2"), 0, 0, 0
    for case in data["cases"]:
        exp = case["exp"]
        pool, accounts, outcome = swap(case, data)
        assert code(outcome) == exp["err"], (case["i"], outcome.logs)
        if not exp["ok"]:
            failed += 1
            continue
        before, after = accounts[pool.spec.address].pool, DammV2Pool.decode(outcome.account(pool.spec.address).data)
        moved = [abs(outcome.account(key).amount - accounts[key].amount) for key in WALLETS]
        assert moved == [exp["amount_a"], exp["amount_b"]]
        owed = [new - old for new, old in zip(after.protocol_fees, before.protocol_fees, strict=True)]
        assert owed == [exp["protocol_a"], exp["protocol_b"]]
        assert after.sqrt_price == int(exp["sqrt_price"])
        if exp.get("dyn"):
            fee = after.dynamic_fee
            seen = {"last": fee.last_update, "ref": str(fee.sqrt_price_reference)}
            seen |= {"vacc": fee.volatility_accumulator, "vref": fee.volatility_reference}
            assert {name: seen[name] for name in exp["dyn"]} == exp["dyn"]
            dynamic += 1
        assert [event.hex() for event in outcome.events] == exp["event_cpi"]
        done += 1
    assert done > 150
    assert failed > 25
    assert dynamic > 30


def test_damm_v2_uses_about_the_recorded_compute_units() -> None:
    data = load("meteora_damm_v2")
    for case in data["cases"]:
        if case["exp"]["ok"]:
            _, _, outcome = swap(case, data)
            name = "swap_in" if case["ix"] == "swap" else f"swap2_{case['mode']}"
            assert outcome.units == data["cu"][name]["median"]


def dlmm(record: dict, data: dict) -> tuple[Pool, dict[bytes, Account]]:
    """Returns a recorded pair as the market holds pools, and its accounts."""
    by_role: dict[str, list[tuple[bytes, dict]]] = {}
    for name, account in record["accounts"].items():
        by_role.setdefault(account["role"], []).append((key32(name), account))
    (address, lb_pair), (oracle, _) = by_role["lb_pair"][0], by_role["oracle"][0]
    pair = LbPair.decode(account_bytes(lb_pair))
    mints = [by_role[role][0][1] for role in ("mint_x", "mint_y")]
    tokens = [
        TokenSpec(name, key, 6, key32(mint["owner"]), real=False)
        for name, key, mint in zip("XY", (pair.mint_x, pair.mint_y), mints, strict=True)
    ]
    pool = Pool(PoolSpec("dlmm", *tokens, 0.0, 0, pair.bin_step, 0, address, pair.reserve_x, pair.reserve_y))
    configs = [MintAccount.decode(account_bytes(mint)).transfer_fee for mint in mints]
    pool.taxes = tuple(None if config is None else config.at(data["clock"]["epoch"]) for config in configs)
    assert all(tax is None or isinstance(tax, TransferFee) for tax in pool.taxes)
    pool.oracle = oracle
    arrays = [(key, BinArray.decode(account_bytes(account))) for key, account in by_role["bin_array"]]
    pool.arrays = {array.index: key for key, array in arrays}
    pool.bins = Bins(address, pair, None, [array for _, array in arrays])
    accounts: dict[bytes, Account] = {USERS_KEY: Account(bytes(32), b"", 10**12)}
    accounts[address] = LbPairAccount(account_bytes(lb_pair), pair)
    accounts |= {key: BinArrayAccount(array, {}) for key, array in arrays}
    held = [int.from_bytes(account_bytes(by_role[role][0][1])[64:72], "little") for role in ("reserve_x", "reserve_y")]
    for keys, holder, amounts in (
        ((pair.reserve_x, pair.reserve_y), address, held),
        (WALLETS, USERS_KEY, [data["user_balance"]] * 2),
    ):
        for key, token, amount, tax in zip(keys, tokens, amounts, pool.taxes, strict=True):
            accounts[key] = TokenBalance.new(
                token.token_program, token.mint, holder, amount, native=False, withheld=tax is not None
            )
    return pool, accounts


def dlmm_swap(case: dict, pool: Pool, accounts: dict[bytes, Account], clock: dict) -> Outcome:
    spec, second = pool.spec, case["ix"].endswith("2")
    users = WALLETS if case["sfy"] else WALLETS[::-1]
    owner = owned.METEORA_DLMM
    programs = [spec.token_a.token_program, spec.token_b.token_program]
    programs += [catalogue.MEMO_PROGRAM] if second else []
    arrays = [pool.arrays.get(index) or catalogue.bin_array_address(spec.address, index) for index in case["arrays"]]
    metas = (
        written(spec.address),
        readonly(owner),
        *(written(key) for key in (spec.vault_a, spec.vault_b, *users)),
        readonly(spec.token_a.mint),
        readonly(spec.token_b.mint),
        written(pool.oracle),
        readonly(owner),
        Meta(USERS_KEY, signer=True, writable=False),
        *(readonly(key) for key in (*programs, catalogue.DLMM_EVENTS, owner)),
        *(written(key) for key in arrays),
    )
    pair = (case["amount"], case["limit"]) if case["exact_in"] else (case["limit"], case["amount"])
    args = b"".join(value.to_bytes(8, "little") for value in pair) + (bytes(4) if second else b"")
    instruction = Instruction(owner, metas, DLMM_TAGS[case["ix"]] + args)
    budget = Budget(1_400_000, 0)
    transaction = Transaction(
        (bytes(64),), b"", USERS_KEY, bytes(32), (instruction,), budget, frozenset(), verified=True
    )
    time = {"slot": clock["slot"], "now": case["now"], "epoch": clock["epoch"]}
    return execute(transaction, accounts, {spec.address: pool}, HANDLERS, **time)


def test_dlmm_swaps_end_as_the_recorded_ones() -> None:
    """Amounts, active bin, volatility, fees owed, bins, both events byte for byte, and error codes.

    Cases that ran out of compute units are left out.
    """
    data, done, failed, other, units = load("meteora_dlmm"), 0, 0, [], []
    for case in data["cases"]:
        exp = case["exp"]
        if not isinstance(exp["err"], int | None):
            continue
        pool, accounts = dlmm(data["pools"][case["pool"]], data)
        outcome = dlmm_swap(case, pool, accounts, data["clock"])
        if outcome.err is not None or not exp["ok"]:
            failed += 1
            if code(outcome) != exp["err"]:
                other.append((case["i"], case["pool"], case["ix"], exp["err"], outcome.err))
            continue
        moved = [outcome.account(key).amount - accounts[key].amount for key in WALLETS]
        assert moved == [exp["user_x"], exp["user_y"]]
        before, after = accounts[pool.spec.address].pair, LbPair.decode(outcome.account(pool.spec.address).data)
        seen = after.volatility
        volatility = {
            "vacc": seen.volatility_accumulator,
            "vref": seen.volatility_reference,
            "iref": seen.index_reference,
            "last": seen.last_update_timestamp,
        }
        assert volatility == {name: exp[name] for name in volatility}
        assert after.active_id == exp["active_id"]
        owed = (after.protocol_fee_x - before.protocol_fee_x, after.protocol_fee_y - before.protocol_fee_y)
        assert owed == (exp["protocol_fee_x"], exp["protocol_fee_y"])
        for bin_id, values in exp["bins_after"].items():
            index, at = divmod(int(bin_id), 70)
            bin_ = BinArray.decode(outcome.account(pool.arrays[index]).data).bins[at]
            wanted = [bin_.amount_x, bin_.amount_y, bin_.open_order_amount, bin_.processed_order_remaining]
            assert wanted == values
        assert [event.hex() for event in outcome.events] == exp["event_cpi"], case
        units.append(outcome.units / exp["cu"])
        done += 1
    assert not other
    assert done > 190
    assert failed > 40
    units.sort()
    assert 0.9 < units[len(units) // 2] < 1.1
