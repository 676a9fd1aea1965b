"""Recorded transactions rebuilt byte for byte: accounts from the pools' own bytes, amounts from the case."""

import base64

import pytest

from cambist.engine.reference.chain import base58, program
from cambist.engine.reference.venues import instructions as reference
from cambist.engine.reference.venues.damm2.layout import DammV2Pool
from cambist.engine.reference.venues.dlmm.layout import LbPair
from cambist.engine.reference.venues.orca.layout import Whirlpool
from cambist.engine.reference.venues.saber.layout import StableSwap
from cambist.engine.reference.venues.tick_array_manager import swap_array_starts
from tests.engine.backends import both
from tests.svm_vectors import account_bytes, load

builders = pytest.mark.parametrize("builder", both("venues.instructions"))
PROGRAMS = {"spl-token": program.TOKEN, "token-2022": program.TOKEN_2022}


def key(text):
    return base58.decode(text)


def word(data, at, size=8):
    return int.from_bytes(data[at : at + size], "little")


def keys_of(row):
    return [key(account[0]) for account in row["accounts"]]


def assert_same(builder, swap, row):
    """Compares an instruction with the recorded one, then the whole message and transaction around it."""
    assert swap.program == key(row["program"])
    assert swap.data.hex() == row["data"]
    recorded = tuple((key(text), bool(signer), bool(writable)) for text, signer, writable in row["accounts"])
    assert tuple(swap.accounts) == recorded
    wire, expected = base64.b64decode(row["tx"]), base64.b64decode(row["message"])
    count = wire[0]
    signatures = [wire[1 + 64 * at : 65 + 64 * at] for at in range(count)]
    keys_end = 4 + 32 * expected[3]
    payer, blockhash = expected[4:36], expected[keys_end : keys_end + 32]
    message = builder.compile_legacy(payer, [builder.compute_unit_limit(1_400_000), swap], blockhash)
    assert message.data == expected
    assert len(message.signers) == count
    assert message.transaction(signatures) == wire


def exact_in_first(data, at, exact_in):
    """Returns the amounts of programs that name what goes in first."""
    first, second = word(data, at), word(data, at + 8)
    return reference.SwapAmounts(True, first, second) if exact_in else reference.SwapAmounts(False, second, first)


def rows(name, count=10):
    recording = load(name)
    assert len(recording["tx_examples"]) == count
    return recording, [(row, bytes.fromhex(row["data"]), keys_of(row)) for row in recording["tx_examples"]]


@builders
def test_raydium_v4(builder):
    recording, examples = rows("raydium_amm_v4")
    info = base64.b64decode(recording["ammInfo_example_b64"])
    named = {name: info[at : at + 32] for name, at in {"coin": 336, "pc": 368, "market": 528, "program": 560}.items()}
    sold = {}
    for row, data, accounts in examples:
        is_long = len(accounts) == 18
        rest = accounts[5 + is_long :]
        market = reference.SerumAccounts(
            open_orders=info[496:528],
            target_orders=info[592:624] if is_long else None,
            program=named["program"],
            market=named["market"],
            bids=rest[3],
            asks=rest[4],
            event_queue=rest[5],
            coin_vault=rest[6],
            pc_vault=rest[7],
            vault_signer=rest[8],
        )
        pool = reference.RaydiumV4Accounts(accounts[1], named["coin"], named["pc"])
        user = reference.User(accounts[-1], *accounts[-3:-1])
        direction = row["note"].split("dir ")[1]
        assert sold.setdefault(direction, accounts[-3]) == accounts[-3]
        amounts = exact_in_first(data, 1, data[0] == 9)
        assert_same(builder, builder.raydium_v4_swap(pool, market, user, amounts), row)
    assert sold["1"] != sold["2"]


