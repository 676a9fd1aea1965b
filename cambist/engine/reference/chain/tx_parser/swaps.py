"""Swaps of the calls: events, accounts and transfers brought together."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from cambist.engine.reference.chain.log_parser.event import CPI_EVENT
from cambist.engine.reference.chain.program import WRAPPED_SOL
from cambist.engine.reference.chain.reader import LayoutError
from cambist.engine.reference.chain.tx_parser.transfer import Transfer, transfers_of
from cambist.engine.reference.venues import program_of
from cambist.engine.reference.venues.events import decode_event, decode_fill_data
from cambist.engine.reference.venues.slab_decoder import Lots, SlabError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cambist.engine.reference.chain.log_parser.event import SwapEvent
    from cambist.engine.reference.chain.log_parser.fill import FillEvent
    from cambist.engine.reference.chain.log_parser.parse import Logs
    from cambist.engine.reference.chain.tx_parser.read import Balances
    from cambist.engine.reference.chain.tx_parser.tree import Node
    from cambist.engine.reference.venues.program import Program
    from cambist.engine.reference.venues.swap_layout import Layout

T = TypeVar("T")
Sides = tuple[T | None, T | None]
"""What went in and what came out, each `None` if unknown."""
_SHORTEST = 8
"""Bytes of an instruction that may swap."""


class Place(NamedTuple):
    """Where a swap stands in its transaction."""

    program: bytes
    instruction: int
    """The transaction's instruction, from 0."""
    inner: int | None
    """The place among that instruction's inner ones; `None` if it is the instruction itself."""
    depth: int
    """1 for an instruction of the transaction itself."""
    router: bytes | None
    """The program that asked for the swap."""


class Swap(NamedTuple):
    """A swap of one pool. Amounts are atoms, as `SwapEvent` counts them."""

    venue: str
    place: Place
    pool: bytes | None
    mints: Sides[bytes]
    decimals: Sides[int]
    amounts: Sides[int]
    """The event's, else the transfers', else the balances'."""
    by_event: tuple[int, int] | None
    by_transfers: Sides[int]
    """What left the trader's account and what came to it, while the program ran."""
    by_balances: Sides[int]
    """What the pool's vaults gained and lost in the transaction; `None` if another swap uses the vault."""
    disagrees: bool
    """Whether two of them differ, or the event names another pool than the instruction. Balances count only where there
    are no transfers, and not where fees pass the vaults by."""
    price: tuple[int, int] | None
    """Atoms out and atoms in, in lowest terms; `None` if one is unknown or nothing went in."""


class Fill(NamedTuple):
    """A fill of an order book."""

    place: Place
    """Of the call that reports it."""
    event: FillEvent
    atoms: tuple[int, int] | None
    """Base and quote before fees; `None` if the market's lots are not given, or beyond a u64."""


class _Call(NamedTuple):
    """A call that may swap, and what is known of it."""

    node: Node
    program: Program
    layout: Layout | None
    events: list[SwapEvent]
    fills: list[FillEvent]
    transfers: list[Transfer]


def swaps_of(
    nodes: Sequence[Node],
    logs: Logs | None,
    balances: Balances,
    markets: Mapping[bytes, Lots],
    refused: list[str],
) -> tuple[list[Swap], list[Fill]]:
    """Returns the swaps of the calls, and the fills; events that can't be read are added to `refused`."""
    children: list[list[Node]] = [[] for _ in nodes]
    for node in nodes:
        if node.parent is not None:
            children[node.parent].append(node)
    calls: list[_Call] = []
    for node, asked in zip(nodes, children, strict=True):
        program = program_of(node.program)
        if program is None or program.is_router or node.data.startswith(CPI_EVENT):
            continue
        calls.append(_call(node, program, asked, logs, refused))
    uses = Counter(vault for call in calls if call.layout is not None for vault in call.layout.vaults)
    swaps: list[Swap] = []
    fills: list[Fill] = []
    for call in calls:
        router = None if call.node.parent is None else nodes[call.node.parent].program
        place = Place(call.node.program, call.node.instruction, call.node.inner, call.node.depth, router)
        fills += [Fill(place, fill, _atoms(fill, markets.get(fill.market))) for fill in call.fills]
        if call.layout is not None and len(call.events) <= 1:
            event = call.events[0] if call.events else None
            swap = _with_layout(call, place, event, call.layout, balances, uses)
            if event is not None or not call.program.is_book or any(swap.amounts):
                swaps.append(swap)
        else:
            swaps += [_with_event(call, place, event, balances) for event in call.events]
    return swaps, fills


