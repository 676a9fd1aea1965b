"""Transactions that took gaps: asked for once they can be there, no faster than is said, and not where none is told."""

import asyncio
from itertools import pairwise

import pytest

from cambist.model.opportunity import Need
from feeds import transactions
from tests.feeds.servers import FakeNode, until
from tests.feeds.test_solana import HTTP, WS, feed_on

pytestmark = pytest.mark.virtual_time

PAID = {"slot": 7, "transaction": ["AA==", "base64"], "meta": {"fee": 5_000}}
OPTIONS = {"encoding": "base64", "commitment": "confirmed", "maxSupportedTransactionVersion": 0}


class TellingNode(FakeNode):
    """A node that tells a transaction after it was asked so many times, or answers with a fault."""

    def __init__(self, *, after: int = 0, code: int = 0) -> None:
        super().__init__()
        self.slots_every = 1.0
        self.asked: list[tuple[str, float]] = []
        self.after, self.code = after, code

    async def rpc(self, request):
        call = await request.json()
        if call["method"] != "getTransaction":
            return await super().rpc(request)
        signature, options = call["params"]
        assert options == OPTIONS
        self.asked.append((signature, asyncio.get_running_loop().time()))
        if self.code:
            return self._error(call, self.code, "no [bold]history[/bold]")
        before = sum(known == signature for known, _ in self.asked)
        return self._reply(call, PAID if before > self.after else None)


def want(feed, *signatures, channel=HTTP.id):
    for signature in signatures:
        feed.need(Need("transaction", channel, signature))


async def test_one_is_asked_for_until_it_is_there_and_once():
    node = TellingNode(after=2)
    async with feed_on(node, transactions_per_s=2.0) as (feed, sink):
        want(feed, "a", "a")
        await until(lambda: len(node.asked) == 3)
        want(feed, "a")
        await asyncio.sleep(20.0)
        told = [entry.json["result"] for entry in sink.incoming(HTTP.id) if b"getTransaction" not in entry.body]
    assert [signature for signature, _ in node.asked] == ["a"] * 3
    assert told[-3:] == [None, None, PAID], "what engines read is what the node said"
    waits = [later - sooner for (_, sooner), (_, later) in pairwise(node.asked)]
    assert all(wait >= transactions.AGAIN_S for wait in waits)


async def test_one_that_never_comes_is_given_up():
    node = TellingNode(after=99)
    async with feed_on(node) as (feed, sink):
        want(feed, "a")
        await asyncio.sleep(60.0)
        assert len(node.asked) == transactions.TRIES
        want(feed, "b", channel=WS.id)
        await until(lambda: "b" in [signature for signature, _ in node.asked])
    assert not [text for _, _, text in sink.notes if "takes gaps" in text]


async def test_no_more_a_second_than_is_said_and_no_more_wait_than_are_kept():
    node = TellingNode()
    async with feed_on(node, transactions_per_s=4.0) as (feed, _):
        want(feed, *(f"s{number}" for number in range(3 * transactions.MOST_WAITING)))
        await asyncio.sleep(60.0)
        assert feed._transactions.left_out == 2 * transactions.MOST_WAITING
    assert [signature for signature, _ in node.asked] == [f"s{at}" for at in range(transactions.MOST_WAITING)]
    assert all(later - sooner >= 0.25 for (_, sooner), (_, later) in pairwise(node.asked))


async def test_one_that_was_left_out_can_be_asked_for_again():
    node = TellingNode()
    async with feed_on(node, transactions_per_s=100.0) as (feed, _):
        want(feed, *(f"s{number}" for number in range(transactions.MOST_WAITING + 1)))
        await until(lambda: len(node.asked) == transactions.MOST_WAITING)
        want(feed, "s0", f"s{transactions.MOST_WAITING}")
        await asyncio.sleep(5.0)
    assert node.asked[-1][0] == f"s{transactions.MOST_WAITING}"
    assert len(node.asked) == transactions.MOST_WAITING + 1


async def test_signatures_are_remembered_up_to_a_bound(monkeypatch):
    monkeypatch.setattr("feeds.transactions.MOST_ASKED", 2)
    node = TellingNode()
    async with feed_on(node, transactions_per_s=100.0) as (feed, _):
        for signature in ("a", "b", "b", "c", "a"):
            want(feed, signature)
            await asyncio.sleep(1.0)
    assert [signature for signature, _ in node.asked] == ["a", "b", "c", "a"]


@pytest.mark.parametrize("code", sorted(transactions.UNTOLD))
async def test_a_node_that_tells_none_is_asked_no_more_and_says_so_once(code):
    node = TellingNode(code=code)
    async with feed_on(node) as (feed, sink):
        want(feed, "a", "b", "c")
        await asyncio.sleep(30.0)
        want(feed, "d")
        await asyncio.sleep(30.0)
        assert feed.status()[1].state == "live", "seeds go on"
    assert [signature for signature, _ in node.asked] == ["a"]
    said = [(level, text) for level, _, text in sink.notes if "takes gaps" in text]
    assert said == [("warn", f"who takes gaps is not told here: {code} no [bold]history[/bold]")]


async def test_another_fault_ends_one_and_not_the_rest():
    node = TellingNode(code=-32_602)
    async with feed_on(node) as (feed, sink):
        want(feed, "a")
        await until(lambda: node.asked)
        await asyncio.sleep(10.0)
        assert len(node.asked) == 1
        node.code = 0
        want(feed, "b")
        await until(lambda: len(node.asked) == 2)
    assert not [text for _, _, text in sink.notes if "takes gaps" in text]


async def test_none_is_asked_for_at_a_rate_of_nothing_nor_of_another_node():
    node = TellingNode()
    async with feed_on(node, transactions_per_s=0.0) as (feed, _):
        want(feed, "a")
        await asyncio.sleep(30.0)
    async with feed_on(node) as (feed, _):
        want(feed, "a", channel=99)
        await asyncio.sleep(30.0)
    assert node.asked == []
