import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from cambist.model.exchanges import EXCHANGES
from cambist.model.venues import CHAIN_BOOKS, VENUE_OF_PROGRAM
from tui import formats, glyphs, route_forms
from tui.formats import MS, SECOND


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (172.431, "172.431"),
        (0.84127, "0.84127"),
        (1.00012, "1.00012"),
        (0.000021874, "0.0₄21874"),
        (0.0123456, "0.012346"),
        (0.00012345, "0.0001234"),
        (123456.7, "123457"),
        (98765432.1, "98765432"),
        (1.5e-11, "0.0₁₀1500"),
    ],
)
def test_price(value, shown):
    assert formats.price(value, formats.price_decimals(value)) == shown


def test_price_keeps_its_decimals_when_the_price_moves():
    decimals = formats.price_decimals(99.5)
    assert formats.price(99.5, decimals) == "99.5000"
    assert formats.price(100.5, decimals) == "100.5000"
    assert formats.price(1_234_567.0, decimals) == "1234567.0"
    assert formats.price(1e12, decimals) == "≥9999"
    assert formats.price(None, decimals) == "–"
    assert formats.price(math.nan, decimals) == "–"


def test_price_in_ascii_uses_an_exponent():
    glyphs.use_ascii(wanted=True)
    assert formats.price(0.000021874, 9) == "2.1874e-5"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (14.2, "+14.2"),
        (-54.0, "−54.0"),
        (0.0, "0.0"),
        (-0.04, "0.0"),
        (1234.5, "+1234"),
        (99_999.0, "≥9999"),
        (-99_999.0, "≤−999"),
        (None, "–"),
        (math.inf, "–"),
    ],
)
def test_bps(value, shown):
    assert formats.bps(value) == shown


@pytest.mark.parametrize(
    ("fraction", "shown"),
    [
        (0.0042, "▲ 0.42%"),
        (-0.0112, "▼ 1.12%"),
        (0.0, "0.00%"),
        (0.00001, "0.00%"),
        (0.1234, "▲ 12.3%"),
        (1.234, "▲ 123%"),
        (-123.0, "▼ ≥999%"),
        (None, "–"),
    ],
)
def test_percent(fraction, shown):
    assert formats.percent(fraction)[1] == shown


@pytest.mark.parametrize(
    ("ns", "shown"),
    [
        (180 * MS, "180 ms"),
        (0, "0 ms"),
        (-5, "0 ms"),
        (999_600_000, "1.0 s"),
        (2_400 * MS, "2.4 s"),
        (59_940 * MS, "59.9 s"),
        (59_960 * MS, "1 m"),
        (180 * SECOND, "3 m"),
        (7200 * SECOND, "2 h"),
        (5 * 86400 * SECOND, "5 d"),
        (None, "–"),
    ],
)
def test_age(ns, shown):
    assert str(formats.age(ns)) == shown


@pytest.mark.parametrize(
    ("ns", "shown"),
    [
        (410, "0.41 µs"),
        (38_400, "38.4 µs"),
        (1_240_000, "1.24 ms"),
        (210_000, "210 µs"),
        (90, "0.09 µs"),
        (999_700, "1.00 ms"),
        (2_000_000_000, "2.00 s"),
        (None, "–"),
    ],
)
def test_duration(ns, shown):
    assert str(formats.duration(ns)) == shown


def test_sol_in_flow_in_wallets_and_in_sizes():
    assert formats.sol(17_750_000, sign=True) == "+0.01775"
    assert formats.sol(-31_000_000, 4, sign=True) == "−0.0310"
    assert formats.sol(0, sign=True) == "0.00000"
    assert formats.sol(-1, 5, sign=True) == "0.00000"
    assert formats.sol(100_842_100_000, 3) == "100.842"
    assert formats.sol(12_500_000_000, 2) == "12.50"
    assert formats.sol(None) == "–"


@pytest.mark.parametrize(
    ("atoms", "decimals", "unit", "width", "shown"),
    [
        (2_155_310_000, 6, "USDC", 13, "2 155.31 USDC"),
        (2_400_000_000, 6, "USDC", 10, "2 400 USDC"),
        (9_853_000_000_000, 5, "BONK", 12, "98.53 M BONK"),
        (12_500_000_000, 9, "SOL", 10, "12.50 SOL"),
        (40_000_000_000, 9, "mSOL", 10, "40.00 mSOL"),
        (12_000_000_000, 9, "jitoSOL", 10, "12 jitoSOL"),
        (1_234_567_000_000_000, 9, "jitoSOL", 10, "1M jitoSOL"),
        (10**30, 0, "VERYLONGNAME", 10, "≥9999 VER…"),
    ],
)
def test_amount(atoms, decimals, unit, width, shown):
    assert str(formats.amount(atoms, decimals, unit, width)).replace("\u2009", " ") == shown


