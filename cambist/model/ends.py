"""What became of gaps: stretches of time in which a cycle paid after all its costs."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Fate(StrEnum):
    """How a gap ended."""

    OURS = "ours"
    """An order of ours took it."""
    TAKEN = "taken"
    """A landed transaction of somebody else closed it."""
    FADED = "faded"
    """Prices moved back, and no one transaction that was seen did it."""
    STALE = "stale"
    """What it rested on could not be believed any more."""
    CROWDED = "crowded"
    """It was no longer looked at: more stood that earned more."""


class Taker(msgspec.Struct, frozen=True, gc=False):
    """The transaction that closed a gap, as far as its logs say."""

    signature: str
    slot: int
    recv_ns: int
    """When its logs came."""
    program: str
    """The program that the transaction called: a venue, a router, or the taker's own."""
    legs: int
    """How many of the gap's legs it went through."""
    payer: str | None = None
    """Who signed it, `None` where no transaction was seen: logs don't say it, nor fee and tip."""
    fee: int | None = None
    """In lamports, priority fee and all."""
    tip: int | None = None
    """Lamports paid to an account that takes tips."""


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """What a transaction paid that took a gap, and who. Field order is the canonical encoding."""

    signature: str
    slot: int
    payer: str
    fee: int
    """In lamports, base and priority fee."""
    tip: int | None
    """Lamports to an account that takes tips; `None` if the node does not tell."""


class GapEnd(msgspec.Struct, frozen=True, gc=False):
    """A gap and how it ended. Field order is the canonical encoding."""

    number: int
    """From 1 on, of those of this engine."""
    key: str
    """Of the cycle, as in `Opportunity`."""
    base: str
    """Mint of what its amounts are in."""
    fate: Fate
    found_ns: int
    """The first moment at which it paid."""
    found_slot: int
    """The newest slot then, 0 before any was announced; as the others."""
    paid_ns: int
    """The last moment at which it paid."""
    paid_slot: int
    ended_ns: int
    """The first moment at which it paid no more, or was given up."""
    ended_slot: int
    best_net: int
    last_net: int
    """What it would have left at the last moment at which it paid: about what its taker made."""
    go: bool
    """Whether it was worth an order at one moment."""
    go_ns: int
    """The first one, 0 if none was."""
    contested: int
    """Transactions that went through its legs while it was closing, the taker's among them."""
    taker: Taker | None = None
