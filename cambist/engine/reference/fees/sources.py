"""What is known of fees beside the samples by slot.

Prices of single accounts, estimates of providers, tips that landed, how full accounts are, and how orders ended at each
percentile. All of it says when it was heard.

**Fullness** is observed: the compute units of the transactions that were seen to mention an account, over the newest
eight slots before the present one, against what a block may spend on one account (40 % of 60 M, eight times). A
transaction that was not seen does not count, and how full whole blocks are is unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

import msgspec

from cambist.engine.protocol import FeeSample
from cambist.engine.reference.fees import Bid
from cambist.engine.reference.fees.rows import PERCENT, column_of_request, median
from cambist.engine.reference.judge.scorer import landing_ppm

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cambist.config.settings import Bidding
    from cambist.engine.reference.fees import FeeModel

ACCOUNT_CAP_CU: Final = 24_000_000
"""Compute units that a block may spend on one writable account."""
FULL_SLOTS: Final = 8
"""Slots whose compute units make the present fullness."""
_ACCOUNT_SLOTS: Final = 20
"""Newest slots of a reply whose median is an account's price."""
_MAX_ACCOUNTS: Final = 256
_MAX_ESTIMATES: Final = 4
_EVIDENCE: Final = 4
"""Orders at a percentile before their outcomes say anything."""
_STEPS: Final = (25, 50, 75, 90, 99)
"""Percentiles that a bid may rise to."""
_U32_MAX: Final = (1 << 32) - 1
_U64_MAX: Final = (1 << 64) - 1

Levels = list[tuple[int, int]]
"""(percentile, value), ascending."""


class Estimate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Prices by percentile, micro-lamports per compute unit; `slot` is `None` where the provider names none."""

    slot: int | None
    recv_ns: int
    levels: Levels


class Tips(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Tips that landed, lamports by percentile, and the running average of the median."""

    recv_ns: int
    levels: Levels
    average: int


class Load(msgspec.Struct, forbid_unknown_fields=True):
    """Compute units seen on one account, by slot."""

    recv_ns: int
    slots: list[tuple[int, int]]


class SourcesState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything, as a snapshot keeps it: maps as sorted lists."""

    whole: bool
    accounts: list[tuple[str, FeeSample]]
    estimates: list[tuple[str, Estimate]]
    tips: Tips | None
    loads: list[tuple[str, Load]]
    outcomes: list[tuple[int, int, int]]


class Fullest(NamedTuple):
    """The fullest account's fullness, in ppm of its cap, and when it was last seen."""

    ppm: int
    recv_ns: int


