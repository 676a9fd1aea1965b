"""What was written by earlier versions, as it is read today."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from cambist.model.ledger import CHAIN


def order_with_legs(old: dict[str, Any]) -> dict[str, Any]:
    """Returns an `Order` that was written before orders had legs; its chain costs stay in its base token.

    Raises `KeyError` if it is none.
    """
    legs = []
    for edge, (token_in, token_out) in zip(old["route"], pairwise(old["tokens"]), strict=False):
        head, *rest = edge.split(":")
        venue = head if len(rest) > 1 else CHAIN
        legs.append({"edge": edge, "venue": venue, "token_in": token_in, "token_out": token_out})
    kept = {key: value for key, value in old.items() if key not in ("route", "tokens")}
    more = {
        "legs": legs,
        "expected_out": old["amount_in"] + old["expected_net"] + old["fee"],
        "settlement": "legged" if any(leg["venue"] != CHAIN for leg in legs) else "atomic",
        "transfer": old["fee"],
    }
    return kept | more
