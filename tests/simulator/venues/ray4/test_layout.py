from collections.abc import Callable

import pytest
from msgspec.structs import asdict

from cambist.engine.reference.venues.quote_error import RoundingRule
from cambist.engine.reference.venues.ray4.layout import AmmV4
from cambist.engine.reference.venues.ray4.pool import AmmV4Pool
from cambist.simulator.layout import Layout
from cambist.simulator.venues.ray4.layout import AMM_V4, encode_amm_v4, patch_amm_v4_swap
from tests import svm_vectors
from tests.simulator.venues.recorded import NOW, covers, example, round_trips


@pytest.mark.parametrize(
    ("layout", "size"),
    [
        (AMM_V4, 752),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_every_byte_belongs_to_a_field(layout: Layout, size: int):
    assert covers(layout, size)


@pytest.mark.parametrize(
    ("layout", "recorded"),
    [
        (AMM_V4, lambda: [example("raydium_amm_v4", "ammInfo_example_b64")]),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_recorded_accounts_round_trip(layout: Layout, recorded: Callable[[], list[bytes]]):
    assert round_trips(layout, recorded())


def test_encoder_and_engine_decoder_agree():
    fields = {
        "status": 7,
        "coin_decimals": 9,
        "pc_decimals": 6,
        "need_take_pnl_coin": 11,
        "need_take_pnl_pc": 12,
        "pool_open_time": 13,
    }
    keys = {name: bytes([i]) * 32 for i, name in enumerate(("coin_vault", "pc_vault", "coin_mint", "pc_mint"))}
    decoded = AmmV4.decode(encode_amm_v4(**fields, **keys))
    assert asdict(decoded) == {**fields, **keys, "swap_fee_numerator": 25, "swap_fee_denominator": 10_000}


def test_amm_v4_totals_are_the_programs():
    template = example("raydium_amm_v4", "ammInfo_example_b64")
    checked = 0
    for case in svm_vectors.load("raydium_amm_v4")["cases"]:
        exp = case["exp"]
        if exp["err"] is not None or case["status"] in (1, 5):
            continue
        data = AMM_V4.patch(
            template,
            status=case["status"],
            swap_fee_numerator=case["fee_n"],
            swap_fee_denominator=case["fee_d"],
            need_take_pnl_coin=case["pnl_c"],
            need_take_pnl_pc=case["pnl_p"],
            pool_open_time=case.get("open", 0),
            swap_coin_in_amount=0,
            swap_pc_out_amount=0,
            swap_acc_pc_fee=0,
            swap_pc_in_amount=0,
            swap_coin_out_amount=0,
            swap_acc_coin_fee=0,
        )
        pool = AmmV4Pool(AmmV4.decode(data), (case["cv"], case["pv"]), RoundingRule.OLD_CEIL)
        a_to_b = case["dir"] == 2
        swap = pool.swap if case["tag"] == 9 else pool.swap_exact_out
        quote, after = swap(a_to_b, case["amount"], NOW)
        written = patch_amm_v4_swap(data, quote, a_to_b=a_to_b)
        assert AmmV4.decode(written) == after.account
        fields = AMM_V4.decode(written)
        post = exp["post_acc"]
        assert (fields["swap_coin_in_amount"], fields["swap_pc_out_amount"]) == (post["coin_in"], post["pc_out"])
        assert (fields["swap_pc_in_amount"], fields["swap_coin_out_amount"]) == (post["pc_in"], post["coin_out"])
        assert (fields["swap_acc_coin_fee"], fields["swap_acc_pc_fee"]) == (post["acc_coin_fee"], post["acc_pc_fee"])
        checked += 1
    assert checked > 200
