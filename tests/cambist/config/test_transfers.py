from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cambist.config import Config, ConfigError, load
from cambist.config.describe import keys
from cambist.config.transfers import TransferTable
from cambist.market.transfers import MOST, transfers_of
from cambist.model.market import Token, Transfer

if TYPE_CHECKING:
    from pathlib import Path

GOOD = {"from": '"binance"', "to": '"solana"', "token": '"SOL"', "flat": "0.001"}
TOKENS = (Token("mint", "SOL", 9, verified=True), Token("dollar", "USDC", 6, verified=True), Token("x", "BONK", 5))


def text(**changes: str) -> str:
    """Returns a table with other values; one of nothing is left out."""
    rows = GOOD | {key.rstrip("_"): value for key, value in changes.items()}
    return "[[transfers]]\n" + "".join(f"{key} = {value}\n" for key, value in rows.items() if value)


def config(folder: Path, written: str) -> Config:
    path = folder / "cambist.toml"
    path.write_text(written, encoding="utf-8")
    return load(path)


def test_a_table_is_read_and_what_may_be_left_out_is_unknown_or_none(tmp_path: Path) -> None:
    one = config(tmp_path, text(network='"spl"', ppm="7", minutes="3", min="0.1")).transfers
    whole = TransferTable(
        origin="binance", target="solana", token="SOL", network="spl", flat=0.001, ppm=7, minutes=3, least=0.1
    )
    assert one == (whole,)
    (bare,) = config(tmp_path, text(flat="2")).transfers
    assert (bare.network, bare.flat, bare.ppm, bare.minutes, bare.least) == ("", 2.0, 0, None, 0.0)
    assert Config().transfers == ()


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (text(from_='"binanc"'), r':2: `transfers\[0\]\.from` is "binanc", neither .*did you mean "binance"'),
        (
            text(to='"moon"'),
            r':3: `transfers\[0\]\.to` is "moon", neither an exchange nor "solana"; known here: solana',
        ),
        (text(to='"binance"'), r":3: `transfers\[0\]\.to` is where it comes from"),
        (text() + text(), r":9: `transfers\[1\]\.token` goes from binance to solana in another table already"),
        (text(flat=""), r":1: `transfers\[0\]`: object missing required field `flat`"),
        (text(flat="-0.1"), r":5: `transfers\[0\]\.flat`: expected `float` >= 0.0, was -0.1"),
        (text(flat="inf"), r":5: `transfers\[0\]\.flat`: expected `float` <= 1000000000.0, was inf"),
        (text(min="nan"), r":6: `transfers\[0\]\.min`: expected `float` >= 0.0, was nan"),
        (text(ppm="1000001"), r":6: `transfers\[0\]\.ppm`: expected `int` <= 1000000, was 1000001"),
        (text(ppm="0.5"), r":6: `transfers\[0\]\.ppm`: expected `int`"),
        (text(minutes="-1"), r":6: `transfers\[0\]\.minutes`: expected `int` >= 0, was -1"),
        (text(minuts="1"), r":6: `transfers\[0\]\.minuts` is not a setting; did you mean `minutes`"),
        (text(form='"x"'), r":6: `transfers\[0\]\.form` is not a setting; did you mean `from`"),
        ("[gates]\ntrades_per_transfer = 0\n", r":2: `gates\.trades_per_transfer`: expected `int` >= 1, was 0"),
    ],
)
def test_errors_name_the_line_and_what_was_expected(tmp_path: Path, written: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        config(tmp_path, written)


def test_another_token_and_the_way_back_are_ways_of_their_own(tmp_path: Path) -> None:
    back = text(from_='"solana"', to='"binance"')
    made = config(tmp_path, text() + text(token='"USDC"') + back + text(from_='"kraken"')).transfers
    assert len(made) == 4


def test_keys_are_shown_as_they_are_written() -> None:
    shown = {key.name: key for key in keys(Config()) if key.table == "[[transfers]]"}
    assert list(shown) == ["from", "to", "token", "network", "flat", "ppm", "minutes", "min"]
    assert all(key.meaning for key in shown.values())
    assert (shown["ppm"].high, shown["minutes"].high, shown["flat"].required) == (1_000_000, 100_000, True)


def table(symbol: str = "SOL", flat: float = 0.0, least: float = 0.0, ppm: int = 0) -> TransferTable:
    return TransferTable(origin="binance", target="solana", token=symbol, flat=flat, least=least, ppm=ppm, minutes=4)


@pytest.mark.parametrize(
    ("symbol", "amount", "atoms"),
    [
        ("SOL", 0.001, 10**6),
        ("SOL", 0.1, 10**8),
        ("SOL", 1e-9, 1),
        ("SOL", 0.3, 3 * 10**8),
        ("USDC", 0.000_001, 1),
        ("USDC", 1e9, 10**15),
        ("USDC", 123_456.789_012, 123_456_789_012),
        ("BONK", 38_000.0, 3_800_000_000),
        ("SOL", 0.0, 0),
    ],
)
def test_amounts_become_the_atoms_that_were_written(symbol: str, amount: float, atoms: int) -> None:
    mint = next(token.mint for token in TOKENS if token.symbol == symbol)
    assert transfers_of([table(symbol, amount, 0.0, 3)], TOKENS) == (
        Transfer("binance", "solana", mint, "", atoms, 3, 4, 0),
    )
    assert transfers_of([table(symbol, 0.0, amount)], TOKENS)[0].least == atoms


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (table("SOLL"), r"\[\[transfers\]\] 2: token 'SOLL' is no token here; did you mean `SOL`"),
        (table("SOL", 1e-10), r"\[\[transfers\]\] 2: flat is 1e-10 SOL, which has 9 decimals"),
        (table("USDC", 1.0, 0.000_000_1), r"\[\[transfers\]\] 2: min is 1e-07 USDC, which has 6 decimals"),
    ],
)
def test_what_means_no_token_or_no_atoms_is_refused_by_name(row: TransferTable, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        transfers_of([table(), row], TOKENS)


def test_an_amount_beyond_64_bits_is_refused() -> None:
    wide = (Token("w", "WIDE", 18, verified=True),)
    assert transfers_of([table("WIDE", 9.0)], wide)[0].flat == 9 * 10**18 <= MOST
    with pytest.raises(ValueError, match=r"flat is 10\.0 WIDE, expected at most 9\.22337"):
        transfers_of([table("WIDE", 10.0)], wide)
