import math
from pathlib import Path

import pytest

from cambist.config import Config, ConfigError, Market, load
from cambist.config.checks import problems
from cambist.config.errors import line_of
from cambist.config.schema import Paper, Risk
from cambist.config.watch import Watch
from cambist.doctor import machine
from cambist.model.market import Equivalence


def write(folder: Path, text: str) -> Path:
    path = folder / "cambist.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_no_file_at_the_default_place_means_the_embedded_market(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cambist.config.schema.default_path", lambda: tmp_path / "none.toml")
    assert load(None) == Config()
    assert load(None).market.source == "demo"


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: can't be read: No such file"):
        load(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[market]\nsource = demo\n", r":2: is not TOML"),
        ("[market]\nsauce = 'demo'\n", r":2: `market\.sauce` is not a setting; did you mean `source`"),
        ("[market]\nsource = 'mainnet'\n", r":2: .*expected one of demo, network"),
        ("[market]\nseed = 'seven'\n", r":2: `market\.seed`: expected `int`, got `str`"),
        ("\n[rules]\nmax_hops = 9\n", r":3: .*expected .int. <= 5, was 9"),
        (2 * "[[solana]]\nname='a'\npubsub='ws://127.0.0.1'\nrpc='http://127.0.0.1'\n", r":6: .*another endpoint"),
        ("[market]\nsource = 'network'\n", r":2: .*no \[\[solana\]\] or \[venues.NAME\]"),
        ("[[solana]]\nname='a'\npubsub='ws://example.com'\nrpc='https://example.com'\n", r":1: .*loopback only"),
        ("[kraken]\nsymbls = ['BTC/USD']\n", r":2: `kraken\.symbls` is not a setting; did you mean `symbols`"),
        ("[kraken]\nseed = 'rest'\n", r":2: `kraken\.seed` is not a setting of kraken"),
        ("[okx]\ntransport = 'nativ'\n", r":2: `okx\.transport`: invalid enum value 'nativ'"),
        ("[okx]\nseed = 'both'\n", r":2: `okx\.seed`: invalid enum value 'both'"),
        ("[bybit]\n\nsymbols = ['A', 'B', 'A']\n", r':3: `bybit\.symbols`: "A" stands there twice'),
        ("[coinbase]\nsymbols = ['']\n", r":2: `coinbase\.symbols`: is empty"),
        ("[coinbase]\nalive_s = 0.0\n", r":2: `coinbase\.alive_s`: expected `float` > 0"),
        ("[okx]\nrest = 'https://www.okx.com/?x=1'\n", r":2: `okx\.rest`: a base address takes no query"),
        ("[kraken]\nenabled = false\nws = 'ws://ws.kraken.com'\n", r":3: `kraken\.ws`: plain ws is for loopback"),
        ("[krakn]\nsymbols = []\n", r":1: `krakn` is not a setting; did you mean `venues\.kraken`"),
        ("[venues.krakn]\n", r":1: `venues\.krakn` is no exchange; did you mean `kraken`"),
        ("[kraken]\n[venues.kraken]\n", r":1: `kraken` and `venues\.kraken` are the same setting"),
        ("[gates]\nmin_net_ppm = 1\n[rules]\nmin_net_ppm = 2\n", r":4: `rules\.min_net_ppm` and `gates\.min_net_ppm`"),
        ("[rules]\nkep = 1\n", r":1: `rules` is not a setting"),
        ("[bidding]\npercentile = 101\n", r":2: `bidding\.percentile`: expected `int` <= 100, was 101"),
        ("[rules]\nbid_percentile = 101\n", r":2: `rules\.bid_percentile`: expected `int` <= 100, was 101"),
        ("[market]\nexchanges = ['krakn']\n", r":2: `market\.exchanges` is \"krakn\", expected one of binance"),
        (
            "[venues.binance-usdm]\nsymbls = []\n",
            r":2: `venues\.binance-usdm\.symbls` is not a setting; did you mean `symbols`",
        ),
        ("[market]\nsource = 'network'\n[okx]\nenabled = false\n", r":2: .*no \[\[solana\]\] or \[venues.NAME\]"),
        ("[screen]\ntheme = 'harbor'\n", r':2: .*nearest is "harbour"'),
    ],
)
def test_errors_name_the_line_and_what_was_expected(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load(write(tmp_path, text))


def test_every_default_is_a_valid_file(tmp_path: Path) -> None:
    text = "[market]\nsource='demo'\nseed=3\n[engine]\nuse_rust_backend=false\n[risk.cap]\nSOL=5.0\n"
    config = load(write(tmp_path, text))
    assert (config.market.seed, config.engine.use_rust_backend, config.risk.cap) == (3, False, {"SOL": 5.0})


def test_every_exchange_has_a_table_and_they_stand_in_one_order(tmp_path: Path) -> None:
    text = """
        [venues.binance-usdm]
        symbols = ["SOLUSDT"]
        [okx]
        symbols = ["SOL-USDT"]
        seed = "rest"
        silence_s = 12.5
        [bybit]
        enabled = false
        [coinbase]
        symbols = ["SOL-USD"]
        streams = ["book", "trade"]
        [kraken]
        symbols = ["SOL/USD"]
        [binance]
        symbols = ["SOLUSDT"]
    """
    config = load(write(tmp_path, text))
    assert list(config.exchanges) == ["binance", "kraken", "okx", "coinbase", "binance-usdm"]
    assert (config.venues["okx"].seed, config.venues["okx"].silence_s) == ("rest", 12.5)
    assert config.venues["coinbase"].streams == ("book", "trade")


SOL = "So11111111111111111111111111111111111111112"
USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
DOLLARS = f"""
[[tokens]]
mint = "{USDC}"
symbol = "USDC"
decimals = 6
[[tokens]]
mint = "fiat:USD"
symbol = "USD"
decimals = 2
[[identities]]
venue = "kraken"
asset = "USDC"
mint = "{USDC}"
[[identities]]
venue = "kraken"
asset = "USD"
mint = "fiat:USD"
[[equivalences]]
a = "{USDC}"
b = "fiat:USD"
cost_ppm = 20
pair = "kraken:USDC/USD"
band_ppm = 500
max_age_ms = 1500
"""


def test_money_that_is_no_token_and_an_equivalence_are_read(tmp_path: Path) -> None:
    config = load(write(tmp_path, DOLLARS))
    assert config.tokens[1].mint == config.identities[1].mint == "fiat:USD"
    assert config.equivalences == (Equivalence(USDC, "fiat:USD", 20, "kraken:USDC/USD", 500, 1_500),)


@pytest.mark.parametrize("mint", ["fiat:usd", "fiat:USDC", "fiat:", "Fiat:USD", "cash:USD", " fiat:USD"])
def test_nothing_else_stands_in_a_mints_place(tmp_path: Path, mint: str) -> None:
    with pytest.raises(ConfigError, match=r":7: `tokens\[1\].mint` is .*expected a base58 public key, or `fiat:USD`"):
        load(write(tmp_path, DOLLARS.replace('"fiat:USD"', f'"{mint}"', 1)))


def test_a_pool_is_never_at_such_a_place(tmp_path: Path) -> None:
    text = DOLLARS + f'[[pools]]\naddress = "fiat:USD"\nprogram = "{SOL}"\n'
    with pytest.raises(ConfigError, match=r":26: `pools\[0\].address` is \"fiat:USD\", expected a base58 public key$"):
        load(write(tmp_path, text))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            f'a = "{USDC}"',
            'a = "USDCC"',
            rf':19: `equivalences\[0\].a` is "USDCC", no mint of .*; did you mean "{USDC}"',
        ),
        ('b = "fiat:USD"', 'b = "fiat:USS"', r':20: .*no mint of \[\[tokens\]\]; did you mean "fiat:USD"'),
        ('b = "fiat:USD"', f'b = "{USDC}"', r":20: `equivalences\[0\].b` is the same as `a`"),
        ("kraken:USDC/USD", "USDC/USD", r":22: .*expected venue:SYMBOL"),
        ("kraken:USDC/USD", "krakn:USDC/USD", r':22: .*krakn, but no .*`a` is called there; did you mean "kraken"'),
        ("cost_ppm = 20", "cost_ppm = -1", r":21: `equivalences\[0\].cost_ppm`: expected `int` >= 0, was -1"),
        ("band_ppm = 500", "band = 500", r":23: `equivalences\[0\].band` is not a setting; did you mean `band_ppm`"),
        ("max_age_ms = 1500\n", "", r":18: .*missing required field `max_age_ms`"),
        ('asset = "USDC"', 'asset = "1000BONK"', r':12: `identities\[0\].asset` is "1000BONK", many tokens at once'),
        ('mint = "fiat:USD"\n[[eq', 'mint = "USD"\n[[eq', r':17: `identities\[1\].mint` is "USD", expected a base58'),
    ],
)
def test_what_is_wrong_with_an_equivalence_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in DOLLARS
    with pytest.raises(ConfigError, match=message):
        load(write(tmp_path, DOLLARS.replace(old, new)))


