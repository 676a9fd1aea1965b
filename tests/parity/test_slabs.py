"""On-chain books and wallets: the native engine beside the reference, on good and damaged bytes."""

import struct

import pytest
from backports import zstd
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cambist.engine.reference.chain import program
from cambist.engine.reference.library import balance_scanner
from cambist.engine.reference.venues import slab_decoder
from tests.parity.chain_books import critbit, openbook_v2_market, openbook_v2_side, phoenix_market
from tests.shared import shared_data

native = pytest.importorskip("cambist.engine._native")

WALLET = b"w" * 32
edits = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=8)


def serum_slab(flags: int, orders: list[tuple[int, int]]) -> bytes:
    nodes, root, leaves = critbit(72, [(*order, 0, 0, 0) for order in orders])
    head = b"serum" + struct.pack("<QQQIIQ", flags, len(nodes) // 72, 0, 0, root, leaves)
    return head + nodes + bytes(72) + b"padding"


def edited(data: bytes, changes: list[tuple[int, int]], cut: int) -> bytes:
    copy = bytearray(data[: len(data) - cut])
    for at, byte in changes:
        if copy:
            copy[at % len(copy)] = byte
    return bytes(copy)


keys = st.integers(2**64, 2**128 - 1) | st.integers(2**64, 2**68)
books = st.dictionaries(keys, st.integers(1, 2**64 - 1), max_size=30).map(lambda orders: list(orders.items()))


@settings(max_examples=150, deadline=None)
@given(books, st.sampled_from([33, 65, 65, 1]), edits, st.sampled_from([0, 0, 0, 1, 60]))
@example([(2**64, 1), (2**65, 2)], 33, [], 0)
def test_serum_books_agree(orders, flags, changes, cut):
    whole = serum_slab(flags, orders)
    accounts = [whole, edited(whole, changes, cut)]
    assert native.decode_books("serum", accounts) == slab_decoder.decode_books("serum", accounts)


@settings(max_examples=100, deadline=None)
@given(edits, st.sampled_from([388, 1476, 389]), st.integers(0, 2**64 - 1), st.sampled_from([3, 131, 515, 33]))
def test_serum_markets_agree(changes, size, lot, flags):
    data = bytearray(b"serum" + struct.pack("<Q", flags) + bytes(size - 20) + b"padding")
    struct.pack_into("<QQ", data, 349, lot, 10)
    accounts = [bytes(data), edited(bytes(data), changes, 0)]
    assert native.decode_markets("serum", accounts) == slab_decoder.decode_markets("serum", accounts)


@settings(max_examples=100, deadline=None)
@given(edits)
def test_a_damaged_recorded_slab_agrees(changes):
    packed = shared_data("serum", "solana_go_orderbook.hex.zst").read_bytes()
    data = bytes.fromhex(zstd.decompress(packed).decode().strip())
    accounts = [edited(data, [(at % 7400, byte) for at, byte in changes], 0)]
    assert native.decode_books("serum", accounts) == slab_decoder.decode_books("serum", accounts)


prices = st.integers(0, 9) | st.integers(2**63 - 9, 2**63 + 9) | st.integers(0, 2**64 - 1)
own = st.tuples(st.integers(1, 2**63 - 1), st.sampled_from([0, 0, 1, 9]), st.integers(0, 9), st.integers(-2, 9))
queues = st.dictionaries(st.tuples(prices, st.integers(0, 2**64 - 1)), own, max_size=10).map(
    lambda found: [(price << 64 | sequence, *rest) for (price, sequence), rest in found.items()]
)
times = st.tuples(st.integers(0, 9), st.integers(0, 20))
places = st.lists(st.tuples(st.integers(0, 1100) | st.integers(0, 2500), st.integers(0, 255)), max_size=4)


@settings(max_examples=150, deadline=None)
@given(
    queues, queues, st.integers(0, 2), times, st.none() | st.integers(-9, 9) | st.integers(-(2**63), 2**63 - 1), places
)
def test_openbook_v2_books_agree(fixed, pegged, side, time, oracle, changes):
    fixed = [(max(1 << 64, key % 2**127), *rest) for key, *rest in fixed]
    whole = openbook_v2_side(side, list({order[0]: order for order in fixed}.values()), pegged)
    arguments = ("openbook_v2", [whole, edited(whole, changes, 0), whole[:-1]], time, oracle)
    assert native.decode_books(*arguments) == slab_decoder.decode_books(*arguments)


phoenix_orders = st.tuples(st.integers(1, 99), st.integers(0, 4), st.integers(0, 9), st.integers(0, 20))
phoenix_sides = st.dictionaries(
    st.tuples(st.integers(0, 30), st.integers(0, 2**64 - 1)), phoenix_orders, max_size=12
).map(lambda found: sorted((price << 64 | sequence, *rest) for (price, sequence), rest in found.items()))


@settings(max_examples=150, deadline=None)
@given(phoenix_sides, phoenix_sides, times, places)
def test_phoenix_books_agree(bids, asks, time, changes):
    good = [
        [(max(key, 1 << 64), quantity, max(1, trader % 4), *ends) for key, quantity, trader, *ends in bids[-1:]],
        asks,
    ]
    accounts = [phoenix_market(good[0], []), phoenix_market(bids[::-1], asks)]
    accounts += [edited(accounts[1], changes, 0), accounts[1][:-1], accounts[0][:879]]
    assert native.decode_books("phoenix", accounts, time) == slab_decoder.decode_books("phoenix", accounts, time)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(-1, 3), min_size=4, max_size=4),
    st.tuples(*[st.integers(0, 2**64 - 1) | st.integers(0, 9)] * 4, st.integers(0, 10_001)),
)
def test_markets_of_the_other_venues_agree(v2, sizes):
    for venue, data in (("openbook_v2", openbook_v2_market(*v2)), ("phoenix", phoenix_market(sizes=sizes))):
        accounts = [data, data[:-1], data[:7]]
        assert native.decode_markets(venue, accounts) == slab_decoder.decode_markets(venue, accounts)


