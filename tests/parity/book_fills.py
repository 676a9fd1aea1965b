"""What order books report in a transaction, composed byte by byte from the programs' own layouts.

A bid is matched at three venues: Phoenix called by a router, OpenBook v2 and Serum by the transaction itself. 20 base
lots at 150 and 30 at 151 were on offer; a lot is 10⁶ atoms of base and, at a price of 1, 5 atoms of quote.
"""

from __future__ import annotations

import base64
import struct
from typing import Any

from cambist.engine.reference.chain import base58, program
from cambist.engine.reference.venues import owned

MARKET, TRADER, MAKER, ROUTER, OTHER = (bytes([at]) * 32 for at in (40, 41, 42, 43, 44))
USER_BASE, USER_QUOTE, VAULT_BASE, VAULT_QUOTE = (bytes([at]) * 32 for at in (45, 46, 47, 48))
BASE_MINT, QUOTE_MINT = bytes([49]) * 32, bytes([50]) * 32
LOG_AUTHORITY = base58.decode("7aDTsspkQNGKmrexAN7FLx9oxU3iPczSSvHNggyuqYkR") or b""
KEYS = [
    TRADER, MARKET, MAKER, ROUTER, OTHER, USER_BASE, USER_QUOTE, VAULT_BASE, VAULT_QUOTE, LOG_AUTHORITY,
    program.TOKEN, owned.PHOENIX, owned.OPENBOOK_V2, owned.SERUM,
]  # fmt: skip
BASE_LOT, QUOTE_LOT = 1_000_000, 5
MATCHED = ((150, 20), (151, 30))
"""(price, base lots)."""
BASE = sum(lots for _, lots in MATCHED) * BASE_LOT
GROSS = sum(price * lots for price, lots in MATCHED) * QUOTE_LOT
FEE = 19


def phoenix_fill(index: int, price: int, lots: int, *, maker_bids: bool, left: int = 7) -> bytes:
    """Returns a fill event; bids are numbered downwards."""
    number = 2**64 - 1 - index if maker_bids else index
    return struct.pack("<BH32sQQQQ", 2, index, MAKER, number, price, lots, left)


def phoenix_log(*events: bytes, market: bytes = MARKET, count: int | None = None) -> bytes:
    """Returns the data of the instruction that Phoenix hands to itself."""
    head = struct.pack("<BBBQqQ32s32sH", 15, 1, 0, 9, 1_760_000_000, 77, market, TRADER, count or len(events))
    return head + b"".join(events)


