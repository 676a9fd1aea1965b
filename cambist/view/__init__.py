"""View: all that screens and HTTP may read, in versioned immutable sections, and the `Runtime` they read it from.

Values are raw (integers, floats, `None` for unknown); how they look is the screen's business. A section's `version`
grows exactly when something in it changed, so a panel compares one integer before it looks at a row. Rows are kept from
the garbage collector (`gc=False`): they hold no cycles, and thousands a second are made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from cambist.view.cycles import (
    CycleDetail,
    CycleEnd,
    CycleHistory,
    CycleOutline,
    CycleRow,
    CyclesSection,
    Gate,
    HopRow,
    Leg,
)
from cambist.view.duel import DuelRow, DuelSection
from cambist.view.ends import LIFE_BINS_NS, Crossed, EndRow, EndsSection, LandingRow, RivalRow, Spread, Taken
from cambist.view.feeds import FeedRow, FeedsSection
from cambist.view.fees import FeeColumn, FeeInputRow, FeesSection
from cambist.view.headline import Headline, Valued
from cambist.view.log import LogRow, LogSection
from cambist.view.panel import PanelState
from cambist.view.prices import PriceBar, PriceDetail, PriceRow, PricesSection
from cambist.view.sessions import Marker, ReplayStatus, SessionRow
from cambist.view.status import Status
from cambist.view.trades import Holding, LeftRow, LimitRow, PaidRow, TradeRow, TradesSection, Wallet

if TYPE_CHECKING:
    from cambist.model.commands import Command

__all__ = [
    "LIFE_BINS_NS",
    "Crossed",
    "CycleDetail",
    "CycleEnd",
    "CycleHistory",
    "CycleOutline",
    "CycleRow",
    "CyclesSection",
    "DuelRow",
    "DuelSection",
    "EndRow",
    "EndsSection",
    "FeeColumn",
    "FeeInputRow",
    "FeedRow",
    "FeedsSection",
    "FeesSection",
    "Gate",
    "Headline",
    "Holding",
    "HopRow",
    "LandingRow",
    "LeftRow",
    "Leg",
    "LimitRow",
    "LogRow",
    "LogSection",
    "Marker",
    "PaidRow",
    "PanelState",
    "PriceBar",
    "PriceDetail",
    "PriceRow",
    "PricesSection",
    "ReplayStatus",
    "RivalRow",
    "Runtime",
    "SessionRow",
    "Spread",
    "Status",
    "Taken",
    "TradeRow",
    "TradesSection",
    "Valued",
    "View",
    "Wallet",
]


class View(msgspec.Struct, frozen=True):
    """Everything shown, at one moment."""

    status: Status = Status()
    headline: Headline = Headline()
    prices: PricesSection = PricesSection()
    cycles: CyclesSection = CyclesSection()
    fees: FeesSection = FeesSection()
    duel: DuelSection = DuelSection()
    trades: TradesSection = TradesSection()
    feeds: FeedsSection = FeedsSection()
    log: LogSection = LogSection()
    ends: EndsSection = EndsSection()
    """What became of gaps; the report tells the same."""
    detail: CycleDetail | None = None
    outline: CycleOutline | None = None
    """The opened cycle in place of `detail`: while it is not sized, and once it has ended, while that is remembered."""
    price_detail: PriceDetail | None = None
    replay: ReplayStatus | None = None


class Runtime(Protocol):
    """What a screen holds: it reads `view`, it submits commands, nothing else."""

    @property
    def view(self) -> View:
        """The latest View; reading it lets the hub publish the next one."""
        ...

    def submit(self, command: Command) -> None:
        """Puts an operator's act into the queue. Returns at once; what came of it shows in the View.

        One that has no meaning here is an error in the log.
        """
        ...

    def sessions(self) -> tuple[SessionRow, ...]:
        """Returns the stored sessions, newest first."""
        ...

    def check_rule(self, text: str) -> str:
        """Returns what keeps `text` from being a rule here, with the column; empty if nothing does."""
        ...

    def live_checks(self) -> tuple[Gate, ...]:
        """Returns what stands between PAPER and LIVE, each with its cause; empty `passed` ones included."""
        ...

    def open_session(self, name: str) -> Runtime:
        """Returns a second, replaying runtime on a stored session; this one goes on. Raises `OSError`, `ValueError`."""
        ...

    def close(self) -> None:
        """Ends it: sources, recorder, executors, in that order; returns when the session is readable on disk."""
        ...
