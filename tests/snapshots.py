"""Snapshots of an engine, and bodies of STATE records, as plain data that a test can read and change."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from cambist.engine.reference.engine.snapshot import container
from cambist.engine.reference.engine.snapshot.parts import State
from cambist.kernel.state import StateBody, read_state, write_state

if TYPE_CHECKING:
    from cambist.engine.protocol import Engine


def all_state(engine: Engine) -> dict[str, Any]:
    """Returns all state of an engine as it would stand in JSON."""
    state: dict[str, Any] = msgspec.to_builtins(container.read(engine.snapshot()))
    return state


def made(state: dict[str, Any]) -> bytes:
    """Returns the snapshot that tells this state."""
    return container.write(msgspec.convert(state, State))


def made_json(state: dict[str, Any]) -> bytes:
    """Returns the snapshot that tells this state as versions up to 7 did."""
    return json.dumps({**state, "version": 7}).encode()


def all_of_body(body: bytes) -> dict[str, Any]:
    """Returns what a STATE record's body says, as it would stand in JSON."""
    state: dict[str, Any] = msgspec.to_builtins(read_state(body))
    return state


def made_body(state: dict[str, Any]) -> bytes:
    """Returns the body of a STATE record that says this."""
    return write_state(msgspec.convert(state, StateBody))
