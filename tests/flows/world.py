"""A live market for random order flows: five pools, a book in USDC and an exchange in dollars, opened once."""

from __future__ import annotations

import copy
from functools import cache
from typing import NamedTuple

from cambist.config.risk import Unwind
from cambist.engine import make_engine
from cambist.engine.reference.chain import base58
from cambist.execution.paper_model import PaperParams
from cambist.execution.risk import Account, Budget, Limits
from cambist.kernel import KernelSetup
from cambist.kernel.kernel import Kernel
from cambist.model.events import RecordKind
from cambist.strategies.base import StrategySetup
from tests.parity.dollars import USD, VENUE, Dollars, dollar_setup
from tests.parity.markets import BONK, DECIMALS, SIDES, SOL, USDC, key

S, U, MS = 10**9, 10**6, 10**6
VENUES = {
    "ray-sol-usdc": "ray4", "ray-bonk-sol": "ray4", "cpmm-sol-usdc": "cpmm", "cpmm-bonk-usdc": "cpmm",
    "orca-sol-usdc": "orca",
}  # fmt: skip
"""Pool → the name that caps know its venue by."""
TRADED = ("ray-sol-usdc", "ray-bonk-sol", "cpmm-sol-usdc", "cpmm-bonk-usdc")
WORTH = {SOL: 1, USDC: 150, BONK: 10_000_000}
"""Whole tokens that one SOL is about worth: so sizes of trades are alike."""
_POOL_OF = {base58.encode(key(name)): name for name in VENUES}


def pool_of(edge: str) -> str:
    """Returns which pool an edge is of; empty for an exchange's."""
    return _POOL_OF.get(edge.partition(":")[0], "")


PRICES = (("145.00", "145.10"), ("148.40", "148.45"), ("150.90", "151.00"), ("155.00", "155.20"))
"""Bid and ask of SOL in dollars; the pools say about 150 USDC."""

TWO = (StrategySetup("first", "negative_cycle"), StrategySetup("second", "rule", {"text": "net_bps > 4"}))
PAPER = PaperParams(300 * MS, 500 * MS, 150_000, 400, 80 * MS, 900 * MS)


WALLET = {SOL: 120 * S, USDC: 9_000 * U}
INVENTORY = {VENUE: {SOL: 60 * S, USD: 900_000}}


class World(NamedTuple):
    """What limits bind, and what they bind with."""

    limits: Limits
    strategies: tuple[StrategySetup, ...] = ()
    paper: PaperParams = PAPER
    wallet: dict[str, int] = WALLET
    inventory: dict[str, dict[str, int]] = INVENTORY


_CAP = {SOL: 50 * S, USDC: 5_000 * U}
WORLDS = {
    "wide": World(
        Limits(_CAP, {SOL: 200 * S, USDC: 10_000 * U}, 3, 5, 16, unwind=Unwind(max_loss_ppm=200_000, retry_ms=400)),
        paper=PaperParams(300 * MS, 500 * MS, 300_000, 400, 80 * MS, 900 * MS),
    ),
    "loss": World(
        Limits(_CAP, {SOL: 14_000, USDC: 9_000}, 6, 99, balance_floor={SOL: 95 * S}),
        paper=PaperParams(300 * MS, 500 * MS, 150_000, 4_000),
    ),
    "caps": World(
        Limits(
            _CAP, {SOL: 90 * S, USDC: 9_000 * U}, 4, 8, 12,
            open_cap={SOL: 70 * S, USDC: 6_000 * U},
            day_cap={SOL: 190 * S, USDC: 20_000 * U},
            venue_cap={"any": {SOL: 65 * S}, VENUE: {SOL: 49 * S}, "orca": {SOL: 45 * S}},
            route_cap={"any": {SOL: 49_900_000_000}},
            strategy_cap={"first": {SOL: 55 * S, USDC: 5_000 * U}},
            account=Account(daily_loss={SOL: 80 * S, USDC: 8_000 * U}),
            unwind=Unwind(policy="hedge", max_loss_ppm=500_000, retry_ms=250, max_tries=2, when_halted=True),
        ),
        TWO,
    ),
    "budgets": World(
        Limits(
            _CAP, {SOL: 200 * S, USDC: 9_000 * U}, 5, 20,
            budgets={
                "first": Budget({SOL: 51 * S, USDC: 4_000 * U}, 2, 5, {SOL: 60 * S, USDC: 50_000}),
                "second": Budget({SOL: 80 * S, USDC: 5_100 * U}, 1, 3, {SOL: 100 * S, USDC: 5_000 * U}),
            },
            balance_floor={SOL: 20 * S, USDC: 500 * U},
            unwind=Unwind(policy="hold"),
        ),
        TWO,
    ),
    "small": World(
        Limits(_CAP, {SOL: 60 * S, USDC: 9_000 * U}, 2, 30, unwind=Unwind(max_loss_ppm=900_000, retry_ms=50)),
        wallet={SOL: 60 * S, USDC: 2_000 * U},
        inventory={VENUE: {SOL: 3 * S, USD: 500_000}},
        paper=PaperParams(300 * MS, 500 * MS, 300_000, 9_000, 80 * MS, 900 * MS),
    ),
}  # fmt: skip


def kernel_setup(name: str) -> KernelSetup:
    """Returns what a session of a world begins with."""
    world = WORLDS[name]
    return KernelSetup(
        engine=dollar_setup(),
        limits=world.limits,
        paper=world.paper,
        seed=3,
        wallet=world.wallet,
        inventory=world.inventory,
        strategies=world.strategies,
    )


class Street(Dollars):
    """The market with what happens in it."""

    price: tuple[str, str] = PRICES[0]
    size: str = "500"
    """Of the exchange's book at that price, in SOL."""

    def still_there(self) -> None:
        """Lets node and exchange say that they live."""
        self.next_slot()
        self.us_ticker("SOLUSD", *self.price, self.size)
        self.us_ticker("USDCUSD", "0.9999", "1.0001")

    def taken(self, pool: str, sol: int, *, first: bool) -> None:
        """Lets somebody swap what so many SOL are worth of a pool's first token, or of its second."""
        mint = SIDES[pool][not first]
        self.trade(pool, sol * WORTH[mint] * 10 ** DECIMALS[mint], a_to_b=first)
        self.next_slot()

    def tick(self, step_ns: int) -> None:
        """Lets the clock say another time; it may be an earlier one."""
        self.record(RecordKind.TICK, b"{}", step_ns=step_ns)


@cache
def _opened() -> Street:
    market = Street()
    market.open()
    market.tips("0.00001")
    return market


@cache
def _kernel(name: str, engine: str) -> Kernel:
    """Returns a kernel at the record before the market pays; it is only copied from."""
    kernel = Kernel(kernel_setup(name), make_engine, engine)
    market = copy.deepcopy(_opened())
    market.record(RecordKind.STATE, kernel.initial_state())
    # STATE comes first in a session; its number does not matter to a kernel that nothing was told.
    kernel.step(market.records.pop())
    kernel.step(market.take())
    return kernel


def begin(name: str, engine: str) -> tuple[Kernel, Street]:
    """Returns a kernel and its market, live, with nothing sent."""
    kernel = _kernel(name, engine)
    market = copy.deepcopy(_opened())
    market.records.clear()
    return kernel.at(kernel.keyframe(), engine), market
