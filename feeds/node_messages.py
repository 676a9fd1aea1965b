"""What a Solana node says, as far as the feeds read it: replies, refusals, slots, and what is the engine's alone."""

from __future__ import annotations

import msgspec

from cambist.model.text import sanitise
from feeds.http import Refusal

PLAIN = tuple((b"{", (b'"%b"' % name,)) for name in (b"accountNotification", b"logsNotification"))
"""Notifications that are the engine's alone: how a frame begins, and what its first bytes hold besides."""
TRANSIENT = frozenset({-32004, -32005, -32014, -32016, -32603})
"""JSON-RPC codes that may pass: not available, behind, no slot yet, internal."""


class Fault(msgspec.Struct):
    """What a reply refuses, and why."""

    code: int = 0
    message: str = ""


class _Slot(msgspec.Struct):
    slot: int = 0


class _Params(msgspec.Struct):
    result: msgspec.Raw = msgspec.Raw(b"null")


class Message(msgspec.Struct):
    """A reply or a notification, as far as the feed reads it."""

    id: int | None = None
    method: str = ""
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: Fault | None = None
    params: _Params | None = None


MESSAGE = msgspec.json.Decoder(Message)
SLOT_OF = msgspec.json.Decoder(_Slot)
"""Reads the slot of a slotNotification's result."""


def is_plain(body: bytes) -> bool:
    """Returns whether a frame tells of an account or of logs."""
    head = body[:120]
    return any(head.startswith(begin) and word in head for begin, (word,) in PLAIN)


def check_rpc(body: bytes) -> None:
    """Raises `Refusal` if a JSON-RPC reply is an error, or none at all."""
    try:
        message = MESSAGE.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        what = f"no JSON-RPC ({sanitise(str(error), 60)})"
        raise Refusal(what, 200, None) from error
    if message.error is not None:
        what = f"{message.error.code} {sanitise(message.error.message, 60)}"
        raise Refusal(what, 200, 0.0 if message.error.code in TRANSIENT else None)
