"""One call for the frames of every exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.exchanges.binance import decode_binance
from cambist.engine.reference.exchanges.bybit import decode_bybit
from cambist.engine.reference.exchanges.coinbase import decode_coinbase
from cambist.engine.reference.exchanges.event import ProtocolError
from cambist.engine.reference.exchanges.kraken.decode import decode_kraken
from cambist.engine.reference.exchanges.okx.decode import decode_okx
from cambist.engine.reference.exchanges.plain import decode_plain

if TYPE_CHECKING:
    from cambist.engine.reference.exchanges.event import Event


def decode_venue(protocol: str, symbol: str, body: bytes) -> list[Event]:
    """Returns what one frame of an exchange says, in order.

    `protocol` is the channel's, its first word names the decoder; `symbol` is the instrument of a channel whose frames
    don't name it. Raises the decoder's `DecodeError`, `ProtocolError` if there is none.
    """
    venue, dot, _ = protocol.partition(".")
    match venue if dot else "":
        case "binance":
            return [decode_binance(protocol, symbol, body)]
        case "bybit":
            return decode_bybit(protocol, body)
        case "cambist":
            return decode_plain(protocol, body)
        case "coinbase":
            return decode_coinbase(protocol, body)
        case "kraken":
            return decode_kraken(protocol, body)
        case "okx":
            return decode_okx(protocol, symbol, body)
    raise ProtocolError(protocol[:40])
