"""Amounts of different tokens are one sum only at prices that are allowed, believed and young enough."""

import json

import msgspec
import pytest

from cambist.config import Config
from cambist.engine.protocol import EngineSetup, PriceView
from cambist.kernel import Kernel, KernelSetup
from cambist.model.market import Token
from cambist.model.orders import Fill, Order
from cambist.model.valuation import Valuing
from cambist.runtime.publish import Publisher
from cambist.runtime.report import report
from cambist.runtime.valuing import Sum, Valuer, unit_of
from cambist.runtime.words import Names
from tests.fakes import SOL, TOKENS, USDC, ScriptedEngine
from tests.snapshots import all_of_body

S = 1_000_000_000
NOW = 1_000 * S
MSOL = "mSoLzYCxHdYgdzU16g5QSh3i5K3z3KZK7ytfqcJm7So"
SETUP = EngineSetup(tokens=(*TOKENS, Token(MSOL, "mSOL", 9, verified=True, base=3)))


def price(mint: str = SOL, bid: float = 99.0, venue: str = "orca", age_s: float = 1.0, **more: object) -> PriceView:
    row = PriceView(mint, "", venue, f"{venue}-pool-address", 1, bid, bid + 2, int(NOW - age_s * S), None, True, "live")
    return msgspec.structs.replace(row, **{"unit": USDC} | more)


def valued(amounts: dict[str, int], *prices: PriceView, setup: EngineSetup = SETUP, **rules: object) -> Sum:
    names = Names(setup.tokens, (), ())
    return Valuer(setup, Valuing(**rules), names, prices, NOW).sum(amounts)  # type: ignore[arg-type]


def test_one_token_needs_no_price_and_nothing_of_another_neither() -> None:
    assert valued({SOL: 7}).atoms == 7
    found = valued({SOL: 7, USDC: 0})
    assert (found.atoms, found.valued.reason, found.valued.venue) == (7, "", "")
    assert valued({}).atoms == 0


def test_a_sum_says_its_oldest_price() -> None:
    found = valued({SOL: S, USDC: 50_000_000}, price(age_s=2.0))
    assert found.atoms == S + S // 2
    assert (found.valued.venue, found.valued.age_ns, found.valued.source) == ("orca", 2 * S, "orca…ress")
    three = valued({USDC: 100_000_000, MSOL: S}, price(age_s=1.0), price(MSOL, 199.0, "ray4", 4.0))
    assert three.atoms == 3 * S
    assert (three.valued.venue, three.valued.age_ns) == ("ray4", 4 * S)
    assert {p.mint for p in three.prices} == {SOL, MSOL}


@pytest.mark.parametrize(
    ("prices", "rules", "reason"),
    [
        ((), {}, "no SOL price: none yet"),
        ((price(age_s=12.0),), {}, "no SOL price: 12.0 s old at orca, 5 s allowed"),
        ((price(age_s=2.0),), {"max_age_ms": 1_000}, "no SOL price: 2.0 s old at orca, 1 s allowed"),
        ((price(state="stale", usable=False),), {}, "no SOL price: stale at orca"),
        ((price(state="torn", usable=False),), {}, "no SOL price: torn at orca"),
        ((price(current_ns=None),), {}, "no SOL price: never known to be current at orca"),
        ((price(synthetic="basis (synthetic)"),), {}, "no SOL price: none yet"),
        ((msgspec.structs.replace(price(), bid=None),), {}, "no SOL price: none yet"),
        ((price(),), {"sources": ("ray4", "binance")}, "no SOL price: none from ray4, binance"),
        ((price(MSOL),), {}, "no SOL price: none yet"),
        ((price(unit="fiat:USD"),), {}, "no SOL price: none yet"),
        ((price(unit=""),), {}, "no SOL price: none yet"),
    ],
)
def test_without_such_a_price_there_is_no_sum_but_a_reason(
    prices: tuple[PriceView, ...], rules: dict[str, object], reason: str
) -> None:
    found = valued({SOL: S, USDC: 1}, *prices, **rules)
    assert (found.atoms, found.valued.reason) == (None, reason)


