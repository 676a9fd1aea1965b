"""Transactions: recorded ones, the programs' own, and routes made up for the test."""

import base64
import doctest
import json

import pytest
from backports import zstd

from cambist.engine.reference.chain import base58, program, tx_parser
from cambist.engine.reference.venues import owned
from tests.parity import transactions as made
from tests.shared import shared_data

SOL = "So11111111111111111111111111111111111111112"


def figures(swap):
    """Returns a swap without its addresses."""
    return swap.venue, swap.place[1:4], swap.amounts, swap.by_transfers, swap.by_balances, swap.disagrees


def read(answer):
    return tx_parser.parse_transactions(made.body(answer))


def test_the_examples_run():
    assert doctest.testmod(tx_parser).failed == 0


@pytest.mark.parametrize("answer", [made.get_transaction(), made.block_notification(), made.transaction_notification()])
def test_a_route_is_told_swap_by_swap(answer):
    [transaction] = read(answer)
    assert transaction.signature == b"s" * 64
    assert transaction[1:6] == (341_000_000, made.TRADER, 5000, 90_150, None)
    assert transaction.complete
    assert transaction.refused == []
    first, second = transaction.swaps
    paid, middle, got = made.SOL_IN, made.USDC_MID, made.BONK_OUT
    assert figures(first) == ("ray4", (0, 0, 2), (paid, middle), (paid, middle), (paid, middle), False)
    assert figures(second) == ("dlmm", (0, 3, 2), (middle, got), (middle, got), (middle, got), False)
    assert first.pool == made.POOL_A
    # A record of Raydium names no mint: the vaults' do.
    assert first.mints == (program.WRAPPED_SOL, made.USDC)
    assert (first.decimals, second.decimals) == ((9, 6), (6, 5))
    assert second.mints == (made.USDC, made.BONK)
    assert first.price == (3, 20)
    assert (first.place.router, second.place.router) == (made.ROUTER, made.ROUTER)


def test_a_lying_event_is_flagged():
    answer = made.get_transaction()
    lines = answer["result"]["meta"]["logMessages"]
    at = next(at for at, line in enumerate(lines) if made.ray_log(made.SOL_IN, made.USDC_MID) in line)
    lines[at] = f"Program log: ray_log: {made.ray_log(made.SOL_IN, made.USDC_MID + 1)}"
    [transaction] = read(answer)
    assert [swap.disagrees for swap in transaction.swaps] == [True, False]
    assert transaction.swaps[0].by_event == (made.SOL_IN, made.USDC_MID + 1)
    assert transaction.swaps[0].by_transfers == (made.SOL_IN, made.USDC_MID)


@pytest.mark.parametrize("accounts", [8, 17, 18])
def test_raydium_is_linked_by_every_form_of_its_instruction(accounts):
    answer = made.get_transaction()
    answer["result"]["meta"]["innerInstructions"][0]["instructions"] = made.inner(heights=False, amm_accounts=accounts)
    [transaction] = read(answer)
    swap = transaction.swaps[0]
    assert (swap.pool, swap.mints) == (made.POOL_A, (program.WRAPPED_SOL, made.USDC))
    assert (swap.place.depth, transaction.complete, swap.disagrees) == (2, True, False)


def test_truncated_logs_leave_the_transfers():
    answer = made.get_transaction()
    answer["result"]["meta"]["logMessages"][3:] = ["Log truncated"]
    [transaction] = read(answer)
    first, second = transaction.swaps
    assert not transaction.complete
    assert first.by_event is None
    assert first.amounts == (made.SOL_IN, made.USDC_MID)
    assert first.mints == (program.WRAPPED_SOL, made.USDC)
    assert second.by_event == (made.USDC_MID, made.BONK_OUT)


def test_without_inner_instructions_the_logs_still_tell():
    answer = made.get_transaction()
    answer["result"]["meta"]["innerInstructions"] = None
    [transaction] = read(answer)
    [swap] = transaction.swaps
    assert figures(swap) == ("ray4", (0, 0, 2), (made.SOL_IN, made.USDC_MID), (None, None), (None, None), False)
    assert (swap.pool, swap.mints) == (None, (None, None))


@pytest.mark.parametrize(("err", "words"), [
    ({"InstructionError": [2, {"Custom": 6001}]}, "InstructionError 2: Custom 6001"),
    ({"InstructionError": [0, "ProgramFailedToComplete"]}, "InstructionError 0: ProgramFailedToComplete"),
    ({"InsufficientFundsForRent": {"account_index": 3}}, "InsufficientFundsForRent 3"),
    ("AccountInUse", "AccountInUse"),
])  # fmt: skip
def test_a_failed_transaction_has_no_swaps(err, words):
    answer = made.get_transaction()
    answer["result"]["meta"]["err"] = err
    [transaction] = read(answer)
    assert (transaction.error, transaction.swaps, transaction.fee) == (words, [], 5000)


