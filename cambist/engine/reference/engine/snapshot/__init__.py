"""All state of an engine as canonical bytes, and back. Equal states give equal bytes in both engines.

MessagePack in a container; keys and mints are their base58 text, floats their bits, maps sorted lists. Pools are built
anew from their accounts, edges keep their numbers. A field is added at the end of its part, here and in the twin, with
a default: states without it are read on.
"""

from __future__ import annotations

from dataclasses import dataclass

from cambist.engine.reference.engine.snapshot.read import load
from cambist.engine.reference.engine.snapshot.write import dump

__all__ = ["Keyframe", "dump", "load"]


@dataclass(frozen=True, slots=True)
class Keyframe:
    """An engine's state as it was when it was taken."""

    snapshot: bytes

    def encode(self) -> bytes:
        """Returns the snapshot that the engine would have given then."""
        return self.snapshot
