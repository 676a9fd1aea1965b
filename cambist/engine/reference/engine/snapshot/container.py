"""The bytes of a snapshot.

`CMBS`, the version, and with its zeros counted the state as MessagePack, in which a struct is the array of its fields.
A JSON object is a state of an older version.
"""

from __future__ import annotations

from typing import Any

import msgspec

from cambist.engine.reference.engine.snapshot import arrays, zeros
from cambist.engine.reference.engine.snapshot.fold import fold, unfold
from cambist.engine.reference.engine.snapshot.parts import JSON_VERSIONS, VERSION, State

MAGIC = b"CMBS"
_Arrays = arrays.arrayed(State)
_DECODER = msgspec.msgpack.Decoder(_Arrays)


class UnknownVersionError(ValueError):
    """A snapshot of a version that is not read."""

    def __init__(self, version: int) -> None:
        super().__init__(f"snapshot of version {version}, this one reads {JSON_VERSIONS[0]} to {VERSION}")


def write(state: State) -> bytes:
    """Returns the bytes of a state."""
    folded = msgspec.convert(state, _Arrays, from_attributes=True)
    fold(folded)
    return MAGIC + bytes((VERSION,)) + zeros.pack(msgspec.msgpack.encode(folded))


def read(data: bytes) -> State:
    """Returns the state that bytes hold. Raises `ValueError` if they hold none of a version that is read."""
    try:
        if not data.startswith(MAGIC):
            state: State = _known(msgspec.json.decode(data, type=State), JSON_VERSIONS)
            return state
        if data[len(MAGIC) :][:1] not in (b"", bytes((VERSION,))):
            raise UnknownVersionError(data[len(MAGIC)])
        folded = _known(_DECODER.decode(zeros.unpack(data[len(MAGIC) + 1 :])), (VERSION,))
        unfold(folded)
        return msgspec.convert(folded, State, from_attributes=True)
    except UnknownVersionError:
        raise
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError) as error:
        message = f"not a snapshot: {error}"
        raise ValueError(message) from error


def _known(state: Any, versions: tuple[int, ...]) -> Any:
    if state.version not in versions:
        raise UnknownVersionError(state.version)
    return state
