import base64
from typing import Any

from msgspec.structs import replace

from cambist.engine.reference.venues.quote_error import QuoteError
from cambist.engine.reference.venues.saber.layout import StableSwap
from cambist.engine.reference.venues.saber.maths import StableFill, swap
from tests import svm_vectors

NOW = 1_760_000_000
PAUSED, SLIPPAGE = 22, 17


def template() -> StableSwap:
    return StableSwap.decode(base64.b64decode(svm_vectors.load("saber_stable_swap")["swapInfo_example_b64"]))


def pool_of(case: dict[str, Any]) -> StableSwap:
    return replace(
        template(),
        is_paused=case["paused"] != 0,
        initial_amp=case["a0"],
        target_amp=case["a1"],
        ramp_start=case["t0"],
        ramp_stop=case["t1"],
        admin_fee=(case["an"], case["ad"]),
        trade_fee=(case["tn"], case["td"]),
    )


def program(case: dict[str, Any]) -> StableFill | int | str:
    """Returns the swap or the program's error, with the trader's own check of what it gets."""
    try:
        fill = swap(pool_of(case), (case["x"], case["y"]), case["amount"], NOW, a_to_b=case["a2b"])
    except QuoteError as error:
        return PAUSED if error.reason == "not_tradable" else error.reason
    return SLIPPAGE if fill.amount_out < case["limit"] else fill


def test_the_account_decodes_to_what_its_case_says():
    recording = svm_vectors.load("saber_stable_swap")
    case = next(case for case in recording["cases"] if case["i"] == recording["swapInfo_example_case"])
    assert pool_of(case) == template()
    assert template().nonce == 255


def test_every_swap_ends_as_recorded():
    succeeded = refused = 0
    for case in svm_vectors.load("saber_stable_swap")["cases"]:
        exp, got = case["exp"], program(case)
        if exp["err"] is not None:
            assert got == exp["err"], case
            refused += 1
            continue
        assert isinstance(got, StableFill), case
        assert (got.amount_in, got.amount_out, got.admin_fee) == (exp["user_paid"], exp["user_got"], exp["admin_fee"])
        before = (case["x"], case["y"]) if case["a2b"] else (case["y"], case["x"])
        assert got.reserves == (before[0] + exp["user_paid"], before[1] - exp["user_got"] - exp["admin_fee"]), case
        succeeded += 1
    assert (succeeded, refused) == (114, 6)
