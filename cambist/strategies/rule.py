"""Takes what the negative-cycle strategy would take, if the operator's rule holds for it."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from cambist.engine.rules import compile_rule
from cambist.strategies.base import API, Kind, Wish
from cambist.strategies.negative_cycle import NegativeCycle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from cambist.model.market import Token
    from cambist.model.opportunity import Opportunity
    from cambist.model.orders import Fill, Order
    from cambist.strategies.base import Market, Strategy

    Gauges = Callable[[Sequence[tuple[str, str]], int], list[float | None]]
    """What `Engine.gauges` is."""

REASON, UNKNOWN_REASON = "rule", "rule_unknown"
"""Why an opportunity is skipped: the rule says no, or it can't say because an input is unknown."""
MEMBERSHIP = ("base", "through")
"""Functions that the opportunity itself answers; the engine's gauges answer the others."""


def symbols_of(tokens: Iterable[Token]) -> dict[str, str]:
    """Returns what a rule can call a token → its mint: any mint, and each symbol that means one token.

    Of several tokens with one symbol, the verified one is meant; two of a kind have none.
    """
    tokens = list(tokens)
    names: dict[str, str] = {}
    for kind in (False, True):
        chosen = [token for token in tokens if token.verified is kind]
        counts = Counter(token.symbol for token in chosen)
        for token in chosen:
            if counts[token.symbol] == 1:
                names[token.symbol] = token.mint
            elif kind:
                names.pop(token.symbol, None)
    return names | {token.mint: token.mint for token in tokens}


class RuleStrategy:
    """Asks the rule first; what it lets through goes by the negative-cycle strategy's own measure.

    A number that the opportunity or the engine doesn't know is unknown to the rule, and a rule that isn't surely true
    refuses.
    """

    def __init__(self, text: str, tokens: Sequence[Token], gauges: Gauges, backend: str = "auto") -> None:
        """Raises `ValueError` that points at the column if the text is no rule."""
        names = symbols_of(tokens)
        self.rule = compile_rule(text, list(names), backend)
        self._gauges, self._inner = gauges, NegativeCycle()
        self._scale = {token.mint: 10.0**token.decimals for token in tokens}
        self._reads = [_read(field, names) for field in self.rule.fields]
        self._wanted = [
            read for read in self._reads if read[0] == "congestion" or (read[1] and read[0] not in MEMBERSHIP)
        ]

    def on_opportunity(self, opportunity: Opportunity) -> list[Wish]:
        """Returns one wish, or one that says why it is skipped."""
        holds = self.rule.evaluate(self.values(opportunity))
        if holds:
            return self._inner.on_opportunity(opportunity)
        reason = UNKNOWN_REASON if holds is None else REASON
        return [Wish(opportunity, opportunity.amount_in, opportunity.amount_in, reason)]

    def on_order(self, order: Order) -> None:
        """Takes note of an order that is open from now on."""
        self._inner.on_order(order)

    def on_fill(self, order: Order, fill: Fill) -> None:
        """Takes note of how one of its orders ended."""
        self._inner.on_fill(order, fill)

    def state(self) -> dict[str, int]:
        """Returns what the negative-cycle strategy remembers."""
        return self._inner.state()

    def restore(self, state: dict[str, int]) -> None:
        """Takes over what `state` of this or of the negative-cycle strategy returned."""
        self._inner.restore(state)

    def values(self, opportunity: Opportunity) -> list[float]:
        """Returns the rule's inputs, NaN where one is unknown."""
        shown: dict[tuple[str, str], float | None] = {}
        if self._wanted:
            shown = dict(zip(self._wanted, self._gauges(self._wanted, opportunity.recv_ns), strict=True))
        scale = self._scale.get(opportunity.tokens[0])
        found = []
        for read in self._reads:
            value = shown[read] if read in shown else _field(read, opportunity, scale)
            found.append(math.nan if value is None else value)
        return found


def _read(field: str, names: dict[str, str]) -> tuple[str, str]:
    """Returns (name, mint) of an input; the mint is empty if it is no function's."""
    called = re.fullmatch(r"(\w+)\((.*)\)", field, re.DOTALL)
    return (called[1], names[called[2]]) if called else (field, "")


def _field(read: tuple[str, str], opportunity: Opportunity, scale: float | None) -> float | None:
    """Returns what an opportunity says of itself, `None` where it doesn't know. `scale` is 10^decimals of its base."""
    name, mint = read
    size = float(opportunity.amount_in)
    net, cost = opportunity.net, opportunity.cost
    match name:
        case "net_bps":
            return _share(net, size, 10_000.0)
        case "gross_bps":
            return _share(opportunity.gross, size, 10_000.0)
        case "net":
            return _share(net, scale)
        case "gross":
            return _share(opportunity.gross, scale)
        case "size":
            return _share(opportunity.amount_in, scale)
        case "age_ms":
            return float(opportunity.oldest_ns) / 1e6
        case "hops":
            return float(len(opportunity.route))
        case "persistence":
            return float(opportunity.seen_slots)
        case "chance":
            return _share(opportunity.landing_ppm, 1e6)
        case "score":
            return _share(opportunity.score, 1.0)
        case "tip_share":
            return _share(cost.tip, _gain(opportunity))
        case "fee_share":
            known = cost.tip is not None and cost.priority_fee is not None
            return _share((cost.tip or 0) + (cost.priority_fee or 0) if known else None, _gain(opportunity))
        case "atomic" | "legged":
            return float(opportunity.settlement == name)
        case "base":
            return float(opportunity.tokens[0] == mint)
        case "through":
            return float(mint in opportunity.tokens)
    return None


def _share(part: int | None, whole: float | None, times: float = 1.0) -> float | None:
    return None if part is None or not whole else float(part) / whole * times


def _gain(opportunity: Opportunity) -> float | None:
    """Returns the gross; a share of a loss is unknown."""
    return float(opportunity.gross) if opportunity.gross > 0 else None


class RuleSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What must hold."""

    text: str = ""
    """The rule; without, the operator's own, which a key changes while it runs."""


def _make(settings: RuleSettings, market: Market) -> Strategy:
    if not settings.text:
        return NegativeCycle()
    return RuleStrategy(settings.text, market.setup.tokens, market.gauges, market.backend)


KIND = Kind(API, "rule", _make, RuleSettings)
