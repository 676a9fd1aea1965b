"""Swaps and fills that programs report, by the program that does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.chain.reader import LayoutError
from cambist.engine.reference.venues import program_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.engine.reference.chain.log_parser.event import SwapEvent
    from cambist.engine.reference.chain.log_parser.fill import FillEvent


def decode_event(writer: bytes, data: bytes) -> SwapEvent | None:
    """Returns the swap that `data` of a program's event reports, `None` for an unknown program or another event.

    Raises `LayoutError` if it is too short for its discriminator, for a flag that is neither 0 nor 1 and for amounts
    that don't add up.
    """
    program = program_of(writer)
    reader = None if program is None else program.events.get(data[:8])
    return reader(data) if reader else None


def decode_fill_data(writer: bytes, data: bytes) -> list[FillEvent]:
    """Returns the fills that `data` reports: of an event of OpenBook v2, or of a log instruction of Phoenix.

    None for another program, event or instruction. Raises `LayoutError` if it is cut short, for flags that are none,
    events of Phoenix that aren't known, and prices or quantities that aren't positive.
    """
    program = program_of(writer)
    fills = None if program is None else program.fills
    return fills.read(data) if fills is not None and data.startswith(fills.tag) else []


def decode_events(events: Sequence[tuple[bytes, bytes]]) -> list[SwapEvent | str | None]:
    """Returns the swap that each (program, event data) reports, `None` for no swap, or the words of its error.

    Raises `ValueError` for a program that has not 32 bytes.

    >>> from cambist.engine.reference.venues import owned
    >>> decode_events([(owned.WHIRLPOOL, bytes.fromhex("e1ca49af932ba096"))])
    ['whirlpool_traded: size was 8, expected 121']
    """
    found: list[SwapEvent | str | None] = []
    for key, data in events:
        _check_program(key)
        try:
            found.append(decode_event(key, data))
        except LayoutError as error:
            found.append(str(error))
    return found


def decode_fills(events: Sequence[tuple[bytes, bytes]]) -> list[list[FillEvent] | str]:
    """Returns the fills that each (program, data) reports, in the market's lots, or the words of its error.

    The data are of an event of OpenBook v2 or of the instruction that Phoenix hands to itself. Raises `ValueError` for
    a program that has not 32 bytes.

    >>> from cambist.engine.reference.venues import owned
    >>> decode_fills([(owned.PHOENIX, bytes([15, 1])), (owned.OPENBOOK_V2, b"another event")])
    ['phoenix_log: size was 2, expected 93', []]
    """
    found: list[list[FillEvent] | str] = []
    for writer, data in events:
        _check_program(writer)
        try:
            found.append(decode_fill_data(writer, data))
        except LayoutError as error:
            found.append(str(error))
    return found


def _check_program(key: bytes) -> None:
    if len(key) != 32:
        message = f"program was {len(key)} bytes, not 32"
        raise ValueError(message)
