"""Builds the View: from kernel and engine facts to versioned sections."""

from __future__ import annotations

import bisect
from collections import deque
from itertools import accumulate, pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from cambist import log
from cambist.engine.protocol import CycleInspection, EngineView, EquivalenceView, FeeSample, PriceInspection, PriceView
from cambist.model.opportunity import Opportunity
from cambist.model.text import redact, sanitise, short
from cambist.runtime.sections.details import opened, opened_price
from cambist.runtime.sections.feeds import FeedRows, trouble
from cambist.runtime.valuing import Sum, Valuer, unit_of
from cambist.runtime.words import EQUIVALENCE, Fate, Names, decision, miss, peg_words, venue_class
from cambist.view import (
    CycleDetail,
    CycleRow,
    CyclesSection,
    DuelSection,
    FeeColumn,
    FeeInputRow,
    FeesSection,
    Headline,
    LogRow,
    LogSection,
    PanelState,
    PriceDetail,
    PriceRow,
    PricesSection,
    TradeRow,
    TradesSection,
    View,
    Wallet,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cambist.kernel import Kernel
    from cambist.model.orders import Fill, Order
    from feeds.base import FeedStatus

BUCKET_NS = 15_000_000_000
BUCKETS = 60
AGE_STEP_NS = 200_000_000
SLOT_NS = 400_000_000
KNOWN_SLOTS = 50
"""Percentiles come some slots after the minimum; a node that told none for this long tells none."""
LOG_LINES = 500
TIPS = "jito.tip_floor"
NOT_TOLD = "not told yet"
SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS
MINUTES = 20
VENUE_ORDER = {"binance": -3, "ray4": -2, "orca": -1}
EMPTY: Mapping[int, Any] = MappingProxyType({})
_VIEW = msgspec.json.Decoder(EngineView)
_INSPECTION = msgspec.json.Decoder(CycleInspection | None)
_PRICE = msgspec.json.Decoder(PriceInspection | None)

Kin = tuple[str, str]
"""What prices must share to be compared: token and what they are in; the source where either is but a ticker."""
S = TypeVar("S", bound=msgspec.Struct)
Shown = tuple[Opportunity, Fate, int, CycleRow]
"""A row with what it was made of."""


def bump(old: S, new: S) -> S:
    """Returns `old` if nothing but the version differs, else `new` with the next version."""
    version = old.version  # type: ignore[attr-defined]  # every section has one; Struct itself declares none
    if msgspec.structs.replace(new, version=version) == old:
        return old
    return msgspec.structs.replace(new, version=version + 1)


class Publisher:
    """Keeps what a View needs over time (fee history, log lines, rates) and builds the next one from the last."""

    def __init__(self, kernel: Kernel) -> None:
        no_duel = PanelState("empty", "A recording isn't timed.", "Both engines are timed on live feeds.")
        self.view = View(duel=DuelSection(1, no_duel))
        self.log: deque[LogRow] = deque(maxlen=LOG_LINES)
        self._buckets: dict[int, FeeColumn] = {}
        self._counted: deque[tuple[int, int, int]] = deque(maxlen=MINUTES * 60 + 2)
        """(session time, cycles, go) so far, once a second."""
        self._changed = 0
        self._shown: dict[str, Shown] = {}
        """The rows of the last View and what they were made from: most cycles rest from one View to the next."""
        self._inspected = ""
        self._inspected_price = ""
        self.adopt(kernel)

    def adopt(self, kernel: Kernel) -> None:
        """Takes names and limits from a kernel's setup; call it after a STATE record."""
        setup = kernel.setup.engine
        self._setup = setup
        self._names = Names(setup.tokens, setup.pools, setup.instruments)
        self._counted.clear()
        self._shown.clear()
        self._feeds = FeedRows(setup)
        self._quote = self._quote_name()
        self._unit = self._unit_name()
        ranks = {t.mint: (t.base or 1_000, n) for n, t in enumerate(setup.tokens)}
        self._price_order = lambda p: (*ranks.get(p.mint, (2_000, 0)), p.mint, VENUE_ORDER.get(p.venue, 0), p.source)

    def _quote_name(self) -> str:
        """Returns what prices are in; without a token table the one quote that all instruments share."""
        setup = self._setup
        quotes = {i.quote for i in setup.instruments}
        if self._names.knows(setup.quote_mint) or len(quotes) != 1:
            return self._names.symbol(setup.quote_mint)
        return sanitise(quotes.pop(), 12)

    def _unit_name(self) -> tuple[str, int]:
        """Returns label and decimals of what sums are in; those of SOL without a token table."""
        mint = unit_of(self._setup)
        return (self._names.symbol(mint), self._names.decimals(mint)) if self._names.knows(mint) else ("SOL", 9)

    def note(self, at_ns: int, level: str, source: str, text: str) -> None:
        """Adds a line to the log."""
        text = sanitise(redact(text), 400)
        self.log.append(LogRow(at_ns, level, source, text))
        log.row(at_ns, level, source, text)
        self._changed += 1

    def inspect(self, *, cycle: str | None = None, price: str | None = None) -> None:
        """Opens a cycle or a price row by its key in every View from now on; an empty key closes it."""
        self._inspected, self._inspected_price = cycle or "", price or ""

    def build(
        self,
        kernel: Kernel,
        now_ns: int,
        drops: Mapping[int, int] = EMPTY,
        statuses: Mapping[int, FeedStatus] = EMPTY,
    ) -> View:
        """Returns the next View; sections that did not change keep their version. Drops and statuses by channel."""
        engine = _VIEW.decode(kernel.engine.present(now_ns))
        shown_ns = now_ns - now_ns % AGE_STEP_NS
        old = self.view
        feeds = bump(old.feeds, self._feeds.section(engine, shown_ns, drops, statuses))
        silent = trouble(feeds)
        cycles = self._cycles(kernel, engine, shown_ns, silent)
        valuer = Valuer(self._setup, kernel.setup.valuation, self._names, engine.prices, shown_ns)
        realised = valuer.sum(kernel.totals.net)
        fees = self._fees(engine, shown_ns)
        prices = bump(old.prices, self._prices(engine, shown_ns, silent))
        self.view = msgspec.structs.replace(
            old,
            prices=prices,
            cycles=bump(old.cycles, cycles),
            fees=bump(old.fees, fees),
            trades=bump(old.trades, self._trades(kernel, valuer, realised)),
            feeds=feeds,
            log=LogSection(self._changed, tuple(self.log)) if old.log.version != self._changed else old.log,
            headline=bump(old.headline, self._headline(kernel, engine, cycles, realised, now_ns)),
            detail=self._detail(kernel, engine, now_ns),
            price_detail=self._price_detail(kernel, prices, now_ns),
            status=msgspec.structs.replace(old.status, slot=engine.slot),
        )
        return self.view

    def _prices(self, engine: EngineView, now_ns: int, silent: PanelState | None) -> PricesSection:
        best_bid: dict[Kin, float] = {}
        best_ask: dict[Kin, float] = {}
        for p in engine.prices:
            if p.usable and p.bid is not None and p.ask is not None and not p.synthetic:
                kin = _kin(p)
                best_bid[kin] = max(p.bid, best_bid.get(kin, p.bid))
                best_ask[kin] = min(p.ask, best_ask.get(kin, p.ask))
        ordered = sorted(engine.prices, key=self._price_order)
        rows = tuple(self._price_row(p, now_ns, best_bid, best_ask) for p in ordered)
        pegs = tuple(self._peg_row(each) for each in engine.equivalences)
        pools = len(self._setup.pools)
        tokens = len({p.mint for p in engine.prices})
        state = PanelState()
        if not rows:
            what = f"account data. {pools} pools are watched." if pools else "quote."
            state = silent or PanelState("loading", f"Waiting for the first {what}")
        elif not any(p.usable for p in engine.prices):
            state = PanelState("stale", "no source is current.", "Retrying by itself.", since_ns=engine.slot_ns or 0)
        return PricesSection(0, state, (*rows, *pegs), self._quote, tokens, pools)

    def _price_row(self, p: PriceView, now_ns: int, bids: dict[Kin, float], asks: dict[Kin, float]) -> PriceRow:
        mid = None if p.bid is None or p.ask is None else (p.bid + p.ask) / 2
        change = None if mid is None or not p.hour_ago else mid / p.hour_ago - 1
        return PriceRow(
            key=f"{p.mint}/{p.source}",
            token=self._names.symbol(p.mint) if self._names.knows(p.mint) else sanitise(p.symbol, 12),
            venue=p.venue,
            bid=p.bid,
            ask=p.ask,
            age_ns=None if p.current_ns is None else max(0, now_ns - p.current_ns),
            changed_ns=p.changed_ns,
            change_1h=change,
            change_span_ns=p.hour_span_ns,
            spark=p.closes,
            rsi=p.rsi,
            ema=p.ema,
            band_low=p.band_low,
            band_high=p.band_high,
            best_bid=p.bid is not None and p.usable and p.bid == bids.get(_kin(p)),
            best_ask=p.ask is not None and p.usable and p.ask == asks.get(_kin(p)),
            stale=not p.usable,
            source=short(p.source),
            synthetic=p.synthetic,
            venue_class=venue_class(p.venue),
            depth=p.depth,
            reference=p.reference,
            quote=sanitise(p.quote, 12),
            unit=self._price_unit(p),
        )

    def _price_unit(self, p: PriceView) -> str:
        """Returns what a price is in, with a `?` where only a ticker says so beside a table of tokens."""
        if p.unit == self._setup.quote_mint:
            return self._quote
        name, tabled = sanitise(p.quote, 12), self._names.knows(self._setup.quote_mint)
        return f"{name}?" if name and tabled and not p.unit else name

    def _peg_row(self, e: EquivalenceView) -> PriceRow:
        """Returns an equivalence as a row."""
        venue = e.pair.partition(":")[0]
        age_ns = e.age_ns
        return PriceRow(
            key=f"{EQUIVALENCE}/{e.pair}",
            token=self._names.symbol(e.a),
            venue=sanitise(venue, 20),
            bid=e.bid,
            ask=e.ask,
            age_ns=None if age_ns is None else age_ns - age_ns % AGE_STEP_NS,
            stale=bool(e.detail),
            source=sanitise(e.pair, 40),
            venue_class=venue_class(venue),
            quote=self._names.symbol(e.b),
            unit=self._names.symbol(e.b),
            peg=e.state,
            peg_words=peg_words(e),
        )

    def _cycles(self, kernel: Kernel, engine: EngineView, now_ns: int, silent: PanelState | None) -> CyclesSection:
        open_keys = frozenset(kernel.risk.state.open_keys)
        min_bps = self._setup.gates.min_net_ppm / 100
        before, self._shown = self._shown, {}
        fates = ((o.key in open_keys, kernel.declined.get(o.key)) for o in engine.cycles)
        rows = [self._kept(o, before.get(o.key), fate, now_ns) for o, fate in zip(engine.cycles, fates, strict=True)]
        rows.sort(key=lambda r: (r.mark != "go", -(r.net_bps if r.net_bps is not None else -1e9), r.key))
        best = max((r.net_bps for r in rows if r.net_bps is not None), default=None)
        state = PanelState()
        if engine.slot is None and not engine.prices:
            state = silent or PanelState("loading", "Waiting for the first prices.")
        elif not rows and not self._setup.pools:
            state = PanelState("empty", "No cycle can be built: no pool is watched here.")
        elif not rows:
            state = PanelState(
                "empty", "No cycle is profitable at the margin now.", f"The threshold is {min_bps:+.1f} bps."
            )
        return CyclesSection(
            0, state, tuple(rows), min_bps, engine.counters.cycles, best, _stopped(engine), kernel.setup.rule
        )

    def _kept(
        self,
        o: Opportunity,
        before: Shown | None,
        fate: Fate,
        now_ns: int,
    ) -> CycleRow:
        """Returns the row of the last View if nothing in it can have changed, else a new one."""
        if before is not None and before[1:3] == (fate, now_ns) and before[0] == o:
            self._shown[o.key] = before
            return before[3]
        row = self.cycle_row(o, fate, now_ns)
        self._shown[o.key] = (o, fate, now_ns, row)
        return row

    def cycle_row(self, o: Opportunity, fate: Fate, now_ns: int) -> CycleRow:
        """Returns one opportunity as a row."""
        scale = 10_000 / o.amount_in if o.amount_in else 0.0
        mark, words = decision(o, self._setup.gates.min_net_ppm / 100, fate, self._names)
        age = max(0, o.oldest_ns + max(0, now_ns - o.recv_ns))
        pools, chain = o.cost.venue_fees + o.cost.transfer_fees, o.cost.chain
        return CycleRow(
            key=o.key,
            legs=self._names.legs(o.route, o.tokens),
            unit=self._names.symbol(o.tokens[0]),
            decimals=self._names.decimals(o.tokens[0]),
            settlement=o.settlement,
            size=o.amount_in,
            gross_bps=(o.gross + pools) * scale,
            pools_bps=-pools * scale,
            chain_bps=None if chain is None else -chain * scale,
            net_bps=o.net_bps,
            net=o.net,
            oldest_ns=age,
            seen_slots=o.seen_slots,
            landing_ppm=o.landing_ppm,
            score=o.score,
            mark=mark,
            reason=o.reason,
            detail=sanitise(o.detail, 80),
            decision=words,
            miss=miss(o, self._names),
        )

    def _fees(self, engine: EngineView, now_ns: int) -> FeesSection:
        for sample in engine.fees:
            self._remember(sample, engine)
        columns = tuple(self._buckets[b] for b in sorted(self._buckets)[-BUCKETS:])
        newest = engine.fees[-1] if engine.fees else None
        base, priority, tip = engine.trade_lamports
        total = None if base is None or priority is None or tip is None else base + priority + tip
        state = PanelState()
        if newest is None:
            state = PanelState("loading", "Waiting for the first fee samples.")
            if not self._setup.pools:
                state = PanelState("empty", "No fee is paid here: no chain is watched.")
        note = ""
        if newest is not None and all(sample.p50 is None for sample in engine.fees[-KNOWN_SLOTS:]):
            note = "this node gives only the smallest fee that landed, so percentiles are unknown"
        cap = self._setup.gates.caps.get(self._setup.sol_mint) or None
        return FeesSection(
            state=state,
            columns=columns,
            now=columns[-1] if columns else None,
            score=engine.congestion,
            trend=_trend(columns),
            bid_percentile=f"p{engine.bid_percentile or self._setup.bidding.percentile}",
            hops=3,
            total=total,
            total_bps=None if total is None or cap is None else total / cap * 10_000,
            size=cap,
            tip=tip,
            priority=priority,
            base=base,
            source=engine.fee_source,
            age_ns=None if newest is None else max(0, now_ns - newest.recv_ns),
            note=note,
            inputs=_inputs(engine, now_ns, tips_told=any(c.protocol == TIPS for c in self._setup.channels)),
        )

    def _remember(self, s: FeeSample, engine: EngineView) -> None:
        """Files a slot's sample under its 15 s bucket; a bucket shows its busiest slot."""
        lag = max(0, (engine.slot or s.slot) - s.slot) * SLOT_NS
        end = ((engine.slot_ns or s.recv_ns) - lag) // BUCKET_NS * BUCKET_NS + BUCKET_NS
        old = self._buckets.get(end, FeeColumn(end))
        merged = {n: _most(getattr(old, n), getattr(s, n)) for n in ("p25", "p50", "p75", "p90", "p99", "minimum")}
        self._buckets[end] = FeeColumn(end, **merged)
        while len(self._buckets) > BUCKETS + 1:
            del self._buckets[min(self._buckets)]

    def _trades(self, kernel: Kernel, valuer: Valuer, realised: Sum) -> TradesSection:
        rows = [self._trade_row(order, None) for order in kernel.open_orders]
        rows += [self._trade_row(order, fill) for order, fill in reversed(kernel.fills)]
        label, decimals = self._unit
        balance = kernel.wallet.get(valuer.unit)
        paper = Wallet("paper", balance, realised.atoms, label, decimals, realised.valued)
        state = PanelState() if rows else PanelState("empty", "No order yet.", "The first go cycle is taken on paper.")
        real, curve = Wallet("real", None, None, label, decimals), self._curve(kernel, valuer, realised)
        return TradesSection(0, state, paper, real, tuple(rows[:200]), curve)

    def _curve(self, kernel: Kernel, valuer: Valuer, realised: Sum) -> tuple[float, ...]:
        """Returns the sum after each fill, empty where one of them can't be valued."""
        filled = [(order.tokens[0], fill.net) for order, fill in kernel.fills if fill.status == "filled"]
        if realised.atoms is None:
            return ()
        nets = [net for mint, atoms in filled if (net := valuer.worth(mint, atoms)) is not None]
        if len(nets) != len(filled):
            return ()
        scale = float(10 ** self._unit[1])
        return tuple(total / scale for total in accumulate(nets, initial=realised.atoms - sum(nets)))[1:]

    def _trade_row(self, order: Order, fill: Fill | None) -> TradeRow:
        token = order.tokens[0]
        return TradeRow(
            id=order.id,
            at_ns=fill.recv_ns if fill else order.sent_ns,
            legs=self._names.legs(order.route, order.tokens),
            unit=self._names.symbol(token),
            decimals=self._names.decimals(token),
            hoped_bps=order.expected_net / order.amount_in * 10_000,
            got_bps=fill.net / fill.amount_in * 10_000 if fill and fill.amount_in else None,
            net=fill.net if fill else None,
            status=fill.status if fill else "open",
            reason=fill.reason if fill else "",
        )

    def _headline(
        self, kernel: Kernel, engine: EngineView, cycles: CyclesSection, realised: Sum, now_ns: int
    ) -> Headline:
        totals, unit = kernel.totals, unit_of(self._setup)
        per_minute, go = self._by_minute(engine, now_ns)
        return Headline(
            best=next((r for r in cycles.rows if r.mark != "stale"), cycles.rows[0] if cycles.rows else None),
            since_ns=totals.first_ns,
            per_minute=per_minute,
            go_last_minute=go,
            realised=realised.atoms,
            valued=realised.valued,
            unit=self._unit[0],
            decimals=self._unit[1],
            fills=totals.filled,
            orders=totals.filled + totals.missed + len(kernel.open_orders),
            missed=totals.missed,
            from_peak=kernel.risk.from_peak(unit),
            loss_limit=kernel.setup.limits.daily_loss.get(unit),
            congestion=engine.congestion,
        )

    def _by_minute(self, engine: EngineView, now_ns: int) -> tuple[tuple[int, ...], int | None]:
        """Returns cycles proposed in each whole minute before now, oldest first, and what was go in the last one.

        Counted once a second of session time; a jump (a seek, a pause) starts over: what wasn't seen isn't spread.
        """
        counted, counters = self._counted, engine.counters
        if counted:
            last_ns, cycles, go = counted[-1]
            if not 0 <= now_ns - last_ns <= MINUTE_NS or counters.cycles < cycles or counters.go < go:
                counted.clear()
        if not counted or now_ns - counted[-1][0] >= SECOND_NS:
            counted.append((now_ns, counters.cycles, counters.go))
        newest = counted[-1]
        minutes = min(MINUTES, (newest[0] - counted[0][0]) // MINUTE_NS)
        if not minutes:
            return (), None
        times = [at_ns for at_ns, _, _ in counted]
        marks = [counted[bisect.bisect_right(times, newest[0] - k * MINUTE_NS) - 1] for k in range(minutes, -1, -1)]
        return tuple(b[1] - a[1] for a, b in pairwise(marks)), newest[2] - marks[-2][2]

    def _detail(self, kernel: Kernel, engine: EngineView, now_ns: int) -> CycleDetail | None:
        if not self._inspected:
            return None
        found = _INSPECTION.decode(kernel.engine.inspect(self._inspected, now_ns))
        if found is None:
            return None
        old = self.view.detail
        key = found.opportunity.key
        fate = (key in kernel.risk.state.open_keys, kernel.declined.get(key))
        row = self.cycle_row(found.opportunity, fate, now_ns - now_ns % AGE_STEP_NS)
        new = opened(found, row, self._names, kernel, engine.counters.stopped.get(row.reason))
        if old is not None and msgspec.structs.replace(new, version=old.version) == old:
            return old
        return msgspec.structs.replace(new, version=old.version + 1 if old else 1)

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


def _kin(price: PriceView) -> Kin:
    return (price.mint, price.unit) if price.mint and price.unit else (price.source, "")


def _stopped(engine: EngineView) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(engine.counters.stopped.items()))


def _inputs(engine: EngineView, now_ns: int, *, tips_told: bool) -> tuple[FeeInputRow, ...]:
    """Returns the figures that fees rest on, those that are missing too; of the accounts only the dearest."""
    accounts = [each for each in engine.fee_inputs if each.name == "account"]
    dearest = max(accounts, key=lambda each: each.value or 0, default=None)
    rows = [
        FeeInputRow(
            each.name,
            short(each.source) if each is dearest else each.source or NOT_TOLD,
            each.value,
            None if each.recv_ns is None else max(0, now_ns - each.recv_ns),
        )
        for each in engine.fee_inputs
        if each.name != "account" or each is dearest
    ]
    if rows and not any(row.name == "tip" for row in rows):
        rows.append(FeeInputRow("tip", NOT_TOLD if tips_told else "no source", None, None))
    return tuple(rows)


def _most(a: int | None, b: int | None) -> int | None:
    return b if a is None else a if b is None else max(a, b)


def _trend(columns: tuple[FeeColumn, ...]) -> str:
    """Compares the median of the last minute with the five before; a quarter up or down is a trend."""

    def level(part: tuple[FeeColumn, ...]) -> float | None:
        known: list[Any] = [c.p75 if c.p75 is not None else c.minimum for c in part]
        values = sorted(v for v in known if v is not None)
        return values[len(values) // 2] if values else None

    now, before = level(columns[-4:]), level(columns[-24:-4])
    if now is None or before is None:
        return ""
    return "rising" if now > before * 1.25 else "falling" if now < before * 0.8 else "steady"
