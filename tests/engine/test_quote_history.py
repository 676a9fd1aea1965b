"""Quote history: each backend against what went in, a file written by hand, and a recorded session."""

import doctest
import json
import struct
import zlib

import numpy as np
import pytest
from backports import zstd

from cambist.engine import build_info, quote_history
from cambist.engine.quote_history import BLOCK_ROWS, CodecError
from cambist.engine.reference.library import quote_codec
from cambist.engine.reference.library.quote_codec import pack
from tests.shared import shared_data


@pytest.fixture(params=["native", "reference"])
def codec(request):
    if request.param == "native" and not build_info().native:
        pytest.skip("the Rust engine is not built")
    return quote_history.QuoteCodec(request.param)


def market(rows, seed=7):
    """Returns quotes of a random walk in ticks of 0.01."""
    random = np.random.default_rng(seed)
    times = 1_723_161_254_000_000_000 + np.cumsum(random.integers(0, 50_000_000, rows))
    bids = 6_183_763_000_000 + 1_000_000 * np.cumsum(random.integers(-1, 2, rows))
    sizes = random.integers(1, 400_000, (2, rows)) * 1_000
    return np.stack([times, bids, sizes[0], bids + 1_000_000, sizes[1]])


@pytest.mark.parametrize("rows", [0, 1, 2, 63, 64, 65, BLOCK_ROWS, BLOCK_ROWS + 1, 3_000])
def test_quotes_come_back(codec, rows):
    quotes = market(rows)
    file = codec.encode_quotes(quotes)
    found = codec.decode_quotes(file)
    assert found.dtype == np.uint64
    assert found.tolist() == quotes.tolist()
    assert sum(block.rows for block in codec.quote_blocks(file)) == rows


def test_a_file_as_its_format_says(codec):
    """Bytes put together here, by the description: a step of 5, changes +1 −1 +1 in zigzag of two bits."""
    column = struct.pack("<BQQ", 1, 100, 5) + bytes([2, 0b10_01_10_00])
    flat = struct.pack("<BQQ", 0, 7, 0)
    times = struct.pack("<BQQ", 0, 1_000, 1) + bytes([2, 0b11_10_01_00])
    block = times + column + flat * 3
    directory = struct.pack("<QQII", 1_000, 36, 4, zlib.crc32(block))
    file = b"CQH\x01" + struct.pack("<II", 1, zlib.crc32(directory)) + directory + block
    quotes = [[1_000, 1_001, 1_002, 1_003], [100, 105, 100, 105], *[[7] * 4] * 3]
    assert codec.decode_quotes(file).tolist() == quotes


def test_both_languages_write_these_bytes(codec):
    """The same quotes and figures are in the core's own test."""
    state = 1

    def draw(bits):
        nonlocal state
        state = (state * 6_364_136_223_846_793_005 + 1) % 2**64
        return state >> 64 - bits

    rows, time, bid = [], 1 << 60, 1 << 40
    for _ in range(2_500):
        time += draw(20)
        if draw(4) == 0:
            bid += draw(3) * 1_000
        rows.append([time, bid, draw(64), bid + 1_000, draw(30) * 77])
    file = codec.encode_quotes(np.array(rows, dtype=np.uint64).T)
    assert (len(file), zlib.crc32(file)) == (37_261, 0x16E1084B)


def test_zeros_between_cost_a_bit():
    prices = [5_000] * 40 + [6_001] * 10 + [6_000] * 14
    column = pack.write(prices)
    assert len(column) == pack.HEAD.size + 1 + 8 + 3
    assert pack.read(column, 0, 64) == (prices, len(column))
    with pytest.raises(CodecError, match="of a group of 60"):
        pack.read(column[:-4] + b"\xff" + column[-3:], 0, 60)


def test_the_kind_that_packs_smallest_is_used(codec):
    rows = 640
    steady = np.arange(rows) * 1_000 + 5
    jumps = np.random.default_rng(1).integers(0, 2**40, rows)
    drift = np.cumsum(np.random.default_rng(2).integers(0, 3, rows) + 2**20)
    flat = np.full(rows, 9)
    file = codec.encode_quotes([steady, jumps, drift, flat, np.cumsum(steady)])
    data, at, kinds = file[codec.quote_blocks(file)[0].offset :], 0, []
    for _ in range(5):
        kind, _, step = pack.HEAD.unpack_from(data, at)
        kinds.append((kind, step))
        _, at = pack.read(data, at, rows)
    assert kinds[0] == (1, 1_000) or kinds[0] == (2, 1_000)
    assert [kind for kind, _ in kinds[1:4]] == [0, 2, 0]
    assert kinds[3] == (0, 0)
    assert kinds[4][0] == 2


