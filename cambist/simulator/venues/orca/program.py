"""The swap instructions of Orca Whirlpool: decoding, checks, logs and error codes."""

from __future__ import annotations

import base64
import struct
from typing import TYPE_CHECKING

from cambist.engine.reference.venues.quote_error import QuoteError, Reason
from cambist.engine.reference.venues.sqrt_price import MAX_SQRT_PRICE, MIN_SQRT_PRICE
from cambist.engine.reference.venues.tick_array_manager import array_start, swap_array_starts
from cambist.simulator.addresses import MEMO_PROGRAM
from cambist.simulator.call import Call, absent, anchor, moment, settle, unknown, writable
from cambist.simulator.venues.orca.market import Move, OrcaMarket

if TYPE_CHECKING:
    from cambist.simulator.execution import Context, ProgramError
    from cambist.simulator.transactions import Instruction

ORCA_SWAP, ORCA_SWAP_V2 = bytes.fromhex("f8c69e91e17587c8"), bytes.fromhex("2b04ed0b1ac91e62")
_EVENT = bytes.fromhex("e1ca49af932ba096")
_ARGS = struct.Struct("<QQ16sBB")
_ERRORS = {
    6004: ("NumberDownCastError", "Unable to down cast number"),
    6011: ("SqrtPriceOutOfBounds", "Provided sqrt price out of bounds"),
    6023: ("InvalidTickArraySequence", "Invalid tick array sequence provided for instruction."),
    6034: ("InvalidSqrtPriceLimitDirection", "Provided SqrtPriceLimit not in the same direction as the swap."),
    6035: ("ZeroTradableAmount", "There are no tradable amount to swap."),
    6036: ("AmountOutBelowMinimum", "Amount out below minimum threshold"),
    6037: ("AmountInAboveMaximum", "Amount in above maximum threshold"),
    6038: ("TickArraySequenceInvalidIndex", "Invalid index for tick array sequence"),
    6064: ("TradeIsNotEnabled", "Trade is not enabled yet"),
}


def run(context: Context, instruction: Instruction) -> None:
    """Runs swap and swap_v2."""
    call = call_of(context, instruction)
    context.log("Program log: Instruction: Swap" + ("V2" if call.version == 2 else ""))
    context.consume(30_448 if call.version == 1 else 34_890)
    passed = _passed_arrays(call, call.pool.account(context.get).pool.tick)
    try:
        fill = call.pool.swap(
            context.get,
            call.amount,
            moment(context),
            a_to_b=call.a_to_b,
            exact_in=call.exact_in,
            limit=call.sqrt_limit,
        )
    except QuoteError as error:
        raise _error(error, call.sqrt_limit) from None
    assert isinstance(fill.maths, Move)
    before, done = fill.maths
    last = array_start(done.curve.tick, call.pool.spec.tick_spacing)
    if last < passed[-1] if call.a_to_b else last > max(passed):
        raise anchor(6038, _ERRORS)
    context.consume(len(done.crossings) * (7_000 if call.version == 1 else 6_700))
    if fill.received < call.threshold if call.exact_in else fill.paid > call.threshold:
        raise anchor(6036 if call.exact_in else 6037, _ERRORS)
    settle(context, call, fill, checked=call.version == 2)
    event = b"".join(
        (
            _EVENT,
            call.pool.spec.address,
            bytes((call.a_to_b,)),
            before.sqrt_price.to_bytes(16, "little"),
            done.curve.sqrt_price.to_bytes(16, "little"),
            struct.pack("<QQQQQQ", fill.paid, fill.received, 0, 0, done.fee - done.protocol_fee, done.protocol_fee),
        )
    )
    context.log("Program data: " + base64.b64encode(event).decode())


def call_of(context: Context, instruction: Instruction) -> Call[OrcaMarket]:
    """Returns the swap in a Whirlpool instruction. Raises `ProgramError`."""
    tag, data, metas = instruction.data[:8], instruction.data, instruction.accounts
    if tag not in (ORCA_SWAP, ORCA_SWAP_V2) or len(data) < 42:
        raise unknown()
    version = 1 if tag == ORCA_SWAP else 2
    if len(metas) < (11 if version == 1 else 15):
        raise anchor(3005)
    owner, pool_meta, users = (metas[1], metas[2], metas[3:7]) if version == 1 else (metas[3], metas[4], metas[7:11])
    arrays = metas[7:10] if version == 1 else metas[11:14]
    pool = context.pools.get(pool_meta.key)
    if not isinstance(pool, OrcaMarket):
        raise absent(context, pool_meta.key)
    if not owner.signer:
        raise anchor(3010)
    if (users[1].key, users[3].key) != (pool.spec.vault_a, pool.spec.vault_b):
        raise anchor(2012)
    if metas[10 if version == 1 else 14].key != pool.oracle:
        raise anchor(2006)
    mints = (pool.spec.token_a.mint, pool.spec.token_b.mint)
    if (context.token(users[0].key).mint, context.token(users[2].key).mint) != mints:
        raise anchor(2003)
    if version == 2 and (metas[2].key != MEMO_PROGRAM or (metas[5].key, metas[6].key) != mints):
        raise anchor(2012)
    amount, threshold, limit, exact_in, a_to_b = _ARGS.unpack_from(data, 8)
    source, target = (users[0].key, users[2].key) if a_to_b else (users[2].key, users[0].key)
    writable(metas, (pool_meta.key, pool.spec.vault_a, pool.spec.vault_b, source, target))
    return Call(
        pool,
        bool(a_to_b),
        bool(exact_in),
        amount,
        threshold,
        source,
        target,
        owner,
        int.from_bytes(limit, "little"),
        tuple(meta.key for meta in arrays),
        version,
    )


def _error(error: QuoteError, limit: int) -> ProgramError:
    if error.reason is Reason.PRICE_LIMIT and limit and not MIN_SQRT_PRICE <= limit <= MAX_SQRT_PRICE:
        return anchor(6011, _ERRORS)
    codes = {"zero_amount": 6035, "price_limit": 6034, "liquidity": 6038, "not_tradable": 6064}
    return anchor(codes.get(str(error), 6004), _ERRORS)


def _passed_arrays(call: Call[OrcaMarket], tick: int) -> list[int]:
    """Returns the starts of the arrays that the swap may use: those it needs in a row, as far as they were passed."""
    starts = []
    for start in swap_array_starts(tick, call.pool.spec.tick_spacing, a_to_b=call.a_to_b):
        if call.pool.array(start) not in call.arrays:
            break
        starts.append(start)
    if not starts:
        raise anchor(6023, _ERRORS)
    return starts
