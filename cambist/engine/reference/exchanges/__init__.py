"""The exchanges: one row each, and wire frames to events.

`decode_venue` is a function of the frame and of what its venue's list said of prices: it picks the decoder of an
exchange by the protocol. A room holds what is particular to one of them: how its frames are read, how its depth
messages follow each other, and what they sum to.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from cambist.engine.reference.exchanges import binance, bybit, coinbase, plain
from cambist.engine.reference.exchanges.binance import decode_binance
from cambist.engine.reference.exchanges.bybit import MAX_BYBIT_LEVELS, decode_bybit
from cambist.engine.reference.exchanges.coinbase import MAX_COINBASE_LEVELS, decode_coinbase
from cambist.engine.reference.exchanges.decimal import EIGHT, PriceScale, PriceScales
from cambist.engine.reference.exchanges.event import (
    Account,
    AccountMissing,
    AccountUndated,
    Blockhash,
    BookChecksum,
    BookTicker,
    Commitment,
    CurrentSlot,
    DecodeError,
    DepthDelta,
    DepthSnapshot,
    Direction,
    EncodingError,
    Error,
    Event,
    FeeEstimate,
    FeeSamples,
    FieldError,
    Gap,
    Ignored,
    Instrument,
    Instruments,
    Level,
    Logs,
    NotJson,
    ProtocolError,
    Receipt,
    Sequence,
    Shutdown,
    SignatureReceived,
    SignatureStatus,
    Slot,
    Subscribed,
    TipFloor,
    TooLarge,
    Trade,
    TransactionStatus,
    VenueStatus,
    canonical,
)
from cambist.engine.reference.exchanges.exchange import Books, Exchange, Rules
from cambist.engine.reference.exchanges.frame import MAX_BODY, MAX_DEPTH
from cambist.engine.reference.exchanges.kraken.book import MAX_KRAKEN_LEVELS
from cambist.engine.reference.exchanges.kraken.decode import decode_kraken
from cambist.engine.reference.exchanges.kraken.exchange import EXCHANGE as KRAKEN
from cambist.engine.reference.exchanges.okx.decode import MAX_OKX_LEVELS, decode_okx
from cambist.engine.reference.exchanges.okx.exchange import EXCHANGE as OKX
from cambist.engine.reference.exchanges.plain import MAX_PLAIN_LEVELS, decode_plain
from cambist.engine.reference.exchanges.rfc3339 import rfc3339_ns
from cambist.engine.reference.exchanges.session import Method, PendingParts, SessionParts, SolanaSession

TABLE: Final[tuple[Exchange, ...]] = (
    binance.EXCHANGE,
    bybit.EXCHANGE,
    plain.EXCHANGE,
    coinbase.EXCHANGE,
    KRAKEN,
    OKX,
)
_BY_NAME: Final = {row.name: row for row in TABLE}


class Continuity(StrEnum):
    """Whose rules a book follows; what they are is said in the exchange's row."""

    SPOT = "spot"
    USDM = "usdm"
    OKX = "okx"
    KRAKEN = "kraken"
    BYBIT = "bybit"
    COINBASE = "coinbase"
    PLAIN = "plain"

    @classmethod
    def of(cls, protocol: str) -> Continuity:
        """Returns whose rules the books of a channel with this protocol follow."""
        return next((rules for head, rules in _PROTOCOLS if protocol.startswith(head)), cls.SPOT)

    @classmethod
    def of_kind(cls, kind: str) -> Continuity:
        """Returns the rules of a book of `spot` or `perp` until a channel tells of it, whose protocol knows better."""
        return cls.USDM if kind == "perp" else cls.SPOT

    @property
    def rules(self) -> Rules:
        """What depth messages promise."""
        return _BOOKS[self].rules

    @property
    def is_perpetual(self) -> bool:
        """Whether the books are of perpetual contracts."""
        return _BOOKS[self].perpetual


_BOOKS: Final[dict[Continuity, Books]] = {Continuity(books.continuity): books for row in TABLE for books in row.books}
_PROTOCOLS: Final = tuple((books.head, continuity) for continuity, books in _BOOKS.items())


def decode_venue(protocol: str, symbol: str, body: bytes, scales: PriceScales = EIGHT) -> list[Event]:
    """Returns what one frame of an exchange says, in order.

    `protocol` is the channel's, its first word names the decoder; `symbol` is the instrument of a channel whose frames
    don't name it; `scales` are those of the venue's prices. Raises the decoder's `DecodeError`, `ProtocolError` if
    there is none.
    """
    name, dot, _ = protocol.partition(".")
    row = _BY_NAME.get(name) if dot else None
    if row is None:
        raise ProtocolError(protocol[:40])
    return row.decode(protocol, symbol, body, scales)


__all__ = [
    "MAX_BODY",
    "MAX_BYBIT_LEVELS",
    "MAX_COINBASE_LEVELS",
    "MAX_DEPTH",
    "MAX_KRAKEN_LEVELS",
    "MAX_OKX_LEVELS",
    "MAX_PLAIN_LEVELS",
    "TABLE",
    "Account",
    "AccountMissing",
    "AccountUndated",
    "Blockhash",
    "BookChecksum",
    "BookTicker",
    "Commitment",
    "Continuity",
    "CurrentSlot",
    "DecodeError",
    "DepthDelta",
    "DepthSnapshot",
    "Direction",
    "EncodingError",
    "Error",
    "Event",
    "Exchange",
    "FeeEstimate",
    "FeeSamples",
    "FieldError",
    "Gap",
    "Ignored",
    "Instrument",
    "Instruments",
    "Level",
    "Logs",
    "Method",
    "NotJson",
    "PendingParts",
    "PriceScale",
    "PriceScales",
    "ProtocolError",
    "Receipt",
    "Rules",
    "Sequence",
    "SessionParts",
    "Shutdown",
    "SignatureReceived",
    "SignatureStatus",
    "Slot",
    "SolanaSession",
    "Subscribed",
    "TipFloor",
    "TooLarge",
    "Trade",
    "TransactionStatus",
    "VenueStatus",
    "canonical",
    "decode_binance",
    "decode_bybit",
    "decode_coinbase",
    "decode_kraken",
    "decode_okx",
    "decode_plain",
    "decode_venue",
    "rfc3339_ns",
]
