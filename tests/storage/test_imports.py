import gzip
import json
import random

import pytest
from backports import zstd

from cambist.model.events import Direction, RecordKind, records
from cambist.model.market import Instrument
from storage import capture_files
from storage.imports import ImportProblem, scan, write
from storage.session import SessionReader
from storage.verify import SOUND, verify
from tests.shared import shared_data

T0 = 1_790_000_000_000_000_000


def ticker(symbol, update, *, usdm=False):
    data = {"u": update, "s": symbol, "b": "1.0", "B": "2", "a": "1.1", "A": "3"}
    data = ({"e": "bookTicker"} | data) if usdm else data
    return json.dumps({"stream": f"{symbol.lower()}@bookTicker", "data": data}, separators=(",", ":"))


def depth(symbol, first, last, *, previous=None):
    data = {"e": "depthUpdate", "E": 1, "s": symbol, "U": first, "u": last}
    data |= {} if previous is None else {"pu": previous}
    return json.dumps({"stream": f"{symbol.lower()}@depth", "data": data | {"b": [], "a": []}}, separators=(",", ":"))


def capture(path, entries):
    path.write_text("".join(f"{T0 + at} {text}\n" for at, text in entries))
    return path


SNAPSHOT = '{"lastUpdateId":5,"bids":[],"asks":[]}'


def everything(path):
    with SessionReader(path) as reader:
        return [record for chunk in reader.blocks() for record in records(chunk.block)]


def test_the_four_binance_files_become_one_sound_session(tmp_path):
    folder = shared_data("cex_binance_hft")
    files = sorted(folder.glob("*.zst"))
    plan = scan(files)
    assert plan.lines == 243_476
    assert [(channel.protocol, channel.symbol) for channel in plan.setup.channels] == [
        ("binance.spot.ws", ""),
        ("binance.spot.depth", "BTCUSDT"),
        ("binance.spot.ws", ""),
        ("binance.spot.depth", "ETHUSDT"),
        ("binance.usdm.ws", ""),
        ("binance.usdm.depth", "BTCUSDT"),
        ("binance.usdm.ws", ""),
        ("binance.usdm.depth", "ETHUSDT"),
    ]
    assert plan.setup.instruments == (
        Instrument("binance", "BTCUSDT", "BTC", "USDT", "spot"),
        Instrument("binance", "ETHUSDT", "ETH", "USDT", "spot"),
        Instrument("binance-usdm", "BTCUSDT", "BTC", "USDT", "perp"),
        Instrument("binance-usdm", "ETHUSDT", "ETH", "USDT", "perp"),
    )
    out = tmp_path / "four.cambist"
    report = write(plan, out, b"state")
    assert [report.by_file[file.name] for file in files] == [41_249, 33_618, 93_954, 74_655]
    assert (report.frames, report.records, report.skipped, report.clamped) == (243_476, 243_481, 0, 0)
    check = verify(out)
    assert check.exit_code == SOUND, check.findings
    assert check.records == 243_481
    assert (check.last_ns - check.first_ns) // 10**9 == 346


def test_the_frames_of_a_file_keep_their_bytes_and_order(tmp_path):
    file = shared_data("cex_binance_hft", "spot_ethusdt_20240808.txt.zst")
    out = tmp_path / "eth.cambist"
    write(scan([file]), out, b"state")
    with zstd.open(file, "rb") as lines:
        expected = [(int(line[:19]), line[20:].rstrip()) for line in lines]
    frames = [record for record in everything(out) if record.kind == RecordKind.FRAME]
    assert [(record.recv_ns, record.body) for record in frames] == expected


def test_cryptofeed_binance_with_its_instrument_list(tmp_path):
    file = shared_data("cex_cryptofeed", "BINANCE.jsonl.zst")
    plan = scan([file])
    assert plan.lines == 272
    assert [instrument.base + "/" + instrument.quote for instrument in plan.setup.instruments] == [
        "BLZ/ETH",
        "LRC/BTC",
        "NKN/USDT",
        "RUNE/EUR",
    ]
    out = tmp_path / "cf.cambist"
    report = write(plan, out, b"state")
    assert (report.frames, report.skipped) == (270, 1)
    assert verify(out).exit_code == SOUND
    by_channel = {channel.id: channel for channel in plan.setup.channels}
    snapshots = [
        (by_channel[record.channel].symbol, json.loads(record.body)["lastUpdateId"])
        for record in everything(out)
        if record.kind == RecordKind.FRAME and by_channel[record.channel].protocol == "binance.spot.depth"
    ]
    assert snapshots == [("NKNUSDT", 499869752), ("BLZETH", 281916627), ("LRCBTC", 259345543), ("RUNEEUR", 15602511)]


