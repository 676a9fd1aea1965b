"""Names of the library: there in both backends, documented, and offered by the package."""

import importlib

import pytest

from cambist import engine
from cambist.engine.twins import TWINS, twin


@pytest.mark.parametrize("name", sorted(TWINS))
def test_a_name_is_there_in_both_backends_and_documented(name: str):
    reference = twin(name, "reference")
    assert (reference.__doc__ or "").strip(), name
    assert getattr(engine, name) is twin(name)
    if engine.build_info().native:
        assert (twin(name, "native").__doc__ or "").strip(), name


def test_a_name_that_is_none_is_refused():
    with pytest.raises(AttributeError, match="no attribute 'quite_something'"):
        _ = engine.quite_something
    with pytest.raises(KeyError):
        twin("quite_something")


def test_without_the_extension_the_twin_answers(monkeypatch: pytest.MonkeyPatch):
    def absent(name: str) -> object:
        if name == "cambist.engine._native":
            raise ImportError(name)
        return found(name)

    found = importlib.import_module
    monkeypatch.setattr(importlib, "import_module", absent)
    assert twin("merkle_root").__module__ == "cambist.engine.reference.library.merkle"
    with pytest.raises(ImportError):
        twin("merkle_root", "native")