@settings(max_examples=100)
@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1),
       st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**128 - 1) | st.integers(0, 999))))  # fmt: skip
def test_lots_agree(base, quote, levels):
    assert native.lots_to_atoms(base, quote, levels) == slab_decoder.lots_to_atoms(base, quote, levels)


def test_unknown_venues_are_refused_alike():
    for name in ("decode_books", "decode_markets"):
        for engine in (native, slab_decoder):
            with pytest.raises(ValueError, match=r"^venue was nowhere$"):
                getattr(engine, name)("nowhere", [])


options = st.sampled_from([b"\0\0\0\0", b"\1\0\0\0", b"\1\0\0\0", b"\2\0\0\0"])


@st.composite
def raw_accounts(draw):
    owner = draw(st.sampled_from([WALLET, WALLET, WALLET, b"x" * 32]))
    data = draw(st.sampled_from([b"m" * 32, b"n" * 32])) + owner + struct.pack("<Q", draw(st.integers(0, 2**64 - 1)))
    data += draw(options) + b"d" * 32 + draw(st.sampled_from([b"\1", b"\1", b"\2", b"\0", b"\3"])) + draw(options)
    data += struct.pack("<QQ", draw(st.integers(0, 5000)), draw(st.integers(0, 2**64 - 1))) + draw(options) + b"c" * 32
    for kind in draw(st.lists(st.sampled_from([2, 5, 7, 13, 0]), max_size=3)):
        data = data if len(data) > 165 else data + b"\2"
        data += struct.pack("<HHQ", kind, draw(st.sampled_from([8, 8, 4, 900])), 3)
    data = edited(data, draw(edits), draw(st.sampled_from([0, 0, 0, 83])))
    owner = draw(st.sampled_from([program.TOKEN, program.TOKEN_2022, program.SYSTEM]))
    return bytes([draw(st.integers(0, 4))]) * 32, owner, draw(st.integers(0, 2**64 - 1)), data


@settings(max_examples=200, deadline=None)
@given(st.lists(raw_accounts(), max_size=6), st.integers(0, 20), st.integers(0, 10_001), edits)
def test_wallets_agree(accounts, epoch, bps, changes):
    fee = struct.pack("<64x8xQQHQQH", 0, 5, 100, 10, 10**6, bps)
    mint = bytes(44) + b"\6\1" + bytes(119) + b"\1" + struct.pack("<HH", 1, len(fee)) + fee
    mints = [(b"m" * 32, mint), (b"n" * 32, edited(mint, changes, 0))]
    arguments = (WALLET, [*accounts, (WALLET, program.SYSTEM, 7, b"")], mints, epoch)
    assert native.scan_wallet(*arguments) == balance_scanner.scan_wallet(*arguments)


def test_an_address_of_another_size_is_refused_alike():
    for engine in (native, balance_scanner):
        with pytest.raises(ValueError, match=r"^key of 3 bytes$"):
            engine.scan_wallet(WALLET, [(b"abc", WALLET, 0, b"")], [], 0)
