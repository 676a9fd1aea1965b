"""Two exchanges on both real engines: what is taken between them, and each reason why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from cambist.engine import make_engine
from cambist.engine.protocol import BookInspection
from cambist.execution.paper_model import PaperParams
from cambist.execution.risk import Limits, RiskState
from cambist.kernel import Kernel, KernelSetup
from cambist.kernel.ledger import LedgerState
from cambist.model.ledger import CHAIN, Account, Posting
from cambist.strategies import cross_venue
from cambist.strategies.base import OverBudget, StrategySetup, made
from tests.fakes import opportunity
from tests.parity.markets import SOL, USDC, VenueFee
from tests.two_venues import FAR, NEAR, TwoVenues, two_setup

if TYPE_CHECKING:
    from cambist.engine.protocol import RouteQuote
    from cambist.model.opportunity import Opportunity
    from cambist.model.orders import Order

ENGINES = ("native", "reference")
LIMITS = Limits({SOL: 10**12, USDC: 10**12}, {SOL: 10**12, USDC: 10**12})
RICH = {(NEAR, USDC): 10**12, (FAR, SOL): 10**12}
"""What a sale at the far exchange and a purchase at the near one need."""


def books(held: dict[tuple[str, str], int]) -> LedgerState:
    """Returns the books of wallets at venues, and of one on chain that lets the gate approve."""
    wallets = {**held, (CHAIN, SOL): 10**12, (CHAIN, USDC): 10**12}
    posted = [(Posting(Account.WALLET, *at, n), Posting(Account.OPENING, *at, -n)) for at, n in wallets.items()]
    return LedgerState(sorted((p for two in posted for p in two), key=lambda p: (p.account, p.venue, p.token)))


def kernel(
    engine: str,
    held: dict[tuple[str, str], int] = RICH,
    settings: dict[str, bool | int] | None = None,
    max_edges: int | None = None,
    **changes: object,
) -> Kernel:
    strategy = StrategySetup("between", "cross_venue", settings or {}, max_edges)
    setup = KernelSetup(two_setup(**changes), LIMITS, PaperParams(10**12, 0, 0, 0), strategies=(strategy,))
    found = Kernel(setup, make_engine, engine)
    found.adopt(books(held), RiskState())
    return found


def stepped(kernel: Kernel, market: TwoVenues | None = None) -> list[Order]:
    market = market or TwoVenues()
    market.open()
    return kernel.step(market.take()).orders


@pytest.mark.parametrize("engine", ENGINES)
def test_it_sells_where_more_is_paid_and_buys_where_less_is_asked(engine: str) -> None:
    orders = stepped(which := kernel(engine))
    assert [(each.strategy, each.settlement) for each in orders] == [("between", "legged")] * 2
    assert [(each.venue, each.base, each.token_out) for each in orders] == [(FAR, SOL, USDC), (NEAR, USDC, SOL)]
    sale, purchase = orders
    assert purchase.expected_out > sale.amount_in
    assert sale.expected_out == purchase.amount_in
    assert set(which.totals.skipped) <= {"open_edge"}, "it is on its way"


def test_both_engines_take_the_same() -> None:
    first, second = (kernel(engine) for engine in ENGINES)
    assert stepped(first) == stepped(second)
    assert first.digest == second.digest


REASONS = {
    "no_inventory": {"held": {(NEAR, USDC): 10**12, (FAR, SOL): 1}},
    "inventory_unknown": {"held": {(FAR, SOL): 10**12}},
    "decayed": {"settings": {"decay_ppm_per_s": 10_000}},
    "over_budget": {"max_edges": 2},
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("reason", REASONS)
def test_each_reason_has_a_name(engine: str, reason: str) -> None:
    which = kernel(engine, **REASONS[reason])
    assert stepped(which) == []
    assert set(which.totals.skipped) == {reason}
    ((said,),) = (each.values() for each in which.declined.values())
    assert said == reason


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_left_counts_to_the_ppm_and_the_edge(engine: str) -> None:
    sale, purchase = stepped(kernel(engine, settings={"decay_ppm_per_s": 0, "min_net_ppm": 0}))
    net_ppm = purchase.expected_net * 10**6 // sale.amount_in
    assert stepped(kernel(engine, settings={"decay_ppm_per_s": 0, "min_net_ppm": net_ppm}))
    assert not stepped(kernel(engine, settings={"decay_ppm_per_s": 0, "min_net_ppm": net_ppm + 1}))
    slow = {"min_net_ppm": 0, "decay_ppm_per_s": 1_000, "window_ms": 10 * net_ppm // 10 + 10}
    assert not stepped(kernel(engine, settings=slow))
    assert stepped(kernel(engine, settings={**slow, "established": True}))
    assert not stepped(kernel(engine, settings={"decay_ppm_per_s": 0, "slippage_ppm": net_ppm + 10}))
    assert stepped(kernel(engine, max_edges=3)), "one quote and two books"


@pytest.mark.parametrize("engine", ENGINES)
def test_inventory_binds_to_the_atom(engine: str) -> None:
    sale, purchase = stepped(kernel(engine))
    beside = sale.transfer
    assert beside > 0
    for at, wanted, other, more in (
        ((FAR, SOL), sale, (NEAR, USDC), beside),
        ((NEAR, USDC), purchase, (FAR, SOL), 0),
    ):
        enough = stepped(kernel(engine, {other: 10**12, at: wanted.amount_in + more}))
        assert [each.amount_in for each in enough] == [sale.amount_in, purchase.amount_in]
        short = stepped(kernel(engine, {other: 10**12, at: wanted.amount_in + more - 1}))
        assert 0 < next(each.amount_in for each in short if each.base == wanted.base) < wanted.amount_in


def test_more_than_the_books_cross_for_is_left_alone() -> None:
    """The levels that are read bound the size: with one level of each only 8 SOL can be bought at a gain."""
    which = kernel("native", settings={"depth": 1})
    assert stepped(which) == []
    assert set(which.totals.skipped) == {"beyond_crossing"}


def test_all_that_the_books_cross_for_is_taken() -> None:
    class Thin(TwoVenues):
        def far(self, bids: list[tuple[str, str]], asks: list[tuple[str, str]]) -> None:
            super().far([bids[0], ("149.00", "900")], asks)

    sale, _ = stepped(kernel("native"), Thin())
    assert sale.amount_in == 9 * 10**9, "and no atom more: the next level pays less than the near one asks"


def test_a_cycle_of_another_kind_is_no_business_of_it() -> None:
    class Never:
        setup, backend = two_setup(), "reference"

        def quote(self, *_: object) -> None:
            raise OverBudget

    strategy = made(cross_venue.KIND, {}, Never())  # type: ignore[arg-type]
    assert strategy.on_opportunity(opportunity()) == []
    assert strategy.on_opportunity(opportunity(route=["binance:SOLUSDC:0", "binance:SOLUSDT:1"])) == []
    assert strategy.on_opportunity(opportunity(route=["binance:SOLUSDC:0", "equivalence:x:Y:1"])) == []
    assert strategy.on_opportunity(opportunity(route=["binance:SOLUSDC:0", "A:0", "b:SOLUSDT:1"])) == []
    three = ["binance:SOLUSDC:0", "okx:SOL-USDT:1", "kraken:USDC/USDT:1"]
    assert strategy.on_opportunity(opportunity(route=three)) == []
    with pytest.raises(OverBudget):
        strategy.on_opportunity(opportunity(route=["binance:SOLUSDC:0", "binance-us:SOLUSDC:1"]))


class Known:
    """The market of two venues as an engine knows it, with a setup of one's own and plenty of both everywhere."""

    backend = "reference"

    def __init__(self, **changes: object) -> None:
        self.setup = two_setup(**changes)
        self.engine = make_engine("reference", two_setup())
        self.wire = TwoVenues()
        self.wire.open()
        self.take()

    def take(self) -> None:
        self.now_ns = self.wire.now_ns
        Kernel(KernelSetup(two_setup()), lambda *_: self.engine).step(self.wire.take())

    def quote(self, route: list[str], amount: int, now_ns: int) -> RouteQuote:
        return self.engine.quote_route(route, amount, now_ns)

    def book(self, source: str, depth: int, now_ns: int) -> BookInspection | None:
        return msgspec.json.decode(self.engine.inspect_book(source, depth, now_ns), type=BookInspection | None)

    def wallet(self, venue: str) -> dict[str, int]:
        del venue
        return {SOL: 10**12, USDC: 10**12}

    def found(self, **changes: object) -> Opportunity:
        route = [f"{FAR}:SOLUSDC:0", f"{NEAR}:SOLUSDC:1"]
        return opportunity(**{"route": route, "recv_ns": self.now_ns, "settlement": "legged", **changes})


