"""What became of gaps, counted: fates, lives, rivals, and our own latency beside them."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest

from cambist.kernel.ends import MOST_LIVES, MOST_REACTIONS, MOST_RECENT, MOST_RIVALS, GapLedger, percentile
from cambist.model.ends import Fate, GapEnd, Taker

MS = 1_000_000


def taken(who: str = "prog", *, slot: int = 104, recv_ns: int = 900 * MS, **known: Any) -> Taker:
    return Taker("sig", slot, recv_ns, who, 2, **known)


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


def test_a_rival_is_its_payer_where_that_was_seen() -> None:
    ledger = GapLedger()
    ledger.take([ended(taker=taken())])
    ledger.take([ended(taker=taken(payer="bob", tip=9), last_net=5, base="USDC")])
    ledger.take([ended(taker=taken(slot=99, recv_ns=0), last_net=2)])
    program, payer = ledger.rivals["prog"], ledger.rivals["bob"]
    assert (program.is_payer, program.taken, program.net) == (False, 2, {"SOL": 42})
    assert (program.slots, program.times_ns, program.tips) == ([4, 0], [800 * MS, 0], [])
    assert (payer.is_payer, payer.taken, payer.net, payer.tips) == (True, 1, {"USDC": 5}, [9])


def test_what_is_remembered_has_a_bound() -> None:
    ledger = GapLedger()
    for number in range(MOST_LIVES + 9):
        ledger.landed(number)
        ledger.take([ended(taker=taken(f"p{number}"), number=number)])
    for _ in range(MOST_REACTIONS + 1):
        ledger.take([ended(taker=taken("p0", tip=1))])
    assert len(ledger.own_ns) == len(ledger.times_ns) == len(ledger.slots) == MOST_LIVES
    assert len(ledger.recent) == MOST_RECENT
    assert len(ledger.rivals) == MOST_RIVALS
    assert list(ledger.rivals)[-1] == "p0", "the one met last stays"
    first = ledger.rivals["p0"]
    assert first.taken == MOST_REACTIONS + 1, "it was forgotten in between"
    assert len(first.slots) == len(first.times_ns) == len(first.tips) == MOST_REACTIONS


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
    ledger.take([ended(taker=taken(tip=3))])
    ledger.landed(5)
    kept = copy.deepcopy(ledger)
    before = msgspec.json.encode(kept)
    assert before == msgspec.json.encode(ledger)
    ledger.take([ended(taker=taken(tip=4))])
    ledger.landed(6)
    assert msgspec.json.encode(kept) == before
    assert msgspec.json.decode(before, type=GapLedger) == kept
