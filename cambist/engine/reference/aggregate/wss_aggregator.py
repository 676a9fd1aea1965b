"""One stream out of many endpoints: the first copy of a message passes, later ones are counted.

Transactions are known by signature, accounts by (account, slot, hash of lamports and data) or by the write version
where a source gives one, venue streams by sequence number. Within a slot only the connection that first delivered an
account may advance it: another one's copy may be older, and nothing in it says so. Memory is bounded: a window holds
the last keys, first in first out.
"""

from __future__ import annotations

import hashlib
from enum import IntEnum
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

import msgspec

from cambist.engine.reference.chain import base58

if TYPE_CHECKING:
    from collections.abc import Iterator

WINDOW = 2_000
"""Keys a window holds, the origin's number."""
SIGNATURE_BYTES = 64
KEY_BYTES = 32
HASH_BYTES = 16

_U64_MAX = (1 << 64) - 1

K = TypeVar("K")


class Verdict(IntEnum):
    """What became of a message."""

    FIRST = 0
    """Pass it on: nobody brought it before."""
    DUPLICATE = 1
    """Another copy passed already."""
    OLDER = 2
    """What it tells was overtaken."""
    HELD = 3
    """Another connection leads this account in this slot."""


class EndpointStats(NamedTuple):
    """How one endpoint does in the race."""

    first: int = 0
    """Messages it brought first."""
    duplicate: int = 0
    """Messages somebody had brought before, itself included."""
    older: int = 0
    """Messages that were overtaken."""
    held: int = 0
    """Accounts of a slot that another connection leads."""
    failed: int = 0
    """Transactions it brought first that failed on chain."""
    disagreed: int = 0
    """Transactions of which it said another outcome than the first copy."""
    led: int = 0
    """Copies of others that came after its own."""
    lead_ns: int = 0
    """By how much it led them, added up."""
    lead_max_ns: int = 0
    """The longest such lead."""
    lagged: int = 0
    """Copies of its own that came after another's."""
    lag_ns: int = 0
    """By how much it lagged behind them, added up."""


class _Seen(NamedTuple):
    endpoint: int
    at_ns: int
    failed: bool = False


class _Lead(NamedTuple):
    slot: int
    endpoint: int | None
    write_version: int | None


class AggregatorParts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An aggregator of the usual window as plain fields: what it remembers as well as what it counted."""

    signatures: list[tuple[int, int, bool, bytes]] = []
    """(endpoint, received at in ns, whether it failed on chain, signature), oldest first."""
    contents: list[tuple[int, int, bytes, int, bytes, int | None]] = []
    """(endpoint, received at in ns, account, slot, hash, write version), oldest first; no hash is empty."""
    leads: list[tuple[str, int, int | None, int | None]] = []
    """(account in base58, slot, endpoint that leads it, write version), by account."""
    sequences: list[tuple[int, int]] = []
    """(stream, newest sequence), by stream."""
    stats: list[tuple[int, EndpointStats]] = []
    """(endpoint, the fields of its `EndpointStats`), by endpoint; those that counted nothing are left out."""


class _Window(Generic[K]):
    """The last keys; a dict keeps the order in which they came."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._seen: dict[K, _Seen] = {}

    def get(self, key: K) -> _Seen | None:
        return self._seen.get(key)

    def file(self, key: K, seen: _Seen) -> None:
        self._seen[key] = seen
        if len(self._seen) > self._size:
            del self._seen[next(iter(self._seen))]

    def oldest_first(self) -> Iterator[tuple[K, _Seen]]:
        """Yields all keys."""
        yield from self._seen.items()

    def refile(self, key: K, seen: _Seen) -> None:
        """Files a key of a snapshot. Raises `ValueError` if the window has it already, or is full."""
        if key in self._seen or len(self._seen) == self._size:
            message = "a key of the race"
            raise ValueError(message)
        self._seen[key] = seen


