"""Every row of the fault table in its short form: what is lost and what is wrong. Times are `make chaos`'s business."""

import pytest

from cambist.fault_table import __main__ as command
from cambist.fault_table import rows_hub
from cambist.fault_table.table import ROWS, Scale

command.load()

WRONG = (
    "wrong books",
    "books differ from",
    "was ever LIVE",
    "books stayed LIVE",
    "quoted while",
    "is quoted",
    "bytes reached",
    "got through",
    "not all LIVE",
    "not LIVE again",
    "no alarm",
    "no word of",
    "was not seen",
    "others were not LIVE",
    "not subscribed anew",
    "it said",
    "never struck",
    "too few",
)
"""What a row says of itself when it found something that no slow machine explains."""


OWN = {number for number, entry in ROWS.items() if entry.run.__module__ == rows_hub.__name__}
"""Those of the hub have a test of their own."""


@pytest.mark.parametrize("number", sorted(ROWS.keys() - OWN))
async def test_nothing_is_lost_and_no_book_is_wrong(number):
    entry = ROWS[number]
    found = await entry.run(entry, Scale(short=True))
    assert found.trials > 0
    assert found.lost == 0, found.found
    assert number != 22 or found.found.startswith("0 requests"), found.found
    assert not [words for words in WRONG if words in found.found], found.found


@pytest.mark.parametrize("argument", ["99", "--shrot"])
def test_what_is_no_row_and_no_option_is_said(argument, capsys):
    assert command.main([argument]) == 2
    assert argument.lstrip("-") in capsys.readouterr().err
