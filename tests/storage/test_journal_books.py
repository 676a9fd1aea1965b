"""What a run goes on from: balances and the day so far; a journal of before there were books is brought up to date."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from cambist.config.risk import Unwind
from cambist.engine.protocol import EngineSetup
from cambist.execution.risk import Budget, Exposure, Leftover, Limits, RiskGate, RiskState, StrategyDay
from cambist.kernel import KernelSetup
from cambist.kernel.desk import Desk
from cambist.kernel.state import opened
from cambist.kernel.unwinding import FOREVER_NS
from cambist.model.ledger import CHAIN, DAY_NS, Account, TokenValue
from cambist.model.orders import Charges, Fill, Intent, Order, Refused, Stage, StageTimes
from cambist.runtime.books import CUT_SHORT, carried, enter_carried
from storage.journal import APPLICATION_ID, Journal
from storage.journal_books import Read, read_books, upgrade
from storage.journal_reader import JournalReader
from storage.session import SessionError
from tests import orders
from tests.cambist.test_ledger import SETUP
from tests.fakes import SOL, USDC, opportunity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cambist.kernel.desk import Step
    from cambist.runtime.books import Carried

NOON = 20_000 * DAY_NS + DAY_NS // 2
OLD = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE intent (session TEXT NOT NULL, id INTEGER NOT NULL, seq INTEGER NOT NULL, at_ns INTEGER NOT NULL,
    json TEXT NOT NULL, PRIMARY KEY (session, id)) STRICT;
CREATE TABLE refusal (session TEXT NOT NULL, intent INTEGER NOT NULL, seq INTEGER NOT NULL, at_ns INTEGER NOT NULL,
    reason TEXT NOT NULL, detail TEXT NOT NULL, PRIMARY KEY (session, intent)) STRICT;
CREATE TABLE orders (session TEXT NOT NULL, id INTEGER NOT NULL, intent INTEGER NOT NULL, seq INTEGER NOT NULL,
    at_ns INTEGER NOT NULL, json TEXT NOT NULL, PRIMARY KEY (session, id)) STRICT;
CREATE TABLE fill (session TEXT NOT NULL, orders INTEGER NOT NULL, seq INTEGER NOT NULL, at_ns INTEGER NOT NULL,
    status TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (session, orders, seq)) STRICT;
CREATE TABLE halt (id INTEGER PRIMARY KEY, session TEXT NOT NULL, seq INTEGER NOT NULL, at_ns INTEGER NOT NULL,
    halted INTEGER NOT NULL, reason TEXT NOT NULL) STRICT;
"""
"""As schema 1 was."""


def setup(**wallet: int) -> KernelSetup:
    mints = {"sol": SOL, "usdc": USDC}
    return KernelSetup(SETUP, wallet={mints[name]: atoms for name, atoms in wallet.items()})


def unpriced(mints: Sequence[str], now_ns: int) -> list[TokenValue | None]:
    del now_ns
    return [None for _ in mints]


async def begun(path: Path, what: KernelSetup, now_ns: int, session: str) -> tuple[Carried, Journal]:
    found = carried(read_books(path, now_ns), what, now_ns)
    journal = await Journal.open(path, "paper", session)
    assert enter_carried(journal, found)
    return found, journal


def forget(path: Path) -> None:
    """Makes a journal one of a run that noted nothing of what its gate remembers."""
    database = sqlite3.connect(path)
    assert database.execute("DELETE FROM meta WHERE key = 'risk'").rowcount == 1
    database.commit()
    database.close()


def note(journal: Journal, step: Step, seq: int) -> None:
    for change in step.stages:
        assert journal.note_stage(seq, change)
    if step.entry is not None:
        assert journal.note_entry(seq, step.entry)


def held(found: Carried, token: str = SOL, account: Account = Account.WALLET) -> int:
    return sum(p.atoms for p in found.books.balances if (p.account, p.token) == (account, token))


