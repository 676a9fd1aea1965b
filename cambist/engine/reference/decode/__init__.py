"""Wire frames to events.

`decode_binance` is a function of the frame alone; `decode_solana` also learns from the frames we sent, because a
JSON-RPC reply says only which request it answers. `decode_okx` may say more than one thing of a frame.
"""

from cambist.engine.reference.decode.binance import decode_binance
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
from cambist.engine.reference.decode.okx import MAX_OKX_LEVELS, decode_okx
from cambist.engine.reference.decode.session import Method, PendingParts, SessionParts, SolanaSession
from cambist.engine.reference.decode.solana import decode_solana
from cambist.engine.reference.decode.tips import TIP_FLOOR, decode_tip_floor

__all__ = [
    "MAX_BODY",
    "MAX_DEPTH",
    "MAX_OKX_LEVELS",
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
    "decode_okx",
    "decode_solana",
    "decode_tip_floor",
    "decode_venue",
]


def decode_venue(protocol: str, symbol: str, body: bytes) -> list[Event]:
    """Returns what a frame of an exchange says. Raises `DecodeError`."""
    return decode_okx(protocol, body) if protocol.startswith("okx.") else [decode_binance(protocol, symbol, body)]
