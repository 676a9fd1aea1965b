"""What a host takes from its guest."""

from pathlib import Path

import pytest

from cambist.host import Stolen, longest_pause_ns


def test_the_share_is_of_what_passed_since(tmp_path: Path) -> None:
    stat = tmp_path / "stat"
    stat.write_text("cpu  100 0 50 800 0 0 0 50 7 0\ncpu0 1 1 1 1\n")
    stolen = Stolen(stat)
    assert stolen.ppm() is None
    stat.write_text("cpu  150 0 60 820 0 0 0 70 99 0\ncpu0 1 1 1 1\n")
    assert stolen.ppm() == 200_000


@pytest.mark.parametrize("text", ["", "cpu", "cpu 1 2 3", "cpu a b c d e f g h", "\xff"])
def test_a_system_that_does_not_tell_tells_nothing(tmp_path: Path, text: str) -> None:
    stat = tmp_path / "stat"
    stat.write_text(text, encoding="latin-1")
    assert Stolen(stat).ppm() is None
    assert Stolen(tmp_path / "absent").ppm() is None


def test_a_pause_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0, 1_000, 5_000_000, 5_000_500, 20_000_000])
    monkeypatch.setattr("time.monotonic_ns", lambda: next(times))
    assert longest_pause_ns(0.01) == 14_999_500