async def test_a_wallet_is_opened_once_and_goes_on_over_restarts(tmp_path: Path) -> None:
    path = tmp_path / "paper.journal"
    first, journal = await begun(path, setup(sol=100, usdc=7), NOON, "a")
    assert (held(first), held(first, USDC), len(first.entries)) == (100, 7, 1)
    await journal.close()
    again, journal = await begun(path, setup(sol=100, usdc=7), NOON + 1, "b")
    assert (held(again), held(again, USDC), again.entries) == (100, 7, [])
    await journal.close()
    more, journal = await begun(path, setup(sol=130), NOON + 2, "c")
    assert (held(more), held(more, USDC)) == (130, 0), "what the config gives now beside what it gave before"
    assert more.books.today.net == {}, "and nothing of it was earned"
    await journal.close()


async def test_a_day_goes_on_and_an_order_that_was_cut_short_expires_with_all_its_money(tmp_path: Path) -> None:
    path = tmp_path / "paper.journal"
    start, journal = await begun(path, setup(sol=5 * 10**9), NOON, "a")
    desk = Desk(SETUP, start.books, [], [])
    outs = (1_010_000_000, 1_000_000_000)
    for number, out in enumerate(outs, 1):
        of = orders.order(number, sent_ns=NOON)
        assert journal.note_order(number, NOON, of)
        note(journal, desk.send(of, unpriced), number)
        fill = orders.fill(of, out, recv_ns=NOON + number)
        note(journal, desk.book(desk.working[0], fill, unpriced), number)
        assert journal.note_fill(number, fill)
    left = orders.order(3, sent_ns=NOON)
    assert journal.note_order(3, NOON, left)
    note(journal, desk.send(left, unpriced), 3)
    await journal.close()
    forget(path)

    later, journal = await begun(path, setup(sol=5 * 10**9), NOON + 10, "b")
    assert held(later) == 5 * 10**9 + sum(out - 10**9 - 525_000 for out in outs)
    assert held(later, account=Account.IN_FLIGHT) == 0
    today = later.books.today
    assert (today.worth, today.peak, today.entries) == (8_950_000, 9_475_000, 2)
    assert (later.risk.realised, later.risk.peak) == ({SOL: 8_950_000}, {SOL: 9_475_000})
    assert [(session, fill.order_id, fill.status, fill.reason) for session, fill in later.ends] == [
        ("a", 3, "expired", CUT_SHORT)
    ]
    await journal.close()
    assert read_books(path, NOON).unanswered == []
    database = sqlite3.connect(path)
    entries = database.execute("SELECT session, id, kind, orders FROM entry ORDER BY rowid").fetchall()
    postings = database.execute("SELECT DISTINCT session, entry FROM posting").fetchall()
    database.close()
    assert entries[-1] == ("a", 7, "ended", 3), "the entry is of the session whose order it ends"
    assert set(postings) == {row[:2] for row in entries}

    tomorrow = carried(read_books(path, NOON + DAY_NS), setup(sol=5 * 10**9), NOON + DAY_NS)
    assert (tomorrow.books.today.worth, tomorrow.risk.realised, held(tomorrow)) == (0, {}, held(later))


async def test_balances_and_days_are_the_sums_of_postings(tmp_path: Path) -> None:
    path = tmp_path / "paper.journal"
    start, journal = await begun(path, setup(sol=5 * 10**9), NOON, "a")
    desk = Desk(SETUP, start.books, [], [])
    for number in range(1, 5):
        of = orders.order(number, sent_ns=NOON + number * DAY_NS)
        note(journal, desk.send(of, unpriced), number)
        note(journal, desk.book(desk.working[0], orders.ended(of, recv_ns=of.sent_ns), unpriced), number)
    await journal.close()
    database = sqlite3.connect(path)
    keys = "account, venue, token"
    summed = f"SELECT {keys}, CAST(SUM(CAST(atoms AS INTEGER)) AS TEXT) FROM posting GROUP BY {keys} ORDER BY {keys}"
    assert (
        database.execute(summed).fetchall()
        == database.execute(f"SELECT {keys}, atoms FROM balance ORDER BY {keys}").fetchall()
    )
    daily = (
        f"SELECT day, {keys}, CAST(SUM(CAST(atoms AS INTEGER)) AS TEXT) FROM posting JOIN entry "
        f"ON posting.session = entry.session AND posting.entry = entry.id GROUP BY day, {keys} ORDER BY day, {keys}"
    )
    assert (
        database.execute(daily).fetchall()
        == database.execute(f"SELECT day, {keys}, atoms FROM flow ORDER BY day, {keys}").fetchall()
    )
    database.close()


