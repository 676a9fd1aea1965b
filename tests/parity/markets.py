"""A tiny market in real layouts and wire formats: frames as a node and an exchange would send them.

One file, for each layout here is read beside the frames that carry it.
"""

import json
from base64 import b64encode
from dataclasses import dataclass, field

from cambist.config.settings import Bidding, Gates, Search
from cambist.engine.protocol import EngineSetup
from cambist.engine.reference.chain import base58, program
from cambist.engine.reference.venues import owned
from cambist.engine.reference.venues.cpmm.layout import CpmmConfig, CpmmPool
from cambist.engine.reference.venues.cpmm.pool import CpmmPoolState
from cambist.engine.reference.venues.orca.layout import TickArray, Whirlpool
from cambist.engine.reference.venues.orca.pool import WhirlpoolState
from cambist.engine.reference.venues.quote import ChainTime, Pool
from cambist.engine.reference.venues.ray4.layout import AmmV4
from cambist.engine.reference.venues.ray4.pool import AmmV4Pool
from cambist.engine.reference.venues.sqrt_price import sqrt_price_from_tick
from cambist.engine.reference.venues.tick_array_manager import Ticks
from cambist.model.events import Channel, Direction, RecordKind, pack
from cambist.model.market import Identity, Instrument, PoolRef, Token, VenueFee
from cambist.simulator.token_layout import encode_clock, encode_mint, encode_token_account, patch_token_amount
from cambist.simulator.venues.cpmm.layout import encode_cpmm_config, encode_cpmm_pool, patch_cpmm_pool
from cambist.simulator.venues.orca.layout import Tick, encode_fixed_tick_array, encode_whirlpool, patch_whirlpool
from cambist.simulator.venues.ray4.layout import encode_amm_v4, patch_amm_v4_swap

WS, HTTP, EXCHANGE, PERP, DEPTH, TIPS = 1, 2, 3, 4, 5, 6
START_NS = 1_700_000_000_000_000_000
SOL = "So11111111111111111111111111111111111111112"
USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
BONK = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
DECIMALS = {SOL: 9, USDC: 6, BONK: 5}
SPACING = 64
SPAN = 88 * SPACING
FIRST_SLOT = 1_000


# One node tells this market, and its gaps are wide: the gate that asks for a second node has tests of its own.
GATES = Gates(
    caps={SOL: 50_000_000_000, USDC: 5_000_000_000},
    min_net_ppm=10,
    rebalancing_ppm=50,
    max_unconfirmed_ppm=1_000_000,
)


def key(name: str) -> bytes:
    """Returns a made-up address."""
    return name.encode().ljust(32, b"\x07")[:32]


def setup(**changes) -> EngineSetup:
    """Returns the setup of the tiny market."""
    channels = (
        Channel(WS, "solana", "solana", "solana.ws", "node A"),
        Channel(HTTP, "solana", "solana", "solana.http", "node A http"),
        Channel(EXCHANGE, "binance", "binance", "binance.spot.ws", "stream"),
        Channel(PERP, "binance", "binance-usdm", "binance.usdm.ws", "perp stream"),
        Channel(DEPTH, "binance", "binance", "binance.spot.depth", "depth", "SOLUSDC"),
        Channel(TIPS, "tips", "jito", "jito.tip_floor", "tip floor"),
    )
    tokens = (Token(SOL, "SOL", 9, True, 1), Token(USDC, "USDC", 6, True, 2), Token(BONK, "BONK", 5))
    fields = {
        "channels": channels,
        "tokens": tokens,
        "identities": (Identity("binance", "SOL", SOL), Identity("binance", "USDC", USDC)),
        "instruments": (
            Instrument("binance", "SOLUSDC", "SOL", "USDC"),
            Instrument("binance-usdm", "SOLUSDT", "SOL", "USDT", "perp"),
        ),
        "venue_fees": (VenueFee("binance", 1_000),),
        "pools": tuple(PoolRef(base58.encode(key(name)), base58.encode(owner)) for name, owner in POOLS.items()),
        "search": Search(max_hops=4, margin_ppm=20_000),
        "gates": GATES,
        "bidding": Bidding(),
    }
    return EngineSetup(**(fields | changes))


