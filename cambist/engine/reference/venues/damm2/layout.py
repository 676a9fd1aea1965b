"""The account of a Meteora DAMM v2 pool."""

from __future__ import annotations

import msgspec

from cambist.engine.reference.chain.reader import LayoutError, check_discriminator, check_size, key, unsigned

_POOL = bytes.fromhex("f19a6d0411b16dbc")


class DammV2Steps(msgspec.Struct, frozen=True):
    """What of the fee falls in steps."""

    exponential: bool
    """Each step takes `reduction` basis points of what is left; else `reduction` itself."""
    periods: int
    """Most steps."""
    reduction: int


class DammV2FeeByTime(msgspec.Struct, frozen=True):
    """Modes 0 and 1. Fees are 10⁻⁹ before volatility, spans slots or seconds from the pool's activation on."""

    cliff: int
    """What the fee starts from."""
    steps: DammV2Steps = DammV2Steps(exponential=False, periods=0, reduction=0)
    frequency: int = 0
    """Length of a step; 0: the fee stays at the cliff."""

    @property
    def is_recorded(self) -> bool:
        """Whether the program itself was recorded at this kind of fee."""
        return not self.steps.exponential or self.frequency == 0


class DammV2FeeByAmount(msgspec.Struct, frozen=True):
    """Mode 2, the rate limiter: the more token B is paid in, the higher the fee. All 0 but the cliff: it stays."""

    cliff: int
    """Of the first `reference` atoms."""
    increment_bps: int
    """Each further `reference` atoms pay so much more than those before them."""
    max_fee_bps: int
    reference: int
    duration: int
    is_recorded = False


class DammV2FeeByPrice(msgspec.Struct, frozen=True):
    """Modes 3 and 4, by market cap."""

    cliff: int
    steps: DammV2Steps
    step_bps: int
    """Of √price above the first one, for a step."""
    duration: int
    """After it all steps are taken."""
    is_recorded = False


DammV2BaseFee = DammV2FeeByTime | DammV2FeeByAmount | DammV2FeeByPrice


class DammV2DynamicFee(msgspec.Struct, frozen=True):
    """The fee for volatility. Periods are seconds, `reduction_factor` basis points."""

    max_volatility_accumulator: int
    variable_fee_control: int
    bin_step: int
    filter_period: int
    decay_period: int
    reduction_factor: int
    last_update: int
    bin_step_q64: int
    sqrt_price_reference: int
    volatility_accumulator: int
    volatility_reference: int


class DammV2Pool(msgspec.Struct, frozen=True):
    """`Pool` of DAMM v2. Pairs are (token A, token B); `sqrt_price` is √(B atoms per A atom) in Q64.64.

    `liquidity` is scaled by 2^64 more than Whirlpool's.
    """

    base_fee: DammV2BaseFee
    protocol_fee_percent: int
    """Of the fee."""
    dynamic_fee: DammV2DynamicFee | None
    first_sqrt_price: int
    """At the opening; a fee by price counts its steps from here."""
    mints: tuple[bytes, bytes]
    vaults: tuple[bytes, bytes]
    liquidity: int
    protocol_fees: tuple[int, int]
    min_sqrt_price: int
    max_sqrt_price: int
    sqrt_price: int
    activation_point: int
    """A slot or Unix seconds."""
    activation_by_time: bool
    is_disabled: bool
    collect_fee_mode: int
    """0: on the output; 1: on token B only."""
    fee_version: int
    """0: the fee is capped at half; 1: at 99 %."""
    token_amounts: tuple[int, int] | None
    """What the pool may pay out of its vaults; absent where the layout doesn't keep it."""

    @staticmethod
    def decode(data: bytes) -> DammV2Pool:
        """Returns the fields. Raises `LayoutError`, also for a way of charging fees that is not known here."""
        check_discriminator("damm_v2_pool", data, _POOL)
        check_size("damm_v2_pool", data, 1112, may_grow=True)
        base_fee = _base_fee(data)
        for field, offset, most in (
            ("activation_type", 480, 1),
            ("pool_status", 481, 1),
            ("collect_fee_mode", 484, 1),
            ("fee_version", 486, 1),
        ):
            if data[offset] > most:
                msg = f"damm_v2_pool: {field} was {data[offset]}"
                raise LayoutError(msg)
        amounts = (unsigned(data, 680, 8), unsigned(data, 688, 8))
        pool = DammV2Pool(
            base_fee=base_fee,
            protocol_fee_percent=data[48],
            dynamic_fee=_dynamic_fee(data) if data[56] else None,
            first_sqrt_price=unsigned(data, 152, 16),
            mints=(key(data, 168), key(data, 200)),
            vaults=(key(data, 232), key(data, 264)),
            liquidity=unsigned(data, 360, 16),
            protocol_fees=(unsigned(data, 392, 8), unsigned(data, 400, 8)),
            min_sqrt_price=unsigned(data, 424, 16),
            max_sqrt_price=unsigned(data, 440, 16),
            sqrt_price=unsigned(data, 456, 16),
            activation_point=unsigned(data, 472, 8),
            activation_by_time=data[480] == 1,
            is_disabled=data[481] == 1,
            collect_fee_mode=data[484],
            fee_version=data[486],
            token_amounts=amounts if data[696] else None,
        )
        if not 0 < pool.min_sqrt_price <= pool.sqrt_price <= pool.max_sqrt_price:
            msg = f"damm_v2_pool: sqrt_price was {pool.sqrt_price}"
            raise LayoutError(msg)
        return pool


def _base_fee(data: bytes) -> DammV2BaseFee:
    cliff, mode, periods = unsigned(data, 8, 8), data[16], unsigned(data, 22, 2)
    first, second, last = unsigned(data, 24, 4), unsigned(data, 28, 4), unsigned(data, 32, 8)
    if mode > 4:
        msg = f"damm_v2_pool: base_fee_mode was {mode}"
        raise LayoutError(msg)
    if mode == 2:
        return DammV2FeeByAmount(cliff, increment_bps=periods, max_fee_bps=second, reference=last, duration=first)
    steps = DammV2Steps(exponential=mode in (1, 4), periods=periods, reduction=last)
    if mode < 2:
        return DammV2FeeByTime(cliff, steps, frequency=unsigned(data, 24, 8))
    return DammV2FeeByPrice(cliff, steps, step_bps=first, duration=second)


def _dynamic_fee(data: bytes) -> DammV2DynamicFee:
    return DammV2DynamicFee(
        max_volatility_accumulator=unsigned(data, 64, 4),
        variable_fee_control=unsigned(data, 68, 4),
        bin_step=unsigned(data, 72, 2),
        filter_period=unsigned(data, 74, 2),
        decay_period=unsigned(data, 76, 2),
        reduction_factor=unsigned(data, 78, 2),
        last_update=unsigned(data, 80, 8),
        bin_step_q64=unsigned(data, 88, 16),
        sqrt_price_reference=unsigned(data, 104, 16),
        volatility_accumulator=unsigned(data, 120, 16),
        volatility_reference=unsigned(data, 136, 16),
    )
