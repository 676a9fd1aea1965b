from collections.abc import Callable

import pytest

from cambist.engine.reference.venues.saber.layout import StableSwap
from cambist.simulator.layout import Layout
from cambist.simulator.venues.saber.layout import STABLE_SWAP, encode_stable_swap
from tests.simulator.venues.recorded import covers, example, round_trips


@pytest.mark.parametrize(
    ("layout", "size"),
    [
        (STABLE_SWAP, 395),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_every_byte_belongs_to_a_field(layout: Layout, size: int):
    assert covers(layout, size)


@pytest.mark.parametrize(
    ("layout", "recorded"),
    [
        (STABLE_SWAP, lambda: [example("saber_stable_swap", "swapInfo_example_b64")]),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_recorded_accounts_round_trip(layout: Layout, recorded: Callable[[], list[bytes]]):
    assert round_trips(layout, recorded())


def test_saber_encoder_and_engine_decoder_agree():
    data = example("saber_stable_swap", "swapInfo_example_b64")
    pool = StableSwap.decode(data)
    assert StableSwap.decode(encode_stable_swap(pool)) == pool
    raw, written = STABLE_SWAP.decode(data), STABLE_SWAP.decode(encode_stable_swap(pool))
    withheld = {"future_admin_deadline", "future_admin", "admin"} | {name for name in raw if "withdraw" in name}
    assert {name for name in raw if raw[name] != written[name]} <= withheld
