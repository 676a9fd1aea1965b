import base64
from collections.abc import Callable

import pytest

from cambist.engine.reference.venues.damm2.layout import DammV2Pool
from cambist.simulator.layout import Layout
from cambist.simulator.venues.damm2.layout import DAMM_V2, LpFees, encode_damm_v2, patch_damm_v2
from tests import svm_vectors
from tests.simulator.venues.recorded import covers, round_trips


@pytest.mark.parametrize(
    ("layout", "size"),
    [
        (DAMM_V2, 1112),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_every_byte_belongs_to_a_field(layout: Layout, size: int):
    assert covers(layout, size)


@pytest.mark.parametrize(
    ("layout", "recorded"),
    [
        (DAMM_V2, lambda: damm_v2_accounts()),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_recorded_accounts_round_trip(layout: Layout, recorded: Callable[[], list[bytes]]):
    assert round_trips(layout, recorded())


def damm_v2_accounts() -> list[bytes]:
    return [base64.b64decode(case["pool_b64"]) for case in svm_vectors.load("meteora_damm_v2")["cases"]]


def test_damm_v2_encoder_and_engine_decoder_agree():
    dynamic = 0
    for data in damm_v2_accounts():
        pool = DammV2Pool.decode(data)
        assert DammV2Pool.decode(encode_damm_v2(pool)) == pool
        raw = DAMM_V2.decode(data)
        fees = LpFees((raw["fee_a_per_liquidity"], raw["fee_b_per_liquidity"]), (0, 0))
        written = DAMM_V2.decode(patch_damm_v2(data, pool, fees))
        totals = {name for name in written if name.startswith("total_")}
        assert {name for name in written if written[name] != raw[name]} <= totals
        dynamic += pool.dynamic_fee is not None
    assert dynamic > 50
