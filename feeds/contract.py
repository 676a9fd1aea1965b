"""What every venue must do, checked on sample frames: for cambist's own tests and for those of a plug-in.

A folder of samples holds one frame a file, as the venue sends it: `book.json`, `ticker.json` and `trade.json` (those of
the streams that the venue has), `ack.json`, and where the venue has them `refusal.json`, `notice.json`,
`heartbeat.json`, `pong.txt`, `instruments.json` and `time.json`. All are about one symbol.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import msgspec

from feeds.base import EndpointError, require_endpoint
from feeds.venue import NOTHING, Stream, Venue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STREAMS: tuple[Stream, ...] = ("book", "ticker", "trade")
RUBBISH = (b"", b"null", b"[1,2]", b"{", b"\xff\xfe", b"{" * 5_000, b'{"channel":5}', b'{"data":{"a":[{}]}}', b"ping\n")
LEVELS = ("symbol", "seq", "bids", "asks")
FORMS: dict[str, tuple[str, ...]] = {
    "snapshot": LEVELS,
    "delta": (*LEVELS, "ts"),
    "ticker": LEVELS,
    "trade": ("symbol", "seq", "price", "qty", "side", "ts"),
    "gap": ("symbol",),
    "instruments": ("instruments",),
    "alive": (),
}
"""Kinds of frames of cambist's own form, and the fields that they can't be without."""


class ContractError(AssertionError):
    """A venue that does not do what the feed relies on."""


def check(venue: Venue, samples: Path, symbol: str) -> list[str]:
    """Returns what was checked, in words. Raises `ContractError` for the first thing that is wrong."""
    return list(_checks(venue, samples, symbol))


def _checks(venue: Venue, samples: Path, symbol: str) -> Iterator[str]:
    yield _addresses(venue)
    yield _keys(venue, symbol)
    yield _batches(venue)
    yield _frames(venue, samples, symbol)
    yield _answers(venue, samples, symbol)
    yield _rubbish(venue, samples)
    yield _reads(venue, samples, symbol)
    if venue.protocol == "cambist":
        yield _translations(venue, samples)


def _must(true: object, what: str) -> None:
    if not true:
        raise ContractError(what)


def _addresses(venue: Venue) -> str:
    try:
        require_endpoint(venue.ws, "ws")
        if venue.rest:
            require_endpoint(venue.rest, "http")
    except EndpointError as error:
        raise ContractError(str(error)) from error
    _must(venue.seeding in venue.seedings, f"seeds by {venue.seeding}, which is none of {venue.seedings}")
    return "addresses can be connected to"


def _keys(venue: Venue, symbol: str) -> str:
    wanted = venue.subscriptions([symbol, symbol + "X"], venue.streams)
    keys = [one.key for one in wanted]
    _must(len(set(keys)) == len(keys), f"keys are not unique: {keys}")
    streams = {one.stream for one in wanted} - {"beat"}
    _must(streams == set(venue.streams), f"subscribes {streams}, expected {set(venue.streams)}")
    return "keys are unique"


def _batches(venue: Venue) -> str:
    symbols = [f"S{number:03}" for number in range(2 * venue.limits.batch + 1)]
    wanted = venue.subscriptions(symbols, venue.streams)
    for op in ("subscribe", "unsubscribe"):
        requests = venue.requests(op, wanted, itertools.count(1))
        named = [key for request in requests for key in request.keys]
        _must(sorted(named) == sorted(one.key for one in wanted), f"{op} leaves some out, or names some twice")
        for request in requests:
            _must(len(request.keys) <= venue.limits.batch, f"{len(request.keys)} in one message")
            size = len(request.message)
            _must(size <= venue.limits.request_bytes, f"a message of {size} bytes")
    return "messages stay within the limits"


def _frames(venue: Venue, samples: Path, symbol: str) -> str:
    keys = {one.stream: one.key for one in venue.subscriptions([symbol], STREAMS)}
    found = []
    for stream in STREAMS:
        path = samples / f"{stream}.json"
        if path.exists():
            data = venue.parse(_frame(path)).data
            _must(keys[stream] in data, f"{path.name} is data of {data}, expected {keys[stream]}")
            found.append(stream)
    missing = set(venue.streams) - set(found)
    _must(not missing, f"no sample of {', '.join(sorted(missing))}")
    return f"data is told: {', '.join(found)}"


def _answers(venue: Venue, samples: Path, symbol: str) -> str:
    wanted = venue.subscriptions([symbol], STREAMS)
    parsed = venue.parse(_frame(samples / "ack.json"))
    known = {one.key for one in wanted}
    _must(
        parsed.answered is not None or set(parsed.acked) & known, f"ack.json confirms {parsed.acked}, expected {known}"
    )
    found = ["ack"]
    if (path := samples / "refusal.json").exists():
        refused = venue.parse(_frame(path)).refused
        _must(refused is not None and refused.reason, "refusal.json is no refusal")
        found.append("refusal")
    if (path := samples / "notice.json").exists():
        _must(venue.parse(_frame(path)).notice, "notice.json is no notice")
        found.append("notice")
    for name in ("heartbeat.json", "pong.txt"):
        if (path := samples / name).exists():
            alive = venue.parse(_frame(path))
            _must(not (alive.refused or alive.notice or set(alive.data) & known), f"{name} says {alive}")
            found.append(name.partition(".")[0])
    return f"answers are told: {', '.join(found)}"


def _rubbish(venue: Venue, samples: Path) -> str:
    frames = [_frame(path) for path in sorted(samples.iterdir())]
    cut = [frame[:at] for frame in frames for at in range(0, len(frame), 7)]
    for body in (*RUBBISH, *cut):
        parsed = venue.parse(body)
        _must(parsed == NOTHING, f"{body[:40]!r} says {parsed}")
    return f"{len(RUBBISH) + len(cut)} broken frames say nothing"


def _reads(venue: Venue, samples: Path, symbol: str) -> str:
    found = []
    if venue.instruments([symbol]) is not None:
        body = _frame(samples / "instruments.json")
        _must(not venue.check(body), f"instruments.json is an error: {venue.check(body)}")
        _must(symbol in venue.listed(body), f"instruments.json lists {venue.listed(body)}, expected {symbol}")
        found.append("instruments")
    if venue.server_time() is not None:
        at_ns, step_ns = venue.time_ns(_frame(samples / "time.json"))
        _must(1.5e18 < at_ns < 4e18, f"time.json is {at_ns} ns")
        _must(1 <= step_ns <= 1_000_000_000, f"time is told in steps of {step_ns} ns")
        found.append("time")
    if "rest" in venue.seedings:
        _must(venue.depth(symbol).target.startswith("/"), f"depth is read from {venue.depth(symbol).target}")
        found.append("depth")
    return f"reads are told: {', '.join(found) or 'none'}"


def _translations(venue: Venue, samples: Path) -> str:
    count = 0
    for stream in STREAMS:
        path = samples / f"{stream}.json"
        for frame in venue.translate(_frame(path)) if path.exists() else ():
            decoded = msgspec.json.decode(frame)
            kind = decoded.get("kind") if isinstance(decoded, dict) else None
            _must(kind in FORMS, f"{path.name} is translated to {frame[:60]!r}")
            missing = set(FORMS[str(kind)]) - set(decoded)
            _must(not missing, f"{path.name} is translated to a {kind} without {', '.join(sorted(missing))}")
            count += 1
    _must(count, "no sample is translated to anything")
    return f"{count} frames are translated"


def _frame(path: Path) -> bytes:
    try:
        return path.read_bytes().strip()
    except OSError as error:
        what = f"no sample {path.name}: {error.strerror}"
        raise ContractError(what) from error
