"""What Bybit lists: its own symbols, grids and leanings around the one fair price."""

from __future__ import annotations

from cambist.simulator.books import Listing

LISTINGS: tuple[Listing, ...] = (
    Listing("SOLUSDT", "SOL", "USDT", "SOL", "USDT", 1_000_000, 100_000, 5, 8_500.0, 15.0, 0.00002),
    Listing("SOLUSDC", "SOL", "USDC", "SOL", "USDC", 1_000_000, 100_000, 5, 2_500.0, 5.0, -0.00006),
    Listing("JUPUSDT", "JUP", "USDT", "JUP", "USDT", 10_000, 1_000_000, 5, 1_000.0, 4.0, 0.0001),
    Listing("BONKUSDT", "BONK", "USDT", "BONK", "USDT", 1, 10_000_000, 5, 2_000.0, 4.0, -0.0002),
    Listing("WIFUSDT", "WIF", "USDT", "WIF", "USDT", 10_000, 1_000_000, 5, 1_500.0, 4.0, -0.0001),
    Listing("PYTHUSDT", "PYTH", "USDT", "PYTH", "USDT", 10_000, 1_000_000, 5, 900.0, 3.0, 0.0002),
    Listing("USDCUSDT", "USDC", "USDT", "USDC", "USDT", 10_000, 1_000_000, 5, 50_000.0, 3.0, -0.00001),
)
