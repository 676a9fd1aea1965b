"""Orders, fills and wallets: panel 5."""

from __future__ import annotations

import msgspec

from cambist.view.cycles import Leg
from cambist.view.headline import Valued
from cambist.view.panel import PanelState


class TradeRow(msgspec.Struct, frozen=True, gc=False):
    """One order and how it ended. Amounts in atoms of `unit`."""

    id: int
    at_ns: int
    legs: tuple[Leg, ...]
    unit: str
    decimals: int
    hoped_bps: float | None
    got_bps: float | None
    net: int | None
    status: str
    """`open`, `filled`, `missed`, `unknown`."""
    reason: str = ""
    recorded: bool = True
    """Whether what the row says is on disk; a session that is not to be recorded says nothing of it."""


class Holding(msgspec.Struct, frozen=True, gc=False):
    """What a wallet has of one token, in atoms."""

    symbol: str
    decimals: int
    free: int
    in_flight: int
    """Tied up in open orders."""
    change: int | None
    """Earned of it since the session began, at all venues, after every cost; said once, where it is held first."""
    venue: str = "solana"


class LeftRow(msgspec.Struct, frozen=True, gc=False):
    """What a legged trade left over, in atoms."""

    symbol: str
    decimals: int
    atoms: int
    base: str
    """Symbol of the token that it was bought with, and goes back to."""
    base_decimals: int
    cost: int
    """What was paid for it."""
    mark: int | None
    """What the way back pays for all of it now; `None` if that can't be quoted."""
    since_ns: int
    tries: int
    """Orders that were to turn it back."""
    venue: str
    """Where the way back begins."""


class PaidRow(msgspec.Struct, frozen=True, gc=False):
    """What was paid since the session began for one thing, in atoms."""

    account: str
    symbol: str
    decimals: int
    atoms: int


class Wallet(msgspec.Struct, frozen=True):
    """A wallet as shown. `change` is what was earned since the session's start over all tokens, in atoms of `unit`."""

    name: str
    balance: int | None
    change: int | None
    unit: str = "SOL"
    decimals: int = 9
    valued: Valued = Valued()
    """How the change was added up."""
    holdings: tuple[Holding, ...] = ()
    """Each token at each venue: on chain first, then base tokens, in their order."""


class LimitRow(msgspec.Struct, frozen=True, gc=False):
    """One limit of RiskGate and what is used of it, in atoms of `unit`."""

    limit: str
    """The key that sets it, without `risk.`."""
    used: int | None
    """`None` if it is unknown."""
    of: int
    unit: str
    """Symbol, or `orders`."""
    decimals: int
    scope: str = ""
    """Venue, route or strategy that it is for; empty where it is for all."""


class TradesSection(msgspec.Struct, frozen=True):
    """Panel 5."""

    version: int = 0
    state: PanelState = PanelState("empty")
    paper: Wallet | None = None
    real: Wallet | None = None
    rows: tuple[TradeRow, ...] = ()
    """Newest first."""
    curve: tuple[float, ...] = ()
    """What was earned in whole units after each outcome, gain or loss, oldest first: `equity` of the session's outcomes
    less what it began with, each a return on what was held before it, at decay 1 and cutout 0; added up in atoms."""
    limits: tuple[LimitRow, ...] = ()
    """Every limit that is set: the unknown ones first, then the nearest."""
    left: tuple[LeftRow, ...] = ()
    """What trades left over, oldest first."""
    paid: tuple[PaidRow, ...] = ()
    """Every cost that was booked."""
    off: tuple[str, ...] = ()
    """Symbols of tokens whose books don't sum to zero: none, unless there is a fault."""

    @property
    def unrecorded(self) -> int:
        """How many rows say what is not on disk yet."""
        return sum(not row.recorded for row in self.rows)
