"""A recorded session stepped as a whole, without a screen."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from cambist.model.units import NS_PER_S
from cambist.runtime.pace import Pace
from cambist.runtime.replay import Replayer

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.kernel import Kernel
    from storage.reader import SessionReader


def replay_all(
    reader: SessionReader,
    kernel: Kernel,
    batch: int | None = None,
    interrupted: Callable[[], bool] = lambda: False,
    speed: float | None = None,
    from_ns: int = 0,
) -> Replayer:
    """Steps a whole session unshown, as fast as it goes or at `speed`; ends early if interrupted."""
    replayer = Replayer(reader, kernel, keyframes=False)
    limit, pace = batch or 2**62, Pace(speed)
    if speed is not None:
        replayer.step(2**63 - 1, 1)
        if from_ns:
            replayer.seek(from_ns)
        pace.anchor(time.monotonic_ns(), max(kernel.now_ns, from_ns))
    while not replayer.finished and not interrupted():
        due_ns = pace.due_ns(time.monotonic_ns())
        count, next_ns = replayer.step(due_ns, limit)
        if not count and next_ns > due_ns:
            time.sleep(min(0.05, (next_ns - due_ns) / NS_PER_S / (speed or 1)))
    return replayer