def skips(market: Known, found: Opportunity, **settings: int) -> list[str]:
    return [wish.skip for wish in made(cross_venue.KIND, settings, market).on_opportunity(found)]


def test_a_fee_that_is_not_known_is_named() -> None:
    market = Known(venue_fees=(VenueFee(NEAR, 1_000),))
    assert skips(market, market.found()) == ["fee_unknown"]
    market = Known(venue_fees=(VenueFee(FAR, 1_000),))
    assert skips(market, market.found()) == ["fee_unknown"]


def test_what_is_left_may_be_just_enough() -> None:
    market = Known()
    exact = market.found(amount_in=10**9, net=10**6)
    assert skips(market, exact, decay_ppm_per_s=0, min_net_ppm=1_000) == [""]
    assert skips(market, exact, decay_ppm_per_s=0, min_net_ppm=1_001) == ["decayed"]
    assert skips(market, exact, decay_ppm_per_s=1_000, min_net_ppm=0) == ["decayed"], "nothing is left"
    assert skips(market, market.found(net=None), min_net_ppm=0) == ["decayed"]


def test_a_cycle_that_begins_with_the_quote_token_buys_first() -> None:
    market = Known()
    route, tokens = [f"{NEAR}:SOLUSDC:1", f"{FAR}:SOLUSDC:0"], [USDC, SOL, USDC]
    assert skips(market, market.found(route=route, tokens=tokens, amount_in=150 * 10**6, net=10**6)) == [""]
    uphill = [f"{FAR}:SOLUSDC:1", f"{NEAR}:SOLUSDC:0"]
    found = market.found(route=uphill, tokens=tokens, amount_in=150 * 10**6, net=10**6)
    assert skips(market, found) == ["no_crossing"]


