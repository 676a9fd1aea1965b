"""What becomes of gaps: when a cycle pays after costs, when it stops, and which landed transaction closed it.

A gap begins at the first moment at which a cycle's decision leaves something and ends at the first one that doesn't.
What can't be believed for a while (a torn pool, a stale book) neither keeps nor ends it; for too long, it is stale. An
end is told `SETTLE_SLOTS` later, when the logs of its slot are there.

Which transaction closed it is worked out from what the logs say of swaps on its legs: they are done again, one after
the other in the order in which they landed, on the gap's legs as they stood when it paid last. The first one after
which it leaves nothing is the taker.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from cambist.engine.reference.chain import base58
from cambist.engine.reference.chain.log_parser.parse import parse_logs
from cambist.engine.reference.engine.closer import Closer, Leg, Stand, Touch, closer_of
from cambist.engine.reference.engine.market.kind import Kind
from cambist.engine.reference.engine.registry.torn import told_slot
from cambist.engine.reference.engine.route import walk
from cambist.model.ends import Fate, GapEnd, Taker
from cambist.model.opportunity import End, encode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cambist.engine.reference.chain.log_parser.event import SwapEvent
    from cambist.engine.reference.chain.log_parser.parse import Logs as Parsed
    from cambist.engine.reference.engine.judging import Judge
    from cambist.engine.reference.engine.market import Market
    from cambist.engine.reference.engine.registry.entries import PoolEntry
    from cambist.engine.reference.engine.standing import Cycle, Moment
    from cambist.engine.reference.exchanges import Logs

SETTLE_SLOTS: Final = 2
"""Slots after which an end is told: by then the logs of its own are there."""
SETTLE_NS: Final = 5_000_000_000
"""The same where no slots come."""
MOST_BLIND_NS: Final = 5_000_000_000
"""A gap that can't be looked at for longer is given up."""
KEPT_SLOTS: Final = 64
MOST_LANDED: Final = 2_048
"""Landed transactions that are remembered: those of the last `KEPT_SLOTS` on the pools whose logs are read."""
MOST_CLOSING: Final = 1_024
"""Gaps whose ends wait to be told; of more the oldest are told at once."""
_MOST_NET: Final = (1 << 63) - 1
BLIND: Final = frozenset({"fork", "torn", "stale", "depeg"})
"""Reasons that say that the state can't be believed."""


@dataclass(slots=True)
class Gap:
    """A stretch of time in which a cycle pays."""

    found_ns: int
    found_slot: int
    paid_ns: int = 0
    paid_slot: int = 0
    best_net: int = 0
    last_net: int = 0
    amount_in: int = 0
    """The size at which it left that."""
    go: bool = False
    go_ns: int = 0
    """The first moment at which it was worth an order, 0 if none; sessions of earlier rules don't say."""
    sent: bool = False
    """Whether an order of ours went for it: how that ended says what could be caught of it."""
    ours: bool = False
    """Whether an order of ours went through one of its legs since it paid last."""
    legs: list[Leg] = field(default_factory=list)
    """As they stood then."""


class Closing(NamedTuple):
    """A gap that ended, and what is known of its end before the logs are read."""

    seq: int
    key: str
    base: str
    fate: Fate
    """`faded` as long as nobody is found who took it."""
    ended_ns: int
    ended_slot: int
    after: list[Stand]
    """How each leg stood when it ended; empty where it isn't asked who took it."""
    gap: Gap


class Landed(NamedTuple):
    """A transaction that landed and went through pools whose logs are read."""

    signature: bytes
    slot: int
    recv_ns: int
    program: bytes
    touches: list[Touch]


