"""The market's DLMM against what the deployed binary did."""

from cambist.engine.reference.chain.token import Mint as MintAccount
from cambist.engine.reference.chain.token import TransferFee
from cambist.engine.reference.venues.dlmm.layout import BinArray, LbPair
from cambist.engine.reference.venues.dlmm.maths.bins import Bins
from cambist.engine.reference.venues.dlmm.owned import METEORA_DLMM
from cambist.simulator.accounts import Account, TokenBalance
from cambist.simulator.addresses import MEMO_PROGRAM
from cambist.simulator.execution import Outcome, execute
from cambist.simulator.metas import readonly, written
from cambist.simulator.pool import Pool, PoolSpec
from cambist.simulator.tokens import TokenSpec
from cambist.simulator.transactions import Budget, Instruction, Meta, Transaction
from cambist.simulator.venues import HANDLERS
from cambist.simulator.venues.dlmm.accounts import BinArrayAccount, LbPairAccount
from cambist.simulator.venues.dlmm.catalogue import EVENTS, bin_array_address
from cambist.simulator.venues.dlmm.market import DlmmMarket
from cambist.simulator.venues.dlmm.program import DLMM_OUT, DLMM_OUT2, DLMM_SWAP, DLMM_SWAP2
from tests.simulator.venues.wallets import WALLETS, code, key32
from tests.svm_vectors import account_bytes, load

USERS_KEY = key32("3Z3wCgpzP1fccTQvJM9mNBcDVc5kLxLz32UvLcnQz126")
DLMM_TAGS = {"swap": DLMM_SWAP, "swap2": DLMM_SWAP2, "swap_exact_out": DLMM_OUT, "swap_exact_out2": DLMM_OUT2}


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
    arrays = [(key, BinArray.decode(account_bytes(account))) for key, account in by_role["bin_array"]]
    bins = Bins(address, pair, None, [array for _, array in arrays])
    spec = PoolSpec("dlmm", *tokens, 0.0, 0, pair.bin_step, 0, address, pair.reserve_x, pair.reserve_y)
    pool = DlmmMarket(spec, oracle, {array.index: key for key, array in arrays}, bins)
    configs = [MintAccount.decode(account_bytes(mint)).transfer_fee for mint in mints]
    pool.taxes = tuple(None if config is None else config.at(data["clock"]["epoch"]) for config in configs)
    assert all(tax is None or isinstance(tax, TransferFee) for tax in pool.taxes)
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
    owner = METEORA_DLMM
    programs = [spec.token_a.token_program, spec.token_b.token_program]
    programs += [MEMO_PROGRAM] if second else []
    arrays = [pool.arrays.get(index) or bin_array_address(spec.address, index) for index in case["arrays"]]
    metas = (
        written(spec.address),
        readonly(owner),
        *(written(key) for key in (spec.vault_a, spec.vault_b, *users)),
        readonly(spec.token_a.mint),
        readonly(spec.token_b.mint),
        written(pool.oracle),
        readonly(owner),
        Meta(USERS_KEY, signer=True, writable=False),
        *(readonly(key) for key in (*programs, EVENTS, owner)),
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


def test_a_swap_whose_output_the_transfer_fee_takes_whole_fails() -> None:
    data = load("meteora_dlmm")
    case = next(case for case in data["cases"] if case["ix"] == "swap2" and case["exp"]["ok"] and not case["limit"])
    pool, accounts = dlmm(data["pools"][case["pool"]], data)
    before = pool.taxes
    for bps, wanted in ((9_999, None), (10_000, 6039)):
        tax = TransferFee(0, 2**64 - 1, bps)
        pool.taxes = (before[0], tax) if case["sfy"] else (tax, before[1])
        assert code(dlmm_swap(case, pool, accounts, data["clock"])) == wanted
