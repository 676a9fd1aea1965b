"""What each exchange lists: its own symbols, grids and leanings around the one fair price."""

from __future__ import annotations

from cambist.simulator.books import LISTINGS, Listing

VENUES = ("binance", "kraken", "okx", "bybit", "coinbase")

KRAKEN: tuple[Listing, ...] = (
    Listing("SOL/USD", "SOL", "USD", "SOL", "USD", 1_000_000, 1, 1, 5_000.0, 8.0, 0.00004),
    Listing("USDC/USD", "USDC", "USD", "USDC", "USD", 10_000, 1, 1, 40_000.0, 2.0, -0.00001),
    Listing("JUP/USD", "JUP", "USD", "JUP", "USD", 10_000, 1, 1, 900.0, 2.0, 0.0002),
    Listing("BONK/USD", "BONK", "USD", "BONK", "USD", 1, 1_000, 1, 1_200.0, 2.0, -0.0003),
    Listing("WIF/USD", "WIF", "USD", "WIF", "USD", 10_000, 1, 1, 1_000.0, 2.0, 0.0001),
    Listing("BTC/USD", "BTC", "USD", "SOL", "USD", 10_000_000, 1, 1, 60_000.0, 6.0, 0.0, 610.0),
)
"""BTC follows SOL here: it is listed because its name differs between Kraken's two programming interfaces."""

OKX: tuple[Listing, ...] = (
    Listing("SOL-USDT", "SOL", "USDT", "SOL", "USDT", 1_000_000, 100, 1, 8_000.0, 14.0, -0.00003),
    Listing("SOL-USDC", "SOL", "USDC", "SOL", "USDC", 1_000_000, 100, 1, 3_000.0, 6.0, 0.00005),
    Listing("JUP-USDT", "JUP", "USDT", "JUP", "USDT", 10_000, 100, 1, 1_100.0, 4.0, -0.0001),
    Listing("BONK-USDT", "BONK", "USDT", "BONK", "USDT", 1, 100_000_000, 1, 1_800.0, 4.0, 0.0002),
    Listing("WIF-USDT", "WIF", "USDT", "WIF", "USDT", 10_000, 10_000, 1, 1_400.0, 4.0, 0.00015),
    Listing("USDC-USDT", "USDC", "USDT", "USDC", "USDT", 1_000, 100, 1, 50_000.0, 3.0, 0.00001),
)

BYBIT: tuple[Listing, ...] = (
    Listing("SOLUSDT", "SOL", "USDT", "SOL", "USDT", 1_000_000, 100_000, 5, 8_500.0, 15.0, 0.00002),
    Listing("SOLUSDC", "SOL", "USDC", "SOL", "USDC", 1_000_000, 100_000, 5, 2_500.0, 5.0, -0.00006),
    Listing("JUPUSDT", "JUP", "USDT", "JUP", "USDT", 10_000, 1_000_000, 5, 1_000.0, 4.0, 0.0001),
    Listing("BONKUSDT", "BONK", "USDT", "BONK", "USDT", 1, 10_000_000, 5, 2_000.0, 4.0, -0.0002),
    Listing("WIFUSDT", "WIF", "USDT", "WIF", "USDT", 10_000, 1_000_000, 5, 1_500.0, 4.0, -0.0001),
    Listing("PYTHUSDT", "PYTH", "USDT", "PYTH", "USDT", 10_000, 1_000_000, 5, 900.0, 3.0, 0.0002),
    Listing("USDCUSDT", "USDC", "USDT", "USDC", "USDT", 10_000, 1_000_000, 5, 50_000.0, 3.0, -0.00001),
)

COINBASE: tuple[Listing, ...] = (
    Listing("SOL-USD", "SOL", "USD", "SOL", "USD", 1_000_000, 1, 1, 7_000.0, 12.0, 0.00003),
    Listing("USDT-USD", "USDT", "USD", "USDT", "USD", 1_000, 1_000_000, 1, 50_000.0, 3.0, 0.00001),
    Listing("USDT-USDC", "USDT", "USDC", "USDT", "USDC", 1_000, 1_000_000, 1, 30_000.0, 2.0, -0.00001),
    Listing("JUP-USD", "JUP", "USD", "JUP", "USD", 10_000, 10_000_000, 1, 900.0, 3.0, -0.0002),
    Listing("BONK-USD", "BONK", "USD", "BONK", "USD", 1, 100_000_000, 1, 1_500.0, 3.0, 0.0001),
    Listing("WIF-USD", "WIF", "USD", "WIF", "USD", 10_000, 1_000_000, 1, 1_200.0, 3.0, 0.0002),
)

LISTED: dict[str, tuple[Listing, ...]] = {
    "binance": LISTINGS,
    "kraken": KRAKEN,
    "okx": OKX,
    "bybit": BYBIT,
    "coinbase": COINBASE,
}
