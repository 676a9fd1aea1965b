"""Recordings of exchanges become a session that replays."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from cambist import engine as engines
from cambist.kernel import Kernel, KernelSetup
from cambist.runtime.keyframes import Keyframes
from storage import imports
from storage.catalogue import session_path
from storage.files import SUFFIX

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.config import Config
    from storage.keyframe import KeyframesStored, KeyframeTaken

RECORD_NS = 10_000
"""What a record is taken to cost: by the clock, one capture would be given another digest with each import."""


def import_files(config: Config, files: list[Path], out: str, notify: Callable[[str], None]) -> dict[str, Any]:
    """Makes a session out of recordings, with the digest of its decisions; returns its report."""
    path = Path(out) if "/" in out else session_path(config.session_folder, out)
    path = path.with_name(path.name.removesuffix(SUFFIX) + SUFFIX)
    if path.exists():
        message = f"{path} exists; choose another --out"
        raise ValueError(message)
    notify(f"reading {len(files)} files")
    plan = imports.scan(files)
    setup = KernelSetup(plan.setup, market=", ".join(sorted({c.venue for c in plan.setup.channels})))
    kernel = Kernel(setup, engines.make_engine, engines.chosen(rust=config.engine.use_rust_backend)[0])

    keyframes = Keyframes()

    def decided(block: bytes, stored: KeyframesStored) -> tuple[str, KeyframeTaken | None]:
        keyframes.spent(kernel.step(block).records * RECORD_NS)
        digest, keyframe = kernel.digest, keyframes.due(kernel, stored)
        if keyframe is not None:
            kernel.seal()
        return digest, keyframe

    notify(f"writing {plan.lines:,} lines to {path}")
    written = imports.write(plan, path, kernel.initial_state(), decided)
    return {"schema": 1, **msgspec.to_builtins(written), "digest": kernel.digest}
