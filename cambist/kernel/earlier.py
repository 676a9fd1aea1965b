"""Bodies of STATE records of earlier versions, as what they mean today."""

from __future__ import annotations

from typing import Any

from cambist.config.settings import complete
from cambist.model.earlier import order_with_legs
from cambist.model.ledger import CHAIN, Account


def completed(body: Any) -> Any:
    """Returns a STATE record's data with every setting of the engine in it, and with books in place of a wallet."""
    setup = body.get("setup") if isinstance(body, dict) else None
    if not isinstance(setup, dict) or not isinstance(setup.get("engine"), dict):
        return body
    body = {**body, "setup": {**setup, "engine": complete(setup["engine"])}}
    kernel = body.get("kernel")
    if isinstance(kernel, dict) and "ledger" not in kernel and isinstance(kernel.get("wallet"), dict):
        body["kernel"] = _booked(kernel)
    return body


def _booked(kernel: dict[str, Any]) -> dict[str, Any]:
    """Returns a kernel of before there were books: its open orders pay their chain costs in their base token."""
    kernel = dict(kernel)
    wallet = {str(mint): int(atoms) for mint, atoms in kernel.pop("wallet").items()}
    flying: dict[str, int] = {}
    working = []
    for order in kernel.get("open_orders", []):
        working.append({"order": order_with_legs(order), "stage": "sent"})
        base = order["tokens"][0]
        flying[base] = flying.get(base, 0) + order["amount_in"] + order["fee"]
    balances = [(Account.IN_FLIGHT, mint, atoms) for mint, atoms in sorted(flying.items())]
    balances += [(Account.OPENING, mint, -atoms) for mint, atoms in sorted(wallet.items())]
    balances += [(Account.WALLET, mint, atoms - flying.get(mint, 0)) for mint, atoms in sorted(wallet.items())]
    kernel["ledger"] = {
        "balances": [{"account": a, "venue": CHAIN, "token": t, "atoms": n} for a, t, n in balances if n]
    }
    kernel["open_orders"] = working
    return kernel
