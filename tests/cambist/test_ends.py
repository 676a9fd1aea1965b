"""What became of gaps, counted: fates, lives, rivals, and our own latency beside them."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest

from cambist.kernel.ends import MOST_LIVES, MOST_REACTIONS, MOST_RECENT, MOST_RIVALS, MOST_UNPAID, GapLedger, percentile
from cambist.model.ends import Fate, GapEnd, Receipt, Taker

MS = 1_000_000


def taken(who: str = "prog", *, signature: str = "sig", slot: int = 104, recv_ns: int = 900 * MS) -> Taker:
    return Taker(signature, slot, recv_ns, who, 2)


def ended(fate: Fate = Fate.TAKEN, taker: Taker | None = None, **changes: Any) -> GapEnd:
    """Returns a gap found at slot 100 and 100 ms that ended at slot 103 and 800 ms."""
    end = GapEnd(
        number=1,
        key="a|b",
        base="SOL",
        fate=fate,
        found_ns=100 * MS,
        found_slot=100,
        paid_ns=700 * MS,
        paid_slot=102,
        ended_ns=800 * MS,
        ended_slot=103,
        best_net=50,
        last_net=40,
        go=False,
        go_ns=0,
        contested=1,
        taker=taker,
    )
    return msgspec.structs.replace(end, **changes)


def test_each_end_is_counted_once_by_its_fate() -> None:
    ledger = GapLedger()
    for fate in Fate:
        ledger.take([ended(fate, taken() if fate is Fate.TAKEN else None)])
    ledger.take([ended(Fate.FADED, go=True, contested=2)])
    assert ledger.fates == {"ours": 1, "taken": 1, "faded": 2, "stale": 1, "crowded": 1}
    assert (ledger.worth_an_order, ledger.contested) == (1, 1)


def test_lives_are_of_those_whose_end_is_known() -> None:
    ledger = GapLedger()
    ledger.take([ended(Fate.STALE)])
    ledger.take([ended(Fate.CROWDED)])
    assert (ledger.times_ns, ledger.slots) == ([], [])
    ledger.take([ended(Fate.OURS)])
    ledger.take([ended(Fate.FADED, found_slot=0)])
    assert ledger.times_ns == [700 * MS, 700 * MS]
    assert ledger.slots == [3], "before any slot was announced its slots are not known"


def test_a_rival_is_the_program_that_its_transactions_call() -> None:
    ledger = GapLedger()
    ledger.take([ended(taker=taken())])
    ledger.take([ended(taker=taken("other"), last_net=5, base="USDC")])
    ledger.take([ended(taker=taken(slot=99, recv_ns=0), last_net=2)])
    rival, other = ledger.rivals["prog"], ledger.rivals["other"]
    assert (rival.is_payer, rival.taken, rival.net) == (False, 2, {"SOL": 42})
    assert (rival.slots, rival.times_ns, rival.fees, rival.tips) == ([4, 0], [800 * MS, 0], [], [])
    assert (other.taken, other.net) == (1, {"USDC": 5})
    assert ledger.payers == {}


def receipt(signature: str = "sig", payer: str = "bob", fee: int = 5_100, tip: int | None = 9) -> Receipt:
    return Receipt(signature, 104, payer, fee, tip)


def test_a_payer_is_known_once_a_node_told_the_transaction_and_pays_once_for_all_gaps_of_it() -> None:
    ledger = GapLedger()
    ledger.take([ended(taker=taken(), go=True, number=7), ended(taker=taken(), go=True, number=8, last_net=3)])
    ledger.take([ended(taker=taken(), number=9), ended(Fate.FADED, number=10)])
    ledger.identify([receipt()])
    bob = ledger.payers["bob"]
    assert (bob.is_payer, bob.taken, bob.net, bob.slots) == (True, 2, {"SOL": 43}, [4, 4])
    assert (bob.fees, bob.tips) == ([5_100], [9])
    assert ledger.rivals["prog"].taken == 3, "all of its gaps, also those that were worth no order"
    known = [None if end.taker is None else (end.taker.payer, end.taker.fee, end.taker.tip) for end in ledger.recent]
    assert known == [("bob", 5_100, 9), ("bob", 5_100, 9), (None, None, None), None]
    ledger.identify([receipt(), receipt("another", "eve")])
    assert (list(ledger.payers), ledger.unpaid) == (["bob"], {}), "a receipt counts once, nobody waits for the other"
    assert (bob.taken, bob.fees) == (2, [5_100])
    ledger.take([ended(taker=taken(), go=True, number=11, last_net=2), ended(taker=taken(), number=12)])
    assert (bob.taken, bob.net, bob.fees) == (3, {"SOL": 45}, [5_100]), "one that ends later is of the same payer"
    assert [end.taker and end.taker.payer for end in ledger.recent[-2:]] == ["bob", None]


def test_a_tip_that_is_not_told_is_none_and_not_nothing() -> None:
    ledger = GapLedger()
    for tip in (None, 0, 4):
        ledger.take([ended(taker=taken(signature=f"{tip}"), go=True)])
        ledger.identify([receipt(f"{tip}", tip=tip)])
    assert (ledger.payers["bob"].fees, ledger.payers["bob"].tips) == ([5_100] * 3, [0, 4])


def test_what_is_remembered_has_a_bound() -> None:
    ledger = GapLedger()
    for number in range(MOST_LIVES + 9):
        ledger.landed(number)
        ledger.take([ended(taker=taken(f"p{number}", signature=f"s{number}"), number=number, go=True)])
        if number % 2:
            ledger.identify([receipt(f"s{number}", f"b{number}")])
    assert len(ledger.unpaid) == MOST_UNPAID
    assert next(iter(ledger.unpaid)) == f"s{MOST_LIVES + 8 - 2 * (MOST_UNPAID - 1)}", "who waits longest is left"
    for number in range(MOST_REACTIONS + 1):
        ledger.take([ended(taker=taken("p0", signature=f"t{number}"), go=True)])
        ledger.identify([receipt(f"t{number}", "b1")])
    assert len(ledger.own_ns) == len(ledger.times_ns) == len(ledger.slots) == MOST_LIVES
    assert len(ledger.recent) == MOST_RECENT
    assert len(ledger.rivals) == len(ledger.payers) == MOST_RIVALS
    assert (list(ledger.rivals)[-1], list(ledger.payers)[-1]) == ("p0", "b1"), "the one met last stays"
    first, payer = ledger.rivals["p0"], ledger.payers["b1"]
    assert first.taken == payer.taken == MOST_REACTIONS + 1, "they were forgotten in between"
    assert len(ledger.receipts) == MOST_UNPAID
    assert len(first.slots) == len(first.times_ns) == len(payer.fees) == len(payer.tips) == MOST_REACTIONS


def test_those_that_outlived_our_median_latency_could_have_been_caught() -> None:
    ledger = GapLedger()
    assert ledger.catchable() is None
    for lived in (100, 200, 300):
        ledger.take([ended(Fate.FADED, ended_ns=(100 + lived) * MS)])
    assert ledger.catchable() is None, "as long as nothing of ours landed"
    for took in (50, 200, 900):
        ledger.landed(took * MS)
    assert ledger.catchable() == (1, 3)


@pytest.mark.parametrize(("q", "value"), [(0, 10), (50, 20), (75, 30), (76, 40), (100, 40)])
def test_a_percentile_is_one_of_the_values(q: int, value: int) -> None:
    assert percentile([40, 10, 30, 20], q) == value


def test_a_copy_does_not_change_with_it() -> None:
    ledger = GapLedger()
    ledger.take([ended(taker=taken(), go=True)])
    ledger.identify([receipt()])
    ledger.take([ended(taker=taken(), go=True)])
    ledger.landed(5)
    kept = copy.deepcopy(ledger)
    before = msgspec.json.encode(kept)
    assert before == msgspec.json.encode(ledger)
    ledger.take([ended(taker=taken(), go=True)])
    ledger.identify([receipt()])
    ledger.landed(6)
    assert msgspec.json.encode(kept) == before
    assert msgspec.json.decode(before, type=GapLedger) == kept
