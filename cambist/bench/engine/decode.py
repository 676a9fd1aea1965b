"""Typed JSON to state: a venue's best prices and books, a node's accounts."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import msgspec

from cambist.bench.engine.case import Case, native
from cambist.engine.reference.chain import base58
from cambist.engine.reference.library import streams

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FRAMES = 500
FIRST = 91_000_001


class _Ticker(msgspec.Struct):
    u: int
    s: str
    b: float
    B: float
    a: float
    A: float


class _Depth(msgspec.Struct):
    lastUpdateId: int
    bids: list[tuple[float, float]]
    asks: list[tuple[float, float]]


class _Context(msgspec.Struct):
    slot: int


class _Value(msgspec.Struct):
    lamports: int
    data: tuple[bytes, str]
    owner: str


class _Result(msgspec.Struct):
    context: _Context
    value: _Value


class _Params(msgspec.Struct):
    result: _Result
    subscription: int


class _Notification(msgspec.Struct):
    method: str
    params: _Params


def cases() -> Iterator[Case]:
    """Returns the cases of this file."""
    extension = native()
    prices = b'"s":"SOLUSDT","b":"142.51000000","B":"30.10000000","a":"142.52000000","A":"4.00000000"'
    tickers = [b'{"u":%d,%b}' % (FIRST + at, prices) for at in range(FRAMES)]
    books = [_book(FIRST + at) for at in range(FRAMES)]
    accounts = [_account(5_199_307 + at, 653) for at in range(FRAMES)]
    work: list[tuple[str, list[bytes], Callable[[Any], Any], Any, float]] = [
        ("best bid and ask", tickers, lambda by: by.BookStream("binance.spot.ws", ""), _Ticker, 1.7),
        ("20 + 20 levels", books, lambda by: by.BookStream("binance.spot.depth", "X"), _Depth, 3.5),
        ("account of 653 bytes", accounts, _subscribed, _Notification, 2.2),
    ]
    for name, frames, fresh, shape, ratio in work:
        decoder = msgspec.json.Decoder(shape, strict=False)
        yield Case(
            f"JSON to state, {name}", f"{len(frames[0])} bytes", FRAMES,
            _taking(fresh, extension, frames) if extension else None, _taking(fresh, streams, frames),
            "msgspec typed", _decoding(decoder, frames), (("peer", ratio),),
        )  # fmt: skip


def _taking(fresh: Callable[[Any], Any], by: Any, frames: list[bytes]) -> Callable[[], None]:
    """Returns a call that brings new state through all frames."""

    def run() -> None:
        take = fresh(by).take
        for frame in frames:
            take(frame)

    return run


def _decoding(decoder: Any, frames: list[bytes]) -> Callable[[], None]:
    def run() -> None:
        decode = decoder.decode
        for frame in frames:
            decode(frame)

    return run


KEY = bytes([7] * 32)


def _subscribed(by: Any) -> Any:
    stream = by.AccountStream()
    ask = {"jsonrpc": "2.0", "id": 1, "method": "accountSubscribe", "params": [base58.encode(KEY)]}
    stream.take(_wire(ask), sent=True)
    stream.take(b'{"jsonrpc":"2.0","result":9,"id":1}')
    return stream


def _book(update_id: int) -> bytes:
    def side(best: float, step: float) -> list[list[str]]:
        return [[f"{best + step * at:.8f}", f"{at + 1}.50000000"] for at in range(20)]

    return _wire({"lastUpdateId": update_id, "bids": side(142.51, -0.01), "asks": side(142.52, 0.01)})


def _account(slot: int, size: int) -> bytes:
    data = b64encode(bytes(at * 31 & 255 for at in range(size))).decode()
    value = {"lamports": 33594, "data": [data, "base64"], "owner": base58.encode(KEY), "executable": False}
    value |= {"rentEpoch": 2**64 - 1, "space": size}
    params = {"result": {"context": {"slot": slot}, "value": value}, "subscription": 9}
    return _wire({"jsonrpc": "2.0", "method": "accountNotification", "params": params})


def _wire(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