@pytest.mark.parametrize(("path", "value", "words"), [
    (("meta", "fee"), -1, "`fee` was -1"),
    (("meta",), None, "`meta` was null"),
    (("transaction",), ["AQ==", "base64"], "`transaction` was cut off at 1 bytes"),
    (("transaction",), ["AIE=", "base64"], "`transaction` was of version 1"),
    (("transaction",), ["AQ==", "base65"], '`transaction` was "base65"'),
    (("meta", "loadedAddresses"), None, "`programIdIndex` was 18 of 14 keys"),
    (("meta", "preTokenBalances", 0, "accountIndex"), 99, "`accountIndex` was 99 of 19 keys"),
    (("meta", "innerInstructions", 0, "index"), 1, "`index` was 1"),
])  # fmt: skip
def test_bad_answers_are_refused_by_name(path, value, words):
    answer = made.get_transaction()
    holder = answer["result"]
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    with pytest.raises(tx_parser.DecodeError) as refused:
        read(answer)
    if path != ("meta", "loadedAddresses"):
        assert str(refused.value) == words
    else:
        assert " of 14 keys" in str(refused.value)


def test_a_curves_trades_are_told_as_recorded():
    text = shared_data("sol_tx", "pumpfun", "raw_buy_tx_from_getTransaction.json").read_text()
    [transaction] = read(json.JSONDecoder().raw_decode(text)[0])
    assert transaction[1:6] == (284_677_332, base58.decode("2vr538qDgHCPYmr2mjt5LSjQ3kBYjtw3SDSveUKBVkef"), 32_000,
                                68_322, None)  # fmt: skip
    mint = base58.decode("HfJVjBdkhAD2ynVM8PdTSii4ECZdsxNTCx5wpEqUpump")
    bought, sold = transaction.swaps
    assert (bought.mints, sold.mints) == ((program.WRAPPED_SOL, mint), (mint, program.WRAPPED_SOL))
    assert figures(bought)[2:4] == ((24_080_282, 605_426_095_720),) * 2
    assert figures(sold)[2:4] == ((605_426_095_720, 24_080_281), (605_426_095_720, None))
    assert transaction.complete
    assert not bought.disagrees
    assert not sold.disagrees


def test_a_routed_trade_of_a_block_is_told_as_recorded():
    entry = json.loads(shared_data("sol_tx", "pumpfun", "raw_create_tx_from_blockSubscribe.json").read_bytes())
    for answer in (entry, {"params": {"result": {"value": {"slot": 5, "block": {"transactions": [entry, entry]}}}}}):
        transactions = read(answer)
        for transaction in transactions:
            [swap] = transaction.swaps
            assert figures(swap) == ("pump_curve", (4, 1, 2), (300_273_000, 5_032_051_139_663),
                                  (300_273_000, 5_032_051_139_663), (None, 5_032_051_139_663), False)  # fmt: skip
            assert swap.place.router == base58.decode("b1oomGGqPKGD6errbyfbVMBuzSC8WtAAYo8MwNafWW1")
            assert swap.decimals == (9, 6)


def test_a_created_coins_first_trade_is_told_as_recorded():
    [transaction] = tx_parser.parse_transactions(shared_data("sol_tx", "listen", "pump_fun_tx.json").read_bytes())
    [swap] = transaction.swaps
    assert figures(swap)[2:4] == ((1_500_000_000, 51_095_238_095_238),) * 2
    assert transaction.complete


@pytest.mark.parametrize(("name", "sold", "bought", "decimals"), [
    ("carbon_core_cpi_tx.json", 9_372_599_925_000, 1_700_985_700_449, 9),
    ("carbon_core_nested_cpi_tx.json", 1_998_271_723, 15_972_391_931, 6),
])  # fmt: skip
def test_recorded_routes_through_dlmm_are_told(name, sold, bought, decimals):
    """The recordings lack their messages: keys that the logs and balances don't tell are made up."""
    meta = json.loads(shared_data("sol_tx", name).read_bytes())
    calls = meta["innerInstructions"][0]["instructions"]
    loaded = [*meta["loadedAddresses"]["writable"], *meta["loadedAddresses"]["readonly"]]
    keys = [base58.encode(bytes([200, at]) * 16) for at in range(len(meta["preBalances"]))]
    keys[len(keys) - len(loaded) :] = loaded
    swap_call = next(each for each in calls if each["stackHeight"] == 2)
    accounts = swap_call["accounts"]
    keys[swap_call["programIdIndex"]] = "LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo"
    keys[calls[1]["programIdIndex"]] = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"
    event = next(data for each in calls if (data := base58.decode_bytes(each["data"])).startswith(made.CPI_EVENT))
    keys[accounts[0]] = base58.encode(event[16:48])
    mints = {each["accountIndex"]: each["mint"] for each in meta["preTokenBalances"]}
    keys[accounts[6]], keys[accounts[7]] = mints[accounts[2]], mints[accounts[3]]
    message = {"accountKeys": [{"pubkey": key} for key in keys], "instructions": [
        {"programId": line.split()[1], "accounts": [], "data": ""}
        for line in meta["logMessages"] if line.endswith("invoke [1]")
    ]}  # fmt: skip
    [transaction] = read({"transaction": {"signatures": [], "message": message}, "meta": meta})
    assert transaction.complete
    [swap] = transaction.swaps
    assert swap.venue == "dlmm"
    assert swap.amounts == swap.by_event == swap.by_transfers == (sold, bought)
    assert swap.by_balances == (sold, bought)
    assert not swap.disagrees
    assert swap.decimals == (decimals, decimals)
    assert {swap.mints[0], swap.mints[1]} == {base58.decode(each["mint"]) for each in meta["preTokenBalances"]}


