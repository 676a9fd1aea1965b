"""Builds the accounts of on-chain books, byte by byte as the programs lay them out."""

import struct
from collections.abc import Sequence

OrderFields = tuple[int, int, int, int, int]
"""Key, quantity, then three of the venue's own."""


def critbit(size: int, orders: Sequence[OrderFields], first: int = 0) -> tuple[bytes, int, int]:
    """Returns (nodes, root, leaves) of a crit-bit tree numbered from `first`; own fields: lifetime, time, peg limit."""
    nodes: list[bytes] = []

    def build(part: list[OrderFields]) -> int:
        if len(part) == 1:
            key, quantity, lives, placed, limit = part[0]
            leaf = struct.pack("<BBHI16s32sQ", 2, 0, lives, 0, key.to_bytes(16, "little"), b"o" * 32, quantity)
            own = struct.pack("<Qq", placed, limit) if size == 88 else b""
            nodes.append((leaf + own + struct.pack("<Q", key % 99)).ljust(size, b"\0"))
        else:
            shared = 128 - (part[0][0] ^ part[-1][0]).bit_length()
            bit = 1 << 127 - shared
            children = [build([each for each in part if bool(each[0] & bit) is right]) for right in (False, True)]
            nodes.append(struct.pack("<II16sII", 1, shared, bytes(16), *children).ljust(size, b"\0"))
        return first + len(nodes) - 1

    root = build(sorted(orders)) if orders else 0
    return b"".join(nodes), root, len(orders)


def openbook_v2_side(side: int, fixed: Sequence[OrderFields], pegged: Sequence[OrderFields] = ()) -> bytes:
    """Returns a book side; a pegged order's key holds its offset plus 2^63."""
    nodes, root, leaves = critbit(88, fixed)
    more, peg_root, peg_leaves = critbit(88, pegged, len(nodes) // 88)
    nodes += more
    roots = struct.pack("<IIII", root, leaves, peg_root, peg_leaves) + bytes(32 + 256)
    tree = struct.pack("<BxxxIII", side, len(nodes) // 88, 0, 0) + bytes(512) + nodes.ljust(1024 * 88, b"\0")
    return bytes.fromhex("482ce18db2826139") + roots + tree


def openbook_v2_market(base_lot: int = 1000, quote_lot: int = 1, taker_fee: int = 400, expiry: int = 0) -> bytes:
    """Returns a market account."""
    data = bytearray(bytes.fromhex("dbbed53700e3c69a") + bytes(840))
    for at, value in ((48, expiry), (448, quote_lot), (456, base_lot), (488, taker_fee)):
        struct.pack_into("<q", data, at, value)
    for at, mark in ((200, b"b"), (232, b"a"), (576, b"1"), (608, b"2"), (640, b"3"), (680, b"4")):
        data[at : at + 32] = mark * 32
    return bytes(data)


def phoenix_tree(orders: Sequence[OrderFields], room: int, size: int = 64) -> bytes:
    """Returns a search tree of orders as they are given; own fields: trader, last slot, last time."""
    nodes: list[bytes] = [b""] * len(orders)

    def build(low: int, high: int) -> int:
        if low == high:
            return 0
        middle = (low + high) // 2
        key, quantity, trader, slot, time = orders[middle]
        left, right = build(low, middle), build(middle + 1, high)
        place = struct.pack("<QQ", key >> 64, key % 2**64)
        nodes[middle] = (
            struct.pack("<IIII", left, right, 0, 0) + place + struct.pack("<4Q", trader, quantity, slot, time)
        )
        return middle + 1

    root = build(0, len(orders))
    head = struct.pack("<I12xQII", root, len(orders), len(orders) + 1, len(orders) + 1)
    return head + b"".join(node.ljust(size, b"\0") for node in nodes).ljust(room * size, b"\0")


def phoenix_market(
    bids: Sequence[OrderFields] = (),
    asks: Sequence[OrderFields] = (),
    *,
    room: int = 32,
    seats: int = 3,
    sizes: tuple[int, int, int, int, int] = (1_000_000, 1, 1000, 1000, 2),
) -> bytes:
    """Returns a market; bids fall, asks rise. `sizes`: base lot, quote lot, base lots a unit, tick size, fee in bps."""
    data = bytearray(bytes.fromhex("77df7173b7205871") + struct.pack("<4Q", 1, room, room, seats) + bytes(840))
    for at, value in zip((112, 192, 832, 840, 856), sizes, strict=True):
        struct.pack_into("<Q", data, at, value)
    for at, mark in ((48, b"1"), (80, b"3"), (128, b"2"), (160, b"4")):
        data[at : at + 32] = mark * 32
    traders = struct.pack("<I12xQII", 1, seats, seats + 1, 0)
    traders += b"".join(bytes(16) + bytes([at]) * 32 + bytes(96) for at in range(1, seats + 1))
    return bytes(data) + phoenix_tree(bids, room) + phoenix_tree(asks, room) + traders
