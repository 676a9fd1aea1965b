"""The swap instructions of Raydium CPMM: decoding, checks, logs and error codes."""

from __future__ import annotations

import base64
import struct
from typing import TYPE_CHECKING

from cambist.engine.reference.venues.quote_error import QuoteError
from cambist.simulator.call import Call, absent, anchor, settle, unknown, writable
from cambist.simulator.execution import Context, ProgramError
from cambist.simulator.venues.cpmm.catalogue import AUTHORITY
from cambist.simulator.venues.cpmm.market import CpmmMarket, CpmmTrade

if TYPE_CHECKING:
    from cambist.simulator.transactions import Instruction

CPMM_IN, CPMM_OUT = bytes.fromhex("8fbe5adac41e33de"), bytes.fromhex("37d96256a34ab4ad")
_CPMM_EVENT = bytes.fromhex("40c6cde8260871e2")
_CPMM_LOG = struct.Struct("<8s32sQQQQQQ?32s32sQQ?")
_AMOUNTS = struct.Struct("<QQ")
_ERRORS = {
    6000: ("NotApproved", "Not approved"),
    6005: ("ExceededSlippage", "Exceeds desired slippage limit"),
}


def run(context: Context, instruction: Instruction) -> None:
    """Runs swap_base_input and swap_base_output."""
    call = call_of(context, instruction)
    context.log(f"Program log: Instruction: SwapBase{'Input' if call.exact_in else 'Output'}")
    context.consume(35_138 if call.exact_in else 35_634)
    side = 0 if call.a_to_b else 1
    try:
        fill = call.fill(context)
    except QuoteError as error:
        codes = {"zero_amount": 2505, "zero_output": 2505, "not_tradable": 6000, "invariant": 2506}
        code = codes.get(str(error))
        raise ProgramError("ProgramFailedToComplete") if code is None else anchor(code, _ERRORS) from None
    if fill.received < call.threshold if call.exact_in else fill.paid > call.threshold:
        raise anchor(6005, _ERRORS)
    assert isinstance(fill.maths, CpmmTrade)
    mints = (call.pool.spec.token_a.mint, call.pool.spec.token_b.mint)
    event = _CPMM_LOG.pack(
        _CPMM_EVENT,
        call.pool.spec.address,
        *fill.maths.reserves,
        fill.vault_in,
        fill.vault_out,
        fill.paid - fill.vault_in,
        fill.vault_out - fill.received,
        call.exact_in,
        mints[side],
        mints[1 - side],
        fill.maths.fee,
        fill.maths.creator_fee,
        fill.maths.creator_on_input,
    )
    context.log("Program data: " + base64.b64encode(event).decode())
    settle(context, call, fill, checked=True)


def call_of(context: Context, instruction: Instruction) -> Call[CpmmMarket]:
    """Returns the swap in a CPMM instruction. Raises `ProgramError`."""
    tag, data = instruction.data[:8], instruction.data
    if tag not in (CPMM_IN, CPMM_OUT) or len(data) < 24:
        raise unknown()
    first, second = _AMOUNTS.unpack_from(data, 8)
    if len(instruction.accounts) < 13:
        raise anchor(3005)
    metas = instruction.accounts
    pool = context.pools.get(metas[3].key)
    if not isinstance(pool, CpmmMarket):
        raise absent(context, metas[3].key)
    if metas[1].key != AUTHORITY or metas[2].key != pool.config_address:
        raise anchor(2012)
    if not metas[0].signer:
        raise anchor(3010)
    a, b = (pool.spec.token_a.mint, pool.spec.vault_a), (pool.spec.token_b.mint, pool.spec.vault_b)
    sides = (metas[10].key, metas[6].key), (metas[11].key, metas[7].key)
    if sides not in ((a, b), (b, a)):
        raise anchor(2003)
    source, target = metas[4], metas[5]
    if context.token(source.key).mint != metas[10].key or context.token(target.key).mint != metas[11].key:
        raise anchor(2003)
    writable(metas, (metas[3].key, pool.spec.vault_a, pool.spec.vault_b, source.key, target.key))
    exact_in = tag == CPMM_IN
    amount, threshold = (first, second) if exact_in else (second, first)
    return Call(pool, sides == (a, b), exact_in, amount, threshold, source.key, target.key, metas[0])
