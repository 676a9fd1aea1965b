"""Random markets of pools of many kinds and an exchange's books, told to an engine in real layouts and frames."""

import math
import random
from typing import NamedTuple

from msgspec.structs import replace

from cambist.engine.protocol import EngineSetup
from cambist.engine.reference.chain import base58, program
from cambist.engine.reference.chain.token import TransferFee, TransferFeeConfig
from cambist.engine.reference.venues import owned
from cambist.engine.reference.venues.dlmm.layout import (
    BINS_PER_ARRAY,
    BITMAP_ARRAYS,
    MAX_BIN_ID,
    Bin,
    BinArray,
    LbPair,
    StaticParameters,
    VariableParameters,
)
from cambist.engine.reference.venues.dlmm.maths import Bins
from cambist.engine.reference.venues.dlmm.maths.price import bin_price
from cambist.engine.reference.venues.dlmm.pool import DlmmState
from cambist.engine.reference.venues.orca.layout import TICKS_PER_ARRAY, TickArray, Whirlpool
from cambist.engine.reference.venues.orca.pool import WhirlpoolState
from cambist.engine.reference.venues.quote import ChainTime, Pool
from cambist.engine.reference.venues.quote_error import QuoteError
from cambist.engine.reference.venues.saber.layout import StableSwap
from cambist.engine.reference.venues.saber.pool import StablePool
from cambist.engine.reference.venues.sqrt_price import tick_from_sqrt_price
from cambist.engine.reference.venues.tick_array_manager import Ticks
from cambist.model.events import Channel
from cambist.model.market import Identity, Instrument, PoolRef, VenueFee
from cambist.simulator.token_layout import encode_mint, encode_transfer_fee_config, patch_token_amount
from cambist.simulator.venues.cpmm.layout import encode_cpmm_config
from cambist.simulator.venues.dlmm.layout import encode_bin_array, encode_lb_pair, patch_lb_pair
from cambist.simulator.venues.orca.layout import Tick, encode_fixed_tick_array, encode_whirlpool
from cambist.simulator.venues.saber.layout import encode_stable_swap
from tests.parity.markets import EXCHANGE, Market, key
from tests.parity.markets import setup as tiny
from tests.ranking.ladder import Change, Ladder, Pair, text, texts
from tests.ranking.market import SOL_PRICE, RandomMarket, mint

VENUE = "binance"
FIRST_DEPTH = 20
"""Id of the first channel of seeds of a book."""
REBALANCING_PPM = 50
EPOCH = 500
NEAR_PAR = ((1, 2), (1, 3), (2, 3), (0, 4))
"""Tokens that are worth nearly the same."""
OWNERS = {
    "ray4": owned.RAYDIUM_V4,
    "cpmm": owned.RAYDIUM_CPMM,
    "orca": owned.WHIRLPOOL,
    "saber": owned.SABER,
    "dlmm": owned.METEORA_DLMM,
}
ARRAYS = 3
"""Tick arrays on each side of the one at the price."""
_ONE = 1 << 64


class Venue(NamedTuple):
    """Where two tokens are traded: kind of pool or `book`, and its two tokens by number."""

    kind: str
    ends: tuple[int, int]


def drawn(rng: random.Random, tokens: int, taxed: dict[int, TransferFeeConfig], *, hubs: bool) -> list[Venue]:
    """Returns the venues of a market: pools first, then books."""
    venues = [Venue("ray4", (0, 1)), Venue("orca", (0, 1))]
    venues += [Venue("saber", pair) for pair in NEAR_PAR for _ in range(2) if rng.random() < 0.5]
    for _ in range(rng.randint(14, 34)):
        near = rng.randrange(2) if rng.random() < (0.8 if hubs else 0.4) else rng.randrange(tokens)
        far = rng.choice([token for token in range(tokens) if token != near])
        kinds, odds = ("ray4", "cpmm", "orca", "dlmm"), (30, 15, 30, 25)
        if taxed.keys() & {near, far}:
            odds = (0, 60, 20, 20)
        venues.append(Venue(rng.choices(kinds, odds)[0], (near, far)))
    pairs = [(0, 1), *((token, 1) for token in range(2, tokens)), *((token, 0) for token in range(5, tokens))]
    plain = [pair for pair in pairs if not taxed.keys() & set(pair)]
    return venues + [Venue("book", pair) for pair in rng.sample(plain, min(rng.randint(2, 6), len(plain)))]


