"""What Binance lists: its own symbols, grids and leanings around the one fair price."""

from __future__ import annotations

from cambist.simulator.books import Listing

LISTINGS: tuple[Listing, ...] = (
    Listing("SOLUSDT", "SOL", "USDT", "SOL", "USDT", 1_000_000, 100_000, 5, 9_000.0, 16.0),
    Listing("SOLUSDC", "SOL", "USDC", "SOL", "USDC", 1_000_000, 100_000, 5, 5_000.0, 12.0),
    Listing("JUPUSDT", "JUP", "USDT", "JUP", "USDT", 10_000, 10_000_000, 5, 1_500.0, 5.0),
    Listing("BONKUSDT", "BONK", "USDT", "BONK", "USDT", 1, 100_000_000, 1, 2_500.0, 5.0),
    Listing("RAYUSDT", "RAY", "USDT", "RAY", "USDT", 100_000, 10_000_000, 5, 1_200.0, 4.0),
    Listing("WIFUSDT", "WIF", "USDT", "WIF", "USDT", 10_000, 1_000_000, 5, 2_000.0, 6.0),
    Listing("PYTHUSDT", "PYTH", "USDT", "PYTH", "USDT", 10_000, 10_000_000, 5, 1_200.0, 4.0),
    Listing("ORCAUSDT", "ORCA", "USDT", "ORCA", "USDT", 100_000, 1_000_000, 5, 900.0, 3.0),
    Listing("USDCUSDT", "USDC", "USDT", "USDC", "USDT", 10_000, 100_000_000, 5, 60_000.0, 4.0),
)