class Ends:
    """Landed transactions, and gaps that wait for their end to be told."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.number = 0
        self.closing: list[Closing] = []
        self.landed: OrderedDict[bytes, Landed] = OrderedDict()
        """By signature, in the order in which they were told."""
        self._wanted: dict[bytes, None] = {}
        """Signatures of takers whose payer is to be found out."""

    def look(self, moment: Moment, cycle: Cycle) -> None:
        """Looks whether a cycle pays by its decision of this moment: its gap begins, goes on or ends."""
        last, gap = cycle.last, cycle.gap
        if last is None or last.net is None or last.reason in BLIND:
            if gap is not None and moment.now_ns - gap.paid_ns > MOST_BLIND_NS:
                self._begin(moment, cycle, Fate.STALE)
            return
        if last.net <= 0:
            self._close(moment, cycle)
            return
        if gap is None:
            gap = cycle.gap = Gap(moment.now_ns, moment.slot, best_net=last.net)
        legs = _legs(self.market, cycle.edges, last.amount_in)
        if legs:
            gap.legs = legs
        gap.paid_ns, gap.paid_slot = moment.now_ns, moment.slot
        gap.best_net, gap.last_net = max(gap.best_net, last.net), last.net
        if last.go and not gap.go:
            gap.go_ns = moment.now_ns
        gap.amount_in, gap.go, gap.ours = last.amount_in, gap.go or last.go, False

    def overlook(self, moment: Moment, cycle: Cycle) -> None:
        """Looks at the gap of a cycle that is known by its estimate alone: while it pays by that it goes on.

        What it leaves then is what it pays at the size that it had, at the costs that it had.
        """
        gap = cycle.gap
        if gap is None:
            return
        if not cycle.pays:
            self._close(moment, cycle)
            return
        legs = _legs(self.market, cycle.edges, gap.amount_in)
        if not legs or not gap.legs:
            return
        left = _gross(legs) - _gross(gap.legs) + gap.last_net
        if 0 < left <= _MOST_NET:
            gap.legs, gap.last_net, gap.best_net = legs, left, max(gap.best_net, left)
            gap.paid_ns, gap.paid_slot = moment.now_ns, moment.slot

    def drop(self, moment: Moment, cycle: Cycle, how: End) -> None:
        """Ends the gap of a cycle that stands no more."""
        if how is End.CROWDED:
            self._begin(moment, cycle, Fate.CROWDED)
        elif how is End.GONE:
            self._begin(moment, cycle, Fate.STALE)
        else:
            self._close(moment, cycle)

    def note_landed(self, event: Logs, now_ns: int) -> None:
        """Notes a transaction that went through a pool whose logs are read."""
        registry = self.market.registry
        at = registry.index.get(event.mentions or b"")
        if event.failed or at is None:
            return
        pool, logs = registry.pools[at], parse_logs(event.logs)
        called = [frame for frame, each in enumerate(logs.trace.frames) if each.program == pool.program]
        if called:
            touches = _touches(at, pool, logs)
            self.take(Landed(event.signature, event.slot, now_ns, _outermost(logs, called[0]), touches))

    def sent(self, cycle: Cycle) -> None:
        """Notes that an order of ours goes for the gap of a cycle."""
        if cycle.gap is not None:
            cycle.gap.sent = True

    def tell(self, moment: Moment, judge: Judge) -> list[bytes]:
        """Returns the ends that are due, encoded; the judge learns what could have been caught."""
        told: list[bytes] = []
        if due := self._due(moment):
            landed = list(self.landed.values())
            by_pool = _by_pool(landed)
            for closing in due:
                self.number += 1
                end = _end(self.number, closing, landed, by_pool)
                judge.watch(end, sent=closing.gap.sent)
                if end.taker is not None and end.go:
                    self._want(end.taker)
                told.append(encode(end) + b"\n")
        while self.landed and next(iter(self.landed.values())).slot + KEPT_SLOTS < moment.slot:
            self.landed.popitem(last=False)
        return told

    def take_wanted(self) -> list[bytes]:
        """Returns the takers, each once, that closed gaps worth an order and were told since the last time."""
        wanted = list(self._wanted)
        self._wanted.clear()
        return wanted

    def _want(self, taker: Taker) -> None:
        signature = base58.decode_signature(taker.signature)
        assert signature is not None
        self._wanted[signature] = None

    def _close(self, moment: Moment, cycle: Cycle) -> None:
        if cycle.gap is not None:
            fate = Fate.OURS if cycle.gap.ours else Fate.FADED
            self._begin(moment, cycle, fate, [_stand(self.market, edge) for edge in cycle.edges])

    def _begin(self, moment: Moment, cycle: Cycle, fate: Fate, after: Sequence[Stand] = ()) -> None:
        """Lets a gap wait for its end to be told."""
        gap, cycle.gap = cycle.gap, None
        if gap is not None:
            ended = moment.now_ns, moment.slot
            self.closing.append(Closing(moment.seq, cycle.key, cycle.base, fate, *ended, list(after), gap))

    def take(self, landed: Landed) -> None:
        """Takes over a landed transaction, or further pools of one that is known."""
        known = self.landed.get(landed.signature)
        if known is not None:
            pools = {touch.pool for touch in known.touches}
            known.touches.extend(touch for touch in landed.touches if touch.pool not in pools)
            return
        if len(self.landed) == MOST_LANDED:
            self.landed.popitem(last=False)
        self.landed[landed.signature] = landed

    def _due(self, moment: Moment) -> list[Closing]:
        """Takes out the gaps whose ends are to be told, in the order in which they ended."""
        self.closing.sort(key=lambda each: (each.seq, each.key))
        over = len(self.closing) - MOST_CLOSING
        due: list[Closing] = []
        waiting: list[Closing] = []
        for at, each in enumerate(self.closing):
            (due if at < over or _is_due(each, moment) else waiting).append(each)
        self.closing = waiting
        return due


def _is_due(closing: Closing, moment: Moment) -> bool:
    return moment.slot >= closing.ended_slot + SETTLE_SLOTS or moment.now_ns - closing.ended_ns > SETTLE_NS


def _by_pool(landed: Sequence[Landed]) -> dict[int, list[int]]:
    """Returns the places of the landed transactions that went through each pool."""
    by_pool: dict[int, list[int]] = defaultdict(list)
    for at, each in enumerate(landed):
        for touch in each.touches:
            by_pool[touch.pool].append(at)
    return by_pool


def _end(number: int, closing: Closing, landed: Sequence[Landed], by_pool: Mapping[int, Sequence[int]]) -> GapEnd:
    gap, fate, taker, contested = closing.gap, closing.fate, None, 0
    if fate is Fate.FADED:
        pools = {leg.pool for leg in gap.legs if leg.pool is not None}
        through = [landed[at] for at in sorted({at for pool in pools for at in by_pool.get(pool, ())})]
        moved = [(each.slot, each.touches) for each in through]
        found, contested = closer_of(Closer(gap.legs, closing.after, gap.amount_in, gap.last_net), moved)
        fate = Fate.FADED if found is None else Fate.TAKEN
        taker = None if found is None else _taker(through[found], gap.legs)
    return GapEnd(
        number=number,
        key=closing.key,
        base=closing.base,
        fate=fate,
        found_ns=gap.found_ns,
        found_slot=gap.found_slot,
        paid_ns=gap.paid_ns,
        paid_slot=gap.paid_slot,
        ended_ns=closing.ended_ns,
        ended_slot=closing.ended_slot,
        best_net=gap.best_net,
        last_net=gap.last_net,
        go=gap.go,
        go_ns=gap.go_ns,
        contested=contested,
        taker=taker,
    )


def _taker(landed: Landed, legs: list[Leg]) -> Taker:
    pools = {touch.pool for touch in landed.touches}
    return Taker(
        signature=base58.encode_signature(landed.signature),
        slot=landed.slot,
        recv_ns=landed.recv_ns,
        program=base58.encode(landed.program),
        legs=sum(leg.pool in pools for leg in legs),
    )


def _legs(market: Market, edges: Sequence[int], amount_in: int) -> list[Leg]:
    """Returns the legs of a cycle as they stand; none if one can't be quoted."""
    hops = walk(market, list(edges), amount_in)
    if isinstance(hops, str):
        return []
    legs: list[Leg] = []
    for edge, hop in zip(edges, hops, strict=True):
        behind, (slot, weight) = market.edges[edge], _stand(market, edge)
        at = behind.at if behind.kind is Kind.POOL else None
        legs.append(Leg(at, behind.first, slot, weight or 0, hop.amount_in, hop.amount_out))
    return legs


