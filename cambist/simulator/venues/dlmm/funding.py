"""Opening of Meteora DLMM pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from cambist.engine.reference.venues.dlmm.maths.bins import Bins
from cambist.engine.reference.venues.dlmm.maths.price import bin_price
from cambist.simulator.accounts import Account
from cambist.simulator.addresses import pda
from cambist.simulator.venues.dlmm.accounts import BinArrayAccount, LbPairAccount
from cambist.simulator.venues.dlmm.catalogue import PROGRAM, TERMS, bin_array_address
from cambist.simulator.venues.dlmm.layout import BinKeeping, encode_bitmap_extension
from cambist.simulator.venues.dlmm.market import DlmmMarket

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cambist.simulator.draw import Draw
    from cambist.simulator.pool import PoolSpec
    from cambist.simulator.scene import Scene
    from cambist.simulator.venues.dlmm.catalogue import DlmmTerms

ORACLE = bytes.fromhex("8bc283b38cb3e5f4") + bytes(16) + (100).to_bytes(8, "little") + bytes(3_200)
"""A pair's price history with room for 100 entries. The market keeps none, which no quote reads."""
ORDERS_NEAR = 6
"""Bins on each side with limit orders, where a pair has them."""
_ONE = 1 << 64


def fund(scene: Scene, spec: PoolSpec, draw: Draw, dollars: float, off: float) -> DlmmMarket:
    """Opens a DLMM pair: bins around the price, most of their value near it."""
    terms = TERMS[spec.tier]
    atom = scene.atoms(spec)
    target = int(atom[0] * off / atom[1] * float(_ONE))
    active = _nearest(target, terms.bin_step)
    bins = _bins(terms, active, target, draw, (dollars / atom[0], dollars / atom[1]))
    oracle = pda(PROGRAM, b"oracle", spec.address)
    scene.accounts[oracle] = Account(PROGRAM, ORACLE)
    indexes = sorted({bin_id // BINS_PER_ARRAY for bin_id in bins})
    bitmap = _bits(index + BITMAP_ARRAYS for index in indexes if _inside(index))
    pair = _pair(scene, spec, terms, oracle, (active, bitmap))
    scene.accounts[spec.address] = LbPairAccount.new(pair)
    address, extension = _extension(scene, spec, indexes)
    arrays = {bin_array_address(spec.address, index): _array(spec, index, bins) for index in indexes}
    scene.accounts.update((key, BinArrayAccount(array, _keeping(array))) for key, array in arrays.items())
    held_x = sum(bin_.amount_x + (bin_.open_order_amount if bin_.is_ask else 0) for bin_ in bins.values())
    held_y = sum(bin_.amount_y + (0 if bin_.is_ask else bin_.open_order_amount) for bin_ in bins.values())
    scene.vaults(spec, spec.address, (held_x, held_y))
    keys = {array.index: key for key, array in arrays.items()}
    return DlmmMarket(spec, oracle, keys, Bins(spec.address, pair, extension, arrays.values()), address)


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


def _pair(scene: Scene, spec: PoolSpec, terms: DlmmTerms, oracle: bytes, at: tuple[int, int]) -> LbPair:
    """Returns the pair at (active bin, bitmap of its arrays)."""
    active, bitmap = at
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
        oracle=oracle,
        bitmap=bitmap,
        activation_point=0,
    )


def _extension(scene: Scene, spec: PoolSpec, indexes: list[int]) -> tuple[bytes, BinArrayBitmapExtension | None]:
    """Opens the bitmap of the arrays beyond the pair's own, if there are any. Returns its address and it."""
    if all(_inside(index) for index in indexes):
        return b"", None
    extension = BinArrayBitmapExtension(
        spec.address,
        positive=_bits(index - BITMAP_ARRAYS for index in indexes if index >= BITMAP_ARRAYS),
        negative=_bits(-BITMAP_ARRAYS - 1 - index for index in indexes if index < -BITMAP_ARRAYS),
    )
    address = pda(PROGRAM, b"bitmap", spec.address)
    scene.accounts[address] = Account(PROGRAM, encode_bitmap_extension(extension))
    return address, extension


def _array(spec: PoolSpec, index: int, bins: dict[int, Bin]) -> BinArray:
    first, none = index * BINS_PER_ARRAY, Bin(0, 0, 0)
    return BinArray(index, spec.address, tuple(bins.get(first + at, none) for at in range(BINS_PER_ARRAY)))


def _keeping(array: BinArray) -> dict[int, BinKeeping]:
    """Returns what of its bins no quote reads: one unit of liquidity for each of their worth."""
    return {at: BinKeeping(bin_.price * bin_.amount_x + (bin_.amount_y << 64)) for at, bin_ in enumerate(array.bins)}


def _inside(index: int) -> bool:
    """Returns whether the pair's own bitmap covers an array."""
    return -BITMAP_ARRAYS <= index < BITMAP_ARRAYS


def _bits(numbers: Iterable[int]) -> int:
    return sum(1 << number for number in numbers)
