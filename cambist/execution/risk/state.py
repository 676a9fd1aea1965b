"""What the gate remembers; part of every STATE record, so each field has a default that older ones mean."""

from __future__ import annotations

import msgspec

from cambist.model.orders import Charges, OrderLeg, Purpose

BESIDE = " #"
"""Between cycle key and number of an order that was taken back while its cycle had another one open."""


class Exposure(msgspec.Struct, frozen=True):
    """An open order as it counts against limits. Amounts in atoms of `token`, the one it gives."""

    token: str
    amount_in: int
    fee: int
    """What it may cost on top."""
    worst: int
    """The most that it can lose."""
    venues: list[str] = []
    strategy: str = ""
    purpose: Purpose = Purpose.OPEN


class Leftover(msgspec.Struct, frozen=True):
    """What an order left over that got no further than one of its legs."""

    atoms: int
    """Of the token that is left."""
    base: str
    """Mint of the token that it was bought with, and goes back to."""
    cost: int
    """What was paid for it, in atoms of `base`: all of that can still be lost."""
    tries: int = 0
    """Orders that were to reduce it since it grew last."""
    legs: tuple[OrderLeg, ...] = ()
    """The way back."""
    charges: Charges = Charges()
    """What the chain takes for an order that goes it."""
    since_ns: int = 0
    """When it was left over first."""
    due_ns: int = 2**63 - 1
    """When an order is to reduce it next."""
    counts: str = ""
    """Mint of the base token whose limits it counts against, if that is not `base`."""
    worst: int = 0
    """What of that token was put in for it: all of it can still be lost."""
    strategy: str = ""
    """Whose trade left it over: what comes of it is that strategy's."""
    fee: int = 0
    """What `charges` come to, in atoms of the token that it counts against."""

    @property
    def at_risk(self) -> tuple[str, int]:
        """Mint of the token whose limits it counts against, and the most of it that can still be lost."""
        return (self.counts, self.worst) if self.counts else (self.base, self.cost)


class StrategyDay(msgspec.Struct, frozen=True):
    """What one strategy did today."""

    orders: int = 0
    """That were approved."""
    realised: dict[str, int] = {}
    """Atoms earned, by base token."""


class RiskState(msgspec.Struct):
    """What the gate remembers.

    `realised`, `peak`, `day_in`, `day_orders` and `strategies` are of the day `day` (UTC).
    """

    halted: str = ""
    """Reason of the halt, empty if none."""
    disarmed: str = ""
    """Why no new order may go out (the recording stopped, …), empty if armed."""
    day: int = 0
    realised: dict[str, int] = {}
    peak: dict[str, int] = {}
    recent_ns: list[int] = []
    """Times of the approvals of the last minute."""
    day_in: dict[str, int] = {}
    """Atoms of each base token that the day's orders put in."""
    day_orders: int = 0
    strategies: dict[str, StrategyDay] = {}
    """Those that sent something today, by name."""
    open: dict[str, Exposure] = {}
    """Open orders by cycle key, in order of approval; one that was taken back beside another by `key #id`."""
    leftovers: dict[str, Leftover] = {}
    """By mint of what is left."""
    balance: dict[str, int] = {}
    """What each base token's wallet held when it was last asked for, moved by what filled since."""
    day_end: dict[str, int] = {}
    """The highest balance that a day ended with; on the first day the balance that it began with."""

    @property
    def open_keys(self) -> list[str]:
        """Cycle key of each open order, in order of approval."""
        return [place.partition(BESIDE)[0] for place in self.open]

    def sent_by(self, strategy: str) -> None:
        """Counts an order of a strategy."""
        day = self.strategies.get(strategy, StrategyDay())
        self.strategies[strategy] = msgspec.structs.replace(day, orders=day.orders + 1)

    def earned_by(self, strategy: str, token: str, net: int) -> None:
        """Moves the day's result of a strategy."""
        day = self.strategies.get(strategy, StrategyDay())
        realised = day.realised | {token: day.realised.get(token, 0) + net}
        self.strategies[strategy] = msgspec.structs.replace(day, realised=realised)

    def held(self, token: str) -> int:
        """Returns the atoms of a token tied up in open orders, with what they may cost."""
        return sum(each.amount_in + each.fee for each in self.open.values() if each.token == token)

    def at_risk(self, token: str) -> int:
        """Returns the most that can still be lost by what is open and what is left over."""
        opened = sum(each.worst for each in self.open.values() if each.token == token)
        left = (each.at_risk for each in self.leftovers.values())
        return opened + sum(worst for counted, worst in left if counted == token)
