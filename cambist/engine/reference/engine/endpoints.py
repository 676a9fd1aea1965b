"""Nodes as reporters of accounts: which one speaks, what it may advance, and who takes over where one lags or lies.

A node's socket and its HTTP side, which share a feed's name, are one endpoint: one chain of slots judges both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.aggregate.wss_aggregator import content_of
from cambist.engine.reference.chain import base58
from cambist.engine.reference.engine.moved import weigh_changed
from cambist.engine.reference.engine.race import lose_socket
from cambist.engine.reference.engine.registry import forks, intake, torn
from cambist.engine.reference.engine.registry.entries import Reporter
from cambist.engine.reference.engine.slot_chain import SAME

if TYPE_CHECKING:
    from cambist.engine.reference.engine import ReferenceEngine
    from cambist.engine.reference.engine.channels import ChannelState
    from cambist.engine.reference.exchanges import Account, Slot

MOST_SLOTS_OFF = 32
"""How far from the newest slot an account may be told: after as many a slot is final."""


def sockets_of(engine: ReferenceEngine, channel: ChannelState) -> list[ChannelState]:
    """Returns the sockets of a channel's endpoint: itself, or those that its HTTP side belongs to."""
    if channel.socket:
        return [channel]
    feed = channel.info.feed
    return [each for _, each in sorted(engine.channels.items()) if each.socket and each.info.feed == feed]


def account(engine: ReferenceEngine, channel: ChannelState, event: Account, now_ns: int) -> None:
    """Takes an account as a node told it, if that node and its slot can be believed."""
    registry, at = engine.market.registry, channel.info.id
    sockets = sockets_of(engine, channel)
    if any(socket.quarantine for socket in sockets):
        registry.refused.append("quarantined")
        return
    if event.lamports == 0 and not event.data:
        intake.lose(registry, event.key, event.slot)
        return
    content = content_of(event.lamports, event.data) if engine.race.sockets else None
    if channel.socket and content is not None and event.key in registry.accounts:
        engine.race.account(at, event, content, now_ns)
    if not intake.knows(registry, event.key, event.owner, event.data):
        return
    if _is_off(engine, channel, event) or _is_forked(engine, sockets, event):
        return
    reporter = Reporter(
        at,
        channel.socket,
        min((socket.info.id for socket in sockets), default=at),
        not is_behind(engine, channel),
        max((socket.chain.root for socket in sockets), default=0),
        content,
    )
    intake.take(registry, event.key, event.slot, event.owner, event.data, reporter)
    if registry.lied:
        registry.lied = False
        quarantine(engine, sockets, registry.errors[-1])


def is_believed(engine: ReferenceEngine, channel: ChannelState, slot: int) -> bool:
    """Returns whether a node is believed that an account doesn't exist at this slot."""
    sockets = sockets_of(engine, channel)
    return not any(socket.quarantine or socket.chain.floor(slot) is not None for socket in sockets)


def _is_off(engine: ReferenceEngine, channel: ChannelState, event: Account) -> bool:
    """Refuses what was told at a slot far from the newest; if it is news, the account is in doubt."""
    newest, registry = engine.market.slot, engine.market.registry
    if newest is None or abs(event.slot - newest) <= MOST_SLOTS_OFF:
        return False
    reason = "old_slot" if event.slot < newest else "future_slot"
    name = base58.encode(event.key)
    registry.refuse(reason, f"account {name} told at slot {event.slot}, the newest is {newest}")
    known = registry.accounts[event.key]
    if not known.accepts(event.slot, channel.info.id, socket=channel.socket):
        return True
    if known.count and not known.suspect:
        known.suspect = True
        registry.dirty.update(known.users)
    registry.needs.append(("account", name, 0, None))
    return True


def _is_forked(engine: ReferenceEngine, sockets: list[ChannelState], event: Account) -> bool:
    """Refuses what was told at a slot that the node's newest one does not descend from."""
    for socket in sockets:
        floor = socket.chain.floor(event.slot)
        if floor is not None:
            forks.reported_from_fork(engine.market.registry, event.key, event.slot, floor, socket.info.id)
            return True
    return False


def slot(engine: ReferenceEngine, channel: ChannelState, event: Slot, now_ns: int) -> None:
    """Takes a slot that a node announced."""
    weigh_changed(engine, now_ns)
    registry, market = engine.market.registry, engine.market
    if event.parent >= event.slot or event.root > event.slot:
        registry.refuse("bad_slot", f"slot {event.slot} has parent {event.parent} and root {event.root}")
        return
    change = channel.chain.take(event.slot, event.parent, event.root) if channel.socket else SAME
    if change is not SAME:
        at, feed = channel.info.id, channel.info.feed
        sides = [each for each in engine.channels.values() if each.solana and each.info.feed == feed]
        own = {each.info.id for each in sides if not each.socket or each.info.id == at}
        forks.fall(registry, own, change, channel.chain.root, at)
    if not channel.announce(event.slot, now_ns) or channel.quarantine:
        return
    sockets = [each for each in engine.channels.values() if each.socket and not each.quarantine]
    torn.announce(registry, event.slot, {each.info.id: each.slot for each in sockets if each.slot is not None})
    if market.slot is None or event.slot > market.slot:
        market.slot, market.slot_ns = event.slot, now_ns
    pass_on(engine)


def is_behind(engine: ReferenceEngine, channel: ChannelState) -> bool:
    """Returns whether a socket is too many slots behind the best one to be believed."""
    behind = slots_behind(engine, channel)
    return behind is not None and behind > engine.setup.gates.max_slot_lag


def slots_behind(engine: ReferenceEngine, channel: ChannelState) -> int | None:
    """Returns by how many slots a socket trails the newest one; `None` before it announced any."""
    if not channel.socket or channel.slot is None or engine.market.slot is None:
        return None
    return max(0, engine.market.slot - channel.slot)


def pass_on(engine: ReferenceEngine) -> None:
    """Lets the pools that a lagging socket carries follow one that keeps up and tells all of their accounts."""
    registry = engine.market.registry
    carriers = {pool.carrier for pool in registry.pools} if engine.race.sockets else set()
    for late in engine.race.sockets:
        if late not in carriers or not is_behind(engine, engine.channels[late]):
            continue
        for other in engine.race.sockets:
            socket = engine.channels[other]
            if other != late and socket.slot is not None and socket.is_believed and not is_behind(engine, socket):
                torn.hand_over(registry, late, other, socket.session.accounts(), whole=True)


def quarantine(engine: ReferenceEngine, sockets: list[ChannelState], why: str) -> None:
    """Takes nothing more of an endpoint that said what can't be so, until it connects anew."""
    for socket in sockets:
        socket.quarantine = why
        engine.market.registry.refused.append("quarantine")
        torn.doubt(engine.market.registry, socket.info.id)
        lose_socket(engine, socket.info.id)