def phoenix_others() -> list[bytes]:
    """Returns an event of each kind but a fill: place, reduce, evict, summary, fee, time in force, expired order."""
    summary = struct.pack("<BH16sQQQ", 6, 3, bytes(16), BASE // BASE_LOT, GROSS // QUOTE_LOT + 4, 4)
    sizes = {3: 43, 4: 35, 5: 59, 7: 11, 8: 27, 9: 59}
    return [summary, *(bytes([kind]) + bytes(size - 1) for kind, size in sizes.items())]


def fill_log(price: int, lots: int, *, taker_sells: bool = False, number: int = 5) -> bytes:
    """Returns OpenBook v2's `FillLog`."""
    head = bytes.fromhex("9617299498a2d740") + MARKET + struct.pack("<BBB", taker_sells, 3, 0)
    maker = struct.pack("<QQ32sQQQ", 1_760_000_000, number, MAKER, 8, 0, 1_759_999_999)
    return head + maker + struct.pack("<32sQQqq", TRADER, 0, FEE, price, lots)


def total_log(paid: int, received: int, *, sells: bool = False, fee: int = FEE) -> bytes:
    """Returns OpenBook v2's `TotalOrderFillEvent`."""
    return bytes.fromhex("08eb303aae4c9c69") + struct.pack("<B32sQQQ", sells, TRADER, paid, received, fee)


def called(key: bytes, accounts: list[bytes], data: bytes, height: int | None) -> dict[str, Any]:
    """Returns an instruction."""
    places = {"programIdIndex": KEYS.index(key), "accounts": [KEYS.index(account) for account in accounts]}
    return places | {"data": base58.encode(data)} | ({} if height is None else {"stackHeight": height})


def moved(source: bytes, destination: bytes, amount: int, height: int) -> dict[str, Any]:
    """Returns a token transfer."""
    return called(program.TOKEN, [source, destination, TRADER], struct.pack("<BQ", 3, amount), height)


def both_ways(paid: int, received: int, height: int, *, sells: bool = False) -> list[dict[str, Any]]:
    """Returns what settles an order at once."""
    ways = [(USER_QUOTE, VAULT_QUOTE), (VAULT_BASE, USER_BASE)]
    if sells:
        ways = [(USER_BASE, VAULT_BASE), (VAULT_QUOTE, USER_QUOTE)]
    return [moved(*way, amount, height) for way, amount in zip(ways, (paid, received), strict=True)]


def phoenix_swap(*, sells: bool = False, tag: int = 0) -> dict[str, Any]:
    """Returns the router's call of Phoenix: an order that fills at once or not at all."""
    accounts = [owned.PHOENIX, LOG_AUTHORITY, MARKET, TRADER, USER_BASE, USER_QUOTE, VAULT_BASE, VAULT_QUOTE]
    return called(owned.PHOENIX, [*accounts, program.TOKEN], struct.pack("<BBBQ", tag, 2, sells, 0), 2)


def take_order(*, sells: bool = False) -> dict[str, Any]:
    """Returns OpenBook v2's place take order."""
    accounts = [TRADER, TRADER, MARKET, OTHER, OTHER, OTHER, VAULT_BASE, VAULT_QUOTE, OTHER, USER_BASE, USER_QUOTE]
    data = bytes.fromhex("032c47031ac7cb55") + struct.pack("<BqqqBB", sells, 160, 50, 10**6, 0, 8)
    return called(owned.OPENBOOK_V2, [*accounts, OTHER, program.TOKEN], data, None)


def place_order() -> dict[str, Any]:
    """Returns OpenBook v2's place order: what it buys stays in the open orders."""
    accounts = [TRADER, OTHER, OTHER, USER_QUOTE, MARKET, OTHER, OTHER, OTHER, VAULT_QUOTE, program.TOKEN]
    return called(owned.OPENBOOK_V2, accounts, bytes.fromhex("33c29baf6d82606a") + bytes(40), None)


def send_take(*, sells: bool = False) -> dict[str, Any]:
    """Returns Serum's send take."""
    accounts = [MARKET, OTHER, OTHER, OTHER, OTHER, USER_BASE, USER_QUOTE, TRADER, VAULT_BASE, VAULT_QUOTE]
    data = struct.pack("<BIIQQQQQH", 0, 13, sells, 160, 50, 10**6, 0, 0, 9)
    return called(owned.SERUM, [*accounts, program.TOKEN, OTHER], data, None)


def answer(
    top: list[dict[str, Any]], inner: dict[int, list[dict[str, Any]]] | None = None, logs: list[str] | None = None
) -> dict[str, Any]:
    """Returns an answer of `getTransaction`, with the mints of the vaults."""
    mints = ((VAULT_BASE, BASE_MINT, 9), (VAULT_QUOTE, QUOTE_MINT, 6))
    balances = [
        {
            "accountIndex": KEYS.index(vault),
            "mint": base58.encode(mint),
            "uiTokenAmount": {"amount": "1", "decimals": decimals},
        }
        for vault, mint, decimals in mints
    ]
    meta: dict[str, Any] = {"err": None, "fee": 5000, "preTokenBalances": balances, "postTokenBalances": balances}
    if inner is not None:
        groups = [{"index": at, "instructions": calls} for at, calls in inner.items()]
        meta["innerInstructions"] = groups
    if logs is not None:
        meta["logMessages"] = logs
    message = {"accountKeys": [base58.encode(key) for key in KEYS], "instructions": top}
    return {"result": {"slot": 5, "transaction": {"signatures": [], "message": message}, "meta": meta}}


def data_line(event: bytes) -> str:
    """Returns the log line of an event."""
    return f"Program data: {base64.b64encode(event).decode()}"


def framed(key: bytes, *lines: str, depth: int = 1) -> list[str]:
    """Returns the lines of one invocation."""
    name = base58.encode(key)
    return [f"Program {name} invoke [{depth}]", *lines, f"Program {name} success"]


def through_phoenix(*, sells: bool = False) -> dict[str, Any]:
    """Returns the router's swap; its fills come in two instructions, as a long batch would."""
    fills = [phoenix_fill(at, price, lots, maker_bids=sells) for at, (price, lots) in enumerate(MATCHED)]
    inner = [
        phoenix_swap(sells=sells),
        called(owned.PHOENIX, [LOG_AUTHORITY], phoenix_log(fills[0]), 3),
        called(owned.PHOENIX, [LOG_AUTHORITY], phoenix_log(fills[1], *phoenix_others()), 3),
        *(both_ways(BASE, GROSS - FEE, 3, sells=True) if sells else both_ways(GROSS + FEE, BASE, 3)),
    ]
    return answer([called(ROUTER, [TRADER], b"\1", None)], {0: inner})


def through_openbook() -> dict[str, Any]:
    """Returns a take order, and the crank's call that settles an older fill."""
    events = [*(fill_log(*each) for each in MATCHED), total_log(GROSS + FEE, BASE)]
    token = framed(program.TOKEN, depth=2)
    crank = called(owned.OPENBOOK_V2, [TRADER, MARKET, OTHER], bytes.fromhex("dd91b1341f2f3fc9") + bytes(8), None)
    logs = framed(owned.OPENBOOK_V2, *(data_line(event) for event in events), *token, *token)
    logs += framed(owned.OPENBOOK_V2, data_line(fill_log(149, 1, taker_sells=True)))
    return answer([take_order(), crank], {0: both_ways(GROSS + FEE, BASE, 2)}, logs)


def through_serum(*, sells: bool = False) -> dict[str, Any]:
    """Returns a send take, told by nothing but its transfers."""
    ways = both_ways(BASE, GROSS - FEE, 2, sells=True) if sells else both_ways(GROSS + FEE, BASE, 2)
    return answer([send_take(sells=sells)], {0: ways})


def answers() -> list[dict[str, Any]]:
    """Returns an answer with an order of each venue."""
    return [through_phoenix(), through_phoenix(sells=True), through_openbook(), through_serum()]
