"""Two nodes of one chain over real sockets, one of them faulty: forks, lies, lag and silence in an engine."""

import pytest

from cambist.engine.reference.chain import base58
from cambist.fault_table.nodes import A, B, two_nodes, until
from cambist.model.opportunity import Need
from cambist.simulator.faults import cut, holding, owned_by

pytestmark = pytest.mark.virtual_time


async def test_a_slot_that_one_node_dropped_leaves_no_trace_in_the_accounts():
    async with two_nodes() as nodes:
        hub, chain = nodes.hub, nodes.node.market.chain
        for _ in range(5):
            account = chain.accounts[nodes.vault]
            slot = nodes.node.fork({nodes.vault: holding(account.amount * 3)(account)})
            await until(lambda slot=slot: (hub.view()["slot"] or 0) > slot)
            await until(lambda: hub.refused("rolled_back") > 0)
            await until(hub.all_live)
            assert hub.account(nodes.vault)["slot"] != slot
        assert all(account["fork"] is None for account in hub.state()["accounts"] if account["count"])


async def test_a_node_that_lies_is_quarantined_and_the_other_goes_on():
    for lie in (owned_by(bytes(range(32))), cut(5)):
        async with two_nodes() as nodes:
            hub = nodes.hub
            nodes.theirs.lies[nodes.vault] = lie
            hub.feeds[1].need(Need("account", B[0].id, base58.encode(nodes.vault)))
            await until(lambda hub=hub: hub.channel(B[0].id)["quarantine"] != "")
            await until(lambda hub=hub: hub.all_live() and hub.carriers() == {A[0].id})
            assert hub.account(nodes.vault)["channel"] in (A[0].id, A[1].id)


async def test_reserves_of_one_node_alone_are_no_signal_and_old_slots_are_refused():
    async with two_nodes() as nodes:
        hub, go = nodes.hub, nodes.hub.go
        nodes.theirs.lies[nodes.vault] = holding(10**17)
        hub.feeds[1].need(Need("account", B[0].id, base58.encode(nodes.vault)))
        nodes.theirs.slots_off = -100
        await until(lambda: hub.refused("old_slot") > 20)
        assert hub.go == go


async def test_pools_of_a_node_that_lags_or_falls_silent_pass_on():
    async with two_nodes() as nodes:
        hub = nodes.hub
        # The first one tells each slot first, so it carries all.
        await until(lambda: hub.carriers() == {A[0].id})
        nodes.mine.lag_slots = 5
        await until(lambda: hub.carriers() == {B[0].id})
        assert hub.channel(A[0].id)["slots_behind"] > 2
        nodes.mine.lag_slots = 0
        await until(lambda: hub.channel(A[0].id)["slots_behind"] == 0)
        nodes.theirs.muted = True
        await until(lambda: hub.carriers() == {A[0].id})
