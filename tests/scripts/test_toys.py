"""One more of each can still be written as CONTRIBUTING.md says; `make cost ARGS="--toy all"` builds and tries them."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("toy_trial", "cost_of_change", "toys")


@pytest.fixture
def trial(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The script; none of its modules is left behind under its short name."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    yield importlib.import_module("toy_trial")
    for name in NAMES:
        sys.modules.pop(name, None)


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="git says what the tree is made of")
def test_each_toy_is_written_and_touches_no_more_than_it_may(
    trial: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not trial.made(tmp_path / "tree", trial.TOYS)
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines() if " goal " in line] == [*trial.TOYS]


def test_a_toy_that_finds_another_text_than_it_looks_for_is_an_error(trial: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("one\none\n")
    with pytest.raises(ValueError, match="was found 2 times"):
        trial.toys.Tree(tmp_path).edit("file", ("^one$", "two"))
