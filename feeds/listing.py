"""The list of instruments of a venue: read once, and compared with the symbols of the config."""

from __future__ import annotations

import asyncio
import difflib
from typing import TYPE_CHECKING

from cambist.model.text import sanitise
from feeds.http import Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from feeds.http import Check, HttpChannel
    from feeds.venue import Query, Venue

ONE_BY_ONE = 50
"""Instruments that are asked for one by one, at most, where one unknown name makes a venue refuse the list."""
BAD_REQUEST = 400
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0


class Listing:
    """Reads the list of instruments of one venue."""

    def __init__(self, venue: Venue, rest: HttpChannel, info: int, check: Check, note: Callable[[str], None]) -> None:
        """`info` is the channel that the list is written to; `note` takes warnings."""
        self._venue, self._rest, self._info, self._check, self._note = venue, rest, info, check, note

    async def unknown(self, symbols: Sequence[str]) -> dict[str, str]:
        """Returns the symbols that the venue doesn't list, each with why; tries until the list is there."""
        query, wait_s = self._venue.instruments(symbols), FIRST_WAIT_S
        while query is not None:
            try:
                listed = await self._read(query, symbols)
            except Unreachable as error:
                self._note(f"no instrument list: {error}")
                await asyncio.sleep(wait_s)
                wait_s = min(LONGEST_WAIT_S, wait_s * 2)
            else:
                return {} if listed is None else await self._compared(symbols, listed)
        return {}

    async def _read(self, query: Query, symbols: Sequence[str]) -> tuple[str, ...] | None:
        """Returns the symbols that are listed; `None` if the list can't be read. Raises `Unreachable`."""
        try:
            body = await self._rest.get(self._info, query.target, self._check, weight=query.weight)
            return self._venue.listed(body)
        except Unreachable as error:
            if error.status != BAD_REQUEST or not symbols or len(symbols) > ONE_BY_ONE:
                raise
            return () if len(symbols) == 1 else await self._one_by_one(symbols)
        except (ValueError, TypeError, LookupError) as error:
            self._note(f"the instrument list can't be read: {sanitise(str(error), 60)}")
            return None

    async def _one_by_one(self, symbols: Sequence[str]) -> tuple[str, ...]:
        """Returns those of some symbols that are listed. Raises `Unreachable`."""
        found: list[str] = []
        for symbol in symbols:
            query = self._venue.instruments((symbol,))
            if query is not None:
                found += await self._read(query, (symbol,)) or ()
        return tuple(found)

    async def _compared(self, symbols: Sequence[str], listed: Sequence[str]) -> dict[str, str]:
        known = set(listed)
        unknown = [symbol for symbol in symbols if symbol not in known]
        if not unknown:
            return {}
        names = await self._names() or listed
        return {symbol: _why(symbol, names) for symbol in unknown}

    async def _names(self) -> tuple[str, ...]:
        query = self._venue.names()
        if query is None:
            return ()
        try:
            body, _, _ = await self._rest.peek(query.target, weight=query.weight)
            return self._venue.named(body)
        except (Unreachable, ValueError, TypeError, LookupError):
            return ()


def _why(symbol: str, listed: Sequence[str]) -> str:
    near = difflib.get_close_matches(symbol.upper(), listed, 1, 0.6)
    return "is not listed" + (f", nearest is {sanitise(near[0], 20)}" if near else "")
