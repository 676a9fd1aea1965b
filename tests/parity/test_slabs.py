"""On-chain books and wallets: the native engine beside the reference, on good and damaged bytes."""

import struct

import pytest
from backports import zstd
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cambist.engine.reference import balance_scanner, slab_decoder
from cambist.engine.reference.accounts import program
from tests.shared import shared_data

native = pytest.importorskip("cambist.engine._native")

WALLET = b"w" * 32
edits = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=8)


def critbit(size: int, orders: list[tuple[int, int]]) -> tuple[bytes, int, int, int]:
    """Returns (nodes, how many, root, leaves) of a crit-bit tree that holds orders (key, quantity)."""
    nodes: list[bytes] = []

    def build(part: list[tuple[int, int]]) -> int:
        if len(part) == 1:
            key, quantity = part[0]
            leaf = struct.pack("<II16s32sQQ", 2, 0, key.to_bytes(16, "little"), b"o" * 32, quantity, key % 99)
            nodes.append(leaf.ljust(size, b"\0"))
            return len(nodes) - 1
        shared = 128 - (part[0][0] ^ part[-1][0]).bit_length()
        bit = 1 << 127 - shared
        children = [build([each for each in part if bool(each[0] & bit) is right]) for right in (False, True)]
        nodes.append(struct.pack("<II16sII", 1, shared, bytes(16), *children).ljust(size, b"\0"))
        return len(nodes) - 1

    root = build(sorted(orders)) if orders else 0
    return b"".join(nodes), len(nodes), root, len(orders)


def serum_slab(flags: int, orders: list[tuple[int, int]]) -> bytes:
    nodes, count, root, leaves = critbit(72, orders)
    head = b"serum" + struct.pack("<QQQIIQ", flags, count, 0, 0, root, leaves)
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
