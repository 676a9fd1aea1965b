"""The go/no-go formula of the origin's `SignalScorer` (origins 2.1), with the reason it never gave.

For users of the engine: no screen and no order uses this.

Amounts are in quote currency, as floats: this judges signals of single tokens, it sizes nothing. Only + − × ÷ in the
written order, so the twin gives the same bits.
"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

MIN_LIQUIDITY = 500.0


class SignalConfig(NamedTuple):
    """What a trade costs and must gain, in quote currency and bps; the defaults are the origin's."""

    min_profit: float = 0.10
    max_slippage_bps: float = 500.0
    """Most slippage reckoned with; also the most transfer fee taken."""
    gas: float = 0.02
    tip: float = 0.001
    dex_fee_bps: float = 30.0
    size: float = 15.0


class TokenSignal(NamedTuple):
    """What is known of a token."""

    rug_safe: bool
    mint_authority: bool
    liquidity: float
    """In quote currency."""
    velocity_1m: float
    """Change of the price over a minute, as a fraction."""
    spread_bps: float
    transfer_fee_bps: float = 0.0
    imbalance: float = 1.0
    """Buy volume over sell volume."""
    lp_locked: float = 0.0
    """Share of the liquidity that is locked."""
    whale_bonus: float = 0.0
    """What large holders add to the confidence."""


class SignalReason(IntEnum):
    """Why a signal is go or not; the origin's order of gates."""

    GO = 0
    NOT_FINITE = 1
    NOT_RUG_SAFE = 2
    THIN_LIQUIDITY = 3
    TRANSFER_FEE = 4
    MINT_AUTHORITY = 5
    NO_SPREAD = 6
    BELOW_MIN = 7


class Signal(NamedTuple):
    """A judged signal; all amounts 0 where a gate before the sum refused it."""

    reason: SignalReason
    gross: float
    friction: float
    net: float
    confidence: float
    buy: bool


def score_signal(config: SignalConfig, token: TokenSignal) -> Signal:
    """Returns the judgement on one token.

    >>> found = score_signal(SignalConfig(), TokenSignal(True, False, 50_000.0, 0.03, 250.0))
    >>> found.reason.name, round(found.net, 6), round(found.confidence, 7), found.buy
    ('GO', 0.259275, 0.3296375, True)
    """
    buy, reason = token.velocity_1m > 0.0, _gate(config, token)
    if reason is not None:
        return Signal(reason, 0.0, 0.0, 0.0, 0.0, buy)
    size = config.size
    gross = size * token.spread_bps / 10_000.0
    friction = (
        config.gas
        + config.tip
        + size * config.dex_fee_bps / 10_000.0
        + size * _slippage(config, token)
        + size * token.transfer_fee_bps / 10_000.0
    )
    net = gross - friction
    verdict = SignalReason.GO if net >= config.min_profit else SignalReason.BELOW_MIN
    return Signal(verdict, gross, friction, net, _confidence(net, token), buy)


def score_signals(config: SignalConfig, tokens: Sequence[TokenSignal]) -> tuple[list[Signal], list[int]]:
    """Returns one signal for each token, and how many ended at each reason, by its number."""
    signals = [score_signal(config, token) for token in tokens]
    counts = [0] * len(SignalReason)
    for signal in signals:
        counts[signal.reason] += 1
    return signals, counts


def _gate(config: SignalConfig, token: TokenSignal) -> SignalReason | None:
    if not all(math.isfinite(number) for number in token[2:]):
        return SignalReason.NOT_FINITE
    if not token.rug_safe:
        return SignalReason.NOT_RUG_SAFE
    if token.liquidity < MIN_LIQUIDITY:
        return SignalReason.THIN_LIQUIDITY
    if token.transfer_fee_bps > config.max_slippage_bps:
        return SignalReason.TRANSFER_FEE
    if token.mint_authority:
        return SignalReason.MINT_AUTHORITY
    return SignalReason.NO_SPREAD if token.spread_bps == 0.0 else None


def _slippage(config: SignalConfig, token: TokenSignal) -> float:
    """Returns the share of the size that the price moves away: base, depth and velocity, at most what is allowed."""
    wanted = 0.003 + 0.05 * config.size / token.liquidity + 0.01 * abs(token.velocity_1m)
    return min(wanted, config.max_slippage_bps / 10_000.0)


def _confidence(net: float, token: TokenSignal) -> float:
    total = min(net / 2.0, 0.5)
    if token.liquidity > 100_000.0:
        total += 0.2
    elif token.liquidity > 10_000.0:
        total += 0.1
    if token.imbalance > 1.2:
        total += 0.15
    if abs(token.velocity_1m) > 0.02:
        total += 0.1
    if token.lp_locked > 0.8:
        total += 0.05
    return min(total + token.whale_bonus, 1.0)
