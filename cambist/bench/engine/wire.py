"""Signatures and keys."""

from __future__ import annotations

import itertools
import random
from collections import deque
from typing import TYPE_CHECKING, Any

from cambist.bench.engine.case import Case, library, native
from cambist.engine.reference.aggregate.wss_aggregator import WssAggregator as ReferenceAggregator
from cambist.engine.reference.chain import base58 as base58_reference
from cambist.engine.reference.chain import pda as pda_reference
from cambist.engine.reference.venues import owned, pairs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MESSAGES = 1_000
WINDOW = 8_192
KEYS = 1_000
ADDRESSES = 100


def cases() -> Iterator[Case]:
    """Returns the cases of this file."""
    yield from _aggregator()
    yield from _base58()
    yield from _pda()


class _Deduplicator:
    """What an engineer writes in five minutes: a set and a deque."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()
        self._order: deque[bytes] = deque()

    def take(self, signatures: list[bytes]) -> int:
        """Returns how many were new."""
        seen, order, new = self._seen, self._order, 0
        for signature in signatures:
            if signature in seen:
                continue
            seen.add(signature)
            order.append(signature)
            new += 1
            if len(order) > WINDOW:
                seen.discard(order.popleft())
        return new


def _aggregator() -> Iterator[Case]:
    """A thousand signatures, half of them copies, into a full window.

    Each is a bytes object of its own that nobody has hashed yet, as a socket gives them: of one that was seen before
    Python would remember the hash. A batch comes as one.
    """
    rng = random.Random(7)
    pairs = ([rng.randbytes(64)] * 2 for _ in range(64 * MESSAGES // 2))
    whole = b"".join(itertools.chain.from_iterable(pairs))
    blobs = itertools.cycle([whole[at : at + 64 * MESSAGES] for at in range(0, len(whole), 64 * MESSAGES)])
    marks = bytes(MESSAGES)
    mine, plain = ReferenceAggregator(WINDOW), _Deduplicator()

    def fresh() -> tuple[bytes, list[bytes]]:
        blob = next(blobs)
        return blob, [blob[at : at + 64] for at in range(0, len(blob), 64)]

    def each(race: Any) -> Callable[..., None]:
        def run(given: tuple[bytes, list[bytes]]) -> None:
            for signature in given[1]:
                race.signature(0, signature, False, 0)

        return run

    extension = native()
    one, many = (extension.WssAggregator(WINDOW) for _ in range(2)) if extension else (None, None)
    name, size = "set + deque", f"{MESSAGES} messages, half copies"
    yield Case(
        "aggregator, one by one", size, MESSAGES, one and each(one), each(mine), name,
        lambda given: plain.take(given[1]), (("peer", 3.0),), fresh=fresh,
    )  # fmt: skip
    yield Case(
        "aggregator, batch", size, MESSAGES, many and (lambda given: many.signatures(0, given[0], marks, 0)),
        each(mine), name, lambda given: plain.take(given[1]), (("peer", 12.0),), fresh=fresh,
    )  # fmt: skip


def _each(call: Callable[..., Any], values: list[Any]) -> Callable[[], None]:
    """Returns a call that does each of them."""

    def run() -> None:
        for value in values:
            call(value)

    return run


def _base58() -> Iterator[Case]:
    rng = random.Random(7)
    keys = [rng.randbytes(32) for _ in range(KEYS)]
    texts = [base58_reference.encode(key) for key in keys]
    solders, size = library("solders.pubkey"), "32 bytes"
    known = [solders.Pubkey(key) for key in keys] if solders else []
    extension = native()
    encode, decode = (extension.base58_encode, extension.base58_decode) if extension else (None, None)
    yield Case(
        "base58 encode", size, KEYS, encode and _each(encode, keys), _each(base58_reference.encode, keys), "solders",
        _each(str, known) if solders else None, (("peer", 1.7), ("python", 50.0)),
    )  # fmt: skip
    yield Case(
        "base58 decode", size, KEYS, decode and _each(decode, texts), _each(base58_reference.decode, texts), "solders",
        _each(solders.Pubkey.from_string, texts) if solders else None, (("peer", 1.4), ("python", 50.0)),
    )  # fmt: skip
    packed = b"".join(keys)
    yield Case(
        "base58 encode, batch", size, KEYS, (lambda: extension.base58_encode_many(packed, 32)) if extension else None,
        lambda: base58_reference.encode_many(packed, 32), "solders", _each(str, known) if solders else None,
        (("peer", 1.8),),
    )  # fmt: skip
    yield Case(
        "base58 decode, batch", size, KEYS, (lambda: extension.base58_decode_many(texts, 32)) if extension else None,
        lambda: base58_reference.decode_many(texts, 32), "solders",
        _each(solders.Pubkey.from_string, texts) if solders else None, (("peer", 1.9),),
    )  # fmt: skip


def _pda() -> Iterator[Case]:
    """Tick arrays of Whirlpools: derived, and looked up after that."""
    rng = random.Random(7)
    owner, size = owned.WHIRLPOOL, "3 seeds, 46 bytes"
    arrays = [[b"tick_array", rng.randbytes(32), b"%04d" % at] for at in range(ADDRESSES)]

    def over(find: Callable[..., Any], owner: Any = owner) -> Callable[[], None]:
        def run() -> None:
            for seeds in arrays:
                find(seeds, owner)

        return run

    def cached(by: Any) -> Callable[[], None]:
        cache = by.PdaCache()
        run = over(cache.find)
        run()
        return run

    extension, solders = native(), library("solders.pubkey")
    peer = over(solders.Pubkey.find_program_address, solders.Pubkey(owner)) if solders else None
    derive, twin = over(extension.pda_find) if extension else None, over(pda_reference.find)
    yield Case("PDA derive", size, ADDRESSES, derive, twin, "solders", peer, (("peer", 3.0),))
    look, twin = cached(extension) if extension else None, cached(pairs)
    yield Case("PDA cached", size, ADDRESSES, look, twin, "solders", peer, limit_ns=100.0)
