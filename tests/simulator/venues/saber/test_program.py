"""The market's Saber against what the deployed binary did."""

import base64

from msgspec.structs import replace

from cambist.engine.reference.chain import program
from cambist.engine.reference.venues import owned
from cambist.engine.reference.venues.saber.layout import StableSwap
from cambist.simulator.accounts import Account, TokenBalance
from cambist.simulator.execution import Outcome
from cambist.simulator.metas import readonly, written
from cambist.simulator.pool import Pool, PoolSpec
from cambist.simulator.tokens import TokenSpec
from cambist.simulator.transactions import Instruction, Meta
from cambist.simulator.venues.saber.market import SaberMarket
from cambist.simulator.venues.saber.program import SABER_SWAP
from tests.simulator.venues.wallets import PLENTY, USER, WALLETS, code, key32, run
from tests.svm_vectors import load

CLOCK = {"slot": 1, "epoch": 1}
AUTHORITY = key32("AdxAvD4rDda7shH9EJ5apbbzJSYhH6u8T6cp5nFSwukZ")
ADDRESS = key32("9PCzVkuD2x4pdAkJiNdR3dirzEzuKHiDeCRtLhYfkZJ6")


def stable(case: dict) -> tuple[Pool, dict[bytes, Account]]:
    """Returns the recorded pool as the market holds pools, and its accounts."""
    example = StableSwap.decode(base64.b64decode(load("saber_stable_swap")["swapInfo_example_b64"]))
    state = replace(
        example,
        is_paused=bool(case["paused"]),
        initial_amp=case["a0"],
        target_amp=case["a1"],
        ramp_start=case["t0"],
        ramp_stop=case["t1"],
        admin_fee=(case["an"], case["ad"]),
        trade_fee=(case["tn"], case["td"]),
    )
    tokens = [TokenSpec(name, mint, 6, program.TOKEN, real=False) for name, mint in zip("AB", state.mints, strict=True)]
    pool = SaberMarket(PoolSpec("saber", *tokens, 0.0, 0, 0, 0, ADDRESS, *state.vaults), state, AUTHORITY)
    accounts: dict[bytes, Account] = {USER: Account(bytes(32), b"", 10**12)}
    for keys, holder, amounts in (
        (state.vaults, AUTHORITY, (case["x"], case["y"])),
        (state.admin_vaults, bytes([3]) * 32, (0, 0)),
        (WALLETS, USER, (PLENTY, PLENTY)),
    ):
        for key, mint, amount in zip(keys, state.mints, amounts, strict=True):
            accounts[key] = TokenBalance.new(program.TOKEN, mint, holder, amount, native=False, withheld=False)
    return pool, accounts


def swap(case: dict, pool: Pool, accounts: dict[bytes, Account], **changed: bytes) -> Outcome:
    state = pool.state
    order = (0, 1) if case["a2b"] else (1, 0)
    keys = {
        "authority": AUTHORITY,
        "source": WALLETS[order[0]],
        "vault_in": state.vaults[order[0]],
        "vault_out": state.vaults[order[1]],
        "target": WALLETS[order[1]],
        "admin": state.admin_vaults[order[1]],
    } | changed
    metas = (
        readonly(ADDRESS),
        readonly(keys.pop("authority")),
        Meta(USER, signer=True, writable=False),
        *(written(key) for key in keys.values()),
        readonly(program.TOKEN),
    )
    args = case["amount"].to_bytes(8, "little") + case["limit"].to_bytes(8, "little")
    clock = CLOCK | load("saber_stable_swap")["clock"]
    return run(pool, accounts, Instruction(owned.SABER, metas, SABER_SWAP + args), clock)


def test_saber_swaps_end_as_the_recorded_ones() -> None:
    """Amounts, the admin's part, the vaults, the event's numbers, and error codes."""
    done, failed, units = 0, 0, []
    for case in load("saber_stable_swap")["cases"]:
        exp = case["exp"]
        pool, accounts = stable(case)
        outcome = swap(case, pool, accounts)
        assert code(outcome) == exp["err"], case
        if not exp["ok"]:
            assert outcome.logs[-3].startswith("Program log: Error: ")
            failed += 1
            continue
        source, target = WALLETS if case["a2b"] else WALLETS[::-1]
        vaults, admins = pool.state.vaults, pool.state.admin_vaults
        if not case["a2b"]:
            vaults, admins = vaults[::-1], admins[::-1]
        moved = {key: outcome.account(key).amount - accounts[key].amount for key in (source, target, *vaults, *admins)}
        paid, got, fee = exp["user_paid"], exp["user_got"], exp["admin_fee"]
        assert list(moved.values()) == [-paid, got, paid, -got - fee, 0, fee]
        if paid:
            amounts = (paid, got) if case["a2b"] else (got, paid)
            event = [int(word, 16) for word in outcome.logs[-3].removeprefix("Program log: ").split(", ")]
            assert event[:4] == [2 if case["a2b"] else 3, *amounts, 0]
            assert event[4] >= fee
        units.append(outcome.units / exp["cu"])
        done += 1
    assert done > 100
    assert failed > 4
    units.sort()
    assert 0.85 < units[len(units) // 2] < 1.15


def test_saber_refuses_wrong_accounts() -> None:
    case = next(item for item in load("saber_stable_swap")["cases"] if item["exp"]["ok"] and item["a2b"])
    pool, accounts = stable(case)
    state = pool.state
    wrong = [
        ({"authority": USER}, 4),
        ({"vault_in": state.vaults[1]}, 11),
        ({"vault_out": state.admin_vaults[1]}, 12),
        ({"admin": state.admin_vaults[0]}, 1),
        ({"source": state.vaults[0]}, 11),
    ]
    for changed, wanted in wrong:
        assert code(swap(case, pool, accounts, **changed)) == wanted, changed
    paused = dict(case, paused=1)
    assert code(swap(paused, *stable(paused))) == 22
    nothing = dict(paused, amount=0)
    assert code(swap(nothing, *stable(nothing))) is None
