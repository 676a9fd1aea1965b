"""One cycle opened up: its hops, costs, gates, what binds its size. One price opened up: its bars, its venues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.model.text import sanitise, short
from cambist.runtime.sections.moves import in_words
from cambist.runtime.words import Names, venue_class
from cambist.view import (
    CycleDetail,
    CycleEnd,
    CycleHistory,
    CycleOutline,
    CycleRow,
    Gate,
    HopRow,
    PriceBar,
    PriceDetail,
)

if TYPE_CHECKING:
    from cambist.engine.protocol import BarView, CycleInspection, HopView, PriceInspection
    from cambist.engine.protocol import CycleHistory as Remembered
    from cambist.kernel import Kernel
    from cambist.model.opportunity import Opportunity
    from cambist.view import PricesSection


def opened(
    found: CycleInspection, o: Opportunity, row: CycleRow, names: Names, kernel: Kernel, shown_ns: int
) -> CycleDetail:
    """Returns the detail of an inspected cycle that stands.

    `o` is the last decision on it, `row` the same as the table shows it; all that has an age is as of `shown_ns`.
    """
    return CycleDetail(
        version=1,
        row=row,
        hops=tuple(_hop(hop, names) for hop in found.hops),
        costs=_costs(o),
        gates=_gates(o, names, kernel),
        curve=found.curve,
        binds=" ".join((_binds(found, o, names), *in_words(found.moves, kernel.setup.engine, names))),
        history=_history(found.history, shown_ns),
    )


def outlined(found: CycleInspection, key: str, names: Names, shown_ns: int) -> CycleOutline:
    """Returns what is known of an inspected cycle that ended, or stands and is not sized, as of `shown_ns`."""
    known = found.history
    unit = names.symbol(known.base) if known.base else ""
    decimals = names.decimals(known.base) if known.base else 0
    return CycleOutline(1, key, unit, decimals, _history(known, shown_ns))


def _history(known: Remembered, shown_ns: int) -> CycleHistory:
    end = known.ended
    until_ns = shown_ns if end is None else end.at_ns
    return CycleHistory(
        found_ns=known.found_ns,
        found_slot=known.found_slot,
        stood_ns=None if known.found_ns is None else max(0, until_ns - known.found_ns),
        best_net=known.best_net,
        best_ns=known.best_ns,
        ended=None if end is None else CycleEnd(end.at_ns, end.slot, end.how),
    )


def _hop(hop: HopView, names: Names) -> HopRow:
    return HopRow(
        venue=hop.venue,
        venue_class=venue_class(hop.venue),
        pool=short(hop.pool),
        token_in=names.symbol(hop.mint_in),
        token_out=names.symbol(hop.mint_out),
        decimals_in=names.decimals(hop.mint_in),
        decimals_out=names.decimals(hop.mint_out),
        amount_in=hop.amount_in,
        amount_out=hop.amount_out,
        fee_bps=hop.fee_bps,
        impact_bps=hop.impact_bps,
        age_ns=hop.age_ns,
    )


def _costs(o: Opportunity) -> tuple[tuple[str, int | None], ...]:
    c = o.cost

    def paid(value: int | None) -> int | None:
        return None if value is None else -value

    rows: list[tuple[str, int | None]] = [
        ("gross", o.gross + c.venue_fees + c.transfer_fees),
        ("pool fees", -c.venue_fees),
        ("tip", paid(c.tip)),
        ("priority fee", paid(c.priority_fee)),
        ("base fee", paid(c.base_fee)),
    ]
    optional = (
        ("transfer fees", c.transfer_fees),
        ("rent", c.rent),
        ("rebalancing", c.rebalancing),
        ("flash loan", c.flash_loan),
    )
    rows += [(label, paid(value)) for label, value in optional if value]
    return (*rows, ("net", o.net))


def _gates(o: Opportunity, names: Names, kernel: Kernel) -> tuple[Gate, ...]:
    g, token = kernel.setup.engine.gates, o.tokens[0]
    unit, scale = names.symbol(token), 10 ** names.decimals(token)
    cap, loss = g.caps.get(token), kernel.setup.limits.daily_loss.get(token)
    lost, fee = -kernel.risk.from_peak(token), o.cost.chain
    eaten = None if fee is None or o.gross <= 0 else fee * 100 // o.gross
    landing = o.landing_ppm

    def known(value: object, text: str) -> str:
        return "–" if value is None else text

    rows = [
        (
            "net after all costs",
            known(o.net, f"{o.net_bps or 0:.1f} bps"),
            f"≥ {g.min_net_ppm / 100:.1f} bps",
            o.net is not None and o.net * 1_000_000 >= g.min_net_ppm * o.amount_in,
        ),
        (
            "oldest quote",
            f"{o.oldest_ns // 1_000_000} ms",
            f"≤ {g.max_slot_lag} slots",
            o.reason not in ("stale", "torn", "fork", "depeg"),
        ),
        (
            "told by two nodes",
            "no" if o.reason == "unconfirmed" else "not asked for" if _is_plain(o, g.max_unconfirmed_ppm) else "yes",
            f"gross > {g.max_unconfirmed_ppm / 10_000:g}%",
            o.reason != "unconfirmed",
        ),
        ("seen for", f"{o.seen_slots} slots", f"≥ {g.min_seen_slots} slots", o.seen_slots >= g.min_seen_slots),
        (
            "chance to land",
            known(landing, f"{(landing or 0) // 10_000}%"),
            f"≥ {g.min_landing_ppm // 10_000}%",
            landing is not None and landing >= g.min_landing_ppm,
        ),
        (
            "size against cap",
            f"{o.amount_in / scale:g} {unit}",
            known(cap, f"≤ {(cap or 0) / scale:g} {unit}"),
            cap is not None and o.amount_in <= cap,
        ),
        (
            "day's loss from peak",
            f"{lost / scale:.3f} {unit}",
            known(loss, f"≤ {(loss or 0) / scale:g} {unit}"),
            loss is not None and lost < loss,
        ),
        (
            "costs against gross",
            known(eaten, f"{eaten}%"),
            f"≤ {g.max_fee_ppm_of_gross // 10_000}%",
            eaten is not None and eaten * 10_000 <= g.max_fee_ppm_of_gross,
        ),
    ]
    tip = o.cost.tip
    profit = None if tip is None or o.net is None or o.net + tip <= 0 else o.net + tip
    share = None if tip is None or profit is None else tip * 100 // profit
    rows.append(
        (
            "tip against profit",
            known(share, f"{share}%"),
            f"≤ {g.max_tip_ppm_of_profit // 10_000}%",
            profit is not None and tip is not None and tip * 1_000_000 <= g.max_tip_ppm_of_profit * profit,
        )
    )
    gates = [Gate(label, has, needed, passed) for label, has, needed, passed in rows]
    if kernel.risk.state.halted:
        gates.append(Gate("not halted", "halted", "running", passed=False))
    return tuple(gates)


def _is_plain(o: Opportunity, most_ppm: int) -> bool:
    """Returns whether a gross is small enough to be believed on one node's word."""
    return o.gross * 1_000_000 <= most_ppm * o.amount_in


