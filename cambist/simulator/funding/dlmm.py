"""Opening of Meteora DLMM pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.venues import owned
from cambist.engine.reference.venues.dlmm.layout import (
    BINS_PER_ARRAY,
    BITMAP_ARRAYS,
    MAX_BIN_ID,
    Bin,
    BinArray,
    BinArrayBitmapExtension,
    LbPair,
    StaticParameters,
    VariableParameters,
)
from cambist.engine.reference.venues.dlmm.maths import Bins, bin_price
from cambist.simulator import catalogue
from cambist.simulator.accounts import Account, BinArrayAccount, LbPairAccount
from cambist.simulator.layouts.dlmm import BinKeeping, encode_bitmap_extension

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cambist.simulator.catalogue import DlmmTerms
    from cambist.simulator.draw import Draw
    from cambist.simulator.funding.scene import Scene
    from cambist.simulator.venues import Pool

ORACLE = bytes.fromhex("8bc283b38cb3e5f4") + bytes(16) + (100).to_bytes(8, "little") + bytes(3_200)
"""A pair's price history with room for 100 entries. The market keeps none, which no quote reads."""
ORDERS_NEAR = 6
"""Bins on each side with limit orders, where a pair has them."""
_ONE = 1 << 64


def fund_dlmm(scene: Scene, pool: Pool, draw: Draw, dollars: float, off: float) -> None:
    """Opens a DLMM pair: bins around the price, most of their value near it."""
    spec, terms = pool.spec, catalogue.DLMM_TERMS[pool.spec.tier]
    atom = scene.atoms(spec)
    target = int(atom[0] * off / atom[1] * float(_ONE))
    active = _nearest(target, terms.bin_step)
    bins = _bins(terms, active, target, draw, (dollars / atom[0], dollars / atom[1]))
    pool.oracle = catalogue.pda(owned.METEORA_DLMM, b"oracle", spec.address)
    scene.accounts[pool.oracle] = Account(owned.METEORA_DLMM, ORACLE)
    indexes = sorted({bin_id // BINS_PER_ARRAY for bin_id in bins})
    pair = _pair(scene, pool, terms, active, _bits(index + BITMAP_ARRAYS for index in indexes if _inside(index)))
    scene.accounts[spec.address] = LbPairAccount.new(pair)
    extension = _extension(scene, pool, indexes)
    arrays = [_array(scene, pool, index, bins) for index in indexes]
    pool.bins = Bins(spec.address, pair, extension, arrays)
    held_x = sum(bin_.amount_x + (bin_.open_order_amount if bin_.is_ask else 0) for bin_ in bins.values())
    held_y = sum(bin_.amount_y + (0 if bin_.is_ask else bin_.open_order_amount) for bin_ in bins.values())
    scene.vaults(spec, spec.address, (held_x, held_y))


def _nearest(price: int, bin_step: int) -> int:
    """Returns the bin whose price is the highest that is not above `price` by more than half a step."""
    price += price * bin_step // 20_000
    low, high = -(440_000 // bin_step), 440_000 // bin_step
    while high - low > 1:
        middle = (low + high) // 2
        if bin_price(middle, bin_step) <= price:
            low = middle
        else:
            high = middle
    return low


def _bins(terms: DlmmTerms, active: int, target: int, draw: Draw, worth: tuple[float, float]) -> dict[int, Bin]:
    """Returns the bins by id; `worth` is the whole value in atoms of X and of Y."""
    steps = int(terms.reach * 10_000.0 / terms.bin_step)
    core = max(1.5, 60.0 / terms.bin_step)
    ids = range(active - steps, active + steps + 1)
    weights = [(1.0 + 8.0 / (1.0 + (abs(at - active) / core) ** 2)) * draw.between(0.8, 1.2) for at in ids]
    total = sum(weights)
    found = {}
    for at, weight in zip(ids, weights, strict=True):
        price, share = bin_price(at, terms.bin_step), weight / total
        bought = 1.0 if at < active else 0.0
        if at == active:
            bought = 0.5 + (target - price) / price * 10_000.0 / terms.bin_step
            bought = min(0.95, max(0.05, bought))
        x, y = int(worth[0] * share * (1.0 - bought)), int(worth[1] * share * bought)
        orders = (x + y) // 3 if terms.limit_orders and 0 < abs(at - active) <= ORDERS_NEAR else 0
        found[at] = Bin(x, y, price, orders, 0, at > active)
    return found


def _pair(scene: Scene, pool: Pool, terms: DlmmTerms, active: int, bitmap: int) -> LbPair:
    spec = pool.spec
    return LbPair(
        parameters=StaticParameters(
            base_factor=terms.base_factor,
            filter_period=terms.filter_s,
            decay_period=terms.decay_s,
            reduction_factor=5_000,
            variable_fee_control=terms.variable_fee_control,
            max_volatility_accumulator=terms.max_volatility_accumulator,
            min_bin_id=-MAX_BIN_ID,
            max_bin_id=MAX_BIN_ID,
            protocol_share=1_000,
            base_fee_power_factor=0,
            function_type=2 if terms.limit_orders else 1,
            collect_fee_mode=int(terms.fee_on_y),
        ),
        volatility=VariableParameters(0, 0, active, scene.genesis_s - 5_000),
        pair_type=0,
        active_id=active,
        bin_step=terms.bin_step,
        status=0,
        activation_type=0,
        mint_x=spec.token_a.mint,
        mint_y=spec.token_b.mint,
        reserve_x=spec.vault_a,
        reserve_y=spec.vault_b,
        protocol_fee_x=0,
        protocol_fee_y=0,
        reward_mints=(bytes(32), bytes(32)),
        oracle=pool.oracle,
        bitmap=bitmap,
        activation_point=0,
    )


def _extension(scene: Scene, pool: Pool, indexes: list[int]) -> BinArrayBitmapExtension | None:
    """Returns the bitmap of the arrays beyond the pair's own, if there are any."""
    if all(_inside(index) for index in indexes):
        return None
    extension = BinArrayBitmapExtension(
        pool.spec.address,
        positive=_bits(index - BITMAP_ARRAYS for index in indexes if index >= BITMAP_ARRAYS),
        negative=_bits(-BITMAP_ARRAYS - 1 - index for index in indexes if index < -BITMAP_ARRAYS),
    )
    pool.bitmap = catalogue.pda(owned.METEORA_DLMM, b"bitmap", pool.spec.address)
    scene.accounts[pool.bitmap] = Account(owned.METEORA_DLMM, encode_bitmap_extension(extension))
    return extension


def _array(scene: Scene, pool: Pool, index: int, bins: dict[int, Bin]) -> BinArray:
    first, none = index * BINS_PER_ARRAY, Bin(0, 0, 0)
    array = BinArray(index, pool.spec.address, tuple(bins.get(first + at, none) for at in range(BINS_PER_ARRAY)))
    keeping = {at: BinKeeping(bin_.price * bin_.amount_x + (bin_.amount_y << 64)) for at, bin_ in enumerate(array.bins)}
    pool.arrays[index] = catalogue.bin_array_address(pool.spec.address, index)
    scene.accounts[pool.arrays[index]] = BinArrayAccount(array, keeping)
    return array


def _inside(index: int) -> bool:
    """Returns whether the pair's own bitmap covers an array."""
    return -BITMAP_ARRAYS <= index < BITMAP_ARRAYS


def _bits(numbers: Iterable[int]) -> int:
    return sum(1 << number for number in numbers)
