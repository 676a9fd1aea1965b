"""Books of a session: what it is asked for, and its trial balance in `cambist verify`."""

from __future__ import annotations

import dataclasses
import json
import shutil
import zlib
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from backports import zstd

from cambist import compose
from cambist.cli import main
from cambist.kernel import read_keyframe, write_keyframe
from cambist.kernel.state import read_state, write_state
from cambist.model.events import HEADER, pack, records
from cambist.model.ledger import Posting
from cambist.runtime.replay import Replayer
from cambist.statements.books import session_books
from storage.reader import SessionReader
from storage.verify import verify
from tests.cambist.runtime.test_depth import NET, keyframed
from tests.fakes import SOL
from tests.storage.test_session import tamper

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cambist.kernel import Kernel
    from cambist.kernel.ledger import LedgerState

NAME = "eager-19"
"""A session with fills, misses and costs."""


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    folder = tmp_path / "sessions"
    folder.mkdir()
    shutil.copy(NET / f"{NAME}.cambist", folder / f"{NAME}.cambist")
    return folder / f"{NAME}.cambist"


def at_end(path: Path) -> Kernel:
    with SessionReader(path) as reader:
        replayer = Replayer(reader, compose.replay_kernel(reader, None))
        replayer.run()
        return replayer.kernel


