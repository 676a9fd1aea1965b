"""The filter of a table: words, inverses and comparisons, parsed once and applied to rows of the View.

    usdc !bonk net>5 age<=2s venue:orca

A bare word is looked for in all of a row's text, `column:word` in one column's, `column>number` compares. `!` inverts
one term. All terms must hold. Unknown is not zero: a comparison with an unknown value holds neither way round.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cambist.view import CycleRow, DuelRow, FeedRow, LogRow, PriceRow, TradeRow

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_TEXT = 200
"""Longest filter that is read; a pasted page is refused instead of searched for."""

_TERM = re.compile(r'!?[^\s"]*"[^"]*"?|\S+')
_PARTS = re.compile(r"(?P<column>[A-Za-z_][A-Za-z0-9_]*|1h)(?P<sign><=|>=|!=|<|>|=|:)(?P<value>.*)\Z", re.DOTALL)
_NUMBER = re.compile(r"(?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+))(?P<unit>[a-zµ%]*)\Z")
_SCALE = {
    "": 1.0,
    "%": 1.0,
    "bps": 1.0,
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "k": 1e3,
}
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}


class FilterError(ValueError):
    """A filter that can't be applied: what is wrong with it, in words for the operator."""


@dataclass(frozen=True)
class Term:
    """One term. `number` is `None` for words."""

    column: str
    sign: str
    word: str
    number: float | None
    inverse: bool


@dataclass(frozen=True)
class Filter:
    """A parsed filter; `text` is what was typed. The empty filter lets every row pass."""

    text: str = ""
    terms: tuple[Term, ...] = ()

    def __bool__(self) -> bool:
        """Returns whether it can hide anything."""
        return bool(self.terms)

    def matches(self, row: Any) -> bool:
        """Returns whether all terms hold for `row`, a row struct of `cambist.view`."""
        if not self.terms:
            return True
        words, numbers = facts(row)
        return all(_holds(term, words, numbers) for term in self.terms)


def parse(text: str, columns: tuple[frozenset[str], frozenset[str]] | None = None) -> Filter:
    """Returns the filter that `text` says.

    `columns` are the names of word columns and of number columns the table has (`columns_of`); a term on any other
    column raises `FilterError`, as does a comparison with something that is not a number. `None` checks no names.
    """
    if len(text) > MAX_TEXT:
        msg = f"a filter has at most {MAX_TEXT} characters, was {len(text)}"
        raise FilterError(msg)
    terms = tuple(_term(piece, columns) for piece in _TERM.findall(text))
    return Filter(" ".join(text.split()), terms)


def columns_of(kind: type) -> tuple[frozenset[str], frozenset[str]]:
    """Returns the names of the word columns and of the number columns of a row type."""
    words, numbers = _COLUMNS.get(kind, ((), ()))
    return frozenset(words), frozenset(numbers)


def facts(row: Any) -> tuple[dict[str, str], dict[str, float | None]]:
    """Returns a row's words (case-folded) and numbers by column, in the units the table shows; ages in seconds."""
    project = _PROJECT.get(type(row))
    if project is None:
        return {"text": str(row).casefold()}, {}
    words, numbers = project(row)
    return {name: word.casefold() for name, word in words.items()}, numbers


def _term(piece: str, columns: tuple[frozenset[str], frozenset[str]] | None) -> Term:
    inverse = piece.startswith("!") and len(piece) > 1
    body = piece[1:] if inverse else piece
    parts = _PARTS.match(body)
    if parts is None:
        return Term("", ":", body.replace('"', "").casefold(), None, inverse)
    column, sign, value = parts["column"].casefold(), parts["sign"], parts["value"].replace('"', "")
    words, numbers = columns if columns is not None else (None, None)
    if words is not None and numbers is not None and column not in words | numbers:
        msg = f"no column {column} here; there are {', '.join(sorted(words | numbers))}"
        raise FilterError(msg)
    if not value:
        msg = f"{column}{sign} needs a value, for example {column}{sign}5"
        raise FilterError(msg)
    is_word = sign == ":" if words is None else column in words
    if is_word and sign in (":", "=", "!="):
        return Term(column, ":" if sign == "!=" else sign, value.casefold(), None, inverse != (sign == "!="))
    if is_word:
        msg = f"{column} is text; use {column}:{value}"
        raise FilterError(msg)
    return Term(column, "=" if sign == ":" else sign, "", _number(column, sign, value), inverse)


def _number(column: str, sign: str, value: str) -> float:
    plain = value.replace("\u2212", "-").replace("\u2009", "").replace(",", "").casefold()
    match = _NUMBER.match(plain)
    scale = _SCALE.get(match["unit"]) if match else None
    if match is None or scale is None:
        msg = f"{column}{sign} needs a number, was {value}"
        raise FilterError(msg)
    return float(match["number"]) * scale


