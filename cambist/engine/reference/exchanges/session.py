"""What a Solana channel has asked for: replies name only the request, notifications only the subscription."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

import msgspec

from cambist.engine.reference.chain import base58

MAX_PENDING = 4096
"""Requests remembered at once. A node answers in order of seconds; the oldest unanswered one is forgotten first."""


class Method(StrEnum):
    """JSON-RPC methods whose replies mean something here."""

    ACCOUNT_SUBSCRIBE = "accountSubscribe"
    PROGRAM_SUBSCRIBE = "programSubscribe"
    LOGS_SUBSCRIBE = "logsSubscribe"
    SLOT_SUBSCRIBE = "slotSubscribe"
    SIGNATURE_SUBSCRIBE = "signatureSubscribe"
    ACCOUNT_UNSUBSCRIBE = "accountUnsubscribe"
    PROGRAM_UNSUBSCRIBE = "programUnsubscribe"
    LOGS_UNSUBSCRIBE = "logsUnsubscribe"
    SLOT_UNSUBSCRIBE = "slotUnsubscribe"
    SIGNATURE_UNSUBSCRIBE = "signatureUnsubscribe"
    GET_MULTIPLE_ACCOUNTS = "getMultipleAccounts"
    GET_PROGRAM_ACCOUNTS = "getProgramAccounts"
    GET_SLOT = "getSlot"
    GET_LATEST_BLOCKHASH = "getLatestBlockhash"
    GET_RECENT_PRIORITIZATION_FEES = "getRecentPrioritizationFees"
    GET_SIGNATURE_STATUSES = "getSignatureStatuses"
    GET_TRANSACTION = "getTransaction"
    GET_PRIORITY_FEE_ESTIMATE = "getPriorityFeeEstimate"
    ESTIMATE_PRIORITY_FEES = "qn_estimatePriorityFees"
    OTHER = ""
    """Any other: its reply is ignored, its refusal is not."""

    @classmethod
    def named(cls, name: str) -> Method:
        """Returns the method of this name, `OTHER` if its replies mean nothing here."""
        return cls(name) if name in cls._value2member_map_ else cls.OTHER


class Pending(msgspec.Struct, frozen=True):
    """A request that was sent and not answered yet."""

    method: Method
    keys: list[bytes]
    """Accounts asked for, in order."""
    signatures: list[bytes]
    """Transactions asked for, in order."""
    percentile: int | None
    """Basis points asked for with priority fees."""
    subscription: int | None
    """What is to be unsubscribed."""


Subscription: TypeAlias = bytes
"""What a subscription id stands for.

An account's key (or that of the one whose mentions in logs are told), a signature, or empty if its notifications say it
themselves.
"""


class PendingParts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request as plain fields."""

    conn: int
    id: int
    method: Method
    keys: list[str]
    signatures: list[str]
    percentile: int | None
    subscription: int | None


class SessionParts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A session as plain fields."""

    generation: int
    pending: list[PendingParts]
    subscriptions: list[tuple[int, str]]
    """(id, account or signature in base58, empty for others)."""


class SolanaSession:
    """Requests and subscriptions of one Solana channel. A new generation of the connection forgets the old one's."""

    def __init__(self) -> None:
        self._generation = 0
        self._pending: dict[tuple[int, int], Pending] = {}
        self._subscriptions: dict[int, Subscription] = {}

    def disconnect(self) -> None:
        """Forgets all requests and subscriptions: the connection is gone."""
        self._pending.clear()
        self._subscriptions.clear()

    def accounts(self) -> set[bytes]:
        """Returns the accounts that the current generation has subscriptions on."""
        return {target for target in self._subscriptions.values() if len(target) == 32}

    def account(self, subscription: int) -> bytes | None:
        """Returns the account behind a subscription id of the current generation."""
        target = self._subscriptions.get(subscription, b"")
        return target if len(target) == 32 else None

    def signature(self, subscription: int) -> bytes | None:
        """Returns the transaction behind a subscription id of the current generation."""
        target = self._subscriptions.get(subscription, b"")
        return target if len(target) == 64 else None

    def enter(self, generation: int) -> bool:
        """Returns whether frames of this generation are current, after forgetting what a newer one makes old."""
        if generation > self._generation:
            self._generation = generation
            self.disconnect()
        return generation == self._generation

    def ask(self, conn: int, request: int, pending: Pending) -> None:
        """Remembers a request."""
        self._pending[conn, request] = pending
        if len(self._pending) > MAX_PENDING:
            del self._pending[min(self._pending)]

    def answer(self, conn: int, request: int) -> Pending | None:
        """Returns what was asked, and forgets it."""
        return self._pending.pop((conn, request), None)

    def subscribe(self, number: int, target: Subscription) -> None:
        """Remembers what a subscription id stands for."""
        self._subscriptions[number] = target

    def unsubscribe(self, number: int) -> None:
        """Forgets a subscription id."""
        self._subscriptions.pop(number, None)

    def parts(self) -> SessionParts:
        """Returns all state as plain fields, in a fixed order."""
        pending = [
            PendingParts(
                conn,
                request,
                asked.method,
                [base58.encode(key) for key in asked.keys],
                [base58.encode_signature(signature) for signature in asked.signatures],
                asked.percentile,
                asked.subscription,
            )
            for (conn, request), asked in sorted(self._pending.items(), key=lambda item: item[0])
        ]
        subscriptions = [(number, base58.encode(target)) for number, target in sorted(self._subscriptions.items())]
        return SessionParts(self._generation, pending, subscriptions)

    @classmethod
    def from_parts(cls, parts: SessionParts) -> SolanaSession:
        """Returns the session that these parts describe. Raises `ValueError` if they are none."""
        session = cls()
        session._generation = parts.generation
        for asked in parts.pending:
            keys = [_known(base58.decode(key), key) for key in asked.keys]
            signatures = [_known(base58.decode_signature(text), text) for text in asked.signatures]
            session.ask(
                asked.conn, asked.id, Pending(asked.method, keys, signatures, asked.percentile, asked.subscription)
            )
        for number, text in parts.subscriptions:
            target = base58.decode(text) or base58.decode_signature(text) if text else b""
            session.subscribe(number, _known(target, text))
        return session


def _known(value: bytes | None, text: str) -> bytes:
    if value is None:
        why = f"{text[:90]!r} is neither a key nor a signature"
        raise ValueError(why)
    return value