@builders
def test_raydium_cpmm(builder):
    recording, examples = rows("raydium_cpmm")
    known = recording["addresses"]
    for row, data, accounts in examples:
        direction, programs = row["note"].split(" dir ")[1].split(" programs ")
        programs = [PROGRAMS[name] for name in programs.strip("[]").replace("'", "").split(", ")]
        pool = reference.CpmmAccounts(
            *(key(known[name]) for name in ("pool", "config", "observation")),
            *map(key, known["vault"]),
            *map(key, known["mint"]),
            *programs,
        )
        user = reference.User(accounts[0], *accounts[4:6])
        amounts = exact_in_first(data, 8, ": in" in row["note"])
        assert_same(builder, builder.cpmm_swap(pool, user, amounts, zero_for_one=direction == "0"), row)


@builders
def test_whirlpool(builder):
    recording, examples = rows("orca_whirlpool")
    tokens = [key(recording["user_token"][side]) for side in "ab"]
    for row, data, accounts in examples:
        kept = recording["pools"][row["note"].split()[3]]
        deployment, address = key(row["program"]), key(kept["key"])
        state = Whirlpool.decode(account_bytes(kept["accounts"][kept["key"]]))
        pool = reference.WhirlpoolAccounts(
            program=deployment,
            pool=address,
            oracle=builder.whirlpool_oracle(deployment, address),
            vault_a=state.vault_a,
            vault_b=state.vault_b,
            mint_a=state.mint_a,
            mint_b=state.mint_b,
            program_a=program.TOKEN,
            program_b=program.TOKEN,
        )
        exact_in, a_to_b = bool(data[40]), bool(data[41])
        starts = swap_array_starts(state.tick, state.tick_spacing, a_to_b=a_to_b)
        arrays = [builder.whirlpool_tick_array(deployment, address, start) for start in starts]
        is_old = row["note"].endswith("swap")
        owner = accounts[1 if is_old else 3]
        user = reference.User(owner, *(tokens if a_to_b else tokens[::-1]))
        amounts = reference.SwapAmounts(exact_in, word(data, 8), word(data, 16))
        limit = word(data, 24, 16)
        if is_old:
            adaptive = state.fee_tier_index != state.tick_spacing
            swap = builder.whirlpool_swap(pool, arrays, user, amounts, limit, a_to_b=a_to_b, is_adaptive=adaptive)
        else:
            swap = builder.whirlpool_swap_v2(pool, arrays, [], user, amounts, limit, a_to_b=a_to_b)
        assert_same(builder, swap, row)


@builders
def test_raydium_clmm(builder):
    recording, examples = rows("raydium_clmm_svm2024")
    tokens = [key(text) for text in recording["user_token"]]
    for row, data, accounts in examples:
        name, form = row["note"].split()[3:5]
        kept = recording["pools"][name]
        address, info = key(kept["key"]), account_bytes(kept["accounts"][kept["key"]])
        part = {at: info[at : at + 32] for at in (9, 73, 105, 137, 169, 201)}
        extension = builder.clmm_bitmap_extension(address)
        pool = reference.ClmmAccounts(address, part[9], part[201], part[137], part[169], part[73], part[105], extension)
        zero_for_one = accounts[3] == tokens[0]
        span = 60 * kept["tick_spacing"]
        begin = kept["tick"] // span * span
        starts = sorted(held["start"] for held in kept["accounts"].values() if held["role"] == "tick_array")
        ahead = [at for at in starts if at <= begin][::-1] if zero_for_one else [at for at in starts if at >= begin]
        arrays = [builder.clmm_tick_array(address, start) for start in ahead]
        fixed = 10 if form == "swap" else 14
        arrays = arrays[: len(accounts) - fixed]
        user = reference.User(accounts[0], *(tokens if zero_for_one else tokens[::-1]))
        amounts = reference.SwapAmounts(bool(data[40]), word(data, 8), word(data, 16))
        build = builder.clmm_swap if form == "swap" else builder.clmm_swap_v2
        swap = build(pool, arrays, user, amounts, word(data, 24, 16), zero_for_one=zero_for_one)
        assert_same(builder, swap, row)