def test_cryptofeed_of_another_exchange_is_named():
    with pytest.raises(ImportProblem, match=r"KRAKEN.jsonl.zst, line 1: exchange 'KRAKEN', expected one of BINANCE"):
        scan([shared_data("cex_cryptofeed", "KRAKEN.jsonl.zst")])


def test_files_are_merged_by_time_and_ties_keep_the_order_of_files(tmp_path):
    a = capture(tmp_path / "a.txt", [(1, ticker("AAABBB", 1)), (5, ticker("AAABBB", 2)), (5, ticker("AAABBB", 3))])
    b = capture(tmp_path / "b.txt", [(0, ticker("CCCDDD", 9)), (5, ticker("CCCDDD", 10)), (6, ticker("CCCDDD", 11))])
    out = tmp_path / "out.cambist"
    write(scan([a, b]), out, b"state", decided=lambda block, _: (f"{len(block)}", None))
    found = everything(out)
    assert found[0].kind == RecordKind.STATE
    assert found[0].body == b"state"
    frames = [record for record in found if record.kind == RecordKind.FRAME]
    assert [json.loads(frame.body)["data"]["u"] for frame in frames] == [9, 1, 2, 3, 10, 11]
    assert [frame.recv_ns - T0 for frame in frames] == [0, 1, 5, 5, 5, 6]
    assert [record.seq for record in found] == list(range(1, 10))
    connected = [record.channel for record in found if record.kind == RecordKind.CONNECTED]
    assert connected == [2, 1]
    assert {(frame.channel, frame.generation) for frame in frames} == {(1, 1), (2, 1)}
    with SessionReader(out) as reader:
        assert reader.meta["imported"] == "1"
        assert reader.index()[-1].digest.isdecimal()


def test_the_last_of_the_frames_that_share_a_receive_time_is_a_moment(tmp_path, monkeypatch):
    times = [0, 0, 5, 5, 5, 9, 12, 12]
    path = capture(tmp_path / "a_2.txt", [(at, ticker("SOLUSDT", 10 + n)) for n, at in enumerate(times)])
    for chunk in (1 << 20, 200):  # of 200 bytes: one chunk for each moment
        monkeypatch.setattr("storage.imports.CHUNK_BYTES", chunk)
        plan = scan([path])
        assert plan.setup.moments
        write(plan, tmp_path / f"m{chunk}.cambist", b"{}")
        frames = [r for r in everything(tmp_path / f"m{chunk}.cambist") if r.kind == RecordKind.FRAME]
        assert [r.recv_ns - T0 for r in frames if r.moment] == [0, 5, 9, 12]
        assert [r.moment for r in frames] == [False, True, False, False, True, True, False, True]


def test_spot_and_futures_are_told_apart_by_content(tmp_path):
    spot = capture(tmp_path / "futures-by-name.txt", [(0, depth("XY", 1, 2)), (1, SNAPSHOT)])
    perp = capture(tmp_path / "spot-by-name.txt", [(0, depth("XY", 1, 2, previous=0)), (1, SNAPSHOT)])
    plan = scan([spot, perp])
    assert [channel.protocol for channel in plan.setup.channels] == [
        "binance.spot.ws",
        "binance.spot.depth",
        "binance.usdm.ws",
        "binance.usdm.depth",
    ]
    assert plan.setup.instruments == (
        Instrument("binance", "XY", "XY", "", "spot"),
        Instrument("binance-usdm", "XY", "XY", "", "perp"),
    )
    only_ticker = capture(tmp_path / "t.txt", [(0, ticker("XY", 1, usdm=True))])
    assert scan([only_ticker]).setup.channels[0].venue == "binance-usdm"


