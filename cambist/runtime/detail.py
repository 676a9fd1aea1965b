"""One cycle opened up: its hops, where the gross goes, which gates it passed, what binds its size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.runtime.words import Names, short, venue_class
from cambist.view import CycleDetail, CycleRow, Gate, HopRow

if TYPE_CHECKING:
    from cambist.engine.protocol import CycleInspection, HopView
    from cambist.kernel import Kernel
    from cambist.model.opportunity import Opportunity


def opened(found: CycleInspection, row: CycleRow, names: Names, kernel: Kernel) -> CycleDetail:
    """Returns the detail of an inspected cycle; `row` is the same cycle as the table shows it."""
    return CycleDetail(
        version=1,
        row=row,
        hops=tuple(_hop(hop, names) for hop in found.hops),
        costs=_costs(found.opportunity),
        gates=_gates(found.opportunity, names, kernel),
        curve=found.curve,
        binds=_binds(found, names),
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
    optional = (("transfer fees", c.transfer_fees), ("rent", c.rent), ("rebalancing", c.rebalancing))
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
            o.reason not in ("stale", "torn"),
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
    gates = [Gate(label, has, needed, passed) for label, has, needed, passed in rows]
    if kernel.risk.state.halted:
        gates.append(Gate("not halted", "halted", "running", passed=False))
    return tuple(gates)


def _binds(found: CycleInspection, names: Names) -> str:
    o = found.opportunity
    unit, scale = names.symbol(o.tokens[0]), 10 ** names.decimals(o.tokens[0])
    gains = [size for size, net in found.curve if net > 0]
    if not gains:
        return "No size is positive after costs."
    text = f"Positive from {gains[0] / scale:.3g} to {gains[-1] / scale:.3g} {unit}."
    if found.cap is not None and o.amount_in >= found.cap:
        return f"{text} The cap of {found.cap / scale:g} {unit} binds."
    worst = max(found.hops, key=lambda h: abs(h.impact_bps), default=None)
    return f"{text} {worst.venue} depth sets the peak." if worst else text
