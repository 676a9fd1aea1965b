"""Sessions put together from records of others: every kind of record, every command, and a STATE in the middle."""

from __future__ import annotations

import json

from tests.replay.making.files import (
    CHANNEL,
    CLOCK_STEP,
    COMMAND,
    CONNECTED,
    DISCONNECTED,
    FILL,
    GAP,
    NET,
    SOL,
    STATE,
    Record,
    copied,
)
from tests.replay.stepping import fresh_kernel
from tests.snapshots import all_of_body

MIDDLE = 3_000
"""Records before those that are put between."""
FOREIGN_FILL = {
    "order_id": 999_999,
    "recv_ns": 1,
    "status": "filled",
    "amount_in": 1,
    "amount_out": 2,
    "fee": 0,
    "net": 1,
}


def act(command: str, **args: str) -> bytes:
    """Returns the body of a command."""
    return json.dumps({"name": command, "args": args}, separators=(",", ":")).encode()


def kinds() -> dict[str, str]:
    """Makes a session with every kind of record and every command that can stand in one; returns how, by name."""
    with copied(NET / "eager-19.cambist", "kinds") as file:
        records = file.records()
        channels = all_of_body(records[0].body)["setup"]["engine"]["channels"]
        stream = next(c["id"] for c in channels if c["protocol"].endswith(".ws") and c["venue"] != "solana")
        node = next(c["id"] for c in channels if c["protocol"] == "solana.ws")
        acts: list[tuple[int, bytes, int]] = [
            (COMMAND, act("disarm", reason="the disk is full"), 0),
            (COMMAND, act("arm"), 0),
            (COMMAND, act("mode", to="LIVE"), 0),
            (COMMAND, act("inject_price", mint=SOL, price="149.5"), 0),
            (COMMAND, act("rule", text="net_bps > 2 and rsi(SOL) < 90"), 0),
            (COMMAND, act("rule", text="net_bps > > 2"), 0),
            (COMMAND, act("engine", name="reference"), 0),
            (COMMAND, act("engine", name="native"), 0),
            (GAP, b'{"count":3,"reason":"queue"}', stream),
            (COMMAND, act("halt", reason="halted by the operator"), 0),
            (FILL, json.dumps(FOREIGN_FILL).encode(), 0),
            (COMMAND, act("clear_halt"), 0),
            (DISCONNECTED, b'{"reason":"gone"}', node),
            (CONNECTED, b'{"label":"again"}', node),
            (CLOCK_STEP, b'{"step_ns":5000000}', 0),
            (GAP, b'{"count":7,"reason":"stopped for 3.0 s"}', node),
            (COMMAND, act("rule", text=""), 0),
            (COMMAND, act("halt"), 0),
            (CHANNEL, json.dumps(channels[0] | {"id": 99, "label": "late"}).encode(), 99),
            (COMMAND, act("clear_halt"), 0),
        ]
        made = records[:MIDDLE]
        for number, (kind, body, channel) in enumerate(acts):
            made += [Record(0, made[-1].recv_ns + 1, kind, 0, channel, 1, 9 if kind == CONNECTED else 1, body)]
            made += records[MIDDLE + 35 * number : MIDDLE + 35 * (number + 1)]
        file.write(ordered(filled(ordered(made))))
    return {"kinds": "records of eager-19 with each other kind of record, and each command, between them"}


def ordered(records: list[Record]) -> list[Record]:
    """Returns records whose times never go back."""
    made: list[Record] = []
    for each in records:
        before = made[-1].recv_ns if made else 0
        made.append(each._replace(recv_ns=max(before, each.recv_ns)))
    return made


def filled(records: list[Record]) -> list[Record]:
    """Returns records with one more: what became of the first order, told by a venue before it was due."""
    kernel = fresh_kernel()
    for at, each in enumerate(records):
        kernel.step(each.packed(at + 1))
        if at > MIDDLE and kernel.desk.working:
            order = kernel.desk.working[0].order
            body = FOREIGN_FILL | {"order_id": order.id, "recv_ns": each.recv_ns, "amount_in": order.amount_in}
            body |= {"amount_out": order.amount_in + 5, "net": 5}
            fill = Record(0, each.recv_ns, FILL, 0, 0, 0, 0, json.dumps(body).encode())
            return [*records[: at + 1], fill, *records[at + 1 :]]
    return records


def segments() -> dict[str, str]:
    """Makes a session whose middle holds the STATE of a kernel that came so far; returns how, by name."""
    with copied(NET / "demo-7.cambist", "segments") as file:
        records, kernel = file.records()[:1_400], fresh_kernel()
        for at, each in enumerate(records[:1_000]):
            kernel.step(each.packed(at + 1))
        state = Record(0, records[999].recv_ns, STATE, 0, 0, 0, 0, kernel.state())
        file.write([*records[:1_000], state, *records[1_000:]])
    return {"segments": "demo-7 with the STATE of its middle in its middle"}
