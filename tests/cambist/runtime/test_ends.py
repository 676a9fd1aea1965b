"""What a kernel is told of gaps reaches the View, the report and its keyframes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cambist.kernel import Kernel, KernelSetup
from cambist.kernel.effects import Effects
from cambist.kernel.keyframe import read_keyframe, write_keyframe
from cambist.model.ends import Fate, Receipt
from cambist.model.opportunity import encode
from cambist.model.venues import POOL_VENUE_OF
from cambist.runtime.publish import Publisher
from cambist.runtime.report import report
from cambist.runtime.sections.ends import lives
from cambist.view import LIFE_BINS_NS, LandingRow
from tests.cambist.runtime.test_valuing import SETUP
from tests.cambist.test_ends import MS, ended, taken
from tests.fakes import SOL, ScriptedEngine

if TYPE_CHECKING:
    from cambist.model.ends import GapEnd


def told(*ends: GapEnd, receipts: tuple[Receipt, ...] = ()) -> tuple[Kernel, Effects]:
    """Returns a kernel whose engine told of these ends, and of who paid for transactions after them."""
    kernel = Kernel(KernelSetup(SETUP, wallet={SOL: 10**12}), lambda *_: ScriptedEngine(SETUP))
    done, effects = kernel.engine.control(b"\0" * 64, 0), Effects()
    kernel._take(done._replace(ends=b"".join(encode(end) + b"\n" for end in ends)), effects)
    kernel._take(done._replace(receipts=b"".join(encode(each) + b"\n" for each in receipts)), effects)
    return kernel, effects


def some() -> tuple[Kernel, Effects]:
    rival = taken("prog", slot=104, recv_ns=900 * MS)
    return told(
        ended(taker=rival, base=SOL, go=True),
        ended(Fate.FADED, base=SOL, ended_ns=300 * MS, ended_slot=101, number=2),
        ended(Fate.STALE, base=SOL, found_slot=0, number=3),
        receipts=(Receipt("sig", 104, "bob", 5_100, 7),),
    )


def test_ends_are_effects_and_counted_but_decide_nothing() -> None:
    kernel, effects = some()
    assert [end.fate for end in effects.ends] == [Fate.TAKEN, Fate.FADED, Fate.STALE]
    assert kernel.totals.gaps.fates == {"taken": 1, "faded": 1, "stale": 1}
    assert kernel.digest == told()[0].digest


def test_the_section_shows_fates_lives_and_rivals_and_the_newest_first() -> None:
    kernel, _ = some()
    publisher = Publisher(kernel)
    section = publisher.build(kernel, 10**9).ends
    assert section.state.kind == "ready"
    assert section.fates == (("faded", 1), ("stale", 1), ("taken", 1))
    assert (section.slots.p50, section.slots.p90, section.slots.of) == (1, 3, 2)
    assert (section.lived_ns.p50, section.lived_ns.p90) == (200 * MS, 700 * MS)
    assert (section.own_ns.of, section.catchable) == (0, None)
    payer, program = section.rivals
    assert [(row.who, row.is_payer, row.fee, row.tip) for row in section.rivals] == [
        ("bob", True, 5_100, 7),
        ("prog", False, None, None),
    ]
    for rival in (payer, program):
        assert (rival.taken, rival.slots, rival.time_ns) == (1, 4, 800 * MS)
        assert [(each.symbol, each.decimals, each.atoms) for each in rival.net] == [("SOL", 9, 40)]
    assert [(row.fate, row.slots, row.who) for row in section.rows] == [
        ("stale", None, ""),
        ("faded", 1, ""),
        ("taken", 3, "bob"),
    ]
    assert publisher.build(kernel, 10**9).ends.version == section.version, "it did not change"
    assert Publisher(told()[0]).build(kernel, 10**9).ends.version > 0


def test_lives_are_shown_by_bins_of_a_fixed_scale_what_is_beyond_it_at_its_ends() -> None:
    assert (LIFE_BINS_NS[0], LIFE_BINS_NS[15], LIFE_BINS_NS[30], LIFE_BINS_NS[-1]) == (10**7, 10**8, 10**9, 10**11)
    assert list(LIFE_BINS_NS) == sorted(set(LIFE_BINS_NS))
    edge = LIFE_BINS_NS[20]
    found = lives([0, 10**7 - 1, 10**7, edge - 1, edge, edge, 10**11 - 1, 10**11, 10**15])
    assert {at: count for at, count in enumerate(found) if count} == {0: 3, 19: 1, 20: 2, 59: 3}
    assert len(found) == len(LIFE_BINS_NS) - 1
    kernel, _ = some()
    section = Publisher(kernel).build(kernel, 10**9).ends
    assert sum(section.lives) == section.lived_ns.of == 2


def test_the_section_says_which_were_worth_an_order_which_program_took_them_and_over_which_venues() -> None:
    program, payer = (POOL_VENUE_OF[name].programs[0] for name in ("orca", "ray4"))
    kernel, _ = told(
        ended(taker=taken(program), base=SOL, go=True, contested=2, key="ghost:0|binance:SOLUSDC:1", number=1),
        ended(taker=taken("strange"), base=SOL, number=2),
        ended(taker=taken(program, signature="paid"), base=SOL, go=True, number=3),
        receipts=(Receipt("paid", 104, payer, 5_000, 0),),
    )
    section = Publisher(kernel).build(kernel, 10**9).ends
    assert (section.worth_an_order, section.contested) == (2, 1)
    assert {(row.who, row.is_payer, row.program) for row in section.rivals} == {
        (program, False, "orca"), ("strange", False, ""), (payer, True, "")
    }  # fmt: skip
    first = section.rows[-1]
    assert (first.go, first.who, first.program) == (True, program, "orca")
    assert [(each.venue, each.venue_class) for each in first.venues] == [("other", "other"), ("binance", "binance")]
    assert [row.program for row in section.rows[:2]] == ["", ""]
    kernel, _ = told(*(ended(fate, base=SOL) for fate in Fate))
    rows = Publisher(kernel).build(kernel, 10**9).ends.rows
    assert {row.fate for row in rows if not row.end_known} == {"stale", "crowded"}


def test_predicted_against_happened_is_shown_once_an_order_ended_also_where_no_gap_did() -> None:
    kernel, _ = told()
    publisher, counted = Publisher(kernel), kernel.totals.reliability
    counted.sent(1, 420_000)
    assert publisher.build(kernel, 10**9).ends.landing == ()
    counted.took_end(1, landed=True)
    counted.took_end(2, landed=False)
    section = publisher.build(kernel, 10**9).ends
    assert section.state.kind == "empty"
    assert [row.from_ppm for row in section.landing] == [*range(0, 1_000_000, 100_000), None]
    assert section.landing[4] == LandingRow(400_000, 1, 1, 420_000)
    assert section.landing[-1] == LandingRow(None, 1, 0, None)
    assert [row.orders for row in section.landing] == [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1]


def test_a_landing_alone_moves_the_section_and_one_that_went_back_is_made_anew() -> None:
    kernel, _ = some()
    publisher, frame = Publisher(kernel), kernel.keyframe()
    before = publisher.build(kernel, 10**9).ends
    kernel.totals.gaps.landed(450 * MS)
    after = publisher.build(kernel, 10**9).ends
    assert (after.own_ns.p50, after.catchable) == (450 * MS, 1)
    assert after.version == before.version + 1
    kernel.totals = frame.totals
    back = publisher.build(kernel, 10**9).ends
    assert msgspec.structs.replace(back, version=before.version) == before


def test_without_an_end_the_section_says_so() -> None:
    kernel, _ = told()
    assert Publisher(kernel).build(kernel, 10**9).ends.state.kind == "empty"


def test_the_report_sets_lives_beside_our_own_latency() -> None:
    kernel, _ = some()
    found = report(kernel, "s", 1.0)["ends"]
    assert (found["fates"], found["catchable"]) == ({"faded": 1, "stale": 1, "taken": 1}, None)
    assert found["life_ms"] == {"p50": 200, "p90": 700, "of": 2}
    assert found["life_slots"] == {"p50": 1, "p90": 3, "of": 2}
    kernel.totals.gaps.landed(450 * MS)
    found = report(kernel, "s", 1.0)["ends"]
    assert found["own_ms"] == {"p50": 450, "p90": 450, "of": 1}
    assert found["catchable"] == {"gaps": 1, "of": 2}
    same = {
        "taken": 1,
        "net": {SOL: {"atoms": "40", "decimals": 9}},
        "reaction_slots": 4,
        "reaction_ms": 800,
    }
    assert found["payers"] == [{"payer": "bob", "fee_lamports": 5_100, "tip_lamports": 7} | same]
    assert found["rivals"] == [{"program": "prog", "fee_lamports": None, "tip_lamports": None} | same]


def test_a_payer_that_is_told_later_moves_the_section_though_no_gap_ended_since() -> None:
    kernel, _ = told(ended(taker=taken(), base=SOL, go=True))
    publisher = Publisher(kernel)
    before = publisher.build(kernel, 10**9).ends
    assert [row.who for row in before.rows] == ["prog"]
    done = kernel.engine.control(b"\0" * 64, 0)
    kernel._take(done._replace(receipts=encode(Receipt("sig", 104, "bob", 5_100, None)) + b"\n"), Effects())
    after = publisher.build(kernel, 10**9).ends
    assert ([row.who for row in after.rows], after.version) == (["bob"], before.version + 1)
    assert (after.rivals[0].who, after.rivals[0].tip) == ("bob", None)


def test_a_stored_keyframe_keeps_them_and_one_without_reads_on() -> None:
    kernel, _ = some()
    body = write_keyframe(kernel.keyframe())
    assert read_keyframe(body).totals.gaps == kernel.totals.gaps
    assert b',"gaps":' in body
    kept = msgspec.json.encode(kernel.totals.gaps)
    without = body.replace(b',"gaps":' + kept, b"")
    size = int.from_bytes(without[4:8], "little") - len(b',"gaps":' + kept)
    assert not read_keyframe(without[:4] + size.to_bytes(4, "little") + without[8:]).totals.gaps.fates
