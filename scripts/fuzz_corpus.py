"""Writes the seeds of `make fuzz`: accounts and records of the embedded market, frames of the parity corpus."""

from __future__ import annotations

import json
import struct
from hashlib import sha256
from pathlib import Path

from cambist.engine.reference import base58
from cambist.engine.reference.accounts import program
from cambist.engine.reference.quote_codec import encode_quotes
from cambist.model.events import RecordKind, pack
from cambist.simulator.market import Market
from tests.parity import book_fills, okx_frames, transactions

ROOT = Path(__file__).resolve().parent.parent
FUZZ = ROOT / "engine_rs/core/fuzz"
TARGETS = {
    program.RAYDIUM_V4: ("raydium",),
    program.RAYDIUM_CPMM: ("raydium",),
    program.WHIRLPOOL: ("orca",),
    program.METEORA_DLMM: ("dlmm",),
    program.METEORA_DAMM_V2: ("meteora",),
    program.SABER: ("saber",),
    program.RAYDIUM_CLMM: ("clmm",),
    program.PUMP_AMM: ("pump",),
    program.PUMP_FEES: ("pump",),
    program.TOKEN: ("token", "wallet"),
    program.TOKEN_2022: ("token", "wallet"),
}
BY_SIZE = 2
"""Accounts kept of each owner and size."""
SLOTS = 3
RULES = (
    "net_bps > 8 and age_ms < 400 and hops <= 3 and rsi(SOL) < 70",
    "not (legged or through(USDC)) and (net - 2 * fee_share) / size >= 1e-3",
)
MOST = 30
"""Seeds of one target."""
MOST_GROWN = 60
"""Seeds of one whose kept corpus the fuzzer has grown."""
TABLE_HEAD = 56
"""Bytes of a lookup table before its keys."""
PAIRED = {"orca": (653, "whirlpool"), "dlmm": (904, "lb_pair"), "clmm": (1_544, "pool")}
"""Targets that read an array right after its pool: size of the pool, what the array calls it."""


def main() -> None:
    """Writes every seed once, named by its content."""
    market = Market(7)
    accounts = market.world.accounts
    kept: dict[tuple[bytes, int], int] = {}
    pools: dict[str, tuple[bytes, bytes]] = {}
    for key, account in accounts.items():
        data, owner = account.data, account.owner
        for target in TARGETS.get(owner, ()):
            size, _ = PAIRED.get(target, (0, ""))
            if len(data) == size:
                pools[target] = (key, data)
            elif target in pools and pools[target][0] in data and kept.get((owner, len(data)), 0) < BY_SIZE:
                save(target, pools[target][1] + data)
            if kept.get((owner, len(data)), 0) < BY_SIZE:
                save(target, data)
        kept[owner, len(data)] = kept.get((owner, len(data)), 0) + 1
    for answer in (*transactions.answers(), *book_fills.answers()):
        save("transactions", json.dumps(answer).encode(), most=MOST_GROWN)
    for event in (
        book_fills.phoenix_log(book_fills.phoenix_fill(0, 150, 20, maker_bids=True)),
        book_fills.fill_log(1, 2),
    ):
        save("logs", event, most=MOST_GROWN)
    for mode in range(5):
        save("meteora", with_fee(mode, next(data for _, data in pools_of(market, program.METEORA_DAMM_V2))))
    for body in (*okx_frames.BODIES, b"\n".join(okx_frames.BODIES)):
        save("okx", body)
    frames(json.loads((ROOT / "tests/parity/frames.json").read_text()))
    for _ in range(SLOTS):
        for landed in market.slot().landed:
            save("logs", "\n".join(landed.logs).encode())
    for rule in RULES:
        save("rule", rule.encode())
    table = market.chain.accounts[market.world.tables[0]].data
    save("lookup_table", table[: TABLE_HEAD + 64])
    for rows in (0, 1, 3, 70, 1_100):
        save("quote_codec", encode_quotes(quotes(rows)))
    save("base58", base58.encode(program.WHIRLPOOL).encode())
    save("base58", program.WHIRLPOOL)


def pools_of(market: Market, owner: bytes) -> list[tuple[bytes, bytes]]:
    """Returns key and bytes of a program's accounts."""
    accounts = market.world.accounts.items()
    return [(key, account.data) for key, account in accounts if account.owner == owner]


def with_fee(mode: int, pool: bytes) -> bytes:
    """Returns a DAMM v2 pool that charges by another mode: 1 % for each token more, or for each 1 % of √price."""
    return pool[:16] + struct.pack("<B5xHIIQ", mode, 100, 100, 5_000, 1_000) + pool[40:]


def quotes(rows: int) -> list[list[int]]:
    """Returns columns that pack in every way: even steps, one value, small changes, and what is mostly still."""
    at = range(rows)
    still = [10**10 + (n % 20 == 0) * 10**6 for n in at]
    return [[n * 10**9 for n in at], [n * n for n in at], [5] * rows, still, [(n * 2654435761) % 2**32 for n in at]]


def frames(cases: list[dict]) -> None:
    """Writes the frames of each protocol, and all as records of one block."""
    for case in cases:
        bodies = [(each.get("direction", "in"), body_of(each)) for each in case["frames"] if not each.get("pad_to")]
        if case["protocol"].startswith("solana"):
            save("solana", b"\n".join(b">" * (way == "out") + body for way, body in bodies))
        else:
            for _, body in bodies:
                save("binance", body)
        channel = {"binance.spot.ws": 1, "binance.spot.depth": 2, "solana.ws": 3}.get(case["protocol"], 4)
        records = [
            pack(seq, seq * 1_000_000, RecordKind.FRAME, body, direction=way == "out", channel=channel, conn=1)
            for seq, (way, body) in enumerate(bodies, 1)
        ]
        save("block", b"".join(records))


def body_of(frame: dict) -> bytes:
    """Returns a frame's bytes."""
    return bytes.fromhex(frame["body_hex"]) if frame.get("body_hex") is not None else frame.get("body", "").encode()


def save(target: str, data: bytes, *, most: int = MOST) -> None:
    """Writes a seed unless it is there or too large, or the target has `most`."""
    folder = FUZZ / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    if data and len(data) <= 16_384 and len(list(folder.iterdir())) < most:
        (folder / sha256(data).hexdigest()[:16]).write_bytes(data)


if __name__ == "__main__":
    main()
