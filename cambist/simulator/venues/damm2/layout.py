"""The account of a Meteora DAMM v2 pool."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.venues.damm2.layout import DammV2FeeByAmount, DammV2FeeByTime
from cambist.simulator.layout import Layout, Value

if TYPE_CHECKING:
    from cambist.engine.reference.venues.damm2.layout import DammV2BaseFee, DammV2DynamicFee, DammV2Pool

DAMM_V2 = Layout(
    "damm_v2_pool",
    bytes.fromhex("f19a6d0411b16dbc"),
    """cliff:u64 base_fee_mode:u8 base_padding:5 periods:u16 frequency:u64 reduction:u64 base_padding_1:8
    protocol_fee_percent:u8 partner_fee_percent:u8 referral_fee_percent:u8 fee_padding:5
    dynamic_fee:u8 dynamic_padding:7 max_volatility_accumulator:u32 variable_fee_control:u32 bin_step:u16
    filter_period:u16 decay_period:u16 reduction_factor:u16 last_update:u64 bin_step_q64:u128 sqrt_price_reference:u128
    volatility_accumulator:u128 volatility_reference:u128 first_sqrt_price:u128 mint_a:key mint_b:key vault_a:key
    vault_b:key whitelisted_vault:key partner:key liquidity:u128 padding_0:16 protocol_fee_a:u64 protocol_fee_b:u64
    partner_fee_a:u64 partner_fee_b:u64 min_sqrt_price:u128 max_sqrt_price:u128 sqrt_price:u128 activation_point:u64
    activation_type:u8 status:u8 token_a_flag:u8 token_b_flag:u8 collect_fee_mode:u8 pool_type:u8 fee_version:u8
    padding_1:1 fee_a_per_liquidity:u256 fee_b_per_liquidity:u256 locked_liquidity:u128 total_lp_fee_a:u128
    total_lp_fee_b:u128 total_protocol_fee_a:u64 total_protocol_fee_b:u64 total_partner_fee_a:u64
    total_partner_fee_b:u64 positions:u64 padding_2:8 creator:key token_a_amount:u64 token_b_amount:u64
    layout_version:u8 padding_3:7 padding_4:24 reward_infos:384""",
)


class LpFees(NamedTuple):
    """What a pool's positions have earned since it opened, of (token A, token B)."""

    per_liquidity: tuple[int, int]
    """Atoms per unit of liquidity, times 2^128."""
    total: tuple[int, int]


def encode_damm_v2(pool: DammV2Pool, **values: Value) -> bytes:
    """Returns a `Pool` with these fields besides those that quotes read."""
    fixed: dict[str, Value] = {
        "protocol_fee_percent": pool.protocol_fee_percent,
        "first_sqrt_price": pool.first_sqrt_price,
        "mint_a": pool.mints[0],
        "mint_b": pool.mints[1],
        "vault_a": pool.vaults[0],
        "vault_b": pool.vaults[1],
        "liquidity": pool.liquidity,
        "min_sqrt_price": pool.min_sqrt_price,
        "max_sqrt_price": pool.max_sqrt_price,
        "activation_point": pool.activation_point,
        "activation_type": int(pool.activation_by_time),
        "status": int(pool.is_disabled),
        "collect_fee_mode": pool.collect_fee_mode,
        "fee_version": pool.fee_version,
        "layout_version": int(pool.token_amounts is not None),
    }
    data = DAMM_V2.encode(**(fixed | _base_fee(pool.base_fee) | _dynamic_fee(pool.dynamic_fee) | values))
    return patch_damm_v2(data, pool, LpFees((0, 0), (0, 0)))


def patch_damm_v2(data: bytes, pool: DammV2Pool, fees: LpFees) -> bytes:
    """Returns the `Pool` with the state of `pool` after a swap; nobody has claimed a fee."""
    values: dict[str, Value] = {
        "sqrt_price": pool.sqrt_price,
        "protocol_fee_a": pool.protocol_fees[0],
        "protocol_fee_b": pool.protocol_fees[1],
        "fee_a_per_liquidity": fees.per_liquidity[0],
        "fee_b_per_liquidity": fees.per_liquidity[1],
        "total_lp_fee_a": fees.total[0],
        "total_lp_fee_b": fees.total[1],
        "total_protocol_fee_a": pool.protocol_fees[0],
        "total_protocol_fee_b": pool.protocol_fees[1],
    }
    if pool.token_amounts is not None:
        values |= {"token_a_amount": pool.token_amounts[0], "token_b_amount": pool.token_amounts[1]}
    if pool.dynamic_fee is not None:
        values |= {name: getattr(pool.dynamic_fee, name) for name in _MOVING}
    return DAMM_V2.patch(data, **values)


_MOVING = ("last_update", "sqrt_price_reference", "volatility_accumulator", "volatility_reference")


def _base_fee(fee: DammV2BaseFee) -> dict[str, Value]:
    """Returns the fields of a base fee; what they mean is the mode's."""
    if isinstance(fee, DammV2FeeByAmount):
        span = fee.duration | fee.max_fee_bps << 32
        return _factors(fee.cliff, 2, fee.increment_bps, span, fee.reference)
    steps = fee.steps
    if isinstance(fee, DammV2FeeByTime):
        return _factors(fee.cliff, int(steps.exponential), steps.periods, fee.frequency, steps.reduction)
    span = fee.step_bps | fee.duration << 32
    return _factors(fee.cliff, 3 + steps.exponential, steps.periods, span, steps.reduction)


def _factors(cliff: int, mode: int, periods: int, frequency: int, reduction: int) -> dict[str, Value]:
    factors: dict[str, Value] = {"periods": periods, "frequency": frequency, "reduction": reduction}
    return factors | {"cliff": cliff, "base_fee_mode": mode}


def _dynamic_fee(fee: DammV2DynamicFee | None) -> dict[str, Value]:
    if fee is None:
        return {}
    names = (
        "max_volatility_accumulator",
        "variable_fee_control",
        "bin_step",
        "filter_period",
        "decay_period",
        "reduction_factor",
        "bin_step_q64",
    )
    return {"dynamic_fee": 1} | {name: getattr(fee, name) for name in names}
