"""Sections keep their version while nothing changed, the log is bounded and clean, and what is opened can be closed."""

from __future__ import annotations

import msgspec

from cambist.execution.paper_landing import SETTLE_SLOTS
from cambist.runtime.publish import LOG_LINES, Publisher, bump
from cambist.runtime.sections import AGE_STEP_NS
from cambist.view import LogRow
from tests.small_market import Trading


class Section(msgspec.Struct, frozen=True):
    version: int
    text: str


def test_a_section_gets_the_next_version_if_anything_else_differs() -> None:
    old = Section(7, "a")
    assert bump(old, Section(0, "a")) is old
    assert bump(old, Section(3, "b")) == Section(8, "b")
    assert bump(Section(0, "a"), Section(0, "b")).version == 1


def test_a_line_of_the_log_is_clean_short_and_counted() -> None:
    trading = Trading()
    publisher = Publisher(trading.kernel)
    first = publisher.build(trading.kernel, trading.market.now_ns)
    publisher.note(5, "warn", "feed", "bad \x1b[31m" + "x" * 1_000)
    second = publisher.build(trading.kernel, trading.market.now_ns)
    assert second.log.version == first.log.version + 1
    (row,) = second.log.rows
    assert isinstance(row, LogRow)
    assert (row.at_ns, row.level, row.source) == (5, "warn", "feed")
    assert "\x1b" not in row.text
    assert len(row.text) <= 400
    assert publisher.build(trading.kernel, trading.market.now_ns).log is second.log


def test_of_the_log_the_last_lines_are_kept() -> None:
    trading = Trading()
    publisher = Publisher(trading.kernel)
    for number in range(LOG_LINES + 2):
        publisher.note(number, "info", "kernel", str(number))
    rows = publisher.build(trading.kernel, trading.market.now_ns).log.rows
    assert (LOG_LINES, len(rows), rows[0].text, rows[-1].text) == (500, 500, "2", "501")


def test_a_cycle_and_a_price_are_open_until_they_are_closed() -> None:
    trading = Trading()
    kernel, publisher = trading.kernel, Publisher(trading.kernel)
    trading.order()
    now = trading.market.now_ns
    view = publisher.build(kernel, now)
    assert (view.detail, view.outline, view.price_detail) == (None, None, None)
    cycle, price = view.cycles.rows[0].key, view.prices.rows[0].key
    publisher.inspect(cycle=cycle, price=price)
    opened = publisher.build(kernel, now)
    assert opened.price_detail is not None
    assert opened.price_detail.key == price
    assert (opened.detail is None) != (opened.outline is None)
    again = publisher.build(kernel, now)
    assert (again.detail, again.outline, again.price_detail) == (opened.detail, opened.outline, opened.price_detail)
    publisher.inspect(price=price)
    closed = publisher.build(kernel, now)
    assert (closed.detail, closed.outline, closed.price_detail is None) == (None, None, False)
    publisher.inspect(cycle=cycle)
    assert publisher.build(kernel, now).price_detail is None
    publisher.inspect(cycle="none of these", price="none/of these")
    strange = publisher.build(kernel, now)
    assert (strange.detail, strange.price_detail) == (None, None)


def test_what_changed_is_told_anew_and_what_did_not_keeps_its_version() -> None:
    trading = Trading()
    kernel, publisher = trading.kernel, Publisher(trading.kernel)
    now = trading.market.now_ns - trading.market.now_ns % AGE_STEP_NS + AGE_STEP_NS
    first = publisher.build(kernel, now)
    same = publisher.build(kernel, now)
    names = ("prices", "cycles", "fees", "trades", "feeds", "log", "headline")
    assert [getattr(first, name).version for name in names] == [getattr(same, name).version for name in names]
    assert same.status.slot == trading.market.slot
    trading.moved()
    trading.later()
    later = publisher.build(kernel, trading.market.now_ns)
    changed = {name for name in names if getattr(later, name).version == getattr(first, name).version + 1}
    assert {"prices", "cycles", "trades", "headline", "feeds"} <= changed
    assert "log" not in changed
    assert later.status.slot == trading.market.slot == same.status.slot + 1 + SETTLE_SLOTS
