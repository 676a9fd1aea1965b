"""Which call asked for which, and the log frame of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.chain.tx_parser.read import MAX_CALLS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.engine.reference.chain.log_parser.trace import Frame, Trace
    from cambist.engine.reference.chain.tx_parser.message import Instruction


class Node(NamedTuple):
    """One call of a program in a transaction."""

    program: bytes
    accounts: list[bytes]
    """Empty if only the logs know of the call."""
    data: bytes
    instruction: int
    inner: int | None
    depth: int
    parent: int | None
    """The call that asked for it, by its place in the list."""
    frame: int | None
    """The frame of the trace that is this call."""


def nodes_of(
    top: Sequence[Instruction], inner: Sequence[list[Instruction]], trace: Trace | None
) -> tuple[list[Node], bool]:
    """Returns the calls in the order in which they happened, and whether the frames are theirs one by one."""
    frames = [] if trace is None else trace.frames
    fits = trace is not None and trace.misfits == 0 and len(frames) <= MAX_CALLS
    groups = _groups(frames) if fits else []
    nodes: list[Node] = []
    at_group = 0
    for at, (call, asked) in enumerate(zip(top, inner, strict=True)):
        own: list[int] = []
        # A call without frames is one that the runtime makes itself, or one after the end of the logs.
        if at_group < len(groups) and frames[groups[at_group][0]].program == call.program:
            own = groups[at_group]
            at_group += 1
        fits &= _add(nodes, at, call, asked, own, frames)
    return nodes, fits and at_group == len(groups)


def _groups(frames: Sequence[Frame]) -> list[list[int]]:
    """Returns the frames of each call of the transaction itself."""
    groups: list[list[int]] = []
    for at, frame in enumerate(frames):
        if groups and frame.depth > 1:
            groups[-1].append(at)
        else:
            groups.append([at])
    return groups


def _add(
    nodes: list[Node],
    instruction: int,
    call: Instruction,
    asked: Sequence[Instruction],
    own: Sequence[int],
    frames: Sequence[Frame],
) -> bool:
    """Adds one instruction and those it asked for; returns whether its frames are theirs."""
    first = len(nodes)
    nodes.append(
        Node(call.program, call.accounts, call.data, instruction, None, 1, None, own[0] if own else None),
    )
    fits = known = True
    rest = own[1:]
    for at in range(max(len(asked), len(rest))):
        frame = frames[rest[at]] if at < len(rest) else None
        if at < len(asked):
            inner = asked[at]
            if frame is not None:
                height = inner.height if inner.height is not None else frame.depth
                known = known and frame.program == inner.program and height == frame.depth
            fits = fits and known and (frame is not None or not own)
            depth = inner.height
            if depth is None:
                depth = frame.depth if frame is not None and known else 2
            node = Node(inner.program, inner.accounts, inner.data, instruction, at, min(max(depth, 2), 64), None, None)
            if frame is not None and known:
                node = node._replace(frame=rest[at])
        elif frame is not None and known:
            fits = fits and not asked
            node = Node(frame.program, [], b"", instruction, at, frame.depth, None, rest[at])
        else:
            break
        above = next((at for at in range(len(nodes) - 1, first - 1, -1) if nodes[at].depth < node.depth), None)
        nodes.append(node._replace(parent=above))
    return fits