def _call(node: Node, program: Program, asked: Iterable[Node], logs: Logs | None, refused: list[str]) -> _Call:
    handed: list[SwapEvent] = []
    fills: list[FillEvent] = []
    transfers: list[Transfer] = []
    for child in asked:
        transfers += transfers_of(child.program, child.accounts, child.data)
        if child.program != node.program:
            continue
        try:
            if program.fills is not None and program.fills.by_call and child.data.startswith(program.fills.tag):
                fills += decode_fill_data(node.program, child.data)
            elif child.data.startswith(CPI_EVENT):
                event = decode_event(node.program, child.data[8:])
                handed += [] if event is None else [event]
        except LayoutError as error:
            refused.append(str(error))
    # A program may both log an event and hand it to itself.
    events = handed.copy()
    if logs is not None and node.frame is not None:
        own = [each.event for each in logs.swaps if each.frame == node.frame]
        events += [event for event in own if event not in handed]
        fills += [each.event for each in logs.fills if each.frame == node.frame]
    if program.tells_twice:
        events = _once(events)
    layout = program.layout(node.accounts, node.data) if len(node.data) >= _SHORTEST else None
    return _Call(node, program, layout, events, fills, transfers)


def _atoms(fill: FillEvent, lots: Lots | None) -> tuple[int, int] | None:
    try:
        return lots and (lots.base_atoms(fill.base_lots), lots.quote_atoms(fill.price, fill.base_lots))
    except SlabError:
        return None


def _once(events: Sequence[SwapEvent]) -> list[SwapEvent]:
    """Returns the events without those that another, with fees, tells as well."""
    with_fees = {_same(event) for event in events if event.fees is not None}
    return [event for event in events if event.fees is not None or _same(event) not in with_fees]


def _same(event: SwapEvent) -> tuple[object, ...]:
    return event.pool, event.a_to_b, event.amount_in, event.amount_out


def _with_layout(
    call: _Call, place: Place, event: SwapEvent | None, layout: Layout, balances: Balances, uses: Counter[bytes]
) -> Swap:
    payer, payee = layout.users
    first = _first_in(layout, event, call.transfers, balances)
    vaults = None if first is None else layout.vaults if first else layout.vaults[::-1]
    mints = None if first is None or layout.mints is None else layout.mints if first else layout.mints[::-1]
    # Before the event named its fees, its amount is what reached the curve.
    to_curve = call.program.pays_fees_apart and event is not None and event.fees is None
    paid = [
        each
        for each in call.transfers
        if each.source == payer and (not to_curve or each.destination == layout.vaults[0])
    ]
    received = [each for each in call.transfers if each.destination == payee]

    def moved(side: int) -> int | None:
        if vaults is None or uses[vaults[side]] != 1 or vaults[side] not in balances.accounts:
            return None
        known = balances.accounts[vaults[side]]
        gain = known.after - known.before if side == 0 else known.before - known.after
        return gain if gain >= 0 else None

    def mint(side: int, named: bytes | None, transfers: Sequence[Transfer]) -> bytes | None:
        if named is not None:
            return named
        if mints is not None:
            return mints[side]
        if transfers and transfers[0].mint is not None:
            return transfers[0].mint
        for account in (None if vaults is None else vaults[side], layout.users[side]):
            if account is not None and account in balances.accounts:
                return balances.accounts[account].mint
        return None

    pool = None if event is None else event.pool
    return _weighed(
        call,
        place,
        balances,
        pool=layout.pool if pool is None else pool,
        mints=(
            mint(0, None if event is None else event.mint_in, paid),
            mint(1, None if event is None else event.mint_out, received),
        ),
        by_event=None if event is None else (event.amount_in, event.amount_out),
        by_transfers=(_sum(paid), _sum(received)),
        by_balances=(moved(0), moved(1)),
        other_pool=pool is not None and pool != layout.pool,
    )


