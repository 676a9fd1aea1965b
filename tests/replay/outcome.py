"""What a replay comes to, in figures: digest, counts, damage, and Views without what is measured."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from tests.replay.stepping import Refused, Replay

if TYPE_CHECKING:
    from pathlib import Path

LEFT_OUT = {
    "status.wall_ns": "the clock of the machine that shows it",
    "status.queue": "how far the hub was behind",
    "status.events_per_s": "a rate by the machine's clock",
    "status.recorded_bytes": "a file's size while it grows",
    "status.engine": "the manifest has a list for each engine, and both must show the same",
    "status.engine_note": "whether Rust could be built here",
    "status.loading": "how quickly an engine is loaded",
    "status.loading_percent": "how quickly an engine is loaded",
    "replay.compared_percent": "where keyframes are, which lie by how quickly records were stepped",
    "status.background": "another runtime's mode",
    "headline.score_p50_ns": "a measured stage time",
    "headline.score_p99_ns": "a measured stage time",
    "duel.rows": "measured stage times",
    "duel.profile": "how this build was made",
}
"""Fields of a View that two replays of one session may differ in, and why."""
VERSION = "version"
"""Of a section: how often it was made anew, which is for panels to skip work; nobody sees it."""
TOTALS = ("frames", "gaps", "dropped", "cycles", "opportunities", "go", "refused", "fills", "net", "valued")


def lasting(view: dict[str, Any], folder: str) -> dict[str, Any]:
    """Returns a View without what is measured, without versions and without the folder that its session is in."""

    def kept(value: Any, at: str) -> Any:
        if isinstance(value, dict):
            names = {name: f"{at}.{name}" if at else name for name in value}
            return {n: kept(value[n], names[n]) for n in value if n != VERSION and names[n] not in LEFT_OUT}
        if isinstance(value, list | tuple):
            return [kept(each, "") for each in value]
        return value.replace(f"{folder}/", "") if isinstance(value, str) else value

    found: dict[str, Any] = kept(view, "")
    return found


def encoded(view: dict[str, Any]) -> bytes:
    """Returns the canonical JSON of a View: its keys in order."""
    return msgspec.json.encode(view, order="sorted")


def hashed(view: dict[str, Any]) -> str:
    """Returns the start of a View's hash."""
    return hashlib.sha256(encoded(view)).hexdigest()[:32]


def replayed(path: Path, engine: str, every: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Returns what a replay of a session on one engine comes to, and its Views: every so many records and at the end.

    The first cycle and the first price row of a View are opened in the next one.
    """
    try:
        replay = Replay(path, engine)
    except Refused:
        return {"ends": "refused"}, []
    views: list[dict[str, Any]] = []
    places: list[int] = []
    try:
        goes_on = True
        while goes_on:
            goes_on = replay.go((replay.records // every + 1) * every)
            view = replay.view()
            places.append(replay.records)
            views.append(lasting(view, str(path.parent)))
            cycles, prices = view["cycles"]["rows"], view["prices"]["rows"]
            replay.inspect(key=cycles[0]["key"] if cycles else "", price=prices[0]["key"] if prices else "")
        report = replay.report()
        return {
            "ends": "damaged" if replay.damage else "different" if report["digest_match"] is False else "whole",
            "records": replay.records,
            "last_seq": replay.kernel.last_seq,
            "digest": report["digest"],
            "recorded_digest": report["recorded_digest"],
            "first_divergent_seq": report["first_divergent_seq"],
            "totals": {name: report[name] for name in TOTALS},
            "views": [[at, hashed(view)] for at, view in zip(places, views, strict=True)],
        }, views
    finally:
        replay.close()
