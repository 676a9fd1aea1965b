"""Wire frames to events.

`decode_venue` is a function of the frame alone: it picks the decoder of an exchange by the protocol. `decode_solana`
also learns from the frames we sent, because a JSON-RPC reply says only which request it answers.
"""

from cambist.engine.reference.decode.binance import decode_binance
from cambist.engine.reference.decode.bybit import MAX_BYBIT_LEVELS, decode_bybit
from cambist.engine.reference.decode.coinbase import MAX_COINBASE_LEVELS, decode_coinbase
from cambist.engine.reference.decode.event import (
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
from cambist.engine.reference.decode.frame import MAX_BODY, MAX_DEPTH
from cambist.engine.reference.decode.kraken import decode_kraken
from cambist.engine.reference.decode.kraken_book import MAX_KRAKEN_LEVELS
from cambist.engine.reference.decode.okx import MAX_OKX_LEVELS, decode_okx
from cambist.engine.reference.decode.plain import MAX_PLAIN_LEVELS, decode_plain
from cambist.engine.reference.decode.rfc3339 import rfc3339_ns
from cambist.engine.reference.decode.said import decode_venue
from cambist.engine.reference.decode.session import Method, PendingParts, SessionParts, SolanaSession
from cambist.engine.reference.decode.solana import decode_solana
from cambist.engine.reference.decode.tips import TIP_FLOOR, decode_tip_floor

__all__ = [
    "MAX_BODY",
    "MAX_BYBIT_LEVELS",
    "MAX_COINBASE_LEVELS",
    "MAX_DEPTH",
    "MAX_KRAKEN_LEVELS",
    "MAX_OKX_LEVELS",
    "MAX_PLAIN_LEVELS",
    "TIP_FLOOR",
    "Account",
    "AccountMissing",
    "AccountUndated",
    "Blockhash",
    "BookChecksum",
    "BookTicker",
    "Commitment",
    "CurrentSlot",
    "DecodeError",
    "DepthDelta",
    "DepthSnapshot",
    "Direction",
    "EncodingError",
    "Error",
    "Event",
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
    "ProtocolError",
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
    "decode_solana",
    "decode_tip_floor",
    "decode_venue",
    "rfc3339_ns",
]