def _first_in(
    layout: Layout, event: SwapEvent | None, transfers: Sequence[Transfer], balances: Balances
) -> bool | None:
    """Returns whether the first vault takes the input, `None` if nothing tells."""
    if layout.ordered:
        return True
    if event is not None and event.a_to_b is not None:
        return event.a_to_b
    for each in transfers:
        if each.source == layout.users[0] and each.destination in layout.vaults:
            return layout.vaults.index(each.destination) == 0
    known = [balances.accounts.get(vault) for vault in layout.vaults]
    gained = [balance is not None and balance.after > balance.before for balance in known]
    return gained[0] if gained[0] != gained[1] else None


def _with_event(call: _Call, place: Place, event: SwapEvent, balances: Balances) -> Swap:
    """A swap whose accounts are unknown: its transfers are those of its amounts."""
    amounts = [each.amount for each in call.transfers]
    paid_at = amounts.index(event.amount_in) if event.amount_in in amounts else None
    paid = None if paid_at is None else call.transfers[paid_at]
    after = call.transfers[0 if paid_at is None else paid_at + 1 :]
    received = next((each for each in after if each.amount == event.amount_out), None)

    def mint(named: bytes | None, transfer: Transfer | None) -> bytes | None:
        if named is not None or transfer is None:
            return named
        if transfer.mint is not None:
            return transfer.mint
        for account in (transfer.source, transfer.destination):
            if account in balances.accounts:
                return balances.accounts[account].mint
        return None

    return _weighed(
        call,
        place,
        balances,
        pool=call.program.market(call.node.accounts, call.node.data) if event.pool is None else event.pool,
        mints=(mint(event.mint_in, paid), mint(event.mint_out, received)),
        by_event=(event.amount_in, event.amount_out),
        by_transfers=(None if paid is None else paid.amount, None if received is None else received.amount),
        by_balances=(None, None),
        other_pool=False,
    )


def _weighed(
    call: _Call,
    place: Place,
    balances: Balances,
    *,
    pool: bytes | None,
    mints: Sides[bytes],
    by_event: tuple[int, int] | None,
    by_transfers: Sides[int],
    by_balances: Sides[int],
    other_pool: bool,
) -> Swap:
    amounts: list[int | None] = []
    disagrees = other_pool
    for side in (0, 1):
        event = None if by_event is None else by_event[side]
        sent, got = by_transfers[side], by_balances[side]
        amounts.append(_first(event, sent, got))
        other = _first(sent, None if call.program.balances_leak else got)
        disagrees |= event is not None and other is not None and event != other
    bought, sold = amounts[1], amounts[0]
    return Swap(
        call.program.venue,
        place,
        pool,
        mints,
        (_decimals(mints[0], call.transfers, balances), _decimals(mints[1], call.transfers, balances)),
        (sold, bought),
        by_event,
        by_transfers,
        by_balances,
        disagrees,
        _price(sold, bought),
    )


def _first(*amounts: int | None) -> int | None:
    return next((each for each in amounts if each is not None), None)


def _decimals(mint: bytes | None, transfers: Sequence[Transfer], balances: Balances) -> int | None:
    if mint is None:
        return None
    for each in transfers:
        if each.mint == mint:
            return each.decimals
    return balances.decimals.get(mint, 9 if mint == WRAPPED_SOL else None)


def _sum(transfers: Sequence[Transfer]) -> int | None:
    total = sum(each.amount for each in transfers)
    return total if transfers and total < 1 << 64 else None


def _price(sold: int | None, bought: int | None) -> tuple[int, int] | None:
    """Returns atoms out and atoms in, in lowest terms."""
    if not sold or bought is None:
        return None
    common = math.gcd(sold, bought)
    return bought // common, sold // common
