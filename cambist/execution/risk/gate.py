"""RiskGate: the only maker of `Approved`. Every limit it knows is on screen with the distance to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cambist.execution.risk import unwind
from cambist.execution.risk.band import Band
from cambist.execution.risk.budgets import within
from cambist.execution.risk.caps import afforded, capped, counted, stocked
from cambist.execution.risk.day import roll, see_balance
from cambist.execution.risk.distances import Distance, distances
from cambist.execution.risk.loss import Losses, worst_case
from cambist.execution.risk.state import BESIDE, Exposure, RiskState
from cambist.execution.risk.venues import Venues, is_legged
from cambist.model.orders import Intent, Purpose, Refused
from cambist.model.refusals import Refusal
from cambist.model.venues import UNPROVED_PROGRAMS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from cambist.engine.protocol import Engine
    from cambist.execution.risk.caps import Found, Want
    from cambist.execution.risk.limits import Limits
    from cambist.execution.risk.unwind import WayBack
    from cambist.model.market import PoolRef, Token
    from cambist.model.orders import Fill, Order

MAX_ATOMS = 2**64 - 1
_TOKEN = object()


class Approved:
    """An intent that passed. Only `RiskGate.check` can make one."""

    __slots__ = ("intent",)

    def __init__(self, intent: Intent, *, maker: object) -> None:
        if maker is not _TOKEN:
            message = "only RiskGate makes Approved"
            raise TypeError(message)
        self.intent = intent


class RiskGate:
    """Approves or refuses intents, one after the other, from its own state and, for the band, the engine's prices."""

    def __init__(
        self,
        limits: Limits,
        state: RiskState | None = None,
        *,
        live: bool = False,
        pools: Iterable[PoolRef] = (),
        tokens: Iterable[Token] = (),
        unrecorded: Callable[[list[str]], list[str]] | None = None,
        engine: Callable[[], Engine] | None = None,
    ) -> None:
        """Takes the limits; with `live`, orders over a pool whose quote is proved by its formula only are refused.

        That is by its venue, or by what `unrecorded` picks from the watched pools of a route as they are now. `engine`
        and the decimals of `tokens` are for the band: without, its prices are unknown.
        """
        self.limits = limits
        pools = tuple(pools)
        self._watched = {pool.address for pool in pools if live}
        self._unrecorded = unrecorded
        self._unproved = {pool.address for pool in pools if live and pool.program in UNPROVED_PROGRAMS}
        self._venues = Venues(pools)
        self._engine, self._decimals = engine, {token.mint: token.decimals for token in tokens}
        self.state = state if state is not None else RiskState()
        self._losses = Losses(limits, self.state)

    @property
    def mode(self) -> str:
        """`RUNNING`, `REDUCING` (no new orders, open ones end) or `HALTED`."""
        if self.state.halted:
            return "HALTED"
        return "REDUCING" if self.state.disarmed else "RUNNING"

    def halt(self, reason: str) -> None:
        """Halts; of several reasons the first stays."""
        self.state.halted = self.state.halted or reason or "halted"

    def clear_halt(self, now_ns: int) -> str:
        """Takes a halt back; returns empty, or why it stays: a limit of loss stands broken."""
        roll(self.state, now_ns)
        if broken := self._losses.broken():
            self.halt(broken)
            return f"the halt stays: {broken}; it ends with the limit that is broken, or the day (UTC)"
        self.state.halted = ""
        return ""

    def adopt(self, orders: Iterable[Order]) -> None:
        """Takes up open orders that the state doesn't know, as one of an older version, at their worst case.

        What an order to reduce turns back counts as what is left over.
        """
        for order in orders:
            if order.purpose is Purpose.OPEN and self._place(order.key, order.id) not in self.state.open:
                self.reopen(order)

    def reopen(self, order: Order) -> None:
        """Counts an order again whose outcome was taken back, beside one that its cycle has open meanwhile.

        What it is a part of, or was to reduce, has ended: what it still does is its own.
        """
        whole = is_legged(order.route) or order.token_out != order.base
        place = _own(order.key, order.id) if order.key in self.state.open else order.key
        self.state.open[place] = Exposure(
            token=order.tokens[0],
            amount_in=order.amount_in,
            fee=order.fee,
            worst=order.amount_in + order.fee if whole else order.miss_fee,
            venues=self._venues.over(order.route),
            strategy=order.strategy,
        )

    def forget(self, order: Order) -> None:
        """Lets an order that was counted again count no more: it has ended."""
        self.state.open.pop(self._place(order.key, order.id), None)

    def _place(self, key: str, order_id: int) -> str:
        """Returns what an open order is counted under."""
        own = _own(key, order_id)
        return own if own in self.state.open else key

    def check(
        self, intent: Intent, now_ns: int, wallet: Mapping[str, int], wants: Sequence[Want] | None = None
    ) -> Approved | Refused:
        """Returns `Approved`, or `Refused` with the first limit in the way.

        `wallet` is mint → atoms held on chain; `wants` is what each order of a legged trade takes, of which venue.
        """
        roll(self.state, now_ns)
        reduces = intent.purpose is Purpose.REDUCE
        found = self._barred(reduces=reduces) or _malformed(intent)
        order = None if found else self._exposure(intent)
        if order is None:
            return Refused(intent.id, *(found or (Refusal.UNKNOWN_COST, intent.opportunity.settlement)))
        judged = self._reducing if reduces else self._opening
        found = judged(intent, order, wallet, wants)
        found = found or self._out_of_band(intent, order, now_ns)
        if found:
            return Refused(intent.id, *found)
        self._take(intent, order, now_ns)
        return Approved(intent, maker=_TOKEN)

    def on_fill(self, key: str, token: str, amount_in: int, fill: Fill) -> None:
        """Books a fill: frees what it held, moves the day's result, halts when a limit of loss is broken.

        One that is `unknown` ends nothing: the order counts at its worst case until it is known. `amount_in` is the
        order's.
        """
        del amount_in  # the order's own exposure says what it tied up
        if fill.status == "unknown":
            return
        order = self.state.open.pop(self._place(key, fill.order_id), None)
        self._take_fill(order, token, fill)

    def on_part(self, key: str, token: str, fill: Fill) -> None:
        """Books a part of an order that stays open."""
        self._take_fill(self.state.open.get(self._place(key, fill.order_id)), token, fill)

    def on_trade(self, key: str, token: str, net: int, now_ns: int) -> None:
        """Books what a legged trade came to whose orders have all ended, in atoms of its base token."""
        order = self.state.open.pop(key, None)
        self.book(token, net, now_ns, "" if order is None else order.strategy)

    def _take_fill(self, order: Exposure | None, token: str, fill: Fill) -> None:
        roll(self.state, fill.recv_ns)
        net, strategy = fill.net, order.strategy if order is not None else ""
        if order is not None and order.purpose is Purpose.REDUCE and token in self.state.leftovers:
            strategy = self.state.leftovers[token].strategy or strategy
            token, net = unwind.reduce(self.state, token, fill)
        if net is None:  # it sold what nobody left over: what that came to is for a hand to say
            self.halt(f"order {fill.order_id} sold what was not left over")
            return
        self._realise(token, net, strategy)

    def book(self, token: str, net: int, now_ns: int, strategy: str = "") -> None:
        """Moves the day's result by a part of an order, or back by an outcome that did not last."""
        roll(self.state, now_ns)
        self._realise(token, net, strategy)

    def _realise(self, token: str, net: int, strategy: str) -> None:
        """Moves the day's result, that of its strategy too, and halts if a limit of loss is broken by it."""
        self._losses.book(token, net)
        if strategy:
            self.state.earned_by(strategy, token, net)
        if broken := self._losses.broken():
            self.halt(broken)

    def leave(self, token: str, atoms: int, base: str, cost: int, way: WayBack | None = None) -> None:
        """Takes note of what a legged order left over, bought for `cost` atoms of `base`: at risk until it is reduced.

        Raises `ValueError` for no atoms, a negative cost, or a token that came from another base.
        """
        unwind.leave(self.state, token, atoms, base, cost, way)

    def postpone(self, token: str, due_ns: int) -> None:
        """Sets when an order is to reduce what is left over of a token next; nothing if nothing is left."""
        if left := self.state.leftovers.get(token):
            self.state.leftovers[token] = msgspec.structs.replace(left, due_ns=due_ns)

    def distances(self, now_ns: int, wallet: Mapping[str, int]) -> tuple[Distance, ...]:
        """Returns each limit with what is used of it, as of `now_ns`, the nearest first. Changes nothing."""
        state = msgspec.json.decode(msgspec.json.encode(self.state), type=RiskState)
        roll(state, now_ns)
        return distances(self.limits, state, wallet)

    def from_peak(self, token: str) -> int:
        """Returns today's result minus its highest value today; never above 0."""
        return self._losses.from_peak(token)

    def _barred(self, *, reduces: bool) -> Found:
        state = self.state
        if state.halted and not (reduces and self.limits.unwind.when_halted):
            return Refusal.HALTED, state.halted
        return (Refusal.DISARMED, state.disarmed) if state.disarmed else None

    def _exposure(self, intent: Intent) -> Exposure | None:
        """Returns what an order would count for; `None` if a cost of it is unknown."""
        found = intent.opportunity
        worst = worst_case(found.settlement, intent.amount_in, found.cost)
        if worst is None or found.cost.chain is None:
            return None
        reduces = intent.purpose is Purpose.REDUCE
        return Exposure(
            token=found.tokens[0],
            amount_in=intent.amount_in,
            fee=0 if reduces else found.cost.chain,
            worst=0 if reduces else worst,  # what is left over counts already
            venues=self._venues.over(found.route),
            strategy=intent.strategy,
            purpose=intent.purpose,
        )

    def _opening(
        self, intent: Intent, order: Exposure, wallet: Mapping[str, int], wants: Sequence[Want] | None
    ) -> Found:
        """Returns what stands in the way of an order that is to earn."""
        limits, state, found, token = self.limits, self.state, intent.opportunity, order.token
        see_balance(state, token, wallet.get(token))
        if unproved := self._by_formula(found.route):
            return Refusal.UNPROVED, unproved[0]
        cap = limits.cap.get(token)
        if cap is None or token not in limits.daily_loss:
            return Refusal.NO_LIMIT, token
        if intent.amount_in > cap:
            return Refusal.CAP, f"{intent.amount_in} > {cap}"
        return (
            counted(limits, state, found.key)
            or _pays(intent, order.fee)
            or capped(limits, state, found.key, order)
            or within(limits.budgets.get(intent.strategy), state, order)
            or (afforded(limits, state, wallet, order) if wants is None else stocked(limits, wants))
            or self._losses.refusal(token, order.worst)
        )

    def _reducing(
        self, intent: Intent, order: Exposure, wallet: Mapping[str, int], wants: Sequence[Want] | None
    ) -> Found:
        """Returns what stands in the way of an order that is to reduce: neither loss nor caps nor rates do."""
        if intent.opportunity.key in self.state.open_keys:
            return Refusal.OPEN_ORDER, ""
        found = unwind.refusal(self.limits.unwind, self.state, intent)
        if found or wants is None:
            return found or afforded(self.limits, self.state, wallet, order)
        return stocked(self.limits, wants)

    def _out_of_band(self, intent: Intent, order: Exposure, now_ns: int) -> Found:
        if self.limits.band_ppm is None or intent.purpose is Purpose.REDUCE:
            return None
        if self._engine is None:
            return (Refusal.BAND_UNKNOWN, "") if self.limits.band_closed else None
        band = Band(self.limits.band_ppm, self._decimals, closed=self.limits.band_closed)
        return band.refusal(self._engine(), intent.opportunity, order.venues, now_ns)

    def _take(self, intent: Intent, order: Exposure, now_ns: int) -> None:
        state, token = self.state, order.token
        state.recent_ns.append(now_ns)
        state.day_orders += 1
        state.open[intent.opportunity.key] = order
        if order.purpose is Purpose.REDUCE:
            left = state.leftovers[token]
            state.leftovers[token] = msgspec.structs.replace(left, tries=left.tries + 1)
        else:
            state.day_in[token] = state.day_in.get(token, 0) + order.amount_in
            state.sent_by(order.strategy)

    def _by_formula(self, route: list[str]) -> list[str]:
        """Returns the edges of a route that only a formula quotes, those of unproved venues first."""
        pools = {edge: edge.rpartition(":")[0] for edge in route}
        found = [edge for edge, pool in pools.items() if pool in self._unproved]
        watched = sorted({pool for pool in pools.values() if pool in self._watched})
        picked = self._unrecorded(watched) if watched and self._unrecorded else []
        return found or [edge for edge, pool in pools.items() if pool in picked]


def _own(key: str, order_id: int) -> str:
    return f"{key}{BESIDE}{order_id}"


def _malformed(intent: Intent) -> Found:
    """Returns what is wrong with an intent by itself: its sizes, another size than was priced, an open end."""
    found = intent.opportunity
    for name, atoms in (("amount_in", intent.amount_in), ("min_out", intent.min_out)):
        if type(atoms) is not int or not 0 < atoms <= MAX_ATOMS:
            return Refusal.SIZE, f"{name} was {atoms}, expected 1 to {MAX_ATOMS}"
    if intent.amount_in != found.amount_in:
        return Refusal.UNPRICED, f"{intent.amount_in} asked, {found.amount_in} priced"
    if intent.purpose is Purpose.OPEN and found.tokens[0] != found.tokens[-1]:
        return Refusal.OPEN_ENDED, f"{found.tokens[0]} to {found.tokens[-1]}"
    return None


def _pays(intent: Intent, fee: int) -> Found:
    floor = intent.amount_in + fee
    return (Refusal.MIN_OUT, f"{intent.min_out} < {floor}") if intent.min_out < floor else None
