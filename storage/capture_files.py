"""Other people's capture files, read line by line with bounds: hftbacktest's collector and cryptofeed's format 2.

hftbacktest (Binance combined streams, REST depth snapshots between them)::

    1723161254087891268 {"stream":"btcusdt@bookTicker","data":{"u":50093239212,"s":"BTCUSDT",…}}
    1723161254206652067 {"lastUpdateId":50093239218,"bids":[…],"asks":[…]}

cryptofeed, one JSON object a line, grouped by connection rather than by time::

    {"t":"header","format":2,"exchange":"BINANCE",…}
    {"t":"http","conn":"BINANCE.http.0","ts":1633998512.320639,"url":"https://…/depth?symbol=NKNUSDT&limit=1000","data":"{…}"}
    {"t":"connect","conn":"BINANCE.ws.1","ts":1633998511.159679,"addr":"wss://…"}
    {"t":"recv","conn":"BINANCE.ws.1","ts":1633998512.0633569,"data":"{…}"}
"""

from __future__ import annotations

import gzip
import io
from decimal import Decimal
from typing import IO, TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs, urlsplit

import msgspec
from backports import zstd

from cambist.model.events import MAX_BODY
from cambist.model.text import sanitise

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_LINE = MAX_BODY
MAX_FILE_BYTES = 16 << 30
MAX_WINDOW_LOG = 27
MAX_NS = (1 << 63) - 1
NS_DIGITS = range(16, 20)
"""A receive time in nanoseconds between 1970 and 2262."""

RECV, SEND, HTTP, CONNECT, DISCONNECT = "recv", "send", "http", "connect", "disconnect"


class ImportProblem(ValueError):
    """A file that can't be imported: which one, at which line (1 first), and why."""

    def __init__(self, path: Path, line: int, why: str) -> None:
        super().__init__(f"{path}, line {line}: {why}")
        self.path = path
        self.line = line


class Line(NamedTuple):
    """One line of a capture, venue-neutral."""

    number: int
    recv_ns: int
    kind: str
    """`recv`, `send`, `http`, `connect`, `disconnect`."""
    conn: str
    body: bytes
    url: str


class Header(NamedTuple):
    """What a capture says about itself."""

    format: str
    """`hftbacktest` or `cryptofeed`."""
    exchange: str
    """cryptofeed's name of it; empty where the format has none."""


class _CryptofeedHeader(msgspec.Struct):
    t: str
    format: int
    exchange: str


class _CryptofeedLine(msgspec.Struct):
    t: str
    conn: str = ""
    ts: Decimal = Decimal(0)
    data: str = ""
    url: str = ""
    addr: str = ""


_HEADER = msgspec.json.Decoder(_CryptofeedHeader)
_LINE = msgspec.json.Decoder(_CryptofeedLine)


def raw_lines(path: Path, max_bytes: int = MAX_FILE_BYTES) -> Iterator[tuple[int, bytes]]:
    """Yields each line of a plain, .zst or .gz file with its number. Raises `ImportProblem`, `OSError`."""
    number, total = 0, 0
    with _open(path) as file:
        while True:
            try:
                line = file.readline(MAX_LINE + 1)
            except (zstd.ZstdError, EOFError, gzip.BadGzipFile, ValueError) as error:
                raise ImportProblem(path, number + 1, f"the compressed file is damaged: {error}") from error
            if not line:
                return
            number += 1
            total += len(line)
            if len(line) > MAX_LINE:
                raise ImportProblem(path, number, f"longer than {MAX_LINE} bytes")
            if total > max_bytes:
                raise ImportProblem(path, number, f"the file holds more than {max_bytes} bytes")
            yield number, line


def header(path: Path) -> Header:
    """Returns which format a file has, from its first line. Raises `ImportProblem`, `OSError`."""
    _, first = next(raw_lines(path), (1, b""))
    if not first:
        raise ImportProblem(path, 1, "the file is empty")
    if first.startswith(b"{"):
        try:
            found = _HEADER.decode(first)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise ImportProblem(path, 1, f"no cryptofeed header ({error})") from error
        if found.t != "header" or found.format != 2:
            raise ImportProblem(path, 1, f"cryptofeed format {found.format}, 2 is understood")
        return Header("cryptofeed", found.exchange)
    stamp, _, rest = first.partition(b" ")
    if stamp.isdigit() and len(stamp) in NS_DIGITS and rest.startswith(b"{"):
        return Header("hftbacktest", "")
    shown = sanitise(first[:40].decode("utf-8", "replace"))
    raise ImportProblem(path, 1, f"begins {shown!r}, expected '<receive ns> <json>' or a cryptofeed header")


def lines(path: Path, kind: str) -> Iterator[Line]:
    """Yields a capture's lines. `kind` is `Header.format`. Raises `ImportProblem`, `OSError`."""
    return _cryptofeed(path) if kind == "cryptofeed" else _hftbacktest(path)


def depth_symbol(url: str) -> str:
    """Returns the symbol that a REST depth URL asks for; empty if it is no such URL."""
    parts = urlsplit(url)
    if not parts.path.endswith("/depth"):
        return ""
    return next(iter(parse_qs(parts.query).get("symbol", [])), "").upper()


def is_instrument_list(url: str) -> bool:
    """Returns whether a URL asks for Binance's exchangeInfo."""
    return urlsplit(url).path.endswith("/exchangeInfo")


def _hftbacktest(path: Path) -> Iterator[Line]:
    for number, line in raw_lines(path):
        stamp, _, rest = line.partition(b" ")
        body = rest.rstrip()
        if not (stamp.isdigit() and len(stamp) in NS_DIGITS and body[:1] == b"{" and body[-1:] == b"}"):
            raise ImportProblem(path, number, "expected '<receive ns> <json>'")
        recv_ns = int(stamp)
        if recv_ns > MAX_NS:
            raise ImportProblem(path, number, f"receive time {recv_ns} is beyond 64 bits")
        yield Line(
            number=number,
            recv_ns=recv_ns,
            kind=HTTP if body.startswith(b'{"lastUpdateId"') else RECV,
            conn="",
            body=body,
            url="",
        )


def _cryptofeed(path: Path) -> Iterator[Line]:
    for number, line in raw_lines(path):
        if number == 1:
            continue
        try:
            found = _LINE.decode(line)
            recv_ns = int(found.ts.scaleb(9))
        except (msgspec.MsgspecError, RecursionError, ArithmeticError, ValueError) as error:
            raise ImportProblem(path, number, f"no cryptofeed line ({error})") from error
        if not 0 < recv_ns <= MAX_NS:
            raise ImportProblem(path, number, f"receive time {found.ts} is not a Unix time in seconds")
        body = found.addr if found.t == CONNECT else found.data
        try:
            yield Line(number=number, recv_ns=recv_ns, kind=found.t, conn=found.conn, body=body.encode(), url=found.url)
        except UnicodeEncodeError as error:
            raise ImportProblem(path, number, f"text that is no Unicode ({error.reason})") from error


def _open(path: Path) -> IO[bytes]:
    with path.open("rb") as probe:
        magic = probe.read(4)
    if magic == b"\x28\xb5\x2f\xfd":
        options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: MAX_WINDOW_LOG}
        return io.BufferedReader(zstd.ZstdFile(path, "rb", options=options), 1 << 18)
    if magic[:2] == b"\x1f\x8b":
        return io.BufferedReader(gzip.GzipFile(path, "rb"), 1 << 18)
    return path.open("rb")
