from functools import cache
from typing import Any, NamedTuple

import pytest

from cambist.engine.reference.chain import base58
from cambist.engine.reference.venues.clmm import maths as raydium_clmm
from cambist.engine.reference.venues.clmm.layout import ClmmBitmapExtension, ClmmConfig, ClmmPool, ClmmTickArray
from cambist.engine.reference.venues.quote_error import QuoteError
from tests import svm_vectors

NOW = 1_760_000_000
NATIVE, OLD = "raydium_clmm_native2026", "raydium_clmm_svm2024"


class Accounts(NamedTuple):
    address: bytes
    pool: ClmmPool
    config: ClmmConfig
    extension: ClmmBitmapExtension
    arrays: list[ClmmTickArray]
    """Ascending."""


@cache
def accounts_of(recording: str, name: str) -> Accounts:
    """Returns the decoded accounts of a pool, from their bytes alone."""
    pool = svm_vectors.load(recording)["pools"][name]
    roles: dict[str, list[bytes]] = {}
    for account in pool["accounts"].values():
        if "data" in account:
            roles.setdefault(account["role"], []).append(svm_vectors.account_bytes(account))
    arrays = sorted(map(ClmmTickArray.decode, roles["tick_array"]), key=lambda array: array.start_tick_index)
    return Accounts(
        base58.decode(pool["key"]),
        ClmmPool.decode(roles["pool"][0]),
        ClmmConfig.decode(roles["amm_config"][0]),
        ClmmBitmapExtension.decode(roles["bitmap_extension"][0]),
        arrays,
    )


def passed(accounts: Accounts, case: dict[str, Any]) -> list[ClmmTickArray]:
    """Returns the first arrays in the swap's direction, as many as the transaction names."""
    home = raydium_clmm.array_start(accounts.pool.tick, accounts.pool.tick_spacing)
    if case["z"]:
        ahead = [array for array in accounts.arrays[::-1] if array.start_tick_index <= home]
    else:
        ahead = [array for array in accounts.arrays if array.start_tick_index >= home]
    return ahead[: case["narr"]]


def swap(recording: str, case: dict[str, Any]) -> tuple[raydium_clmm.ClmmFill, raydium_clmm.ClmmTicks]:
    accounts = accounts_of(recording, case["pool"])
    ticks = raydium_clmm.ClmmTicks(accounts.address, accounts.pool, accounts.extension, passed(accounts, case))
    fill = raydium_clmm.swap(
        accounts.pool,
        accounts.config,
        ticks,
        case["amount"],
        exact_in=case["exact_in"],
        zero_for_one=case["z"],
        limit=int(case["limit"]),
        now=NOW,
    )
    return fill, ticks


def by_token(case: dict[str, Any], amount_in: int, amount_out: int) -> tuple[int, int]:
    return (amount_in, amount_out) if case["z"] else (amount_out, amount_in)


def check(case: dict[str, Any], accounts: Accounts, fill: raydium_clmm.ClmmFill) -> None:
    """Checks the amounts and the pool after the swap, to the atom."""
    exp = case["exp"]
    assert by_token(case, fill.amount_in, fill.amount_out) == (exp["amount_0"], exp["amount_1"]), case
    assert (fill.sqrt_price, fill.tick) == (int(exp["sqrt_price"]), exp["tick"]), case
    assert fill.liquidity == int(exp["liquidity"]), case
    side = int(fill.fee_on_input != case["z"])
    growths, protocol, fund = (
        list(pair) for pair in (accounts.pool.fee_growths, accounts.pool.protocol_fees, accounts.pool.fund_fees)
    )
    growths[side] = fill.fee_growth
    protocol[side] += fill.protocol_fee
    fund[side] += fill.fund_fee
    assert (protocol, fund) == (exp["pf"], exp["ff"]), case
    assert growths == [int(exp["fg0"]), int(exp["fg1"])], case


def test_every_swap_of_todays_source_ends_as_recorded():
    succeeded = 0
    for case in svm_vectors.load(NATIVE)["cases"]:
        exp = case["exp"]
        if not exp["ok"]:
            continue
        accounts = accounts_of(NATIVE, case["pool"])
        fill, ticks = swap(NATIVE, case)
        check(case, accounts, fill)
        assert by_token(case, *((fill.fee, 0) if fill.fee_on_input else (0, fill.fee))) == (
            exp["trade_fee_0"],
            exp["trade_fee_1"],
        )
        assert (fill.ticks_crossed, fill.orders_matched) == (exp["crossed"], exp["orders_matched"]), case
        assert fill.steps == exp["steps"], case
        if "dyn" in exp:
            after = fill.dynamic_fee
            assert after is not None
            assert exp["dyn"] == {
                "iref": after.index_reference,
                "vref": after.volatility_reference,
                "vacc": after.volatility_accumulator,
                "last": after.last_update_timestamp,
            }, case
        changed = {
            str(tick): [str(value) for value in (o.amount, o.part_filled, o.phase, o.unfilled_ratio)]
            for tick, o in fill.changed.items()
        }
        assert changed == exp.get("orders_after", {}), case
        after_ticks = ticks.after(fill.changed)
        if "bitmap_after_hex" in exp:
            assert after_ticks.bitmap().to_bytes(128, "little").hex() == exp["bitmap_after_hex"]
        else:
            assert after_ticks.bitmap() == accounts.pool.bitmap
        succeeded += 1
    assert succeeded == 523


