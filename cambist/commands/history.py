"""`cambist history`: what became of orders, and what each day earned."""

from __future__ import annotations

from pathlib import Path

from cambist.commands.asked import about, answered, code, positive
from cambist.commands.console import put


def history(
    source: str = "",
    /,
    *,
    limit: int = 20,
    days: int = 7,
    live: bool = False,
    json: bool = False,
    config: Path | None = None,
) -> int:
    """Show what each of the last days (UTC) earned and paid, and the newest outcomes of orders.

    Exit code 0 if the books balance, 1 if not.

    Args:
        source: A session, or the path of a session or journal; without it the journal that `cambist run` writes.
        limit: At most this many outcomes.
        days: At most this many days, counted from the last that something was booked on.
        live: The journal of live trading instead of the paper one.
        json: Print one JSON object.
        config: The TOML file, for the session folder.
    """
    from cambist.commands.tables import amounts, clock, print_table, print_text, whole
    from cambist.statements.asked import Wanted

    answer, now_ns = answered(
        "history", source, Wanted(positive("limit", limit), positive("days", days)), live=live, config=config
    )
    if json:
        put(answer)
        return code(answer)
    print_table(("day (UTC)", ">earned", ">put in", "paid"), (
        (
            day["day"], amounts(day["earned"], sign=True) or "0", amounts(day["put_in"], sign=True),
            ", ".join(f"{part['account'].replace('_', ' ')} {amounts([part])}" for part in day["paid"]),
        )
        for day in answer["days"] or ()
    ))  # fmt: skip
    names = ("time (UTC)", ">order", "strategy", "venues", "status", ">in", ">out", ">fee", ">net", "token", "why")
    count = print_table(names, (
        (
            clock(row["at_ns"]), row["order"], row["strategy"], " + ".join(row["venues"] or ()), row["status"],
            *((None,) * 4 if row["token"] is None else (
                whole(row, "filled_in"), whole(row, "filled_out"), whole(row, "fee"), whole(row, "net", sign=True),
            )),
            row.get("symbol"), row["reason"],
        )
        for row in answer["outcomes"]
    ))  # fmt: skip
    if not count:
        print_text("no outcome")
    print_text(about(answer, now_ns))
    return code(answer)