async def test_a_day_that_only_lost_has_its_peak_where_it_began(tmp_path: Path) -> None:
    path = tmp_path / "paper.journal"
    start, journal = await begun(path, setup(sol=5 * 10**9), NOON, "a")
    desk = Desk(SETUP, start.books, [], [])
    note(journal, desk.send(orders.order(sent_ns=NOON), unpriced), 1)
    note(journal, desk.book(desk.working[0], orders.ended(orders.order(), recv_ns=NOON + 1), unpriced), 1)
    await journal.close()
    forget(path)
    later = carried(read_books(path, NOON + 2), setup(sol=5 * 10**9), NOON + 2)
    assert (later.risk.realised, later.risk.peak, later.risk.day) == ({SOL: -25_000}, {SOL: 0}, NOON // DAY_NS)


def old_journal(path: Path, version: int = 1) -> None:
    database = sqlite3.connect(path)
    database.executescript(f"PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version={version};\n{OLD}")
    database.execute("INSERT INTO meta VALUES ('mode', 'paper')")
    order = {
        "id": 1, "intent_id": 1, "sent_ns": NOON, "due_ns": NOON + 1, "key": "k", "route": ["A:0", "kraken:X:1"],
        "tokens": [SOL, USDC, SOL], "amount_in": 1_000, "min_out": 1_001, "expected_net": 30, "fee": 20, "miss_fee": 5,
    }  # fmt: skip
    fill = {"order_id": 1, "recv_ns": NOON, "status": "filled", "amount_in": 1_000, "amount_out": 1_040, "fee": 20}
    fill |= {"net": 20, "reason": ""}
    database.execute("INSERT INTO orders VALUES ('s', 1, 1, 2, ?, ?)", (NOON, json.dumps(order)))
    database.execute("INSERT INTO orders VALUES ('s', 2, 2, 3, ?, ?)", (NOON, json.dumps(order | {"id": 2})))
    database.execute("INSERT INTO fill VALUES ('s', 1, 4, ?, 'filled', ?)", (NOON, json.dumps(fill)))
    database.execute("INSERT INTO halt VALUES (1, 's', 5, 50, 1, 'enough')")
    database.commit()
    database.close()


async def test_an_older_journal_is_brought_up_to_date_and_a_copy_is_left(tmp_path: Path) -> None:
    path = tmp_path / "paper.journal"
    old_journal(path)
    was = path.read_bytes()
    with pytest.raises(SessionError, match="schema 1, expected a cambist journal, schema 3"):
        read_books(path, NOON)
    kept = upgrade(path)
    assert kept is not None
    assert kept.read_bytes() == was
    assert upgrade(path) is None
    found = carried(read_books(path, NOON), setup(sol=500), NOON)
    assert (held(found), found.books.today.net, found.risk.realised) == (520, {SOL: 20}, {SOL: 20})
    assert [(session, fill.order_id) for session, fill in found.ends] == [("s", 2)]
    journal = await Journal.open(path, "paper", "now")
    assert journal.halt is not None
    assert journal.halt.reason == "enough"
    await journal.close()


async def test_one_that_lacks_times_alone_gets_a_table_for_them_and_keeps_all_else(tmp_path: Path) -> None:
    path = tmp_path / "paper.journal"
    journal = await Journal.open(path, "paper", "s")
    assert journal.note_order(0, NOON, orders.order(7))
    await journal.close()
    database = sqlite3.connect(path)
    database.executescript("DROP TABLE took; PRAGMA user_version=2;")
    rows = database.execute("SELECT * FROM orders").fetchall()
    database.close()
    was = path.read_bytes()
    with pytest.raises(SessionError, match="schema 2, expected a cambist journal, schema 3"):
        read_books(path, NOON)
    kept = upgrade(path)
    assert kept is not None
    assert (kept.name, kept.read_bytes()) == ("paper.journal.schema2", was)
    assert upgrade(path) is None
    times = StageTimes(1, 2, 4, 8, 16, 32, 64)
    journal = await Journal.open(path, "paper", "s")
    assert journal.note_times(0, 7, times)
    await journal.close()
    with JournalReader(path) as reader:
        assert reader.times("s", 7) == times
        assert (reader.times("s", 8), reader.times("t", 7)) == (None, None)
    with contextlib.closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT * FROM orders").fetchall() == rows


def test_a_newer_or_damaged_journal_is_refused_by_name_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "paper.journal"
    assert (read_books(path, NOON), upgrade(path)) == (Read(), None)
    old_journal(path, 9)
    was = path.read_bytes()
    with pytest.raises(SessionError, match="schema 9, expected a cambist journal, schema 1 or 2 or 3"):
        upgrade(path)
    assert path.read_bytes() == was
    damaged = tmp_path / "damaged.journal"
    old_journal(damaged)
    database = sqlite3.connect(damaged)
    database.execute("UPDATE orders SET json = '{}' WHERE id = 1")
    database.commit()
    database.close()
    was = damaged.read_bytes()
    with pytest.raises(SessionError, match="can't be brought up to date"):
        upgrade(damaged)
    assert damaged.read_bytes() == was


def test_books_of_a_wallet_balance() -> None:
    assert sum(posting.atoms for posting in opened(KernelSetup(EngineSetup(), wallet={SOL: 5})).balances) == 0


async def test_what_the_gate_counted_and_what_is_left_over_is_there_after_a_restart(tmp_path: Path) -> None:
    path, hour = tmp_path / "paper.journal", NOON + DAY_NS // 24
    _, journal = await begun(path, setup(sol=5 * 10**9), NOON, "a")
    left = Leftover(70, USDC, 9, 2, since_ns=NOON, due_ns=FOREVER_NS, counts=SOL, worst=11)
    state = RiskState(
        halted="by hand",
        day=NOON // DAY_NS,
        realised={SOL: -40},
        peak={SOL: 2},
        recent_ns=[NOON],
        day_in={SOL: 300},
        day_orders=4,
        open={"k": Exposure(SOL, 5, 1, 6)},
        leftovers={SOL: left},
        balance={SOL: 77},
        strategies={"x": StrategyDay(2, {SOL: -7})},
    )
    assert journal.note_risk(1, RiskState())
    assert journal.note_risk(2, state)
    await journal.close()
    risk = carried(read_books(path, hour), setup(sol=5 * 10**9), hour).risk
    same = ("day", "realised", "peak", "day_in", "day_orders", "balance", "strategies")
    assert [getattr(risk, name) for name in same] == [getattr(state, name) for name in same]
    assert (risk.halted, risk.open, risk.recent_ns) == ("", {}, []), "the journal keeps halts, nothing is open any more"
    assert risk.leftovers == {SOL: replace(left, tries=0, due_ns=hour)}
    spent = Limits({SOL: 10**10}, {SOL: 10**10}, budgets={"x": Budget(max_orders_per_day=2)})
    verdict = RiskGate(spent, risk).check(Intent(1, "x", opportunity(), 10**9, 10**10), hour + 20, {SOL: 10**12})
    assert isinstance(verdict, Refused)
    assert verdict.reason == "budget_day", "it was used up before the restart"
    tomorrow = carried(read_books(path, NOON + DAY_NS), setup(sol=5 * 10**9), NOON + DAY_NS).risk
    assert (tomorrow.realised, tomorrow.day_orders, tomorrow.strategies, tomorrow.at_risk(SOL)) == ({}, 0, {}, 11)
    held_on = KernelSetup(SETUP, limits=Limits(unwind=Unwind(policy="hold")))
    assert carried(read_books(path, hour), held_on, hour).risk.leftovers[SOL].due_ns == FOREVER_NS


async def test_a_trade_that_was_cut_between_its_legs_is_left_over_and_inventories_go_on(tmp_path: Path) -> None:
    path = tmp_path / "paper.journal"
    given = KernelSetup(SETUP, wallet={SOL: 5 * 10**9}, inventory={"binance": {USDC: 900 * 10**6}})
    start, journal = await begun(path, given, NOON, "a")
    desk = Desk(SETUP, start.books, [], [])
    legs = [
        orders.order(1, route=["A:0"], tokens=[SOL, USDC], trade=1, expected_out=150_000_000),
        orders.order(2, route=["binance:SOLUSDC:1"], tokens=[USDC, SOL], trade=1, amount_in=150_000_000,
                     charges=Charges(), fee=0),
    ]  # fmt: skip
    for of in legs:
        assert journal.note_order(1, NOON, of)
        note(journal, desk.send(of, unpriced), 1)
    fill = orders.fill(legs[1], 1_003_000_000, recv_ns=NOON + 1, net=None)
    note(journal, desk.book(desk.working[1], fill, unpriced), 2)
    assert journal.note_fill(2, fill)
    await journal.close()
    later = carried(read_books(path, NOON + 5), given, NOON + 5)
    assert [(session, end.order_id) for session, end in later.ends] == [("a", 1)]
    left = later.risk.leftovers[SOL]
    assert (left.atoms, left.base, left.cost) == (1_003_000_000, USDC, 150_000_000)
    assert (left.at_risk, left.due_ns) == ((SOL, legs[0].amount_in), NOON + 5)
    wallets = {(p.venue, p.token): p.atoms for p in later.books.balances if p.account is Account.WALLET}
    assert wallets == {
        (CHAIN, SOL): 5 * 10**9, ("binance", USDC): 750_000_000, ("binance", SOL): 1_003_000_000
    }  # fmt: skip
    assert [entry.kind for _, entry in later.entries] == ["ended"], "what the config gives is what it gave"


class Run:
    """A run of one session with what it writes."""

    def __init__(self, journal: Journal, desk: Desk) -> None:
        self.journal, self.desk = journal, desk

    def send(self, *sent: Order) -> None:
        for of in sent:
            assert self.journal.note_order(1, NOON, of)
            note(self.journal, self.desk.send(of, unpriced), 1)

    def told(self, *fills: Fill) -> None:
        for fill in fills:
            working, dropped = self.desk.find(fill.order_id), self.desk.dropped(fill)
            if working is None:
                assert dropped is not None
                note(self.journal, self.desk.take_back(dropped, fill, unpriced), 2)
            else:
                note(self.journal, self.desk.book(working, fill, unpriced), 2)
            assert self.journal.note_fill(2, fill)


async def running(path: Path, what: KernelSetup) -> Run:
    start, journal = await begun(path, what, NOON, "a")
    return Run(journal, Desk(SETUP, start.books, [], []))


async def test_an_order_of_which_a_part_is_filled_or_whose_end_was_taken_back_is_cut_short_with_what_is_left(
    tmp_path: Path,
) -> None:
    path = tmp_path / "paper.journal"
    run = await running(path, setup(sol=9 * 10**9))
    part, back, done = (orders.order(n, transfer=1_000) for n in (1, 2, 3))
    run.send(part, back, done)
    run.told(
        orders.fill(part, 260_000_000, status=Stage.PARTIAL, amount_in=250_000_000, charges=Charges(5_000, 70, 3)),
        orders.fill(back, 410_000_000, status=Stage.PARTIAL, amount_in=400_000_000, charges=Charges(6_000)),
        orders.fill(back, 630_000_000, amount_in=600_000_000, charges=Charges(19_000)),
        orders.ended(back, Stage.UNKNOWN),
        orders.ended(done),
        orders.ended(done, Stage.UNKNOWN),
        orders.ended(done),
    )
    await run.journal.close()
    later, journal = await begun(path, setup(sol=9 * 10**9), NOON + 9, "b")
    assert [(end.order_id, end.status) for _, end in later.ends] == [(1, "expired"), (2, "expired")]
    assert held(later, account=Account.IN_FLIGHT) == 0
    gains = 10_000_000 - 5_070 - 250, 10_000_000 - 6_000 - 400, -25_000
    assert held(later) + held(later, account=Account.RENT_HELD) == 9 * 10**9 + sum(gains)
    assert held(later, account=Account.RENT_HELD) == 3
    await journal.close()
    assert read_books(path, NOON).unanswered == []
    assert read_books(path, NOON).working == {}


def legs_of_a_trade() -> tuple[Order, Order]:
    return (
        orders.order(1, route=["A:0"], tokens=[SOL, USDC], trade=1, expected_out=150_000_000),
        orders.order(2, route=["binance:SOLUSDC:1"], tokens=[USDC, SOL], trade=1, amount_in=150_000_000,
                     charges=Charges(), fee=0),
    )  # fmt: skip


TRADER = KernelSetup(SETUP, wallet={SOL: 5 * 10**9}, inventory={"binance": {USDC: 900 * 10**6}})
REALISED = RiskState(day=NOON // DAY_NS, realised={SOL: 40}, peak={SOL: 50}, balance={SOL: 700})


async def test_what_a_trade_paid_that_was_cut_short_counts_as_the_day_s_and_its_strategys(tmp_path: Path) -> None:
    path = tmp_path / "paper.journal"
    run = await running(path, TRADER)
    chain, exchange = legs_of_a_trade()
    run.send(chain, exchange)
    run.told(
        orders.fill(chain, 150_000_000, net=None),
        orders.ended(chain, Stage.UNKNOWN, net=None),
        orders.ended(chain, net=None),
        orders.fill(exchange, 400_000_000, status=Stage.PARTIAL, amount_in=60_000_000, net=None),
    )
    assert run.journal.note_risk(3, REALISED)
    await run.journal.close()
    risk = carried(read_books(path, NOON + 5), TRADER, NOON + 5).risk
    net = -chain.miss_fee
    assert (risk.realised, risk.peak, risk.balance) == ({SOL: 40 + net}, {SOL: 50}, {SOL: 700 + net})
    assert risk.strategies == {"negative_cycle": StrategyDay(0, {SOL: net})}
    left = risk.leftovers[SOL]
    assert (left.atoms, left.cost, left.worst) == (400_000_000, 60_000_000, chain.amount_in * 2 // 5)
    _, journal = await begun(path, TRADER, NOON + 5, "b")
    await journal.close()
    again = carried(read_books(path, NOON + 6), TRADER, NOON + 6).risk
    assert again == replace(risk, leftovers={SOL: replace(left, due_ns=NOON + 6)}), (
        "a start without orders forgets nothing"
    )


async def test_a_trade_without_a_gate_s_memory_counts_by_its_entries_alone(tmp_path: Path) -> None:
    path = tmp_path / "paper.journal"
    run = await running(path, TRADER)
    chain, exchange = legs_of_a_trade()
    run.send(chain, exchange)
    run.told(orders.ended(chain, net=None, recv_ns=NOON + 1))
    await run.journal.close()
    forget(path)
    assert carried(read_books(path, NOON + 5), TRADER, NOON + 5).risk.realised == {SOL: -chain.miss_fee}


async def test_a_trade_that_was_settled_is_not_left_over_by_a_leg_that_fell_out_since(tmp_path: Path) -> None:
    path = tmp_path / "paper.journal"
    run = await running(path, TRADER)
    chain, exchange = legs_of_a_trade()
    run.send(chain, exchange)
    run.told(
        orders.fill(chain, 150_000_000, net=None),
        orders.fill(exchange, 1_010_000_000, net=None),
        orders.ended(chain, Stage.UNKNOWN, net=None),
    )
    assert run.journal.note_risk(3, REALISED)
    await run.journal.close()
    read = read_books(path, NOON + 5)
    assert ([each.order.id for each in read.unanswered], read.cut) == ([1], [])
    later = carried(read, TRADER, NOON + 5)
    assert (later.risk.leftovers, later.risk.realised) == ({}, {SOL: 40})
    assert held(later, account=Account.IN_FLIGHT) == 0


async def test_what_is_left_over_of_a_token_that_another_base_bought_counts_as_lost_at_a_start(tmp_path: Path) -> None:
    path = tmp_path / "paper.journal"
    run = await running(path, TRADER)
    chain, exchange = legs_of_a_trade()
    run.send(chain, exchange)
    run.told(orders.fill(exchange, 1_003_000_000, net=None))
    other = Leftover(70, "another", 9, counts=SOL, worst=11)
    assert run.journal.note_risk(3, replace(REALISED, leftovers={SOL: other}))
    await run.journal.close()
    risk = carried(read_books(path, NOON + 5), TRADER, NOON + 5).risk
    assert (risk.leftovers[SOL].atoms, risk.leftovers[SOL].base) == (70, "another")
    assert risk.realised == {SOL: 40 - chain.amount_in}
    assert risk.strategies["negative_cycle"].realised == {SOL: -chain.amount_in}
