"""On what terms pools trade: the configs and presets that they were opened with."""

from __future__ import annotations

from typing import NamedTuple

WHIRLPOOL_TIERS = {
    1: (1, 100),
    2: (2, 200),
    4: (4, 400),
    8: (8, 500),
    16: (16, 1_600),
    64: (64, 3_000),
    128: (128, 10_000),
    1025: (4, 300),
    1026: (64, 1_500),
}
"""Fee tier index → tick spacing, base fee in ppm."""
CPMM_RATES = {0: 2_500, 1: 10_000}
"""Config index → trade fee in ppm."""


class DammTerms(NamedTuple):
    """How a DAMM v2 pool charges. Fees are 10⁻⁹."""

    cliff: int
    reduction: int = 0
    """What the fee loses each of 60 periods of 20 s, half of them gone at the opening."""
    dynamic: bool = False
    fee_on_b: bool = False
    reach: int = 0
    """Its price range goes from a part to a multiple of the opening price; 0: from end to end."""


DAMM_TERMS = {
    0: DammTerms(2_500_000),
    1: DammTerms(5_000_000, reduction=50_000),
    2: DammTerms(1_000_000, dynamic=True),
    3: DammTerms(2_000_000, fee_on_b=True, reach=3),
}
"""Config index → terms."""


class SaberTerms(NamedTuple):
    """A kind of Saber pool."""

    amps: tuple[int, int]
    """The amplification goes from the first to the second over `ramp_s` seconds from the opening on."""
    trade_bps: int
    admin_bps: int
    """Of the trade fee."""
    ramp_s: int = 0


SABER_TERMS = {
    0: SaberTerms((1_000, 1_000), 1, 5_000),
    1: SaberTerms((100, 400), 2, 5_000, ramp_s=7_200),
    2: SaberTerms((20, 20), 3, 2_500),
}


class DlmmTerms(NamedTuple):
    """A preset of DLMM pairs."""

    bin_step: int
    """bps"""
    base_factor: int
    """The base fee is `base_factor` · `bin_step` · 10⁻⁸."""
    reach: float
    """How far the bins go from the opening price on each side."""
    variable_fee_control: int
    max_volatility_accumulator: int
    filter_s: int
    decay_s: int
    fee_on_y: bool = False
    limit_orders: bool = False

    @property
    def fee_ppm(self) -> int:
        """The base fee."""
        return self.base_factor * self.bin_step // 100


DLMM_TERMS = {
    0: DlmmTerms(4, 10_000, 0.16, 40_000, 300_000, 30, 600),
    1: DlmmTerms(10, 10_000, 0.20, 40_000, 150_000, 30, 600),
    2: DlmmTerms(1, 10_000, 0.015, 20_000, 100_000, 10, 120),
    3: DlmmTerms(2, 20_000, 0.16, 30_000, 350_000, 30, 600),
    4: DlmmTerms(25, 10_000, 0.25, 7_500, 150_000, 300, 1_200, fee_on_y=True),
    5: DlmmTerms(80, 5_000, 0.40, 7_500, 150_000, 300, 1_200, limit_orders=True),
}
"""Preset index → terms."""

CLMM_CONFIGS = {1: (60, 2_500), 2: (10, 500), 4: (1, 100)}
"""Config index → tick spacing, trade fee in ppm."""


class ClmmTerms(NamedTuple):
    """A kind of Raydium CLMM pool."""

    config: int
    """Index of its config."""
    fee_on: int = 0
    """0: on the input; 1: on token 0 only; 2: on token 1 only."""
    dynamic: bool = False
    """Whether the fee follows volatility."""
    limit_orders: bool = False


CLMM_TERMS = {
    0: ClmmTerms(4),
    1: ClmmTerms(2),
    2: ClmmTerms(1),
    3: ClmmTerms(2, dynamic=True),
    4: ClmmTerms(1, fee_on=1),
    5: ClmmTerms(2, fee_on=2, limit_orders=True),
    6: ClmmTerms(1, dynamic=True, limit_orders=True),
    7: ClmmTerms(4, limit_orders=True),
}

PUMP_FLAT = (25, 5, 0)
"""Of pools that Pump didn't make: what liquidity, protocol and creator get, in bps."""
PUMP_TIERS = {0: (2, 93, 30), 420: (20, 5, 95), 98_240: (20, 5, 5), 23_200_000: (20, 5, 4)}
"""Least market cap in whole quote tokens → the same of pools that Pump made. Coins open about at the last one."""
