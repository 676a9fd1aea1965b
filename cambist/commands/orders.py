"""`cambist orders`: how far each order has come."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cambist.commands.asked import about, answered, code, positive
from cambist.commands.console import put


def orders(
    source: str = "",
    /,
    *,
    limit: int = 20,
    open_only: bool = False,
    live: bool = False,
    json: bool = False,
    config: Path | None = None,
) -> int:
    """Show orders stage by stage with the times between: the open ones first, then the newest that have ended.

    Exit code 0 if the books balance, 1 if not.

    Args:
        source: A session, or the path of a session or journal; without it the journal that `cambist run` writes.
        limit: At most this many that have ended.
        open_only: None that have ended.
        live: The journal of live trading instead of the paper one.
        json: Print one JSON object.
        config: The TOML file, for the session folder.
    """
    from cambist.commands.tables import clock, print_table, print_text, whole
    from cambist.statements.asked import Wanted

    answer, now_ns = answered(
        "orders", source, Wanted(0 if open_only else positive("limit", limit)), live=live, config=config
    )
    if json:
        put(answer)
        return code(answer)
    names = (
        "time (UTC)", ">order", "strategy", "venues", "pairs", ">amount in", "token", "status", ">decided in", "stages",
        "why",
    )  # fmt: skip
    count = print_table(names, (
        (
            clock(row["at_ns"]), row["order"], row["strategy"], " + ".join(row["venues"]), " ".join(row["pairs"]),
            whole(row, "amount_in"), row["symbol"], "OPEN " + row["status"] if row["open"] else row["status"],
            _decided(row), _stages(row), _why(row),
        )
        for row in answer["orders"]
    ))  # fmt: skip
    if not count:
        print_text("no order")
    print_text(about(answer, now_ns))
    return code(answer)


def _decided(row: dict[str, Any]) -> str | None:
    """Returns the time from the oldest frame that an order was decided with until it was built."""
    from cambist.commands.tables import lasted

    return None if row["times"] is None else lasted(row["times"]["built_ns"] - row["times"]["frame_ns"])


def _stages(row: dict[str, Any]) -> str | None:
    """Returns the stages with the time from each to the next: `new 0 µs sent 612.0 ms filled`."""
    from cambist.commands.tables import lasted

    if row["stages"] is None:
        return None
    parts = []
    for stage in row["stages"]:
        parts += [] if stage["after_ns"] is None else [f"–{lasted(stage['after_ns'])}→"]
        parts.append(stage["stage"])
    return " ".join(parts)


def _why(row: dict[str, Any]) -> str:
    """Returns the reason of the last stage, and the number that decided it."""
    if not row["stages"]:
        return ""
    last = row["stages"][-1]
    figure = f"{last['figure']} {last['unit']}" if last["figure"] is not None else ""
    return ": ".join(part for part in (last["reason"], figure) if part)
