"""The swap instructions of Raydium AMM v4, Raydium CPMM and Orca Whirlpool: decoding, checks, logs and error codes."""

from __future__ import annotations

import base64
import struct
from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.accounts import program
from cambist.engine.reference.amm_math import MAX_SQRT_PRICE, MIN_SQRT_PRICE, QuoteError, Reason
from cambist.engine.reference.tick_array_manager import array_start, swap_array_starts
from cambist.simulator import native, venues
from cambist.simulator.accounts import WhirlpoolAccount
from cambist.simulator.catalogue import CPMM_AUTHORITY, MEMO_PROGRAM, RAYDIUM_V4_AUTHORITY, tick_array_address
from cambist.simulator.execution import Context, ProgramError, custom, need

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.simulator.transactions import Instruction, Meta
    from cambist.simulator.venues import Fill, Pool

CPMM_IN, CPMM_OUT = bytes.fromhex("8fbe5adac41e33de"), bytes.fromhex("37d96256a34ab4ad")
ORCA_SWAP, ORCA_SWAP_V2 = bytes.fromhex("f8c69e91e17587c8"), bytes.fromhex("2b04ed0b1ac91e62")
_CPMM_EVENT = bytes.fromhex("40c6cde8260871e2")
_ORCA_EVENT = bytes.fromhex("e1ca49af932ba096")
_RAY_LOG = struct.Struct("<BQQQQQQQ")
_CPMM_LOG = struct.Struct("<8s32sQQQQQQ?32s32sQQ?")
_AMOUNTS = struct.Struct("<QQ")
_ORCA_ARGS = struct.Struct("<QQ16sBB")

ANCHOR = {
    2003: ("ConstraintRaw", "A raw constraint was violated"),
    2006: ("ConstraintSeeds", "A seeds constraint was violated"),
    2012: ("ConstraintAddress", "An address constraint was violated"),
    2505: ("RequireGtViolated", "A require_gt expression was violated"),
    2506: ("RequireGteViolated", "A require_gte expression was violated"),
    3005: ("AccountNotEnoughKeys", "Not enough account keys given to the instruction"),
    3010: ("AccountNotSigner", "The given account did not sign"),
    3012: ("AccountNotInitialized", "The program expected this account to be already initialized"),
    3007: ("AccountOwnedByWrongProgram", "The given account is owned by a different program than expected"),
    6000: ("NotApproved", "Not approved"),
    6004: ("NumberDownCastError", "Unable to down cast number"),
    6005: ("ExceededSlippage", "Exceeds desired slippage limit"),
    6011: ("SqrtPriceOutOfBounds", "Provided sqrt price out of bounds"),
    6023: ("InvalidTickArraySequence", "Invalid tick array sequence provided for instruction."),
    6034: ("InvalidSqrtPriceLimitDirection", "Provided SqrtPriceLimit not in the same direction as the swap."),
    6035: ("ZeroTradableAmount", "There are no tradable amount to swap."),
    6036: ("AmountOutBelowMinimum", "Amount out below minimum threshold"),
    6037: ("AmountInAboveMaximum", "Amount in above maximum threshold"),
    6038: ("TickArraySequenceInvalidIndex", "Invalid index for tick array sequence"),
    6064: ("TradeIsNotEnabled", "Trade is not enabled yet"),
}


class Call(NamedTuple):
    """A swap as an instruction asks for it."""

    pool: Pool
    a_to_b: bool
    exact_in: bool
    amount: int
    threshold: int
    """Least out if exact in, most in if exact out."""
    source: bytes
    """User's account that pays."""
    target: bytes
    owner: Meta
    sqrt_limit: int = 0
    arrays: tuple[bytes, ...] = ()
    """Tick arrays passed to a Whirlpool."""
    version: int = 1


def anchor(code: int) -> ProgramError:
    """Returns an error of an Anchor program, logged as Anchor does."""
    name, message = ANCHOR[code]
    return custom(code, f"AnchorError occurred. Error Code: {name}. Error Number: {code}. Error Message: {message}.")


