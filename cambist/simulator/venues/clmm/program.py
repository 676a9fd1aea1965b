"""The swap instructions of Raydium CLMM: decoding, checks, logs and error codes."""

from __future__ import annotations

import base64
import struct
from collections import deque
from typing import TYPE_CHECKING

from cambist.engine.reference.chain import program
from cambist.engine.reference.venues.clmm.layout import CLMM_BITMAP_ARRAYS, CLMM_TICKS_PER_ARRAY
from cambist.engine.reference.venues.clmm.maths.swap import ClmmFill
from cambist.engine.reference.venues.quote_error import QuoteError, Reason
from cambist.engine.reference.venues.raydium_price import MAX_SQRT_PRICE, MIN_SQRT_PRICE
from cambist.simulator.addresses import MEMO_PROGRAM
from cambist.simulator.call import Call, absent, anchor, moment, settle, unknown, writable
from cambist.simulator.venues.clmm.accounts import ClmmAccount
from cambist.simulator.venues.clmm.market import ClmmMarket

if TYPE_CHECKING:
    from cambist.engine.reference.venues.clmm.maths.ticks import ClmmTicks
    from cambist.simulator.execution import Context
    from cambist.simulator.pool import Fill
    from cambist.simulator.transactions import Instruction, Meta

CLMM_SWAP, CLMM_SWAP_V2 = bytes.fromhex("f8c69e91e17587c8"), bytes.fromhex("2b04ed0b1ac91e62")
_EVENT = bytes.fromhex("40c6cde8260871e2")
_ARGS = struct.Struct("<QQ16sB")
_LOG = struct.Struct("<8s32s32s32s32sQQQQ?16s16siQQ")
_UNITS, _UNITS_V2, _CROSSING_UNITS = 64_000, 69_500, 13_000
"""Besides its calls, and for each crossed tick: the recorded slopes."""
_ERRORS = {
    6000: ("NotApproved", "Not approved"),
    6011: ("SqrtPriceLimitOverflow", "Square root price limit overflow"),
    6016: ("LiquidityInsufficient", "Liquidity insufficient"),
    6018: ("TooLittleOutputReceived", "Too little output received"),
    6019: ("TooMuchInputPaid", "Too much input paid"),
    6020: ("ZeroAmountSpecified", "Swap special amount can not be zero"),
    6021: ("InvalidInputPoolVault", "Input pool vault is invalid"),
    6022: ("TooSmallInputOrOutputAmount", "Swap input or output amount is too small"),
    6023: ("NotEnoughTickArrayAccount", "Not enough tick array account"),
    6024: ("InvalidFirstTickArrayAccount", "Invalid first tick array account"),
    6035: ("MissingTickArrayBitmapExtensionAccount", "Missing tickarray bitmap extension account"),
    6036: ("InsufficientLiquidityForDirection", "Insufficient liquidity for this direction"),
    6038: ("CalculateOverflow", "Calculate overflow"),
}
"""Of the program of 2026; that of 2024 numbers them otherwise."""
_REFUSALS = {
    Reason.ZERO_AMOUNT: 6020,
    Reason.PRICE_LIMIT: 6011,
    Reason.MISSING_ACCOUNT: 6023,
    Reason.LIQUIDITY: 6016,
    Reason.ZERO_OUTPUT: 6022,
    Reason.OVERFLOW: 6038,
    Reason.NOT_TRADABLE: 6020,
}
"""A pool that is off is refused before; unless nothing is asked, which the program looks at first."""


def run(context: Context, instruction: Instruction) -> None:
    """Runs swap and swap_v2."""
    call = call_of(context, instruction)
    context.log("Program log: Instruction: Swap" + ("V2" if call.version == 2 else ""))
    context.consume(_UNITS if call.version == 1 else _UNITS_V2)
    account = call.pool.account(context.get)
    _check_open(context, account, call)
    ticks = _passed_ticks(context, account, call)
    try:
        fill = _swap(context, call, ticks, call.sqrt_limit)
    except QuoteError as error:
        raise anchor(_refusal(context, call, ticks, error.reason), _ERRORS) from None
    assert isinstance(fill.maths, ClmmFill)
    context.consume(len(fill.maths.crossings) * _CROSSING_UNITS)
    settle(context, call, fill, checked=call.version == 2)
    context.log("Program data: " + base64.b64encode(_event(call, fill, fill.maths)).decode())
    if call.exact_in and fill.received < call.threshold:
        raise anchor(6018, _ERRORS)
    if not call.exact_in and fill.paid > call.threshold:
        raise anchor(6019, _ERRORS)


def _swap(context: Context, call: Call[ClmmMarket], ticks: ClmmTicks, limit: int) -> Fill:
    return call.pool.swap(
        context.get,
        call.amount,
        moment(context),
        a_to_b=call.a_to_b,
        exact_in=call.exact_in,
        limit=limit,
        ticks=ticks,
    )


