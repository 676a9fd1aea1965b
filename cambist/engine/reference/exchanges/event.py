"""What one frame says, and why a frame could not be read."""

from __future__ import annotations

import base64
import json
from enum import IntEnum, StrEnum
from typing import Any, NamedTuple, TypeAlias

from cambist.engine.reference.chain import base58
from cambist.engine.reference.exchanges.decimal import DECIMALS, PriceScale

Level: TypeAlias = tuple[int, int]
"""(price, quantity): an integer of its instrument's scale, and × 10⁸."""


class DecodeError(ValueError):
    """Why a frame could not be read. Its text is the same in both engines."""


class TooLarge(DecodeError):
    """A frame longer than what is read."""

    def __init__(self, size: int) -> None:
        super().__init__(f"frame of {size} bytes is too large")


class NotJson(DecodeError):
    """A frame that is not strict JSON."""

    def __init__(self) -> None:
        super().__init__("not JSON")


class FieldError(DecodeError):
    """A field that is missing or of another kind than its protocol says."""

    def __init__(self, field: str, was: str) -> None:
        super().__init__(f"`{field}` was {was}")


class EncodingError(DecodeError):
    """Account data in an encoding that is not read."""

    def __init__(self, encoding: str) -> None:
        super().__init__(f"account data in {encoding}, only base64 is read")


class ProtocolError(DecodeError):
    """A channel with a protocol that has no decoder."""

    def __init__(self, protocol: str) -> None:
        super().__init__(f"no decoder for protocol {protocol}")


class Direction(IntEnum):
    """Who sent a frame; the values are those of the record's header."""

    IN = 0
    OUT = 1


class Commitment(StrEnum):
    """How sure a cluster is of a slot."""

    PROCESSED = "processed"
    CONFIRMED = "confirmed"
    FINALIZED = "finalized"


class TransactionStatus(NamedTuple):
    """Where a transaction landed. `commitment` is `None` if the frame leaves it to what was subscribed for."""

    slot: int
    failed: bool
    commitment: Commitment | None


class Instrument(NamedTuple):
    """A pair as its venue lists it.

    Rules are × 10⁸, the tick at `price_decimals`; `None` if the venue doesn't give them, 0 if it switched them off.
    """

    symbol: str
    base: str
    quote: str
    status: str
    tick: int | None
    step: int | None
    min_notional: int | None
    price_decimals: PriceScale = DECIMALS
    """What the tick needs."""


class Account(NamedTuple):
    """State of an account at a slot."""

    key: bytes
    slot: int
    lamports: int
    owner: bytes
    data: bytes


class AccountMissing(NamedTuple):
    """No account has this key."""

    key: bytes
    slot: int


class AccountUndated(NamedTuple):
    """An account out of a listing that doesn't say its slot: good for finding pools, not for their state."""

    key: bytes
    lamports: int
    owner: bytes
    data: bytes


class Slot(NamedTuple):
    """A slot began."""

    slot: int
    parent: int
    root: int


class CurrentSlot(NamedTuple):
    """Answer to `getSlot`."""

    slot: int


class Blockhash(NamedTuple):
    """Answer to `getLatestBlockhash`."""

    slot: int
    blockhash: bytes
    last_valid_block_height: int


class Logs(NamedTuple):
    """Log lines of one transaction."""

    slot: int
    signature: bytes
    failed: bool
    logs: list[str]
    mentions: bytes | None = None
    """The account whose mention was subscribed to."""


class Receipt(NamedTuple):
    """What a transaction that landed paid, and who."""

    signature: bytes
    slot: int
    payer: bytes
    fee: int
    """In lamports, base and priority fee."""
    tip: int | None
    """Lamports that came to an account that takes tips; `None` if the node doesn't tell what accounts hold."""


class SignatureStatus(NamedTuple):
    """`status` is `None` if the node doesn't know the transaction, as of `slot`."""

    signature: bytes
    slot: int
    status: TransactionStatus | None


class SignatureReceived(NamedTuple):
    """The node received the transaction; it has not landed."""

    signature: bytes
    slot: int


