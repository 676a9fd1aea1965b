import base64
from typing import Any

from cambist.engine.reference.venues.damm2.layout import DammV2FeeByTime, DammV2Pool
from cambist.engine.reference.venues.damm2.maths import DammV2Fill, SwapMode, swap
from cambist.engine.reference.venues.quote_error import QuoteError
from tests import svm_vectors

SLOT, NOW = 470_000_000, 1_760_000_000
SLIPPAGE = 6002
CODES = {"zero_amount": 6006, "liquidity": 6015}


def pool_of(case: dict[str, Any]) -> DammV2Pool:
    return DammV2Pool.decode(base64.b64decode(case["pool_b64"]))


def program(case: dict[str, Any]) -> DammV2Fill | int | str:
    """Returns the swap or the program's error, with the trader's own check of its limit."""
    mode = SwapMode(case["mode"])
    try:
        fill = swap(pool_of(case), mode, case["amount"], SLOT, NOW, a_to_b=case["a2b"])
    except QuoteError as error:
        return CODES.get(error.reason, error.reason)
    refused = fill.amount_in > case["limit"] if mode is SwapMode.EXACT_OUT else fill.amount_out < case["limit"]
    return SLIPPAGE if refused else fill


def reserves(event: str) -> tuple[int, int]:
    """Returns what the event says is left in the pool: its last two u64."""
    tail = bytes.fromhex(event)[-16:]
    return int.from_bytes(tail[:8], "little"), int.from_bytes(tail[8:], "little")


def test_raw_accounts_decode_to_what_was_written():
    for case in svm_vectors.load("meteora_damm_v2")["cases"]:
        pool = pool_of(case)
        prices = (pool.min_sqrt_price, pool.max_sqrt_price, pool.sqrt_price)
        assert prices == (int(case["smin"]), int(case["smax"]), int(case["sqrt"]))
        assert pool.liquidity == int(case["L"])
        fee = pool.base_fee
        assert isinstance(fee, DammV2FeeByTime)
        assert fee.is_recorded
        assert (fee.cliff, fee.steps.exponential, fee.steps.periods) == (
            case["cliff"],
            case["fmode"] == 1,
            case["nper"],
        )
        assert (fee.frequency, fee.steps.reduction) == (case["freq"], case["fred"])
        assert pool.protocol_fee_percent == case["proto"]
        assert (pool.activation_point, pool.activation_by_time) == (case["act"], case["atype"] == 1)
        assert (pool.collect_fee_mode, pool.fee_version) == (case["cfm"], case["fver"])
        written = case["dyn"]
        if written is None:
            assert pool.dynamic_fee is None
            continue
        found = pool.dynamic_fee
        assert (found.max_volatility_accumulator, found.variable_fee_control) == (written["maxv"], written["ctrl"])
        assert (found.bin_step, found.filter_period, found.decay_period) == (
            written["step"],
            written["filter"],
            written["decay"],
        )
        assert (found.reduction_factor, found.last_update) == (written["red"], written["last"])
        assert found.sqrt_price_reference == int(written["ref"])
        assert (found.volatility_accumulator, found.volatility_reference) == (written["vacc"], written["vref"])


def assert_ended(case: dict[str, Any], fill: DammV2Fill) -> None:
    exp, before, after = case["exp"], pool_of(case), fill.pool
    amounts = (fill.amount_in, fill.amount_out) if case["a2b"] else (fill.amount_out, fill.amount_in)
    assert amounts == (exp["amount_a"], exp["amount_b"]), case
    assert after.sqrt_price == int(exp["sqrt_price"]), case
    owed = tuple(b - a for a, b in zip(before.protocol_fees, after.protocol_fees, strict=True))
    assert owed == (exp["protocol_a"], exp["protocol_b"]), case
    assert after.token_amounts == reserves(exp["event_cpi"][0]), case
    assert (after.dynamic_fee is None) == ("dyn" not in exp), case
    if after.dynamic_fee is not None:
        found, wanted = after.dynamic_fee, exp["dyn"]
        assert found.last_update == wanted["last"], case
        assert found.sqrt_price_reference == int(wanted["ref"]), case
        volatility = (found.volatility_accumulator, found.volatility_reference)
        assert volatility == (int(wanted["vacc"]), int(wanted["vref"])), case


def test_every_swap_ends_as_recorded():
    succeeded = refused = left = 0
    for case in svm_vectors.load("meteora_damm_v2")["cases"]:
        got = program(case)
        if case["exp"]["err"] is not None:
            assert got == case["exp"]["err"], case
            refused += 1
            continue
        assert isinstance(got, DammV2Fill), case
        assert_ended(case, got)
        succeeded += 1
        left += got.left > 0
    assert (succeeded, refused, left) == (178, 32, 1)