def call_of(context: Context, instruction: Instruction) -> Call[ClmmMarket]:
    """Returns the swap in a CLMM instruction. Raises `ProgramError`."""
    tag, data, metas = instruction.data[:8], instruction.data, instruction.accounts
    if tag not in (CLMM_SWAP, CLMM_SWAP_V2) or len(data) < 41:
        raise unknown()
    version = 1 if tag == CLMM_SWAP else 2
    if len(metas) < (10 if version == 1 else 13):
        raise anchor(3005)
    pool = context.pools.get(metas[2].key)
    if not isinstance(pool, ClmmMarket):
        raise absent(context, metas[2].key)
    if not metas[0].signer:
        raise anchor(3010)
    if metas[1].key != pool.config_address or metas[7].key != pool.history:
        raise anchor(2012)
    _check_programs(pool, metas, version)
    spec = pool.spec
    source, target = metas[3].key, metas[4].key
    mints = (spec.token_a.mint, spec.token_b.mint)
    sides = context.token(source).mint, context.token(target).mint
    a_to_b = sides == mints
    vaults = (spec.vault_a, spec.vault_b) if a_to_b else (spec.vault_b, spec.vault_a)
    if sides not in (mints, mints[::-1]) or (metas[5].key, metas[6].key) != vaults:
        raise anchor(6021, _ERRORS)
    if version == 2 and (metas[11].key, metas[12].key) != sides:
        raise anchor(2012)
    arrays = _array_metas(pool, metas[9:] if version == 1 else metas[13:])
    if version == 1 and metas[9].key not in arrays:
        raise absent(context, metas[9].key)
    changing = (spec.address, source, target, *vaults, pool.history, *(key for key in arrays if key != pool.bitmap))
    writable(metas, changing)
    amount, threshold, limit, exact_in = _ARGS.unpack_from(data, 8)
    return Call(
        pool,
        a_to_b,
        bool(exact_in),
        amount,
        threshold,
        source,
        target,
        metas[0],
        int.from_bytes(limit, "little"),
        arrays,
        version,
    )


def _check_programs(pool: ClmmMarket, metas: tuple[Meta, ...], version: int) -> None:
    """Raises `ProgramError` for other programs than the instruction's own, or that can't move the pool's tokens."""
    if version == 1:
        if metas[8].key != program.TOKEN:
            raise anchor(3008)
        if program.TOKEN_2022 in (pool.spec.token_a.token_program, pool.spec.token_b.token_program):
            raise anchor(2021)
    elif (metas[8].key, metas[9].key) != (program.TOKEN, program.TOKEN_2022):
        raise anchor(3008)
    elif metas[10].key != MEMO_PROGRAM:
        raise anchor(2012)


def _array_metas(pool: ClmmMarket, rest: tuple[Meta, ...]) -> tuple[bytes, ...]:
    """Returns the tick arrays and the bitmap's extension up to the first account that is neither."""
    known, found = {pool.bitmap, *pool.arrays.values()}, []
    for meta in rest:
        if meta.key not in known:
            break
        found.append(meta.key)
    return tuple(found)


def _check_open(context: Context, account: ClmmAccount, call: Call[ClmmMarket]) -> None:
    if context.now <= account.pool.open_time:
        raise anchor(2505)
    if call.amount and not account.pool.is_open(context.now):
        raise anchor(6000, _ERRORS)


def _passed_ticks(context: Context, account: ClmmAccount, call: Call[ClmmMarket]) -> ClmmTicks:
    """Returns the ticks of the arrays that follow each other as the swap meets them; others are skipped as in a queue.

    Raises `ProgramError` if the first one isn't among them, or can't be known without the bitmap's extension.
    """
    extended = call.pool.bitmap in call.arrays
    home = account.pool.tick // (CLMM_TICKS_PER_ARRAY * account.ticks.tick_spacing)
    if not extended and not -CLMM_BITMAP_ARRAYS <= home < CLMM_BITMAP_ARRAYS:
        raise anchor(6035, _ERRORS)
    ahead = call.pool.ahead(context.get, a_to_b=call.a_to_b)
    start_of = {key: start for start, key in call.pool.arrays.items()}
    queue = deque(start_of[key] for key in call.arrays if key in start_of)
    if not ahead:
        raise anchor(6036, _ERRORS)
    if not queue:
        raise anchor(6023, _ERRORS)
    usable: list[int] = []
    for start in ahead:
        while queue and queue[0] != start:
            queue.popleft()
        if not queue:
            break
        usable.append(queue.popleft())
    if not usable and call.amount:
        raise anchor(6024, _ERRORS)
    return call.pool.ticks_of(context.get, usable, extended=extended)


def _refusal(context: Context, call: Call[ClmmMarket], ticks: ClmmTicks, reason: Reason) -> int:
    if reason is Reason.LIQUIDITY and not call.sqrt_limit and _is_partial(context, call, ticks):
        return 2501
    if reason is Reason.MISSING_ACCOUNT and not ticks.has_extension:
        span = CLMM_TICKS_PER_ARRAY * ticks.tick_spacing
        ahead = call.pool.ahead(context.get, a_to_b=call.a_to_b, ticks=ticks)
        if all(start // span in ticks.known for start in ahead):
            return 6035
    return _REFUSALS[reason]


def _is_partial(context: Context, call: Call[ClmmMarket], ticks: ClmmTicks) -> bool:
    """Returns whether the swap ends at the last price there is, not for want of ticks."""
    try:
        _swap(context, call, ticks, MIN_SQRT_PRICE + 1 if call.a_to_b else MAX_SQRT_PRICE - 1)
    except QuoteError:
        return False
    return True


def _event(call: Call[ClmmMarket], fill: Fill, maths: ClmmFill) -> bytes:
    """Returns SwapEvent; its amounts are without the mints' transfer fees."""
    after = fill.changed[call.pool.spec.address]
    assert isinstance(after, ClmmAccount)
    users = (call.source, call.target)
    moved = ((maths.amount_in, fill.paid - fill.vault_in), (fill.received, fill.vault_out - fill.received))
    fees = (maths.fee, 0) if maths.fee_on_input else (0, maths.fee)
    if not call.a_to_b:
        users, moved, fees = users[::-1], moved[::-1], fees[::-1]
    price, liquidity = (value.to_bytes(16, "little") for value in (maths.sqrt_price, maths.liquidity))
    return _LOG.pack(
        _EVENT,
        call.pool.spec.address,
        call.owner.key,
        *users,
        *moved[0],
        *moved[1],
        call.a_to_b,
        price,
        liquidity,
        maths.tick,
        *fees,
    )
