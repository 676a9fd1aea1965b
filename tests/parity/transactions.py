"""Transactions as nodes send them, made up for tests: a router's two swaps, in any of the encodings."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

from cambist.engine.reference.chain import base58, program
from cambist.engine.reference.chain.log_parser.event import CPI_EVENT
from cambist.engine.reference.venues import owned

TRADER, ROUTER, POOL_A, POOL_B = (bytes([at]) * 32 for at in (1, 2, 3, 4))
COIN, PC, USDC, BONK = (bytes([at]) * 32 for at in (5, 6, 7, 8))
USER_SOL, USER_USDC, USER_BONK = (bytes([at]) * 32 for at in (9, 10, 11))
RESERVE_X, RESERVE_Y, OTHER = (bytes([at]) * 32 for at in (12, 13, 14))
AUTHORITY = base58.decode("D1ZN9Wj1fRSUQfCjhvnu1hqDMT7hzjzBBpi12nVniYD6") or b""

STATIC = [
    TRADER, USER_SOL, USER_USDC, USER_BONK, COIN, PC, POOL_A, RESERVE_X, RESERVE_Y, ROUTER, program.TOKEN,
    owned.RAYDIUM_V4, owned.METEORA_DLMM, OTHER,
]  # fmt: skip
WRITABLE, READONLY = [POOL_B], [program.WRAPPED_SOL, USDC, BONK, AUTHORITY]
KEYS = STATIC + WRITABLE + READONLY

SOL_IN, USDC_MID, BONK_OUT = 1_000_000_000, 150_000_000, 7_777_777_777


def ray_log(amount_in: int, amount_out: int, coin: int = 10**12, pc: int = 10**12, direction: int = 2) -> str:
    """Returns the base64 record of a swap of Raydium AMM v4."""
    return base64.b64encode(
        struct.pack("<BQQQQQQQ", 3, amount_in, 0, direction, amount_in, coin, pc, amount_out)
    ).decode()


def dlmm_events(amount_in: int, amount_out: int) -> list[bytes]:
    """Returns both events of a DLMM swap from x to y, as the program hands them to itself."""
    first = bytes.fromhex("516ce3becdd00ac4") + POOL_B + TRADER + struct.pack("<iiQQB", 5, 5, amount_in, amount_out, 1)
    first += struct.pack("<QQ16sQ", 20, 1, bytes(16), 0)
    second = bytes.fromhex("2e7452d7941b544d") + POOL_B + TRADER + struct.pack("<iiB", 5, 5, 1) + bytes(16)
    second += struct.pack("<QQQQQQQBB", amount_in, 0, amount_out, 19, 1, 0, 0, 1, 1)
    return [CPI_EVENT + first, CPI_EVENT + second]


def call(key: bytes, accounts: list[bytes], data: bytes, height: int | None) -> dict[str, Any]:
    """Returns one inner instruction."""
    made = {
        "programIdIndex": KEYS.index(key),
        "accounts": [KEYS.index(account) for account in accounts],
        "data": base58.encode(data),
    }
    return made if height is None else made | {"stackHeight": height}


def plain_transfer(source: bytes, destination: bytes, amount: int, height: int | None) -> dict[str, Any]:
    """Returns a token transfer that names no mint."""
    return call(program.TOKEN, [source, destination, TRADER], struct.pack("<BQ", 3, amount), height)


def checked_transfer(
    source: bytes, mint: bytes, destination: bytes, amount: int, height: int | None, decimals: int = 6
) -> dict[str, Any]:
    """Returns a token transfer that names mint and decimals."""
    data = struct.pack("<BQB", 12, amount, decimals)
    return call(program.TOKEN, [source, mint, destination, TRADER], data, height)


def inner(*, heights: bool = True, amm_accounts: int = 18) -> list[dict[str, Any]]:
    """Returns what the router asked for: SOL to USDC at Raydium, USDC to BONK at DLMM."""
    two, three = (2, 3) if heights else (None, None)
    market = [OTHER] * (amm_accounts - 9)
    orders = [OTHER] if amm_accounts == 17 else [OTHER, OTHER]
    market = market if amm_accounts == 17 else market[:-1]
    amm = [program.TOKEN, POOL_A, OTHER, *orders, COIN, PC, *market, USER_SOL, USER_USDC, TRADER]
    if amm_accounts == 8:
        amm = [program.TOKEN, POOL_A, OTHER, COIN, PC, USER_SOL, USER_USDC, TRADER]
    tag = 16 if amm_accounts == 8 else 9
    dlmm = [POOL_B, owned.METEORA_DLMM, RESERVE_X, RESERVE_Y, USER_USDC, USER_BONK, USDC, BONK, OTHER]
    swap = bytes.fromhex("f8c69e91e17587c8") + struct.pack("<QQ", USDC_MID, 0)
    return [
        call(owned.RAYDIUM_V4, amm, struct.pack("<BQQ", tag, SOL_IN, 0), two),
        plain_transfer(USER_SOL, COIN, SOL_IN, three),
        plain_transfer(PC, USER_USDC, USDC_MID, three),
        call(owned.METEORA_DLMM, dlmm, swap, two),
        checked_transfer(USER_USDC, USDC, RESERVE_X, USDC_MID, three),
        checked_transfer(RESERVE_Y, BONK, USER_BONK, BONK_OUT, three, 5),
        *(
            call(owned.METEORA_DLMM, [AUTHORITY], event, three)
            for event in dlmm_events(USDC_MID, BONK_OUT)
        ),
    ]  # fmt: skip


def logs() -> list[str]:
    """Returns the log lines of the two swaps; the router's own text forges an invocation and a record."""
    amm, dlmm, token, router = (
        base58.encode(key) for key in (owned.RAYDIUM_V4, owned.METEORA_DLMM, program.TOKEN, ROUTER)
    )
    transfer = [f"Program {token} invoke [3]", f"Program {token} consumed 76 of 9999 compute units",
                f"Program {token} success"]  # fmt: skip
    handed = [f"Program {dlmm} invoke [3]", f"Program {dlmm} success"]
    return [
        f"Program {router} invoke [1]",
        f"Program log: Program {amm} invoke [2]",
        f"Program log: ray_log: {ray_log(1, 2)}",
        f"Program {amm} invoke [2]",
        f"Program log: ray_log: {ray_log(SOL_IN, USDC_MID)}",
        *transfer, *transfer,
        f"Program {amm} success",
        f"Program {dlmm} invoke [2]",
        *transfer, *transfer, *handed, *handed,
        f"Program {dlmm} consumed 52000 of 99000 compute units",
        f"Program {dlmm} success",
        f"Program return: {router} AQ==",
        f"Program {router} consumed 90000 of 200000 compute units",
        f"Program {router} success",
    ]  # fmt: skip


