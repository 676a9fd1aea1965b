from cambist.engine import make_engine
from cambist.execution.paper_model import PaperParams
from cambist.execution.risk import Limits
from cambist.kernel import Kernel, KernelSetup
from cambist.runtime.publish import Publisher
from tests.parity.markets import SOL, Market, run, setup


def made() -> tuple[Publisher, Kernel, Market]:
    """Returns a publisher over a reference engine that has seen the tiny market."""
    limits, paper = Limits({}, {}, 8, 10_000), PaperParams(0, 0, 0, 0)
    kernel = Kernel(KernelSetup(setup(), limits, paper), lambda name, given: make_engine("reference", given))
    market = Market()
    market.open()
    run(kernel.engine, market.take())
    return Publisher(kernel), kernel, market


def test_a_price_is_opened_by_the_key_of_its_row_until_it_is_closed() -> None:
    publisher, kernel, market = made()
    view = publisher.build(kernel, market.now_ns)
    assert view.price_detail is None
    row = next(row for row in view.prices.rows if row.token == "SOL" and not row.reference)
    reference = next(row for row in view.prices.rows if row.token == "SOL" and row.reference)
    publisher.inspect(price=row.key)
    found = publisher.build(kernel, market.now_ns).price_detail
    assert (found.key, found.token, found.venue) == (row.key, "SOL", reference.venue)
    assert found.rows == tuple(each for each in publisher.view.prices.rows if each.token == "SOL")
    assert found.provisional.close == (reference.bid + reference.ask) / 2
    publisher.inspect(price="")
    assert publisher.build(kernel, market.now_ns).price_detail is None


def test_a_detail_that_rests_keeps_its_version_and_one_that_moves_does_not() -> None:
    publisher, kernel, market = made()
    publisher.inspect(price=f"{SOL}/any")
    first = publisher.build(kernel, market.now_ns).price_detail
    assert publisher.build(kernel, market.now_ns).price_detail is first
    market.trade("ray-sol-usdc", 10**12, a_to_b=True)
    run(kernel.engine, market.take())
    moved = publisher.build(kernel, market.now_ns).price_detail
    assert moved.version == first.version + 1


def test_a_token_without_a_price_has_no_detail() -> None:
    publisher, kernel, market = made()
    publisher.inspect(price="nobody/nowhere")
    assert publisher.build(kernel, market.now_ns).price_detail is None


def test_opening_a_cycle_closes_the_price() -> None:
    publisher, kernel, market = made()
    publisher.inspect(price=f"{SOL}/any")
    publisher.inspect(cycle="k")
    assert publisher.build(kernel, market.now_ns).price_detail is None