def test_every_64_bits_survive(codec):
    edges = [0, 2**64 - 1, 2**63, 1, 2**63 - 1, 2**64 - 1, 0, 0]
    quotes = np.array([sorted(edges), edges, edges[::-1], [2**64 - 1] * 8, edges], dtype=np.uint64)
    assert codec.decode_quotes(codec.encode_quotes(quotes)).tolist() == quotes.tolist()


def test_a_range_reads_only_its_blocks(codec):
    quotes = market(4 * BLOCK_ROWS)
    file = bytearray(codec.encode_quotes(quotes))
    blocks = codec.quote_blocks(bytes(file))
    for broken in (0, 3):
        file[blocks[broken].offset + 20] ^= 1
    lower, upper = int(quotes[0, 1_500]), int(quotes[0, 2_500])
    inside = quotes[:, (quotes[0] >= lower) & (quotes[0] < upper)]
    assert codec.quotes_between(bytes(file), lower, upper).tolist() == inside.tolist()
    assert codec.decode_quote_block(bytes(file), 2).tolist() == quotes[:, 2 * BLOCK_ROWS : 3 * BLOCK_ROWS].tolist()
    with pytest.raises(CodecError, match="block 0 has the sum"):
        codec.quotes_between(bytes(file), 0, upper)
    with pytest.raises(CodecError, match="block 3 has the sum"):
        codec.decode_quote_block(bytes(file), 3)
    with pytest.raises(CodecError, match="block 0 has the sum"):
        codec.decode_quotes(bytes(file))


def test_quotes_of_one_time_over_two_blocks_are_all_found(codec):
    quotes = np.vstack([np.full(2 * BLOCK_ROWS, 50), market(2 * BLOCK_ROWS)[1:]])
    file = codec.encode_quotes(quotes)
    assert codec.quotes_between(file, 50, 51).shape == (5, 2 * BLOCK_ROWS)
    assert codec.quotes_between(file, 51, 2**64 - 1).shape == (5, 0)
    assert codec.quotes_between(file, 0, 50).shape == (5, 0)
    assert codec.quotes_between(file, 51, 50).shape == (5, 0)


@pytest.mark.parametrize(
    ("quotes", "why"),
    [
        ([[2, 1], *[[0, 0]] * 4], "quote 1 at 1 is before the one at 2"),
        ([[1, 2], [0, -3], *[[0, 0]] * 3], "column 1, quote 1 was -3, not 0 to 18446744073709551615"),
        ([[1, 2]] * 4, "4 columns, not 5"),
        ([[1.5]] * 5, "2-dimensional float64"),
        ([1, 2, 3, 4, 5], "1-dimensional int64"),
    ],
)
def test_what_is_no_history_is_refused(codec, quotes, why):
    with pytest.raises(CodecError, match=why):
        codec.encode_quotes(quotes)


def test_numbers_out_of_range_are_refused(codec):
    file = codec.encode_quotes(market(3))
    for call in (
        lambda: codec.quotes_between(file, -1, 5),
        lambda: codec.quotes_between(file, 0, 2**64),
        lambda: codec.decode_quote_block(file, -1),
        lambda: codec.decode_quote_block(file, 1),
        lambda: codec.decode_quote_block(file, 2**64),
    ):
        with pytest.raises(CodecError, match=r"-1|18446744073709551616|block 1 of 1"):
            call()


def test_the_reference_refuses_what_has_no_array():
    with pytest.raises(CodecError, match="column 2 has 1 values, time has 2"):
        quote_codec.encode_quotes([[1, 2], [1, 2], [1], [1, 2], [1, 2]])
    with pytest.raises(CodecError, match="column 4, quote 0 was 18446744073709551616"):
        quote_codec.encode_quotes([[1], [1], [1], [1], [2**64]])


def test_a_recorded_session_takes_less_than_zstd_makes_of_it():
    quotes = recorded()
    codec = quote_history.QuoteCodec()
    file = codec.encode_quotes(quotes)
    assert codec.decode_quotes(file).tolist() == quotes.tolist()
    assert len(file) < len(zstd.compress(quotes.tobytes(), 3)) < quotes.nbytes


def recorded():
    """Returns the best quotes of a recorded session, received in this order."""
    with zstd.open(shared_data("cex_binance_hft") / "spot_btcusdt_20240808.txt.zst", "rt", encoding="utf-8") as lines:
        rows = []
        for line in lines:
            time, frame = line.split(" ", 1)
            if '"stream":"btcusdt@bookTicker"' in frame:
                data = json.loads(frame)["data"]
                rows.append([int(time), *(int(data[key].replace(".", "")) for key in ("b", "B", "a", "A"))])
    assert len(rows) > 1_000
    return np.array(sorted(rows, key=lambda row: row[0])).T.copy()


def test_examples_run():
    for module in (quote_history, quote_codec):
        assert doctest.testmod(module) == (0, doctest.testmod(module).attempted)