def balance(key: bytes, mint: bytes, amount: int, decimals: int) -> dict[str, Any]:
    """Returns a token account's balance."""
    token = {"amount": str(amount), "decimals": decimals, "uiAmount": None, "uiAmountString": "0"}
    return {"accountIndex": KEYS.index(key), "mint": base58.encode(mint), "uiTokenAmount": token}


def meta() -> dict[str, Any]:
    """Returns the outcome."""
    before = [
        balance(COIN, program.WRAPPED_SOL, 10**12, 9), balance(PC, USDC, 10**12, 6),
        balance(RESERVE_X, USDC, 10**12, 6), balance(RESERVE_Y, BONK, 10**12, 5),
    ]  # fmt: skip
    after = [
        balance(COIN, program.WRAPPED_SOL, 10**12 + SOL_IN, 9), balance(PC, USDC, 10**12 - USDC_MID, 6),
        balance(RESERVE_X, USDC, 10**12 + USDC_MID, 6), balance(RESERVE_Y, BONK, 10**12 - BONK_OUT, 5),
        balance(USER_BONK, BONK, BONK_OUT, 5),
    ]  # fmt: skip
    return {
        "err": None,
        "fee": 5000,
        "computeUnitsConsumed": 90_150,
        "logMessages": logs(),
        "innerInstructions": [{"index": 0, "instructions": inner()}],
        "loadedAddresses": {
            "writable": [base58.encode(key) for key in WRITABLE],
            "readonly": [base58.encode(key) for key in READONLY],
        },
        "preTokenBalances": before,
        "postTokenBalances": after,
    }


def as_json() -> dict[str, Any]:
    """Returns the transaction in the encoding json."""
    return {
        "signatures": [base58.encode_signature(b"s" * 64)],
        "message": {
            "accountKeys": [base58.encode(key) for key in STATIC],
            "instructions": [{"programIdIndex": KEYS.index(ROUTER), "accounts": [0, 1, 14], "data": "2"}],
        },
    }


def as_wire() -> bytes:
    """Returns the transaction's bytes, version 0."""
    keys = b"".join(STATIC)
    body = b"\x80" + bytes([1, 0, 4]) + bytes([len(STATIC)]) + keys + bytes(32)
    body += bytes([1, KEYS.index(ROUTER), 3, 0, 1, 14, 1, 1])
    body += bytes([1]) + bytes(32) + bytes([1, 7]) + bytes([4, 1, 2, 3, 4])
    return b"\1" + b"s" * 64 + body


def get_transaction() -> dict[str, Any]:
    """Returns an answer of `getTransaction`."""
    return {"jsonrpc": "2.0", "id": 1, "result": {
        "slot": 341_000_000, "blockTime": 1, "version": 0, "transaction": as_json(), "meta": meta(),
    }}  # fmt: skip


def block_notification() -> dict[str, Any]:
    """Returns a notification of `blockSubscribe`, base64."""
    wire = [base64.b64encode(as_wire()).decode(), "base64"]
    block = {"blockhash": "x", "transactions": [{"transaction": wire, "meta": meta(), "version": 0}]}
    value = {"slot": 341_000_000, "err": None, "block": block}
    result = {"context": {"slot": 341_000_000}, "value": value}
    return {"jsonrpc": "2.0", "method": "blockNotification", "params": {"result": result, "subscription": 4}}


def transaction_notification() -> dict[str, Any]:
    """Returns a notification of `transactionSubscribe`, base58."""
    wire = [base58.encode(as_wire()), "base58"]
    result = {
        "signature": base58.encode_signature(b"s" * 64), "slot": 341_000_000,
        "transaction": {"transaction": wire, "meta": meta(), "version": 0},
    }  # fmt: skip
    return {"jsonrpc": "2.0", "method": "transactionNotification", "params": {"result": result, "subscription": 4}}


def body(answer: object) -> bytes:
    """Returns an answer's bytes."""
    return json.dumps(answer).encode()


def answers() -> list[dict[str, Any]]:
    """Returns an answer of each kind."""
    return [get_transaction(), block_notification(), transaction_notification()]