def test_plain_gz_and_zst_give_the_same_frames(tmp_path):
    plain = capture(tmp_path / "x.txt", [(n, ticker("XY", n)) for n in range(50)])
    (tmp_path / "x.gz").write_bytes(gzip.compress(plain.read_bytes()))
    (tmp_path / "x.zst").write_bytes(zstd.compress(plain.read_bytes()))
    bodies = []
    for name in ("x.txt", "x.gz", "x.zst"):
        out = tmp_path / f"{name}.cambist"
        write(scan([tmp_path / name]), out, b"state")
        bodies.append([record.body for record in everything(out) if record.kind == RecordKind.FRAME])
    assert bodies[0] == bodies[1] == bodies[2]
    assert len(bodies[0]) == 50


def test_a_step_back_in_time_keeps_the_order_and_is_counted(tmp_path):
    file = capture(tmp_path / "x.txt", [(10, ticker("XY", 1)), (4, ticker("XY", 2)), (12, ticker("XY", 3))])
    out = tmp_path / "out.cambist"
    report = write(scan([file]), out, b"state")
    assert report.clamped == 1
    frames = [record for record in everything(out) if record.kind == RecordKind.FRAME]
    assert [json.loads(frame.body)["data"]["u"] for frame in frames] == [1, 2, 3]
    assert verify(out).backward_times == 0


def cryptofeed(path, *entries):
    head = {"t": "header", "format": 2, "exchange": "BINANCE"}
    path.write_text("".join(json.dumps(entry) + "\n" for entry in (head, *entries)))
    return path


def test_cryptofeed_connections_become_generations(tmp_path):
    def line(kind, at, **more):
        return {"t": kind, "conn": "w", "ts": at} | more

    file = cryptofeed(
        tmp_path / "x.jsonl",
        line("connect", 1.0, addr="wss://x"),
        line("send", 1.1, data='{"method":"SUBSCRIBE"}'),
        line("recv", 1.25, data=ticker("XY", 1)),
        line("disconnect", 1.5),
        line("connect", 2.0, addr="wss://x"),
        line("recv", 2.000000001, data=ticker("XY", 2)),
        line("later_invention", 3.0),
    )
    out = tmp_path / "out.cambist"
    report = write(scan([file]), out, b"s")
    assert (report.lines, report.frames, report.skipped) == (8, 3, 2)
    assert [(record.kind, record.generation, record.direction) for record in everything(out)[1:]] == [
        (RecordKind.CONNECTED, 1, Direction.IN),
        (RecordKind.FRAME, 1, Direction.OUT),
        (RecordKind.FRAME, 1, Direction.IN),
        (RecordKind.DISCONNECTED, 1, Direction.IN),
        (RecordKind.CONNECTED, 2, Direction.IN),
        (RecordKind.FRAME, 2, Direction.IN),
    ]
    assert everything(out)[-1].recv_ns == 2_000_000_001


@pytest.mark.parametrize(
    ("content", "line", "why"),
    [
        (b"", 1, "the file is empty"),
        (b"SQLite format 3\x00" + bytes(100), 1, "expected '<receive ns> <json>'"),
        (b"\x1b]0;owned\x07 {}\n", 1, "begins"),
        (b'{"t":"header","format":1,"exchange":"BINANCE"}\n', 1, "format 1, 2 is understood"),
        (b'{"a":1}\n', 1, "no cryptofeed header"),
        (f"{T0} {ticker('XY', 1)}\n{T0} nonsense\n".encode(), 2, "expected '<receive ns> <json>'"),
        (f'{T0} {ticker("XY", 1)}\n{T0} {{"stream":}}\n'.encode(), 2, "no Binance message"),
        (f"{T0} {ticker('XY', 1)}\n9999999999999999999 {{}}\n".encode(), 2, "beyond 64 bits"),
        (f"{T0} {ticker('XY', 1)}\n{T0} {depth('XY', 1, 2, previous=1)}\n".encode(), 2, "a message of binance-usdm"),
        (
            f"{T0} {ticker('X', 1)}\n{T0} {ticker('Y', 1)}\n{T0} {SNAPSHOT}\n".encode(),
            3,
            "beside several symbols: X, Y",
        ),
        (f'{T0} {{"result":null,"id":1}}\n'.encode(), 1, "no depth update and no bookTicker"),
        (f"{T0} {'{' * 100_000 + '}'}\n".encode(), 1, "no Binance message"),
    ],
)
def test_foreign_and_damaged_files_name_file_and_line(tmp_path, content, line, why):
    path = tmp_path / "bad.txt"
    path.write_bytes(content)
    with pytest.raises(ImportProblem) as error:
        scan([path])
    assert error.value.path == path
    assert error.value.line == line
    assert why in str(error.value)
    assert "\x1b" not in str(error.value)


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])
def test_a_truncated_compressed_file_names_the_line_it_reached(tmp_path, pack):
    rng = random.Random(1)
    text = "".join(f"{T0 + n} {ticker('XY', rng.getrandbits(60))}\n" for n in range(5000)).encode()
    path = tmp_path / "cut"
    path.write_bytes(pack(text)[:-2000])
    with pytest.raises(ImportProblem, match="the compressed file is damaged") as error:
        scan([path])
    assert error.value.line > 100