# Raydium AMM v4


def ray4(context: Context, instruction: Instruction) -> None:
    """Runs SwapBaseIn/Out, tags 9, 11 and V2's 16, 17."""
    call = ray4_call(context, instruction)
    context.consume(22_421 if call.exact_in else 23_665)
    if not call.owner.signer:
        raise custom(12, "Error: InvalidSignAccount")
    source = context.token(call.source)
    fill: Fill | None = None
    try:
        fill = venues.swap(
            call.pool, context.get, call.amount, a_to_b=call.a_to_b, exact_in=call.exact_in, now=context.now
        )
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
    _settle(context, call, fill, checked=False)


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
    _writable(pool, metas, (metas[1].key, pool.spec.vault_a, pool.spec.vault_b, source.key, target.key))
    amount, threshold = (first, second) if exact_in else (second, first)
    return Call(pool, mints == (a, b), exact_in, amount, threshold, source.key, target.key, owner)


def _ray4_error(error: QuoteError) -> ProgramError:
    codes = {"not_tradable": 22, "empty_pool": 32}
    code = codes.get(str(error))
    return ProgramError("ProgramFailedToComplete") if code is None else custom(code, f"Error: {error}")


# Raydium CPMM


def cpmm(context: Context, instruction: Instruction) -> None:
    """Runs swap_base_input and swap_base_output."""
    call = cpmm_call(context, instruction)
    context.log(f"Program log: Instruction: SwapBase{'Input' if call.exact_in else 'Output'}")
    context.consume(35_138 if call.exact_in else 35_634)
    side = 0 if call.a_to_b else 1
    try:
        fill = venues.swap(
            call.pool,
            context.get,
            call.amount,
            a_to_b=call.a_to_b,
            exact_in=call.exact_in,
            now=context.now,
            epoch=context.epoch,
        )
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
    _settle(context, call, fill, checked=True)


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
    _writable(pool, metas, (metas[3].key, pool.spec.vault_a, pool.spec.vault_b, source.key, target.key))
    exact_in = tag == CPMM_IN
    amount, threshold = (first, second) if exact_in else (second, first)
    return Call(pool, sides == (a, b), exact_in, amount, threshold, source.key, target.key, metas[0])


# Orca Whirlpool


def orca(context: Context, instruction: Instruction) -> None:
    """Runs swap and swap_v2."""
    call = orca_call(context, instruction)
    context.log("Program log: Instruction: Swap" + ("V2" if call.version == 2 else ""))
    context.consume(30_448 if call.version == 1 else 34_890)
    account = context.get(call.pool.spec.address)
    assert isinstance(account, WhirlpoolAccount)
    passed = _passed_arrays(call, account.pool.tick)
    try:
        fill = venues.swap(
            call.pool,
            context.get,
            call.amount,
            a_to_b=call.a_to_b,
            exact_in=call.exact_in,
            now=context.now,
            limit=call.sqrt_limit,
        )
    except QuoteError as error:
        raise _orca_error(error, call.sqrt_limit) from None
    assert fill.curves is not None
    before, done = fill.curves
    last = array_start(done.curve.tick, call.pool.spec.tick_spacing)
    if last < passed[-1] if call.a_to_b else last > max(passed):
        raise anchor(6038)
    context.consume(len(done.crossings) * (7_000 if call.version == 1 else 6_700))
    if fill.received < call.threshold if call.exact_in else fill.paid > call.threshold:
        raise anchor(6036 if call.exact_in else 6037)
    _settle(context, call, fill, checked=call.version == 2)
    event = b"".join(
        (
            _ORCA_EVENT,
            call.pool.spec.address,
            bytes((call.a_to_b,)),
            before.sqrt_price.to_bytes(16, "little"),
            done.curve.sqrt_price.to_bytes(16, "little"),
            struct.pack("<QQQQQQ", fill.paid, fill.received, 0, 0, done.fee - done.protocol_fee, done.protocol_fee),
        )
    )
    context.log("Program data: " + base64.b64encode(event).decode())


