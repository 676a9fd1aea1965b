"""The Trades section: orders and how they ended, the wallets, and the curve of what was earned."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from cambist.view import LimitRow, PanelState, TradeRow, TradesSection, Wallet

if TYPE_CHECKING:
    from cambist.kernel import Kernel
    from cambist.model.orders import Fill, Order
    from cambist.runtime.valuing import Sum, Unit, Valuer
    from cambist.runtime.words import Names


class TradeRows:
    """Makes the rows of orders and fills; `unit` is what sums are in."""

    def __init__(self, unit: Unit, names: Names) -> None:
        self._unit, self._names = unit, names

    def section(self, kernel: Kernel, valuer: Valuer, realised: Sum) -> TradesSection:
        """Returns the section, newest order first; `realised` is the session's net as `valuer` adds it up."""
        rows = [self._trade_row(order, None) for order in kernel.open_orders]
        rows += [self._trade_row(order, fill) for order, fill in reversed(kernel.fills)]
        label, decimals = self._unit.label, self._unit.decimals
        balance = kernel.wallet.get(valuer.unit)
        paper = Wallet(
            name="paper", balance=balance, change=realised.atoms, unit=label, decimals=decimals, valued=realised.valued
        )
        state = PanelState() if rows else PanelState("empty", "No order yet.", "The first go cycle is taken on paper.")
        real, curve = Wallet("real", None, None, label, decimals), self._curve(kernel, valuer, realised)
        return TradesSection(
            version=0,
            state=state,
            paper=paper,
            real=real,
            rows=tuple(rows[:200]),
            limits=self._limits(kernel),
            curve=curve,
        )

    def _limits(self, kernel: Kernel) -> tuple[LimitRow, ...]:
        names, found = self._names, kernel.risk.distances(kernel.now_ns, kernel.wallet)
        return tuple(
            LimitRow(row.limit, row.used, row.of, row.unit, 0, row.scope)
            if row.unit == "orders"
            else LimitRow(row.limit, row.used, row.of, names.symbol(row.unit), names.decimals(row.unit), row.scope)
            for row in found
        )

    def _curve(self, kernel: Kernel, valuer: Valuer, realised: Sum) -> tuple[float, ...]:
        """Returns the sum after each fill, empty where one of them can't be valued."""
        filled = [(order.tokens[0], fill.net) for order, fill in kernel.fills if fill.status == "filled"]
        if realised.atoms is None:
            return ()
        nets = [net for mint, atoms in filled if (net := valuer.worth(mint, atoms)) is not None]
        if len(nets) != len(filled):
            return ()
        scale = float(10**self._unit.decimals)
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
