"""Every row of the fault table in its short form: what is lost and what is wrong. Times are `make chaos`'s business."""

import pytest

from cambist.fault_table import __main__ as command
from cambist.fault_table import rows_hub, rows_kill
from cambist.fault_table.problems import REAL_TIME, Problem
from cambist.fault_table.table import ROWS, Scale, Tally

command.load()

APART = {15, 18}
"""Those that give the exchange a process of its own and measure pauses and memory: in real time."""
PROCESSES = (rows_hub.__name__, rows_kill.__name__)
OWN = {number for number, entry in ROWS.items() if entry.run.__module__ in PROCESSES}
"""Those of the hub have a test of their own."""


@pytest.mark.virtual_time
@pytest.mark.parametrize("number", sorted(ROWS.keys() - OWN - APART))
async def test_nothing_is_lost_and_nothing_is_wrong(number):
    entry = ROWS[number]
    found = await entry.run(entry, Scale(short=True))
    assert found.trials > 0
    assert found.lost == 0, found.found
    assert not found.problems, found.found


@pytest.mark.parametrize("number", sorted(APART))
@pytest.mark.realtime
async def test_nothing_is_lost_and_no_book_is_wrong(number):
    entry = ROWS[number]
    found = await entry.run(entry, Scale(short=True))
    assert found.trials > 0
    assert found.lost == 0, found.found
    assert not set(found.problems) - REAL_TIME, found.found


def test_a_problem_has_a_code_for_judges_and_words_for_people():
    tally = Tally()
    tally.expect(True, Problem.QUOTED, "not said")
    tally.expect(False, Problem.WRONG_BOOK, "SOLUSDT at 7 is wrong")
    found = tally.outcome(ROWS[8], "one gap")
    assert (found.met, found.problems, found.found) == (False, (Problem.WRONG_BOOK,), "one gap; SOLUSDT at 7 is wrong")


@pytest.mark.parametrize("argument", ["99", "--shrot"])
def test_what_is_no_row_and_no_option_is_said(argument, capsys):
    assert command.main([argument]) == 2
    assert argument.lstrip("-") in capsys.readouterr().err