def test_counts_are_grouped_with_a_thin_space_or_a_comma():
    assert formats.count(312_884_102) == "312\u2009884\u2009102"
    assert formats.count(123_456, 6) == "123 k"
    assert formats.count(None) == "–"
    glyphs.use_ascii(wanted=True)
    assert formats.count(312_884_102) == "312,884,102"


def test_times():
    assert formats.span(1867 * SECOND) == "00:31:07"
    assert formats.short_span(12 * SECOND) == "00:12"
    assert formats.clock(0) == "–"
    text = formats.clock(1_763_733_751_480_000_000, hundredths=True)
    assert len(text) == 11
    assert text.endswith(".48")


def test_sizes():
    assert formats.size(12_400_000) == "12.4 MB"
    assert formats.size(999) == "999 B"
    assert formats.size(20_000_000_000) == "20.0 GB"


def test_addresses_and_symbols():
    assert formats.address("7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosg9fQ2") == "7xKX…9fQ2"
    assert formats.symbol("jitoSOL") == "jitoSOL"
    assert formats.symbol("VERYLONGSYMBOL") == "VERYLO…"
    assert cell_len(formats.symbol("龍龍龍龍龍")) <= 7


def test_an_unverified_label_keeps_its_mint_when_room_is_short():
    label = "BONK DezX…B263"
    assert formats.symbol(label, 14) == label
    assert formats.symbol(label, 12) == formats.symbol(label, 9) == "DezX…B263"
    assert formats.symbol(label, 7) == "Dez…263"
    assert formats.symbol(label, 5) == "De…63"
    assert formats.symbol(label, 4) == "D…3"
    assert formats.symbol("VERYLONGSYM…", 7) == "VERYLO…"
    assert formats.symbol("VERY LONG…", 7) == "VERY L…"


@pytest.mark.parametrize("hostile", ["\x1b[31mred", "a\nb\tc", "[bold]x[/bold]", "x" * 10_000, "\u202eabc", "\x9b31m"])
def test_hostile_text_is_one_printable_line(hostile):
    text = formats.left(hostile, 9)
    assert cell_len(text) == 9
    assert text.isprintable()


STEPS = (
    route_forms.Step("SOL", "ray4", "ray4"),
    route_forms.Step("USDC", "orca", "orca"),
    route_forms.Step("BONK", "cpmm", "cpmm"),
)


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (40, "SOL ─ray4→ USDC ─orca→ BONK ─cpmm→ SOL"),
        (32, "SOL─ray4→USDC─orca→BONK─cpmm→SOL"),
        (26, "SOL─r→USDC─o→BONK─c→SOL"),
        (18, "SOL→USDC→BONK→SOL"),
        (12, "SOL→2…→SOL"),
        (6, "SOL→2…"),
    ],
)
def test_route_takes_the_longest_form_that_fits(width, shown):
    text = "".join(piece.text for piece in route_forms.route(STEPS, width))
    assert cell_len(text) <= width
    assert text == shown or (width == 6 and text.startswith("SOL→"))


@settings(max_examples=200, deadline=None)
@given(st.floats(allow_nan=True, allow_infinity=True), st.integers(0, 15))
def test_no_number_is_wider_than_its_column(value, decimals):
    assert cell_len(formats.price(value, decimals)) <= 9
    assert cell_len(formats.bps(value)) <= 5
    assert cell_len(formats.whole_bps(value)) <= 5
    assert cell_len(formats.percent(value)[1]) <= 7
    assert cell_len(str(formats.duration(value))) <= 7


@settings(max_examples=200, deadline=None)
@given(st.integers(-(10**40), 10**40), st.integers(0, 18), st.text(max_size=20))
def test_no_amount_is_wider_than_its_column(atoms, decimals, unit):
    assert cell_len(str(formats.amount(atoms, decimals, unit, 10))) <= 10
    assert cell_len(formats.money(atoms, decimals, 5, 8, sign=True)) <= 8
    assert cell_len(formats.count(atoms, 6)) <= 6


