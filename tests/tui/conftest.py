import pytest

from tui import glyphs


@pytest.fixture(autouse=True)
def unicode_glyphs(monkeypatch):
    """Every test starts with the Unicode set and colours, and leaves them so."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("TEXTUAL_ANIMATIONS", raising=False)
    glyphs.use_ascii(wanted=False)
    yield
    glyphs.use_ascii(wanted=False)
