"""`cambist depth`: a book out of a recorded session."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from cambist.cli import main
from tests.cambist.runtime.test_depth import NET, read

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_command_prints_the_book_and_how_old_it_is(
    tmp_path: Path, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "sessions"
    folder.mkdir()
    shutil.copy(NET / "exchanges-3.cambist", folder / "it.cambist")
    source = next(s for s in read(folder / "it.cambist", "x:y").known if read(folder / "it.cambist", s).book)
    expected = read(folder / "it.cambist", source, 2)
    assert expected.book is not None
    assert main(["depth", source, "it", "--levels", "2", "--json", "--config", str(config)]) == 0
    found = json.loads(capsys.readouterr().out)
    scale = 10**expected.book.price_decimals
    assert [round(float(price) * scale) for price, _ in found["bids"]] == [price for price, _ in expected.book.bids]
    assert [round(float(size) * 1e8) for _, size in found["asks"]] == [size for _, size in expected.book.asks]
    assert found["age_ms"] == (expected.last_ns - expected.book.as_of_ns) // 10**6
    assert (found["book"], found["state"]) == (source, expected.book.state)
    assert main(["depth", source, "--config", str(config)]) == 0
    assert f"{source}: {expected.book.state.upper()}, " in capsys.readouterr().out
    assert main(["depth", "binance:\x1b[31m", "it", "--config", str(config)]) == 2
    err = capsys.readouterr().err
    assert "no book" in err
    assert "\x1b" not in err
    assert main(["depth", source, "nobody", "--config", str(config)]) == 2
    assert main(["depth", source, "it", "--levels", "0", "--config", str(config)]) == 2


def test_without_a_session_there_is_no_book(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["depth", "binance:SOLUSDC", "--config", str(config)]) == 2
    assert "no session in" in capsys.readouterr().err
