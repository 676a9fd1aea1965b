"""What was found, kept in the user's cache folder as JSON: one file for each thing asked."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import platformdirs

from cambist.market.discovery.found import SCHEMA, Ask, Found

MAX_BYTES = 32 << 20
_FOUND = msgspec.json.Decoder(Found)


def path_of(ask: Ask, folder: Path | None = None) -> Path:
    """Returns where an answer to `ask` is kept."""
    name = hashlib.sha256(msgspec.json.encode(ask)).hexdigest()[:16]
    return (folder or Path(platformdirs.user_cache_dir("cambist"))) / f"pools-{name}.json"


def load(ask: Ask, nodes: tuple[str, ...], folder: Path | None = None) -> Found | None:
    """Returns what one of `nodes` (scheme and host) said to `ask`, `None` if there is nothing that can be read."""
    path = path_of(ask, folder)
    try:
        if path.stat().st_size > MAX_BYTES:
            return None
        found = _FOUND.decode(path.read_bytes())
    except (OSError, msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None
    usable = found.schema == SCHEMA and found.asked == ask and found.node in nodes
    return found if usable else None


def store(found: Found, folder: Path | None = None) -> None:
    """Keeps an answer in the place of the one before it. Raises `OSError`."""
    path = path_of(found.asked, folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".part")
    fresh.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1))
    fresh.replace(path)
