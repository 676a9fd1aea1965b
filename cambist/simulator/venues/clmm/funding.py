"""Opening of Raydium CLMM pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.venues.clmm.layout import (
    CLMM_BITMAP_ARRAYS,
    CLMM_EXTENSION_ROWS,
    CLMM_TICKS_PER_ARRAY,
    ClmmBitmapExtension,
    ClmmConfig,
    ClmmDynamicFee,
    ClmmOrders,
    ClmmPool,
    ClmmTick,
)
from cambist.engine.reference.venues.clmm.maths.ticks import ClmmTicks
from cambist.engine.reference.venues.raydium_price import sqrt_price_from_tick, tick_from_sqrt_price
from cambist.simulator.accounts import Account
from cambist.simulator.addresses import pda
from cambist.simulator.draw import key32
from cambist.simulator.slots import START_EPOCH
from cambist.simulator.venues.clmm.accounts import ClmmAccount, ClmmTickArrayAccount
from cambist.simulator.venues.clmm.catalogue import (
    CONFIGS,
    PROGRAM,
    TERMS,
    array_address,
    bitmap_address,
    config_address,
)
from cambist.simulator.venues.clmm.layout import ClmmTickState, encode_clmm_config, encode_clmm_extension
from cambist.simulator.venues.clmm.market import ClmmMarket
from cambist.simulator.venues.ranges import positions, root_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cambist.simulator.draw import Draw
    from cambist.simulator.pool import PoolSpec
    from cambist.simulator.scene import Scene
    from cambist.simulator.tokens import TokenSpec
    from cambist.simulator.venues.clmm.catalogue import ClmmTerms

OBSERVATION = bytes.fromhex("7aaec5358109a584")
OBSERVATION_BYTES = 4_483
"""A pool's price history. The market keeps none, which no quote reads."""
ORDERS_NEAR = 6
"""Ticks on each side with limit orders, where a pool has them."""
ORDER_SHARE = 0.008
"""What those of one tick are worth, of what the positions are."""


def share(accounts: dict[bytes, Account], tokens: Mapping[str, TokenSpec]) -> None:
    """Opens the program's configs."""
    for index in CONFIGS:
        accounts[config_address(index)] = Account(PROGRAM, encode_clmm_config(config_of(index), bump=255))


def config_of(index: int) -> ClmmConfig:
    """Returns a config of the market."""
    spacing, fee = CONFIGS[index]
    return ClmmConfig(index, 120_000, fee, spacing, 40_000)


def fund(scene: Scene, spec: PoolSpec, draw: Draw, dollars: float, off: float) -> ClmmMarket:
    """Opens a CLMM pool with positions around its price, and limit orders where its terms say so."""
    terms = TERMS[spec.tier]
    atom = scene.atoms(spec)
    root = root_of(atom, off)
    tick = tick_from_sqrt_price(root)
    held = positions(spec, draw, dollars, atom, (root, tick), sqrt_price_from_tick)
    ticks = {edge: ClmmTick(net, gross) for edge, (net, gross) in held.nets.items()}
    offered = [0, 0]
    if terms.limit_orders:
        worth = (int(dollars * ORDER_SHARE / atom[0]), int(dollars * ORDER_SHARE / atom[1]))
        for at, orders in _orders(tick, spec.tick_spacing, worth).items():
            ticks[at] = ticks.get(at, ClmmTick(0, 0))._replace(orders=orders)
            offered[0 if at > tick else 1] += orders.total()
    addresses = config_address(terms.config), pda(PROGRAM, b"observation", spec.address), bitmap_address(spec.address)
    pool = ClmmMarket(spec, config_of(terms.config), *addresses)
    history = OBSERVATION + b"\1" + bytes(10) + spec.address
    scene.accounts[pool.history] = Account(PROGRAM, history + bytes(OBSERVATION_BYTES - len(history)))
    arrays = _arrays(pool, ticks)
    state = _state(scene, pool, terms, draw, (root, tick, held.liquidity))
    extension = _extension(scene, pool)
    known = ClmmTicks(spec.address, state, extension, (array.array for array in arrays))
    scene.accounts[spec.address] = ClmmAccount.new(
        state,
        known,
        START_EPOCH,
        bump=255,
        recent_epoch=START_EPOCH,
        owner=key32("cambist demo creator", spec.address.hex()),
    )
    scene.accounts.update((pool.arrays[array.start], array) for array in arrays)
    scene.vaults(spec, spec.address, (held.amounts[0] + offered[0], held.amounts[1] + offered[1]))
    return pool