class FeeSamples(NamedTuple):
    """(slot, micro-lamports per compute unit); `percentile` in basis points, `None` is the minimum that landed."""

    percentile: int | None
    accounts: list[bytes]
    """Of the transactions that write to one of these, of all if there is none."""
    samples: list[tuple[int, int]]


class FeeEstimate(NamedTuple):
    """A provider's prices by percentile, micro-lamports per compute unit."""

    source: str
    """The method asked."""
    slot: int | None
    levels: list[tuple[int, int]]


class TipFloor(NamedTuple):
    """Tips that landed, lamports by percentile."""

    levels: list[tuple[int, int]]
    average: int
    """Running average of their median."""


class BookTicker(NamedTuple):
    """Best bid and ask."""

    symbol: str
    update_id: int
    bid: int
    bid_qty: int
    ask: int
    ask_qty: int
    venue_ns: int | None


class DepthDelta(NamedTuple):
    """Changed levels; quantity 0 removes one."""

    symbol: str
    first: int
    last: int
    prev: int | None
    bids: list[Level]
    asks: list[Level]
    venue_ns: int


class DepthSnapshot(NamedTuple):
    """A full book as of update `last`."""

    symbol: str
    last: int
    bids: list[Level]
    asks: list[Level]
    venue_ns: int | None


class BookChecksum(NamedTuple):
    """What the book of a symbol sums to after the event before this one."""

    symbol: str
    sum: int
    digits: tuple[int, int] | None = None
    """Decimals of a price and of a quantity, the most that the frame writes.

    `None` if it writes no level, or the venue sums without them.
    """


class Gap(NamedTuple):
    """The venue lost messages of this symbol, or what carries them did."""

    symbol: str


class Sequence(NamedTuple):
    """This message's number among all those of its connection; the next one is one more."""

    number: int


class Trade(NamedTuple):
    """One trade."""

    symbol: str
    id: int
    price: int
    qty: int
    buyer_is_maker: bool
    venue_ns: int


class Instruments(NamedTuple):
    """What a venue lists."""

    instruments: list[Instrument]


class Subscribed(NamedTuple):
    """A request to subscribe (or to stop) was taken. `method` is empty on exchanges."""

    method: str
    key: bytes | None
    subscription: int | None


class Error(NamedTuple):
    """The venue refused a request. `method` is empty where the frame doesn't tell; `key` is the first one asked for."""

    code: int
    message: str
    method: str
    key: bytes | None


class VenueStatus(NamedTuple):
    """What a venue says of itself, in its own word."""

    status: str


class Shutdown(NamedTuple):
    """The venue is about to close the connection."""


class Ignored(NamedTuple):
    """Nothing that matters here."""


Event: TypeAlias = (
    Account
    | AccountMissing
    | AccountUndated
    | Slot
    | CurrentSlot
    | Blockhash
    | Logs
    | Receipt
    | SignatureStatus
    | SignatureReceived
    | FeeSamples
    | FeeEstimate
    | TipFloor
    | BookTicker
    | DepthDelta
    | DepthSnapshot
    | BookChecksum
    | Gap
    | Sequence
    | Trade
    | Instruments
    | Subscribed
    | Error
    | VenueStatus
    | Shutdown
    | Ignored
)
"""What one frame says. Text is as the venue sent it, not yet safe for a terminal."""


def canonical(event: Event) -> str:
    """Returns compact JSON of an event in declaration order, keys in base58, data in base64; the same as the twin."""
    kind = type(event).__name__
    if isinstance(event, (Shutdown, Ignored)):
        return _json({"kind": kind})
    body: Any = _fields(event)
    if isinstance(event, Instruments):
        body = [entry._asdict() for entry in event.instruments]
    return _json({"kind": kind, "body": body})


def _fields(event: Event | TransactionStatus) -> dict[str, Any]:
    return {name: _plain(name, value) for name, value in event._asdict().items()}


def _plain(name: str, value: Any) -> Any:
    if name == "accounts":
        return [base58.encode(key) for key in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode() if name == "data" else base58.encode(value)
    return _fields(value) if isinstance(value, TransactionStatus) else value


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