class MixedMarket(RandomMarket):
    """9 to 14 tokens, pools of every kind between them, and books of some pairs.

    Some tokens stand for the quote token or SOL; some take a transfer fee that is capped within what one trades.
    """

    def __init__(self, seed: int, *, hubs: bool) -> None:
        self.rng = rng = random.Random(seed)
        self.tokens = rng.randint(9, 14)
        others = self.tokens - 5
        par = [math.exp(rng.gauss(0.0, 0.001)) for _ in range(3)]
        self.prices = [SOL_PRICE, 1.0, par[0], par[1], SOL_PRICE * par[2]]
        self.prices += [math.exp(rng.uniform(-4, 4)) for _ in range(others)]
        self.places = [9, 6, 6, 6, 9, *(rng.choice([5, 6, 8, 9]) for _ in range(others))]
        self.taxed = {token: self._tax(token) for token in rng.sample(range(5, self.tokens), rng.randint(1, 3))}
        self.venues = drawn(rng, self.tokens, self.taxed, hubs=hubs)
        self.ends = [venue.ends for venue in self.venues]
        self.names = [f"pool-{at:02}" for at, venue in enumerate(self.venues) if venue.kind != "book"]
        self.books: dict[int, Ladder] = {}
        self.told: dict[int, int] = {}
        """By book: the number of its last change of depth."""
        sides = {name: (mint(a), mint(b)) for name, (a, b) in zip(self.names, self.ends, strict=False)}
        Market.__init__(self, sides=sides, decimals={mint(at): places for at, places in enumerate(self.places)})

    def _tax(self, token: int) -> TransferFeeConfig:
        """Draws a transfer fee that stops growing somewhere within the sizes of trades."""
        bps, dollars = self.rng.randint(10, 300), 10.0 ** self.rng.uniform(1.0, 3.9)
        most = int(dollars / self.prices[token] * 10.0 ** self.places[token] * bps / 10_000)
        fee = TransferFee(0, max(most, 1), bps)
        return TransferFeeConfig(fee, fee)

    # -- what there is at the opening

    def _pools(self) -> None:
        config = encode_cpmm_config(trade_fee_rate=2_500, protocol_fee_rate=120_000, fund_fee_rate=40_000)
        self.accounts[key("config")] = (owned.RAYDIUM_CPMM, config)
        for token, fee in self.taxed.items():
            extensions = (encode_transfer_fee_config(fee),)
            data = encode_mint(decimals=self.places[token], supply=10**15, extensions=extensions)
            self.accounts[base58.decode(mint(token))] = (program.TOKEN_2022, data)
        for at, venue in enumerate(self.venues):
            if venue.kind == "book":
                self.books[at] = self._ladder(*venue.ends)
            else:
                self._opened(at, venue)

    def _opened(self, at: int, venue: Venue) -> None:
        name = self.names[at]
        worth = 10.0 ** (self.rng.uniform(5.5, 7.0) if at < 2 else self.rng.uniform(3.0, 7.0))
        off = math.exp(self.rng.gauss(0.0, 0.0 if at == 0 else 0.003))
        if venue.kind == "orca":
            self._ladder_pool(name, venue.ends, worth * 10.0 ** self.rng.uniform(0.0, 1.0), off)
            return
        if venue.kind == "dlmm":
            self._bin_pool(name, venue.ends, worth, off)
            return
        amounts = [worth / self.prices[side] * 10.0 ** self.places[side] for side in venue.ends]
        if venue.kind == "saber":
            lean = self.rng.uniform(0.7, 1.3)
            self._stable(name, (int(amounts[0] * lean) + 1_000, int(amounts[1] / lean) + 1_000))
            return
        held = max(1_000, int(amounts[0])), max(1_000, int(amounts[1] * off))
        (self._ray if venue.kind == "ray4" else self._cpmm)(name, *held)

    def atom(self, token: int) -> float:
        """Returns what an atom of a token is worth at the opening, in dollars."""
        return self.prices[token] / 10.0 ** self.places[token]

    def _ladder(self, base: int, quote: int) -> Ladder:
        mid = self.prices[base] / self.prices[quote] * math.exp(self.rng.gauss(0.0, 0.002))
        pair = Pair((self.places[base], self.places[quote]), self.prices[base], mid, self.taker_ppm)
        return Ladder(self.rng, pair)

    @property
    def taker_ppm(self) -> int:
        """What the exchange takes: the same for all its books."""
        return (100, 400, 1_000)[self.tokens % 3]

    def _stable(self, name: str, amounts: tuple[int, int]) -> None:
        vaults, (mint_a, mint_b) = self._vaults(name, amounts), self.sides[name]
        amp = self.rng.choice([10, 100, 1_000])
        state = StableSwap(
            is_paused=False,
            nonce=255,
            initial_amp=amp,
            target_amp=amp,
            ramp_start=0,
            ramp_stop=0,
            vaults=vaults,
            pool_mint=key(f"{name}-lp"),
            mints=(base58.decode(mint_a), base58.decode(mint_b)),
            admin_vaults=(key(f"{name}-fa"), key(f"{name}-fb")),
            admin_fee=(5_000, 10_000),
            trade_fee=(self.rng.choice([1, 4, 20]), 10_000),
        )
        self.accounts[key(name)] = (owned.SABER, encode_stable_swap(state))

    def _ladder_pool(self, name: str, ends: tuple[int, int], worth: float, off: float) -> None:
        """Opens a Whirlpool: liquidity everywhere, and more of it between random ticks near the price."""
        spacing = self.rng.choice([8, 64])
        root = int(math.sqrt(self.atom(ends[0]) / self.atom(ends[1]) * off) * _ONE)
        tick, span = tick_from_sqrt_price(root), TICKS_PER_ARRAY * spacing
        home, thin = tick // span * span, worth / math.sqrt(self.atom(ends[0]) * self.atom(ends[1]))
        positions = [(home - ARRAYS * span, home + (ARRAYS + 1) * span - spacing, int(thin * 0.3) + 1)]
        for _ in range(self.rng.randint(3, 12)):
            low = (tick // spacing + self.rng.randint(-16, 6)) * spacing
            high = low + self.rng.randint(1, 16) * spacing
            positions.append((low, high, int(thin * 10.0 ** self.rng.uniform(-1.5, 0.7)) + 1))
        nets: dict[int, list[int]] = {}
        for low, high, liquidity in positions:
            nets.setdefault(low, []).append(liquidity)
            nets.setdefault(high, []).append(-liquidity)
        mint_a, mint_b = (base58.decode(each) for each in self.sides[name])
        data = encode_whirlpool(
            tick_spacing=spacing,
            fee_tier_index=spacing,
            fee_rate=self.rng.choice([400, 1_600, 3_000]),
            protocol_fee_rate=1_300,
            liquidity=sum(liquidity for low, high, liquidity in positions if low <= tick < high),
            sqrt_price=root,
            tick=tick,
            mint_a=mint_a,
            vault_a=key(f"{name}-va"),
            mint_b=mint_b,
            vault_b=key(f"{name}-vb"),
        )
        self.accounts[key(name)] = (owned.WHIRLPOOL, data)
        for step in range(-ARRAYS, ARRAYS + 1):
            start = home + step * span
            mine = {at: net for at, net in nets.items() if start <= at < start + span}
            ticks = {(at - start) // spacing: Tick(net=sum(net), gross=sum(map(abs, net))) for at, net in mine.items()}
            self.accounts[key(f"{name}-t{step}")] = (
                owned.WHIRLPOOL,
                encode_fixed_tick_array(key(name), start, ticks),
            )

    def _bin_pool(self, name: str, ends: tuple[int, int], worth: float, off: float) -> None:
        """Opens a DLMM pair: deep and shallow bins, some of them empty, a fee that may follow its volatility."""
        step = self.rng.choice([10, 20, 50])
        atoms = self.atom(ends[0]), self.atom(ends[1])
        active = round(math.log(atoms[0] / atoms[1] * off) / math.log(1.0 + step / 10_000.0))
        reach = 1_600 // step
        found = {at: self._bin(at, active, step, (worth / reach / 2.0, atoms)) for at in self._ids(active, reach)}
        indexes = sorted({at // BINS_PER_ARRAY for at in found})
        state = _lb_pair(active, step, sum(1 << index + BITMAP_ARRAYS for index in indexes))
        parameters = replace(
            state.parameters,
            base_factor=self.rng.choice([2, 10, 25]) * 10_000 // step,
            variable_fee_control=self.rng.choice([0, 0, 10_000]),
        )
        mints = (base58.decode(each) for each in self.sides[name])
        state = replace(
            state, parameters=parameters, **dict(zip(("mint_x", "mint_y"), mints, strict=True)), oracle=key("oracle")
        )
        self.accounts[key(name)] = (owned.METEORA_DLMM, encode_lb_pair(state))
        for index in indexes:
            bins = [found.get(index * BINS_PER_ARRAY + at, Bin(0, 0, 0)) for at in range(BINS_PER_ARRAY)]
            self._put_bins(name, index, bins)

    def _ids(self, active: int, reach: int) -> range:
        return range(active - reach, active + reach + 1)

    def _bin(self, at: int, active: int, step: int, value: tuple[float, tuple[float, float]]) -> Bin:
        dollars, atoms = value
        dollars *= 0.0 if at != active and self.rng.random() < 0.15 else 10.0 ** self.rng.uniform(-0.7, 0.7)
        bought = self.rng.uniform(0.1, 0.9) if at == active else float(at < active)
        return Bin(int(dollars / atoms[0] * (1.0 - bought)), int(dollars / atoms[1] * bought), bin_price(at, step))

    def _put_bins(self, name: str, index: int, bins: list[Bin] | tuple[Bin, ...]) -> None:
        data = encode_bin_array(key(name), index, bins, {})
        self.accounts[key(f"{name}-b{index}")] = (owned.METEORA_DLMM, data)

    # -- what an engine of it is made from

    def source(self, at: int) -> str:
        """Returns how an engine calls a venue: a pool's address, or exchange and pair of a book."""
        if at in self.books:
            return f"{VENUE}:{self.symbol(at)}"
        return base58.encode(key(self.names[at]))

    def symbol(self, at: int) -> str:
        """Returns a book's pair as its exchange writes it."""
        return "".join(self._assets(at))

    def _assets(self, at: int) -> tuple[str, str]:
        base, quote = self.ends[at]
        return _asset(base), _asset(quote)

    def setup(self, **changes: object) -> EngineSetup:
        """Returns what an engine of this market is made from: trades on chain cost the same, others by their size."""
        plain = super().setup()
        assets = sorted({token for at in self.books for token in self.ends[at]})
        depths = [
            Channel(FIRST_DEPTH + at, VENUE, VENUE, "binance.spot.depth", "depth", self.symbol(at)) for at in self.books
        ]
        pools = zip(self.names, self.venues, strict=False)
        own = {
            "channels": (*tiny().channels, *depths),
            "identities": tuple(Identity(VENUE, _asset(token), mint(token)) for token in assets),
            "instruments": tuple(Instrument(VENUE, self.symbol(at), *self._assets(at)) for at in self.books),
            "venue_fees": (VenueFee(VENUE, self.taker_ppm),),
            "pools": tuple(PoolRef(base58.encode(key(n)), base58.encode(OWNERS[venue.kind])) for n, venue in pools),
            "gates": replace(plain.gates, rebalancing_ppm=REBALANCING_PPM),
        }
        return super().setup(**(own | changes))

    def open(self) -> None:
        """Seeds and subscribes all there is."""
        super().open()
        for at, ladder in self.books.items():
            self.update += 1
            self.told[at] = self.update
            bids, asks = (texts(ladder.side(first=first)) for first in (True, False))
            self.frame(FIRST_DEPTH + at, {"lastUpdateId": self.update, "bids": bids, "asks": asks})
            self._tell(at, Change([], []))
        self.next_slot()

    # -- how it moves

    def pool(self, name: str) -> Pool:
        """Returns a pool as the chain holds it."""
        owner, data = self.accounts[key(name)]
        if owner == owned.METEORA_DLMM:
            pair = LbPair.decode(data)
            pool: Pool = DlmmState(pair, Bins(key(name), pair, None, self._arrays(name).values()))
        elif owner == owned.SABER:
            return StablePool(StableSwap.decode(data), self._held(name))
        elif owner == owned.WHIRLPOOL:
            arrays = [self.accounts[key(f"{name}-t{step}")][1] for step in range(-ARRAYS, ARRAYS + 1)]
            account = Whirlpool.decode(data)
            pool = WhirlpoolState(account, Ticks(account.tick_spacing, map(TickArray.decode, arrays)))
        else:
            pool = super().pool(name)
        fees = tuple(self.taxed.get(token) for token in self.ends[self.names.index(name)])
        return pool.with_transfer_fees(fees) if any(fees) else pool

    def _held(self, name: str) -> tuple[int, int]:
        vaults = (self.accounts[key(f"{name}-v{side}")][1] for side in ("a", "b"))
        first, second = (int.from_bytes(data[64:72], "little") for data in vaults)
        return first, second

    def _arrays(self, name: str) -> dict[int, BinArray]:
        bitmap = LbPair.decode(self.accounts[key(name)][1]).bitmap
        indexes = [bit - BITMAP_ARRAYS for bit in range(2 * BITMAP_ARRAYS) if bitmap >> bit & 1]
        return {index: BinArray.decode(self.accounts[key(f"{name}-b{index}")][1]) for index in indexes}

    @property
    def time(self) -> ChainTime:
        """The chain's clock as it was told last."""
        data = self.accounts[program.CLOCK][1]
        return ChainTime(self.slot, int.from_bytes(data[32:40], "little"), EPOCH)

    def swap(self, name: str, amount_in: int, *, a_to_b: bool) -> list[bytes]:
        """Swaps on the chain. Returns the accounts that changed."""
        owner, data = self.accounts[key(name)]
        if owner not in (owned.METEORA_DLMM, owned.SABER):
            return super().swap(name, amount_in, a_to_b=a_to_b)
        before = self.pool(name)
        _, after = before.swap(a_to_b, amount_in, ChainTime(self.slot, self.now_ns // 10**9, EPOCH))
        if owner == owned.SABER:
            vaults = [key(f"{name}-v{side}") for side in ("a", "b")]
            for vault, amount in zip(vaults, after.amounts, strict=True):
                self.accounts[vault] = (program.TOKEN, patch_token_amount(self.accounts[vault][1], amount))
            return vaults
        self.accounts[key(name)] = (owner, patch_lb_pair(data, after.account))
        changed = [index for index, array in after.bins.arrays.items() if array.bins != before.bins.arrays[index].bins]
        for index in changed:
            self._put_bins(name, index, after.bins.arrays[index].bins)
        return [key(name), *(key(f"{name}-b{index}") for index in changed)]

    def trade(self) -> int:
        """Swaps up to 3 % of a pool, or moves a book; tells it, and ends the slot. Returns which venue."""
        changed: list[bytes] = []
        while not changed:
            at = self.rng.randrange(len(self.venues))
            if at in self.books:
                self._tell(at, self.books[at].move())
                break
            changed = self._traded(at)
        for address in changed:
            self.notify(address)
        self.next_slot()
        return at

    def _traded(self, at: int) -> list[bytes]:
        """Returns the accounts that a random swap changed, none if the pool refused it."""
        pool, sell, size = self.pool(self.names[at]), self.rng.random() < 0.5, 10.0 ** self.rng.uniform(-3.5, -1.5)
        reserves = pool.virtual_reserves(sell, self.time)
        if reserves is None:
            return []
        amount = reserves[0] * size
        if self.venues[at].kind == "saber":
            # Its curve is flat: a swap of as much as bends it would empty the pool.
            amount = min(amount, self._held(self.names[at])[0 if sell else 1] * 3.0 * size)
        try:
            return self.swap(self.names[at], max(int(amount), 100), a_to_b=sell)
        except QuoteError:
            return []

    def _tell(self, at: int, change: Change) -> None:
        """Tells a change of a book's depth, or its ticker."""
        symbol = self.symbol(at)
        self.update += 1
        if change.is_ticker:
            (bid, bid_qty), (ask, ask_qty) = change.bids[0], change.asks[0]
            best = {"b": text(bid), "B": text(bid_qty), "a": text(ask), "A": text(ask_qty)}
            data = {"u": self.update, "s": symbol, **best}
            self.frame(EXCHANGE, {"stream": f"{symbol.lower()}@bookTicker", "data": data})
            return
        data = {
            "e": "depthUpdate",
            "E": self.now_ns // 10**6 - 20,
            "s": symbol,
            "U": self.told[at] + 1,
            "u": self.update,
            "b": texts(change.bids),
            "a": texts(change.asks),
        }
        self.told[at] = self.update
        self.frame(EXCHANGE, {"stream": f"{symbol.lower()}@depth@100ms", "data": data})


def _asset(token: int) -> str:
    """Returns what an exchange calls a token."""
    return "SOL" if token == 0 else "USDC" if token == 1 else f"T{token}"


def _lb_pair(active: int, step: int, bitmap: int) -> LbPair:
    """Returns a pair but for its terms and mints."""
    return LbPair(
        parameters=StaticParameters(
            base_factor=0,
            filter_period=30,
            decay_period=600,
            reduction_factor=5_000,
            variable_fee_control=0,
            max_volatility_accumulator=150_000,
            min_bin_id=-MAX_BIN_ID,
            max_bin_id=MAX_BIN_ID,
            protocol_share=1_000,
            base_fee_power_factor=0,
            function_type=1,
            collect_fee_mode=0,
        ),
        volatility=VariableParameters(0, 0, active, 0),
        pair_type=0,
        active_id=active,
        bin_step=step,
        status=0,
        activation_type=0,
        mint_x=bytes(32),
        mint_y=bytes(32),
        reserve_x=key("reserve-x"),
        reserve_y=key("reserve-y"),
        protocol_fee_x=0,
        protocol_fee_y=0,
        reward_mints=(bytes(32), bytes(32)),
        oracle=bytes(32),
        bitmap=bitmap,
        activation_point=0,
    )
