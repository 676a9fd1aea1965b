"""What one trade pays the chain: signatures, compute units, tip, rent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from cambist.engine.reference.venues import named

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cambist.config.settings import Bidding

SIGNATURE_LAMPORTS: Final = 5_000
"""Lamports per signature."""
MAX_CU: Final = 1_400_000
"""Most compute units a transaction may ask for."""
_BUDGET_CU: Final = 300
"""Two compute-budget instructions."""
_MARGINPERCENT: Final = 10
"""Asked on top of the estimate: the price is paid on the limit, and a limit that is too low fails the trade."""
_U64_MAX: Final = (1 << 64) - 1
_TOKEN_ACCOUNT: Final = 165
_EXTENSION_HEAD: Final = 4
_ACCOUNT_OVERHEAD: Final = 128
_LAMPORTS_PER_BYTE: Final = 6_960
_ACCOUNT_FIELDS: Final = {1: _EXTENSION_HEAD + 8, 9: _EXTENSION_HEAD, 14: _EXTENSION_HEAD + 1, 26: _EXTENSION_HEAD}
"""Bytes that a mint's extension takes in each of its accounts: the transfer fee withheld, not transferable, hook,
pausable."""


class TradeCost(NamedTuple):
    """What one trade pays the chain, in lamports."""

    base_fee: int
    priority_fee: int | None
    tip: int | None


class SwapShape(NamedTuple):
    """A swap in a transaction, as far as its compute units go."""

    venue: str
    """One of `VENUES`."""
    ticks_crossed: int = 0
    """Ticks or bins."""
    token_2022: bool = False
    """One of its mints is a Token-2022 mint."""
    adaptive: bool = False
    """Its fees follow its volatility."""


def base_fee(signatures: int) -> int:
    """Returns the fee of the signatures, in lamports."""
    return min(signatures * SIGNATURE_LAMPORTS, _U64_MAX)


def priority_fee(micro_lamports: int, cu_limit: int) -> int | None:
    """Returns `ceil(price · limit / 10^6)` lamports: charged on the limit, whatever is used. `None` beyond a u64."""
    fee = -(-micro_lamports * cu_limit // 1_000_000)
    return fee if fee <= _U64_MAX else None


def tip(gross_lamports: int, bidding: Bidding) -> int | None:
    """Returns the tip: a share of the gross (lamports), rounded down, at least the minimum. `None` beyond a u64."""
    share = gross_lamports * bidding.tip_ppm_of_gross // 1_000_000
    return max(share, bidding.min_tip_lamports) if share <= _U64_MAX else None


def swap_cu(swap: SwapShape) -> int | None:
    """Returns the compute units of one swap, `None` for a venue that was not measured.

    Measured on the programs with p-token, for exact input; the limit asked for, a tenth more, covers every recorded
    swap. A tick more than quoted may be crossed, as the price may move. Adaptive fees step through groups of ticks:
    what that takes is not in the quote, so what is added for it covers only the usual swap.
    """
    row = named(swap.venue)
    if row is None or row.compute is None:
        return None
    base, step, token_2022, adaptive = row.compute
    extra = (adaptive if swap.adaptive else 0) + (token_2022 if swap.token_2022 else 0)
    return base + step * (swap.ticks_crossed + 1) + extra


def token_account_rent(extensions: Iterable[int], *, token_2022: bool) -> int:
    """Returns the lamports that make an associated token account of a mint rent-exempt.

    6,960 a byte, 128 bytes of them for the account itself. `extensions` are the mint's Token-2022 extension types: some
    put a field into each account.

    >>> token_account_rent([], token_2022=False), token_account_rent([1], token_2022=True)
    (2039280, 2157600)
    """
    size = _TOKEN_ACCOUNT
    if token_2022:
        # Base, account type and the owner that can't change, which the associated-token program always asks for.
        size += 1 + _EXTENSION_HEAD + sum(_ACCOUNT_FIELDS.get(kind, 0) for kind in extensions)
    return (_ACCOUNT_OVERHEAD + size) * _LAMPORTS_PER_BYTE


def cu_limit(swaps: Iterable[SwapShape]) -> int | None:
    """Returns the compute-unit limit to ask for: the swaps, two budget instructions and 10 %, rounded up.

    `None` if a venue is unknown or the sum is more than a transaction may have.
    """
    total = _BUDGET_CU
    for swap in swaps:
        cu = swap_cu(swap)
        if cu is None:
            return None
        total += cu
    limit = -(-total * (100 + _MARGINPERCENT) // 100)
    return limit if limit <= MAX_CU else None
