"""Damaged copies of a sound session, each with one thing that is wrong."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from tests.replay.making.files import CHUNK, FRAME, HEADER, MOMENT, NET, STATE, File, Record, copied
from tests.snapshots import all_of_body

if TYPE_CHECKING:
    from collections.abc import Callable


def changed_state(change: Callable[[dict[str, Any]], None]) -> Callable[[File], None]:
    """Returns what changes the body of the first record."""

    def damage(file: File) -> None:
        records = file.records()
        body = all_of_body(records[0].body) | {"schema": 1}
        change(body)
        text = json.dumps(body, separators=(",", ":")).encode()
        file.write([records[0]._replace(body=text), *records[1:]], digests=False)

    return damage


def flipped(file: File) -> None:
    """Flips a bit in the middle of the third chunk."""
    first_seq, blob = file.run("SELECT first_seq, blob FROM chunk ORDER BY first_seq LIMIT 1 OFFSET 2")[0]
    data = bytearray(blob)
    data[len(data) // 2] ^= 4
    file.run("UPDATE chunk SET blob = ? WHERE first_seq = ?", bytes(data), first_seq)


def sql(statement: str) -> Callable[[File], None]:
    """Returns what runs a statement; `THIRD` in it means the third chunk."""
    third = "WHERE first_seq = (SELECT first_seq FROM chunk ORDER BY first_seq LIMIT 1 OFFSET 2)"

    def damage(file: File) -> None:
        file.run(statement.replace("THIRD", third))

    return damage


def longer_body(file: File) -> None:
    """Lets the last record of the third chunk declare more than is there."""

    def change(block: bytes) -> bytes:
        at = last = 0
        while at < len(block):
            last, at = at, at + HEADER.size + HEADER.unpack_from(block, at)[7]
        head = HEADER.unpack_from(block, last)
        return block[:last] + HEADER.pack(*head[:7], head[7] + 1_000) + block[last + HEADER.size :]

    file.reblock(2 * CHUNK + 1, change)


def backward(file: File) -> None:
    """Lets the time of one record go back by a second."""
    records = file.records()
    records[300] = records[300]._replace(recv_ns=records[300].recv_ns - 10**9)
    file.write(records)


def unmarked(file: File) -> None:
    """Leaves no frame a moment."""
    file.write([record._replace(direction=record.direction & ~MOMENT) for record in file.records()])


def all_marked(file: File) -> None:
    """Makes each frame a moment."""
    file.write([_marked(record) if record.kind == FRAME else record for record in file.records()])


def twice_marked(file: File) -> None:
    """Marks the frame before each moment too, and what is no frame."""
    records = file.records()
    after = [*records[1:], records[-1]]
    file.write(
        [
            _marked(record) if record.kind not in (STATE, FRAME) or following.direction & MOMENT else record
            for record, following in zip(records, after, strict=True)
        ]
    )


def _marked(record: Record) -> Record:
    return record._replace(direction=record.direction | MOMENT)


def no_engine_state(body: dict[str, Any]) -> None:
    """Puts in an engine's snapshot that is none."""
    body["engine"] = base64.b64encode(b"not a snapshot").decode()


def old_schema(body: dict[str, Any]) -> None:
    """Says another schema of STATE."""
    body["schema"] = 0


DAMAGES: dict[str, tuple[str, Callable[[File], None]]] = {
    "flip": ("a flipped bit in a chunk", flipped),
    "crc": ("a wrong crc32", sql("UPDATE chunk SET crc32 = crc32 + 1 THIRD")),
    "cut": ("a chunk cut in its middle", sql("UPDATE chunk SET blob = substr(blob, 1, 99) THIRD")),
    "missing": ("a missing chunk", sql("DELETE FROM chunk THIRD")),
    "headless": ("no STATE at its start", sql("DELETE FROM chunk WHERE first_seq = 1")),
    "empty": ("no chunk", sql("DELETE FROM chunk")),
    "schema": ("an older schema of the file", sql("PRAGMA user_version = 0")),
    "state-schema": ("an older schema of STATE", changed_state(old_schema)),
    "state-engine": ("a STATE whose engine's part is none", changed_state(no_engine_state)),
    "digest": ("another digest than its own", sql("UPDATE chunk SET digest = '00' || substr(digest, 3) THIRD")),
    "codec": ("a codec that is not known", sql("UPDATE chunk SET codec = 'lz4' THIRD")),
    "count": ("a chunk that says another number of records", sql("UPDATE chunk SET records = records + 1 THIRD")),
    "size": ("a chunk that says another size", sql("UPDATE chunk SET raw_size = raw_size - 1 THIRD")),
    "body": ("a record longer than its chunk", longer_body),
    "backward": ("a record whose time goes back", backward),
    "moments-missing": ("no frame that is a moment", unmarked),
    "moments-everywhere": ("each frame a moment", all_marked),
    "moments-doubled": ("two frames in a row marked as moments, and all that is no frame", twice_marked),
    "unclosed": ("never closed", sql("DELETE FROM meta WHERE key IN ('complete', 'end_reason')")),
}  # fmt: skip
"""By name: what is wrong, and what makes it so."""


def damages() -> dict[str, str]:
    """Makes damaged copies of the beginning of demo-7; returns how, by name."""
    sound = NET / "sound.cambist"
    with copied(NET / "demo-7.cambist", "sound") as file:
        file.write(file.records()[:600])
    made = {"sound": "the beginning of demo-7, of which the damaged ones are made"}
    for name, (what, damage) in DAMAGES.items():
        with copied(sound, f"damaged-{name}") as file:
            damage(file)
        made[f"damaged-{name}"] = f"sound, with {what}"
    (NET / "damaged-file.cambist").write_bytes(sound.read_bytes()[: sound.stat().st_size * 6 // 10])
    made["damaged-file"] = "sound, its file cut after six tenths"
    (NET / "damaged-text.cambist").write_text("no session\n", encoding="utf-8")
    made["damaged-text"] = "a text"
    return made
