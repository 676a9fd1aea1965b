import pytest
from rich.cells import cell_len

from tui import glyphs


def test_every_glyph_is_one_cell_and_every_fallback_is_ascii():
    for name in glyphs.names():
        shown = glyphs.glyph(name)
        assert cell_len(shown) == (2 if name in ("frozen", "paused") else 1), name
    glyphs.use_ascii(wanted=True)
    for name in glyphs.names():
        assert glyphs.glyph(name).isascii(), name
        assert glyphs.glyph(name).isprintable(), name


def test_sentences_become_ascii_too():
    assert glyphs.plain("a → b · c") == "a → b · c"
    glyphs.use_ascii(wanted=True)
    assert glyphs.plain("a → b · −3.2 ≠ 4 µs…") == "a > b | -3.2 != 4 us~"


def test_an_unknown_glyph_is_an_error():
    with pytest.raises(KeyError):
        glyphs.glyph("rocket")
