"""The price of each leg against that of other venues."""

from __future__ import annotations

import math
from fractions import Fraction
from statistics import median
from typing import TYPE_CHECKING

import msgspec

from cambist.engine.protocol import PriceView
from cambist.model.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.engine.protocol import Engine
    from cambist.model.opportunity import Opportunity

PPM = 1_000_000


class _Shown(msgspec.Struct):
    prices: tuple[PriceView, ...] = ()


_SHOWN = msgspec.json.Decoder(_Shown)


class Band:
    """Holds the legs of a route against the median of the prices at venues that it doesn't trade over.

    Exact: prices are taken as the fractions that they are. A price is of a token in a unit; two tokens have a rate if
    both have a price in the same unit, and a unit is worth one of itself.
    """

    def __init__(self, ppm: int, decimals: dict[str, int], *, closed: bool) -> None:
        self._ppm, self._decimals, self._closed = ppm, decimals, closed

    def refusal(
        self, engine: Engine, opportunity: Opportunity, venues: Sequence[str], now_ns: int
    ) -> tuple[Refusal, str] | None:
        """Returns which leg is out of the band, or has no price elsewhere where that closes; else `None`."""
        prices = fair_prices(_SHOWN.decode(engine.present(now_ns)).prices, venues)
        route, tokens, amount = opportunity.route, opportunity.tokens, opportunity.amount_in
        for at, edge in enumerate(route):
            quote = engine.quote_route(route[: at + 1], opportunity.amount_in, now_ns)
            before, amount = amount, quote.amount_out
            implied = self._rate(tokens[at], before, tokens[at + 1], amount)
            fair = fair_rate(prices, tokens[at], tokens[at + 1])
            if quote.reason or implied is None or fair is None:
                if self._closed:
                    return Refusal.BAND_UNKNOWN, f"{edge} {quote.reason}".rstrip()
                continue
            off = abs(implied / fair - 1) * PPM
            if off > self._ppm:
                return Refusal.BAND, f"{edge}: {math.ceil(off)} ppm off, {self._ppm} allowed"
        return None

    def _rate(self, token_in: str, amount_in: int, token_out: str, amount_out: int) -> Fraction | None:
        """Returns whole tokens out for a whole token in; `None` without both decimals or both amounts."""
        first, second = self._decimals.get(token_in), self._decimals.get(token_out)
        if first is None or second is None or amount_in <= 0 or amount_out <= 0:
            return None
        return Fraction(amount_out * 10**first, amount_in * 10**second)


def fair_prices(rows: Sequence[PriceView], venues: Sequence[str]) -> dict[tuple[str, str], Fraction]:
    """Returns (mint, unit) → median of the mids at other venues than `venues` that can be used."""
    found: dict[tuple[str, str], list[Fraction]] = {}
    for row in rows:
        if not row.usable or row.synthetic or not row.mint or not row.unit or row.venue in venues:
            continue
        bid, ask = row.bid, row.ask
        if bid is None or ask is None or not (math.isfinite(bid) and math.isfinite(ask) and 0 < bid <= ask):
            continue
        found.setdefault((row.mint, row.unit), []).append((Fraction(bid) + Fraction(ask)) / 2)
    return {key: median(mids) for key, mids in found.items()}


def fair_rate(prices: dict[tuple[str, str], Fraction], token_in: str, token_out: str) -> Fraction | None:
    """Returns whole `token_out` for a whole `token_in`, in the first unit (by mint) that both have a price in."""
    for unit in sorted({unit for _, unit in prices}):
        first = Fraction(1) if token_in == unit else prices.get((token_in, unit))
        second = Fraction(1) if token_out == unit else prices.get((token_out, unit))
        if first is not None and second is not None:
            return first / second
    return None
