"""Logs and transactions: swaps out of what a node sends."""

from __future__ import annotations

import base64
import json
import struct
from typing import TYPE_CHECKING

from cambist.bench.engine.case import Case, native
from cambist.engine.reference.chain import base58, program, tx_parser
from cambist.engine.reference.chain.log_parser.parse import parse_many_logs
from cambist.engine.reference.venues import owned

if TYPE_CHECKING:
    from collections.abc import Iterator

BATCH = 100


def cases() -> Iterator[Case]:
    """Returns the cases of this file."""
    extension = native()
    logs = [_logs()] * BATCH
    yield Case(
        "logs → swaps", f"{BATCH} transactions, {len(logs[0])} lines", BATCH,
        (lambda: extension.parse_logs(logs)) if extension else None, lambda: parse_many_logs(logs),
    )  # fmt: skip
    body = _transaction()
    bodies = [body] * BATCH
    yield Case(
        "transaction → swaps", f"{BATCH} answers, {len(body):,} bytes", BATCH,
        (lambda: extension.parse_transactions(bodies)) if extension else None,
        lambda: tx_parser.parse_many_transactions(bodies),
    )  # fmt: skip


def _names(*keys: bytes) -> list[str]:
    return [base58.encode(key) for key in keys]


def _logs() -> list[str]:
    """Returns the lines of a router's two swaps on Raydium AMM v4."""
    router, amm, token = _names(bytes([2]) * 32, owned.RAYDIUM_V4, program.TOKEN)
    record = base64.b64encode(struct.pack("<BQQQQQQQ", 3, 600, 0, 2, 600, 10**12, 10**12, 900)).decode()
    transfer = [f"Program {token} invoke [3]", f"Program {token} consumed 76 of 9999 compute units",
                f"Program {token} success"]  # fmt: skip
    swap = [f"Program {amm} invoke [2]", f"Program log: ray_log: {record}", *transfer, *transfer,
            f"Program {amm} consumed 22573 of 90000 compute units", f"Program {amm} success"]  # fmt: skip
    ended = [f"Program {router} consumed 60000 of 200000 compute units", f"Program {router} success"]
    return [f"Program {router} invoke [1]", *swap, *swap, *ended]


def _transaction() -> bytes:
    """Returns an answer of `getTransaction` with these swaps."""
    keys = [bytes([at]) * 32 for at in range(10, 18)] + [program.TOKEN, owned.RAYDIUM_V4, bytes([2]) * 32]
    calls = []
    for _ in range(2):
        data = base58.encode(struct.pack("<BQQ", 16, 600, 0))
        calls.append({"programIdIndex": 9, "accounts": [8, 1, 2, 3, 4, 5, 6, 0], "data": data, "stackHeight": 2})
        for ends, amount in (([5, 3, 0], 600), ([4, 6, 2], 900)):
            data = base58.encode(struct.pack("<BQ", 3, amount))
            calls.append({"programIdIndex": 8, "accounts": ends, "data": data, "stackHeight": 3})
    balances = [
        {"accountIndex": at, "mint": base58.encode(bytes([60 + at]) * 32),
         "uiTokenAmount": {"amount": "1000000", "decimals": 6}}
        for at in (3, 4)
    ]  # fmt: skip
    meta = {
        "err": None, "fee": 5000, "computeUnitsConsumed": 60_000, "logMessages": _logs(),
        "innerInstructions": [{"index": 0, "instructions": calls}], "preTokenBalances": balances,
        "postTokenBalances": balances,
    }  # fmt: skip
    message = {"accountKeys": _names(*keys), "instructions": [{"programIdIndex": 10, "accounts": [0], "data": "2"}]}
    answer = {"slot": 5, "transaction": {"signatures": [], "message": message}, "meta": meta}
    return json.dumps({"jsonrpc": "2.0", "result": answer, "id": 1}).encode()
