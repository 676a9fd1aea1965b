"""`[[transfers]]`: ways to move a token between an exchange and the chain, or two exchanges, and what each costs."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Annotated

import msgspec

from cambist.config.numbers import Amount, Ppm
from cambist.model.exchanges import EXCHANGE_OF, known_exchanges
from cambist.model.ledger import CHAIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class TransferTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One way for one token. Nothing is moved by itself: what a trade leaves elsewhere stays there as inventory."""

    origin: str = msgspec.field(name="from")
    """Where it leaves: an exchange, or `solana`."""
    target: str = msgspec.field(name="to")
    """Where it arrives: an exchange, or `solana`."""
    token: str
    """Its symbol; fees are in it."""
    network: str = ""
    """What it goes over, for display."""
    flat: Amount
    """What a transfer costs whatever the amount, in whole tokens; exact to the atom."""
    ppm: Ppm = 0
    """Of the amount, besides."""
    minutes: Annotated[int, msgspec.Meta(ge=0, le=100_000, extra={"unit": "minutes"})] | None = None
    """How long it takes; shown, and decides nothing. None: unknown."""
    least: Amount = msgspec.field(name="min", default=0.0)
    """Least that is let out, in whole tokens; trades that together leave less have no known cost."""


def problems(tables: Sequence[TransferTable]) -> Iterator[tuple[str, str]]:
    """Yields (key, what is wrong with it)."""
    seen: set[tuple[str, str, str]] = set()
    for at, each in enumerate(tables):
        for key, place in (("from", each.origin), ("to", each.target)):
            if place not in (CHAIN, *EXCHANGE_OF) and place not in known_exchanges():
                known = CHAIN, *known_exchanges()
                near = difflib.get_close_matches(place, known, 1)
                hint = f'did you mean "{near[0]}"?' if near else f"known here: {', '.join(known)}"
                yield f"transfers[{at}].{key}", f'is "{place[:60]}", neither an exchange nor "{CHAIN}"; {hint}'
        if each.origin == each.target:
            yield f"transfers[{at}].to", "is where it comes from"
        way = each.origin, each.target, each.token
        if way in seen:
            yield f"transfers[{at}].token", f"goes from {way[0][:60]} to {way[1][:60]} in another table already"
        seen.add(way)
