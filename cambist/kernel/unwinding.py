"""What a trade left over, turned into orders that reduce it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.execution import legged
from cambist.execution.risk.unwind import WayBack, worst_out
from cambist.model.ledger import CHAIN
from cambist.model.opportunity import Cost, Lamports, Opportunity
from cambist.model.orders import Charges, Intent, Purpose
from cambist.model.units import NS_PER_MS

if TYPE_CHECKING:
    from cambist.config.risk import Unwind
    from cambist.engine.protocol import Engine
    from cambist.execution.legged import Left
    from cambist.execution.risk import Leftover
    from cambist.kernel.trades import Trade

STRATEGY = "unwind"
"""Who asks for these orders."""
FOREVER_NS = 2**63 - 1


def way_back(left: Left, trade: Trade, rules: Unwind, now_ns: int) -> WayBack:
    """Returns how what is left over of a trade is turned back, and when."""
    legs = legged.way_back(left, trade.orders, trade.fills, hedge=rules.policy == "hedge")
    paid = next(((order.charges, order.fee) for order in trade.orders if order.venue == CHAIN), (Charges(), 0))
    charges, fee = paid if any(leg.venue == CHAIN for leg in legs) else (Charges(), 0)
    due_ns = FOREVER_NS if rules.policy == "hold" else now_ns
    worst = -(-trade.amount_in * left.cost // left.order.amount_in)
    return WayBack(legs, charges, now_ns, due_ns, trade.base, worst, left.order.strategy, fee)


def next_try_ns(left: Leftover, rules: Unwind, now_ns: int) -> int:
    """Returns when what is still left is tried again; never once all tries are used."""
    return FOREVER_NS if left.tries >= rules.max_tries else now_ns + rules.retry_ms * NS_PER_MS


def intent(number: int, left: Leftover, rules: Unwind, engine: Engine, seq: int, now_ns: int) -> Intent | None:
    """Returns the wish to turn all of what is left over back; `None` while it can't be quoted."""
    route = [leg.edge for leg in left.legs]
    quote = engine.quote_route(route, left.atoms, now_ns)
    if quote.reason:
        return None
    paid = left.charges
    found = Opportunity(
        seq=seq,
        recv_ns=now_ns,
        slot=0,
        key=f"{STRATEGY}:{'|'.join(route)}",
        route=route,
        tokens=[leg.token_in for leg in left.legs] + [left.base],
        settlement="atomic" if all(leg.venue == CHAIN for leg in left.legs) else "legged",
        amount_in=left.atoms,
        amount_out=quote.amount_out,
        gross=0,
        cost=Cost(0, 0, 0, 0, 0, 0, 0),
        net=None,
        oldest_ns=0,
        seen_slots=0,
        landing_ppm=None,
        score=None,
        go=False,
        reason=STRATEGY,
        lamports=Lamports(paid.network_fee, 0, paid.tip, paid.rent),
    )
    return Intent(number, STRATEGY, found, left.atoms, worst_out(left, left.atoms, rules.max_loss_ppm), Purpose.REDUCE)
