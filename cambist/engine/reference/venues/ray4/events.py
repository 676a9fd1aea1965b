"""What Raydium AMM v4 logs, and the accounts of its swaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.venues.ray4.ray_log import decode_ray_log, swap_of
from cambist.engine.reference.venues.swap_layout import Layout, Places, at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.engine.reference.chain.log_parser.event import SwapEvent


_RAY_LOG = "ray_log: "


def line(text: str) -> SwapEvent | None:
    """Returns the swap of a log line, `None` if it reports none. Raises `LayoutError`."""
    record = text.removeprefix(_RAY_LOG)
    # Its remark `… mismatch: input:…` is no record.
    is_record = record != text and " " not in record
    return swap_of(decode_ray_log(record)) if is_record else None


def layout(accounts: Sequence[bytes], data: bytes) -> Layout | None:
    """Returns the accounts of a swap, `None` if the data asks for something else.

    Tags 9 and 11 with 18 accounts, or 17 without the target orders; 16 and 17 with 8, without the market.
    """
    count = len(accounts)
    first = {(True, 18): 5, (True, 17): 4, (False, 8): 3}.get((data[0] in (9, 11), count))
    if first is None or data[0] not in (9, 11, 16, 17):
        return None
    return at(accounts, Places(1, (count - 3, count - 2), (first, first + 1), ordered=False))