@builders
def test_meteora_dlmm(builder):
    recording, examples = rows("meteora_dlmm")
    tokens = [key(recording["user_token"][side]) for side in "xy"]
    cases = {case["i"]: case for case in recording["cases"]}
    for row, data, accounts in examples:
        _, number, _, name, form = row["note"].split()
        kept = recording["pools"][name]
        info = account_bytes(kept["accounts"][kept["key"]])
        state, address = LbPair.decode(info), key(kept["key"])
        programs = [program.TOKEN_2022 if flag else program.TOKEN for flag in info[880:882]]
        pair = reference.DlmmAccounts(
            address, state.oracle, state.reserve_x, state.reserve_y, state.mint_x, state.mint_y, *programs, None, None
        )
        case = cases.get(int(number))
        is_new, x_to_y = form.endswith("2"), accounts[4] == tokens[0]
        if case is None:
            held = {key(text): account["index"] for text, account in kept["accounts"].items() if "index" in account}
            indices = [held[account] for account in accounts[15 + is_new :]]
        else:
            assert x_to_y == case["sfy"]
            indices = case["arrays"]
        arrays = [builder.dlmm_bin_array(address, index) for index in indices]
        user = reference.User(accounts[10], *(tokens if x_to_y else tokens[::-1]))
        amounts = exact_in_first(data, 8, "exact_out" not in form)
        build = builder.dlmm_swap2 if is_new else builder.dlmm_swap
        assert_same(builder, build(pair, arrays, user, amounts), row)


@builders
def test_meteora_damm_v2(builder):
    recording, examples = rows("meteora_damm_v2")
    state = DammV2Pool.decode(base64.b64decode(recording["cases"][0]["pool_b64"]))
    pool = reference.DammV2Accounts(
        key(recording["addresses"]["pool"]), *state.vaults, *state.mints, program.TOKEN, program.TOKEN, None
    )
    for row, data, accounts in examples:
        form, mode = row["note"].split()[2:]
        user = reference.User(accounts[8], *accounts[2:4])
        amounts = reference.SwapAmounts(mode != "out", word(data, 8), word(data, 16))
        if form == "swap":
            swap = builder.damm_v2_swap(pool, user, amounts)
        else:
            swap = builder.damm_v2_swap2(pool, user, amounts, partial=mode == "partial")
        assert_same(builder, swap, row)


@builders
def test_saber(builder):
    recording, examples = rows("saber_stable_swap")
    state = StableSwap.decode(base64.b64decode(recording["swapInfo_example_b64"]))
    directions = set()
    for row, data, accounts in examples:
        address = accounts[0]
        pool = reference.SaberAccounts(
            address, builder.saber_authority(address, state.nonce), *state.vaults, *state.admin_vaults
        )
        a_to_b = accounts[4] == state.vaults[0]
        directions.add(a_to_b)
        user = reference.User(accounts[2], accounts[3], accounts[6])
        amounts = exact_in_first(data, 1, exact_in=True)
        assert_same(builder, builder.saber_swap(pool, user, amounts, a_to_b=a_to_b), row)
    assert directions == {True, False}


@builders
def test_a_limited_swap_of_damm_v2_shows_the_transaction_besides(builder):
    keys = [bytes([at]) * 32 for at in range(1, 9)]
    pool = reference.DammV2Accounts(*keys[:5], program.TOKEN, program.TOKEN, None)
    user, amounts = reference.User(*keys[5:]), reference.SwapAmounts(True, 5, 4)
    plain, limited = (
        builder.damm_v2_swap2(pool, user, amounts, partial=False, limited=limited) for limited in (False, True)
    )
    assert tuple(limited.accounts) == (
        *plain.accounts,
        (key("Sysvar1nstructions1111111111111111111111111"), False, False),
    )
