from functools import cache
from typing import Any, NamedTuple

import pytest

from cambist.engine.reference.chain import base58
from cambist.engine.reference.chain.token import Mint, TransferFee
from cambist.engine.reference.venues.dlmm import maths as dlmm
from cambist.engine.reference.venues.dlmm.layout import BinArray, LbPair
from cambist.engine.reference.venues.quote_error import QuoteError
from tests import svm_vectors

SLOT, EPOCH = 470_000_000, 925
NO_FEE = TransferFee(0, 0, 0)
MOST_BINS_FILLED = 217
"""A swap over more exhausts the program's compute."""
REASONS = {
    3005: "missing_account",
    6002: "zero_amount",
    6003: "threshold",
    6036: "liquidity",
    6039: "zero_output",
    6085: "shortfall",
    6104: "threshold",
}


class Accounts(NamedTuple):
    address: bytes
    pair: LbPair
    arrays: dict[int, BinArray]
    fees: tuple[TransferFee, TransferFee]


@cache
def accounts_of(name: str) -> Accounts:
    """Returns the decoded accounts of a pool, from their bytes alone."""
    role: dict[str, bytes] = {}
    arrays = []
    pool = svm_vectors.load("meteora_dlmm")["pools"][name]
    for account in pool["accounts"].values():
        data = svm_vectors.account_bytes(account)
        role[account["role"]] = data
        if account["role"] == "bin_array":
            arrays.append(BinArray.decode(data))
            assert arrays[-1].index == account["index"]
    fee_x, fee_y = (
        NO_FEE if mint.transfer_fee is None else mint.transfer_fee.at(EPOCH)
        for mint in (Mint.decode(role["mint_x"]), Mint.decode(role["mint_y"]))
    )
    address = base58.decode(pool["key"])
    return Accounts(address, LbPair.decode(role["lb_pair"]), {array.index: array for array in arrays}, (fee_x, fee_y))


def swap(case: dict[str, Any]) -> tuple[int, int, dlmm.DlmmFill]:
    """Returns what the trader pays and gets, and the fill inside the vaults."""
    address, pair, arrays, fees = accounts_of(case["pool"])
    fee_in, fee_out = fees if case["sfy"] else fees[::-1]
    bins = dlmm.Bins(address, pair, None, [arrays[index] for index in case["arrays"]])
    amount = case["amount"]
    asked = amount - fee_in.fee(amount) if case["exact_in"] else fee_out.gross(amount)
    fill = dlmm.swap(pair, bins, asked, exact_in=case["exact_in"], x_to_y=case["sfy"], now=case["now"], slot=SLOT)
    paid = amount if case["exact_in"] else fee_in.gross(fill.amount_in)
    return paid, fill.amount_out - fee_out.fee(fill.amount_out), fill


def by_token(case: dict[str, Any], amount_in: int, amount_out: int) -> tuple[int, int]:
    """Returns (X, Y) of what goes in and what comes out."""
    return (amount_in, amount_out) if case["sfy"] else (amount_out, amount_in)


def test_raw_accounts_decode_to_what_was_written():
    names = {
        "base_factor": "base_factor",
        "filter": "filter_period",
        "decay": "decay_period",
        "reduction": "reduction_factor",
        "control": "variable_fee_control",
        "max_vol": "max_volatility_accumulator",
        "protocol_share": "protocol_share",
        "power": "base_fee_power_factor",
        "function_type": "function_type",
        "collect_fee_mode": "collect_fee_mode",
    }
    for name, entry in svm_vectors.load("meteora_dlmm")["pools"].items():
        pair, wanted = accounts_of(name).pair, entry["params"]
        for key, field in names.items():
            assert getattr(pair.parameters, field) == wanted[key], (name, key)
        seen = pair.volatility
        assert (seen.volatility_accumulator, seen.volatility_reference) == (wanted["vacc"], wanted["vref"])
        assert (seen.index_reference, seen.last_update_timestamp) == (wanted["iref"], wanted["last"])
        assert (pair.active_id, pair.bin_step) == (wanted["active_id"], wanted["bin_step"])