def test_one_pair_guards_one_equivalence(tmp_path: Path) -> None:
    again = DOLLARS[DOLLARS.index("[[equivalences]]") :]
    with pytest.raises(ConfigError, match=r":29: `equivalences\[1\].pair` .*guards another equivalence"):
        load(write(tmp_path, DOLLARS + again))


def test_the_doctor_says_whether_the_book_of_an_equivalence_is_watched(tmp_path: Path) -> None:
    text = DOLLARS.replace("kraken", "binance").replace("USDC/USD", "USDCUSD")
    (found,) = machine._equivalences(load(write(tmp_path, text)))
    assert not found["ok"]
    assert found["name"] == "equivalence binance:USDCUSD"
    assert "add USDCUSD to the symbols of binance" in found["found"]
    (found,) = machine._equivalences(load(write(tmp_path, text + "[binance]\nsymbols = ['USDCUSD']\n")))
    assert found["ok"]


@pytest.mark.parametrize("key", ["tip_floor", "tip_stream"])
def test_an_address_of_tips_without_tls_is_for_loopback_only(tmp_path: Path, key: str) -> None:
    scheme = "http" if key == "tip_floor" else "ws"
    path = tmp_path / "cambist.toml"
    lines = ["[[solana]]", 'name = "a"', 'pubsub = "wss://a.example"', 'rpc = "https://a.example"']
    path.write_text("\n".join([*lines, f'{key} = "{scheme}://127.0.0.1:1/x"']), encoding="utf-8")
    assert getattr(load(path).solana[0], key).endswith("/x")
    path.write_text("\n".join([*lines, f'{key} = "{scheme}://tips.example/SECRET"']), encoding="utf-8")
    with pytest.raises(ConfigError, match="loopback only") as raised:
        load(path)
    assert raised.value.line == 5
    assert "SECRET" not in str(raised.value)


