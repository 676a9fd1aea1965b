"""What can go wrong on a connection, when, and how often it did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec


class Toxics(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a proxy does to connections at the moment; a 0 is off."""

    way: Literal["both", "up", "down"] = "both"
    """Which way bytes suffer: `up` is from the client to the server. Messages suffer on their way down only."""
    latency_ms: float = 0.0
    jitter_ms: float = 0.0
    """Up to so much more, drawn for each piece; pieces never overtake each other."""
    bytes_per_s: int = 0
    stall: bool = False
    """Nothing passes and nothing closes, as if the peer had vanished."""
    refuse: bool = False
    """New connections are reset as soon as they open."""
    reset_after_bytes: int = 0
    """A connection is reset once so many bytes passed."""
    blackhole_after_bytes: int = 0
    """After so many bytes the rest is swallowed; the connection stays open."""
    slice_bytes: int = 0
    """Writes carry at most so many bytes."""
    corrupt_one_in: int = 0
    """On average one byte in so many has another value."""
    drop_every: int = 0
    """Each so many-th message is lost."""
    duplicate_every: int = 0
    """Each so many-th message comes more than once."""
    copies: int = 1
    """How many more times it comes."""
    reorder_within: int = 0
    """Messages come up to so many places late."""
    fragment_bytes: int = 0
    """Messages come in fragments of at most so many bytes."""
    tls_reset: bool = False
    """New connections are reset at the first byte of the handshake."""


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of a script: what changes when."""

    at_s: float
    """Seconds after the proxy began to listen."""
    every_s: float = 0.0
    """Again after each so many seconds; 0 does it once."""
    toxics: dict[str, object] = {}
    """Fields of `Toxics` that take another value."""
    reset: bool = False
    """Resets all open connections."""


@dataclass(slots=True)
class Counts:
    """What passed and what was done to it."""

    connections: int = 0
    resets: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    swallowed: int = 0
    """Bytes that went into a black hole."""
    corrupted: int = 0
    """Bytes changed."""
    messages: int = 0
    """WebSocket data messages that came from the server."""
    passed: int = 0
    """Messages sent on, copies not among them."""
    dropped: int = 0
    duplicated: int = 0
    """Copies added."""
    reordered: int = 0
    """Messages that came late."""


class ScriptError(ValueError):
    """A script or a setting that can't be used; the message says why."""


def changed(toxics: Toxics, fields: dict[str, object]) -> Toxics:
    """Returns toxics with some fields changed. Raises `ScriptError`."""
    try:
        found = msgspec.convert({**msgspec.structs.asdict(toxics), **fields}, Toxics)
    except msgspec.ValidationError as error:
        message = f"toxics: {error}"
        raise ScriptError(message) from None
    for name in Toxics.__struct_fields__:
        value = getattr(found, name)
        if isinstance(value, int | float) and not 0 <= value < 1e12:
            message = f"toxics: {name} was {value}"
            raise ScriptError(message)
    return found


def load(text: str | bytes) -> list[Entry]:
    """Returns a script from JSON: `[{"at_s": 5, "every_s": 5, "reset": true}]`. Raises `ScriptError`."""
    try:
        found = msgspec.json.decode(text, type=list[Entry])
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        message = f"chaos script: {error}"
        raise ScriptError(message) from None
    for entry in found:
        changed(Toxics(), entry.toxics)
        if not 0 <= entry.at_s < 1e9 or not 0 <= entry.every_s < 1e9:
            message = f"chaos script: at_s was {entry.at_s}, every_s was {entry.every_s}"
            raise ScriptError(message)
    return sorted(found, key=lambda entry: entry.at_s)