def _orders(tick: int, spacing: int, worth: tuple[int, int]) -> dict[int, ClmmOrders]:
    """Returns limit orders by tick: of token 0 above the price, of token 1 below; the nearest are begun."""
    found = {}
    for step in range(1, ORDERS_NEAR + 1):
        for at, amount in (
            ((tick // spacing + step) * spacing, worth[0]),
            ((tick // spacing - step) * spacing, worth[1]),
        ):
            begun = ClmmOrders(amount, amount // 2, 1, 1 << 63)
            found[at] = begun if step == 1 else ClmmOrders(amount)
    return found


def _arrays(pool: ClmmMarket, ticks: dict[int, ClmmTick]) -> list[ClmmTickArrayAccount]:
    spec, span = pool.spec, CLMM_TICKS_PER_ARRAY * pool.spec.tick_spacing
    arrays = []
    for start in sorted({tick // span * span for tick in ticks}):
        mine = {tick: ClmmTickState(state) for tick, state in sorted(ticks.items()) if start <= tick < start + span}
        array = ClmmTickArrayAccount(spec.address, start, spec.tick_spacing, mine, START_EPOCH)
        pool.arrays[start] = array_address(spec.address, start)
        arrays.append(array)
    return arrays


def _state(scene: Scene, pool: ClmmMarket, terms: ClmmTerms, draw: Draw, at: tuple[int, int, int]) -> ClmmPool:
    """Returns the pool at (√price, tick, liquidity)."""
    spec, span = pool.spec, CLMM_TICKS_PER_ARRAY * pool.spec.tick_spacing
    bits = (start // span + CLMM_BITMAP_ARRAYS for start in pool.arrays)
    return ClmmPool(
        amm_config=pool.config_address,
        mints=(spec.token_a.mint, spec.token_b.mint),
        vaults=(spec.vault_a, spec.vault_b),
        observation=pool.history,
        decimals=(spec.token_a.decimals, spec.token_b.decimals),
        tick_spacing=spec.tick_spacing,
        liquidity=at[2],
        sqrt_price=at[0],
        tick=at[1],
        fee_growths=(draw.below(2**40) << 40, draw.below(2**40) << 40),
        protocol_fees=(0, 0),
        status=0,
        fee_on=terms.fee_on,
        bitmap=sum(1 << bit for bit in bits if 0 <= bit < 2 * CLMM_BITMAP_ARRAYS),
        fund_fees=(0, 0),
        open_time=scene.genesis_s - 10_000_000,
        dynamic_fee=_dynamic_fee(scene, spec.tick_spacing, at[1]) if terms.dynamic else None,
    )


def _dynamic_fee(scene: Scene, spacing: int, tick: int) -> ClmmDynamicFee:
    return ClmmDynamicFee(
        filter_period=30,
        decay_period=600,
        reduction_factor=5_000,
        control=4_000,
        max_volatility_accumulator=350_000,
        index_reference=tick // spacing,
        volatility_reference=0,
        volatility_accumulator=0,
        last_update_timestamp=scene.genesis_s - 5_000,
    )


def _extension(scene: Scene, pool: ClmmMarket) -> ClmmBitmapExtension:
    """Returns the bitmap of the arrays beyond the pool's own, which the program makes with every pool."""
    half, span = CLMM_BITMAP_ARRAYS, CLMM_TICKS_PER_ARRAY * pool.spec.tick_spacing
    positive, negative = [0] * CLMM_EXTENSION_ROWS, [0] * CLMM_EXTENSION_ROWS
    for start in pool.arrays:
        row, bit = divmod(start // span, half)
        if row >= 1:
            positive[row - 1] |= 1 << bit
        elif row < -1:
            negative[-row - 2] |= 1 << bit
    extension = ClmmBitmapExtension(pool.spec.address, tuple(positive), tuple(negative))
    scene.accounts[pool.bitmap] = Account(PROGRAM, encode_clmm_extension(extension))
    pool.extension = extension
    return extension