POOLS = {
    "ray-sol-usdc": owned.RAYDIUM_V4,
    "ray-bonk-sol": owned.RAYDIUM_V4,
    "cpmm-sol-usdc": owned.RAYDIUM_CPMM,
    "cpmm-bonk-usdc": owned.RAYDIUM_CPMM,
    "orca-sol-usdc": owned.WHIRLPOOL,
}
SIDES = {
    "ray-sol-usdc": (SOL, USDC),
    "ray-bonk-sol": (BONK, SOL),
    "cpmm-sol-usdc": (SOL, USDC),
    "cpmm-bonk-usdc": (BONK, USDC),
    "orca-sol-usdc": (SOL, USDC),
}


@dataclass
class Market:
    """Makes frames; what it says about accounts is what the chain would hold."""

    now_ns: int = START_NS
    seq: int = 0
    slot: int = FIRST_SLOT
    accounts: dict[bytes, tuple[bytes, bytes]] = field(default_factory=dict)
    subscriptions: dict[bytes, int] = field(default_factory=dict)
    records: list[bytes] = field(default_factory=list)
    requests: int = 0
    update: int = 100
    sides: dict[str, tuple[str, str]] = field(default_factory=lambda: SIDES)
    decimals: dict[str, int] = field(default_factory=lambda: DECIMALS)

    def __post_init__(self) -> None:
        for mint, decimals in self.decimals.items():
            data = encode_mint(decimals=decimals, supply=10**15)
            self.accounts[base58.decode(mint)] = (program.TOKEN, data)
        self._clock()
        self._pools()

    def _pools(self) -> None:
        self._ray("ray-sol-usdc", 40_000 * 10**9, 6_000_000 * 10**6)
        self._ray("ray-bonk-sol", 300_000_000_000 * 10**5, 30_000 * 10**9)
        config = encode_cpmm_config(trade_fee_rate=2_500, protocol_fee_rate=120_000, fund_fee_rate=40_000)
        self.accounts[key("config")] = (owned.RAYDIUM_CPMM, config)
        self._cpmm("cpmm-sol-usdc", 20_000 * 10**9, 3_000_000 * 10**6)
        self._cpmm("cpmm-bonk-usdc", 100_000_000_000 * 10**5, 1_500_000 * 10**6)
        self._orca("orca-sol-usdc", tick=-18_973)

    # -- the chain

    def _clock(self) -> None:
        data = encode_clock(slot=self.slot, epoch=500, unix_timestamp=self.now_ns // 10**9)
        self.accounts[program.CLOCK] = (program.SYSVAR, data)

    def _vaults(self, name: str, amounts: tuple[int, int]) -> tuple[bytes, bytes]:
        vaults = key(f"{name}-va"), key(f"{name}-vb")
        for vault, mint, amount in zip(vaults, self.sides[name], amounts, strict=True):
            data = encode_token_account(mint=base58.decode(mint), owner=key("authority"), amount=amount)
            self.accounts[vault] = (program.TOKEN, data)
        return vaults

    def _ray(self, name: str, coin: int, pc: int) -> None:
        vaults, (mint_a, mint_b) = self._vaults(name, (coin, pc)), self.sides[name]
        data = encode_amm_v4(
            coin_vault=vaults[0],
            pc_vault=vaults[1],
            coin_mint=base58.decode(mint_a),
            pc_mint=base58.decode(mint_b),
            coin_decimals=self.decimals[mint_a],
            pc_decimals=self.decimals[mint_b],
        )
        self.accounts[key(name)] = (owned.RAYDIUM_V4, data)

    def _cpmm(self, name: str, first: int, second: int) -> None:
        vaults, (mint_a, mint_b) = self._vaults(name, (first, second)), self.sides[name]
        data = encode_cpmm_pool(
            amm_config=key("config"),
            vault_0=vaults[0],
            vault_1=vaults[1],
            mint_0=base58.decode(mint_a),
            mint_1=base58.decode(mint_b),
            program_0=program.TOKEN,
            program_1=program.TOKEN,
        )
        self.accounts[key(name)] = (owned.RAYDIUM_CPMM, data)

    def _orca(self, name: str, tick: int) -> None:
        mint_a, mint_b = self.sides[name]
        data = encode_whirlpool(
            tick_spacing=SPACING,
            fee_tier_index=SPACING,
            fee_rate=3_000,
            protocol_fee_rate=1_300,
            liquidity=60_000_000_000_000,
            sqrt_price=sqrt_price_from_tick(tick),
            tick=tick,
            mint_a=base58.decode(mint_a),
            vault_a=key(f"{name}-va"),
            mint_b=base58.decode(mint_b),
            vault_b=key(f"{name}-vb"),
        )
        self.accounts[key(name)] = (owned.WHIRLPOOL, data)
        start = tick // SPAN * SPAN
        for step in range(-2, 3):
            ticks = {}
            if step == -1:
                ticks[10] = Tick(net=60_000_000_000_000, gross=60_000_000_000_000)
            elif step == 1:
                ticks[70] = Tick(net=-60_000_000_000_000, gross=60_000_000_000_000)
            array = encode_fixed_tick_array(key(name), start + step * SPAN, ticks)
            self.accounts[key(f"{name}-t{step}")] = (owned.WHIRLPOOL, array)

    def pool(self, name: str) -> Pool:
        """Returns a pool as the chain holds it."""
        owner, data = self.accounts[key(name)]
        if owner == owned.WHIRLPOOL:
            arrays = [TickArray.decode(self.accounts[key(f"{name}-t{step}")][1]) for step in range(-2, 3)]
            return WhirlpoolState(Whirlpool.decode(data), Ticks(SPACING, arrays))
        amounts = tuple(
            int.from_bytes(self.accounts[key(f"{name}-v{side}")][1][64:72], "little") for side in ("a", "b")
        )
        if owner == owned.RAYDIUM_V4:
            return AmmV4Pool(AmmV4.decode(data), amounts)
        config = CpmmConfig.decode(self.accounts[key("config")][1])
        return CpmmPoolState(CpmmPool.decode(data), config, amounts)

    def swap(self, name: str, amount_in: int, *, a_to_b: bool) -> list[bytes]:
        """Swaps on the chain. Returns the accounts that changed."""
        time = ChainTime(self.slot, self.now_ns // 10**9, 500)
        quote, after = self.pool(name).swap(a_to_b, amount_in, time)
        owner, data = self.accounts[key(name)]
        if owner == owned.WHIRLPOOL:
            self.accounts[key(name)] = (owner, patch_whirlpool(data, after.account, now=self.now_ns // 10**9))
            return [key(name)]
        for side, amount in zip(("a", "b"), after.amounts, strict=True):
            vault = key(f"{name}-v{side}")
            self.accounts[vault] = (program.TOKEN, patch_token_amount(self.accounts[vault][1], amount))
        vaults = [key(f"{name}-va"), key(f"{name}-vb")]
        if owner == owned.RAYDIUM_V4:
            self.accounts[key(name)] = (owner, patch_amm_v4_swap(data, quote, a_to_b=a_to_b))
            return vaults
        self.accounts[key(name)] = (owner, patch_cpmm_pool(data, after.account, epoch=500))
        return [*vaults, key(name)]

    # -- frames

    def frame(self, channel: int, body: object, *, out: bool = False, conn: int = 1, generation: int = 1) -> None:
        """Adds one frame; `body` is JSON or bytes."""
        raw = body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).encode()
        direction = Direction.OUT if out else Direction.IN
        self.record(RecordKind.FRAME, raw, direction=direction, channel=channel, conn=conn, generation=generation)

    def record(self, kind: int, body: bytes = b"", step_ns: int = 1_000_000, **header: int) -> None:
        """Adds one record of any kind."""
        self.seq += 1
        self.now_ns += step_ns
        self.records.append(pack(self.seq, self.now_ns, kind, body, **header))

    def take(self) -> bytes:
        """Returns the records since the last call as a block."""
        block = b"".join(self.records)
        self.records.clear()
        return block

    def _value(self, address: bytes) -> dict | None:
        if address not in self.accounts:
            return None
        owner, data = self.accounts[address]
        return {
            "lamports": 1_000_000,
            "data": [b64encode(data).decode(), "base64"],
            "owner": base58.encode(owner),
            "executable": False,
            "rentEpoch": 18446744073709551615,
            "space": len(data),
        }

    def seed(self, keys: list[bytes], channel: int = HTTP, slot: int | None = None) -> None:
        """Asks for accounts over HTTP and answers."""
        self.requests += 1
        names = [base58.encode(each) for each in keys]
        ask = {
            "jsonrpc": "2.0",
            "id": self.requests,
            "method": "getMultipleAccounts",
            "params": [names, {"encoding": "base64", "commitment": "processed"}],
        }
        self.frame(channel, ask, out=True, conn=self.requests)
        value = [self._value(each) for each in keys]
        context = {"slot": self.slot if slot is None else slot}
        answer = {"jsonrpc": "2.0", "result": {"context": context, "value": value}, "id": self.requests}
        self.frame(channel, answer, conn=self.requests)

    def subscribe(self, address: bytes) -> None:
        """Subscribes to an account and confirms it."""
        self.requests += 1
        ask = {
            "jsonrpc": "2.0",
            "id": self.requests,
            "method": "accountSubscribe",
            "params": [base58.encode(address), {"encoding": "base64", "commitment": "processed"}],
        }
        self.frame(WS, ask, out=True)
        self.subscriptions[address] = 7_000 + self.requests
        self.frame(WS, {"jsonrpc": "2.0", "result": self.subscriptions[address], "id": self.requests})

    def notify(self, address: bytes, slot: int | None = None) -> None:
        """Tells an account as it is."""
        result = {"context": {"slot": slot or self.slot}, "value": self._value(address)}
        params = {"result": result, "subscription": self.subscriptions[address]}
        self.frame(WS, {"jsonrpc": "2.0", "method": "accountNotification", "params": params})

    def next_slot(self, parent: int | None = None) -> None:
        """Announces the next slot and its clock; without a parent it goes on from the last one."""
        self.slot += 1
        self._clock()
        slot = {"parent": self.slot - 1 if parent is None else parent, "root": self.slot - 32, "slot": self.slot}
        self.frame(WS, {"jsonrpc": "2.0", "method": "slotNotification", "params": {"result": slot, "subscription": 1}})
        if program.CLOCK in self.subscriptions:
            self.notify(program.CLOCK)

    def fees(self, prices: list[int], percentile: int | None = 7_500) -> None:
        """Asks for priority fees of the last slots and answers."""
        self.requests += 1
        params = [[]] if percentile is None else [[], {"percentile": percentile}]
        ask = {"jsonrpc": "2.0", "id": self.requests, "method": "getRecentPrioritizationFees", "params": params}
        self.frame(HTTP, ask, out=True, conn=self.requests)
        rows = [{"slot": self.slot - at, "prioritizationFee": price} for at, price in enumerate(prices)]
        self.frame(HTTP, {"jsonrpc": "2.0", "result": rows, "id": self.requests}, conn=self.requests)

    def ask(self, method: str, params: object, result: object) -> None:
        """Asks a node over HTTP and answers."""
        self.requests += 1
        self.frame(
            HTTP,
            {"jsonrpc": "2.0", "id": self.requests, "method": method, "params": params},
            out=True,
            conn=self.requests,
        )
        self.frame(HTTP, {"jsonrpc": "2.0", "result": result, "id": self.requests}, conn=self.requests)

    def account_fees(self, name: str, prices: list[int], percentile: int | None = 7_500) -> None:
        """Tells the priority fees of one pool's account."""
        account = [base58.encode(key(name))]
        params = [account] if percentile is None else [account, {"percentile": percentile}]
        rows = [{"slot": self.slot - at, "prioritizationFee": price} for at, price in enumerate(prices)]
        self.ask("getRecentPrioritizationFees", params, rows)

    def tips(self, sol: str) -> None:
        """Tells the tips that landed; their median is `sol`."""
        names = [f"landed_tips_{percent}th_percentile" for percent in (25, 50, 75, 95, 99)]
        body = ",".join(f'"{name}":{sol}' for name in [*names, "ema_landed_tips_50th_percentile"])
        self.frame(TIPS, f'[{{"time":"now",{body}}}]'.encode())

    def logs(self, name: str, units: int, slot: int) -> None:
        """Tells the logs of a transaction that mentions a pool; it was subscribed to before."""
        subscription = 9_000 + len(name)
        self.requests += 1
        ask = {"jsonrpc": "2.0", "id": self.requests, "method": "logsSubscribe"}
        self.frame(WS, ask | {"params": [{"mentions": [base58.encode(key(name))]}]}, out=True)
        self.frame(WS, {"jsonrpc": "2.0", "result": subscription, "id": self.requests})
        program_name = base58.encode(POOLS[name])
        lines = [
            f"Program {program_name} invoke [1]",
            "Program log: Program x consumed 9 of 9 compute units",
            f"Program {program_name} consumed {units} of 200000 compute units",
            f"Program {program_name} success",
        ]
        value = {"signature": base58.encode_signature(bytes(64)), "err": None, "logs": lines}
        result = {"context": {"slot": slot}, "value": value}
        params = {"result": result, "subscription": subscription}
        self.frame(WS, {"jsonrpc": "2.0", "method": "logsNotification", "params": params})

    def ticker(self, bid: str, ask: str, qty: str = "500.00") -> None:
        """Tells the best prices of the spot book."""
        self.update += 1
        body = {"u": self.update, "s": "SOLUSDC", "b": bid, "B": qty, "a": ask, "A": qty}
        self.frame(EXCHANGE, {"stream": "solusdc@bookTicker", "data": body})

    def depth_seed(self, bids: list[tuple[str, str]], asks: list[tuple[str, str]]) -> None:
        """Answers with a depth snapshot."""
        self.update += 1
        self.frame(DEPTH, {"lastUpdateId": self.update, "bids": bids, "asks": asks})

    def depth(self, bids: list[tuple[str, str]], asks: list[tuple[str, str]]) -> None:
        """Tells changes of the spot book."""
        self.update += 1
        body = {
            "e": "depthUpdate",
            "E": self.now_ns // 10**6 - 20,
            "s": "SOLUSDC",
            "U": self.update,
            "u": self.update,
            "b": bids,
            "a": asks,
        }
        self.frame(EXCHANGE, {"stream": "solusdc@depth@100ms", "data": body})

    def open(self) -> None:
        """Brings an engine to a live market: seeds, subscriptions, fees, a book, two slots."""
        self.record(RecordKind.CONNECTED, b'{"label":"node A"}', channel=WS, generation=1)
        self.next_slot()
        self.seed([key(name) for name in POOLS])
        rest = [each for each in self.accounts if each not in {key(name) for name in POOLS}]
        self.seed(rest)
        for each in self.accounts:
            self.subscribe(each)
        self.fees([2_000, 3_000, 4_000])
        self.depth_seed([("149.90", "500"), ("149.50", "900")], [("150.10", "500"), ("150.60", "900")])
        self.depth([("149.91", "10")], [])
        self.next_slot()
        self.next_slot()

    def trade(self, name: str, amount_in: int, *, a_to_b: bool) -> None:
        """Swaps and tells every account that changed."""
        for address in self.swap(name, amount_in, a_to_b=a_to_b):
            self.notify(address)


def run(engine, block: bytes, step: int | None = None) -> tuple[bytes, bytes]:
    """Feeds a block as the kernel would; `step` limits a call to so many records. Returns all decisions and needs."""
    from cambist.model.events import HEADER, unpack

    decisions, needs, offset = [], [], 0
    while offset < len(block):
        kind = HEADER.unpack_from(block, offset)[2]
        if kind != RecordKind.FRAME:
            done = engine.control(block, offset)
        elif step is None:
            done = engine.ingest(block, offset, 1 << 62)
        else:
            end = offset
            for _ in range(step):
                if end < len(block) and HEADER.unpack_from(block, end)[2] == RecordKind.FRAME:
                    end = unpack(block, end)[1]
            done = engine.ingest(block[:end], offset, 1 << 62)
        decisions.append(done.decisions)
        needs.append(done.needs)
        assert done.offset > offset
        offset = done.offset
    return b"".join(decisions), b"".join(needs)
