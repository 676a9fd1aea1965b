"""A cycle opened and watched to its end and past it, from a real engine to the View."""

from __future__ import annotations

from cambist.engine import make_engine
from cambist.execution.paper_model import PaperParams
from cambist.execution.risk import Limits
from cambist.kernel import Kernel, KernelSetup
from cambist.model.opportunity import End
from cambist.runtime.publish import Publisher
from tests.parity.markets import FIRST_SLOT, Market, run, setup

SECOND = 10**9


def made() -> tuple[Publisher, Kernel, Market]:
    """Returns a publisher over a reference engine that has seen the tiny market, in which a cycle pays."""
    limits, paper = Limits({}, {}, 8, 10_000), PaperParams(0, 0, 0, 0)
    kernel = Kernel(KernelSetup(setup(), limits, paper), lambda name, given: make_engine("reference", given))
    market = Market()
    market.open()
    market.trade("ray-sol-usdc", 10**13, a_to_b=True)
    run(kernel.engine, market.take())
    return Publisher(kernel), kernel, market


def close(kernel: Kernel, market: Market) -> None:
    """Takes the gain out of the market, and lets as many slots pass as a cycle may linger."""
    market.trade("ray-sol-usdc", 10**13 // 6, a_to_b=False)
    for _ in range(setup().search.linger_slots + 2):
        market.next_slot()
    run(kernel.engine, market.take())


def test_an_opened_cycle_has_its_history() -> None:
    publisher, kernel, market = made()
    row = publisher.build(kernel, market.now_ns).cycles.rows[0]
    publisher.inspect(cycle=row.key)
    view = publisher.build(kernel, market.now_ns + 2 * SECOND)
    assert view.detail is not None
    assert view.outline is None
    history = view.detail.history
    assert history.found_ns is not None
    assert history.stood_ns is not None
    assert 0 <= market.now_ns + 2 * SECOND - history.found_ns - history.stood_ns < SECOND
    # It was found near the margin, in the first slot, before it paid.
    assert (history.found_slot, history.best_net, history.ended) == (FIRST_SLOT + 1, row.net, None)


def test_one_that_is_watched_to_its_end_leaves_an_outline_that_rests() -> None:
    publisher, kernel, market = made()
    row = publisher.build(kernel, market.now_ns).cycles.rows[0]
    publisher.inspect(cycle=row.key)
    before = publisher.build(kernel, market.now_ns).detail
    assert before is not None
    close(kernel, market)
    view = publisher.build(kernel, market.now_ns)
    assert view.detail is None
    outline = view.outline
    assert outline is not None
    assert (outline.key, outline.unit, outline.decimals) == (row.key, row.unit, row.decimals)
    end, history = outline.history.ended, outline.history
    assert end is not None
    assert (end.how, history.best_net) == (End.LOST, before.history.best_net)
    assert (history.found_ns, history.found_slot) == (before.history.found_ns, before.history.found_slot)
    assert end.slot is not None
    assert before.history.found_slot < end.slot <= market.slot
    assert history.stood_ns == end.at_ns - (history.found_ns or 0)
    assert publisher.build(kernel, market.now_ns + 60 * SECOND).outline is outline
    publisher.inspect(cycle="")
    assert publisher.build(kernel, market.now_ns).outline is None


def test_one_that_is_opened_after_its_end_has_its_outline_at_once() -> None:
    publisher, kernel, market = made()
    row = publisher.build(kernel, market.now_ns).cycles.rows[0]
    close(kernel, market)
    publisher.inspect(cycle=row.key)
    outline = publisher.build(kernel, market.now_ns).outline
    assert outline is not None
    assert outline.history.ended is not None


def test_one_that_is_found_again_is_another() -> None:
    publisher, kernel, market = made()
    row = publisher.build(kernel, market.now_ns).cycles.rows[0]
    publisher.inspect(cycle=row.key)
    close(kernel, market)
    over = publisher.build(kernel, market.now_ns).outline
    market.trade("ray-sol-usdc", 10**13, a_to_b=True)
    run(kernel.engine, market.take())
    view = publisher.build(kernel, market.now_ns)
    assert over is not None
    assert over.history.ended is not None
    assert view.outline is None
    assert view.detail is not None
    assert (view.detail.history.found_ns or 0) > over.history.ended.at_ns
