"""`cambist balance`: what is held where."""

from __future__ import annotations

from pathlib import Path

from cambist.commands.asked import about, answered, code
from cambist.commands.console import put


def balance(source: str = "", /, *, live: bool = False, json: bool = False, config: Path | None = None) -> int:
    """Show what each venue holds of each token, what was paid, what it is worth, and whether the books balance.

    Exit code 0 if they balance, 1 if not.

    Args:
        source: A session, or the path of a session or journal; without it the journal that `cambist run` writes.
        live: The journal of live trading instead of the paper one.
        json: Print one JSON object.
        config: The TOML file, for the session folder.
    """
    from cambist.commands.tables import amounts, lasted, print_table, print_text, whole
    from cambist.statements.asked import Wanted

    answer, now_ns = answered("balance", source, Wanted(), live=live, config=config)
    if json:
        put(answer)
        return code(answer)
    unit = answer["worth"]
    names = (
        "venue",
        "token",
        ">free",
        ">in flight",
        ">rent held",
        ">total",
        f">worth in {unit['symbol']}",
        ">price age",
    )
    print_table(names, (
        (
            row["venue"], row["symbol"], *(whole(row, key) for key in ("wallet", "in_flight", "rent_held", "total")),
            whole({**unit, "atoms": row["worth"]}),
            None if row["price_age_ms"] is None else lasted(row["price_age_ms"] * 10**6),
        )
        for row in answer["holdings"]
    ))  # fmt: skip
    without = f"; without {amounts(unit['without'])}: no price" if unit["without"] else ""
    print_text(f"worth {whole(unit)} {unit['symbol']}{without}")
    print_table(("paid for", ">amount"), ((row["account"].replace("_", " "), amounts([row])) for row in answer["paid"]))
    print_text(about(answer, now_ns))
    return code(answer)
