"""The rate limiter of DAMM v2: the more is paid in at once, the higher the fee.

Of an input the first `reference` atoms x₀ pay the cliff c, each further x₀ pay i more than those before them, up to
the most m; what is beyond pays m. With 10⁹ for the whole, an input x = (k + 1)·x₀ of no more than ⌊(m − c)/i⌋ + 1
such parts pays x·(c + i·k/2) in all, so what is left of it is a parabola in x and the inverse a square root. By the
published formula only: no execution was recorded. While it runs, a transaction may buy from the pool once only, and
`damm_v2_swap2` must be built as `limited`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cambist.engine.reference.venues.quote_error import QuoteError, Reason, to_u64

if TYPE_CHECKING:
    from cambist.engine.reference.venues.damm2.layout import DammV2FeeByAmount

FEE_DENOMINATOR = 1_000_000_000
_BPS = FEE_DENOMINATOR // 10_000
_U64_MAX = 2**64 - 1


def is_on(fee: DammV2FeeByAmount) -> bool:
    """Returns whether the fee depends on the amount at all."""
    return any((fee.increment_bps, fee.max_fee_bps, fee.reference, fee.duration))


def limited_rate(fee: DammV2FeeByAmount, amount: int, *, net: bool) -> int:
    """Returns the rate in 10⁻⁹ that a swap pays on all of its input, given with its fee or, `net`, without it.

    Raises `QuoteError` overflow where the program's integers fail.

    >>> from cambist.engine.reference.venues.damm2.layout import DammV2FeeByAmount
    >>> fee = DammV2FeeByAmount(10_000_000, increment_bps=100, max_fee_bps=5_000, reference=10**9, duration=60)
    >>> [limited_rate(fee, parts * 10**9 // 2, net=False) for parts in (2, 3, 4, 6)]
    [10000000, 13333334, 15000000, 20000000]
    >>> limited_rate(fee, 2_940_000_000, net=True)  # what is left of 3·10⁹
    20000000
    """
    return _rate_of_net(fee, amount) if net else _rate_of_gross(fee, amount)


def fee_on_gross(amount: int, rate: int) -> int:
    """Returns ⌈amount · rate / 10⁹⌉."""
    return -(-amount * rate // FEE_DENOMINATOR)


def fee_on_net(amount: int, rate: int) -> int:
    """Returns ⌈amount · 10⁹ / (10⁹ − rate)⌉ − amount. Raises `QuoteError` overflow."""
    if rate >= FEE_DENOMINATOR:
        raise QuoteError(Reason.OVERFLOW)
    gross = -(-amount * FEE_DENOMINATOR // (FEE_DENOMINATOR - rate))
    return to_u64(gross) - amount


def _last_step(fee: DammV2FeeByAmount) -> int:
    """Returns how many parts after the first pay less than the most."""
    if fee.increment_bps == 0:
        raise QuoteError(Reason.OVERFLOW)
    return to_u64(fee.max_fee_bps * _BPS - fee.cliff) // (fee.increment_bps * _BPS)


def _rate_of_gross(fee: DammV2FeeByAmount, gross: int) -> int:
    if gross <= fee.reference:
        return fee.cliff
    if fee.reference == 0:
        raise QuoteError(Reason.OVERFLOW)
    increment = fee.increment_bps * _BPS
    full, last = (gross - fee.reference) // fee.reference, _last_step(fee)
    stepped = min(full, last)
    of_parts = (stepped + 1) * fee.cliff + stepped * (stepped + 1) // 2 * increment
    rest = gross - fee.reference * (stepped + 1)
    rate = fee.cliff + increment * (stepped + 1) if full < last else fee.max_fee_bps * _BPS
    charged = fee.reference * of_parts + rest * rate
    return _rate_of(to_u64(-(-charged // FEE_DENOMINATOR)), gross)


def _net(fee: DammV2FeeByAmount, gross: int) -> int:
    return to_u64(gross - to_u64(fee_on_gross(gross, _rate_of_gross(fee, gross))))


def _rate_of_net(fee: DammV2FeeByAmount, net: int) -> int:
    if net <= _net(fee, fee.reference):
        return fee.cliff
    stepped = (_last_step(fee) + 1) * fee.reference
    whole = min(stepped, _U64_MAX)
    of_whole = _net(fee, whole)
    if net == of_whole:
        return _rate_of_gross(fee, whole)
    if net < of_whole:
        gross = _gross_on_steps(fee, net)
    else:
        to_u64(stepped)
        gross = to_u64(whole + net - of_whole + fee_on_net(net - of_whole, fee.max_fee_bps * _BPS))
    rate = _rate_of(to_u64(gross - net), gross)
    if rate < fee.cliff:
        raise QuoteError(Reason.OVERFLOW)
    return rate


def _gross_on_steps(fee: DammV2FeeByAmount, net: int) -> int:
    """Solves i·x² − y·x + z = 0 for the input x, with y = (2·10⁹ + i − 2c)·x₀ and z = 2·10⁹·net·x₀.

    The part that is begun then pays its own rate on what the root leaves.
    """
    if fee.reference == 0:
        raise QuoteError(Reason.OVERFLOW)
    increment = fee.increment_bps * _BPS
    y = (2 * FEE_DENOMINATOR + increment - 2 * fee.cliff) * fee.reference
    under = y * y - 8 * FEE_DENOMINATOR * increment * net * fee.reference
    if y < 0 or under < 0:
        raise QuoteError(Reason.OVERFLOW)
    gross = to_u64((y - math.isqrt(under)) // (2 * increment))
    rate = to_u64(fee.cliff + increment * (gross // fee.reference))
    rest = to_u64(net - _net(fee, gross))
    return to_u64(gross + rest + fee_on_net(rest, rate))


def _rate_of(fee: int, gross: int) -> int:
    """Returns ⌈fee · 10⁹ / gross⌉."""
    if gross == 0:
        raise QuoteError(Reason.OVERFLOW)
    return to_u64(-(-fee * FEE_DENOMINATOR // gross))
