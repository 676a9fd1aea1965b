"""Writes the seeds of `make fuzz`: accounts and records of the embedded market, frames of the parity corpus."""

from __future__ import annotations

import json
import struct
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from cambist.engine import make_engine
from cambist.engine.reference.chain import base58, program
from cambist.engine.reference.library.quote_codec import encode_quotes
from cambist.engine.reference.venues import owned
from cambist.model.events import RecordKind, pack
from cambist.simulator.market import Market
from tests.parity import book_fills, markets, okx_frames, transactions, venues
from tests.parity.chain_books import OrderFields, critbit, openbook_v2_market, openbook_v2_side, phoenix_market
from tests.parity.test_demo_market import Wire, demo_setup

if TYPE_CHECKING:
    from cambist.engine.protocol import EngineSetup

ROOT = Path(__file__).resolve().parent.parent
FUZZ = ROOT / "engine_rs/core/fuzz"
TARGETS = {
    owned.RAYDIUM_V4: ("raydium",),
    owned.RAYDIUM_CPMM: ("raydium",),
    owned.WHIRLPOOL: ("orca",),
    owned.METEORA_DLMM: ("dlmm",),
    owned.METEORA_DAMM_V2: ("meteora",),
    owned.SABER: ("saber",),
    owned.RAYDIUM_CLMM: ("clmm",),
    owned.PUMP_AMM: ("pump",),
    owned.PUMP_FEES: ("pump",),
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
MOST = 40
"""Seeds of one target."""
LONGEST = 20_000
"""Bytes of a seed at most; `make fuzz` cuts what is longer."""
ONE_ARRAY = 9_000
"""Accounts that are larger hold ticks or bins; of each pool one is told, so that its records stay short enough."""
MOST_GROWN = 60
"""Seeds of one whose kept corpus the fuzzer has grown."""
TABLE_HEAD = 56
"""Bytes of a lookup table before its keys."""
CHANNELS = {"binance.spot.ws": markets.EXCHANGE, "binance.usdm.ws": markets.PERP, "binance.spot.depth": markets.DEPTH}
PERCENTILES = tuple(b"landed_tips_%dth_percentile" % percent for percent in (25, 50, 75, 95, 99))
TIPS = (*PERCENTILES, b"ema_landed_tips_50th_percentile")
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
    setup = setup_of(market)
    (FUZZ / "setup.json").write_bytes(msgspec.json.format(msgspec.json.encode(setup), indent=2) + b"\n")
    for pool in setup.pools:
        records(setup, OneArray(demo=Market(7)), pool.address)
    exchange(setup)
    books()
    for answer in (*transactions.answers(), *book_fills.answers()):
        save("transactions", json.dumps(answer).encode(), most=MOST_GROWN)
    for event in (
        book_fills.phoenix_log(book_fills.phoenix_fill(0, 150, 20, maker_bids=True)),
        book_fills.fill_log(1, 2),
    ):
        save("logs", event, most=MOST_GROWN)
    for mode in range(5):
        save(
            "meteora",
            with_fee(mode, next(data for _, data in pools_of(market, owned.METEORA_DAMM_V2))),
            most=MOST_GROWN,
        )
    exchanges()
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
    save("base58", base58.encode(owned.WHIRLPOOL).encode())
    save("base58", owned.WHIRLPOOL)


def exchanges() -> None:
    """Writes frames of exchanges, one by one and in lines; one of each protocol with its name before it."""
    for body in (*okx_frames.BODIES, b"\n".join(okx_frames.BODIES)):
        save("okx", body)
    for protocol, texts in venues.SAMPLES.items():
        name = protocol.partition(".")[0]
        target = "plain" if name == "cambist" else name
        bodies = [text.replace("\n", "").encode() for text in texts]
        for body in (*bodies, b"\n".join(bodies)):
            save(target, body)
        save("plain", protocol.encode() + b"\n" + bodies[0])


class OneArray(Wire):
    """The embedded market with one array of ticks or bins of each pool: the others count as not there."""

    def _value(self, address: bytes) -> dict | None:
        value = super()._value(address)
        if value is None or value["space"] < ONE_ARRAY:
            return value
        self.only = getattr(self, "only", address)
        return value if address == self.only else None


def setup_of(market: Market) -> EngineSetup:
    """Returns a setup with the exchange's channels and one pool of each kind."""
    whole = demo_setup(market)
    kinds = {pool.program: pool for pool in whole.pools}
    tokens = tuple(token for token in whole.tokens if token.symbol in {"SOL", "USDC"})
    few = {"identities": markets.setup().identities, "instruments": markets.setup().instruments}
    return msgspec.structs.replace(whole, pools=tuple(kinds.values()), tokens=tokens, **few)


def records(setup: EngineSetup, wire: Wire, name: str) -> None:
    """Writes what brings one pool to life, then two slots, as records; and the snapshot after each."""
    engine = make_engine("native", setup)
    wire.record(RecordKind.CONNECTED, b'{"label":"node A"}', channel=markets.WS, generation=1)
    wire.next_slot()
    wire.answer([{"kind": "account", "key": name}])
    whole = b""
    for _ in range(SLOTS):
        while block := wire.take():
            _, needs = markets.run(engine, block)
            whole += block
            asked = [json.loads(line) for line in needs.splitlines()]
            wire.answer([need for need in asked if need["key"] not in others(setup, name)])
        save("block", whole)
        save("snapshot", engine.snapshot())
        wire.close_slot(late=False)


def others(setup: EngineSetup, name: str) -> set[str]:
    """Returns the addresses of the other pools."""
    return {pool.address for pool in setup.pools} - {name}


def exchange(setup: EngineSetup) -> None:
    """Writes a book seeded and changed, fees and tips as records, and the snapshot after them."""
    wire, engine = markets.Market(), make_engine("native", setup)
    save("snapshot", engine.snapshot())
    wire.depth_seed([("149.90", "500"), ("149.50", "900")], [("150.10", "500"), ("150.60", "900")])
    wire.depth([("149.91", "10")], [("150.10", "0")])
    wire.ticker("149.92", "150.09")
    wire.fees([2_000, 3_000, 4_000])
    wire.tips("0.00001")
    wire.logs("ray-sol-usdc", 31_000, wire.slot)
    block = wire.take()
    markets.run(engine, block)
    save("block", block)
    save("snapshot", engine.snapshot())
    save("tips", b'[{"time":"now",%s}]' % b",".join(b'"%s":6.0e-06' % name for name in TIPS))


def books() -> None:
    """Writes sides and markets of on-chain books: empty, of few orders and of many."""
    for count in (0, 1, 5, 40):
        orders: list[OrderFields] = [(at << 64 | at, 7 * at, 0, 0, 2**62) for at in range(1, count + 1)]
        nodes, root, leaves = critbit(72, orders)
        for flags in (33, 65):
            head = b"serum" + struct.pack("<QQQIIQ", flags, len(nodes) // 72, 0, 0, root, leaves)
            save("serum", head + nodes + bytes(72) + b"padding")
        for side in (0, 1):
            # Most of a side is room for orders to come; a seed ends after its last one.
            account = openbook_v2_side(side, orders, orders[: count // 2])
            save("openbook_v2", account)
            save("openbook_v2", account[: len(account) - (1024 - 2 * count) * 88])
        asks = [(price, quantity, 1, 0, 0) for price, quantity, *_ in orders]
        bids = [(key ^ (2**64 - 1), quantity, 2, 0, 0) for key, quantity, *_ in reversed(orders)]
        save("phoenix", phoenix_market(bids, asks, room=max(count, 1)))
    save("openbook_v2", openbook_v2_market())
    for size, flags in ((388, 3), (1_476, 3), (388, 131), (3_228, 5)):
        market = bytearray(b"serum" + struct.pack("<Q", flags) + bytes(size - 20) + b"padding")
        struct.pack_into("<QQ", market, 349, 1_000, 10)
        save("serum", bytes(market))


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
        protocol = case["protocol"]
        if protocol.startswith("solana"):
            save("solana", b"\n".join(b">" * (way == "out") + body for way, body in bodies))
        else:
            for _, body in bodies:
                save("binance", body)
        channel = CHANNELS.get(protocol, markets.WS)
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
    if data and len(data) <= LONGEST and len(list(folder.iterdir())) < most:
        (folder / sha256(data).hexdigest()[:16]).write_bytes(data)


if __name__ == "__main__":
    main()
