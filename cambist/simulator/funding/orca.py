"""Opening of Orca Whirlpools."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cambist.engine.reference.accounts import (
    AdaptiveFeeConstants,
    AdaptiveFeeVariables,
    Oracle,
    TickArray,
    Whirlpool,
)
from cambist.engine.reference.amm_math import MAX_TICK, MIN_TICK, sqrt_price_from_tick, tick_from_sqrt_price
from cambist.engine.reference.amm_math.sqrt_price import delta_a, delta_b
from cambist.engine.reference.tick_array_manager import Ticks
from cambist.simulator import catalogue
from cambist.simulator.accounts import OracleAccount, TickArrayAccount, WhirlpoolAccount

if TYPE_CHECKING:
    from cambist.simulator.catalogue import PoolSpec
    from cambist.simulator.draw import Draw
    from cambist.simulator.funding.scene import Scene
    from cambist.simulator.venues import Pool

TICKS = 88


def fund_orca(scene: Scene, pool: Pool, draw: Draw, dollars: float, off: float) -> None:
    """Opens a Whirlpool with positions around its price."""
    spec = pool.spec
    atom = scene.atoms(spec)
    root = math.isqrt((int(atom[0] * off * 1e24) << 128) // int(atom[1] * 1e24))
    tick = tick_from_sqrt_price(root)
    nets: dict[int, list[int]] = {}
    liquidity, amounts = 0, [0, 0]
    for lower, upper, share in _ranges(spec, tick, draw):
        low, high = sqrt_price_from_tick(lower), sqrt_price_from_tick(upper)
        added = _liquidity(dollars * share, root, low, high, atom)
        inside = min(max(root, low), high)
        amounts[0] += delta_a(inside, high, added, up=True) or 0
        amounts[1] += delta_b(low, inside, added, up=True) or 0
        liquidity += added if lower <= tick < upper else 0
        for edge, sign in ((lower, 1), (upper, -1)):
            net = nets.setdefault(edge, [0, 0])
            net[0] += sign * added
            net[1] += added
    state = Whirlpool(
        tick_spacing=spec.tick_spacing,
        fee_tier_index=spec.tier,
        fee_rate=spec.fee_ppm,
        protocol_fee_rate=1_300,
        liquidity=liquidity,
        sqrt_price=root,
        tick=tick,
        protocol_owed_a=0,
        protocol_owed_b=0,
        mint_a=spec.token_a.mint,
        vault_a=spec.vault_a,
        fee_growth_a=draw.below(2**40) << 40,
        mint_b=spec.token_b.mint,
        vault_b=spec.vault_b,
        fee_growth_b=draw.below(2**40) << 40,
    )
    scene.accounts[spec.address] = WhirlpoolAccount.new(
        state, scene.genesis_s, config=catalogue.WHIRLPOOLS_CONFIG, bump=255
    )
    scene.vaults(spec, spec.address, (amounts[0], amounts[1]))
    _arrays(scene, pool, {edge: (net, gross) for edge, (net, gross) in sorted(nets.items())}, tick)
    _oracle(scene, pool, tick)


def _arrays(scene: Scene, pool: Pool, nets: dict[int, tuple[int, int]], tick: int) -> None:
    spec, span = pool.spec, TICKS * pool.spec.tick_spacing
    home = tick // span * span
    starts = sorted({edge // span * span for edge in nets} | {home - span, home, home + span})
    arrays = []
    for start in starts:
        address = catalogue.tick_array_address(spec.address, start)
        pool.arrays[start] = address
        mine = {edge: net for edge, net in nets.items() if start <= edge < start + span}
        scene.accounts[address] = TickArrayAccount(spec.address, start, spec.tick_spacing, mine, {})
        ticks = tuple(((edge - start) // spec.tick_spacing, net) for edge, (net, _) in mine.items())
        arrays.append(TickArray(spec.address, start, ticks))
    lowest, highest = MIN_TICK // span * span, MAX_TICK // span * span
    absent = (start for start in range(lowest, highest + span, span) if start not in pool.arrays)
    pool.ticks = Ticks(spec.tick_spacing, arrays, absent)


def _oracle(scene: Scene, pool: Pool, tick: int) -> None:
    spec = pool.spec
    pool.oracle = catalogue.oracle_address(spec.address)
    if spec.tier == spec.tick_spacing:
        return
    group = spec.tick_spacing
    constants = AdaptiveFeeConstants(30, 600, 500, 4_000, 350_000, group, 16)
    start = scene.genesis_s - 5_000
    variables = AdaptiveFeeVariables(start, start, 0, tick // group, 0)
    scene.accounts[pool.oracle] = OracleAccount(Oracle(spec.address, 0, constants, variables))


def _ranges(spec: PoolSpec, tick: int, draw: Draw) -> list[tuple[int, int, float]]:
    """Returns positions as (lower tick, upper tick, share of the value): narrow to full range."""
    pegged = spec.tick_spacing == 1
    widths = (
        ((4, 0.22), (12, 0.28), (45, 0.28), (160, 0.16))
        if pegged
        else ((70, 0.16), (220, 0.24), (700, 0.26), (2_600, 0.22))
    )
    spacing, found = spec.tick_spacing, []
    for width, share in widths:
        parts = 3
        for _ in range(parts):
            below, above = (max(1, int(width * draw.between(0.6, 1.5) / spacing)) for _ in "ab")
            home = tick // spacing
            found.append(((home - below) * spacing, (home + 1 + above) * spacing, share / parts))
    most = MAX_TICK // spacing * spacing
    found.append((-most, most, 1.0 - sum(share for _, share in widths)))
    return found


def _liquidity(dollars: float, root: int, low: int, high: int, atom: tuple[float, float]) -> int:
    """Returns the liquidity of a position worth `dollars` at √price `root`."""
    one = 18446744073709551616.0
    inside = min(max(root, low), high)
    a = one / inside - one / high
    b = (inside - low) / one
    return int(dollars / (a * atom[0] + b * atom[1]))
