"""What OKX lists: its own symbols, grids and leanings around the one fair price."""

from __future__ import annotations

from cambist.simulator.books import Listing

LISTINGS: tuple[Listing, ...] = (
    Listing("SOL-USDT", "SOL", "USDT", "SOL", "USDT", 1_000_000, 100, 1, 8_000.0, 14.0, -0.00003),
    Listing("SOL-USDC", "SOL", "USDC", "SOL", "USDC", 1_000_000, 100, 1, 3_000.0, 6.0, 0.00005),
    Listing("JUP-USDT", "JUP", "USDT", "JUP", "USDT", 10_000, 100, 1, 1_100.0, 4.0, -0.0001),
    Listing("BONK-USDT", "BONK", "USDT", "BONK", "USDT", 1, 100_000_000, 1, 1_800.0, 4.0, 0.0002),
    Listing("WIF-USDT", "WIF", "USDT", "WIF", "USDT", 10_000, 10_000, 1, 1_400.0, 4.0, 0.00015),
    Listing("USDC-USDT", "USDC", "USDT", "USDC", "USDT", 1_000, 100, 1, 50_000.0, 3.0, 0.00001),
)