def test_what_the_levels_cross_for_bounds_the_size_to_the_atom() -> None:
    """The near ask of 8 SOL leaves 7.992 of them after its fee; books count in 10⁻⁸, SOL in 10⁻⁹."""
    market = Known()
    for atoms, said in ((7_992_000_000, ""), (7_992_000_001, "beyond_crossing")):
        found = market.found(amount_in=atoms, net=10**8)
        assert skips(market, found, depth=1) == [said]


def test_dust_that_is_bought_dearer_than_it_is_sold_is_left_alone() -> None:
    """Each level rounds against the trader: of 10⁻⁸ SOL nothing is left of a spread of one in a hundred."""
    market = Known()
    assert skips(market, market.found(amount_in=10, net=10**6), decay_ppm_per_s=0, min_net_ppm=0) == ["decayed"]
    assert skips(market, market.found(amount_in=10**6, net=10**6), decay_ppm_per_s=0, min_net_ppm=0) == [""]


def test_a_book_that_can_not_be_traded_on_is_named() -> None:
    market = Known()
    later = market.found(recv_ns=market.now_ns + 10 * 10**9)
    assert skips(market, later) == ["no_book"], "both are older than the gate lets a book be"
    market.wire.now_ns += 10 * 10**9
    market.wire.far([("151.50", "9"), ("151.20", "900")], [("151.70", "500")])
    market.take()
    assert skips(market, market.found()) == ["no_book"], "the second one is, the first is not"
    market = Known()
    assert skips(market, market.found(route=[f"{FAR}:SOLUSDC:0", f"{NEAR}:SOLUSDT:1"])) == ["no_crossing"]
    assert skips(market, market.found(route=["kraken:SOL/USDC:0", f"{NEAR}:SOLUSDC:1"])) == ["no_book"]
    assert skips(market, market.found(route=[f"{NEAR}:SOLUSDC:0", f"{FAR}:SOLUSDC:1"])) == ["no_crossing"], "uphill"


def test_settings_that_it_does_not_have_are_refused() -> None:
    with pytest.raises(ValueError, match="settings of cross_venue: Object contains unknown field `dekay`"):
        kernel("native", settings={"dekay": 1})
    with pytest.raises(ValueError, match="Expected `int` >= 1"):
        kernel("native", settings={"depth": 0})
    assert msgspec.convert({}, cross_venue.CrossVenueSettings).depth == 20
