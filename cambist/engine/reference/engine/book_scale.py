"""The exact step between token atoms and book quantities, in orders that the venue takes.

Quantities of books are integers of 10⁻⁸, prices of their instrument's scale. What one receives is rounded down, what
one pays is rounded up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from cambist.engine.reference.exchanges.decimal import one, units
from cambist.engine.reference.search.log2 import log2_ratio

if TYPE_CHECKING:
    from cambist.engine.reference.book.order_book import OrderBook
    from cambist.engine.reference.exchanges import Instrument
    from cambist.engine.reference.exchanges.decimal import PriceScale

ONE8 = 100_000_000
PPM = 1_000_000
U64 = (1 << 64) - 1
U128 = (1 << 128) - 1


class TradingRules(NamedTuple):
    """What a venue asks of an order on one instrument, × 10⁸, the tick at its book's scale.

    `None` if unknown, 0 if the venue switched it off.
    """

    tick: int | None = None
    """Of prices."""
    step: int | None = None
    """Of quantities of the base."""
    min_notional: int | None = None
    """In the quote."""

    @classmethod
    def of(cls, instrument: Instrument, scale: PriceScale) -> TradingRules:
        """Returns what a venue's list says of an instrument whose book has this scale."""
        tick = instrument.tick
        if tick is not None:
            tick = min(tick * units(instrument.price_decimals, scale), U64)
        return cls(tick, instrument.step, instrument.min_notional)

    @property
    def limits(self) -> tuple[int, int]:
        """(step, least notional) as far as they bear on an order: quantities have no more than 8 places anyway."""
        return max(self.step or 0, 1), self.least8

    @property
    def least8(self) -> int:
        """The least notional, 0 if there is none."""
        return self.min_notional or 0

    def whole(self, quantity8: int) -> int:
        """Returns the most of a quantity that can be ordered."""
        return quantity8 - quantity8 % self.limits[0]


NO_RULES: Final = TradingRules()
"""Any order: within the depth, what is quoted without them is never less."""


@dataclass(slots=True)
class Scale:
    """Decimals of a book's two tokens and its prices, and its taker fee: all that its exact steps need."""

    base: int
    quote: int
    price: PriceScale
    taker_ppm: int

    def sell(self, book: OrderBook, amount: int, rules: TradingRules) -> tuple[int, int] | None:
        """Returns (atoms of quote, fee in atoms of base) for selling base.

        `None` if the book is too short or the order too small. The base beyond the last whole step counts as lost,
        though one keeps it: nothing of it is in what is paid.
        """
        got8 = book.sell(rules.whole(amount * ONE8 // 10**self.base))
        if got8 is None or got8 < rules.least8:
            return None
        return self.net(got8, self.quote), self._fee(amount)

    def buy(self, book: OrderBook, amount: int, rules: TradingRules) -> tuple[int, int] | None:
        """Returns (atoms of base, fee in atoms of quote) for spending quote.

        `None` if the book is too short or the order too small. The quote that would buy a part of a step counts as
        spent, though one keeps it.
        """
        got8 = book.buy(amount * ONE8 // 10**self.quote)
        if got8 is None:
            return None
        got8 = rules.whole(got8)
        # The venue looks at what the order is worth, not at what one would have spent.
        if rules.least8:
            worth8 = book.cost(got8)
            if worth8 is None or worth8 < rules.least8:
                return None
        return self.net(got8, self.base), self._fee(amount)

    def ordered(self, book: OrderBook, amount: int, rules: TradingRules, *, sells: bool) -> int | None:
        """Returns the quantity of base that an order takes of a book; `None` if that is too short."""
        given8 = amount * ONE8 // 10 ** (self.base if sells else self.quote)
        base8 = given8 if sells else book.buy(given8)
        return None if base8 is None else rules.whole(base8)

    def is_deep(self, book: OrderBook, amount: int, rules: TradingRules, *, sells: bool) -> bool:
        """Returns whether a book has as much as an order takes, of bids if it sells."""
        given8 = amount * ONE8 // 10 ** (self.base if sells else self.quote)
        if given8 > U64:
            return True
        return (book.sell(rules.whole(given8)) if sells else book.buy(given8)) is not None

    def net(self, got8: int, decimals: int) -> int:
        """Returns what is left of a quantity of 10⁻⁸ after the fee, in atoms."""
        net8 = got8 - -(-got8 * self.taker_ppm // PPM)
        return net8 * int(10**decimals) // ONE8

    def _fee(self, amount: int) -> int:
        return -(-amount * self.taker_ppm // PPM)

    def sell_rate(self, price: int) -> tuple[int, int] | None:
        """Returns quote atoms per base atom at the best bid, net of fee, as numerator and denominator."""
        return ratio(price * (PPM - self.taker_ppm) * 10**self.quote, one(self.price) * PPM * 10**self.base)

    def buy_rate(self, price: int) -> tuple[int, int] | None:
        """Returns base atoms per quote atom at the best ask, net of fee, as numerator and denominator."""
        return ratio(one(self.price) * (PPM - self.taker_ppm) * 10**self.base, price * PPM * 10**self.quote)


def ratio(num: int, den: int) -> tuple[int, int] | None:
    """Returns the pair if it can be a rate: both positive and within 128 bits."""
    return (num, den) if 0 < num <= U128 and 0 < den <= U128 else None


def weight(rate: tuple[int, int] | None) -> int | None:
    """Returns −log2 of a rate in fixed point."""
    if rate is None:
        return None
    log = log2_ratio(*rate)
    return None if log is None else -log
