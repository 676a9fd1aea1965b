"""`[valuation]` on the way into a session's setup."""

import pytest

from cambist.config import Config, ExchangeEndpoint
from cambist.config.watch import Valuation
from cambist.market import markets
from cambist.market.setup import kernel_setup
from cambist.model.market import Token
from cambist.model.tokens import KNOWN
from cambist.model.valuation import Valuing

USDT = "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB"
TOKENS = (
    Token(KNOWN["SOL"], "SOL", 9, verified=True, base=1),
    Token(KNOWN["USDC"], "USDC", 6, verified=True, base=2),
    Token(USDT, "USDT", 6, verified=True),
)


def setup(**valuation: object) -> object:
    config = Config(
        tokens=TOKENS, valuation=Valuation(**valuation), venues={"binance": ExchangeEndpoint(symbols=("SOLUSDT",))}
    )  # type: ignore[arg-type]
    return kernel_setup(config, markets.network(config))


def test_without_a_word_it_is_as_it_was() -> None:
    made = setup()
    assert made.engine.tokens == TOKENS
    assert made.engine.quote_mint == KNOWN["USDC"]
    assert made.valuation == Valuing()


def test_base_tokens_quote_and_sources_reach_the_session() -> None:
    made = setup(base=("USDT", "SOL"), quote="USDT", sources=("orca", "binance"), max_age_ms=900)
    assert [(token.symbol, token.base) for token in made.engine.tokens] == [("SOL", 2), ("USDC", 0), ("USDT", 1)]
    assert made.engine.quote_mint == USDT
    assert made.valuation == Valuing(("orca", "binance"), 900)
    assert set(made.limits.cap) == {KNOWN["SOL"]}, "limits of a token that is no base token any more are none"


@pytest.mark.parametrize(
    ("valuation", "message"),
    [
        ({"base": ("SOLL",)}, r"\[valuation\] base: 'SOLL' is no verified token here; did you mean `SOL`"),
        ({"quote": "EUR"}, r"\[valuation\] quote: 'EUR' is no verified token here; known here: SOL, USDC, USDT"),
        ({"sources": ("binanse",)}, r"\[valuation\] sources: 'binanse' gives no price here; did you mean `binance`"),
    ],
)
def test_what_is_not_there_names_the_nearest(valuation: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        setup(**valuation)