def test_a_line_without_end_is_refused_before_it_fills_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(capture_files, "MAX_LINE", 1 << 16)
    path = tmp_path / "bomb.zst"
    path.write_bytes(zstd.compress(f"{T0} {{".encode() + bytes(64 << 20)))
    with pytest.raises(ImportProblem, match="line 1: longer than 65536 bytes"):
        scan([path])


def test_a_file_that_unpacks_to_more_than_the_limit_is_refused(tmp_path):
    path = tmp_path / "bomb.zst"
    path.write_bytes(zstd.compress(b"\n" * (1 << 20)))
    with pytest.raises(ImportProblem, match="more than 1000 bytes"):
        list(capture_files.raw_lines(path, 1000))


def test_a_failed_import_leaves_no_session(tmp_path):
    path = capture(tmp_path / "x.txt", [(0, ticker("XY", 1))])
    plan = scan([path])
    path.write_text(f"{T0} {ticker('XY', 1)}\nbroken\n")
    out = tmp_path / "out.cambist"
    with pytest.raises(ImportProblem, match="line 2"):
        write(plan, out, b"s")
    assert not out.exists()
    out.write_text("mine")
    with pytest.raises(FileExistsError):
        write(plan, out, b"s")
    assert out.read_text() == "mine"


def test_no_files_or_one_twice(tmp_path):
    path = capture(tmp_path / "x.txt", [(0, ticker("XY", 1))])
    for files in ([], [path, path]):
        with pytest.raises(ValueError, match="expected one or more, each once"):
            scan(files)
    with pytest.raises(FileNotFoundError):
        scan([tmp_path / "missing"])


def test_mangled_captures_fail_by_file_and_line_or_import_soundly(tmp_path):
    rng = random.Random(5)
    lines = [(n, ticker("XY", n) if n % 3 else depth("XY", n, n)) for n in range(1, 30)] + [(31, SNAPSHOT)]
    plain = capture(tmp_path / "x.txt", lines).read_bytes()
    feed = {"t": "recv", "conn": "w", "ts": 1.5, "data": ticker("XY", 1)}
    jsonl = cryptofeed(tmp_path / "x.jsonl", *[feed | {"ts": 1.5 + n} for n in range(20)]).read_bytes()
    rubbish = [b"", b"\xff", b"}", b'"', b"\n", b"[" * 2000, b"0", b"-1e999"]
    imported = 0
    for n in range(300):
        data = bytearray(rng.choice([plain, jsonl]))
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(len(data))
            data[at : at + rng.randint(0, 3)] = rng.choice(rubbish)
        path = tmp_path / "mangled"
        path.write_bytes(data)
        out = tmp_path / f"{n}.cambist"
        problem = None
        try:
            write(scan([path]), out, b"s")
        except ImportProblem as found:
            problem = found
        if problem is not None:
            assert problem.path == path
            assert not out.exists()
        else:
            imported += 1
            assert verify(out).exit_code == SOUND
    assert 0 < imported < 300
