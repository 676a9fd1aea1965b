from collections.abc import Callable

import pytest

from cambist.engine.reference.venues.dlmm.layout import BinArray, BinArrayBitmapExtension, LbPair
from cambist.simulator.layout import Layout
from cambist.simulator.venues.dlmm.layout import (
    BIN,
    BIN_ARRAY,
    BITMAP_EXTENSION,
    LB_PAIR,
    BinKeeping,
    encode_bin_array,
    encode_bitmap_extension,
    encode_lb_pair,
    patch_lb_pair,
)
from tests.simulator.venues.recorded import KEY, accounts_of, covers, round_trips


@pytest.mark.parametrize(
    ("layout", "size"),
    [
        (LB_PAIR, 904),
        (BIN_ARRAY, 10_136),
        (BITMAP_EXTENSION, 1_576),
        (BIN, 144),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_every_byte_belongs_to_a_field(layout: Layout, size: int):
    assert covers(layout, size)


@pytest.mark.parametrize(
    ("layout", "recorded"),
    [
        (LB_PAIR, lambda: accounts_of("meteora_dlmm", "lb_pair")),
        (BIN_ARRAY, lambda: accounts_of("meteora_dlmm", "bin_array")),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_recorded_accounts_round_trip(layout: Layout, recorded: Callable[[], list[bytes]]):
    assert round_trips(layout, recorded())


def test_dlmm_encoders_and_engine_decoders_agree():
    for data in accounts_of("meteora_dlmm", "lb_pair"):
        pair = LbPair.decode(data)
        assert patch_lb_pair(data, pair) == data
        rewards = b"".join(mint + bytes(112) for mint in pair.reward_mints)
        assert LbPair.decode(encode_lb_pair(pair, reward_infos=rewards)) == pair
    orders = 0
    for data in accounts_of("meteora_dlmm", "bin_array"):
        array = BinArray.decode(data)
        raw = BIN_ARRAY.decode(data)
        written = encode_bin_array(array.lb_pair, array.index, array.bins, kept(raw["bins"]), version=data[16])
        assert BinArray.decode(written) == array
        assert unclaimed(written) == unclaimed(data)
        orders += any(bin_.open_order_amount for bin_ in array.bins)
    assert orders > 10
    extension = BinArrayBitmapExtension(KEY, 1 << 6143 | 5, 1 << 77)
    assert BinArrayBitmapExtension.decode(encode_bitmap_extension(extension)) == extension


def kept(bins: bytes) -> dict[int, BinKeeping]:
    """Returns what of each bin no quote reads."""
    found = {}
    for at in range(70):
        fields = BIN.decode(bins[144 * at : 144 * at + 144])
        fees = fields["fee_x_per_liquidity"], fields["fee_y_per_liquidity"]
        found[at] = BinKeeping(fields["liquidity"], fees, fields["processing_order_amount"], fields["order_age"])
    return found


def unclaimed(data: bytes) -> bytes:
    """Returns a bin array without what order owners may claim, and without padding."""
    raw, bins = BIN_ARRAY.decode(data), []
    for at in range(70):
        fields = BIN.decode(raw["bins"][144 * at : 144 * at + 144])
        fields |= {"fulfilled_x": 0, "fulfilled_y": 0, "order_fee_ask": 0, "order_fee_bid": 0, "padding": bytes(3)}
        fields["is_ask"] = int(fields["is_ask"] != 0)
        bins.append(BIN.encode(**fields))
    return BIN_ARRAY.patch(data, bins=b"".join(bins), padding=bytes(7))
