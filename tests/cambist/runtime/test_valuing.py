"""Sums over tokens are made at the prices of each outcome's time; what has none is named, never nothing."""

import json

import pytest

from cambist.config import Config
from cambist.engine.protocol import EngineSetup
from cambist.kernel import Kernel, KernelSetup
from cambist.kernel.ledger import Tally
from cambist.kernel.ledger import Valued as Booked
from cambist.model.ledger import Account, EntryKind, Posting, TokenValue
from cambist.model.market import Token
from cambist.model.tokens import unit_of
from cambist.model.valuation import Valuing
from cambist.runtime.publish import Publisher
from cambist.runtime.report import report
from cambist.runtime.valuing import Unit, named_unit, valued
from cambist.runtime.words import Names
from cambist.view import Valued
from tests.fakes import SOL, TOKENS, USDC, ScriptedEngine
from tests.snapshots import all_of_body

S = 1_000_000_000
NOW = 1_000 * S
MSOL = "mSoLzYCxHdYgdzU16g5QSh3i5K3z3KZK7ytfqcJm7So"
SETUP = EngineSetup(tokens=(*TOKENS, Token(MSOL, "mSOL", 9, verified=True, base=3)))
PRICES = {SOL: TokenValue(100.0, "orca", 2 * S), USDC: TokenValue(1.0), MSOL: TokenValue(200.0, "ray4", 4 * S)}


def kernel_of(rules: Valuing = Valuing()) -> Kernel:  # noqa: B008  # frozen
    setup = KernelSetup(SETUP, wallet={SOL: 10**12}, valuation=rules)
    kernel = Kernel(setup, lambda *_: ScriptedEngine(SETUP))
    kernel._now_ns = NOW
    return kernel


def earn(kernel: Kernel, prices: dict[str, TokenValue], **earned: int) -> None:
    """Books what was earned of each token, by symbol, as one entry."""
    mints = {token.symbol: token.mint for token in SETUP.tokens}
    postings = [
        Posting(account, "solana", mints[symbol], sign * atoms)
        for symbol, atoms in earned.items()
        for account, sign in ((Account.WALLET, 1), (Account.RESULT, -1))
    ]
    entry = kernel.ledger.enter(
        EntryKind.FILLED, NOW, 1, tuple(postings), lambda mints, _: [prices.get(mint) for mint in mints]
    )
    kernel.totals.earned.take(entry)


def test_the_first_base_token_is_what_sums_are_in() -> None:
    tokens = type(Config().valuation)(base=("USDC", "SOL")).ranked(TOKENS)
    assert (unit_of(tokens, SOL), unit_of(SETUP.tokens, USDC), unit_of((), SOL)) == (USDC, SOL, SOL)


def test_one_token_needs_no_price() -> None:
    kernel = kernel_of()
    earn(kernel, {}, SOL=-7)
    head = Publisher(kernel).build(kernel, NOW).headline
    assert (head.realised, head.valued.reason, head.valued.venue) == (-7, "", "")


def test_a_sum_is_at_the_prices_of_its_time_and_says_the_oldest() -> None:
    kernel = kernel_of()
    earn(kernel, PRICES, SOL=S, USDC=50_000_000, mSOL=-S)
    earn(kernel, {SOL: TokenValue(50.0, "orca", S), USDC: TokenValue(1.0)}, USDC=50_000_000)
    view = Publisher(kernel).build(kernel, NOW)
    assert view.headline.realised == S + S // 2 - 2 * S + S
    assert (view.headline.valued.venue, view.headline.valued.token, view.headline.valued.age_ns) == (
        "ray4",
        "mSOL",
        4 * S,
    )
    found = report(kernel, "s", 1.0)["valued"]
    assert (found["atoms"], found["unit"], found["decimals"], found["without"]) == (str(S // 2), SOL, 9, {})
    assert found["oldest_price"] == {"mint": MSOL, "price": 200.0, "venue": "ray4", "age_ms": 4_000}


def test_what_has_no_price_is_named_beside_the_sum_of_the_rest() -> None:
    kernel = kernel_of()
    earn(kernel, {}, SOL=S, USDC=-1_500_000)
    view = Publisher(kernel).build(kernel, NOW)
    assert view.headline.realised == S
    assert view.headline.valued.reason == "and −1.5 USDC: no price"
    assert report(kernel, "s", 1.0)["valued"]["without"] == {USDC: "-1500000"}
    assert view.trades.paper is not None
    assert [(h.symbol, h.change) for h in view.trades.paper.holdings] == [("SOL", S), ("USDC", -1_500_000)]


def test_the_rules_of_the_setup_say_which_prices_count() -> None:
    asked = []

    class Asked(ScriptedEngine):
        def token_values(
            self, mints: list[str], venues: list[str], max_age_ns: int, now_ns: int
        ) -> list[TokenValue | None]:
            asked.append((mints, venues, max_age_ns, now_ns))
            return [PRICES[mint] for mint in mints]

    kernel = Kernel(KernelSetup(SETUP, valuation=Valuing(("ray4",), 1_234)), lambda *_: Asked(SETUP))
    kernel._values([SOL, USDC], NOW)
    assert asked == [([SOL, USDC], ("ray4",), 1_234_000_000, NOW)]


def test_how_sums_are_made_is_part_of_a_session() -> None:
    kernel, other = kernel_of(Valuing(("orca",), 1_234)), kernel_of()
    other.restore(kernel.initial_state())
    assert other.setup.valuation == Valuing(("orca",), 1_234)
    old = all_of_body(kernel.initial_state()) | {"schema": 1}
    del old["setup"]["valuation"]
    other.restore(json.dumps(old).encode())
    assert other.setup.valuation == Valuing(), "a session from before there were such rules"


@pytest.mark.parametrize(
    ("atoms", "decimals", "text"),
    [
        (1_500_000_000, 9, "+1.5"), (-1, 9, "−0.000000001"), (1_000_000_000, 9, "+1"), (0, 9, "+0"),
        (-7, 0, "−7"), (10, 0, "+10"), (1_234_560, 6, "+1.23456"), (-1_000_001, 6, "−1.000001"), (5, 1, "+0.5"),
    ],
)  # fmt: skip
def test_what_has_no_price_is_told_to_its_last_digit_with_its_sign(atoms: int, decimals: int, text: str) -> None:
    names = Names((Token("m", "MM", decimals, verified=True),), (), ())
    told = valued(Tally(unvalued={"m": atoms}), names)
    assert (told.reason, told.venue, told.token, told.age_ns) == (f"and {text} MM: no price", "", "", None)


def test_what_is_valued_names_the_oldest_price_beside_what_is_not() -> None:
    names = Names(SETUP.tokens, (), ())
    tally = Tally(unvalued={USDC: 5_000_000, MSOL: -1}, oldest=Booked(SOL, TokenValue(9.0, "orca", 77)))
    assert valued(tally, names) == Valued("and +5 USDC, −0.000000001 mSOL: no price", "orca", "SOL", 77)
    assert valued(Tally(), names) == Valued("")


def test_without_a_table_of_tokens_sums_are_in_sol() -> None:
    assert named_unit(EngineSetup(), Names((), (), ())) == Unit(SOL, "SOL", 9)
    assert named_unit(SETUP, Names(SETUP.tokens, (), ())) == Unit(SOL, "SOL", 9)
    tokens = (Token(USDC, "USDC", 6, verified=True, base=1),)
    assert named_unit(EngineSetup(tokens=tokens), Names(tokens, (), ())) == Unit(USDC, "USDC", 6)
