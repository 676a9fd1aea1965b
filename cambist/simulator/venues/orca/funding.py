"""Opening of Orca Whirlpools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.venues.orca.layout import (
    TICKS_PER_ARRAY,
    AdaptiveFeeConstants,
    AdaptiveFeeVariables,
    Oracle,
    TickArray,
    Whirlpool,
)
from cambist.engine.reference.venues.sqrt_price import MAX_TICK, MIN_TICK, sqrt_price_from_tick, tick_from_sqrt_price
from cambist.engine.reference.venues.tick_array_manager import Ticks
from cambist.simulator.venues.orca.accounts import OracleAccount, TickArrayAccount, WhirlpoolAccount
from cambist.simulator.venues.orca.catalogue import WHIRLPOOLS_CONFIG, oracle_address, tick_array_address
from cambist.simulator.venues.orca.market import OrcaMarket
from cambist.simulator.venues.ranges import positions, root_of

if TYPE_CHECKING:
    from cambist.simulator.draw import Draw
    from cambist.simulator.pool import PoolSpec
    from cambist.simulator.scene import Scene


def fund(scene: Scene, spec: PoolSpec, draw: Draw, dollars: float, off: float) -> OrcaMarket:
    """Opens a Whirlpool with positions around its price."""
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
    scene.accounts[spec.address] = WhirlpoolAccount.new(state, scene.genesis_s, config=WHIRLPOOLS_CONFIG, bump=255)
    scene.vaults(spec, spec.address, held.amounts)
    addresses, ticks = _arrays(scene, spec, held.nets, tick)
    return OrcaMarket(spec, _oracle(scene, spec, tick), addresses, ticks)


def _arrays(
    scene: Scene, spec: PoolSpec, nets: dict[int, tuple[int, int]], tick: int
) -> tuple[dict[int, bytes], Ticks]:
    """Opens the tick arrays. Returns their addresses by start, and what quotes read of them."""
    span = TICKS_PER_ARRAY * spec.tick_spacing
    home = tick // span * span
    starts = sorted({edge // span * span for edge in nets} | {home - span, home, home + span})
    addresses: dict[int, bytes] = {}
    arrays = []
    for start in starts:
        address = addresses[start] = tick_array_address(spec.address, start)
        mine = {edge: net for edge, net in nets.items() if start <= edge < start + span}
        scene.accounts[address] = TickArrayAccount(spec.address, start, spec.tick_spacing, mine, {})
        ticks = tuple(((edge - start) // spec.tick_spacing, net) for edge, (net, _) in mine.items())
        arrays.append(TickArray(spec.address, start, ticks))
    lowest, highest = MIN_TICK // span * span, MAX_TICK // span * span
    absent = (start for start in range(lowest, highest + span, span) if start not in addresses)
    return addresses, Ticks(spec.tick_spacing, arrays, absent)


def _oracle(scene: Scene, spec: PoolSpec, tick: int) -> bytes:
    """Returns the oracle's address; opens it where fees adapt."""
    address = oracle_address(spec.address)
    if spec.tier == spec.tick_spacing:
        return address
    group = spec.tick_spacing
    constants = AdaptiveFeeConstants(30, 600, 500, 4_000, 350_000, group, 16)
    start = scene.genesis_s - 5_000
    variables = AdaptiveFeeVariables(start, start, 0, tick // group, 0)
    scene.accounts[address] = OracleAccount(Oracle(spec.address, 0, constants, variables))
    return address
