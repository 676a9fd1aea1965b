"""Opening of Meteora DAMM v2 pools."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cambist.engine.reference.venues.damm2.layout import DammV2DynamicFee, DammV2FeeByTime, DammV2Pool, DammV2Steps
from cambist.engine.reference.venues.damm2.maths import delta_a, delta_b
from cambist.simulator.draw import key32
from cambist.simulator.tokens import TRANSFER_FEE
from cambist.simulator.venues.damm2.accounts import DammV2Account
from cambist.simulator.venues.damm2.catalogue import AUTHORITY, TERMS
from cambist.simulator.venues.damm2.market import Damm2Market

if TYPE_CHECKING:
    from cambist.simulator.draw import Draw
    from cambist.simulator.pool import PoolSpec
    from cambist.simulator.scene import Scene
    from cambist.simulator.venues.damm2.catalogue import DammTerms

LOWEST, HIGHEST = 4_295_048_016, 79_226_673_521_066_979_257_578_248_091
PERIODS, PERIOD_S = 60, 20
ONE_BP_Q64 = 1_844_674_407_370_955
"""The bin step of 1 bp in Q64.64."""
_ONE = 18446744073709551616.0


def fund(scene: Scene, spec: PoolSpec, _draw: Draw, dollars: float, off: float) -> Damm2Market:
    """Opens a DAMM v2 pool: one range of liquidity."""
    terms = TERMS[spec.tier]
    atom = scene.atoms(spec)
    root = math.isqrt((int(atom[0] * off * 1e24) << 128) // int(atom[1] * 1e24))
    reach = math.isqrt(terms.reach << 64)
    low, high = ((root << 32) // reach, root * reach >> 32) if reach else (LOWEST, HIGHEST)
    a, b = _ONE / root - _ONE / high, (root - low) / _ONE
    liquidity = int(dollars / (a * atom[0] + b * atom[1])) << 64
    amounts = delta_a(root, high, liquidity, up=True), delta_b(low, root, liquidity, up=True)
    state = DammV2Pool(
        base_fee=_base_fee(terms),
        protocol_fee_percent=20,
        dynamic_fee=_dynamic_fee(scene, root) if terms.dynamic else None,
        first_sqrt_price=root,
        mints=(spec.token_a.mint, spec.token_b.mint),
        vaults=(spec.vault_a, spec.vault_b),
        liquidity=liquidity,
        protocol_fees=(0, 0),
        min_sqrt_price=low,
        max_sqrt_price=high,
        sqrt_price=root,
        activation_point=scene.genesis_s - PERIODS * PERIOD_S // 2,
        activation_by_time=True,
        is_disabled=False,
        collect_fee_mode=int(terms.fee_on_b),
        fee_version=1,
        token_amounts=amounts,
    )
    scene.accounts[spec.address] = DammV2Account.new(state, positions=1, **_flags(spec))
    scene.vaults(spec, AUTHORITY, amounts)
    return Damm2Market(spec)


def _base_fee(terms: DammTerms) -> DammV2FeeByTime:
    if not terms.reduction:
        return DammV2FeeByTime(terms.cliff)
    return DammV2FeeByTime(terms.cliff, DammV2Steps(False, PERIODS, terms.reduction), PERIOD_S)


def _dynamic_fee(scene: Scene, root: int) -> DammV2DynamicFee:
    return DammV2DynamicFee(
        max_volatility_accumulator=14_460_000,
        variable_fee_control=100_000,
        bin_step=1,
        filter_period=10,
        decay_period=120,
        reduction_factor=5_000,
        last_update=scene.genesis_s - 400,
        bin_step_q64=ONE_BP_Q64,
        sqrt_price_reference=root,
        volatility_accumulator=0,
        volatility_reference=0,
    )


def _flags(spec: PoolSpec) -> dict[str, int | bytes]:
    sides = {"token_a_flag": spec.token_a, "token_b_flag": spec.token_b}
    flags: dict[str, int | bytes] = {name: int(token.symbol in TRANSFER_FEE) for name, token in sides.items()}
    return flags | {"creator": key32("cambist demo creator", spec.address.hex()), "referral_fee_percent": 20}
