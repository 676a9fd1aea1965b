"""Flows over restarts: all that a run knows of one that was killed is what stands in its journal."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from cambist.engine import make_engine
from cambist.kernel.kernel import Kernel
from cambist.model.events import RecordKind
from cambist.runtime.books import carried, enter_carried
from cambist.runtime.ledger import enter
from storage.journal import Journal
from storage.journal_books import read_books
from tests.flows.machine import OrderFlows, S
from tests.flows.witness import Witness
from tests.flows.world import MS, WORLDS, Street, kernel_setup

if TYPE_CHECKING:
    from cambist.kernel import Effects

FORWARD_S = (1, 30, 3_600)


class OverRestarts(OrderFlows):
    """The same with a journal, from which a new process goes on after the old one was killed."""

    @initialize(world=st.sampled_from(sorted(WORLDS)))
    def open(self, world: str) -> None:
        """Begins with an empty journal."""
        self.world, self.runs = world, 0
        self.seen["flows"] += 1
        self.folder = Path(tempfile.mkdtemp(prefix="flows-"))
        self.loop = asyncio.Runner()
        self.witness = Witness(kernel_setup(world))
        self.market = Street()
        self._begin()

    def _begin(self) -> None:
        """Starts as a run does: from the journal, with an engine that knows nothing."""
        setup, now_ns = kernel_setup(self.world), self.market.now_ns
        self.runs += 1
        path = self.folder / "paper.db"
        before = carried(read_books(path, now_ns), setup, now_ns)
        self.kernel = Kernel(setup, make_engine, self.engine)
        self.kernel.adopt(before.books, before.risk)
        self.journal = self.loop.run(Journal.open(path, "paper", f"run-{self.runs}"))
        assert enter_carried(self.journal, before)
        self.witness.begins(before, now_ns)
        self.market.record(RecordKind.STATE, self.kernel.state())
        self.market.open()
        self.market.tips("0.00001")
        self.market.still_there()
        self.blocks = []
        self.step()
        self._keep()

    def step(self) -> Effects:
        """Notes what a step did, as the runtime does."""
        effects = super().step()
        assert enter(self.journal, effects)
        return effects

    @rule(seconds=st.sampled_from(FORWARD_S))
    def clock(self, seconds: int) -> None:
        """The clock is set forward; what a day is that it goes back to only a run that goes on knows."""
        self.market.tick(seconds * S)
        self.step()

    @rule(gap_ms=st.sampled_from((1, 700, 86_400_000)))
    def killed(self, gap_ms: int) -> None:
        """The process dies with all that it knows, and another starts later."""
        self.loop.run(self.journal.close())
        self.witness.on_disk(read_books(self.journal.path, self.market.now_ns).balances)
        price = self.market.price
        self.market = Street(now_ns=self.market.now_ns + gap_ms * MS)
        self.market.price = price
        self.seen["killed"] += 1
        self._begin()

    def teardown(self) -> None:
        """Lets go of the journal."""
        if hasattr(self, "journal"):
            self.loop.run(self.journal.close())
            self.loop.close()
            shutil.rmtree(self.folder)
