"""A journal with an order of each kind, written by the real writer from what the real desk books."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from cambist.engine.protocol import EngineSetup
from cambist.kernel import KernelSetup
from cambist.kernel.desk import Desk
from cambist.model.ledger import DAY_NS, TokenValue
from cambist.model.market import PoolRef, Token
from cambist.model.orders import Charges, Fill, Intent, Refused, Stage
from cambist.model.refusals import Refusal
from cambist.runtime.books import carried, enter_carried
from storage.journal import Journal
from storage.journal_books import read_books
from tests import orders
from tests.fakes import SOL, TOKENS, USDC, opportunity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from cambist.kernel.desk import Step
    from cambist.model.orders import Order

MEME = "MemeMemeMemeMemeMemeMemeMemeMemeMemeMemeMem"
"""A token that nothing prices, with a symbol that a terminal and a spreadsheet would obey."""
NOON = 20_000 * DAY_NS + DAY_NS // 2
HOUR = DAY_NS // 24
ORCA, RAY4 = "whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc", "675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8"
SETUP = EngineSetup(
    tokens=(*TOKENS, Token(MEME, "=\x1b[31mX", 5)), pools=(PoolRef("A", ORCA), PoolRef("B", RAY4), PoolRef("C", ORCA))
)
WALLET = {SOL: 20 * 10**9, USDC: 5_000 * 10**6, MEME: 10**9}
RULE = "net_bps > 3"


def values(mints: Sequence[str], now_ns: int) -> list[TokenValue | None]:
    """A dollar is a dollar, SOL's price is 7 ms old, and nobody prices the third."""
    known = {SOL: TokenValue(150.0 + now_ns % 7, "orca", 7_000_000), USDC: TokenValue(1.0)}
    return [known.get(mint) for mint in mints]


class Run:
    """One run that writes a journal."""

    def __init__(self, journal: Journal, desk: Desk) -> None:
        self.journal, self.desk, self.seq = journal, desk, 1

    @classmethod
    async def begin(cls, path: Path, session: str, now_ns: int, rule: str = "") -> Run:
        """Goes on from what the journal holds, as a start does."""
        found = carried(read_books(path, now_ns), KernelSetup(SETUP, wallet=WALLET, rule=rule, demo=True), now_ns)
        journal = await Journal.open(path, "paper", session)
        assert enter_carried(journal, found)
        return cls(journal, Desk(SETUP, found.books, [], []))

    def send(self, number: int, at_ns: int, **changes: Any) -> Order:
        """Notes intent and order, and books what it ties up."""
        self.seq += 1
        of = orders.order(number, sent_ns=at_ns, due_ns=at_ns + 500, **changes)
        about = msgspec.structs.replace(opportunity(), seq=self.seq, recv_ns=at_ns)
        assert self.journal.note_intent(self.seq, at_ns, Intent(number, of.strategy, about, of.amount_in, of.min_out))
        assert self.journal.note_order(self.seq, at_ns, of)
        self._note(self.desk.send(of, values))
        return of

    def book(self, *fills: Fill) -> None:
        """Books outcomes of open orders."""
        for fill in fills:
            self.seq += 1
            working = self.desk.find(fill.order_id)
            dropped = self.desk.dropped(fill)
            if working is None:
                assert dropped is not None
                self._note(self.desk.take_back(dropped, fill, values))
            else:
                self._note(self.desk.book(working, fill, values))
            assert self.journal.note_fill(self.seq, fill)

    def finish(self, number: int, at_ns: int) -> None:
        """Notes that an order which ended is final."""
        [closed] = [each for each in self.desk.closed if each.fill.order_id == number]
        assert self.journal.note_stage(self.seq, self.desk.finish(closed, at_ns))

    def refuse(self, number: int, at_ns: int) -> None:
        """Notes an intent that the gate refused."""
        assert self.journal.note_intent(self.seq, at_ns, Intent(number, "negative_cycle", opportunity(), 5, 6))
        assert self.journal.note_refused(self.seq, at_ns, Refused(number, Refusal.CAP, "6 of 5"))

    def _note(self, step: Step) -> None:
        for change in step.stages:
            assert self.journal.note_stage(self.seq, change)
        if step.entry is not None:
            assert self.journal.note_entry(self.seq, step.entry)


async def traded(path: Path) -> None:
    """Writes two runs over three days; what each order is for stands beside it."""
    run = await Run.begin(path, "run-1", NOON, RULE)
    gain = run.send(1, NOON + HOUR)
    run.book(orders.fill(gain, 1_009_000_001, recv_ns=NOON + HOUR + 612_000_000))
    revert = run.send(2, NOON + HOUR + 5, strategy="rule")
    run.book(orders.ended(revert, recv_ns=NOON + 2 * HOUR, miss=12_345))
    assert run.journal.note_rule(run.seq, "")  # no rule from here on
    dollars = run.send(
        3, NOON + DAY_NS, tokens=[USDC, SOL, USDC], route=["B:0", "C:1"], key="B:0|C:1", amount_in=500_000_000,
        expected_out=503_000_000, pool_fees=900_000, transfer=3_000, loan_fee=700,
    )  # fmt: skip
    run.book(orders.fill(dollars, 502_900_000, recv_ns=NOON + DAY_NS + 9, charges=Charges(25_000, 500_000, 2_000)))
    missed = run.send(4, NOON + DAY_NS + 10)
    run.book(orders.ended(missed, Stage.MISSED, recv_ns=NOON + DAY_NS + 20))
    run.send(5, NOON + DAY_NS + 30)  # cut short: it expires at the next start
    run.refuse(6, NOON + DAY_NS + 40)
    run.finish(1, NOON + DAY_NS + 50)
    await run.journal.close()

    run = await Run.begin(path, "run-2", NOON + 2 * DAY_NS)
    parts = run.send(1, NOON + 2 * DAY_NS + 1, tokens=[MEME, SOL, MEME], amount_in=900, expected_out=950, pool_fees=7)
    run.book(
        _part(parts, 300, 310, Charges(100, 0, 0)),
        orders.fill(
            parts, 620, amount_in=600, net=20 - parts.fee, charges=Charges(200, 50, 0), recv_ns=NOON + 2 * DAY_NS + 9
        ),
    )
    over = run.send(
        2, NOON + 2 * DAY_NS + 20, route=["A:0", "binance:SOLUSDC:1"], key="A:0|binance", settlement="legged"
    )
    run.book(
        orders.fill(over, 1_002_000_000, recv_ns=NOON + 2 * DAY_NS + 30),
        orders.ended(over, Stage.UNKNOWN, recv_ns=NOON + 2 * DAY_NS + 40, fee=0, net=0, charges=Charges()),
    )
    run.send(3, NOON + 2 * DAY_NS + 50)
    await run.journal.close()


def _part(of: Order, amount_in: int, amount_out: int, charges: Charges) -> Fill:
    at_ns = of.sent_ns + 3
    return Fill(of.id, at_ns, Stage.PARTIAL, amount_in, amount_out, 0, amount_out - amount_in, charges=charges)


def summed(rows: Iterable[tuple[Any, int]]) -> dict[Any, int]:
    """Returns sums by key without those of zero."""
    sums: dict[Any, int] = {}
    for key, atoms in rows:
        sums[key] = sums.get(key, 0) + atoms
    return {key: atoms for key, atoms in sums.items() if atoms}