class WssAggregator:
    """Merges endpoints, which are known by small numbers.

    >>> race = WssAggregator()
    >>> race.signature(0, bytes(64), failed=False, at_ns=100)
    <Verdict.FIRST: 0>
    >>> race.signature(1, bytes(64), failed=False, at_ns=350)
    <Verdict.DUPLICATE: 1>
    >>> race.stats(0).lead_ns
    250
    """

    def __init__(self, window: int = WINDOW) -> None:
        """Remembers the last `window` transactions and as many account updates. Raises `ValueError` for 0."""
        if window < 1:
            message = f"window of {window} keys, expected at least 1"
            raise ValueError(message)
        self._signatures: _Window[bytes] = _Window(window)
        self._contents: _Window[tuple[bytes, int, bytes | int]] = _Window(window)
        self._leads: dict[bytes, _Lead] = {}
        self._sequences: dict[int, int] = {}
        self._stats: dict[int, EndpointStats] = {}

    def signature(self, endpoint: int, signature: bytes, failed: bool, at_ns: int) -> Verdict:
        """Takes a transaction that `endpoint` told of; `failed` is whether it failed on chain."""
        before = self._signatures.get(signature)
        if before is None:
            self._signatures.file(signature, _Seen(endpoint, at_ns, failed))
            self._count(endpoint, first=1, failed=int(failed))
            return Verdict.FIRST
        if before.failed != failed:
            self._count(endpoint, disagreed=1)
        return self._late(endpoint, before, at_ns)

    def signatures(self, endpoint: int, signatures: bytes, failed: bytes, at_ns: int) -> bytes:
        """Takes many signatures of one endpoint, 64 bytes each; `failed` has one byte for each, 0 if it succeeded.

        Returns one verdict for each. Raises `ValueError` where the lengths don't fit; nothing is taken then.
        """
        count, rest = divmod(len(signatures), SIGNATURE_BYTES)
        if rest:
            message = f"batch of {len(signatures)} bytes, expected a multiple of {SIGNATURE_BYTES}"
            raise ValueError(message)
        if count != len(failed):
            message = f"{len(failed)} marks for {count} signatures"
            raise ValueError(message)
        keys = (signatures[at : at + SIGNATURE_BYTES] for at in range(0, len(signatures), SIGNATURE_BYTES))
        return bytes(
            self.signature(endpoint, key, failed=mark != 0, at_ns=at_ns) for key, mark in zip(keys, failed, strict=True)
        )

    def account(
        self,
        endpoint: int,
        account: bytes,
        slot: int,
        write_version: int | None,
        lamports: int,
        data: bytes,
        at_ns: int,
    ) -> Verdict:
        """Takes an account as `endpoint` told it."""
        content = content_of(lamports, data) if write_version is None else write_version
        return self._account(endpoint, account, slot, write_version, content, at_ns)

    def content(self, endpoint: int, account: bytes, slot: int, content: bytes, at_ns: int) -> Verdict:
        """Takes an account as `endpoint` told it, whose `content_of` is known already."""
        return self._account(endpoint, account, slot, None, content, at_ns)

    def _account(
        self,
        endpoint: int,
        account: bytes,
        slot: int,
        write_version: int | None,
        content: bytes | int,
        at_ns: int,
    ) -> Verdict:
        lead, key = self._leads.get(account), (account, slot, content)
        if lead is not None and slot < lead.slot:
            self._count(endpoint, older=1)
            return Verdict.OLDER
        before = self._contents.get(key)
        if before is not None:
            return self._late(endpoint, before, at_ns)
        if lead is not None and slot == lead.slot:
            if lead.endpoint not in (None, endpoint):
                self._count(endpoint, held=1)
                return Verdict.HELD
            if _version(write_version) < _version(lead.write_version):
                self._count(endpoint, older=1)
                return Verdict.OLDER
        # What is held or overtaken is not filed: the leader may still bring it, and then it counts.
        self._contents.file(key, _Seen(endpoint, at_ns))
        self._leads[account] = _Lead(slot, endpoint, write_version)
        self._count(endpoint, first=1)
        return Verdict.FIRST

    def sequence(self, endpoint: int, stream: int, sequence: int) -> Verdict:
        """Takes the message `sequence` of a venue's `stream`, as numbered by the venue."""
        last = self._sequences.get(stream)
        if last is not None and sequence <= last:
            self._count(endpoint, duplicate=1)
            return Verdict.DUPLICATE
        self._sequences[stream] = sequence
        self._count(endpoint, first=1)
        return Verdict.FIRST

    def disconnected(self, endpoint: int) -> None:
        """Lets others advance what a lost connection led; what it brought stays known."""
        for account, lead in self._leads.items():
            if lead.endpoint == endpoint:
                self._leads[account] = lead._replace(endpoint=None)

    def restarted(self, stream: int) -> None:
        """Starts a venue's stream over: its next message passes, whatever its number."""
        self._sequences.pop(stream, None)

    def forget(self, account: bytes) -> None:
        """Forgets an account that is watched no more."""
        self._leads.pop(account, None)

    def stats(self, endpoint: int) -> EndpointStats:
        """Returns how an endpoint does; all 0 for one that brought nothing."""
        return self._stats.get(endpoint, EndpointStats())

    def parts(self) -> AggregatorParts:
        """Returns all state as plain fields, in a fixed order."""
        contents = []
        for (account, slot, content), seen in self._contents.oldest_first():
            hashed, version = (content, None) if isinstance(content, bytes) else (b"", content)
            contents.append((seen.endpoint, seen.at_ns, account, slot, hashed, version))
        return AggregatorParts(
            [(seen.endpoint, seen.at_ns, seen.failed, key) for key, seen in self._signatures.oldest_first()],
            contents,
            [(base58.encode(account), *lead) for account, lead in sorted(self._leads.items())],
            sorted(self._sequences.items()),
            sorted(self._stats.items()),
        )

    @classmethod
    def from_parts(cls, parts: AggregatorParts) -> WssAggregator:
        """Returns the aggregator that these parts describe. Raises `ValueError` if they are none."""
        race = cls()
        for endpoint, at_ns, failed, signature in parts.signatures:
            race._signatures.refile(_sized(signature, SIGNATURE_BYTES), _Seen(endpoint, at_ns, failed))
        for endpoint, at_ns, account, slot, hashed, version in parts.contents:
            content = _sized(hashed, HASH_BYTES) if version is None else version
            race._contents.refile((_sized(account, KEY_BYTES), slot, content), _Seen(endpoint, at_ns))
        for key, slot, leader, version in parts.leads:
            race._leads[_key(key)] = _Lead(slot, leader, version)
        race._sequences = dict(parts.sequences)
        race._stats = {endpoint: counts for endpoint, counts in parts.stats if any(counts)}
        return race

    def _late(self, endpoint: int, before: _Seen, at_ns: int) -> Verdict:
        """Counts a copy that came after another, and the lead of who was first."""
        self._count(endpoint, duplicate=1)
        if before.endpoint != endpoint:
            lead_ns = max(0, at_ns - before.at_ns)
            longest = max(lead_ns, self.stats(before.endpoint).lead_max_ns)
            self._count(endpoint, lagged=1, lag_ns=lead_ns)
            self._count(before.endpoint, led=1, lead_ns=lead_ns)
            self._stats[before.endpoint] = self._stats[before.endpoint]._replace(lead_max_ns=longest)
        return Verdict.DUPLICATE

    def _count(self, endpoint: int, **more: int) -> None:
        stats = self.stats(endpoint)
        more = {name: min(getattr(stats, name) + by, _U64_MAX) for name, by in more.items()}
        self._stats[endpoint] = stats._replace(**more)


def content_of(lamports: int, data: bytes) -> bytes:
    """Returns what makes two copies of an account the same."""
    return hashlib.sha256(lamports.to_bytes(8, "little") + data).digest()[:HASH_BYTES]


def _sized(raw: bytes, size: int) -> bytes:
    if len(raw) != size:
        message = f"{len(raw)} bytes in the race, expected {size}"
        raise ValueError(message)
    return raw


def _key(text: str) -> bytes:
    key = base58.decode(text)
    if key is None:
        message = f"key was {text}"
        raise ValueError(message)
    return key


def _version(write_version: int | None) -> int:
    return -1 if write_version is None else write_version
