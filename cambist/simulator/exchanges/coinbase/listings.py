"""What Coinbase lists: its own symbols, grids and leanings around the one fair price."""

from __future__ import annotations

from cambist.simulator.books import Listing

LISTINGS: tuple[Listing, ...] = (
    Listing("SOL-USD", "SOL", "USD", "SOL", "USD", 1_000_000, 1, 1, 7_000.0, 12.0, 0.00003),
    Listing("USDT-USD", "USDT", "USD", "USDT", "USD", 1_000, 1_000_000, 1, 50_000.0, 3.0, 0.00001),
    Listing("USDT-USDC", "USDT", "USDC", "USDT", "USDC", 1_000, 1_000_000, 1, 30_000.0, 2.0, -0.00001),
    Listing("JUP-USD", "JUP", "USD", "JUP", "USD", 10_000, 10_000_000, 1, 900.0, 3.0, -0.0002),
    Listing("BONK-USD", "BONK", "USD", "BONK", "USD", 1, 100_000_000, 1, 1_500.0, 3.0, 0.0001),
    Listing("WIF-USD", "WIF", "USD", "WIF", "USD", 10_000, 1_000_000, 1, 1_200.0, 3.0, 0.0002),
)
