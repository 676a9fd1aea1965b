"""What amounts of base tokens are worth together: in the first of them, at prices that are young enough, or unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.model.text import short
from cambist.view import Valued

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cambist.engine.protocol import EngineSetup, PriceView
    from cambist.model.valuation import Valuing
    from cambist.runtime.words import Names

NS_PER_MS = 1_000_000
BELIEVED = ("live", "injected")


class Price(NamedTuple):
    """A price that may value a sum."""

    mint: str
    price: float
    """Quote tokens for a whole one."""
    venue: str
    source: str
    age_ns: int


class Sum(NamedTuple):
    """Amounts added up, in atoms of the first base token; `None` is unknown."""

    atoms: int | None
    valued: Valued
    prices: tuple[Price, ...]


class NoPrice(Exception):
    """Why an amount can't be valued."""


def unit_of(setup: EngineSetup) -> str:
    """Returns the mint that sums are in: the first base token, SOL where there is none."""
    ranked = [token for token in setup.tokens if token.base]
    return min(ranked, key=lambda token: token.base).mint if ranked else setup.sol_mint


class Unit(NamedTuple):
    """What sums are in."""

    mint: str
    label: str
    decimals: int


def named_unit(setup: EngineSetup, names: Names) -> Unit:
    """Returns what sums are in, called as SOL is without a token table."""
    mint = unit_of(setup)
    return Unit(mint, names.symbol(mint), names.decimals(mint)) if names.knows(mint) else Unit(mint, "SOL", 9)


class Valuer:
    """Adds amounts up at the prices of one moment."""

    def __init__(
        self, setup: EngineSetup, rules: Valuing, names: Names, prices: Sequence[PriceView], now_ns: int
    ) -> None:
        self.unit = unit_of(setup)
        self._quote, self._rules, self._names, self._now_ns = setup.quote_mint, rules, names, now_ns
        self._rows: dict[str, list[PriceView]] = {}
        for row in prices:
            if row.unit == setup.quote_mint:
                self._rows.setdefault(row.mint, []).append(row)
        self._known: dict[str, Price] = {}

    def sum(self, amounts: Mapping[str, int]) -> Sum:
        """Returns what amounts (mint → atoms) are together."""
        used: dict[str, Price] = {}
        try:
            total = sum(self._worth(mint, atoms, used) for mint, atoms in sorted(amounts.items()))
        except NoPrice as missing:
            return Sum(None, Valued(reason=str(missing)), tuple(used.values()))
        oldest = max(used.values(), key=lambda price: price.age_ns, default=None)
        if oldest is None:
            return Sum(total, Valued(), ())
        return Sum(total, Valued("", oldest.venue, short(oldest.source), oldest.age_ns), tuple(used.values()))

    def worth(self, mint: str, atoms: int) -> int | None:
        """Returns what one amount is, `None` if it can't be valued."""
        try:
            return self._worth(mint, atoms, {})
        except NoPrice:
            return None

    def _worth(self, mint: str, atoms: int, used: dict[str, Price]) -> int:
        if mint == self.unit or not atoms:
            return atoms
        whole = atoms / float(10 ** self._decimals(mint))
        ratio = self._price(mint, used) / self._price(self.unit, used)
        return round(whole * ratio * float(10 ** self._decimals(self.unit)))

    def _decimals(self, mint: str) -> int:
        if not self._names.knows(mint):
            message = f"no decimals of {short(mint)}"
            raise NoPrice(message)
        return self._names.decimals(mint)

    def _price(self, mint: str, used: dict[str, Price]) -> float:
        if mint == self._quote:
            return 1.0
        price = self._known.get(mint) or self._found(mint)
        self._known[mint] = used[mint] = price
        return price.price

    def _found(self, mint: str) -> Price:
        """Returns the price of the reference venue, or of the deepest other one that may be used."""
        allowed, symbol = self._rules.sources, self._names.symbol(mint)
        rows = [
            row
            for row in self._rows.get(mint, [])
            if row.unit == self._quote and not row.synthetic and row.bid and row.ask
            if not allowed or row.venue in allowed
        ]
        limit_ns = self._rules.max_age_ms * NS_PER_MS
        young = [
            (row, max(0, self._now_ns - row.current_ns))
            for row in rows
            if row.state in BELIEVED and row.current_ns is not None and self._now_ns - row.current_ns <= limit_ns
        ]
        if not young:
            message = f"no {symbol} price: {self._why(rows)}"
            raise NoPrice(message)
        row, age_ns = max(young, key=lambda each: (each[0].reference, each[0].depth))
        assert row.bid is not None
        assert row.ask is not None
        return Price(mint, (row.bid + row.ask) / 2, row.venue, row.source, age_ns)

    def _why(self, rows: list[PriceView]) -> str:
        if not rows:
            return f"none from {', '.join(self._rules.sources)}" if self._rules.sources else "none yet"
        newest = max(rows, key=lambda row: row.current_ns or 0)
        if newest.state not in BELIEVED:
            return f"{newest.state} at {newest.venue}"
        if newest.current_ns is None:
            return f"never known to be current at {newest.venue}"
        age_s, allowed_s = (self._now_ns - newest.current_ns) / 1e9, self._rules.max_age_ms / 1e3
        return f"{age_s:.1f} s old at {newest.venue}, {allowed_s:g} s allowed"
