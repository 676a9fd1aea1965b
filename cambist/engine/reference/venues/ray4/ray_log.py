"""The record that Raydium AMM v4 logs: a kind byte and fields, packed little-endian."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.chain.log_parser.event import SwapEvent
from cambist.engine.reference.chain.log_parser.text import base64, field_error, shown
from cambist.engine.reference.chain.reader import LayoutError, check_size, key, unsigned

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAME = "ray_log"
_SWAP = (
    ("direction", 8), ("user_source", 8), ("pool_coin", 8), ("pool_pc", 8),
)  # fmt: skip
_KINDS: tuple[tuple[str, tuple[tuple[str, int], ...]], ...] = (
    ("init", (
        ("time", 8), ("pc_decimals", 1), ("coin_decimals", 1), ("pc_lot_size", 8), ("coin_lot_size", 8),
        ("pc_amount", 8), ("coin_amount", 8), ("market", 32),
    )),
    ("deposit", (
        ("max_coin", 8), ("max_pc", 8), ("base", 8), ("pool_coin", 8), ("pool_pc", 8), ("pool_lp", 8), ("pnl_x", 16),
        ("pnl_y", 16), ("deduct_coin", 8), ("deduct_pc", 8), ("mint_lp", 8),
    )),
    ("withdraw", (
        ("withdraw_lp", 8), ("user_lp", 8), ("pool_coin", 8), ("pool_pc", 8), ("pool_lp", 8), ("pnl_x", 16),
        ("pnl_y", 16), ("out_coin", 8), ("out_pc", 8),
    )),
    ("swap_base_in", (("amount_in", 8), ("minimum_out", 8), *_SWAP, ("out_amount", 8))),
    ("swap_base_out", (("max_in", 8), ("amount_out", 8), *_SWAP, ("deduct_in", 8))),
)  # fmt: skip
"""By kind byte: name and fields with their sizes."""


class RayLog(NamedTuple):
    """What a `ray_log` line says.

    Amounts are atoms; `pool_*` are the reserves before, what the pool owes taken off. A swap's `direction` is 1 from pc
    to coin, 2 from coin to pc.
    """

    kind: str
    fields: dict[str, int | bytes]


def decode_ray_log(text: str) -> RayLog:
    """Returns the record of a base64 text.

    Raises `LayoutError` with the text if it isn't base64, with the kind if it is unknown, with the size if it is too
    short, with a swap's direction if it is neither 1 nor 2. More bytes than the kind has are no error.

    >>> decode_ray_log("A2SoNgAAAAAAAAAAAAAAAAABAAAAAAAAAB7IPhAIAAAAjEpmligAAACk8vyzBgAAAFoWSgEAAAAA").fields["pool_pc"]
    28789502628
    """
    data = base64(text)
    if data is None:
        raise field_error(_NAME, "text", shown(text))
    check_size(_NAME, data, 1, may_grow=True)
    if data[0] >= len(_KINDS):
        raise field_error(_NAME, "kind", data[0])
    kind, layout = _KINDS[data[0]]
    check_size(_NAME, data, 1 + sum(size for _, size in layout), may_grow=True)
    fields: dict[str, int | bytes] = {}
    offset = 1
    for name, size in layout:
        fields[name] = key(data, offset) if size == 32 else unsigned(data, offset, size)
        offset += size
    if fields.get("direction", 1) not in (1, 2):
        raise field_error(_NAME, "direction", fields["direction"])
    return RayLog(kind, fields)


def swap_of(record: RayLog) -> SwapEvent | None:
    """Returns the swap of a record, `None` for another kind."""
    fields = {name: value for name, value in record.fields.items() if isinstance(value, int)}
    if record.kind == "swap_base_in":
        amounts = fields["amount_in"], fields["out_amount"]
    elif record.kind == "swap_base_out":
        amounts = fields["deduct_in"], fields["amount_out"]
    else:
        return None
    coin, pc = fields["pool_coin"], fields["pool_pc"]
    a_to_b = fields["direction"] == 2
    return SwapEvent("ray4", *amounts, a_to_b=a_to_b, reserves=(coin, pc) if a_to_b else (pc, coin))


def decode_ray_logs(texts: Sequence[str]) -> list[dict[str, str | int | bytes] | str]:
    """Returns the fields of each base64 record of Raydium AMM v4, its `kind` among them, or the words of its error.

    >>> decode_ray_logs(["A", "CQ=="])
    ['ray_log: text was A', 'ray_log: kind was 9']
    """
    found: list[dict[str, str | int | bytes] | str] = []
    for text in texts:
        try:
            record = decode_ray_log(text)
        except LayoutError as error:
            found.append(str(error))
        else:
            found.append({"kind": record.kind} | record.fields)
    return found
