"""The swap instructions of Raydium AMM v4 and CPMM: decoding, checks, logs and error codes."""

from __future__ import annotations

import base64
import struct
from typing import TYPE_CHECKING

from cambist.engine.reference.venues.quote_error import QuoteError, Reason
from cambist.simulator import venues
from cambist.simulator.catalogue import CPMM_AUTHORITY, RAYDIUM_V4_AUTHORITY
from cambist.simulator.execution import Context, ProgramError, custom, need
from cambist.simulator.programs.call import Call, anchor, settle, writable

if TYPE_CHECKING:
    from cambist.simulator.transactions import Instruction
    from cambist.simulator.venues import Fill

CPMM_IN, CPMM_OUT = bytes.fromhex("8fbe5adac41e33de"), bytes.fromhex("37d96256a34ab4ad")
_CPMM_EVENT = bytes.fromhex("40c6cde8260871e2")
_RAY_LOG = struct.Struct("<BQQQQQQQ")
_CPMM_LOG = struct.Struct("<8s32sQQQQQQ?32s32sQQ?")
_AMOUNTS = struct.Struct("<QQ")


def ray4(context: Context, instruction: Instruction) -> None:
    """Runs SwapBaseIn/Out, tags 9, 11 and V2's 16, 17."""
    call = ray4_call(context, instruction)
    context.consume(22_421 if call.exact_in else 23_665)
    if not call.owner.signer:
        raise custom(12, "Error: InvalidSignAccount")
    source = context.token(call.source)
    fill: Fill | None = None
    try:
        fill = call.fill(context)
    except QuoteError as error:
        empty = error.reason is Reason.EMPTY_POOL and min(_ray4_reserves(context, call)) >= 0
        if not empty and error.reason not in (Reason.ZERO_AMOUNT, Reason.ZERO_OUTPUT):
            raise _ray4_error(error) from None
    if call.exact_in and source.amount < call.amount:
        fill = None  # the program doesn't compute what can't be paid; its log says 0
    answer = 0 if fill is None else fill.received if call.exact_in else fill.paid
    context.log("Program log: ray_log: " + base64.b64encode(_ray_log(context, call, source.amount, answer)).decode())
    if source.amount < (call.amount if call.exact_in else answer):
        raise custom(40, "Error: InsufficientFunds")
    if answer < call.threshold if call.exact_in else answer > call.threshold:
        raise custom(30, "Error: exceeds desired slippage limit")
    if fill is None:
        raise custom(29, "Error: InvalidInput")
    settle(context, call, fill, checked=False)


def _ray4_reserves(context: Context, call: Call) -> tuple[int, int]:
    """Returns coin and pc that are the pool's; below 0 if more is owed than there is."""
    info, held = call.pool.info, venues.vaults(call.pool, context.get)
    assert info is not None
    return held.a - info.need_take_pnl_coin, held.b - info.need_take_pnl_pc


def _ray_log(context: Context, call: Call, balance: int, answer: int) -> bytes:
    first, second = (call.amount, call.threshold) if call.exact_in else (call.threshold, call.amount)
    direction, reserves = 2 if call.a_to_b else 1, _ray4_reserves(context, call)
    return _RAY_LOG.pack(3 if call.exact_in else 4, first, second, direction, balance, *reserves, answer)


