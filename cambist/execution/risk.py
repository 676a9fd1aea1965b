"""RiskGate: the only maker of `Approved`. Every limit it knows is on screen with the distance to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cambist.model.orders import Fill, Intent, Refused
from cambist.model.venues import UNPROVED_PROGRAMS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cambist.model.market import PoolRef

DAY_NS = 86_400 * 1_000_000_000
MINUTE_NS = 60 * 1_000_000_000
_TOKEN = object()


class Limits(msgspec.Struct, frozen=True):
    """Limits per base token (mint → atoms) and per time."""

    cap: dict[str, int] = {}
    daily_loss: dict[str, int] = {}
    max_open_orders: int = 4
    max_orders_per_minute: int = 60


class Approved:
    """An intent that passed. Only `RiskGate.check` can make one."""

    __slots__ = ("intent",)

    def __init__(self, intent: Intent, *, maker: object) -> None:
        if maker is not _TOKEN:
            message = "only RiskGate makes Approved"
            raise TypeError(message)
        self.intent = intent


class RiskState(msgspec.Struct):
    """What the gate remembers. `realised` and `peak` are of the day `day`, per base token."""

    halted: str = ""
    """Reason of the halt, empty if none."""
    disarmed: str = ""
    """Why no new order may go out (the recording stopped, …), empty if armed."""
    day: int = 0
    realised: dict[str, int] = {}
    peak: dict[str, int] = {}
    recent_ns: list[int] = []
    """Times of the approvals of the last minute."""
    open_keys: list[str] = []
    """Cycle key of each open order, in order of approval."""
    held: dict[str, int] = {}
    """Atoms of each base token tied up in open orders."""


class RiskGate:
    """Approves or refuses intents, one after the other, from its own state alone."""

    def __init__(
        self,
        limits: Limits,
        state: RiskState | None = None,
        *,
        live: bool = False,
        pools: Iterable[PoolRef] = (),
        unrecorded: Callable[[list[str]], list[str]] | None = None,
    ) -> None:
        """Takes the limits; with `live`, orders over a pool whose quote is proved by its formula only are refused.

        That is by its venue, or by what `unrecorded` picks from the watched pools of a route as they are now.
        """
        self.limits = limits
        pools = tuple(pools)
        self._watched = {pool.address for pool in pools if live}
        self._unrecorded = unrecorded
        self._unproved = {pool.address for pool in pools if live and pool.program in UNPROVED_PROGRAMS}
        self.state = state if state is not None else RiskState()

    @property
    def mode(self) -> str:
        """`RUNNING`, `REDUCING` (no new orders, open ones end) or `HALTED`."""
        if self.state.halted:
            return "HALTED"
        return "REDUCING" if self.state.disarmed else "RUNNING"

    def check(self, intent: Intent, now_ns: int, wallet: dict[str, int]) -> Approved | Refused:
        """Returns `Approved`, or `Refused` with the first limit in the way."""
        self._roll(now_ns)
        state, limits, token = self.state, self.limits, intent.opportunity.tokens[0]

        def refused(reason: str, detail: str = "") -> Refused:
            return Refused(intent.id, reason, detail)

        if state.halted:
            return refused("halted", state.halted)
        if state.disarmed:
            return refused("disarmed", state.disarmed)
        if unproved := self._by_formula(intent.opportunity.route):
            return refused("unproved", unproved[0])
        cap, loss_limit = limits.cap.get(token), limits.daily_loss.get(token)
        if cap is None or loss_limit is None:
            return refused("no_limit", token)
        if intent.amount_in > cap:
            return refused("cap", f"{intent.amount_in} > {cap}")
        if intent.opportunity.key in state.open_keys:
            return refused("open_order")
        if len(state.open_keys) >= limits.max_open_orders:
            return refused("open_orders", f"{len(state.open_keys)} open")
        if len(state.recent_ns) >= limits.max_orders_per_minute:
            return refused("rate", f"{len(state.recent_ns)} in a minute")
        free = wallet.get(token, 0) - state.held.get(token, 0)
        if intent.amount_in > free:
            return refused("balance", f"{intent.amount_in} > {free}")
        state.recent_ns.append(now_ns)
        state.open_keys.append(intent.opportunity.key)
        state.held[token] = state.held.get(token, 0) + intent.amount_in
        return Approved(intent, maker=_TOKEN)

    def on_fill(self, key: str, token: str, amount_in: int, fill: Fill) -> None:
        """Books a fill: frees what it held, moves the day's result, halts when the loss from the peak is too big."""
        self._roll(fill.recv_ns)
        state = self.state
        if key in state.open_keys:
            state.open_keys.remove(key)
        state.held[token] = max(0, state.held.get(token, 0) - amount_in)
        state.realised[token] = state.realised.get(token, 0) + fill.net
        state.peak[token] = max(state.peak.get(token, 0), state.realised[token])
        limit = self.limits.daily_loss.get(token)
        if limit is not None and self.from_peak(token) <= -limit:
            state.halted = (
                state.halted or f"daily loss limit: {-self.from_peak(token)} of {limit} atoms lost from the peak"
            )

    def from_peak(self, token: str) -> int:
        """Returns today's result minus its highest value today; never above 0."""
        return self.state.realised.get(token, 0) - self.state.peak.get(token, 0)

    def _by_formula(self, route: list[str]) -> list[str]:
        """Returns the edges of a route that only a formula quotes, those of unproved venues first."""
        pools = {edge: edge.rpartition(":")[0] for edge in route}
        found = [edge for edge, pool in pools.items() if pool in self._unproved]
        watched = sorted({pool for pool in pools.values() if pool in self._watched})
        picked = self._unrecorded(watched) if watched and self._unrecorded else []
        return found or [edge for edge, pool in pools.items() if pool in picked]

    def _roll(self, now_ns: int) -> None:
        state, day = self.state, now_ns // DAY_NS
        if day != state.day:
            state.day, state.realised, state.peak = day, {}, {}
        state.recent_ns = [t for t in state.recent_ns if now_ns - t < MINUTE_NS]
