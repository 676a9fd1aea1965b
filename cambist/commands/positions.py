"""`cambist positions`: by how much of each token is held beside what was put in."""

from __future__ import annotations

from pathlib import Path

from cambist.commands.asked import about, answered, code
from cambist.commands.console import put


def positions(source: str = "", /, *, live: bool = False, json: bool = False, config: Path | None = None) -> int:
    """Show by how much of each token is held beside what was put in, and what is tied up in open orders.

    Exit code 0 if the books balance, 1 if not.

    Args:
        source: A session, or the path of a session or journal; without it the journal that `cambist run` writes.
        live: The journal of live trading instead of the paper one.
        json: Print one JSON object.
        config: The TOML file, for the session folder.
    """
    from cambist.commands.tables import amounts, lasted, print_table, print_text, whole
    from cambist.statements.asked import Wanted

    answer, now_ns = answered("positions", source, Wanted(), live=live, config=config)
    if json:
        put(answer)
        return code(answer)
    unit = answer["worth"]
    names = (
        "token", ">put in", ">held", ">earned", ">last day", ">in flight", ">open orders", ">oldest",
        f">worth in {unit['symbol']}", ">price age",
    )  # fmt: skip
    print_table(names, (
        (
            row["symbol"], whole(row, "put_in"), whole(row, "held"), whole(row, "earned", sign=True),
            whole(row, "earned_today", sign=True), whole(row, "in_flight"), row["open_orders"],
            None if row["oldest_open_ms"] is None else lasted(row["oldest_open_ms"] * 10**6),
            whole({**unit, "atoms": row["worth"]}, sign=True),
            None if row["price_age_ms"] is None else lasted(row["price_age_ms"] * 10**6),
        )
        for row in answer["positions"]
    ))  # fmt: skip
    without = f"; without {amounts(unit['without'], sign=True)}: no price" if unit["without"] else ""
    print_text(f"earned {whole(unit, sign=True)} {unit['symbol']}{without}")
    if unfound := answer["in_flight_of_unknown_orders"]:
        print_text(f"in flight without an order that could be found: {amounts(unfound)}")
    print_text(about(answer, now_ns))
    return code(answer)