def test_every_stored_price_is_that_of_its_bin():
    checked = 0
    for name in svm_vectors.load("meteora_dlmm")["pools"]:
        _, pair, arrays, _ = accounts_of(name)
        for array in arrays.values():
            for offset, at in enumerate(array.bins):
                if at.price:
                    assert at.price == dlmm.bin_price(70 * array.index + offset, pair.bin_step)
                    checked += 1
    assert checked > 5_000


def check_events(case: dict[str, Any], fill: dlmm.DlmmFill) -> None:
    """Checks the fees that the program says in its two events, after (CPI tag, discriminator, pair, trader)."""
    first, second = (bytes.fromhex(text)[80:] for text in case["exp"]["event_cpi"])
    fee, protocol = (int.from_bytes(first[at : at + 8], "little") for at in (25, 33))
    assert (fill.fee, fill.protocol_fee) == (fee, protocol), case
    makers, protocol, orders = (int.from_bytes(second[at : at + 8], "little") for at in (49, 57, 65))
    assert (fill.protocol_fee, fill.limit_order_fee) == (protocol, orders), case
    assert fill.fee == makers + protocol + orders, case


def test_every_swap_ends_as_recorded():
    succeeded = orders = on_output = 0
    for case in svm_vectors.load("meteora_dlmm")["cases"]:
        exp = case["exp"]
        if exp["err"] is not None:
            continue
        paid, got, fill = swap(case)
        assert by_token(case, -paid, got) == (exp["user_x"], exp["user_y"]), case
        moved = by_token(case, fill.amount_in, -fill.amount_out)
        assert moved == (exp["reserve_x"], exp["reserve_y"]), case
        pair, after = accounts_of(case["pool"]).pair, fill.volatility
        assert fill.active_id == exp["active_id"], case
        assert (after.volatility_accumulator, after.volatility_reference) == (exp["vacc"], exp["vref"]), case
        assert (after.index_reference, after.last_update_timestamp) == (exp["iref"], exp["last"]), case
        owed = by_token(case, *((fill.protocol_fee, 0) if fill.fee_on_input else (0, fill.protocol_fee)))
        before = svm_vectors.load("meteora_dlmm")["pools"][case["pool"]]
        assert owed == (exp["protocol_fee_x"], exp["protocol_fee_y"]), (case, before["params"])
        changed = {
            str(bin_id): [new.amount_x, new.amount_y, new.open_order_amount, new.processed_order_remaining]
            for bin_id, new in fill.changed()
        }
        assert changed == exp["bins_after"], case
        assert len(fill.steps) == exp["bins_filled"], case
        check_events(case, fill)
        succeeded += 1
        orders += fill.limit_order_fee > 0
        on_output += not fill.fee_on_input
        assert pair.fee_on_input(x_to_y=case["sfy"]) == fill.fee_on_input
    assert succeeded == 209
    assert orders > 10
    assert on_output > 10


def refusal(case: dict[str, Any]) -> str | None:
    """Returns why the pair refuses, or what the trader's limit refuses; `None` if the swap goes through."""
    try:
        paid, got, fill = swap(case)
    except QuoteError as error:
        return error.reason
    if len(fill.steps) > MOST_BINS_FILLED:
        return "compute"
    kept = got >= case["limit"] if case["exact_in"] else paid <= case["limit"]
    return None if kept else "threshold"


def test_every_refusal_has_its_reason():
    refused = 0
    for case in svm_vectors.load("meteora_dlmm")["cases"]:
        error = case["exp"]["err"]
        if error is None:
            continue
        refused += 1
        got = refusal(case)
        if error == "ProgramFailedToComplete":
            assert case["exp"]["note"] == "compute budget exhausted"
            # On the way to the last bin, or to the end of all.
            assert got in ("compute", "liquidity"), case
        elif error == 6039 and not case["exact_in"]:
            assert got == "zero_amount", case
        else:
            assert got == REASONS[error], case
    assert refused == 65


def test_an_array_of_another_pair_is_refused():
    address, pair, arrays, _ = accounts_of("s0")
    with pytest.raises(ValueError, match="bin_array: lb_pair was"):
        dlmm.Bins(bytes(32), pair, None, arrays.values())
    with pytest.raises(ValueError, match="bin_array: index was 0"):
        dlmm.Bins(address, pair, None, [arrays[0], arrays[0]])
