"""The swap instructions of Meteora DAMM v2: decoding, checks, logs and error codes."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from cambist.engine.reference.venues.damm2.maths import DammV2Fill
from cambist.engine.reference.venues.damm2.owned import METEORA_DAMM_V2
from cambist.engine.reference.venues.quote_error import QuoteError
from cambist.simulator.call import Call, absent, anchor, emit_cpi, moment, settle, unknown, writable
from cambist.simulator.pool import vaults
from cambist.simulator.venues.damm2.catalogue import AUTHORITY, EVENTS
from cambist.simulator.venues.damm2.market import Damm2Market

if TYPE_CHECKING:
    from cambist.simulator.execution import Context
    from cambist.simulator.pool import Fill
    from cambist.simulator.transactions import Instruction

DAMM_SWAP, DAMM_SWAP2 = bytes.fromhex("f8c69e91e17587c8"), bytes.fromhex("414b3f4ceb5b5b88")
EXACT_IN, PARTIAL_IN, EXACT_OUT = 0, 1, 2
_EVENT = bytes.fromhex("bd4233a826507599")
_AMOUNTS = struct.Struct("<QQ")
_HEAD = struct.Struct("<8s32sBBBQQB")
_RESULT = struct.Struct("<QQQQ16sQQQQ")
_REST = struct.Struct("<QQQQQQ")
_EVENT_UNITS = 150
_UNITS = {EXACT_IN: 16_061, PARTIAL_IN: 17_648, EXACT_OUT: 15_464}
"""Of swap2 besides its calls: the recorded medians less these."""
_ERRORS = {
    6000: ("MathOverflow", "Math operation overflow"),
    6002: ("ExceededSlippage", "Exceeded slippage tolerance"),
    6003: ("PoolDisabled", "Pool disabled"),
    6006: ("AmountIsZero", "Amount is zero"),
    6015: ("PriceRangeViolation", "Trade is over price range"),
    6018: ("InvalidInput", "Invalid input"),
}
_REFUSALS = {"zero_amount": 6006, "liquidity": 6015, "not_tradable": 6003}


def run(context: Context, instruction: Instruction) -> None:
    """Runs swap and swap2."""
    context.log(f"Program log: Instruction: Swap{'2' if instruction.data[:8] == DAMM_SWAP2 else ''}")
    call, mode = call_of(context, instruction)
    context.consume(15_150 if call.version == 1 else _UNITS[mode])
    try:
        fill = call.pool.swap(
            context.get,
            call.amount,
            moment(context),
            a_to_b=call.a_to_b,
            exact_in=call.exact_in,
            partial=mode == PARTIAL_IN,
        )
    except QuoteError as error:
        raise anchor(_REFUSALS.get(str(error), 6000), _ERRORS) from None
    if fill.received < call.threshold if call.exact_in else fill.paid > call.threshold:
        raise anchor(6002, _ERRORS)
    settle(context, call, fill, checked=True)
    emit_cpi(context, METEORA_DAMM_V2, _event(context, call, mode, fill), _EVENT_UNITS)


def call_of(context: Context, instruction: Instruction) -> tuple[Call[Damm2Market], int]:
    """Returns the swap in a DAMM v2 instruction, and its mode. Raises `ProgramError`."""
    tag, data, metas = instruction.data[:8], instruction.data, instruction.accounts
    if tag not in (DAMM_SWAP, DAMM_SWAP2) or len(data) < (24 if tag == DAMM_SWAP else 25):
        raise unknown()
    if len(metas) < 14:
        raise anchor(3005)
    mode = EXACT_IN if tag == DAMM_SWAP else data[24]
    if mode > EXACT_OUT:
        raise anchor(6018, _ERRORS)
    pool = context.pools.get(metas[1].key)
    if not isinstance(pool, Damm2Market):
        raise absent(context, metas[1].key)
    spec = pool.spec
    if metas[0].key != AUTHORITY or metas[12].key != EVENTS:
        raise anchor(2006)
    if not metas[8].signer:
        raise anchor(3010)
    mints = (spec.token_a.mint, spec.token_b.mint)
    if (metas[4].key, metas[5].key, metas[6].key, metas[7].key) != (spec.vault_a, spec.vault_b, *mints):
        raise anchor(2012)
    source, target = metas[2].key, metas[3].key
    sides = context.token(source).mint, context.token(target).mint
    if sides not in (mints, mints[::-1]):
        raise anchor(2003)
    writable(metas, (spec.address, source, target, spec.vault_a, spec.vault_b))
    amount, threshold = _AMOUNTS.unpack_from(data, 8)
    version = 1 if tag == DAMM_SWAP else 2
    a_to_b, exact_in = sides == mints, mode != EXACT_OUT
    return Call(pool, a_to_b, exact_in, amount, threshold, source, target, metas[8], version=version), mode


def _event(context: Context, call: Call[Damm2Market], mode: int, fill: Fill) -> bytes:
    """Returns EvtSwap2; the reserves in it are what the pool may pay out after the swap."""
    maths = fill.maths
    assert isinstance(maths, DammV2Fill)
    held = maths.pool.token_amounts or vaults(call.pool, context.get)
    kind = maths.pool.collect_fee_mode
    params = call.amount, call.threshold, mode
    head = _HEAD.pack(_EVENT, call.pool.spec.address, not call.a_to_b, kind, False, *params)
    return head + _result(maths) + _REST.pack(fill.paid, fill.vault_out, fill.received, context.now, *held)


def _result(maths: DammV2Fill) -> bytes:
    excluded = maths.amount_in - (maths.fee if maths.fee_on_input else 0)
    price = maths.pool.sqrt_price.to_bytes(16, "little")
    earned = maths.fee - maths.protocol_fee
    return _RESULT.pack(
        maths.amount_in, excluded, maths.left, maths.amount_out, price, earned, maths.protocol_fee, 0, 0
    )
