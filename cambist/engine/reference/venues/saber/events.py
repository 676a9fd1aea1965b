"""The accounts of Saber's swaps; it reports no event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.venues.swap_layout import Layout, Places, at

if TYPE_CHECKING:
    from collections.abc import Sequence


_SWAP = Places(0, (3, 6), (4, 5))


def layout(accounts: Sequence[bytes], data: bytes) -> Layout | None:
    """Returns the accounts of a swap, `None` if the data asks for something else."""
    return at(accounts, _SWAP) if data[0] == 1 else None
