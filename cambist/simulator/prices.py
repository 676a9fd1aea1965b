"""Hidden fair prices: correlated jump-diffusions with calm and stormy regimes.

Nobody trades at a fair price; traders only lean towards it. A step is a product of small returns, so no exponential
is needed. A weak pull towards the opening price keeps a market that runs for days inside its pools' ranges.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from cambist.simulator.draw import Draw


class Asset(NamedTuple):
    """How a token's fair price moves. Volatilities are per √slot as a fraction."""

    symbol: str
    price: float
    """Opening price in US dollars."""
    beta_market: float
    beta_sol: float
    own: float
    """Own noise per √slot."""
    jumps: float
    """Chance of a jump per slot in calm weather."""
    jump_size: float
    """Standard deviation of a jump."""
    follows: str = ""
    """Symbol whose price this one is a slowly growing multiple of (a liquid staking token), or empty."""


ASSETS: tuple[Asset, ...] = (
    Asset("SOL", 172.40, 1.0, 1.0, 0.00004, 0.0008, 0.0018),
    Asset("USDC", 1.0, 0.0, 0.0, 0.000004, 0.0, 0.0),
    Asset("USDT", 0.9998, 0.0, 0.0, 0.000008, 0.0002, 0.0003),
    Asset("mSOL", 1.2310, 0.0, 0.0, 0.000006, 0.0004, 0.0006, "SOL"),
    Asset("jitoSOL", 1.1780, 0.0, 0.0, 0.000006, 0.0004, 0.0006, "SOL"),
    Asset("BONK", 0.00002187, 0.8, 1.1, 0.00026, 0.0030, 0.0050),
    Asset("JUP", 0.8413, 0.9, 0.9, 0.00018, 0.0020, 0.0035),
    Asset("RAY", 2.914, 0.7, 0.9, 0.00020, 0.0020, 0.0040),
    Asset("ORCA", 2.236, 0.6, 0.8, 0.00020, 0.0016, 0.0040),
    Asset("PYTH", 0.1873, 0.9, 0.8, 0.00020, 0.0020, 0.0040),
    Asset("WIF", 1.0820, 1.1, 1.2, 0.00030, 0.0034, 0.0060),
    Asset("KELP", 0.4120, 0.4, 0.6, 0.00030, 0.0030, 0.0060),
    Asset("TIDE", 12.350, 0.5, 0.6, 0.00022, 0.0020, 0.0045),
    Asset("MOTH", 0.003316, 0.6, 1.0, 0.00038, 0.0040, 0.0080),
    Asset("QUILL", 0.06648, 0.5, 0.7, 0.00028, 0.0030, 0.0060),
    Asset("TOLL", 0.2750, 0.4, 0.6, 0.00026, 0.0024, 0.0050),
)
"""Symbols up to WIF are real tokens with their real mints; the rest exist only here."""

MARKET_STEP = 0.00009
SOL_STEP = 0.00010
PULL = 2.0e-5
"""Share of the distance to the opening price that one slot takes back: a half-life of about four hours."""


class Weather:
    """The regime: calm, or a storm of some slots in which volatility, jumps, flow and fees are higher."""

    CALM_SLOTS = 420
    STORM_SLOTS = 110

    def __init__(self, seed: int) -> None:
        self._draw = Draw(seed, "weather")
        self.storm = 0.0
        """0 in calm weather, up to 1 at a storm's height; it ramps over about ten slots."""
        self._target = 0.0
        self._left = self._length(self.CALM_SLOTS // 2)

    def step(self) -> None:
        """Moves by one slot."""
        self._left -= 1
        if self._left <= 0:
            calm = self._target > 0.0
            self._target = 0.0 if calm else self._draw.between(0.5, 1.0)
            self._left = self._length(self.CALM_SLOTS if calm else self.STORM_SLOTS)
        self.storm += (self._target - self.storm) * 0.15

    def _length(self, mean: int) -> int:
        return int(mean * self._draw.between(0.4, 1.6))


class FairPrices:
    """The hidden prices in dollars."""

    def __init__(self, seed: int, assets: tuple[Asset, ...] = ASSETS, *, jumps: float = 1.0) -> None:
        """`jumps` scales how often prices jump."""
        self._jumps = jumps
        self._draw = Draw(seed, "prices")
        self._assets = assets
        self._index = {asset.symbol: i for i, asset in enumerate(assets)}
        self._opening = [asset.price for asset in assets]
        self._ratio = [asset.price for asset in assets]
        """Price, or multiple of the followed price."""
        self.usd: dict[str, float] = {}
        """Symbol → dollars per whole token."""
        self._publish()

    def step(self, storm: float, part: float) -> None:
        """Moves by `part` of a slot (0 < part ≤ 1)."""
        draw, root = self._draw, math.sqrt(part)
        wild = 1.0 + 2.2 * storm
        market = draw.normal() * MARKET_STEP * root * wild
        sol = draw.normal() * SOL_STEP * root * wild
        if draw.unit() < 0.0006 * self._jumps * part * (1.0 + 6.0 * storm):
            market += draw.normal() * 0.0022
        for i, asset in enumerate(self._assets):
            move = asset.beta_market * market + asset.beta_sol * sol + draw.normal() * asset.own * root * wild
            if asset.jumps and draw.unit() < asset.jumps * self._jumps * part * (1.0 + 3.0 * storm):
                move += draw.normal() * asset.jump_size
            ratio = self._ratio[i]
            move += PULL * part * (self._opening[i] / ratio - 1.0)
            self._ratio[i] = ratio * (1.0 + move)
        self._publish()

    def _publish(self) -> None:
        for i, asset in enumerate(self._assets):
            base = self.usd[asset.follows] if asset.follows else 1.0
            self.usd[asset.symbol] = self._ratio[i] * base
