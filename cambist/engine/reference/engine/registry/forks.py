"""Slots that fell out of a node's chain, and the accounts whose state came from them.

Such a state is rolled back to one that is rooted, where one is kept, and its pools are out until each of these accounts
is told again at a slot that stands. The clock alone is left: the next slot tells it anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.chain import base58
from cambist.engine.reference.engine.registry.intake import decode
from cambist.engine.reference.engine.registry.membership import note
from cambist.engine.reference.engine.slot_chain import floor
from cambist.engine.reference.venues.program import Role

if TYPE_CHECKING:
    from cambist.engine.reference.engine.registry import Registry
    from cambist.engine.reference.engine.registry.entries import Account
    from cambist.engine.reference.engine.slot_chain import Change


def fall(registry: Registry, channels: set[int], change: Change, root: int, carrier: int) -> None:
    """Takes what changed in the chain that these channels tell; `carrier` is asked again.

    What fell out of the chain and came back is not told again: an account that changed there is as doubtful as one
    whose state fell.
    """
    for key in sorted(registry.accounts):
        account = registry.accounts[key]
        if account.channel not in channels or account.role is Role.CLOCK:
            continue
        if account.kept is not None and floor(account.kept.slot, change.fallen) is not None:
            account.kept = None
        least = floor(account.slot, change.fallen)
        if change.back is not None and account.fell is not None and account.fell > root:
            least = change.back if least is None else max(least, change.back)
            if account.fork is not None:
                account.fork = max(account.fork, change.back)
        if account.count and account.fork is None and least is not None:
            roll_back(registry, account, account.slot, least, carrier)


def roll_back(registry: Registry, account: Account, fell: int, least: int, carrier: int) -> None:
    """Takes back what an account said, and asks for it; it counts again once told at slot `least` or later."""
    before = account.decoded
    account.fork, account.fell = least, max(fell, account.fell or 0)
    account.kept = account.first = account.second = None
    if account.rooted is not None and account.rooted.slot <= least:
        account.slot, account.owner, account.data = account.rooted
        account.decoded = decode(registry, account, account.owner, account.data)
        note(registry, account, before)
    for user in account.users:
        # Slots of the lost fork must not pass for closed ones on this one.
        registry.pools[user].closed_slot = 0
    registry.dirty.update(account.users)
    registry.refused.append("rolled_back")
    registry.needs.append(("account", base58.encode(account.key), 0, carrier))


def reported_from_fork(registry: Registry, key: bytes, slot: int, least: int, carrier: int) -> None:
    """Takes that an account was told at a slot that doesn't stand: what it is on this fork is not known.

    It may have changed there alone, and the chain may come back to that slot without telling it again.
    """
    registry.refuse("forked", f"account {base58.encode(key)} told at slot {slot}, which fell out of the chain")
    account = registry.accounts[key]
    if account.role is Role.CLOCK and account.count:
        return
    if account.count and account.fork is None:
        roll_back(registry, account, slot, least, carrier)
        return
    account.fell = max(slot, account.fell or 0)
    registry.needs.append(("account", base58.encode(key), 0, carrier))
