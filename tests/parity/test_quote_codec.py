"""Quote history by the Rust engine against the reference: the same bytes, the same quotes, the same refusals."""

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cambist.engine.quote_history import BLOCK_ROWS, CodecError, QuoteCodec

pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")

NATIVE, REFERENCE = QuoteCodec("native"), QuoteCodec("reference")
MANY = settings(max_examples=100, deadline=None)
HEAD, ENTRY = 12, 24
longs = st.sampled_from([0, 1, 2**63 - 1, 2**63, 2**64 - 1]) | st.integers(0, 2**64 - 1)
small = st.integers(0, 9).map(lambda ticks: 1_000 * ticks)


def both(name, *args):
    found = []
    for codec in (NATIVE, REFERENCE):
        try:
            answer = getattr(codec, name)(*args)
        except CodecError as error:
            answer = f"refused: {error}"
        found.append(answer.tolist() if isinstance(answer, np.ndarray) else answer)
    assert found[0] == found[1]
    return found[0]


@st.composite
def histories(draw):
    """Returns quotes in order: wild ones, ones that mostly repeat, and more than a block of a walk."""
    if draw(st.booleans()):
        random = np.random.default_rng(draw(st.integers(0, 2**32)))
        rows = draw(st.integers(0, 2 * BLOCK_ROWS + 100))
        walk = np.cumsum(random.integers(0, 2 ** draw(st.integers(1, 40)), (5, rows)), axis=1)
        walk[1:] *= random.random((4, rows)) < draw(st.floats(0, 1))
        return walk.astype(np.uint64)
    values = draw(st.sampled_from([longs, small]))
    rows = draw(st.lists(st.tuples(*[values] * 5), max_size=150))
    return np.array(sorted(rows, key=lambda row: row[0]), dtype=np.uint64).reshape(-1, 5).T


@MANY
@given(histories(), longs, longs)
def test_the_same_bytes_and_quotes(quotes, lower, upper):
    file = both("encode_quotes", quotes)
    assert both("decode_quotes", file) == quotes.tolist()
    blocks = both("quote_blocks", file)
    for block in range(len(blocks)):
        both("decode_quote_block", file, block)
    both("quotes_between", file, lower, upper)
    if quotes.size:
        first, last = sorted((lower % quotes.shape[1], upper % quotes.shape[1]))
        both("quotes_between", file, int(quotes[0, first]), int(quotes[0, last]))


@MANY
@given(st.lists(st.tuples(*[longs] * 5), max_size=6))
def test_the_same_word_on_disorder(rows):
    both("encode_quotes", np.array(rows, dtype=np.uint64).reshape(-1, 5).T)


def sealed(file):
    """Returns a file with the right sums, as far as its parts can be found."""
    if len(file) < HEAD:
        return bytes(file)
    file = bytearray(file)
    count = min(struct.unpack_from("<I", file, 4)[0], (len(file) - HEAD) // ENTRY)
    offsets = [struct.unpack_from("<Q", file, HEAD + at * ENTRY + 8)[0] for at in range(count)]
    for at, (begin, end) in enumerate(zip(offsets, [*offsets[1:], len(file)], strict=False)):
        struct.pack_into("<I", file, HEAD + at * ENTRY + 20, zlib.crc32(file[begin:end]))
    struct.pack_into("<I", file, 8, zlib.crc32(file[HEAD : HEAD + count * ENTRY]))
    return bytes(file)


@settings(max_examples=200, deadline=None)
@given(
    histories(),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=5),
    st.floats(0, 1),
    st.booleans(),
    st.booleans(),
)
def test_the_same_refusal_of_damage(quotes, changes, keep, is_cut, is_sealed):
    file = bytearray(REFERENCE.encode_quotes(quotes))
    for place, byte in changes:
        # Half of them hit the head, the directory and the heads of columns.
        at = int(place * 2 * min(len(file), 140)) if place < 0.5 else int(place * len(file))
        file[min(at, len(file) - 1)] = byte
    if is_cut:
        del file[int(keep * len(file)) :]
    file = sealed(file) if is_sealed else bytes(file)
    both("quote_blocks", file)
    both("decode_quotes", file)
    both("decode_quote_block", file, 0)
    both("quotes_between", file, 1_000, 2**63)


@MANY
@given(st.binary(max_size=200), st.booleans())
def test_the_same_refusal_of_noise(noise, is_sealed):
    file = sealed(b"CQH\x01\x01\0\0\0" + noise) if is_sealed else noise
    both("decode_quotes", file)
    both("quotes_between", file, 0, 5)