def _gross(legs: Sequence[Leg]) -> int:
    return legs[-1].amount_out - legs[0].amount_in


def _stand(market: Market, edge: int) -> Stand:
    """Returns the slot of the state behind an edge, 0 off the chain, and its weight."""
    behind = market.edges[edge]
    slot = told_slot(market.registry, market.registry.pools[behind.at]) if behind.kind is Kind.POOL else 0
    return slot, market.graph.weight(edge)


def _touches(at: int, pool: PoolEntry, logs: Parsed) -> list[Touch]:
    """Returns what a transaction swapped on a pool; one without amounts where its logs don't say."""
    events = [swap.event for swap in logs.swaps]
    own = [event for event in events if event.pool == pool.address]
    unnamed = [event for event in events if event.pool is None and event.venue == pool.venue]
    if not own and len(unnamed) == 1:
        own = unnamed
    touches = [Touch(at, _sells_a(pool, event), event.amount_in, event.amount_out) for event in own]
    if not touches or any(touch.sells_a is None for touch in touches):
        return [Touch(at, None, 0, 0)]
    return touches


def _sells_a(pool: PoolEntry, event: SwapEvent) -> bool | None:
    if event.a_to_b is not None:
        return event.a_to_b
    if event.mint_in is None or pool.mints is None or event.mint_in not in pool.mints:
        return None
    return event.mint_in == pool.mints[0]


def _outermost(logs: Parsed, frame: int) -> bytes:
    """Returns the program by whose instruction a frame came about."""
    frames = logs.trace.frames
    parent = frames[frame].parent
    while parent is not None:
        frame, parent = parent, frames[parent].parent
    return frames[frame].program
