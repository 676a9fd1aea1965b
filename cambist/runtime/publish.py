"""Builds the View: from kernel and engine facts to versioned sections, each made by its module in `sections`."""

from __future__ import annotations

from collections import deque
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from cambist import log
from cambist.engine.protocol import CycleInspection, EngineView, PriceInspection
from cambist.model.text import redact, sanitise
from cambist.runtime.sections import AGE_STEP_NS
from cambist.runtime.sections.cycles import CycleRows
from cambist.runtime.sections.details import opened, opened_price, outlined
from cambist.runtime.sections.ends import EndRows
from cambist.runtime.sections.feeds import FeedRows, trouble
from cambist.runtime.sections.fees import FeeHistory
from cambist.runtime.sections.headline import HeadlineCounts
from cambist.runtime.sections.prices import PriceRows
from cambist.runtime.sections.trades import TradeRows
from cambist.runtime.valuing import named_unit
from cambist.runtime.words import Names
from cambist.view import (
    CycleDetail,
    CycleOutline,
    DuelSection,
    LogRow,
    LogSection,
    PanelState,
    PriceDetail,
    PricesSection,
    View,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from cambist.kernel import Kernel
    from feeds.base import FeedStatus

LOG_LINES = 500
EMPTY: Mapping[int, Any] = MappingProxyType({})
_VIEW = msgspec.json.Decoder(EngineView)
_INSPECTION = msgspec.json.Decoder(CycleInspection | None)
_PRICE = msgspec.json.Decoder(PriceInspection | None)

S = TypeVar("S", bound=msgspec.Struct)


def bump(old: S, new: S) -> S:
    """Returns `old` if nothing but the version differs, else `new` with the next version."""
    version = old.version  # type: ignore[attr-defined]  # every section has one; Struct itself declares none
    if msgspec.structs.replace(new, version=version) == old:
        return old
    return msgspec.structs.replace(new, version=version + 1)


class Publisher:
    """Keeps the last View, the log and what is opened up, and builds the next View."""

    def __init__(self, kernel: Kernel) -> None:
        no_duel = PanelState("empty", "A recording isn't timed.", "Both engines are timed on live feeds.")
        self.view = View(duel=DuelSection(1, no_duel))
        self.log: deque[LogRow] = deque(maxlen=LOG_LINES)
        self._log_version = 0
        self._fees = FeeHistory()
        self._inspected = ""
        self._inspected_price = ""
        self.adopt(kernel)

    def adopt(self, kernel: Kernel) -> None:
        """Takes names and limits from a kernel's setup; call it after a STATE record."""
        setup = self._setup = kernel.setup.engine
        names = self._names = Names(setup.tokens, setup.pools, setup.instruments)
        unit = named_unit(setup, names)
        self._prices, self._cycles, self._feeds = PriceRows(setup, names), CycleRows(setup, names), FeedRows(setup)
        self._ends = EndRows(names)
        self._trades, self._headline = TradeRows(unit, names), HeadlineCounts(unit, names)

    def note(self, at_ns: int, level: str, source: str, text: str) -> None:
        """Adds a line to the log."""
        text = sanitise(redact(text), 400)
        self.log.append(LogRow(at_ns, level, source, text))
        log.row(at_ns, level, source, text)
        self._log_version += 1

    def inspect(self, *, cycle: str | None = None, price: str | None = None) -> None:
        """Opens a cycle or a price row by its key in every View from now on; an empty key closes it."""
        self._inspected, self._inspected_price = cycle or "", price or ""

    def build(
        self,
        kernel: Kernel,
        now_ns: int,
        drops: Mapping[int, int] = EMPTY,
        statuses: Mapping[int, FeedStatus] = EMPTY,
        unrecorded: Collection[int] = (),
    ) -> View:
        """Returns the next View; sections that did not change keep their version. Drops and statuses by channel.

        `unrecorded` are the orders whose newest record is not on disk yet.
        """
        engine = _VIEW.decode(kernel.engine.present(now_ns))
        shown_ns = now_ns - now_ns % AGE_STEP_NS
        old = self.view
        feeds = bump(old.feeds, self._feeds.section(engine, shown_ns, drops, statuses))
        silent = trouble(feeds)
        cycles = self._cycles.section(kernel, engine, shown_ns, silent)
        prices = bump(old.prices, self._prices.section(engine, shown_ns, silent))
        detail, outline = self._detail(kernel, engine, now_ns)
        self.view = msgspec.structs.replace(
            old,
            prices=prices,
            cycles=bump(old.cycles, cycles),
            fees=bump(old.fees, self._fees.section(self._setup, engine, shown_ns)),
            trades=bump(old.trades, self._trades.section(kernel, unrecorded)),
            feeds=feeds,
            ends=bump(old.ends, self._ends.section(kernel)),
            log=self._log_section(old.log),
            headline=bump(old.headline, self._headline.section(kernel, engine, cycles, now_ns)),
            detail=detail,
            outline=outline,
            price_detail=self._price_detail(kernel, prices, now_ns),
            status=msgspec.structs.replace(old.status, slot=engine.slot),
        )
        return self.view

    def _log_section(self, old: LogSection) -> LogSection:
        return old if old.version == self._log_version else LogSection(self._log_version, tuple(self.log))

    def _detail(
        self, kernel: Kernel, engine: EngineView, now_ns: int
    ) -> tuple[CycleDetail | None, CycleOutline | None]:
        """Returns the opened cycle, or its outline while it is not sized and once it has ended."""
        key, view, shown_ns = self._inspected, self.view, now_ns - now_ns % AGE_STEP_NS
        found = _INSPECTION.decode(kernel.engine.inspect(key, now_ns)) if key else None
        if found is None:
            return None, None
        if found.opportunity is None:
            outline = outlined(found, key, self._names, shown_ns)
            return None, outline if view.outline is None else bump(view.outline, outline)
        fate = (key in kernel.risk.state.open_keys, kernel.declined.get(key))
        row = self._cycles.row(found.opportunity, fate, shown_ns)
        new = opened(found, found.opportunity, row, self._names, kernel, shown_ns)
        new = msgspec.structs.replace(new, stopped=engine.counters.stopped.get(row.reason))
        return new if view.detail is None else bump(view.detail, new), None

    def _price_detail(self, kernel: Kernel, prices: PricesSection, now_ns: int) -> PriceDetail | None:
        key = self._inspected_price
        if not key:
            return None
        mint, _, source = key.partition("/")
        asked = next((row for row in prices.rows if row.key == key), None)
        apart = asked is not None and asked.unit != prices.quote
        tokens = [source] if apart or not mint else [mint, source]
        answers = (_PRICE.decode(kernel.engine.inspect_price(token, now_ns)) for token in tokens)
        found = next((answer for answer in answers if answer is not None), None)
        if found is None:
            return None
        shown_ns = now_ns - now_ns % AGE_STEP_NS
        new = opened_price(found, key, prices, shown_ns)
        old = self.view.price_detail
        return new if old is None else bump(old, new)
