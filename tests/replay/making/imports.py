"""Sessions imported from captures: of an exchange of the embedded market, and of a perpetual that is made up."""

from __future__ import annotations

import json
import random
import tempfile
from pathlib import Path
from typing import Any

from backports import zstd

from tests.replay import stepping
from tests.replay.making.files import FRAME, NET, File, copied
from tests.replay.making.live import config
from tests.snapshots import all_of_body


def captures(folder: Path) -> list[list[Path]]:
    """Returns capture files in both formats: an exchange's frames of exchanges-3, and frames that are made up."""
    with File(NET / "exchanges-3.cambist") as file:
        records = file.records()
    channels = {c["id"]: c for c in all_of_body(records[0].body)["setup"]["engine"]["channels"]}
    mine = [r for r in records if r.kind == FRAME and r.direction == 0 and channels[r.channel]["venue"] == "binance"]
    hft, feed = folder / "spot.txt", folder / "BINANCE.jsonl"
    lines = [json.dumps({"t": "header", "format": 2, "exchange": "BINANCE"})]
    with hft.open("wb") as out:
        for each in mine:
            channel = channels[each.channel]
            ts, text = each.recv_ns / 1e9, each.body.decode()
            if channel["protocol"] == "binance.spot.depth":
                url = f"https://exchange/api/v3/depth?symbol={channel['symbol']}&limit=1000"
                lines.append(json.dumps({"t": "http", "conn": "BINANCE.http.0", "ts": ts, "url": url, "data": text}))
            elif channel["protocol"] == "binance.spot.ws" and b'"stream"' in each.body:
                out.write(b"%d %s\n" % (each.recv_ns, each.body))
                lines.append(json.dumps({"t": "recv", "conn": "BINANCE.ws.1", "ts": ts, "data": text}))
    feed.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [[hft, futures(folder / "futures.txt", mine[0].recv_ns)], [feed]]


def futures(path: Path, begin_ns: int) -> Path:
    """Writes a capture of a perpetual: tickers, trades, and a book with its snapshot and one gap."""
    rng, update, lines = random.Random(41), 1_000, []
    for step in range(400):
        at_ns, mid = begin_ns + step * 9_000_000, 172_00 + rng.randint(-60, 60)
        price = [f"{(mid + side) / 100:.2f}" for side in (-1, 1)]
        base = {"E": at_ns // 10**6 - 3, "T": at_ns // 10**6 - 4, "s": "SOLUSDT"}
        if step == 40:
            levels = [[[f"{(mid + side * n) / 100:.2f}", "5"] for n in range(1, 9)] for side in (-1, 1)]
            body: Any = {"lastUpdateId": update, "E": base["E"], "T": base["T"], "bids": levels[0], "asks": levels[1]}
        elif step % 3:
            before, update = update, update + rng.randint(1, 5) + (100 if step == 200 else 0)
            sides = [[[p, rng.choice(["0", "2.5", "40"])]] for p in price]
            data = {
                "e": "depthUpdate",
                **base,
                "U": before + 1,
                "u": update,
                "pu": before,
                "b": sides[0],
                "a": sides[1],
            }
            body = {"stream": "solusdt@depth@0ms", "data": data}
        elif step % 2:
            data = {"e": "bookTicker", "u": update, **base, "b": price[0], "B": "3", "a": price[1], "A": "4"}
            body = {"stream": "solusdt@bookTicker", "data": data}
        else:
            data = {"e": "aggTrade", **base, "a": step, "p": price[0], "q": "1.5", "f": step, "l": step, "m": True}
            body = {"stream": "solusdt@trade", "data": data}
        lines.append(f"{at_ns} {json.dumps(body, separators=(',', ':'))}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def imported() -> dict[str, str]:
    """Imports captures of both formats; returns how, by name."""
    names = ("imported-hftbacktest", "imported-cryptofeed")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for name, files in zip(names, captures(folder), strict=True):
            out = folder / f"{name}.cambist"
            stepping.imported(files, out, config(folder, ""))
            with copied(out, name):
                pass
            for file in files:
                (NET / f"{name}.{file.name}.zst").write_bytes(zstd.compress(file.read_bytes(), level=19))
    return dict.fromkeys(names, "cambist import, of the capture files beside it: exchanges-3, and made-up futures")
