"""A kernel that trades on a real small market: five pools and a book in their wire formats, and a real engine."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

import pytest

from cambist.engine import make_engine
from cambist.execution.paper_landing import SETTLE_SLOTS
from cambist.execution.paper_model import PaperParams
from cambist.execution.risk import Limits
from cambist.kernel import Effects, Kernel, KernelSetup
from cambist.model.commands import RecordedCommand
from cambist.model.events import RecordKind
from cambist.model.opportunity import encode
from tests.parity.markets import SOL, USDC, Market, setup

if TYPE_CHECKING:
    from cambist.model.orders import Fill, Order

MS = 1_000_000
PAPER = PaperParams(400 * MS, 100 * MS, 0, 30, late_ppm=0, late_full_ppm=0)
"""Its transactions land in the slot that is open when they come."""
SLOW = PaperParams(3_600_000 * MS, 100 * MS, 50_000, 30)
"""Its orders wait until a record says what became of them."""
WALLET = {SOL: 10**13, USDC: 10**12}
LIMITS = Limits(WALLET, {SOL: 10**12, USDC: 10**11}, max_open_orders=8, max_orders_per_minute=99)
ENGINES = [
    "reference",
    pytest.param(
        "native",
        marks=pytest.mark.skipif(
            importlib.util.find_spec("cambist.engine._native") is None, reason="the Rust engine is not built"
        ),
    ),
]


class Trading:
    """The market and its kernel; the market is open, and nothing pays yet."""

    def __init__(self, engine: str = "reference", paper: PaperParams = PAPER, **changes: Any) -> None:
        values: dict[str, Any] = {"limits": LIMITS, "seed": 3, "wallet": WALLET} | changes
        self.kernel = Kernel(KernelSetup(setup(), paper=paper, **values), make_engine, engine)
        self.market = Market()
        self.market.record(RecordKind.STATE, self.kernel.initial_state())
        self.begun = self.step()
        self.market.open()
        self.market.tips("1e-05")
        self.opened = self.step()

    def step(self) -> Effects:
        """Takes what the market said since the last time."""
        return self.kernel.step(self.market.take())

    def moved(self, atoms: int = 200 * 10**9) -> Effects:
        """Lets somebody sell SOL to one pool, so that a cycle pays."""
        self.market.trade("cpmm-sol-usdc", atoms, a_to_b=True)
        self.market.next_slot()
        return self.step()

    def order(self) -> Order:
        """Lets a cycle pay and returns the order it becomes."""
        (order,) = self.moved().orders
        return order

    def later(self, step_ns: int = 600 * MS) -> Effects:
        """Lets time pass, and the slot end in which what comes by then lands."""
        self.market.record(RecordKind.TICK, b"{}", step_ns=step_ns)
        for _ in range(SETTLE_SLOTS):
            self.market.next_slot()
        return self.step()

    def told(self, fill: Fill) -> Effects:
        """Takes a record that says what became of an order."""
        self.market.record(RecordKind.FILL, encode(fill))
        return self.step()

    def said(self, act: str, /, **args: str) -> Effects:
        """Takes a command of the operator."""
        self.market.record(RecordKind.COMMAND, encode(RecordedCommand(act, args)))
        return self.step()