VENUES = {
    "raydium_amm_v4": ("ray4", owned.RAYDIUM_V4), "raydium_cpmm": ("cpmm", owned.RAYDIUM_CPMM),
    "raydium_clmm_svm2024": ("clmm", owned.RAYDIUM_CLMM), "meteora_dlmm": ("dlmm", owned.METEORA_DLMM),
    "meteora_damm_v2": ("damm2", owned.METEORA_DAMM_V2), "saber_stable_swap": ("saber", owned.SABER),
    "orca_whirlpool": ("orca", None),
}  # fmt: skip
PLACES = {
    "ray4": {17: (-3, 4, 5, -2), 18: (-3, 5, 6, -2)}, "cpmm": (4, 6, 7, 5), "clmm": (3, 5, 6, 4), "dlmm": (4, 2, 3, 5),
    "damm2": (2, 4, 5, 3), "saber": (3, 4, 5, 6),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(VENUES))
def test_the_programs_own_transactions_are_told_by_their_transfers(name):
    """Each executed transaction as base64, with transfers of made-up amounts between the accounts that it names."""
    recorded = json.loads(zstd.decompress(shared_data("svm_vectors", f"{name}.json.zst").read_bytes()))
    venue, _ = VENUES[name]
    assert len(recorded["tx_examples"]) >= 5
    for example in recorded["tx_examples"]:
        wire = base64.b64decode(example["tx"])
        plain = tx_parser.parse_transactions(made.body(entry(wire, [], [])))
        [swap] = plain[0].swaps
        assert swap.venue == venue
        accounts = [each[0] for each in example["accounts"]]
        data = bytes.fromhex(example["data"])
        payer, vault_in, vault_out, payee = places(venue, accounts, data)
        inner = [transfer(accounts, payer, vault_in, 600), transfer(accounts, vault_out, payee, 900)]
        token = {"mint": SOL, "uiTokenAmount": {"amount": "1", "decimals": 9}}
        keys = static_keys(wire)
        balances = [{"accountIndex": keys.index(accounts[vault_in])} | token]
        [transaction] = tx_parser.parse_transactions(made.body(entry(wire, inner, balances)))
        [swap] = transaction.swaps
        assert swap.amounts == swap.by_transfers == (600, 900)
        assert swap.price == (3, 2)
        if venue in ("ray4", "clmm", "saber") or "2b04" not in example["data"]:
            assert swap.pool is not None
        if venue in ("ray4", "saber"):
            assert swap.mints[0] == program.WRAPPED_SOL


def places(venue, accounts, data):
    """Returns the places of payer, vault in, vault out and payee."""
    if venue == "orca":
        first = (3, 4, 6, 5) if data[:4].hex() == "f8c69e91" else (7, 8, 10, 9)
        return first if data[41] else (first[3], first[2], first[1], first[0])
    if venue == "ray4":
        found = PLACES["ray4"][len(accounts)]
        return tuple(at % len(accounts) for at in found)
    return PLACES[venue]


def transfer(accounts, source, destination, amount):
    data = base58.encode(bytes([3]) + amount.to_bytes(8, "little"))
    token = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"
    return {"programId": token, "accounts": [accounts[source], accounts[destination]], "data": data, "stackHeight": 2}


def entry(wire, inner, balances):
    meta = {
        "err": None, "fee": 5000, "innerInstructions": [{"index": 1, "instructions": inner}],
        "preTokenBalances": balances, "postTokenBalances": balances,
    }  # fmt: skip
    return {"slot": 1, "transaction": [base64.b64encode(wire).decode(), "base64"], "meta": meta}


def static_keys(wire):
    count = wire[65 + 3]
    return [base58.encode(wire[69 + 32 * at : 101 + 32 * at]) for at in range(count)]
