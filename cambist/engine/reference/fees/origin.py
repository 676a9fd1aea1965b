"""The origin's fee, congestion and tip formulas (origins 2.1 to 2.3), beside ours: same numbers.

One fault is had only by its name: the floor of the origin's multi-hop tip may exceed half the profit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cambist.engine.reference.venues.origin import SWAP_UNITS

if TYPE_CHECKING:
    from collections.abc import Sequence

_UNITS: Final = {
    "transfer_sol": 500,
    "transfer_spl": 4_500,
    "create_ata": 25_000,
    "close_account": 3_000,
    "memo": 100,
    **SWAP_UNITS,
}
_OTHER_UNITS: Final = 10_000
_FLOOR_UNITS: Final = 5_000
_BASE_TIP: Final = 10_000
_MOST_TIP: Final = 100_000
_U64_MAX: Final = (1 << 64) - 1


def origin_units(signers: int, accounts: int, operations: Sequence[str], margin_percent: int) -> int | None:
    """Returns the origin's estimate of a transaction's compute units, rounded up, at least 5,000; `None` beyond a u64.

    >>> origin_units(1, 20, ["transfer_spl", "else"], 10)
    36300
    """
    plain = 1_500 * signers + 850 * accounts + sum(_UNITS.get(name, _OTHER_UNITS) for name in operations)
    wanted = -(-plain * (100 + margin_percent) // 100)
    return max(wanted, _FLOOR_UNITS) if wanted <= _U64_MAX else None


def origin_priority_sol(samples: Sequence[int]) -> int:
    """Returns the origin's priority fee in lamports.

    The upper median of the last twenty samples (micro-lamports per compute unit) at 200,000 compute units, between
    100,000 and 10,000,000; the default of 500,000 without a sample.

    >>> origin_priority_sol([500_000]), origin_priority_sol([1_000_000]), origin_priority_sol([])
    (100000, 200000, 500000)
    """
    last = sorted(samples[-20:])
    return min(max(last[len(last) // 2] // 5, 100_000), 10_000_000) if last else 500_000


def congestion_multiplier(lags_ms: Sequence[int]) -> int:
    """Returns the origin's congestion by the mean lag of the last five fills.

    5 above 1,000 ms, 3 above 500, 2 above 100, else 1.
    """
    last = lags_ms[-5:]
    for limit, multiplier in ((1_000, 5), (500, 3), (100, 2)):
        if sum(last) > limit * len(last):
            return multiplier
    return 1


def origin_tip(lags_ms: Sequence[int]) -> int:
    """Returns the origin's tip in lamports, 10,000 times the congestion, at most 100,000.

    >>> origin_tip([]), origin_tip([2_000, 0])
    (10000, 30000)
    """
    return min(_BASE_TIP * congestion_multiplier(lags_ms), _MOST_TIP)


def is_tip_worth(tip: int, profit: int) -> bool:
    """Returns whether a tip is worth it: there is a profit, and the tip is at most half of it.

    >>> is_tip_worth(50, 100), is_tip_worth(51, 100), is_tip_worth(0, 0)
    (True, False, False)
    """
    return profit > 0 and 2 * tip <= profit


def learned_tip_share(share_ppm: int, inclusion_ppm: int, success_ppm: int, samples: int) -> int:
    """Returns the origin's learned share of the profit to tip, in ppm.

    Five percent more where less than 60 % were included, two less where more than 80 % gained; unchanged under three
    samples, between 5 % and 50 %.

    >>> learned_tip_share(100_000, 500_000, 900_000, 3), learned_tip_share(100_000, 0, 0, 2)
    (130000, 100000)
    """
    if samples < 3:
        return share_ppm
    share = share_ppm
    if inclusion_ppm < 600_000:
        share = min(share + 50_000, _U64_MAX)
    if success_ppm > 800_000:
        share = max(share - 20_000, 0)
    return min(max(share, 50_000), 500_000)


def multi_hop_tip(legs: int, congestion_ppm: int, profit: int, *, compat_floor: bool) -> int | None:
    """Returns the tip of several hops in lamports.

    10,000 · (1 + ¼ · (legs − 2)) · (1 + congestion), at most half the profit. `None` where that is less than 10,000,
    which the origin (`compat_floor`) then pays although it is more than half.

    >>> multi_hop_tip(3, 500_000, 1_000_000, compat_floor=False)
    18750
    >>> multi_hop_tip(4, 2_000_000, 10_000, compat_floor=False), multi_hop_tip(4, 2_000_000, 10_000, compat_floor=True)
    (None, 10000)
    """
    wanted = _BASE_TIP * (4 + legs - 2) * (1_000_000 + congestion_ppm) // 4_000_000
    tip = min(wanted, profit // 2)
    if tip >= _BASE_TIP:
        return tip if tip <= _U64_MAX else None
    return _BASE_TIP if compat_floor else None


def multi_hop_units(legs: int) -> int | None:
    """Returns the origin's compute units of a trade of several hops; `None` beyond a u64.

    >>> multi_hop_units(3)
    230000
    """
    units = 50_000 + 60_000 * legs
    return units if units <= _U64_MAX else None
