"""What the Rust extension gives. Every call has a twin in `cambist.engine.reference`; names there say where."""

from collections.abc import Sequence
from typing import final

BUILD_PROFILE: str
"""`release` or `debug`."""

class BlockError(ValueError):
    """A damaged block; `args` are its offset and why."""

@final
class Engine:
    """The engine of `engine_rs`. One call at a time; the GIL is released while it computes."""

    def __new__(cls, setup: bytes) -> Engine:
        """Takes JSON of an `EngineSetup`. Raises `ValueError` if it is none."""

    def ingest(self, block: bytes, offset: int, until_ns: int) -> tuple[int, int, bytes, int, bytes]:
        """Returns (offset, records, decisions, go, needs). Raises `BlockError`."""

    def control(self, block: bytes, offset: int) -> tuple[int, int, bytes, int, bytes]:
        """Returns the same for one record that is no frame. Raises `BlockError`."""

    def quote_route(self, route: Sequence[str], amount_in: int, now_ns: int) -> tuple[int, str]:
        """Returns (amount out, reason)."""

    def learn(self, key: str, landed: bool) -> None:
        """Counts how an order on a cycle ended."""

    def inject_price(self, mint: str, price: float, now_ns: int) -> None:
        """Feeds an outside price of a token."""

    def present(self, now_ns: int) -> bytes:
        """Returns JSON of an `EngineView`."""

    def inspect(self, key: str, now_ns: int) -> bytes:
        """Returns JSON of a `CycleInspection`, or `null`."""

    def snapshot(self) -> bytes:
        """Returns all state as canonical bytes."""

    def restore(self, state: bytes) -> None:
        """Takes over a snapshot. Raises `ValueError`."""
