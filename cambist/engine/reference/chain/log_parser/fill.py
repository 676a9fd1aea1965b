"""A fill of an order book as its program reports it: one maker's order, in the market's own lots."""

from __future__ import annotations

from typing import NamedTuple


class FillEvent(NamedTuple):
    """One maker's order that a taker met, wholly or in part."""

    venue: str
    market: bytes
    maker: bytes
    taker: bytes
    """Who signed the call, where the program names no other."""
    taker_buys: bool
    price: int
    """Quote lots per base lot, or ticks of the market. Before fees."""
    base_lots: int
    sequence: int
    """Of the maker's order, or of the fill among the market's events."""