def test_the_reference_venue_is_taken_and_the_deepest_where_that_is_not_allowed() -> None:
    rows = (
        price(bid=99.0, venue="orca", depth=5.0, reference=True),
        price(bid=199.0, venue="ray4", depth=9.0),
        price(bid=299.0, venue="binance", depth=0.0),
    )
    assert valued({USDC: 100_000_000}, *rows).atoms == S
    assert valued({USDC: 100_000_000}, *rows, sources=("ray4", "binance")).atoms == S // 2
    assert valued({USDC: 300_000_000}, *rows, sources=("binance",)).atoms == S
    old = msgspec.structs.replace(rows[0], current_ns=NOW - 60 * S)
    assert valued({USDC: 100_000_000}, old, *rows[1:]).valued.venue == "ray4"


def test_the_first_base_token_is_what_sums_are_in() -> None:
    turned = Config().valuation
    tokens = type(turned)(base=("USDC", "SOL")).ranked(TOKENS)
    setup = EngineSetup(tokens=tokens)
    assert (unit_of(setup), unit_of(SETUP), unit_of(EngineSetup())) == (USDC, SOL, SOL)
    assert valued({SOL: S, USDC: 1_000_000}, price(), setup=setup).atoms == 101_000_000
    assert valued({"Unknown1111111111": 5, USDC: 0}, setup=setup).valued.reason == "no decimals of Unkn…1111"


class Priced(ScriptedEngine):
    """Shows prices."""

    rows: tuple[PriceView, ...] = ()

    def present(self, now_ns: int) -> bytes:
        view = json.loads(super().present(now_ns)) | {"prices": msgspec.to_builtins(self.rows)}
        return json.dumps(view).encode()


def kernel_of(rules: Valuing) -> tuple[Kernel, Priced]:
    engine = Priced(SETUP)
    kernel = Kernel(KernelSetup(SETUP, wallet={SOL: 10**12}, valuation=rules), lambda *_: engine)  # type: ignore[arg-type]
    order = Order(1, 1, NOW, NOW, "k", ["A:0", "B:1"], [USDC, SOL, USDC], S, S, S, 0, 0)
    kernel.fills = [(order, Fill(1, NOW, "filled", S, 2 * S, 0, 100_000_000))]
    kernel.totals.net = {SOL: S, USDC: 100_000_000}
    kernel.totals.filled = 1
    kernel._now_ns = NOW
    return kernel, engine


def test_dashboard_and_report_show_unknown_with_the_reason_or_the_sum_with_its_source() -> None:
    kernel, engine = kernel_of(Valuing())
    publisher = Publisher(kernel)
    view = publisher.build(kernel, NOW)
    assert view.headline.realised is None
    assert view.headline.valued.reason == "no SOL price: none yet"
    assert view.trades.paper is not None
    assert (view.trades.paper.change, view.trades.curve) == (None, ()), "an amount that is unknown is not 0"
    valued = report(kernel, "s", 1.0)["valued"]
    assert (valued["atoms"], valued["reason"], valued["prices"]) == (None, "no SOL price: none yet", [])
    engine.rows = (price(),)
    view = publisher.build(kernel, NOW)
    assert view.headline.realised == 2 * S
    assert (view.headline.valued.venue, view.headline.valued.age_ns) == ("orca", S)
    assert view.trades.curve == (2.0,)
    valued = report(kernel, "s", 1.0)["valued"]
    assert (valued["atoms"], valued["unit"], valued["decimals"], valued["reason"]) == (str(2 * S), SOL, 9, "")
    assert valued["prices"] == [
        {"mint": SOL, "price": 100.0, "venue": "orca", "source": "orca-pool-address", "age_ms": 1_000}
    ]
    assert publisher.build(kernel, NOW + 5 * S).headline.realised is None, "the price got too old"


def test_how_sums_are_made_is_part_of_a_session() -> None:
    kernel, _ = kernel_of(Valuing(("orca",), 1_234))
    other, _ = kernel_of(Valuing())
    other.restore(kernel.initial_state())
    assert other.setup.valuation == Valuing(("orca",), 1_234)
    old = all_of_body(kernel.initial_state()) | {"schema": 1}
    del old["setup"]["valuation"]
    other.restore(json.dumps(old).encode())
    assert other.setup.valuation == Valuing(), "a session from before there were such rules"


def test_a_price_in_dollars_values_no_sum_in_usdc() -> None:
    dollars = price(venue="kraken", bid=50.0, age_s=0.1, unit="fiat:USD")
    assert valued({SOL: 0, USDC: 10**6}, dollars).atoms is None
    assert valued({SOL: 0, USDC: 10**6}, dollars, price()).prices == valued({SOL: 0, USDC: 10**6}, price()).prices
