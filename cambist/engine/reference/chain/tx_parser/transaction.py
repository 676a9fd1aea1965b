"""What a transaction is told as."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cambist.engine.reference.chain.tx_parser.swaps import Fill, Swap


class Transaction(NamedTuple):
    """A transaction that a node gave."""

    signature: bytes | None
    slot: int | None
    """`None` where the answer doesn't say, as in a block."""
    signer: bytes | None
    fee: int
    """In lamports."""
    compute_units: int | None
    error: str | None
    """Why it failed; a failed transaction has no swaps."""
    swaps: list[Swap]
    """In the order in which they happened."""
    fills: list[Fill]
    """Of order books, likewise. They are what the swaps among them met, or earlier orders that are settled here."""
    refused: list[str]
    """Events of known programs that can't be read, and why."""
    complete: bool
    """Whether the logs are there to their end and fit the instructions, so that no event is missing."""
