"""Program-derived addresses: SHA-256 of seeds, bump, program and a marker, off the curve of ed25519."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.chain import base58

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_SEED_LEN = 32
"""Longest seed in bytes."""
MAX_SEEDS = 16
"""Most seeds of an address, the bump counted."""
DEFAULT_CAPACITY = 16_384
"""Entries kept unless another bound is asked for: all pools of the top pairs, and half as many more."""

_MARKER = b"ProgramDerivedAddress"
_P = 2**255 - 19
_D = -121_665 * pow(121_666, -1, _P) % _P


class PdaError(ValueError):
    """Why no address can be derived."""


class Derivation(NamedTuple):
    """What an address is derived from."""

    program: bytes
    seeds: tuple[bytes, ...]


def is_on_curve(key: bytes) -> bool:
    """Returns whether a key is the compressed y of a point of ed25519, the sign bit apart.

    A point exists iff x² = (y² - 1) / (d·y² + 1) has a root; numerator × denominator is then 0 or a square (Euler).
    Raises `PdaError` unless the key is 32 bytes.

    >>> is_on_curve(bytes([1] + [0] * 31)), is_on_curve(bytes([2] + [0] * 31))
    (True, False)
    """
    check_size(key, "key")
    y = int.from_bytes(key, "little") % 2**255
    square = y * y % _P
    product = (square - 1) * (_D * square + 1) % _P
    return pow(product, (_P - 1) // 2, _P) in (0, 1)


def create(seeds: Sequence[bytes], program: bytes) -> bytes:
    """Returns the address of a program's seeds, the bump among them.

    Raises `PdaError` for a seed above 32 bytes, more than 16 seeds, a program that is not 32 bytes, or a hash that is a
    point of the curve.

    >>> address, bump = find([b"pool-authority"], bytes(32))
    >>> create([b"pool-authority", bytes([bump])], bytes(32)) == address
    True
    """
    _check(seeds, program, 0)
    key = hashlib.sha256(b"".join(seeds) + program + _MARKER).digest()
    if is_on_curve(key):
        message = f"{base58.encode(key)} is a point of the curve"
        raise PdaError(message)
    return key


def find(seeds: Sequence[bytes], program: bytes) -> tuple[bytes, int]:
    """Returns the address of a program's seeds and the highest bump, 255 to 1, that takes it off the curve.

    Raises `PdaError` for a seed above 32 bytes, more than 15 seeds and the bump, or a program that is not 32 bytes.

    >>> owner = base58.decode("CAMMCzo5YL8w4VFF8KVHrK22GGUsp5VTaW7grrKgrWqK")
    >>> base58.encode(find([b"amm_config", bytes([0, 1])], owner)[0])
    'E64NGkDLLCdQ2yFNPcavaKptrEgmiQaNykUuLC1Qgwyp'
    """
    _check(seeds, program, 1)
    start = hashlib.sha256(b"".join(seeds))
    for bump in range(255, 0, -1):
        each = start.copy()
        each.update(bytes([bump]) + program + _MARKER)
        if not is_on_curve(each.digest()):
            return each.digest(), bump
    message = "no bump from 255 to 1 gives an address off the curve"
    raise PdaError(message)


def find_many(wanted: Sequence[tuple[bytes, Sequence[bytes]]]) -> list[tuple[bytes, int]]:
    """Returns address and bump of each (program, seeds), as `find` gives them.

    Raises `PdaError` with the place in the batch of the first that `find` refuses.

    >>> find_many([(bytes(32), [b"a"])]) == [find([b"a"], bytes(32))]
    True
    """
    found = []
    for at, (program, seeds) in enumerate(wanted):
        try:
            found.append(find(seeds, program))
        except PdaError as error:
            message = f"derivation {at}: {error}"
            raise PdaError(message) from error
    return found


class AddressCache:
    """Addresses derived once: a bounded table, the oldest entry leaves first.

    Seeds that join to the same bytes share one entry, as they share one address.

    >>> cache = AddressCache(2)
    >>> cache.find([b"ab"], bytes(32)) == cache.find([b"a", b"b"], bytes(32))
    True
    >>> cache.counts()
    (1, 1, 0)
    """

    def __init__(self, capacity: int = DEFAULT_CAPACITY) -> None:
        if capacity == 0:
            message = "capacity was 0"
            raise PdaError(message)
        self._capacity = capacity
        self._found: dict[bytes, tuple[bytes, int]] = {}
        self._hits = self._misses = self._evicted = 0

    def __len__(self) -> int:
        """Returns how many addresses are here."""
        return len(self._found)

    def find(self, seeds: Sequence[bytes], program: bytes) -> tuple[bytes, int]:
        """Returns address and bump as `find` gives them, derived only if they aren't here yet. Raises `PdaError`."""
        _check(seeds, program, 1)
        key = program + b"".join(seeds)
        known = self._found.get(key)
        if known is not None:
            self._hits += 1
            return known
        self._misses += 1
        derived = find(seeds, program)
        if len(self._found) == self._capacity:
            del self._found[next(iter(self._found))]
            self._evicted += 1
        self._found[key] = derived
        return derived

    def counts(self) -> tuple[int, int, int]:
        """Returns how often an address was here, was not, and had to leave for a newer one."""
        return self._hits, self._misses, self._evicted


def _check(seeds: Sequence[bytes], program: bytes, bumps: int) -> None:
    check_size(program, "program")
    if len(seeds) + bumps > MAX_SEEDS:
        message = f"{len(seeds) + bumps} seeds, at most {MAX_SEEDS}"
        raise PdaError(message)
    for at, seed in enumerate(seeds):
        if len(seed) > MAX_SEED_LEN:
            message = f"seed {at} is {len(seed)} bytes, at most {MAX_SEED_LEN}"
            raise PdaError(message)


def check_size(key: bytes, name: str) -> None:
    """Raises `PdaError` unless a key is 32 bytes."""
    if len(key) != 32:
        message = f"{name} was {len(key)} bytes, not 32"
        raise PdaError(message)
