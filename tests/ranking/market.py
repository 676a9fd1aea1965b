"""Random markets of many pools on chain, told to an engine in real layouts and frames."""

import math
import random

from cambist.config.settings import Bidding, Gates, Search
from cambist.engine.protocol import EngineSetup
from cambist.engine.reference.chain import base58
from cambist.engine.reference.venues import owned
from cambist.model.events import RecordKind
from cambist.model.market import PoolRef, Token
from tests.parity.markets import SOL, USDC, WS, Market, key, setup

SOL_PRICE = 150.0
CAPS = {SOL: 60 * 10**9, USDC: 9_000 * 10**6}
MIN_TIP = 10_000
HOPS = 4


def mint(at: int) -> str:
    """Returns the mint of a token by its number: SOL, the quote token, others."""
    return (SOL, USDC)[at] if at < 2 else base58.encode(key(f"mint-{at}"))


class RandomMarket(Market):
    """8 to 16 tokens and 20 to 55 pools between them, off their prices by some tenths of a percent.

    With `hubs` four of five pools join SOL or the quote token, so that one trade closes thousands of cycles.
    """

    def __init__(self, seed: int, *, hubs: bool) -> None:
        self.rng = rng = random.Random(seed)
        self.tokens = rng.randint(8, 16)
        self.prices = [SOL_PRICE, 1.0, *(math.exp(rng.uniform(-4, 4)) for _ in range(self.tokens - 2))]
        self.places = [9, 6, *(rng.choice([5, 6, 8, 9]) for _ in range(self.tokens - 2))]
        self.ends: list[tuple[int, int]] = [(0, 1), (0, 1)]
        for _ in range(rng.randint(18, 53)):
            near = rng.randrange(2) if rng.random() < (0.8 if hubs else 0.4) else rng.randrange(self.tokens)
            far = rng.choice([token for token in range(self.tokens) if token != near])
            self.ends.append((near, far))
        self.names = [f"pool-{at:02}" for at in range(len(self.ends))]
        sides = {name: (mint(a), mint(b)) for name, (a, b) in zip(self.names, self.ends, strict=True)}
        super().__init__(sides=sides, decimals={mint(at): places for at, places in enumerate(self.places)})

    def _pools(self) -> None:
        for at, (a, b) in enumerate(self.ends):
            worth = 10.0 ** (self.rng.uniform(5.5, 7.0) if at < 2 else self.rng.uniform(3.0, 7.0))
            off = math.exp(self.rng.gauss(0.0, 0.0 if at == 0 else 0.003))
            amounts = [worth / self.prices[side] * 10.0 ** self.places[side] for side in (a, b)]
            self._ray(self.names[at], max(1_000, int(amounts[0])), max(1_000, int(amounts[1] * off)))

    def setup(self, **changes) -> EngineSetup:
        """Returns what an engine of this market is made from: all trades cost the same."""
        tokens = [Token(mint(at), f"T{at}", places) for at, places in enumerate(self.places)]
        tokens[:2] = [Token(SOL, "SOL", 9, True, 1), Token(USDC, "USDC", 6, True, 2)]
        own = {
            "tokens": tuple(tokens),
            "identities": (),
            "instruments": (),
            "venue_fees": (),
            "pools": tuple(PoolRef(base58.encode(key(n)), base58.encode(owned.RAYDIUM_V4)) for n in self.names),
            "search": Search(max_hops=HOPS, margin_ppm=300),
            "gates": Gates(caps=CAPS, min_net_ppm=1, max_unconfirmed_ppm=1_000_000),
            "bidding": Bidding(floor_micro_lamports=0, tip_ppm_of_gross=0, min_tip_lamports=MIN_TIP),
        }
        return setup(**(own | changes))

    def open(self) -> None:
        """Seeds and subscribes all there is."""
        self.record(RecordKind.CONNECTED, b'{"label":"node A"}', channel=WS, generation=1)
        self.next_slot()
        pools = [key(name) for name in self.names]
        self.seed_all(pools)
        self.seed_all([each for each in self.accounts if each not in pools])
        for address in self.accounts:
            self.subscribe(address)
        self.fees([0, 0, 0])
        self.next_slot()
        self.next_slot()

    def seed_all(self, keys: list[bytes]) -> None:
        """Asks for accounts by the hundred."""
        for at in range(0, len(keys), 100):
            self.seed(keys[at : at + 100])

    def source(self, at: int) -> str:
        """Returns how an engine calls a pool."""
        return base58.encode(key(self.names[at]))

    def reserves(self, at: int) -> tuple[int, int]:
        """Returns what a pool's vaults hold."""
        amounts = self.pool(self.names[at]).amounts
        return amounts[0], amounts[1]

    def trade(self) -> int:
        """Swaps up to 3 % of a pool, tells it, and ends the slot. Returns which pool."""
        at = self.rng.randrange(len(self.names))
        sell = self.rng.random() < 0.5
        amount = int(self.reserves(at)[0 if sell else 1] * self.rng.uniform(0.0005, 0.03))
        for address in self.swap(self.names[at], max(amount, 100), a_to_b=sell):
            self.notify(address)
        self.next_slot()
        return at
