"""Nodes of a chain that lag, fork and lie: rows 24 to 26."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.chain import base58
from cambist.fault_table.nodes import A, B, Nodes, two_nodes, until
from cambist.fault_table.problems import Problem
from cambist.fault_table.table import Outcome, Row, Scale, Tally, row
from cambist.model.opportunity import Need
from cambist.simulator.accounts import TokenBalance
from cambist.simulator.faults import cut, holding, owned_by

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.simulator.accounts import Account

FAILOVER_MS = 1_000.0


@row(24, "one of two nodes lags five slots, or is silent", "its pools pass to the other; failover ≤ 1 s")
async def laggards(this: Row, scale: Scale) -> Outcome:
    """Lets the node that carries all pools lag or fall silent, and asks when the other one carries them."""
    tally = Tally()
    async with two_nodes() as nodes:
        hub = nodes.hub
        await until(lambda: hub.carriers() == {A[0].id})
        for _ in range(scale.of(20, 2)):
            nodes.mine.lag_slots = 5
            await _passes(nodes, tally, B[0].id)
            tally.expect(hub.channel(A[0].id)["slots_behind"] > 2, Problem.LAG_UNTOLD, "the lag is not told")
            nodes.mine.lag_slots = 0
            await until(lambda: hub.channel(A[0].id)["slots_behind"] == 0)
            nodes.theirs.muted = True
            await _passes(nodes, tally, A[0].id)
            nodes.theirs.muted = False
            await until(hub.all_live)
        tally.frames = hub.seq
    late = max(tally.recoveries_ms, default=0.0)
    return tally.outcome(this, "slots take 100 ms here, 400 on the chain", met=late <= FAILOVER_MS)


async def _passes(nodes: Nodes, tally: Tally, to: int) -> None:
    tally.recoveries_ms.append(1e3 * await until(lambda: nodes.hub.carriers() == {to}))
    tally.trials += 1


@row(25, "a slot is dropped: its accounts never were", "state equal to the chain's for 10³ forks")
async def forks(this: Row, scale: Scale) -> Outcome:
    """Drops slots that one node told accounts of; the scripts of 10³ forks are a property test of the core."""
    tally = Tally()
    async with two_nodes() as nodes:
        hub, chain = nodes.hub, nodes.node.market.chain
        for _ in range(scale.of(100, 4)):
            before = hub.refused("rolled_back")
            account = chain.accounts[nodes.vault]
            assert isinstance(account, TokenBalance)
            slot = nodes.node.fork({nodes.vault: holding(account.amount * 3)(account)})
            took = await until(lambda slot=slot: (hub.view()["slot"] or 0) > slot)  # type: ignore[misc]
            took += await until(lambda before=before: hub.refused("rolled_back") > before)  # type: ignore[misc]
            took += await until(hub.all_live)
            tally.recoveries_ms.append(1e3 * took)
            tally.trials += 1
            tally.expect(
                hub.account(nodes.vault)["slot"] != slot,
                Problem.BELIEVED,
                "an account of the dropped slot is still believed",
            )
        left = [
            account["key"] for account in hub.state()["accounts"] if account["count"] and account["fork"] is not None
        ]
        tally.expect(not left, Problem.STATE_LEFT, f"{len(left)} accounts still have a state to roll back")
        tally.frames = hub.seq
    return tally.outcome(
        this, f"{tally.trials} forks over sockets; `cargo nextest run slot_chain forks` for the scripts"
    )


@row(26, "a node lies: owner, length, reserves, slots", "refused, the node quarantined; 0 signals")
async def lies(this: Row, scale: Scale) -> Outcome:
    """Lets the second node tell each lie and asks that nothing of it is believed or traded on."""
    tally = Tally()
    changes: tuple[Callable[[Account], Account], ...] = (owned_by(bytes(range(32))), cut(5))
    for lie in changes * scale.of(5, 1):
        async with two_nodes() as nodes:
            hub, go = nodes.hub, nodes.hub.go
            nodes.theirs.lies[nodes.vault] = lie
            hub.feeds[1].need(Need("account", B[0].id, base58.encode(nodes.vault)))
            took = await until(lambda hub=hub: hub.channel(B[0].id)["quarantine"] != "")  # type: ignore[misc]
            tally.recoveries_ms.append(1e3 * took)
            await until(lambda hub=hub: hub.all_live() and hub.carriers() == {A[0].id})  # type: ignore[misc]
            tally.expect(
                hub.account(nodes.vault)["channel"] in (A[0].id, A[1].id),
                Problem.BELIEVED,
                "the liar's account is believed",
            )
            tally.expect(hub.go == go, Problem.BELIEVED, "a go on a lie")
            tally.trials += 1
            tally.frames += hub.seq
    async with two_nodes() as nodes:
        hub, go = nodes.hub, nodes.hub.go
        nodes.theirs.lies[nodes.vault] = holding(10**17)
        hub.feeds[1].need(Need("account", B[0].id, base58.encode(nodes.vault)))
        nodes.theirs.slots_off = -100
        await until(lambda: hub.refused("old_slot") > 20)
        tally.expect(hub.go == go, Problem.BELIEVED, "a go on reserves that one node alone tells")
        tally.trials += 1
        tally.frames += hub.seq
    return tally.outcome(this, f"{tally.trials} lies; times are until the quarantine")
