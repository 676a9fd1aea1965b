"""All state of an engine as canonical bytes, and back. Equal states give equal bytes in both engines.

One JSON object; keys and mints in base58, account data in base64, floats as their bits, maps as sorted lists. Pools are
built anew from their accounts, edges keep their numbers.
"""

from __future__ import annotations

from cambist.engine.reference.engine.snapshot.read import load
from cambist.engine.reference.engine.snapshot.write import dump

__all__ = ["dump", "load"]
