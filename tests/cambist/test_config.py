from pathlib import Path

import pytest

from cambist.config import Config, ConfigError, load


def write(folder: Path, text: str) -> Path:
    path = folder / "cambist.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_no_file_at_the_default_place_means_the_embedded_market(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cambist.config.default_path", lambda: tmp_path / "none.toml")
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
        ("[market]\nsource = 'network'\n", r":2: .*no \[\[solana\]\] or \[binance\]"),
        ("[[solana]]\nname='a'\npubsub='ws://example.com'\nrpc='https://example.com'\n", r":1: .*loopback only"),
        ("[kraken]\nsymbls = ['BTC/USD']\n", r":2: `kraken\.symbls` is not a setting; did you mean `symbols`"),
        ("[kraken]\nseed = 'rest'\n", r":2: `kraken\.seed` is not a setting"),
        ("[okx]\nseed = 'both'\n", r":2: `okx\.seed`: invalid enum value 'both'"),
        ("[bybit]\n\nsymbols = ['A', 'B', 'A']\n", r':3: `bybit\.symbols`: "A" stands there twice'),
        ("[coinbase]\nsymbols = ['']\n", r":2: `coinbase\.symbols`: is empty"),
        ("[coinbase]\nalive_s = 0.0\n", r":2: `coinbase\.alive_s`: expected `float` > 0"),
        ("[okx]\nrest = 'https://www.okx.com/?x=1'\n", r":2: `okx\.rest`: a base address takes no query"),
        ("[kraken]\nenabled = false\nws = 'ws://ws.kraken.com'\n", r":3: `kraken\.ws`: plain ws and http"),
        ("[krakn]\nsymbols = []\n", r":1: `krakn` is not a setting; did you mean `kraken`"),
        ("[venues.krakn]\n", r":1: `venues\.krakn` is no exchange; did you mean `kraken`"),
        ("[venues.kraken]\n", r":1: `venues\.kraken` has a table of its own: \[kraken\]"),
        ("[venues.binance-usdm]\nsymbls = []\n", r":2: `venues\.symbls` is not a setting; did you mean `symbols`"),
        ("[market]\nsource = 'network'\n[okx]\nenabled = false\n", r":2: .*no \[\[solana\]\] or \[binance\]"),
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
    assert (config.okx.seed, config.okx.silence_s) == ("rest", 12.5)
    assert config.coinbase.streams == ("book", "trade")


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
