import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cambist.view import CycleRow, DuelRow, FeedRow, Leg, LogRow, PriceRow, TradeRow
from tui.filters import MAX_TEXT, Filter, FilterError, columns_of, facts, parse

LEGS = (Leg("SOL", "ray4", "ray4", "a:0"), Leg("USDC", "orca", "orca", "b:0"), Leg("BONK", "cpmm", "cpmm", "c:0"))


def cycle(**changes: object) -> CycleRow:
    values: dict[str, object] = {
        "key": "a:0|b:0|c:0",
        "legs": LEGS,
        "unit": "SOL",
        "decimals": 9,
        "settlement": "atomic",
        "size": 12_500_000_000,
        "gross_bps": 74.6,
        "pools_bps": -54.0,
        "chain_bps": -6.4,
        "net_bps": 14.2,
        "net": 17_750_000,
        "oldest_ns": 180_000_000,
        "seen_slots": 3,
        "landing_ppm": 780_000,
        "score": 91,
        "mark": "go",
        "reason": "go",
        "detail": "",
        "decision": "go",
    }
    return CycleRow(**(values | changes))  # type: ignore[arg-type]


ROWS = (
    cycle(),
    PriceRow("k", "SOL", "orca", 172.4, 172.5, 240_000_000, change_1h=0.0042, rsi=61.0),
    DuelRow("sizing", 2_900.0, None, 210_000.0, None, 72.0, 40, 0),
    TradeRow(41, 0, LEGS, "SOL", 9, 14.2, 13.1, 16_400_000, "filled"),
    FeedRow("solana", "live", 1840.0, 12_000_000, 0, 0, "loopback"),
    LogRow(0, "warn", "feeds", "cpmm: no account update"),
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", True),
        ("usdc", True),
        ("USDC bonk", True),
        ("jup", False),
        ("!bonk", False),
        ("!jup usdc", True),
        ("net>5", True),
        ("net>14.2", False),
        ("net>=14.2", True),
        ("!net>5", False),
        ("net<5", False),
        ("pools=-54", True),
        ("pools=−54", True),
        ("pools<0 chain!=0", True),
        ("age<200ms", True),
        ("age>=0.18s", True),
        ("age>3m", False),
        ("size>12", True),
        ("gain>0.0177", True),
        ("lands>=78%", True),
        ("hops=3", True),
        ("hops:3", True),
        ("venue:orca", True),
        ("venue:dlmm", False),
        ("mark=go", True),
        ("mark!=go", False),
        ("mark=g", False),
        ("!mark=stale", True),
        ('"sol ray4 usdc"', True),
        ('route:"sol ray4"', True),
        ('"sol bonk"', False),
    ],
)
def test_terms_on_a_cycle(text: str, shown: bool) -> None:
    assert parse(text, columns_of(CycleRow)).matches(cycle()) is shown


@pytest.mark.parametrize("text", ["net>0", "net<0", "net=0", "!net>0", "!net<0", "net!=0"])
def test_unknown_satisfies_no_comparison(text: str) -> None:
    assert not parse(text, columns_of(CycleRow)).matches(cycle(net_bps=None))


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("profit>5", "no column profit here"),
        ("net>", "net> needs a value"),
        ("net>much", "net> needs a number, was much"),
        ("net>5parsecs", "net> needs a number, was 5parsecs"),
        ("venue>orca", "venue is text; use venue:orca"),
        ("x" * (MAX_TEXT + 1), "at most 200 characters, was 201"),
    ],
)
def test_a_bad_filter_says_what_is_wrong(text: str, cause: str) -> None:
    with pytest.raises(FilterError, match=cause.replace("|", r"\|")):
        parse(text, columns_of(CycleRow))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: type(row).__name__)
def test_declared_columns_are_those_of_the_rows(row: object) -> None:
    words, numbers = facts(row)
    assert columns_of(type(row)) == (frozenset(words), frozenset(numbers))


def test_a_lone_exclamation_mark_is_a_word() -> None:
    assert parse("!").terms[0].word == "!"


def test_only_a_filter_with_terms_is_true() -> None:
    assert not Filter()
    assert not parse("   ")
    assert parse("sol")


@settings(max_examples=150)
@given(st.text(max_size=40))
def test_any_text_parses_or_is_refused_in_words(text: str) -> None:
    with contextlib.suppress(FilterError):
        assert parse(text, columns_of(CycleRow)).matches(cycle()) in (True, False)


@settings(max_examples=100)
@given(st.text(alphabet="abcdefSOLUDCN", min_size=1, max_size=8))
def test_an_inverse_hides_exactly_what_the_word_shows(word: str) -> None:
    assert parse(word).matches(cycle()) is not parse(f"!{word}").matches(cycle())