def orca_call(context: Context, instruction: Instruction) -> Call:
    """Returns the swap in a Whirlpool instruction. Raises `ProgramError`."""
    tag, data, metas = instruction.data[:8], instruction.data, instruction.accounts
    if tag not in (ORCA_SWAP, ORCA_SWAP_V2) or len(data) < 42:
        raise ProgramError(
            {"Custom": 101}, log="AnchorError occurred. Error Code: InstructionFallbackNotFound. Error Number: 101."
        )
    version = 1 if tag == ORCA_SWAP else 2
    if len(metas) < (11 if version == 1 else 15):
        raise anchor(3005)
    owner, pool_meta, users = (metas[1], metas[2], metas[3:7]) if version == 1 else (metas[3], metas[4], metas[7:11])
    arrays = metas[7:10] if version == 1 else metas[11:14]
    pool = context.pools.get(pool_meta.key)
    if pool is None or pool.spec.venue != "orca":
        raise anchor(3007 if context.get(pool_meta.key) is not None else 3012)
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
    amount, threshold, limit, exact_in, a_to_b = _ORCA_ARGS.unpack_from(data, 8)
    source, target = (users[0].key, users[2].key) if a_to_b else (users[2].key, users[0].key)
    _writable(pool, metas, (pool_meta.key, pool.spec.vault_a, pool.spec.vault_b, source, target))
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


def _orca_error(error: QuoteError, limit: int) -> ProgramError:
    if error.reason is Reason.PRICE_LIMIT and limit and not MIN_SQRT_PRICE <= limit <= MAX_SQRT_PRICE:
        return anchor(6011)
    codes = {"zero_amount": 6035, "price_limit": 6034, "liquidity": 6038, "not_tradable": 6064}
    return anchor(codes.get(str(error), 6004))


def _passed_arrays(call: Call, tick: int) -> list[int]:
    """Returns the starts of the arrays that the swap may use: those it needs in a row, as far as they were passed."""
    starts = []
    for start in swap_array_starts(tick, call.pool.spec.tick_spacing, a_to_b=call.a_to_b):
        address = call.pool.arrays.get(start) or tick_array_address(call.pool.spec.address, start)
        if address not in call.arrays:
            break
        starts.append(start)
    if not starts:
        raise anchor(6023)
    return starts


# All


def _writable(pool: Pool, metas: tuple[Meta, ...], keys: tuple[bytes, ...]) -> None:
    """Raises `ProgramError` if an account that the swap changes isn't passed as writable."""
    writable = {meta.key for meta in metas if meta.writable}
    if not writable.issuperset(keys):
        raise anchor(2003) if pool.spec.venue != "ray4" else ProgramError("InvalidArgument")


def _settle(context: Context, call: Call, fill: Fill, *, checked: bool) -> None:
    """Moves the tokens by calls of the token programs and takes over the pool's accounts."""
    spec = call.pool.spec
    vault_in, vault_out = (spec.vault_a, spec.vault_b) if call.a_to_b else (spec.vault_b, spec.vault_a)
    tax_in, tax_out = call.pool.taxes if call.a_to_b else call.pool.taxes[::-1]
    if context.token(call.source).holder != call.owner.key:
        raise custom(4, "Error: owner does not match")
    native.transfer_call(context, call.source, vault_in, fill.paid, checked=checked, tax=tax_in)
    native.transfer_call(context, vault_out, call.target, fill.vault_out, checked=checked, tax=tax_out)
    for key, account in fill.changed.items():
        context.put(key, account)


HANDLERS: dict[bytes, Callable[[Context, Instruction], None]] = {
    **native.HANDLERS,
    program.RAYDIUM_V4: ray4,
    program.RAYDIUM_CPMM: cpmm,
    program.WHIRLPOOL: orca,
}
"""Every program that the chain runs."""