def ray4_call(context: Context, instruction: Instruction) -> Call:
    """Returns the swap in an AMM v4 instruction. Raises `ProgramError`."""
    tag, data = instruction.data[:1], instruction.data
    if tag not in (b"\x09", b"\x0b", b"\x10", b"\x11") or len(data) != 17:
        msg = "InvalidInstructionData"
        raise ProgramError(msg)
    first, second = _AMOUNTS.unpack(data[1:])
    newer, exact_in = tag >= b"\x10", tag in (b"\x09", b"\x10")
    metas = need(instruction, 8 if newer else 17)
    at = 3 if newer else 4 if len(metas) == 17 else 5
    pool = context.pools.get(metas[1].key)
    if pool is None or pool.spec.venue != "ray4":
        raise custom(4, "Error: ExpectedAccount")
    if metas[2].key != RAYDIUM_V4_AUTHORITY:
        raise custom(3, "Error: InvalidProgramAddress")
    if (metas[at].key, metas[at + 1].key) != (pool.spec.vault_a, pool.spec.vault_b):
        raise custom(14, "Error: InvalidCoinVault")
    source, target, owner = metas[5:8] if newer else metas[len(metas) - 3 :]
    mints = context.token(source.key).mint, context.token(target.key).mint
    a, b = pool.spec.token_a.mint, pool.spec.token_b.mint
    if mints not in ((a, b), (b, a)):
        raise custom(32 if a in mints or b in mints else 31, "Error: InvalidUserToken")
    writable(pool, metas, (metas[1].key, pool.spec.vault_a, pool.spec.vault_b, source.key, target.key))
    amount, threshold = (first, second) if exact_in else (second, first)
    return Call(pool, mints == (a, b), exact_in, amount, threshold, source.key, target.key, owner)


def _ray4_error(error: QuoteError) -> ProgramError:
    codes = {"not_tradable": 22, "empty_pool": 32}
    code = codes.get(str(error))
    return ProgramError("ProgramFailedToComplete") if code is None else custom(code, f"Error: {error}")


def cpmm(context: Context, instruction: Instruction) -> None:
    """Runs swap_base_input and swap_base_output."""
    call = cpmm_call(context, instruction)
    context.log(f"Program log: Instruction: SwapBase{'Input' if call.exact_in else 'Output'}")
    context.consume(35_138 if call.exact_in else 35_634)
    side = 0 if call.a_to_b else 1
    try:
        fill = call.fill(context)
    except QuoteError as error:
        codes = {"zero_amount": 2505, "zero_output": 2505, "not_tradable": 6000, "invariant": 2506}
        code = codes.get(str(error))
        raise ProgramError("ProgramFailedToComplete") if code is None else anchor(code) from None
    if fill.received < call.threshold if call.exact_in else fill.paid > call.threshold:
        raise anchor(6005)
    mints = (call.pool.spec.token_a.mint, call.pool.spec.token_b.mint)
    event = _CPMM_LOG.pack(
        _CPMM_EVENT,
        call.pool.spec.address,
        *fill.reserves,
        fill.vault_in,
        fill.vault_out,
        fill.paid - fill.vault_in,
        fill.vault_out - fill.received,
        call.exact_in,
        mints[side],
        mints[1 - side],
        fill.fee,
        fill.creator_fee,
        fill.creator_on_input,
    )
    context.log("Program data: " + base64.b64encode(event).decode())
    settle(context, call, fill, checked=True)


def cpmm_call(context: Context, instruction: Instruction) -> Call:
    """Returns the swap in a CPMM instruction. Raises `ProgramError`."""
    tag, data = instruction.data[:8], instruction.data
    if tag not in (CPMM_IN, CPMM_OUT) or len(data) < 24:
        raise ProgramError(
            {"Custom": 101}, log="AnchorError occurred. Error Code: InstructionFallbackNotFound. Error Number: 101."
        )
    first, second = _AMOUNTS.unpack_from(data, 8)
    if len(instruction.accounts) < 13:
        raise anchor(3005)
    metas = instruction.accounts
    pool = context.pools.get(metas[3].key)
    if pool is None or pool.spec.venue != "cpmm":
        raise anchor(3007 if context.get(metas[3].key) is not None else 3012)
    if metas[1].key != CPMM_AUTHORITY or metas[2].key != pool.config_address:
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
    writable(pool, metas, (metas[3].key, pool.spec.vault_a, pool.spec.vault_b, source.key, target.key))
    exact_in = tag == CPMM_IN
    amount, threshold = (first, second) if exact_in else (second, first)
    return Call(pool, sides == (a, b), exact_in, amount, threshold, source.key, target.key, metas[0])
