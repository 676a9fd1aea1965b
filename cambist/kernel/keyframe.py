"""A kernel between two records: for going back in a replay, and stored for going on in the middle of a session.

    stored: CMBF · length of the head, u32 little-endian · head, JSON · body of a STATE record

What a hash has taken in so far can't be stored, so at a stored keyframe the digest begins anew from the one so far: the
kernel is *sealed* there, live and in each replay alike.
"""

from __future__ import annotations

import hashlib
import struct
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from cambist.kernel.desk import Outcome
from cambist.kernel.effects import Totals
from cambist.kernel.state import StateBody, write_state

if TYPE_CHECKING:
    from cambist.engine import protocol

MAGIC = b"CMBF"
SCHEMA = 3
"""Outcomes with what they were worth since 2, reasons by strategy since 3."""
_READABLE = (2, SCHEMA)
_LENGTH = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class Keyframe:
    """A kernel at one record."""

    state: bytes
    """Body of a STATE record."""
    digest: hashlib._Hash
    totals: Totals
    outcomes: list[Outcome]
    last_seq: int
    now_ns: int
    sealed: str = ""
    """The digest so far, if the next record begins it anew."""
    declined: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KernelCopy:
    """A kernel at one record, copied: any thread makes the keyframe of it."""

    body: StateBody
    """Of its STATE record, without the engine's part."""
    engine: protocol.Keyframe
    digest: hashlib._Hash
    totals: Totals
    outcomes: list[Outcome]
    last_seq: int
    now_ns: int
    sealed: str
    declined: dict[str, dict[str, str]]

    def keyframe(self) -> Keyframe:
        """Returns the keyframe that the kernel would have given then."""
        return Keyframe(
            state=write_state(msgspec.structs.replace(self.body, engine=self.engine.encode())),
            digest=self.digest,
            totals=self.totals,
            outcomes=self.outcomes,
            last_seq=self.last_seq,
            now_ns=self.now_ns,
            sealed=self.sealed,
            declined=self.declined,
        )


class _Head(msgspec.Struct, frozen=True):
    schema: int
    sealed: str
    totals: Totals
    outcomes: list[Outcome]
    last_seq: int
    now_ns: int
    declined: dict[str, dict[str, str] | str]
    """One reason alone in those of schema 2: a session had one strategy."""


def write_keyframe(frame: Keyframe) -> bytes:
    """Returns a keyframe as it is stored; a replay that goes on from it is sealed there."""
    head = msgspec.json.encode(
        _Head(
            schema=SCHEMA,
            sealed=frame.sealed or frame.digest.hexdigest(),
            totals=frame.totals,
            outcomes=frame.outcomes,
            last_seq=frame.last_seq,
            now_ns=frame.now_ns,
            declined=dict(frame.declined),
        )
    )
    return MAGIC + _LENGTH.pack(len(head)) + head + frame.state


def read_keyframe(body: bytes, first_seq: int | None = None) -> Keyframe:
    """Returns a stored keyframe. Raises `ValueError` if it is none of a known version, or not the one before a seq."""
    begin = len(MAGIC) + _LENGTH.size
    if not body.startswith(MAGIC) or len(body) < begin:
        message = f"not a keyframe: begins {body[:begin]!r}"
        raise ValueError(message)
    end = begin + _LENGTH.unpack_from(body, len(MAGIC))[0]
    try:
        head = msgspec.json.decode(body[begin:end], type=_Head, dec_hook=_counter)
        sealed = len(bytes.fromhex(head.sealed))
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        message = f"not a keyframe: {error}"
        raise ValueError(message) from error
    if sealed != hashlib.sha256().digest_size:
        message = f"not a keyframe: a digest of {sealed} bytes"
        raise ValueError(message)
    if head.schema not in _READABLE:
        message = f"keyframe of schema {head.schema}, this version reads {SCHEMA}"
        raise ValueError(message)
    if first_seq not in (None, head.last_seq + 1):
        message = f"it is of record {head.last_seq}"
        raise ValueError(message)
    return Keyframe(
        state=body[end:],
        digest=hashlib.sha256(),
        totals=head.totals,
        outcomes=head.outcomes,
        last_seq=head.last_seq,
        now_ns=head.now_ns,
        sealed=head.sealed,
        declined={key: each if isinstance(each, dict) else {"": each} for key, each in head.declined.items()},
    )


def _counter(kind: Any, value: Any) -> Any:
    if getattr(kind, "__origin__", kind) is not Counter:
        message = f"{kind} is none of a keyframe's"
        raise NotImplementedError(message)
    return Counter(msgspec.convert(value, dict[str, int]))
