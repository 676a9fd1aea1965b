import base64
import doctest
import json
import struct

import pytest
from backports import zstd

from cambist.engine.reference.book.order_book import Side
from cambist.engine.reference.chain import base58
from cambist.engine.reference.venues import slab_decoder
from cambist.engine.reference.venues.slab_decoder import (
    Lots,
    OpenOrders,
    SlabError,
    batch,
    book,
    decode_serum_book,
    decode_serum_market,
)
from tests.shared import shared_data

MARKET = bytearray(b"serum" + struct.pack("<Q", 3) + bytes(368) + b"padding")
struct.pack_into("<QQ", MARKET, 349, 100, 10)


def recorded_bids() -> bytes:
    packed = shared_data("serum", "solana_go_orderbook.hex.zst").read_bytes()
    return bytes.fromhex(zstd.decompress(packed).decode().strip())


def patched(data: bytes, at: int, layout: str, *values: int) -> bytes:
    copy = bytearray(data)
    struct.pack_into(layout, copy, at, *values)
    return bytes(copy)


@pytest.mark.parametrize("module", [book, batch])
def test_the_examples_run(module):
    assert doctest.testmod(module).failed == 0


def test_a_recorded_slab_gives_every_leaf_best_first():
    data = recorded_bids()
    found = decode_serum_book(data)
    assert found.side is Side.BID
    nodes = [data[at : at + 72] for at in range(45, 45 + 72 * 101, 72)]
    leaves = [node for node in nodes if node[0] == 2]
    keys = sorted((int.from_bytes(leaf[8:24], "little") for leaf in leaves), reverse=True)
    assert [order.key for order in found.orders] == keys
    assert {(order.key, order.quantity, order.owner) for order in found.orders} == {
        (int.from_bytes(leaf[8:24], "little"), int.from_bytes(leaf[56:64], "little"), leaf[24:56]) for leaf in leaves
    }
    assert found.best() == found.orders[0]
    assert [tuple(level) for level in found.levels()[:3]] == [(1869, 3000, 1), (1868, 5000, 1), (1867, 10000, 1)]
    assert sum(level.quantity for level in found.levels()) == sum(order.quantity for order in found.orders)


@pytest.mark.parametrize(
    ("at", "layout", "values", "message"),
    [
        (33, "<I", [101], "node index was 101, expected below 101"),
        (45 + 72 * 17 + 24, "<II", [17, 17], "node 17 is reached twice"),
        (45 + 72 * 17, "<I", [9], "node 17: tag was 9"),
        (37, "<Q", [18], "leaf count was 18, found 17"),
        (13, "<Q", [2**40], f"bump index was {2**40}"),
        (5, "<Q", [1], "flags was 1"),
        (0, "<B", [0], "head was 006572756d"),
        (65547, "<B", [0], "tail was 70616464696e00"),
    ],
)
def test_damage_to_a_recorded_slab_is_named(at: int, layout: str, values: list[int], message: str):
    with pytest.raises(SlabError, match=f"^serum_book: {message}$"):
        decode_serum_book(patched(recorded_bids(), at, layout, *values))


def test_recorded_open_orders_are_those_of_their_json():
    folder = shared_data("serum")
    data = bytes.fromhex((folder / "serum-open-orders-old.hex").read_text().strip())
    expected = json.loads((folder / "serum-open-orders-old.json").read_text())
    found = OpenOrders.decode(data)
    assert base58.encode(found.market) == expected["Market"]
    assert base58.encode(found.owner) == expected["Owner"]
    amounts = [found.base_free, found.base_total, found.quote_free, found.quote_total]
    sides = ("NativeBaseTokenFree", "NativeBaseTokenTotal", "NativeQuoteTokenFree", "NativeQuoteTokenTotal")
    assert amounts == [int(expected[name]) for name in sides]
    free, is_bid = int(expected["FreeSlotBits"]), int(expected["IsBidBits"])
    for bids, orders in ((0, found.asks), (1, found.bids)):
        slots = [slot for slot in range(128) if not free >> slot & 1 and is_bid >> slot & 1 == bids]
        keys = [expected["Orders"][slot]["Hi"] << 64 | expected["Orders"][slot]["Lo"] for slot in slots]
        assert [key for key, _ in orders] == keys
    assert len(found.asks) + len(found.bids) == 128 - free.bit_count()


def test_other_recorded_open_orders_decode():
    data = base64.b64decode(shared_data("serum", "pyserum_open_order_account.bin").read_bytes())
    found = OpenOrders.decode(data)
    assert base58.encode(found.market) == "4r5Bw3HxmxAzPQ2ATUvgF2nFe3B6G1Z2Nq2Nwu77wWc2"
    assert base58.encode(found.owner) == "7hJx7QMiVfjZSSADQ18oNKzqifJPMu18djYLkh4aYh5Q"


def test_a_market_is_read_and_a_bad_one_refused():
    assert decode_serum_market(bytes(MARKET)).lots == Lots(100, 10)
    for at, layout, value, message in (
        (349, "<Q", 0, "serum_market: base lot size was 0"),
        (357, "<Q", 0, "serum_market: quote lot size was 0"),
        (5, "<Q", 33, "serum_market: flags was 33"),
    ):
        with pytest.raises(SlabError, match=f"^{message}$"):
            decode_serum_market(patched(bytes(MARKET), at, layout, value))
    with pytest.raises(SlabError, match=r"^serum_market: size was 389, expected 388$"):
        decode_serum_market(bytes(389))


def test_an_unknown_venue_is_refused():
    for call in (slab_decoder.decode_books, slab_decoder.decode_markets):
        with pytest.raises(ValueError, match=r"^venue was nowhere$"):
            call("nowhere", [])
