"""`[watch]` and `[valuation]`: what is taken, and that what is not names its line and the nearest name."""

import re
from pathlib import Path

import pytest

from cambist.config import Config, ConfigError, load
from cambist.config.watch import HOUSES, VENUES, Watch
from cambist.model.market import Token
from cambist.model.tokens import KNOWN, labels

SOL, USDC = KNOWN["SOL"], KNOWN["USDC"]
OTHER = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
NODE = "[[solana]]\nname = 'node-a'\npubsub = 'ws://127.0.0.1'\nrpc = 'http://127.0.0.1'\n"


def read(folder: Path, text: str) -> Config:
    path = folder / "cambist.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def test_houses_mean_their_venues_and_none_means_all(tmp_path: Path) -> None:
    config = read(tmp_path, "[watch]\ntokens = ['SOL', 'USDC']\nvenues = ['orca', 'raydium']\n")
    assert config.watch.venue_names() == ("ray4", "cpmm", "orca", "clmm")
    assert read(tmp_path, "[watch]\ntokens = ['SOL', 'USDC']\n").watch.venue_names() == VENUES


def test_files_are_found_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text("[]")
    config = read(tmp_path, "[watch]\npool_list = 'list.json'\n")
    assert config.watch.pool_list == str(tmp_path / "list.json")
    assert config.watch.asks
    assert not Config().watch.asks


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[watch]\npool = ['x']\n", r":2: `watch\.pool` is not a setting; did you mean `pools`"),
        ("[watch]\n\npools = ['0OIl']\n", r':3: `watch\.pools`: "0OIl" is no base58 public key'),
        ("[watch]\ntokens = ['SOL', 'USDD']\n", r':2: `watch\.tokens`: "USDD" .*did you mean `USDC`\?'),
        ("[watch]\ntokens = ['sol', 'USDC']\n", r":2: .*did you mean `SOL`\?"),
        ("[watch]\ntokens = ['SOL']\n", r":2: .*two are needed"),
        ("[watch]\ntokens = ['SOL', 'USDC', 'SOL']\n", r":2: .*names a token twice"),
        ("[watch]\ntokens = ['SOL', 'USDC']\nvenues = ['orka']\n", r':3: .*"orka" is no venue; did you mean `orca`'),
        ("[watch]\nvenues = ['orca']\n", r":2: .*without `watch\.tokens`"),
        ("[watch]\ntokens = ['SOL', 'USDC']\nmin_liquidity = -1.0\n", r":3: .*>= 0\.0, was -1"),
        ("[watch]\ntokens = ['SOL', 'USDC']\nmin_liquidity = nan\n", r":3: "),
        ("[watch]\nmax_pools = 0\n", r":2: .*>= 1, was 0"),
        ("[watch]\nmax_pools = 'many'\n", r":2: `watch\.max_pools`: expected `int`, got `str`"),
        (f"{NODE}[watch]\nnode = 'node-b'\n", r":6: .*\"node-b\" is no \[\[solana\]\] endpoint; did you mean `node-a`"),
        ("[watch]\npool_list = 'none.json'\n", r":2: `watch\.pool_list`: .*none\.json: no such file"),
        ("[valuation]\nbase = ['SOL', 'USDX']\n", r":2: `valuation\.base`: .*did you mean `USDC`"),
        ("[valuation]\nquote = 'EURO'\n", r":2: `valuation\.quote`: .*known here: SOL, USDC"),
        (
            "[[tokens]]\nmint='fiat:USD'\nsymbol='USD'\ndecimals=2\n[watch]\ntokens = ['SOL', 'USD']\n",
            r':6: `watch\.tokens`: "USD" is no mint',
        ),
        ("[valuation]\nmax_age_ms = -5\n", r":2: .*was -5"),
        (
            f"[[tokens]]\nmint='{SOL}'\nsymbol='A'\ndecimals=9\n[[tokens]]\nmint='{OTHER}'\nsymbol='A'\ndecimals=5\n"
            "[watch]\ntokens = ['A', 'USDC']\n",
            r':10: .*"A" is the symbol of 2 tokens; name the mint',
        ),
    ],
)
def test_errors_name_the_line_and_the_nearest_name(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, text)


def test_the_configuration_in_the_readme_is_one(tmp_path: Path) -> None:
    readme = (Path(__file__).resolve().parents[3] / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## Configuration")[2]
    config = read(tmp_path, section.partition("```toml")[2].partition("```")[0])
    assert config.watch.asks
    assert config.valuation.base == ("SOL", "USDC")
    what_to_watch = readme.partition("## What to watch")[2].partition("\n## ")[0]
    for field in Watch.__struct_fields__:
        assert f"`{field}`" in what_to_watch, f"README says nothing of [watch] {field}"
    (row,) = (line for line in what_to_watch.splitlines() if line.startswith("| `venues` |"))
    named = set(re.findall(r"`(\w+)`", row)) - {"venues"}
    assert set(HOUSES) <= named <= {*VENUES, *HOUSES}


def test_base_tokens_are_ranked_by_the_config() -> None:
    tokens = (Token(SOL, "SOL", 9, verified=True, base=1), Token(USDC, "USDC", 6, verified=True, base=2))
    valuation = Config().valuation
    assert valuation.ranked(tokens) == tokens
    turned = type(valuation)(base=("USDC", SOL)).ranked(tokens)
    assert [(token.symbol, token.base) for token in turned] == [("SOL", 2), ("USDC", 1)]
    with pytest.raises(ValueError, match=r"'USDT' is no verified token here; did you mean `USDC`"):
        type(valuation)(base=("USDT",)).ranked(tokens)


def test_only_a_verified_symbol_that_is_the_only_one_stands_alone() -> None:
    fake = Token(OTHER, "SOL", 9)
    twin = Token("JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN", "USDC", 6, verified=True)
    bare = Token("orcaEKTdK7LKz57vaAYr9QeNsVEPfiu6QeMU1kektZE", "", 6, verified=True)
    hostile = Token("RAYyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN", "\x1b[31mSOL", 6)
    real = (Token(SOL, "SOL", 9, verified=True), Token(USDC, "USDC", 6, verified=True))
    named = labels((*real, fake, twin, bare, hostile, Token("fiat:USD", "USD", 2)))
    assert named["fiat:USD"] == "USD", "money of banks has no mint to show"
    assert named[SOL] == "SOL"
    assert named[OTHER] == "SOL DezX…B263"
    assert (named[USDC], named[twin.mint]) == ("USDC EPjF…Dt1v", "USDC JUPy…DvCN")
    assert named[bare.mint] == "orca…ktZE"
    assert named[hostile.mint].endswith("RAYy…DvCN")
    assert named[hostile.mint].isprintable()
