"""What Kraken lists: its own symbols, grids and leanings around the one fair price."""

from __future__ import annotations

from cambist.simulator.books import Listing

LISTINGS: tuple[Listing, ...] = (
    Listing("SOL/USD", "SOL", "USD", "SOL", "USD", 1_000_000, 1, 1, 5_000.0, 8.0, 0.00004),
    Listing("USDC/USD", "USDC", "USD", "USDC", "USD", 10_000, 1, 1, 40_000.0, 2.0, -0.00001),
    Listing("JUP/USD", "JUP", "USD", "JUP", "USD", 10_000, 1, 1, 900.0, 2.0, 0.0002),
    Listing("BONK/USD", "BONK", "USD", "BONK", "USD", 1, 1_000, 1, 1_200.0, 2.0, -0.0003),
    Listing("WIF/USD", "WIF", "USD", "WIF", "USD", 10_000, 1, 1, 1_000.0, 2.0, 0.0001),
    Listing("BTC/USD", "BTC", "USD", "SOL", "USD", 10_000_000, 1, 1, 60_000.0, 6.0, 0.0, 610.0),
)
"""BTC follows SOL here: it is listed because its name differs between the exchange's two programming interfaces."""
