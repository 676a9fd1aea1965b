"""The swap instructions of Raydium AMM v4: decoding, checks, logs and error codes."""

from __future__ import annotations

import base64
import struct
from typing import TYPE_CHECKING

from cambist.engine.reference.venues.quote_error import QuoteError, Reason
from cambist.simulator.call import Call, settle, writable
from cambist.simulator.execution import Context, ProgramError, custom, need
from cambist.simulator.venues.ray4.catalogue import AUTHORITY
from cambist.simulator.venues.ray4.market import Ray4Market

if TYPE_CHECKING:
    from cambist.simulator.pool import Fill
    from cambist.simulator.transactions import Instruction

_RAY_LOG = struct.Struct("<BQQQQQQQ")
_AMOUNTS = struct.Struct("<QQ")


def run(context: Context, instruction: Instruction) -> None:
    """Runs SwapBaseIn/Out, tags 9, 11 and V2's 16, 17."""
    call = call_of(context, instruction)
    context.consume(22_421 if call.exact_in else 23_665)
    if not call.owner.signer:
        raise custom(12, "Error: InvalidSignAccount")
    source = context.token(call.source)
    fill: Fill | None = None
    try:
        fill = call.fill(context)
    except QuoteError as error:
        empty = error.reason is Reason.EMPTY_POOL and min(call.pool.owned(context.get)) >= 0
        if not empty and error.reason not in (Reason.ZERO_AMOUNT, Reason.ZERO_OUTPUT):
            raise _error(error) from None
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


def _ray_log(context: Context, call: Call[Ray4Market], balance: int, answer: int) -> bytes:
    first, second = (call.amount, call.threshold) if call.exact_in else (call.threshold, call.amount)
    direction, reserves = 2 if call.a_to_b else 1, call.pool.owned(context.get)
    return _RAY_LOG.pack(3 if call.exact_in else 4, first, second, direction, balance, *reserves, answer)


def call_of(context: Context, instruction: Instruction) -> Call[Ray4Market]:
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
    if not isinstance(pool, Ray4Market):
        raise custom(4, "Error: ExpectedAccount")
    if metas[2].key != AUTHORITY:
        raise custom(3, "Error: InvalidProgramAddress")
    if (metas[at].key, metas[at + 1].key) != (pool.spec.vault_a, pool.spec.vault_b):
        raise custom(14, "Error: InvalidCoinVault")
    source, target, owner = metas[5:8] if newer else metas[len(metas) - 3 :]
    mints = context.token(source.key).mint, context.token(target.key).mint
    a, b = pool.spec.token_a.mint, pool.spec.token_b.mint
    if mints not in ((a, b), (b, a)):
        raise custom(32 if a in mints or b in mints else 31, "Error: InvalidUserToken")
    writable(metas, (metas[1].key, pool.spec.vault_a, pool.spec.vault_b, source.key, target.key), anchored=False)
    amount, threshold = (first, second) if exact_in else (second, first)
    return Call(pool, mints == (a, b), exact_in, amount, threshold, source.key, target.key, owner)


def _error(error: QuoteError) -> ProgramError:
    codes = {"not_tradable": 22, "empty_pool": 32}
    code = codes.get(str(error))
    return ProgramError("ProgramFailedToComplete") if code is None else custom(code, f"Error: {error}")