class Sources:
    """All sources but the samples by slot.

    >>> from cambist.config.settings import Bidding
    >>> known = Sources()
    >>> known.account("pool", [(slot, 100 * slot) for slot in range(1, 31)], 7_500, 5)
    True
    >>> known.account_price("pool", 75)
    2000
    >>> for _ in range(8):
    ...     known.learn(75, landed=False)
    >>> known.percent(Bidding(wanted_landing_ppm=300_000))
    90
    """

    def __init__(self) -> None:
        self.whole = False
        """Whether a reply on several accounts or all ever came; until then one on a single account speaks for all."""
        self.accounts: dict[str, FeeSample] = {}
        """Prices of single accounts."""
        self.estimates: dict[str, Estimate] = {}
        """By provider."""
        self.tips: Tips | None = None
        self._loads: dict[str, Load] = {}
        self.outcomes: dict[int, tuple[int, int]] = {}
        """Percentile → (landed, tried)."""

    @classmethod
    def from_state(cls, state: SourcesState) -> Sources:
        """Restores a snapshot."""
        this = cls()
        this.whole, this.tips = state.whole, state.tips
        this.accounts, this.estimates = dict(state.accounts), dict(state.estimates)
        this._loads = {account: Load(load.recv_ns, list(load.slots)) for account, load in state.loads}
        this.outcomes = {percent: (wins, tries) for percent, wins, tries in state.outcomes}
        return this

    def state(self) -> SourcesState:
        """Returns what a snapshot keeps."""
        return SourcesState(
            self.whole,
            sorted(self.accounts.items(), key=_name),
            sorted(self.estimates.items(), key=_name),
            self.tips,
            sorted(((key, Load(load.recv_ns, list(load.slots))) for key, load in self._loads.items()), key=_name),
            [(percent, *counts) for percent, counts in sorted(self.outcomes.items())],
        )

    def account(self, account: str, samples: Sequence[tuple[int, int]], percentile: int | None, recv_ns: int) -> bool:
        """Takes (slot, price) samples of one writable account: the median of the newest twenty slots is its price.

        Returns whether there is a column for the percentile asked for.
        """
        column = column_of_request(percentile)
        if column is None:
            return False
        newest = sorted(samples)[-_ACCOUNT_SLOTS:]
        if newest:
            row = self.accounts.get(account) or FeeSample(0, 0)
            price = median([price for _, price in newest])
            self.accounts[account] = msgspec.structs.replace(
                row, slot=newest[-1][0], recv_ns=recv_ns, **{column: price}
            )
            _bound(self.accounts, _MAX_ACCOUNTS, lambda row: row.recv_ns)
        return True

    def account_price(self, account: str, percent: int) -> int | None:
        """Returns the price of an account at `percent`: the lowest known percentile not below it, else the minimum."""
        row = self.accounts.get(account)
        if row is None:
            return None
        for column, value in PERCENT.items():
            price: int | None = getattr(row, column)
            if value >= max(percent, 1) and price is not None:
                return price
        return row.minimum

    def estimate(self, source: str, slot: int | None, levels: Levels, recv_ns: int) -> None:
        """Takes a provider's estimate."""
        self.estimates[source] = Estimate(slot, recv_ns, levels)
        _bound(self.estimates, _MAX_ESTIMATES, lambda each: each.recv_ns)

    def estimated(self, percent: int) -> int | None:
        """Returns the newest estimate at `percent`: of its lowest level not below it, else of its highest."""
        if not self.estimates:
            return None
        newest = max(sorted(self.estimates.items()), key=lambda item: (item[1].recv_ns, item[0]))[1]
        found = level(newest.levels, percent)
        return newest.levels[-1][1] if found is None and newest.levels else found

    def tip_floor(self, levels: Levels, average: int, recv_ns: int) -> None:
        """Takes the tips that landed."""
        self.tips = Tips(recv_ns, levels, average)

    def least_tip(self, bidding: Bidding) -> int:
        """Returns the least tip: the percentile of those that landed, 0 where that is not wanted or not known."""
        if self.tips is None or bidding.tip_percentile <= 0:
            return 0
        return level(self.tips.levels, bidding.tip_percentile) or 0

    def observe(self, account: str, slot: int, units: int, recv_ns: int) -> None:
        """Takes the compute units of one transaction that mentions an account."""
        load = self._loads.setdefault(account, Load(recv_ns, []))
        load.recv_ns = recv_ns
        slots = dict(load.slots)
        slots[slot] = min(slots.get(slot, 0) + units, _U64_MAX)
        newest = max(slots)
        load.slots = [(at, spent) for at, spent in sorted(slots.items()) if newest - at < 2 * FULL_SLOTS]
        _bound(self._loads, _MAX_ACCOUNTS, lambda load: load.recv_ns)

    def fullness(self, account: str, slot: int) -> int | None:
        """Returns how full an account was seen to be over the eight slots before `slot`, in ppm of its cap."""
        load = self._loads.get(account)
        if load is None:
            return None
        units = sum(spent for at, spent in load.slots if max(slot - FULL_SLOTS, 0) <= at < slot)
        return min(units * 1_000_000 // (ACCOUNT_CAP_CU * FULL_SLOTS), _U32_MAX)

    def fullest(self, slot: int) -> Fullest | None:
        """Returns the fullest account's fullness and when it was last seen, `None` before any."""
        known = [(self.fullness(account, slot) or 0, load.recv_ns) for account, load in self._loads.items()]
        return Fullest(*max(known)) if known else None

    def learn(self, percent: int, *, landed: bool) -> None:
        """Counts how an order at a percentile ended."""
        wins, tries = self.outcomes.get(percent, (0, 0))
        self.outcomes[percent] = (wins + landed, tries + 1)

    def forget(self, by: int) -> None:
        """Halves what outcomes taught, `by` times."""
        halved = {percent: (wins >> by, tries >> by) for percent, (wins, tries) in self.outcomes.items()}
        self.outcomes = {percent: counts for percent, counts in halved.items() if counts[1]}

    def percent(self, bidding: Bidding) -> int:
        """Returns the percentile to bid.

        The configured one, or the next higher at which orders land as often as wanted or too few were tried to know;
        the highest if none does.
        """
        percent = bidding.percentile
        if bidding.wanted_landing_ppm == 0:
            return percent
        for step in _STEPS:
            if step <= bidding.percentile:
                continue
            wins, tries = self.outcomes.get(percent, (0, 0))
            if tries < _EVIDENCE or landing_ppm(wins, tries) >= bidding.wanted_landing_ppm:
                return percent
            percent = step
        return percent

    def offer(self, fees: FeeModel, bidding: Bidding) -> Bid | None:
        """Returns the price to bid.

        By the samples where they know the percentile, else by an estimate, else by the minimums that landed; `None`
        before any of them.
        """
        percent, floor = self.percent(bidding), bidding.floor_micro_lamports
        if fees.column(percent) is None:
            price = self.estimated(percent)
            if price is not None:
                return Bid(max(price, floor), "floor" if price < floor else "estimate")
        return fees.bid_at(percent, floor)


def level(levels: Levels, percent: int) -> int | None:
    """Returns the value of the lowest level not below `percent`."""
    return next((value for at, value in levels if at >= percent), None)


def consumed_units(logs: Sequence[str]) -> int:
    """Returns the compute units of a transaction by its log lines: the sum of what its own instructions consumed.

    What a program logs itself (`Program log: …`) says nothing.

    >>> inner = ["Program B invoke [2]", "Program B consumed 5 of 190 compute units", "Program B success"]
    >>> outer = ["Program A invoke [1]", *inner, "Program A consumed 15 of 200 compute units", "Program A success"]
    >>> consumed_units(outer)
    15
    """
    depth = units = 0
    for line in logs:
        match line.split(" "):
            case ["Program", program, *_] if program.endswith(":"):
                continue
            case ["Program", _, "invoke", bracketed]:
                depth = _natural(bracketed[1:-1], depth) if _is_bracketed(bracketed) else depth
            case ["Program", _, "consumed", spent, "of", _, "compute", "units"] if depth == 1:
                units = min(units + _natural(spent, 0), _U64_MAX)
            case ["Program", _, "success"] | ["Program", _, "failed:", *_]:
                depth = max(depth - 1, 0)
    return units


def _is_bracketed(text: str) -> bool:
    return len(text) >= 2 and text[0] == "[" and text[-1] == "]"


def _natural(text: str, default: int) -> int:
    """Returns an unsigned 64-bit number as its digits say (a plus may stand before them), else the default."""
    digits = text[1:] if text.startswith("+") else text
    if not (digits.isascii() and digits.isdigit()) or len(digits.lstrip("0")) > 20:
        return default
    value = int(digits.lstrip("0") or "0")
    return value if value <= _U64_MAX else default


def _name(item: tuple[str, object]) -> str:
    return item[0]


_Value = TypeVar("_Value")


def _bound(known: dict[str, _Value], most: int, seen_ns: Callable[[_Value], int]) -> None:
    """Drops what was heard of longest ago, the first by name of equals, while there are more than `most`."""
    while len(known) > most:
        del known[min(known.items(), key=lambda item: (seen_ns(item[1]), item[0]))[0]]