def _holds(term: Term, words: dict[str, str], numbers: dict[str, float | None]) -> bool:
    if term.number is None:
        found = any(term.word in word for word in words.values()) if not term.column else _word_holds(term, words)
        return found != term.inverse
    value = numbers.get(term.column)
    return value is not None and _COMPARE[term.sign](value, term.number) != term.inverse


def _word_holds(term: Term, words: dict[str, str]) -> bool:
    word = words.get(term.column, "")
    return word == term.word if term.sign == "=" else term.word in word


Facts = tuple[dict[str, str], dict[str, "float | None"]]


def _cycle(row: CycleRow) -> Facts:
    one = 10**row.decimals
    return {
        "route": " ".join(f"{leg.token} {leg.venue}" for leg in row.legs),
        "token": " ".join(leg.token for leg in row.legs),
        "venue": " ".join(leg.venue for leg in row.legs),
        "unit": row.unit,
        "settlement": row.settlement,
        "mark": row.mark,
        "reason": row.reason,
        "decision": row.decision,
    }, {
        "size": row.size / one,
        "gross": row.gross_bps,
        "pools": row.pools_bps,
        "chain": row.chain_bps,
        "net": row.net_bps,
        "gain": None if row.net is None else row.net / one,
        "age": row.oldest_ns / 1e9,
        "slots": float(row.seen_slots),
        "lands": None if row.landing_ppm is None else row.landing_ppm / 10_000,
        "score": None if row.score is None else float(row.score),
        "hops": float(len(row.legs)),
    }


def _price(row: PriceRow) -> Facts:
    change = None if row.change_1h is None else row.change_1h * 100
    return {
        "token": row.token,
        "venue": row.venue,
        "source": row.source,
        "synthetic": row.synthetic,
        "quote": row.quote,
        "unit": row.unit,
        "peg": row.peg_words,
        "state": "stale" if row.stale else "ready",
    }, {
        "bid": row.bid,
        "ask": row.ask,
        "change": change,
        "1h": change,
        "rsi": row.rsi,
        "age": None if row.age_ns is None else row.age_ns / 1e9,
    }


def _duel(row: DuelRow) -> Facts:
    return {"module": row.module}, {
        "rust": None if row.rust_p50 is None else row.rust_p50 / 1e9,
        "python": None if row.python_p50 is None else row.python_p50 / 1e9,
        "ratio": row.ratio,
        "samples": float(row.samples),
        "mismatches": float(row.mismatches),
    }


def _trade(row: TradeRow) -> Facts:
    return {
        "route": " ".join(f"{leg.token} {leg.venue}" for leg in row.legs),
        "token": " ".join(leg.token for leg in row.legs),
        "venue": " ".join(leg.venue for leg in row.legs),
        "unit": row.unit,
        "status": row.status,
        "reason": row.reason,
    }, {
        "id": float(row.id),
        "hoped": row.hoped_bps,
        "got": row.got_bps,
        "gain": None if row.net is None else row.net / 10**row.decimals,
    }


def _feed(row: FeedRow) -> Facts:
    return {"feed": row.name, "state": row.state, "endpoint": row.endpoint, "note": row.note}, {
        "rate": row.per_s,
        "lag": None if row.lag_ns is None else row.lag_ns / 1e9,
        "gaps": float(row.gaps),
        "drops": float(row.drops),
        "first": None if row.first_ppm is None else row.first_ppm / 1e4,
        "ahead": None if row.ahead_ns is None else row.ahead_ns / 1e9,
        "behind": None if row.behind_ns is None else row.behind_ns / 1e9,
    }


def _log(row: LogRow) -> Facts:
    return {"level": row.level, "source": row.source, "text": row.text}, {}


_PROJECT: dict[type, Callable[[Any], Facts]] = {
    CycleRow: _cycle,
    PriceRow: _price,
    DuelRow: _duel,
    TradeRow: _trade,
    FeedRow: _feed,
    LogRow: _log,
}
_COLUMNS: dict[type, tuple[tuple[str, ...], tuple[str, ...]]] = {
    CycleRow: (
        ("route", "token", "venue", "unit", "settlement", "mark", "reason", "decision"),
        ("size", "gross", "pools", "chain", "net", "gain", "age", "slots", "lands", "score", "hops"),
    ),
    PriceRow: (
        ("token", "venue", "source", "synthetic", "quote", "unit", "peg", "state"),
        ("bid", "ask", "change", "1h", "rsi", "age"),
    ),
    DuelRow: (("module",), ("rust", "python", "ratio", "samples", "mismatches")),
    TradeRow: (("route", "token", "venue", "unit", "status", "reason"), ("id", "hoped", "got", "gain")),
    FeedRow: (("feed", "state", "endpoint", "note"), ("rate", "lag", "gaps", "drops", "first", "ahead", "behind")),
    LogRow: (("level", "source", "text"), ()),
}
KINDS: dict[str, type] = {
    "prices": PriceRow,
    "cycles": CycleRow,
    "duel": DuelRow,
    "trades": TradeRow,
    "feeds": FeedRow,
    "log": LogRow,
}
"""Row type by the panel's name."""
