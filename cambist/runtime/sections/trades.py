"""The Trades section: orders and how they ended, the wallets, and the curve of what was earned."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from cambist.model.ledger import CHAIN, Account
from cambist.runtime.valuing import valued
from cambist.view import Holding, LeftRow, LimitRow, PaidRow, PanelState, TradeRow, TradesSection, Wallet

if TYPE_CHECKING:
    from collections.abc import Collection

    from cambist.kernel import Kernel
    from cambist.model.orders import Fill, Order
    from cambist.runtime.valuing import Unit
    from cambist.runtime.words import Names

MAX_ROWS = 200


class TradeRows:
    """Makes the rows of orders and fills; `unit` is what sums are in."""

    def __init__(self, unit: Unit, names: Names) -> None:
        self._unit, self._names = unit, names

    def section(self, kernel: Kernel, unrecorded: Collection[int] = ()) -> TradesSection:
        """Returns the section, newest order first; rows of orders in `unrecorded` are not on disk yet."""
        rows = [self._trade_row(working.order, None, unrecorded) for working in kernel.desk.working]
        rows += [self._trade_row(each.order, each.fill, unrecorded) for each in reversed(kernel.outcomes)]
        label, decimals = self._unit.label, self._unit.decimals
        earned = kernel.totals.earned
        paper = Wallet(
            name="paper",
            balance=kernel.desk.holdings().get(self._unit.mint),
            change=earned.worth,
            unit=label,
            decimals=decimals,
            valued=valued(earned, self._names),
            holdings=self._holdings(kernel),
        )
        state = PanelState() if rows else PanelState("empty", "No order yet.", "The first go cycle is taken on paper.")
        real = Wallet("real", None, None, label, decimals)
        return TradesSection(
            version=0,
            state=state,
            paper=paper,
            real=real,
            rows=tuple(rows[:MAX_ROWS]),
            curve=self._curve(kernel),
            limits=self._limits(kernel),
            left=self._left(kernel),
            paid=self._paid(kernel),
            off=tuple(self._names.symbol(mint) for mint in kernel.ledger.off()),
        )

    def _limits(self, kernel: Kernel) -> tuple[LimitRow, ...]:
        names, found = self._names, kernel.risk.distances(kernel.now_ns, kernel.desk.holdings())
        return tuple(
            LimitRow(row.limit, row.used, row.of, row.unit, 0, row.scope)
            if row.unit == "orders"
            else LimitRow(row.limit, row.used, row.of, names.symbol(row.unit), names.decimals(row.unit), row.scope)
            for row in found
        )

    def _holdings(self, kernel: Kernel) -> tuple[Holding, ...]:
        """Returns what paper has at each venue, on chain first, base tokens first."""
        rank = {token.mint: token.base for token in kernel.setup.engine.tokens if token.base}
        ledger, earned = kernel.ledger, dict(kernel.totals.earned.net)
        rows = []
        for venue in sorted(ledger.venues(), key=lambda venue: (venue != CHAIN, venue)):
            wallet = ledger.wallet(venue)
            rows += [
                Holding(
                    symbol=self._names.symbol(mint),
                    decimals=self._names.decimals(mint),
                    free=wallet[mint],
                    in_flight=ledger.balance(Account.IN_FLIGHT, mint, venue),
                    change=earned.pop(mint, None),
                    venue=venue,
                )
                for mint in sorted(wallet, key=lambda mint: (rank.get(mint, len(rank) + 1), mint))
            ]
        return tuple(rows)

    def _left(self, kernel: Kernel) -> tuple[LeftRow, ...]:
        names, rows = self._names, []
        for mint, left in kernel.risk.state.leftovers.items():
            quote = kernel.engine.quote_route([leg.edge for leg in left.legs], left.atoms, kernel.now_ns)
            rows.append(
                LeftRow(
                    symbol=names.symbol(mint),
                    decimals=names.decimals(mint),
                    atoms=left.atoms,
                    base=names.symbol(left.base),
                    base_decimals=names.decimals(left.base),
                    cost=left.cost,
                    mark=None if quote.reason else quote.amount_out,
                    since_ns=left.since_ns,
                    tries=left.tries,
                    venue=left.legs[0].venue if left.legs else CHAIN,
                )
            )
        return tuple(rows)

    def _paid(self, kernel: Kernel) -> tuple[PaidRow, ...]:
        names = self._names
        return tuple(
            PaidRow(account, names.symbol(mint), names.decimals(mint), atoms)
            for account, by_token in kernel.totals.earned.paid.items()
            for mint, atoms in by_token.items()
        )

    def _curve(self, kernel: Kernel) -> tuple[float, ...]:
        """Returns the sum after each outcome; one that can't be valued leaves the sum where it was."""
        nets = [each.worth or 0 for each in kernel.outcomes]
        scale = float(10**self._unit.decimals)
        before = kernel.totals.earned.worth - sum(nets)
        return tuple(total / scale for total in accumulate(nets, initial=before))[1:]

    def _trade_row(self, order: Order, fill: Fill | None, unrecorded: Collection[int]) -> TradeRow:
        token = order.base
        return TradeRow(
            id=order.id,
            at_ns=fill.recv_ns if fill else order.sent_ns,
            legs=self._names.legs(order.route, order.tokens),
            unit=self._names.symbol(token),
            decimals=self._names.decimals(token),
            hoped_bps=order.expected_net / order.amount_in * 10_000,
            got_bps=fill.net / fill.amount_in * 10_000 if fill and fill.amount_in and fill.net is not None else None,
            net=fill.net if fill else None,
            status=fill.status.value if fill else "open",
            reason=fill.reason if fill else "",
            recorded=order.id not in unrecorded,
        )
