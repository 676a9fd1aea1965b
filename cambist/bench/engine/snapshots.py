"""A snapshot of a busy engine: told, copied for another thread to tell, and restored.

Beside it the same as JSON, which is what it was. The state is the embedded market's after a minute and more of its
traders: what all of its accounts hold, standing cycles, bars. JSON is given the parts ready made.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

import msgspec

from cambist.bench.engine.case import Case, native
from cambist.bench.engine.node import fed, is_clock, opened
from cambist.engine import make_engine
from cambist.engine.reference.engine.snapshot import container
from cambist.engine.reference.engine.snapshot.parts import JSON_VERSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cambist.engine.protocol import Engine, EngineSetup

SLOTS = 200
LIMIT_NS = 5e6
KEYFRAME_LIMIT_NS = 1e6


def cases() -> Iterator[Case]:
    """Returns the cases of this file."""
    engine, setup = _busy()
    state, python = engine.snapshot(), make_engine("reference", setup)
    python.restore(state)
    parts = msgspec.structs.replace(container.read(state), version=JSON_VERSIONS[-1])
    text = msgspec.json.encode(parts)
    rust = engine if native() else None
    size = f"{len(state) / 1e6:.2f} MB, in base64 of JSON {len(b64encode(text)) / 1e6:.2f}"
    yield Case(
        "snapshot of a busy engine",
        size,
        1,
        rust.snapshot if rust else None,
        python.snapshot,
        "msgspec JSON",
        lambda: b64encode(msgspec.json.encode(parts)),
        limit_ns=LIMIT_NS,
    )
    yield Case(
        "keyframe of a busy engine",
        f"{len(parts.accounts)} accounts, {len(parts.cycles)} cycles",
        1,
        rust.keyframe if rust else None,
        python.keyframe,
        limit_ns=KEYFRAME_LIMIT_NS,
    )
    yield Case(
        "snapshot of a busy engine, restored",
        size,
        1,
        (lambda: rust.restore(state)) if rust else None,
        lambda: python.restore(state),
        "JSON",
        (lambda: rust.restore(text)) if rust else None,
    )


def _busy() -> tuple[Engine, EngineSetup]:
    """Returns an engine that heard every change in all pools for some slots, and its setup."""
    node, engine = opened("native" if native() else "reference")
    for _ in range(SLOTS):
        block = node.market.slot()
        fed(engine, node.notify(key for key in block.changed if key in node.watched and not is_clock(key)))
        node.slot()
        fed(engine, node.take() + node.notify(key for key in block.changed if is_clock(key)))
    return engine, node.setup()
