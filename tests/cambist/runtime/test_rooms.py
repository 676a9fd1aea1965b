"""What runs a session is generic: it names no venue. What is particular to one stands in its rooms and tables."""

import re
from pathlib import Path

from cambist.model.exchanges import EXCHANGES
from cambist.model.venues import CHAIN_BOOKS, POOL_VENUES

ROOT = Path(__file__).resolve().parents[3] / "cambist"
ROOMS = ("runtime", "kernel", "view", "strategies", "execution")
NAMES = [each.name for table in (EXCHANGES, POOL_VENUES, CHAIN_BOOKS) for each in table]
WORDS = re.compile(rf"\b({'|'.join(map(re.escape, [*NAMES, 'raydium', 'whirlpool', 'meteora']))})\b", re.IGNORECASE)


def test_nothing_that_runs_a_session_names_a_venue() -> None:
    files = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    assert len(files) > 40
    naming = {str(path.relative_to(ROOT)): sorted(set(WORDS.findall(path.read_text()))) for path in files}
    assert {path: words for path, words in naming.items() if words} == {}


def test_the_words_are_found_where_they_stand() -> None:
    assert WORDS.findall((ROOT / "model/venues.py").read_text())
