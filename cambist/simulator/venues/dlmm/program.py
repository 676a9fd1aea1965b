"""The swap instructions of Meteora DLMM: decoding, checks, logs and error codes."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from cambist.engine.reference.chain import program
from cambist.engine.reference.venues.dlmm.maths.fee import fee_rate
from cambist.engine.reference.venues.dlmm.maths.swap import DlmmFill
from cambist.engine.reference.venues.dlmm.owned import METEORA_DLMM
from cambist.engine.reference.venues.quote_error import QuoteError, Reason
from cambist.simulator.addresses import MEMO_PROGRAM
from cambist.simulator.call import Call, absent, anchor, emit_cpi, moment, settle, unknown, writable
from cambist.simulator.venues.dlmm.catalogue import EVENTS
from cambist.simulator.venues.dlmm.market import DlmmMarket

if TYPE_CHECKING:
    from cambist.engine.reference.venues.dlmm.layout import LbPair
    from cambist.simulator.execution import Context
    from cambist.simulator.pool import Fill
    from cambist.simulator.transactions import Instruction

DLMM_SWAP, DLMM_SWAP2 = bytes.fromhex("f8c69e91e17587c8"), bytes.fromhex("414b3f4ceb5b5b88")
DLMM_OUT, DLMM_OUT2 = bytes.fromhex("fa49652126cf4bb8"), bytes.fromhex("2bd7f784893cf351")
_NAMES = {DLMM_SWAP: "Swap", DLMM_SWAP2: "Swap2", DLMM_OUT: "SwapExactOut", DLMM_OUT2: "SwapExactOut2"}
_EVENT, _EVENT2 = bytes.fromhex("516ce3becdd00ac4"), bytes.fromhex("2e7452d7941b544d")
_AMOUNTS = struct.Struct("<QQ")
_SWAP = struct.Struct("<8s32s32siiQQBQQ16sQ")
_SWAP2 = struct.Struct("<8s32s32siiB16sQQQQQQQBB")
_EVENT_UNITS = 2_000
_UNITS, _BIN_UNITS = 33_790, 5_300
_OUT_UNITS, _OUT_BIN_UNITS = 34_290, 6_500
"""Besides the calls, and for each filled bin: the recorded slopes."""
_ERRORS = {
    6002: ("InvalidInput", "Invalid input data"),
    6003: ("ExceededAmountSlippageTolerance", "Exceeded amount slippage tolerance"),
    6018: ("MathOverflow", "Math operation overflow"),
    6036: ("BitmapExtensionAccountIsNotProvided", "Bitmap extension account is not provided"),
    6037: ("CannotFindNonZeroLiquidityBinArrayId", "Cannot find non-zero liquidity binArrayId"),
    6039: ("InsufficientOutAmount", "Insufficient amount in for minimum out"),
    6042: ("PoolDisabled", "Pool disabled"),
    6085: ("InsufficientOutput", "Output is less than what was asked for"),
    6104: ("ExceededMaxAmountIn", "Amount in exceeds the maximum"),
}
_REFUSALS = {
    Reason.ZERO_AMOUNT: 6039,
    Reason.ZERO_OUTPUT: 6039,
    Reason.LIQUIDITY: 6036,
    Reason.MISSING_ACCOUNT: 3005,
    Reason.SHORTFALL: 6085,
    Reason.NOT_TRADABLE: 6042,
}


def run(context: Context, instruction: Instruction) -> None:
    """Runs swap and swap_exact_out, and both in their second version."""
    call = call_of(context, instruction)
    pool = call.pool
    context.log(f"Program log: Instruction: {_NAMES[instruction.data[:8]]}")
    before = pool.account(context.get)
    try:
        fill = pool.swap(
            context.get,
            call.amount,
            moment(context),
            a_to_b=call.a_to_b,
            exact_in=call.exact_in,
            passed=frozenset(call.arrays),
        )
    except QuoteError as error:
        context.consume(_UNITS)
        raise anchor(_refusal(call, error.reason), _ERRORS) from None
    assert isinstance(fill.maths, DlmmFill)
    filled = len(fill.maths.steps)
    context.consume(_UNITS + _BIN_UNITS * filled if call.exact_in else _OUT_UNITS + _OUT_BIN_UNITS * filled)
    if call.exact_in and fill.received < call.threshold:
        raise anchor(6003, _ERRORS)
    if not call.exact_in and fill.paid > call.threshold:
        raise anchor(6104, _ERRORS)
    settle(context, call, fill, checked=True)
    for event in _events(before.pair, call, fill, fill.maths):
        emit_cpi(context, METEORA_DLMM, event, _EVENT_UNITS)


def call_of(context: Context, instruction: Instruction) -> Call[DlmmMarket]:
    """Returns the swap in a DLMM instruction. Raises `ProgramError`."""
    tag, data, metas = instruction.data[:8], instruction.data, instruction.accounts
    if tag not in _NAMES or len(data) < 24:
        raise unknown()
    version = 2 if tag in (DLMM_SWAP2, DLMM_OUT2) else 1
    fixed = 14 + version
    if len(metas) < fixed:
        raise anchor(3005)
    pool = context.pools.get(metas[0].key)
    if not isinstance(pool, DlmmMarket):
        raise absent(context, metas[0].key)
    spec = pool.spec
    mints = (spec.token_a.mint, spec.token_b.mint)
    if (metas[2].key, metas[3].key, metas[6].key, metas[7].key) != (spec.vault_a, spec.vault_b, *mints):
        raise anchor(2012)
    if metas[8].key != pool.oracle:
        raise anchor(2012)
    programs = (spec.token_a.token_program, spec.token_b.token_program)
    if version == 1 and program.TOKEN_2022 in programs:
        raise anchor(3008)
    if (metas[11].key, metas[12].key) != programs or (version == 2 and metas[13].key != MEMO_PROGRAM):
        raise anchor(3008)
    if metas[fixed - 2].key != EVENTS:
        raise anchor(2006)
    if not metas[10].signer:
        raise anchor(3010)
    source, target = metas[4].key, metas[5].key
    sides = context.token(source).mint, context.token(target).mint
    if sides not in (mints, mints[::-1]):
        raise anchor(6002, _ERRORS)
    rest = tuple(meta.key for meta in metas[fixed:])
    writable(metas, (spec.address, source, target, spec.vault_a, spec.vault_b, pool.oracle, *rest))
    if metas[1].key != METEORA_DLMM and metas[1].key != pool.bitmap:
        raise anchor(3007)
    first, second = _AMOUNTS.unpack_from(data, 8)
    exact_in = tag in (DLMM_SWAP, DLMM_SWAP2)
    amount, threshold = (first, second) if exact_in else (second, first)
    arrays = (metas[1].key, *rest)
    return Call(
        pool, sides == mints, exact_in, amount, threshold, source, target, metas[10], arrays=arrays, version=version
    )


def _refusal(call: Call[DlmmMarket], reason: Reason) -> int:
    if reason is Reason.ZERO_AMOUNT and call.exact_in:
        return 6002
    if reason is Reason.LIQUIDITY and call.pool.bitmap in call.arrays:
        return 6037
    return _REFUSALS.get(reason, 6018)


def _events(before: LbPair, call: Call[DlmmMarket], fill: Fill, maths: DlmmFill) -> tuple[bytes, bytes]:
    """Returns Swap and Swap2Evt. Amounts are what the user paid, what its limit left, what left the reserve."""
    tax = call.pool.taxes[0 if call.a_to_b else 1]
    most = call.threshold - (tax.fee(call.threshold) if tax else 0)
    left = 0 if call.exact_in else most - maths.amount_in
    rate = fee_rate(before, maths.volatility.volatility_accumulator).to_bytes(16, "little")
    pair, owner, moves = call.pool.spec.address, call.owner.key, (before.active_id, maths.active_id)
    makers = maths.fee - maths.protocol_fee - maths.limit_order_fee
    first = _SWAP.pack(
        _EVENT, pair, owner, *moves, fill.paid, maths.amount_out, call.a_to_b, maths.fee, maths.protocol_fee, rate, 0
    )
    second = _SWAP2.pack(
        _EVENT2,
        pair,
        owner,
        *moves,
        call.a_to_b,
        rate,
        fill.paid,
        left,
        maths.amount_out,
        makers,
        maths.protocol_fee,
        maths.limit_order_fee,
        0,
        maths.fee_on_input,
        call.a_to_b == maths.fee_on_input,
    )
    return first, second
