"""What a rule can name: fields of an opportunity, and functions of a token."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Unit(Enum):
    """What a number is measured in, as errors name it. Sums and comparisons need one on both sides."""

    NONE = "plain numbers"
    """A literal, which fits any, or what came of two different units."""
    BPS = "bps"
    MS = "ms"
    HOPS = "hops"
    SLOTS = "slots"
    BASE_TOKENS = "base tokens"
    """Whole tokens of the cycle's base token."""
    PRICE = "quote tokens"
    """Whole quote tokens for one token."""
    SHARE = "a share of 1"
    POINTS = "points of 100"


class Word(NamedTuple):
    """A name with what it gives: a number in a unit, or a boolean where `unit` is `None`."""

    unit: Unit | None
    meaning: str


FIELDS = {
    "net_bps": Word(Unit.BPS, "net of every cost, over what goes in"),
    "gross_bps": Word(Unit.BPS, "what the cycle pays before chain costs, over what goes in"),
    "net": Word(Unit.BASE_TOKENS, "net of every cost"),
    "gross": Word(Unit.BASE_TOKENS, "what the cycle pays before chain costs"),
    "size": Word(Unit.BASE_TOKENS, "what goes in"),
    "age_ms": Word(Unit.MS, "age of the oldest leg's quote"),
    "hops": Word(Unit.HOPS, "how many legs it has"),
    "persistence": Word(Unit.SLOTS, "how many slots in a row it gained at the margin"),
    "chance": Word(Unit.SHARE, "learned chance to land"),
    "score": Word(Unit.POINTS, "the engine's score"),
    "tip_share": Word(Unit.SHARE, "tip over gross"),
    "fee_share": Word(Unit.SHARE, "priority fee and tip over gross"),
    "congestion": Word(Unit.POINTS, "congestion as observed"),
    "atomic": Word(None, "all legs in one transaction"),
    "legged": Word(None, "a leg on an exchange"),
}
FUNCTIONS = {
    "price": Word(Unit.PRICE, "mid price of a token on its reference venue"),
    "rsi": Word(Unit.POINTS, "Wilder's index over 14 bars of 5 s"),
    "ema": Word(Unit.PRICE, "exponential average over 20 bars of 5 s"),
    "kama": Word(Unit.PRICE, "Kaufman's adaptive average over 10 bars of 5 s"),
    "band_low": Word(Unit.PRICE, "lower Bollinger band over 20 bars of 5 s"),
    "band_high": Word(Unit.PRICE, "upper Bollinger band over 20 bars of 5 s"),
    "base": Word(None, "whether the cycle starts and ends in the token"),
    "through": Word(None, "whether the token is anywhere in the cycle"),
}


def nearest(wanted: str, names: Iterable[str]) -> str | None:
    """Returns the name that differs from `wanted` in the fewest letters: at most two, or a third of them."""
    letters = list(map(_lower, wanted))
    allowed = max(len(letters) // 3, 2)
    best: tuple[int, str] | None = None
    for name in names:
        away = _distance(letters, name)
        if away <= allowed and (best is None or away < best[0]):
            best = away, name
    return None if best is None else best[1]


def _distance(letters: list[str], name: str) -> int:
    """Returns how many letters must be put in, taken out or changed."""
    row = list(range(len(letters) + 1))
    for above, other in enumerate(map(_lower, name)):
        diagonal, row[0] = row[0], above + 1
        for at, letter in enumerate(letters):
            changed = diagonal + (letter != other)
            diagonal = row[at + 1]
            row[at + 1] = min(changed, row[at] + 1, diagonal + 1)
    return row[-1]


def _lower(c: str) -> str:
    """Returns a letter of ASCII in lower case, any other character as it is."""
    return c.lower() if c.isascii() else c