def refusal(recording: str, case: dict[str, Any]) -> str | None:
    """Returns why the pool refuses, or what the trader's threshold refuses; `None` if the swap goes through."""
    try:
        fill, _ = swap(recording, case)
    except QuoteError as error:
        return error.reason
    kept = fill.amount_out >= case["threshold"] if case["exact_in"] else fill.amount_in <= case["threshold"]
    return None if kept else "threshold"


def test_todays_source_refuses_what_was_recorded():
    reasons: dict[str | int, str] = {
        6016: "liquidity",
        6023: "missing_account",
        6038: "overflow",
        "handler:TooLittleOutputReceived/TooMuchInputPaid": "threshold",
        "handler:TooSmallInputOrOutputAmount": "zero_output",
        "handler:partial-fill RequireEq 2501": "liquidity",
    }
    refused = 0
    for case in svm_vectors.load(NATIVE)["cases"]:
        if not case["exp"]["ok"]:
            assert refusal(NATIVE, case) == reasons[case["exp"]["err"]], case
            refused += 1
    assert refused == 156


def test_every_swap_of_the_program_of_2024_ends_as_recorded():
    succeeded = newer = 0
    for case in svm_vectors.load(OLD)["cases"]:
        exp = case["exp"]
        if exp["ok"]:
            fill, _ = swap(OLD, case)
            check(case, accounts_of(OLD, case["pool"]), fill)
            assert fill.ticks_crossed == exp["crossed"], case
            assert not fill.changed
            succeeded += 1
        elif "new_rule" in exp:
            fill, _ = swap(OLD, case)
            paid, got = by_token(case, fill.amount_in, fill.amount_out)
            after = {"amount_0": paid, "amount_1": got, "sqrt_price": str(fill.sqrt_price), "tick": fill.tick}
            assert after == exp["new_rule"], case
            newer += 1
    assert (succeeded, newer) == (128, 23)


def test_the_program_of_2024_refuses_what_was_recorded():
    reasons = {6019: "liquidity", 6022: "threshold", 6023: "threshold", 6026: "zero_output", 6027: "missing_account"}
    # Where it panics and its successor doesn't go through either.
    panics = {79: "threshold", 299: "zero_output", 319: "overflow", 331: "zero_output", 339: "zero_output"}
    refused = 0
    for case in svm_vectors.load(OLD)["cases"]:
        exp = case["exp"]
        if exp["ok"] or "new_rule" in exp:
            continue
        wanted = panics[case["i"]] if isinstance(exp["err"], str) else reasons[exp["err"]]
        assert refusal(OLD, case) == wanted, case
        refused += 1
    assert refused == 34


def test_raw_accounts_decode_to_what_was_written():
    for recording in (NATIVE, OLD):
        for name, entry in svm_vectors.load(recording)["pools"].items():
            accounts = accounts_of(recording, name)
            pool, config = accounts.pool, accounts.config
            assert (pool.tick_spacing, pool.tick, pool.fee_on) == (
                entry["tick_spacing"],
                entry["tick"],
                entry["fee_on"],
            )
            assert (pool.sqrt_price, pool.liquidity) == (int(entry["sqrt_price"]), int(entry["liquidity"]))
            assert config.trade_fee_rate == entry["trade_fee_rate"]
            assert (config.protocol_fee_rate, config.fund_fee_rate) == (
                entry["protocol_fee_rate"],
                entry["fund_fee_rate"],
            )
            assert [base58.encode(vault) for vault in pool.vaults] == [entry["vault_0"], entry["vault_1"]]
            assert (pool.dynamic_fee is None) == (entry["dynamic_fee"] is None)
            ticks = raydium_clmm.ClmmTicks(accounts.address, pool, accounts.extension, accounts.arrays)
            wanted = {row[0]: tuple(map(int, row[1:3])) for row in entry["ticks"]}
            assert {index: (tick.net, tick.gross) for index, tick in ticks.ticks.items()} == wanted
            assert set(ticks.initialised) == ticks.known
            assert ticks.bitmap() == pool.bitmap


def test_an_array_of_another_pool_is_refused():
    address, pool, _, extension, arrays = accounts_of(NATIVE, "n1")
    with pytest.raises(ValueError, match="clmm_tick_array: pool was"):
        raydium_clmm.ClmmTicks(bytes(32), pool, None, arrays)
    with pytest.raises(ValueError, match="clmm_bitmap_extension: pool was"):
        raydium_clmm.ClmmTicks(bytes(32), pool, extension, [])
    with pytest.raises(ValueError, match="clmm_tick_array: start_tick_index was"):
        raydium_clmm.ClmmTicks(address, pool, extension, [arrays[0], arrays[0]])
