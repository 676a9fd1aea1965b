"""Every number of an export beside a sum made another way: straight from the journal's own tables."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import sqlite3
import sys
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from cambist.model.ledger import COSTS, HELD, EntryKind
from cambist.model.orders import Stage
from cambist.statements import exports
from cambist.statements.beancount import write_beancount
from cambist.statements.called import Called
from cambist.statements.chosen import Chosen
from cambist.statements.earnings import BYS, earnings, earnings_sheet
from cambist.statements.sheets import Journal
from storage.journal_reader import JournalReader, Span
from tests.fakes import SOL, USDC
from tests.journals import HOUR, MEME, NOON, RULE, summed, traded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cambist.statements.by import By
    from cambist.statements.sheet import Sheet


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("journal") / "paper.journal"
    asyncio.run(traded(path))
    return path


@pytest.fixture
def reader(path: Path) -> Iterator[JournalReader]:
    with JournalReader(path) as reader:
        yield reader


def asked(reader: JournalReader, **chosen: Any) -> Journal:
    return Journal(reader, Called(reader.listed), Chosen(**chosen))


def table(path: Path, sql: str) -> list[tuple[Any, ...]]:
    database = sqlite3.connect(path)
    found = database.execute(sql).fetchall()
    database.close()
    return found


def csv_of(sheet: Sheet) -> list[dict[str, str]]:
    out = io.StringIO()
    count = exports.write_csv(sheet, out)
    rows = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert len(rows) == count
    return rows


def test_postings_are_all_there_and_sum_to_what_the_tables_sum_to(path: Path, reader: JournalReader) -> None:
    rows = csv_of(asked(reader).postings())
    mine = summed(((row["account"], row["venue"], row["token"]), int(row["atoms"])) for row in rows)
    raw = table(path, "SELECT account, venue, token, atoms FROM posting")
    assert len(rows) == len(raw)
    assert mine == summed((key, int(atoms)) for *key3, atoms in raw for key in [tuple(key3)])
    assert mine == {tuple(row[:3]): int(row[3]) for row in table(path, "SELECT * FROM balance") if row[3] != "0"}
    for row in rows:
        assert Decimal(row["amount"]) * 10 ** int(row["decimals"]) == int(row["atoms"])
    keys = [(row["session"], row["entry"], row["posting"]) for row in rows]
    assert len(set(keys)) == len(keys)


def test_entries_are_worth_what_they_were_booked_at(path: Path, reader: JournalReader) -> None:
    rows = csv_of(asked(reader).entries())
    raw = table(path, "SELECT session, id, kind, orders, worth FROM entry ORDER BY day, at_ns, rowid")
    assert [(r["session"], int(r["entry"]), r["kind"], int(r["order"] or 0), r["worth"] or None) for r in rows] == raw
    assert {row["unvalued"] for row in rows} > {""}, "what nobody prices stands there by name"
    assert {row["at"][-1] for row in rows} == {"Z"}


def test_orders_and_fills_say_what_was_ordered_and_filled(path: Path, reader: JournalReader) -> None:
    rows = csv_of(asked(reader).orders())
    raw = table(
        path,
        "SELECT json, (SELECT count(*) FROM stage AS s WHERE (s.session, s.orders) = (o.session, o.id)) "
        "FROM orders AS o ORDER BY at_ns",
    )
    for row, (text, stages) in zip(rows, raw, strict=True):
        order = json.loads(text)
        for name in ("amount_in", "min_out", "expected_out", "expected_net", "fee"):
            assert int(row[name]) == order[name], name
        assert (row["route"], int(row["stages"]), row["strategy"]) == (order["key"], stages, order["strategy"])
    assert [row["status"] for row in rows] == [
        "filled", "reverted", "filled", "missed", "expired", "filled", "unknown", "sent"
    ]  # fmt: skip
    assert rows[0]["took_ns"] == "612000000"
    assert [row["venues"] for row in rows][5:7] == ["orca + ray4", "binance + orca"]
    fills = csv_of(asked(reader).fills())
    for row, (text,) in zip(fills, table(path, "SELECT json FROM fill ORDER BY at_ns, id"), strict=True):
        fill = json.loads(text)
        for name in ("amount_in", "amount_out", "fee", "net"):
            assert int(row[name]) == fill[name], name
        for name in ("network_fee", "tip", "rent"):
            assert int(row[f"{name}_lamports"]) == fill["charges"][name], name
    assert [row["miss"] for row in fills if row["status"] == "reverted"] == ["12345"]


@pytest.mark.parametrize("by", BYS)
def test_groups_sum_to_the_whole_and_what_is_left_of_gross_after_costs_is_net(
    path: Path, reader: JournalReader, by: By
) -> None:
    rows = csv_of(earnings_sheet(asked(reader), by))
    raw = table(
        path,
        "SELECT p.account, p.token, p.atoms FROM posting AS p JOIN entry AS e ON e.session = p.session "
        "AND e.id = p.entry WHERE e.kind <> 'opening'",
    )
    net = summed((token, int(atoms)) for account, token, atoms in raw if account in HELD)
    assert summed((row["token"], int(row["net"])) for row in rows) == net
    gross = summed((token, -int(atoms)) for account, token, atoms in raw if account == "result")
    assert summed((row["token"], int(row["gross"])) for row in rows) == gross
    for account in COSTS:
        paid = summed((token, int(atoms)) for name, token, atoms in raw if name == account)
        assert summed((row["token"], int(row[account])) for row in rows) == paid, account
    assert set(net) == {SOL, USDC, MEME}
    for row in rows:
        assert int(row["gross"]) - sum(int(row[account]) for account in COSTS) == int(row["net"])
    worth = sum(int(value) for (value,) in table(path, "SELECT worth FROM entry WHERE worth IS NOT NULL"))
    assert sum(int(row["worth"]) for row in rows if row["worth"]) == worth
    assert [row["token"] for row in rows if row["worth"]] == [SOL] * len({row["group"] for row in rows})
    unvalued = Counter[str]()
    for (text,) in table(path, "SELECT json FROM entry"):
        unvalued.update(json.loads(text)["unvalued"])
    assert summed((row["token"], int(row["unvalued"])) for row in rows) == summed(unvalued.items())
    assert unvalued[MEME] != 0


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("strategy", {"negative_cycle", "rule"}),
        ("venue", {"orca + ray4", "binance + orca"}),
        ("pair", {"SOL/USDC", "=\\u001b[31mX Meme…eMem/SOL"}),
        ("route", {"A:0|B:1", "B:0|C:1", "A:0|binance"}),
        ("day", {"2024-10-04", "2024-10-05", "2024-10-06"}),
        ("hour", {"2024-10-04T13Z", "2024-10-04T14Z", "2024-10-05T12Z", "2024-10-06T12Z"}),
        ("rule", {RULE, "(no rule)"}),
    ],
)
def test_groups_are_called_by_what_they_are_of(reader: JournalReader, by: By, names: set[str]) -> None:
    assert {group.name for group in earnings(asked(reader), by)} == names


def test_a_group_counts_the_orders_and_entries_that_earned_or_cost_something(reader: JournalReader) -> None:
    rows = csv_of(earnings_sheet(asked(reader), "strategy"))
    counted = {row["group"]: (int(row["orders"]), int(row["entries"])) for row in rows}
    assert counted == {"negative_cycle": (4, 6), "rule": (1, 1)}, "what missed, expired or is open did neither"
    assert list(counted) == ["negative_cycle", "rule"], "what earned most comes first"
    worst_last = [group.tally.worth for group in earnings(asked(reader), "route")]
    assert worst_last == sorted(worst_last, reverse=True)
    assert len(set(worst_last)) == 3


FILTERS: list[tuple[dict[str, Any], list[tuple[str, int]]]] = [
    ({"strategy": "rule"}, [("run-1", 2)]),
    ({"venue": "binance"}, [("run-2", 2)]),
    ({"pair": "USDC/SOL", "status": Stage.FILLED}, [("run-1", 1), ("run-1", 3)]),
    ({"route": "B:0|C:1"}, [("run-1", 3)]),
    ({"status": Stage.REVERTED}, [("run-1", 2)]),
    ({"status": Stage.FINAL}, [("run-1", 1), ("run-1", 2), ("run-1", 3)]),
    ({"span": Span(NOON, NOON + HOUR + 1)}, [("run-1", 1)]),
    ({"rule": RULE}, [("run-1", 1), ("run-1", 2)]),
    ({"rule": "nothing"}, []),
    ({"venue": "orca", "strategy": "rule"}, [("run-1", 2)]),
]


@pytest.mark.parametrize(("chosen", "expected"), FILTERS)
def test_a_filter_takes_the_rows_of_the_orders_that_it_is_about(
    reader: JournalReader, chosen: dict[str, Any], expected: list[tuple[str, int]]
) -> None:
    wanted = asked(reader, **chosen)
    assert [(row["session"], int(row["order"])) for row in csv_of(wanted.orders())] == expected
    if "span" not in chosen:
        for sheet in (wanted.fills(), wanted.entries(), wanted.postings()):
            assert {(row["session"], int(row["order"])) for row in csv_of(sheet)} <= set(expected), sheet.name
        assert {(row["session"], int(row["order"])) for row in csv_of(wanted.entries())} == set(expected)


def test_a_kind_takes_entries_of_that_kind(reader: JournalReader) -> None:
    assert {row["kind"] for row in csv_of(asked(reader, kind=EntryKind.REVERSED).entries())} == {"reversed"}
    assert {row["kind"] for row in csv_of(asked(reader, kind=EntryKind.OPENING).postings())} == {"opening"}


def test_an_entry_whose_order_is_gone_is_still_counted(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.journal"
    database = sqlite3.connect(path)
    database.execute("VACUUM INTO ?", (str(copy),))
    database.close()
    database = sqlite3.connect(copy)
    database.execute("DELETE FROM orders WHERE session = 'run-1' AND id = 1")
    database.commit()
    database.close()
    with JournalReader(copy) as reader:
        groups = {group.name: group for group in earnings(asked(reader), "strategy")}
    assert groups["(unknown order)"].tally.net == {SOL: 9_000_001 - 525_000}


def test_lines_of_json_and_csv_say_the_same(reader: JournalReader) -> None:
    for name in ("orders", "fills", "entries", "postings"):
        out = io.StringIO()
        sheet = getattr(asked(reader), name)()
        atoms = {column.name for column in sheet.columns if column.type.value == "atoms"}
        exports.write_json_lines(sheet, out)
        lines = [json.loads(line) for line in out.getvalue().splitlines()]
        for line, row in zip(lines, csv_of(getattr(asked(reader), name)()), strict=True):
            assert isinstance(line.pop("at"), int)
            row.pop("at")
            assert {key: "" if cell is None else str(cell) for key, cell in line.items()} == {
                key: cell.removeprefix("'") for key, cell in row.items()
            }
            assert all(line[key] is None or isinstance(line[key], str) for key in atoms)


def test_a_symbol_is_no_formula_and_no_command(reader: JournalReader) -> None:
    symbols = {row["symbol"] for row in csv_of(asked(reader).postings())}
    (strange,) = (symbol for symbol in symbols if "X" in symbol)
    assert strange.startswith("'=")
    assert "\x1b" not in "".join(symbols)


TRANSACTION = re.compile(r"(\d{4}-\d\d-\d\d) \* ")
POSTING = re.compile(r"  ([A-Z][\w:-]+)  (-?\d+(?:\.\d+)?) ([A-Z][A-Z0-9'._-]{0,22}[A-Z0-9])")


def test_beancount_text_balances_and_opens_what_it_uses(path: Path, reader: JournalReader) -> None:
    out = io.StringIO()
    count = write_beancount(asked(reader), out)
    blocks = [block.splitlines() for block in out.getvalue().strip().split("\n\n")]
    transactions = [block for block in blocks if TRANSACTION.match(block[0])]
    assert len(transactions) == count == table(path, "SELECT count(*) FROM entry")[0][0]
    opened: dict[str, str] = {}
    totals = Counter[tuple[str, str]]()
    for block in blocks:
        if " open " in block[0]:
            _, _, account, commodity = block[0].split()
            assert opened.setdefault(account, commodity) == commodity
        if not TRANSACTION.match(block[0]):
            continue
        sums: dict[str, Decimal] = {}
        for line in block[1:]:
            if found := POSTING.fullmatch(line):
                account, amount, commodity = found.groups()
                assert opened[account] == commodity
                sums[commodity] = sums.get(commodity, Decimal(0)) + Decimal(amount)
                totals[account.rpartition(":")[0], commodity] += Decimal(amount)  # type: ignore[assignment]
            else:
                assert re.match(r"  [a-z]+: ", line), line
        assert sums
        assert not any(sums.values()), block
    wallets = {
        token: int(atoms) for token, atoms in table(path, "SELECT token, atoms FROM balance WHERE account = 'wallet'")
    }
    assert totals["Assets:Solana:Wallet", "SOL"] * 10**9 == wallets[SOL]
    assert totals["Assets:Solana:Wallet", "USDC"] * 10**6 == wallets[USDC]
    (strange,) = {commodity for _, commodity in totals} - {"SOL", "USDC"}
    assert totals["Assets:Solana:Wallet", strange] * 10**5 == wallets[MEME]
    assert f'mint: "{MEME}"' in out.getvalue()


def test_parquet_holds_the_same_cells(reader: JournalReader, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed: the extra `parquet`")
    out = tmp_path / "postings.parquet"
    assert exports.write_parquet(asked(reader).postings(), out) == len(list(asked(reader).postings().rows))
    found = parquet.read_table(out)
    assert str(found.schema.field("at").type) == "timestamp[ns, tz=UTC]"
    for name in ("atoms", "token", "entry", "account", "amount"):
        place = [column.name for column in asked(reader).postings().columns].index(name)
        assert found.column(name).to_pylist() == [row[place] for row in asked(reader).postings().rows]


def test_parquet_without_pyarrow_says_what_to_install(
    reader: JournalReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(exports.Unavailable, match=r"pip install 'cambist\[parquet\]'"):
        exports.write_parquet(asked(reader).orders(), tmp_path / "x")