def test_the_equivalence_in_the_readme_is_one(tmp_path: Path) -> None:
    readme = (Path(__file__).resolve().parents[3] / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## Equivalences")[2]
    config = load(write(tmp_path, section.partition("```toml")[2].partition("```")[0]))
    assert [each.pair for each in config.equivalences] == ["kraken:USDC/USD"]


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
@pytest.mark.parametrize(
    ("table", "key", "form"),
    [
        ("market", "rate", "{}"),
        ("risk", "cap", "{{SOL = 1.0, USDC = {}}}"),
        ("risk", "daily_loss", "{{SOL = {}}}"),
        ("paper", "wallet", "{{SOL = {}}}"),
        ("watch", "min_liquidity", "{}"),
    ],
)
def test_what_is_no_number_is_refused_where_it_stands(
    tmp_path: Path, table: str, key: str, form: str, number: str
) -> None:
    head = "[watch]\ntokens = ['SOL', 'USDC']\n" if table == "watch" else f"[{table}]\n\n"
    path = write(tmp_path, f"{head}{key} = {form.format(number)}\n")
    with pytest.raises(ConfigError) as refused:
        load(path)
    assert (refused.value.path, refused.value.line) == (path, 3)


@pytest.mark.parametrize("value", ["3", "'x'", "[]", "true"])
def test_rules_that_are_no_table_are_no_setting(tmp_path: Path, value: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load(write(tmp_path, f"\nrules = {value}\n"))
    assert refused.value.line in (2, None)


def test_what_has_no_key_has_no_line() -> None:
    assert line_of("[market]\nseed = 1\n", "") is None
    assert line_of("[market]\nseed = 1\n", ".") is None
    assert line_of("[market]\nseed = 1\n", "market.seed") == 2


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_what_is_no_number_is_found_in_a_config_that_no_file_was_read_for(number: float) -> None:
    config = Config(
        market=Market(rate=number),
        watch=Watch(tokens=("SOL", "USDC"), min_liquidity=number),
        risk=Risk(cap={"SOL": number}, daily_loss={"USDC": 1.0, "SOL": number}),
        paper=Paper(wallet={"SOL": number}),
    )
    assert sorted(key for key, _ in problems(config)) == [
        "market.rate", "paper.wallet", "risk.cap", "risk.daily_loss", "watch.min_liquidity",
    ]  # fmt: skip