@settings(max_examples=100, deadline=None)
@given(st.integers(-(10**20), 10**20))
def test_no_age_is_wider_than_its_column(ns):
    assert cell_len(str(formats.age(ns))) <= 6


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60), st.integers(1, 20))
def test_text_is_exactly_as_wide_as_asked(text, cells):
    assert cell_len(formats.left(text, cells)) == cells
    assert cell_len(formats.right(text, cells)) == cells
    assert formats.left(text, cells).isprintable()


@pytest.mark.parametrize(
    ("lamports", "shown"),
    [(0, "0.00000"), (None, "–"), (1_000, "0.0₅1"), (4_999, "0.0₅49"), (5_000, "0.00001"), (8_010_000, "0.00801")],
)
def test_a_paid_fee_never_reads_as_zero(lamports, shown):
    assert formats.paid(lamports) == shown


def test_a_tiny_flow_keeps_its_sign_and_its_digits():
    assert formats.flow(-1_000, 9, sign=True) == "−0.0₅1"
    assert formats.flow(17_750_000, 9, sign=True) == "+0.01775"
    assert formats.flow(-4, 6, sign=True) == "−0.0₅4"
    assert formats.flow(0, 9, sign=True) == "0.00000"


@pytest.mark.parametrize(
    ("value", "shown"), [(6.4, "6.4"), (0.0165, "0.02"), (0.001, "<0.01"), (0.0, "0.0"), (0.996, "1.0"), (None, "–")]
)
def test_a_small_cost_in_bps_never_reads_as_zero(value, shown):
    assert formats.small_bps(value) == shown


@pytest.mark.parametrize(
    ("fee", "shown"),
    [(352_968, "352\u2009968"), (3_944_120, "3.94 M"), (12_500_000, "12.50 M"), (None, "–"), (10**12, "1.00 T")],
)
def test_a_large_fee_keeps_three_digits(fee, shown):
    assert formats.micro_lamports(fee, 7) == shown


def test_a_bid_and_an_ask_of_a_dear_coin_differ():
    decimals = formats.price_decimals(61_828.0)
    assert (formats.price(61_828.0, decimals), formats.price(61_828.01, decimals)) == ("61828.00", "61828.01")


def test_a_venue_too_long_is_told_from_its_brother():
    assert formats.venue("binance-usdm") == "usdm"
    assert formats.venue("binance-usdm", 12) == "binance-usdm"
    assert formats.venue("binance") == "binance"


@pytest.mark.parametrize(
    ("name", "cells", "shown"),
    [
        ("coinbase rules", 14, "coinbase rules"),
        ("coinbase rules", 12, "coinb… rules"),
        ("binance-usdm depth", 14, "usdm depth"),
        ("coinbase", 8, "coinbase"),
        ("helius-east", 8, "helius-…"),
        ("a b", 2, "a…"),
        ("", 4, ""),
    ],
)
def test_a_feed_says_whose_it_is_and_what_of_it(name, cells, shown):
    assert formats.feed(name, cells) == shown


@pytest.mark.parametrize(
    ("unit", "sign"),
    [
        ("USDC", "C"), ("USDT", "T"), ("USDT?", "T?"), ("USD", "$"), ("USD?", "$?"), ("~USDC", "~C"), ("≡USD", "≡$"),
        ("EUR", "E"), ("jitoSOL", "j"), ("~", "~"), ("–", "–"), ("", ""), ("龍龍?", "…"), ("\x1b[2J", "\\"),
    ],
)  # fmt: skip
def test_a_unit_has_a_sign_of_two_cells_at_most(unit, sign):
    assert formats.unit_sign(unit) == sign
    assert cell_len(formats.unit_sign(unit)) <= 2


def test_in_a_route_of_single_letters_no_two_venues_share_one():
    exchanges = [exchange.name for exchange in EXCHANGES]
    venues = (*exchanges, *VENUE_OF_PROGRAM.values(), *(book.name for book in CHAIN_BOOKS), "peg")
    letters = {}
    for venue in venues:
        pieces = route_forms.route_form((route_forms.Step("SOL", venue, "other"),), 3)
        letter = next(piece.text for piece in pieces if piece.kind == "venue")
        assert cell_len(letter) == 1
        assert letters.setdefault(letter, venue) == venue
