"""Inclusion proofs in SHA-256 trees: tip and token distributions, transactions of an entry, shreds of a batch.

For users of the engine: no screen and no order uses this.

An odd node is paired with itself. A proof is the siblings from the leaf up. Schemes are `sorted` (distributions: the
two children in byte order, so that a proof needs no place), `ordered` (transactions of an entry: children in place) and
`shred` (children in place and cut to 20 bytes, as are the entries of a proof).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class MerkleError(ValueError):
    """Why a tree or proof is none."""


class _Scheme(NamedTuple):
    leaf_prefix: bytes
    node_prefix: bytes
    entry_len: int
    is_sorted: bool

    def leaf(self, item: bytes) -> bytes:
        return hashlib.sha256(self.leaf_prefix + item).digest()

    def node(self, left: bytes, right: bytes) -> bytes:
        children = [left[: self.entry_len], right[: self.entry_len]]
        if self.is_sorted:
            children.sort()
        return hashlib.sha256(self.node_prefix + b"".join(children)).digest()


_SCHEMES = {
    "sorted": _Scheme(b"\0", b"\1", 32, is_sorted=True),
    "ordered": _Scheme(b"\0", b"\1", 32, is_sorted=False),
    "shred": _Scheme(b"\0SOLANA_MERKLE_SHREDS_LEAF", b"\1SOLANA_MERKLE_SHREDS_NODE", 20, is_sorted=False),
}


def root(scheme: str, items: Sequence[bytes]) -> bytes:
    """Returns the root of the tree over items, in their order. Raises `MerkleError` without items.

    >>> root("ordered", [b"test"]).hex()[:8]
    'dbebd10e'
    """
    return _levels(_scheme(scheme), items)[-1][0]


def prove(scheme: str, items: Sequence[bytes], indices: Sequence[int]) -> list[list[bytes]]:
    """Returns the proof of each leaf of one tree: siblings from the bottom up, 20 bytes each for shreds, else 32.

    Raises `MerkleError` without items and for a leaf outside the tree.

    >>> items = [b"a", b"b", b"c"]
    >>> verify("ordered", b"c", 2, 3, prove("ordered", items, [2])[0], root("ordered", items))
    True
    """
    kind = _scheme(scheme)
    levels = _levels(kind, items)
    proofs = []
    for index in indices:
        _check_index(index, len(items))
        siblings = []
        for height, level in enumerate(levels[:-1]):
            at = index >> height
            sibling = at ^ 1 if at ^ 1 < len(level) else at
            siblings.append(level[sibling][: kind.entry_len])
        proofs.append(siblings)
    return proofs


def verify(scheme: str, item: bytes, index: int, leaves: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Returns whether `item` is leaf `index` of the tree of `leaves` items with this root.

    Raises `MerkleError` for a leaf outside the tree, a proof without one entry a level, or a wrong size.

    >>> verify("sorted", b"test", 0, 1, [], root("sorted", [b"test"]))
    True
    """
    kind = _scheme(scheme)
    _sized(root, "root")
    _check_index(index, leaves)
    expected = (leaves - 1).bit_length()
    if len(proof) != expected:
        message = f"proof of {len(proof)} entries, not {expected}"
        raise MerkleError(message)
    _check_entries(kind, proof)
    found = kind.leaf(item)
    for height, sibling in enumerate(proof):
        found = kind.node(sibling, found) if index >> height & 1 else kind.node(found, sibling)
    return found == root


def verify_claim(claim: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Returns whether a distributor with this root pays `claim`; the chain knows neither place nor size of the tree.

    Raises `MerkleError` for a claim, root or entry of the proof that is not 32 bytes.

    >>> claim = tip_claim(bytes(32), 5)
    >>> verify_claim(claim, [], root("sorted", [claim]))
    True
    """
    kind = _SCHEMES["sorted"]
    _sized(claim, "claim")
    _sized(root, "root")
    _check_entries(kind, proof)
    found = kind.leaf(claim)
    for sibling in proof:
        found = kind.node(found, sibling)
    return found == root


def tip_claim(claimant: bytes, amount: int) -> bytes:
    """Returns the item that stands for a claim on a tip distribution, in lamports. Raises `MerkleError`.

    >>> len(tip_claim(bytes(32), 5))
    32
    """
    _sized(claimant, "claimant")
    return hashlib.sha256(claimant + amount.to_bytes(8, "little")).digest()


def distributor_claim(claimant: bytes, unlocked: int, locked: int) -> bytes:
    """Returns the item that stands for a claim on a token distributor, in atoms that are free and that vest.

    Raises `MerkleError` for a claimant that is not 32 bytes.

    >>> distributor_claim(bytes(32), 5, 0) == tip_claim(bytes(32), 5)
    False
    """
    _sized(claimant, "claimant")
    return hashlib.sha256(claimant + unlocked.to_bytes(8, "little") + locked.to_bytes(8, "little")).digest()


def _levels(kind: _Scheme, items: Sequence[bytes]) -> list[list[bytes]]:
    if not items:
        message = "a tree without leaves"
        raise MerkleError(message)
    levels = [[kind.leaf(item) for item in items]]
    while len(below := levels[-1]) > 1:
        pairs = [below[at : at + 2] for at in range(0, len(below), 2)]
        levels.append([kind.node(pair[0], pair[-1]) for pair in pairs])
    return levels


def _scheme(word: str) -> _Scheme:
    if word not in _SCHEMES:
        message = f"scheme was {word}, not sorted, ordered or shred"
        raise MerkleError(message)
    return _SCHEMES[word]


def _check_index(index: int, leaves: int) -> None:
    if index >= leaves:
        message = f"leaf {index} of a tree of {leaves}"
        raise MerkleError(message)


def _check_entries(kind: _Scheme, proof: Sequence[bytes]) -> None:
    for at, entry in enumerate(proof):
        if len(entry) != kind.entry_len:
            message = f"proof entry {at} was {len(entry)} bytes, not {kind.entry_len}"
            raise MerkleError(message)


def _sized(value: bytes, name: str) -> None:
    if len(value) != 32:
        message = f"{name} was {len(value)} bytes, not 32"
        raise MerkleError(message)
