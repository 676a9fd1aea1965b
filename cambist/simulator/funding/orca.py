"""Opening of Orca Whirlpools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.venues.orca.layout import (
    AdaptiveFeeConstants,
    AdaptiveFeeVariables,
    Oracle,
    TickArray,
    Whirlpool,
)
from cambist.engine.reference.venues.sqrt_price import MAX_TICK, MIN_TICK, sqrt_price_from_tick, tick_from_sqrt_price
from cambist.engine.reference.venues.tick_array_manager import Ticks
from cambist.simulator import catalogue
from cambist.simulator.accounts import OracleAccount, TickArrayAccount, WhirlpoolAccount
from cambist.simulator.funding.ranges import positions, root_of

if TYPE_CHECKING:
    from cambist.simulator.draw import Draw
    from cambist.simulator.funding.scene import Scene
    from cambist.simulator.venues import Pool

TICKS = 88


def fund_orca(scene: Scene, pool: Pool, draw: Draw, dollars: float, off: float) -> None:
    """Opens a Whirlpool with positions around its price."""
    spec = pool.spec
    atom = scene.atoms(spec)
    root = root_of(atom, off)
    tick = tick_from_sqrt_price(root)
    held = positions(spec, draw, dollars, atom, (root, tick), sqrt_price_from_tick)
    state = Whirlpool(
        tick_spacing=spec.tick_spacing,
        fee_tier_index=spec.tier,
        fee_rate=spec.fee_ppm,
        protocol_fee_rate=1_300,
        liquidity=held.liquidity,
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
    scene.vaults(spec, spec.address, held.amounts)
    _arrays(scene, pool, held.nets, tick)
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
