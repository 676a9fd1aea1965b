"""Tokens as nodes, (pool, direction) as edges; parallel edges stay.

An edge's weight is −log2 of its marginal rate net of fee in units of 2^-40, `None` while it is out of detection (torn,
stale, not tradable). An update touches only its own edge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_WEIGHT: Final = 1 << 47
"""Largest magnitude of a weight: the log2 of any ratio of two u128 lies strictly inside."""
MAX_NODES: Final = 1 << 14
"""Most nodes a graph takes, so that no sum of weights along a simple path can leave an i64."""


class GraphError(ValueError):
    """A change the graph refused; the text starts with the reason."""


class Graph:
    """A directed multigraph with string keys on nodes and names on edges."""

    def __init__(self) -> None:
        self.weights: list[int | None] = []
        """By edge; read-only outside."""
        self.tails: list[int] = []
        self.heads: list[int] = []
        self.names: list[str] = []
        self.outward: list[list[int]] = []
        self.inward: list[list[int]] = []
        self._keys: list[str] = []
        self._nodes: dict[str, int] = {}
        self._ids: dict[str, int] = {}
        self._twins: list[int | None] = []
        self._between: dict[tuple[int, int], list[int]] = {}

    def add_node(self, key: str) -> int:
        """Returns the id of the node `key`, which is added if it is new. Raises `GraphError` beyond `MAX_NODES`."""
        if key in self._nodes:
            return self._nodes[key]
        if len(self._keys) >= MAX_NODES:
            msg = "too_many_nodes"
            raise GraphError(msg)
        self._nodes[key] = node = len(self._keys)
        self._keys.append(key)
        self.outward.append([])
        self.inward.append([])
        return node

    def add_edge(self, tail: int, head: int, name: str) -> int:
        """Returns the id of a new edge without a weight.

        Names that differ only in a final `:0` and `:1` are the two directions of one pool and become twins. Raises
        `GraphError` on an unknown node, a self loop, a known name, or a twin that joins other nodes.
        """
        for node in (tail, head):
            if not 0 <= node < len(self._keys):
                msg = f"unknown_node: {node}"
                raise GraphError(msg)
        if tail == head:
            msg = f"self_loop: {name}"
            raise GraphError(msg)
        if name in self._ids:
            msg = f"duplicate_edge: {name}"
            raise GraphError(msg)
        twin = self._ids.get(_sibling(name))
        if twin is not None:
            if (self.tails[twin], self.heads[twin]) != (head, tail):
                msg = f"twin_ends_differ: {name}"
                raise GraphError(msg)
            self._twins[twin] = len(self.names)
        self._ids[name] = edge = len(self.names)
        self._twins.append(twin)
        self.weights.append(None)
        self.tails.append(tail)
        self.heads.append(head)
        self.names.append(name)
        self.outward[tail].append(edge)
        self.inward[head].append(edge)
        self._between.setdefault((tail, head), []).append(edge)
        return edge

    def set_weight(self, edge: int, weight: int | None) -> None:
        """Sets an edge's weight; `None` takes it out of detection. Tell the potentials afterwards.

        Raises `GraphError` on an unknown edge or a weight beyond `MAX_WEIGHT`; nothing changed.
        """
        if not 0 <= edge < len(self.names):
            msg = f"unknown_edge: {edge}"
            raise GraphError(msg)
        if weight is not None and abs(weight) > MAX_WEIGHT:
            msg = f"weight_out_of_range: {weight}"
            raise GraphError(msg)
        self.weights[edge] = weight

    def weight(self, edge: int) -> int | None:
        """Returns the weight, `None` while the edge is out of detection."""
        return self.weights[edge]

    def tail(self, edge: int) -> int:
        """Returns the node an edge leaves (`from` in Rust)."""
        return self.tails[edge]

    def head(self, edge: int) -> int:
        """Returns the node an edge enters (`to` in Rust)."""
        return self.heads[edge]

    def out_edges(self, node: int) -> Sequence[int]:
        """Returns the edges leaving a node, in edge-id order."""
        return self.outward[node]

    def in_edges(self, node: int) -> Sequence[int]:
        """Returns the edges entering a node, in edge-id order."""
        return self.inward[node]

    def between(self, tail: int, head: int) -> Sequence[int]:
        """Returns the parallel edges between two nodes, in edge-id order."""
        return self._between.get((tail, head), ())

    def twin(self, edge: int) -> int | None:
        """Returns the other direction of the same pool or book."""
        return self._twins[edge]

    def name(self, edge: int) -> str:
        """Returns an edge's name."""
        return self.names[edge]

    def find_edge(self, name: str) -> int | None:
        """Returns the edge of that name."""
        return self._ids.get(name)

    def node_key(self, node: int) -> str:
        """Returns a node's key."""
        return self._keys[node]

    def find_node(self, key: str) -> int | None:
        """Returns the node of that key."""
        return self._nodes.get(key)

    def node_count(self) -> int:
        """Returns how many nodes there are."""
        return len(self._keys)

    def edge_count(self) -> int:
        """Returns how many edges there are."""
        return len(self.names)

    def canonical(self, cycle: Sequence[int]) -> list[int]:
        """Returns the cycle rotated so that the smallest edge name (byte order) is first."""
        if not cycle:
            return []
        first = min(range(len(cycle)), key=lambda at: self.names[cycle[at]].encode())
        return [*cycle[first:], *cycle[:first]]

    def cycle_key(self, cycle: Sequence[int]) -> str:
        """Returns the canonical key of a cycle in any rotation: its names in canonical order, joined by `|`."""
        return "|".join(self.names[edge] for edge in self.canonical(cycle))

    def total(self, cycle: Sequence[int]) -> int | None:
        """Returns the sum of the weights, `None` if an edge has none."""
        total = 0
        for edge in cycle:
            weight = self.weights[edge]
            if weight is None:
                return None
            total += weight
        return total


def _sibling(name: str) -> str:
    """Returns the name of the other direction, empty if the name ends in none."""
    stem, colon, side = name.rpartition(":")
    return f"{stem}:{'10'[int(side)]}" if colon and side in ("0", "1") else ""
