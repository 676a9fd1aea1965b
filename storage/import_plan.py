"""What capture files hold: `scan` reads each once and says which channels, instruments and engine they need.

Venue and symbol come from the content. A file is USD-M futures if its depth updates carry `pu`, spot if they don't.
Symbols are split into base and quote by an exchangeInfo in the files, else by a table of two, else not at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from cambist.engine.protocol import EngineSetup
from cambist.model.events import Channel
from cambist.model.market import Instrument
from cambist.model.text import sanitise
from storage.capture_files import (
    HTTP,
    RECV,
    Header,
    ImportProblem,
    Line,
    depth_symbol,
    header,
    is_instrument_list,
    lines,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

SPOT, USDM = "binance", "binance-usdm"
EXCHANGES = {"BINANCE": SPOT, "BINANCE_FUTURES": USDM}
"""cryptofeed's names."""
PROTOCOL = {SPOT: "binance.spot", USDM: "binance.usdm"}
KNOWN_SPLITS = {"BTCUSDT": ("BTC", "USDT"), "ETHUSDT": ("ETH", "USDT")}
"""Used only where the files hold no instrument list."""
MAX_SYMBOLS = 2000
MAX_CONNECTIONS = 64


class Source(NamedTuple):
    """One capture file and where its lines go."""

    path: Path
    format: str
    venue: str
    lines: int
    conns: tuple[str, ...]
    """Its connections if its lines are grouped by connection; empty if they are in order of time."""
    stream: Channel | None
    """Channel of its socket frames."""
    depth: dict[str, Channel]
    """Symbol → channel of its REST depth snapshots."""
    info: Channel | None


class ImportPlan(NamedTuple):
    """What `write` will write."""

    setup: EngineSetup
    lines: int
    """Lines in all files, headers included."""
    first_ns: int
    last_ns: int
    sources: tuple[Source, ...]


class _Message(msgspec.Struct):
    stream: str = ""
    data: msgspec.Raw = msgspec.Raw(b"{}")
    lastUpdateId: int | None = None


class _Data(msgspec.Struct):
    e: str = ""
    s: str = ""
    pu: int | None = None
    u: int | None = None


class _Symbol(msgspec.Struct):
    symbol: str
    baseAsset: str
    quoteAsset: str
    contractType: str = ""


class _ExchangeInfo(msgspec.Struct):
    symbols: list[_Symbol]


_MESSAGE = msgspec.json.Decoder(_Message)
_DATA = msgspec.json.Decoder(_Data)
_INFO = msgspec.json.Decoder(_ExchangeInfo)


class _FileScan:
    """Collects what one file holds while its lines pass by."""

    def __init__(self, path: Path, head: Header) -> None:
        self.path = path
        self.head = head
        self.lines = 1 if head.format == "cryptofeed" else 0
        self.first_ns: int | None = None
        self.last_ns = 0
        self.in_order = True
        self.conns: dict[str, None] = {}
        self.venue = ""
        self.symbols: dict[str, None] = {}
        self.snapshots: dict[str, int] = {}
        self.has_stream = False
        self.has_info = False
        self.splits: dict[str, tuple[str, str]] = {}

    def take(self, line: Line) -> None:
        self.lines += 1
        self.in_order = self.in_order and line.recv_ns >= self.last_ns
        self.first_ns = line.recv_ns if self.first_ns is None else min(self.first_ns, line.recv_ns)
        self.last_ns = max(self.last_ns, line.recv_ns)
        if line.conn not in self.conns:
            if len(self.conns) == MAX_CONNECTIONS:
                raise ImportProblem(self.path, line.number, f"more than {MAX_CONNECTIONS} connections")
            self.conns[line.conn] = None
        try:
            if line.kind == RECV:
                self._message(line)
            elif line.kind == HTTP:
                self._reply(line)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            raise ImportProblem(self.path, line.number, f"no Binance message ({error})") from error

    def _message(self, line: Line) -> None:
        self.has_stream = True
        message = _MESSAGE.decode(line.body)
        data = _DATA.decode(message.data if message.stream else line.body)
        symbol = data.s
        if symbol and symbol not in self.symbols:
            if len(self.symbols) == MAX_SYMBOLS:
                raise ImportProblem(self.path, line.number, f"more than {MAX_SYMBOLS} symbols")
            self.symbols[symbol] = None
        if data.e == "depthUpdate":
            self._is(USDM if data.pu is not None else SPOT, line)
        elif data.e == "bookTicker":  # on spot it has no event type
            self._is(USDM, line)
        elif not data.e and data.u is not None:
            self._is(SPOT, line)

    def _reply(self, line: Line) -> None:
        if self.head.format == "hftbacktest":
            _MESSAGE.decode(line.body)
            self.snapshots.setdefault("", line.number)
        elif symbol := depth_symbol(line.url):
            _MESSAGE.decode(line.body)
            self.snapshots.setdefault(symbol, line.number)
        elif is_instrument_list(line.url):
            self.has_info = True
            found = _INFO.decode(line.body).symbols
            self.splits |= {entry.symbol: (entry.baseAsset, entry.quoteAsset) for entry in found}

    def _is(self, venue: str, line: Line) -> None:
        if self.venue and venue != self.venue:
            raise ImportProblem(self.path, line.number, f"a message of {venue} in a file of {self.venue}")
        self.venue = venue

    def finish(self) -> None:
        """Settles venue and the snapshots' symbol. Raises `ImportProblem`."""
        if self.head.format == "cryptofeed":
            claimed = EXCHANGES.get(self.head.exchange)
            if claimed is None:
                known = ", ".join(EXCHANGES)
                raise ImportProblem(self.path, 1, f"exchange {sanitise(self.head.exchange)!r}, expected one of {known}")
            if self.venue and self.venue != claimed:
                raise ImportProblem(self.path, 1, f"header says {claimed}, messages are of {self.venue}")
            self.venue = claimed
        if self.first_ns is None:
            raise ImportProblem(self.path, 1, "no messages in it")
        if not self.venue:
            raise ImportProblem(self.path, 1, "no depth update and no bookTicker that tell spot from USD-M futures")
        if "" in self.snapshots:
            if len(self.symbols) != 1:
                found = ", ".join(map(sanitise, self.symbols)) or "none"
                raise ImportProblem(self.path, self.snapshots[""], f"a depth snapshot beside several symbols: {found}")
            self.snapshots = {next(iter(self.symbols)): self.snapshots[""]}