def _binds(found: CycleInspection, o: Opportunity, names: Names) -> str:
    unit, scale = names.symbol(o.tokens[0]), 10 ** names.decimals(o.tokens[0])
    gains = [size for size, net in found.curve if net > 0]
    if not gains:
        return "No size is positive after costs."
    text = f"Positive from {gains[0] / scale:.3g} to {gains[-1] / scale:.3g} {unit}."
    if found.cap is not None and o.amount_in >= found.cap:
        return f"{text} The cap of {found.cap / scale:g} {unit} binds."
    worst = max(found.hops, key=lambda h: abs(h.impact_bps), default=None)
    return f"{text} {worst.venue} depth sets the peak." if worst else text


def opened_price(found: PriceInspection, key: str, prices: PricesSection, now_ns: int) -> PriceDetail:
    """Returns the detail of an inspected price; `key` is the row of `prices` that was asked for."""
    token = key.partition("/")[0]
    rows = tuple(row for row in prices.rows if row.key == key or (token and row.key.partition("/")[0] == token))
    asked = next((row for row in rows if row.key == key), rows[0] if rows else None)

    def since(at_ns: int | None) -> int | None:
        return None if at_ns is None else max(0, now_ns - at_ns)

    return PriceDetail(
        version=1,
        key=key,
        token=sanitise(found.symbol, 12) if asked is None else asked.token,
        quote=prices.quote if asked is None else asked.unit or prices.quote,
        venue=found.venue,
        venue_class=venue_class(found.venue),
        source=short(found.source),
        state=found.state,
        age_ns=since(found.current_ns),
        changed_ns=since(found.changed_ns),
        bars=tuple(map(_bar, found.bars)),
        provisional=None if found.provisional is None else _bar(found.provisional),
        rsi=found.rsi,
        rows=rows,
    )


def _bar(bar: BarView) -> PriceBar:
    return PriceBar(*(getattr(bar, name) for name in PriceBar.__struct_fields__))
