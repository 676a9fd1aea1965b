import pytest

from cambist.fault_table import rows_hub, rows_kill
from cambist.fault_table.table import ROWS, Scale

pytestmark = pytest.mark.timeout(170)


@pytest.mark.parametrize("number", [19, 27, 28, 43])
async def test_a_row_of_the_hub_loses_and_believes_nothing_wrong(number: int) -> None:
    entry = ROWS[number]
    assert entry.run.__module__ in (rows_hub.__name__, rows_kill.__name__)
    found = await entry.run(entry, Scale(short=True))
    assert found.lost == 0, found.found
    assert found.trials > 0
    assert found.frames > 0
    assert not found.problems, found.found
