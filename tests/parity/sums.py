"""Long runs that must come out alike in both engines: their outputs are summed up in `sums.json`.

`python -m tests.parity.sums` writes the file anew after a run or its inputs changed; the Rust tests then check it.
"""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import msgspec

HERE = Path(__file__).parent
U64 = (1 << 64) - 1


class Xorshift:
    """Deterministic numbers, the same as in the twin of these tests."""

    def __init__(self, seed: int) -> None:
        self._state = seed

    def below(self, end: int) -> int:
        state = self._state
        state ^= state << 13 & U64
        state ^= state >> 7
        state ^= state << 17 & U64
        self._state = state
        return state % end


class Sums(msgspec.Struct, frozen=True):
    seed: int
    each: int
    """How many lines one sum is over."""
    fnv: list[str]


def load() -> dict[str, Sums]:
    return msgspec.json.decode((HERE / "sums.json").read_bytes(), type=dict[str, Sums])


def of(lines: Iterator[str], each: int, count: int) -> list[str]:
    """Returns FNV-1a of the lines, one sum for each so many of them."""
    found = []
    for _ in range(count):
        fnv = 0xCBF29CE484222325
        for line in islice(lines, each):
            for byte in line.encode():
                fnv = (fnv ^ byte) * 0x100000001B3 & U64
        found.append(f"{fnv:016x}")
    return found


def write() -> None:
    from tests.parity import corpus, runs

    wanted = {
        "frames": (corpus.broken_outcomes, 0x5EED_0003, 100, 60),
        "books": (runs.books, 0x5EED_0004, 200, 25),
        "bars": (runs.bars, 0x5EED_0005, 100, 20),
        "technical": (runs.technical, 0x5EED_0006, 100, 40),
    }
    found = {name: Sums(seed, each, of(run(seed), each, count)) for name, (run, seed, each, count) in wanted.items()}
    text = json.dumps(msgspec.to_builtins(found), indent=1)
    (HERE / "sums.json").write_text(text + "\n")


if __name__ == "__main__":
    write()
