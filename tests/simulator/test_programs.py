"""The market's programs against what the deployed binaries did."""

import base64

import pytest

from cambist.engine.reference.chain import program
from cambist.engine.reference.venues import owned
from cambist.engine.reference.venues.orca.layout import Oracle, TickArray, Whirlpool
from cambist.engine.reference.venues.tick_array_manager import Ticks, swap_array_starts
from cambist.simulator import catalogue
from cambist.simulator.accounts import Account, OracleAccount, TickArrayAccount, TokenBalance, WhirlpoolAccount
from cambist.simulator.catalogue import PoolSpec, TokenSpec
from cambist.simulator.execution import Outcome, execute
from cambist.simulator.instructions import readonly, written
from cambist.simulator.layouts.orca import decode_tick_array
from cambist.simulator.programs import HANDLERS, ORCA_SWAP, ORCA_SWAP_V2
from cambist.simulator.transactions import Budget, Instruction, Meta, Transaction, parse
from cambist.simulator.venues import Pool
from tests.svm_vectors import load

USER = bytes([7]) * 32
WALLETS = bytes([8]) * 32, bytes([9]) * 32
PLENTY = 4 * 10**18
SERUM = 16_777_369
"""The order book's error in pools of the old program that were recorded without one."""


class Recorded:
    """A recorded Whirlpool as the market holds pools."""

    def __init__(self, record: dict) -> None:
        self.accounts: dict[bytes, Account] = {USER: Account(bytes(32), b"", 10**12)}
        raw = {key: (item["role"], base64.b64decode(item["data"])) for key, item in record["accounts"].items()}
        address = key32(record["key"])
        self.program = (
            owned.WHIRLPOOL
            if record["program"] == "whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc"
            else owned.WHIRLPOOL_IMMUTABLE
        )
        state = Whirlpool.decode(next(data for role, data in raw.values() if role == "whirlpool"))
        spec = PoolSpec(
            "orca",
            TokenSpec("A", state.mint_a, 6, program.TOKEN, real=False),
            TokenSpec("B", state.mint_b, 6, program.TOKEN, real=False),
            0.0,
            state.fee_rate,
            state.tick_spacing,
            state.fee_tier_index,
            address,
            state.vault_a,
            state.vault_b,
        )
        self.pool, arrays = Pool(spec), []
        self.pool.oracle = catalogue.pda(self.program, b"oracle", address)
        for key, (role, data) in raw.items():
            if role == "whirlpool":
                self.accounts[address] = WhirlpoolAccount(data, state, 0)
            elif role == "tick_array" and data:
                fields, array = decode_tick_array(data), TickArray.decode(data)
                arrays.append(array)
                self.pool.arrays[array.start_tick_index] = key32(key)
                edge = {at: array.start_tick_index + at * state.tick_spacing for at in fields.ticks}
                live = {at: tick for at, tick in fields.ticks.items() if tick.initialized}
                nets = {edge[at]: (tick.net, tick.gross) for at, tick in live.items()}
                growths = {edge[at]: (tick.fee_outside_a, tick.fee_outside_b) for at, tick in live.items()}
                self.accounts[key32(key)] = TickArrayAccount(
                    address, array.start_tick_index, state.tick_spacing, nets, growths
                )
            elif role == "oracle":
                self.accounts[self.pool.oracle] = OracleAccount(Oracle.decode(data))
        span = 88 * state.tick_spacing
        absent = [at for at in range(-443_636 // span * span, 443_637, span) if at not in self.pool.arrays]
        self.pool.ticks = Ticks(state.tick_spacing, arrays, absent)
        for key, mint, holder in (
            (state.vault_a, state.mint_a, address),
            (state.vault_b, state.mint_b, address),
            (WALLETS[0], state.mint_a, USER),
            (WALLETS[1], state.mint_b, USER),
        ):
            self.accounts[key] = TokenBalance.new(program.TOKEN, mint, holder, PLENTY, native=False, withheld=False)

    def run(self, instruction: Instruction, clock: dict) -> Outcome:
        transaction = Transaction(
            (bytes(64),), b"", USER, bytes(32), (instruction,), Budget(1_400_000, 0), frozenset(), True
        )
        handlers = {**HANDLERS, self.program: HANDLERS[owned.WHIRLPOOL]}
        pools = {self.pool.spec.address: self.pool}
        return execute(
            transaction,
            self.accounts,
            pools,
            handlers,
            slot=clock["slot"],
            now=clock["unix_timestamp"],
            epoch=clock["epoch"],
        )

    def instruction(self, case: dict) -> Instruction:
        spec = self.pool.spec
        tick = self.accounts[spec.address].pool.tick
        starts = swap_array_starts(tick, spec.tick_spacing, a_to_b=case["a2b"])
        keys = [self.pool.arrays.get(start) or self.absent(start) for start in starts]
        arrays = [written(key) for key in (keys + keys[-1:] * 3)[:3]]
        amounts = int(case["amount"]).to_bytes(8, "little") + int(case["threshold"]).to_bytes(8, "little")
        args = amounts + int(case["limit"]).to_bytes(16, "little") + bytes((case["exact_in"], case["a2b"]))
        signer, oracle = Meta(USER, signer=True, writable=True), written(self.pool.oracle)
        sides = [written(key) for key in (WALLETS[0], spec.vault_a, WALLETS[1], spec.vault_b)]
        if case["ix"] == "swap":
            metas = (readonly(program.TOKEN), signer, written(spec.address), *sides, *arrays, oracle)
            return Instruction(self.program, metas, ORCA_SWAP + args)
        programs = (readonly(program.TOKEN), readonly(program.TOKEN), readonly(catalogue.MEMO_PROGRAM))
        mints = (readonly(spec.token_a.mint), readonly(spec.token_b.mint))
        metas = (*programs, signer, written(spec.address), *mints, *sides, *arrays, oracle)
        return Instruction(self.program, metas, ORCA_SWAP_V2 + args + b"\0")

    def absent(self, start: int) -> bytes:
        return catalogue.tick_array_address(self.pool.spec.address, start)


def key32(text: str) -> bytes:
    from solders.pubkey import Pubkey

    return bytes(Pubkey.from_string(text))


def code(outcome: Outcome) -> int | None:
    return outcome.err["InstructionError"][1]["Custom"] if outcome.err else None


def test_whirlpool_swaps_end_as_the_recorded_ones() -> None:
    """Amounts, pool state and event byte for byte; error codes too, except two that are not told apart.

    The binary of 2024 took a limit equal to the price for an empty swap; today's refuses it, and so does the market.
    """
    data = load("orca_whirlpool")
    pools = {name: Recorded(record) for name, record in data["pools"].items()}
    events, failed, other = 0, 0, []
    for case in data["cases"]:
        recorded, exp = pools[case["pool"]], case["exp"]
        outcome = recorded.run(recorded.instruction(case), data["clock"])
        if outcome.err is not None or not exp["ok"]:
            failed += 1
            if code(outcome) != exp["err"]:
                other.append((exp["err"], code(outcome)))
            continue
        state = Whirlpool.decode(outcome.account(recorded.pool.spec.address).data)
        moved = tuple(PLENTY - outcome.account(key).amount for key in WALLETS)
        assert moved == ((exp["amount_a"], -exp["amount_b"]) if case["a2b"] else (-exp["amount_a"], exp["amount_b"]))
        after = (state.sqrt_price, state.tick, state.liquidity, state.fee_growth_a, state.fee_growth_b)
        names = ("sqrt_price", "tick", "liquidity", "fee_growth_a", "fee_growth_b")
        assert after == tuple(int(exp[name]) for name in names)
        if exp["event"]:
            assert f"Program data: {exp['event'][0]}" in outcome.logs
            events += 1
    assert events > 300
    assert failed > 100
    assert sorted(set(other), key=str) == [(6015, 6004), (6030, 6004), (6057, 6038), (None, 6034)]
    assert len(other) <= 14


@pytest.mark.parametrize("name", ["raydium_amm_v4", "raydium_cpmm", "orca_whirlpool"])
def test_recorded_transactions_are_read_as_they_were_sent(name: str) -> None:
    for example in load(name)["tx_examples"]:
        transaction = parse(base64.b64decode(example["tx"]))
        assert transaction.verified
        assert transaction.message == base64.b64decode(example["message"])
        assert transaction.budget == Budget(1_400_000, 0)
        swap = transaction.instructions[-1]
        assert swap.program == key32(example["program"])
        assert swap.data.hex() == example["data"]
        assert [(meta.key, meta.signer) for meta in swap.accounts] == [
            (key32(key), bool(s)) for key, s, _ in example["accounts"]
        ]
        assert all(meta.writable or not w for meta, (_, _, w) in zip(swap.accounts, example["accounts"], strict=True))


def constant_product(
    venue: str, balances: tuple[tuple[int, int], tuple[int, int]]
) -> tuple[Pool, dict[bytes, Account]]:
    """Returns a pool without its own account, and the balances of (vaults, user)."""
    from cambist.simulator.draw import key32 as made

    tokens = [TokenSpec(name, made(name), 6, program.TOKEN, real=False) for name in "AB"]
    address, vaults = key32("25ZBuUGL6tECF53ADz6r9T6mXxSpsRG8mnKNcyf5z3wm"), (made("vault a"), made("vault b"))
    pool = Pool(PoolSpec(venue, *tokens, 0.0, 2_500, 0, 0, address, *vaults))
    accounts: dict[bytes, Account] = {USER: Account(bytes(32), b"", 10**12)}
    for keys, holder, amounts in ((vaults, address, balances[0]), (WALLETS, USER, balances[1])):
        for key, token, amount in zip(keys, tokens, amounts, strict=True):
            accounts[key] = TokenBalance.new(program.TOKEN, token.mint, holder, amount, native=False, withheld=False)
    return pool, accounts


def run(pool: Pool, accounts: dict[bytes, Account], instruction: Instruction, clock: dict) -> Outcome:
    budget = Budget(1_400_000, 0)
    transaction = Transaction((bytes(64),), b"", USER, bytes(32), (instruction,), budget, frozenset(), verified=True)
    time = {"slot": clock["slot"], "now": clock["unix_timestamp"], "epoch": clock["epoch"]}
    return execute(transaction, accounts, {pool.spec.address: pool}, HANDLERS, **time)


def test_raydium_v4_swaps_end_as_the_recorded_ones() -> None:
    """Amounts, ray_log and error code of tags 9 and 11 with 17 and 18 accounts, where the rounding rules agree."""
    from cambist.engine.reference.venues.ray4.layout import AmmV4

    data, done, failed, other = load("raydium_amm_v4"), 0, 0, []
    signer = Meta(USER, signer=True, writable=True)
    for case in data["cases"]:
        exp = case["exp"]
        if case["new_rule"] is not None or "oo_coin" in case or not isinstance(exp["err"], int | None):
            continue
        user = (case["user_dst"], case["user_src"]) if case["dir"] == 1 else (case["user_src"], case["user_dst"])
        pool, accounts = constant_product("ray4", ((case["cv"], case["pv"]), user))
        spec = pool.spec
        opened = case.get("open_time", case.get("open", 0))
        keys = (spec.vault_a, spec.vault_b, spec.token_a.mint, spec.token_b.mint)
        pool.info = AmmV4(
            case["status"], 6, 6, case["fee_n"], case["fee_d"], case["pnl_c"], case["pnl_p"], opened, *keys
        )
        source, target = WALLETS if case["dir"] == 2 else WALLETS[::-1]
        orders = [written(bytes([20 + i]) * 32) for i in range(case["nacc"] - 16)]
        market = [written(bytes([40 + i]) * 32) for i in range(8)]
        metas = (
            readonly(program.TOKEN),
            written(spec.address),
            readonly(catalogue.RAYDIUM_V4_AUTHORITY),
            *orders,
            written(spec.vault_a),
            written(spec.vault_b),
            *market,
            written(source),
            written(target),
            signer,
        )
        pair = (case["amount"], case["limit"]) if case["tag"] == 9 else (case["limit"], case["amount"])
        args = b"".join(value.to_bytes(8, "little") for value in pair)
        outcome = run(pool, accounts, Instruction(owned.RAYDIUM_V4, metas, bytes([case["tag"]]) + args), data["clock"])
        if exp.get("ray_log"):
            log = f"Program log: ray_log: {exp['ray_log']}"
            assert log in outcome.logs or code(outcome) == 22, case
        if not exp["ok"] or outcome.err is not None:
            failed += 1
            if code(outcome) != exp["err"]:
                other.append((case["i"], exp["err"], outcome.err))
            continue
        assert accounts[source].amount - outcome.account(source).amount == exp["in"]
        assert outcome.account(target).amount - accounts[target].amount == exp["out"]
        done += 1
    assert {wanted for _, wanted, _ in other} <= {SERUM}
    assert len(other) <= 2
    assert done > 200
    assert failed > 20


def test_raydium_cpmm_swaps_end_as_the_recorded_ones() -> None:
    """Amounts, fees owed and the first 89 bytes of the event: the recorded binary is older than creator fees.

    Exact-out cases where its rounding differs from today's are left to the tests of the maths.
    """
    from cambist.engine.reference.chain.token import TransferFee
    from cambist.engine.reference.venues.cpmm.layout import CpmmConfig, CpmmPool
    from cambist.simulator.accounts import CpmmAccount
    from cambist.simulator.programs import CPMM_IN, CPMM_OUT

    data, done, skipped = load("raydium_cpmm"), 0, 0
    for case in data["cases"]:
        exp = case["exp"]
        if not exp["ok"]:
            continue
        pool, accounts = constant_product("cpmm", (tuple(case["v"]), tuple(case["u"])))
        spec = pool.spec
        pool.config, pool.config_address = CpmmConfig(0, case["t"], case["p"], case["f"], 0), bytes([5]) * 32
        pool.taxes = tuple(None if tax is None else TransferFee(0, tax["max_fee"], tax["bps"]) for tax in case["tf"])
        mints, vaults = (spec.token_a.mint, spec.token_b.mint), (spec.vault_a, spec.vault_b)
        fees = tuple(case["pf"]), tuple(case["ff"])
        programs = (program.TOKEN, program.TOKEN)
        state = CpmmPool(
            pool.config_address, vaults, mints, programs, case["status"], (6, 6), *fees, case["open"], 0, False, (0, 0)
        )
        accounts[spec.address] = CpmmAccount.new(state, 0)
        side = case["dir"]
        order = (side, 1 - side)
        metas = (
            Meta(USER, signer=True, writable=True),
            readonly(catalogue.CPMM_AUTHORITY),
            readonly(pool.config_address),
            written(spec.address),
            *(written(WALLETS[i]) for i in order),
            *(written(vaults[i]) for i in order),
            readonly(program.TOKEN),
            readonly(program.TOKEN),
            *(readonly(mints[i]) for i in order),
            written(bytes([6]) * 32),
        )
        exact_in = case["kind"] == "in"
        pair = (case["amount"], case["limit"]) if exact_in else (case["limit"], case["amount"])
        args = b"".join(value.to_bytes(8, "little") for value in pair)
        instruction = Instruction(owned.RAYDIUM_CPMM, metas, (CPMM_IN if exact_in else CPMM_OUT) + args)
        outcome = run(pool, accounts, instruction, data["clock"])
        paid = accounts[WALLETS[side]].amount - outcome.account(WALLETS[side]).amount
        got = outcome.account(WALLETS[1 - side]).amount - accounts[WALLETS[1 - side]].amount
        if not exact_in and paid != exp["user_paid"]:
            skipped += 1
            continue
        assert outcome.err is None, (case, outcome.logs)
        assert (paid, got) == (exp["user_paid"], exp["user_got"])
        after = CpmmPool.decode(outcome.account(spec.address).data)
        assert [list(after.protocol_fees), list(after.fund_fees)] == [exp["post"]["pf"], exp["post"]["ff"]]
        event = next(base64.b64decode(line[14:]) for line in outcome.logs if line.startswith("Program data: "))
        assert len(event) == 170
        assert event[:89] == base64.b64decode(exp["event"][0])[:89]
        done += 1
    assert done > 180
    assert skipped < 40