def scan(files: Sequence[Path]) -> ImportPlan:
    """Returns what the files hold and the engine they need. Reads each file once, line by line.

    Raises `ImportProblem` with file and line, `OSError`, `ValueError` if there are no files or one comes twice.
    """
    if not files or len({path.resolve() for path in files}) != len(files):
        message = f"{len(files)} files, expected one or more, each once"
        raise ValueError(message)
    found = []
    for path in files:
        entry = _FileScan(path, header(path))
        if entry.head.format == "cryptofeed" and entry.head.exchange not in EXCHANGES:
            entry.finish()
        for line in lines(path, entry.head.format):
            entry.take(line)
        entry.finish()
        found.append(entry)
    sources = _sources(found)
    channels = [channel for source in sources for channel in _channels(source)]
    setup = EngineSetup(channels=tuple(channels), instruments=_instruments(found), moments=True)
    first_ns = min(entry.first_ns for entry in found if entry.first_ns is not None)
    return ImportPlan(
        setup, sum(entry.lines for entry in found), first_ns, max(entry.last_ns for entry in found), sources
    )


def _sources(found: list[_FileScan]) -> tuple[Source, ...]:
    sources = []
    next_id = 1
    for entry in found:
        name = sanitise(entry.path.name)

        def channel(suffix: str, label: str, symbol: str = "", entry: _FileScan = entry) -> Channel:
            nonlocal next_id
            made = Channel(
                id=next_id,
                feed="import",
                venue=entry.venue,
                protocol=f"{PROTOCOL[entry.venue]}.{suffix}",
                label=label,
                symbol=symbol,
            )
            next_id += 1
            return made

        stream = channel("ws", name) if entry.has_stream else None
        depth = {symbol: channel("depth", f"{name} depth {sanitise(symbol)}", symbol) for symbol in entry.snapshots}
        info = channel("info", f"{name} exchangeInfo") if entry.has_info else None
        conns = () if entry.in_order else tuple(entry.conns)
        sources.append(
            Source(
                path=entry.path,
                format=entry.head.format,
                venue=entry.venue,
                lines=entry.lines,
                conns=conns,
                stream=stream,
                depth=depth,
                info=info,
            )
        )
    return tuple(sources)


def _channels(source: Source) -> Iterable[Channel]:
    return [channel for channel in (source.stream, *source.depth.values(), source.info) if channel is not None]


def _instruments(found: list[_FileScan]) -> tuple[Instrument, ...]:
    splits: dict[str, tuple[str, str]] = dict(KNOWN_SPLITS)
    for entry in found:
        splits |= entry.splits
    made: dict[tuple[str, str], Instrument] = {}
    for entry in found:
        for symbol in (*entry.symbols, *entry.snapshots):
            base, quote = splits.get(symbol, (symbol, ""))
            kind = "perp" if entry.venue == USDM else "spot"
            made[entry.venue, symbol] = Instrument(entry.venue, symbol, base, quote, kind)
    return tuple(made[key] for key in sorted(made))