def ask(config: Path, capsys: pytest.CaptureFixture[str], *args: str) -> Any:
    assert main([*args, NAME, "--json", "--config", str(config)]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_session_answers_as_its_kernel_would_at_its_end(
    stored: Path, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kernel = at_end(stored)
    ledger, outcomes = kernel.desk.ledger, kernel.desk.outcomes
    assert len(outcomes) > 5, "the session has nothing to ask for"
    found = ask(config, capsys, "balance")
    assert (found["kind"], found["as_of_ns"], found["balanced"]) == ("session", kernel.now_ns, True)
    assert {row["token"]: int(row["wallet"]) for row in found["holdings"]} == ledger.wallet()
    rows = {row["token"]: row for row in ask(config, capsys, "positions")["positions"]}
    assert {token: int(row["earned_today"]) for token, row in rows.items() if row["earned_today"] != "0"} == {
        token: atoms for token, atoms in ledger.today.net.items() if atoms
    }
    listed = ask(config, capsys, "orders", "--limit", "100")["orders"]
    assert [row["order"] for row in listed if row["open"]] == [
        each.order.id for each in sorted(kernel.desk.working, key=lambda each: -each.order.id)
    ]
    assert [row["order"] for row in listed if not row["open"]] == [each.order.id for each in reversed(outcomes)]
    history = ask(config, capsys, "history", "--limit", "100")
    assert history["days"] is None, "a session keeps no days"
    assert [(row["order"], row["net"]) for row in history["outcomes"]] == [
        (each.fill.order_id, str(each.fill.net)) for each in reversed(outcomes)
    ]
    for question in ("balance", "positions", "orders", "history"):
        assert main([question, NAME, "--config", str(config)]) == 0
        assert "books: balanced" in capsys.readouterr().out


def test_of_several_open_orders_the_newest_comes_first(stored: Path) -> None:
    with SessionReader(stored) as reader:
        replayer = Replayer(reader, compose.replay_kernel(reader, None))
        while len(replayer.kernel.desk.working) < 2:
            assert not replayer.finished, "the session never has two open orders"
            replayer.step(2**63 - 1, 1)
    found = session_books(replayer.kernel, "it")
    ids = [each.order.id for each in found.open]
    assert ids == sorted({each.order.id for each in replayer.kernel.desk.working}, reverse=True)
    assert all(each.is_open for each in found.open)


@pytest.mark.parametrize("name", ["eager-19", "dollars-29", "segments", "kinds"])
def test_the_books_of_every_state_and_of_the_end_balance(name: str) -> None:
    path = NET / f"{name}.cambist"
    found = verify(path, compose.keyframe_check(), compose.BooksOfSession())
    with SessionReader(path) as reader:
        states = sum(record.kind == 0 for chunk in reader.blocks() for record in records(chunk.block))
    assert (found.books_balanced, found.books_off) == (states + 1, 0)
    assert found.books == f"books: balanced at {states + 1} states, the end among them"


def test_an_end_that_cannot_be_reached_is_not_known_to_balance(stored: Path) -> None:
    tamper(stored, "UPDATE chunk SET crc32 = crc32 + 1 WHERE first_seq = (SELECT max(first_seq) FROM chunk)")
    found = verify(stored, compose.keyframe_check(), compose.BooksOfSession())
    assert (found.exit_code, found.books_balanced, found.books_off) == (1, 1, 1)
    assert any("at the end: its books are not known: " in finding for finding in found.findings)


def off_by(atoms: int) -> Callable[[LedgerState], LedgerState]:
    """Returns what puts atoms of SOL into a wallet from nowhere."""

    def change(books: LedgerState) -> LedgerState:
        first = next(posting for posting in books.balances if posting.token == SOL)
        changed = Posting(first.account, first.venue, first.token, first.atoms + atoms)
        rest = [posting for posting in books.balances if posting is not first]
        return msgspec.structs.replace(
            books, balances=sorted([*rest, changed], key=lambda p: (p.account, p.venue, p.token))
        )

    return change


def changed_state(body: bytes, change: Callable[[LedgerState], LedgerState]) -> bytes:
    state = read_state(body)
    kernel = msgspec.structs.replace(state.kernel, ledger=change(state.kernel.ledger))
    return write_state(msgspec.structs.replace(state, kernel=kernel))


def test_a_state_whose_books_are_off_is_damage_and_so_is_the_end(
    stored: Path, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with SessionReader(stored) as reader:
        info, block = next(iter(reader.blocks()))
    first = next(records(block))
    state = pack(first.seq, first.recv_ns, first.kind, changed_state(first.body, off_by(7)))
    size = HEADER.unpack_from(block)[7]
    block = state + block[HEADER.size + size :]
    tamper(
        stored,
        "UPDATE chunk SET blob = ?, raw_size = ?, crc32 = ? WHERE first_seq = ?",
        zstd.compress(block), len(block), zlib.crc32(block), info.first_seq,
    )  # fmt: skip
    before = stored.read_bytes()
    assert main(["verify", NAME, "--json", "--config", str(config)]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["books_off"] == 2
    assert f"the STATE at seq 1: its books don't balance: 7 of {SOL}" in found["findings"]
    assert f"at the end: its books don't balance: 7 of {SOL}" in found["findings"]
    assert main(["verify", NAME, "--config", str(config)]) == 1
    assert "books: NOT BALANCED, or not known, at 2 of 2 states" in capsys.readouterr().err
    assert stored.read_bytes() == before
    assert main(["balance", NAME, "--json", "--config", str(config)]) == 1
    assert json.loads(capsys.readouterr().out)["off"][0]["atoms"] == "7"


async def test_a_keyframe_whose_books_are_off_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "keyframed.cambist"
    marks = await keyframed(NET / f"{NAME}.cambist", path)
    sound = verify(path, compose.keyframe_check(), compose.BooksOfSession())
    assert (sound.exit_code, sound.keyframes, sound.findings) == (0, 2, ())
    with SessionReader(path) as reader:
        frame = read_keyframe(reader.keyframe(marks[0]), marks[0])
    body = write_keyframe(dataclasses.replace(frame, state=changed_state(frame.state, off_by(-3))))
    sql = "UPDATE keyframe SET blob = ?, raw_size = ?, crc32 = ? WHERE first_seq = ?"
    tamper(path, sql, zstd.compress(body), len(body), zlib.crc32(body), marks[0])
    found = verify(path, compose.keyframe_check(), compose.BooksOfSession())
    assert found.exit_code == 1
    assert f"keyframe {marks[0]}: its books don't balance: -3 of {SOL}" in found.findings
