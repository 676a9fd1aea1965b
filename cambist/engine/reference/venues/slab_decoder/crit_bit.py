"""The crit-bit trees of Serum and OpenBook: inner nodes split on the first bit that differs, leaves are orders."""

from __future__ import annotations

from typing import NamedTuple

from cambist.engine.reference.book.order_book import Side
from cambist.engine.reference.chain.reader import unsigned
from cambist.engine.reference.venues.slab_decoder.book import SlabError, follows

_INNER, _LEAF = 1, 2
_KEY = 8
_CHILDREN = 24


class Leaf(NamedTuple):
    """A leaf's number, where its bytes begin, and its key."""

    node: int
    at: int
    key: int


class Nodes(NamedTuple):
    """Nodes of one size; the first `allocated` of them were ever used."""

    layout: str
    data: bytes
    start: int
    size: int
    tag_size: int
    """Bytes of a node's tag: 4 in Serum, 1 in OpenBook v2."""
    allocated: int

    def leaves(self, side: Side, root: int, count: int, seen: set[int]) -> list[Leaf]:
        """Returns the leaves under `root`, best first, and marks the nodes as `seen`.

        Raises `SlabError` for an index that is out of range or reached twice, a tag that is neither inner node nor
        leaf, keys out of order, or another number of leaves than the account says.
        """
        found: list[Leaf] = []
        stack = [root] if count else []
        while stack:
            node = stack.pop()
            at = self._visit(node, seen)
            tag = unsigned(self.data, at, self.tag_size)
            if tag == _INNER:
                children = [unsigned(self.data, at + _CHILDREN, 4), unsigned(self.data, at + _CHILDREN + 4, 4)]
                stack += children if side is Side.BID else reversed(children)
            elif tag == _LEAF:
                key = unsigned(self.data, at + _KEY, 16)
                if found and not follows(side, found[-1].key, key):
                    msg = f"{self.layout}: node {node} is out of order"
                    raise SlabError(msg)
                found.append(Leaf(node, at, key))
            else:
                raise node_error(self.layout, node, "tag", tag)
        if len(found) != count:
            msg = f"{self.layout}: leaf count was {count}, found {len(found)}"
            raise SlabError(msg)
        return found

    def _visit(self, node: int, seen: set[int]) -> int:
        """Returns where a node that was not seen before begins."""
        check_unseen(self.layout, node, self.allocated, seen)
        return self.start + node * self.size


def check_unseen(layout: str, node: int, bound: int, seen: set[int]) -> None:
    """Marks a node as seen. Raises `SlabError` if it was before, or is not below `bound`."""
    if node >= bound:
        msg = f"{layout}: node index was {node}, expected below {bound}"
        raise SlabError(msg)
    if node in seen:
        msg = f"{layout}: node {node} is reached twice"
        raise SlabError(msg)
    seen.add(node)


def allocated(layout: str, bump: int, room: int) -> int:
    """Returns how many nodes were ever used. Raises `SlabError` if that is more than fit."""
    if bump > room:
        msg = f"{layout}: bump index was {bump}"
        raise SlabError(msg)
    return bump


def node_error(layout: str, node: int, field: str, was: int) -> SlabError:
    """Returns what is wrong with a node's field."""
    return SlabError(f"{layout}: node {node}: {field} was {was}")


def field_error(layout: str, field: str, was: int) -> SlabError:
    """Returns what is wrong with an account's field."""
    return SlabError(f"{layout}: {field} was {was}")
