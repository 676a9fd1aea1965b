"""Sessions replayed while readers ask for pictures: nothing that was decided knows of it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.replay.stepping import Replay

NET = Path(__file__).with_name("net")


def ended(name: str, engine: str, seed: int | None) -> tuple[str, bytes, int]:
    """Returns the digest, the engine's snapshot and how many pictures were made; without `seed` none was asked for."""
    replay, rng, made = Replay(NET / f"{name}.cambist", engine), random.Random(seed), set()
    while replay.go(replay.records + rng.randrange(1, 40)):
        asked = replay.kernel.engine
        if seed is not None and rng.random() < 0.5:
            asked.ask_picture()
        picture = asked.picture()
        if picture is not None:
            made.add(picture.at)
            assert picture.pools()
    replay.close()
    assert replay.damage == ""
    return replay.kernel.digest, replay.kernel.engine.snapshot(), len(made)


@pytest.mark.parametrize("name", ["demo-7", "exchanges-3", "commands-1"])
@pytest.mark.parametrize("engine", ["native", "reference"])
def test_a_session_comes_to_the_same_whoever_asks_for_pictures(name: str, engine: str) -> None:
    if engine == "native":
        pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")
    digest, snapshot, none = ended(name, engine, None)
    asked, same, made = ended(name, engine, 7)
    assert (asked, same) == (digest, snapshot)
    assert none == 0
    assert made > 10
