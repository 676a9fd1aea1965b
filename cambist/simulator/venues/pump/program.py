"""The swap instructions of Pump AMM: decoding, checks, fees and events.

By the program's published interface: no execution of it is recorded. Its error codes are those of its interface, put
where they seem to belong; its compute units are a guess within what users report.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.chain import program
from cambist.engine.reference.venues.pump.maths import PumpFill
from cambist.engine.reference.venues.pump.owned import (
    PUMP_AMM,
    PUMP_AMM_CONFIG,
    PUMP_AMM_EVENTS,
    PUMP_AMM_VOLUME,
    PUMP_FEE_CONFIG,
    PUMP_FEES,
)
from cambist.engine.reference.venues.quote_error import QuoteError, Reason
from cambist.simulator import core_programs
from cambist.simulator.addresses import pda
from cambist.simulator.call import Call, absent, anchor, emit_cpi, unknown, writable
from cambist.simulator.execution import Context, custom
from cambist.simulator.pool import vaults
from cambist.simulator.venues.pump.catalogue import BUYBACK_RECIPIENTS, FEE_RECIPIENTS
from cambist.simulator.venues.pump.market import PumpMarket

if TYPE_CHECKING:
    from cambist.engine.reference.venues.pump.layout import PumpFees
    from cambist.simulator.pool import Fill
    from cambist.simulator.transactions import Instruction, Meta


class PumpTags(NamedTuple):
    """The swaps of a version."""

    buy: bytes
    """Exact out."""
    buy_exact_in: bytes
    sell: bytes
    """Exact in."""


PUMP_TAGS = {
    1: PumpTags(*(bytes.fromhex(tag) for tag in ("66063d1201daebea", "c62e1552b4d9e870", "33e685a4017f83ad"))),
    2: PumpTags(*(bytes.fromhex(tag) for tag in ("b817ee6167c5d33d", "c2ab1c46684d5b2f", "5df6823ce7e940b2"))),
}
"""By version: the newer one leaves fees in the pool, for others to sweep."""
_NAMES = ("Buy", "BuyExactQuoteIn", "Sell")
_VERSIONS = {tag: version for version, tags in PUMP_TAGS.items() for tag in tags}
_BUY_EVENT, _SELL_EVENT = bytes.fromhex("67f4521f2cf57777"), bytes.fromhex("3e2f370aa503dc2a")
_AMOUNTS = struct.Struct("<QQ")
_EVENT = struct.Struct("<8sq13Q32s32s32s32s32s32s32sQQ")
_BUY_REST = struct.Struct("<?QQQq")
_UNITS = {1: 70_000, 2: 55_000}
_FEE_PROGRAM_UNITS, _EVENT_UNITS = 8_000, 2_000
_RECIPIENT_AT, _CREATOR_AT = 9, 17
_ERRORS = {
    6001: ("ZeroBaseAmount", "ZeroBaseAmount"),
    6002: ("ZeroQuoteAmount", "ZeroQuoteAmount"),
    6003: ("TooLittlePoolTokenLiquidity", "TooLittlePoolTokenLiquidity"),
    6004: ("ExceededSlippage", "ExceededSlippage"),
    6013: ("InvalidProtocolFeeRecipient", "InvalidProtocolFeeRecipient"),
    6016: ("BuyMoreBaseAmountThanPoolReserves", "BuyMoreBaseAmountThanPoolReserves"),
    6020: ("DisabledBuy", "DisabledBuy"),
    6021: ("DisabledSell", "DisabledSell"),
    6023: ("Overflow", "Overflow"),
    6025: ("DivisionByZero", "DivisionByZero"),
}


class Paid(NamedTuple):
    """Where a swap's fees go; empty keys if they stay in the pool."""

    recipient: bytes = bytes(32)
    fee_account: bytes = bytes(32)
    creator_account: bytes = bytes(32)


def run(context: Context, instruction: Instruction) -> None:
    """Runs buy, buy_exact_quote_in and sell, and all three in their second version."""
    call, paid = call_of(context, instruction)
    name = _NAMES[PUMP_TAGS[call.version].index(instruction.data[:8])]
    context.log(f"Program log: Instruction: {name}{'V2' if call.version == 2 else ''}")
    context.consume(_UNITS[call.version])
    if call.version == 1:
        context.invoke(PUMP_FEES, lambda: context.consume(_FEE_PROGRAM_UNITS))
    try:
        fees = call.pool.state(context.get).fees()
        fill = call.fill(context)
    except QuoteError as error:
        raise anchor(_refusal(call, error.reason), _ERRORS) from None
    if fill.received < call.threshold if call.exact_in else fill.paid > call.threshold:
        raise anchor(6004, _ERRORS)
    assert isinstance(fill.maths, PumpFill)
    event = _event(context, call, paid, fill, fees)
    _move(context, call, paid, fill, fill.maths)
    emit_cpi(context, PUMP_AMM, event, _EVENT_UNITS)


def call_of(context: Context, instruction: Instruction) -> tuple[Call[PumpMarket], Paid]:
    """Returns the swap in a Pump AMM instruction, and where its fees go. Raises `ProgramError`."""
    tag, data, metas = instruction.data[:8], instruction.data, instruction.accounts
    version = _VERSIONS.get(tag)
    if version is None or len(data) < 24:
        raise unknown()
    tags = PUMP_TAGS[version]
    a_to_b, exact_in = tag == tags.sell, tag != tags.buy
    if len(metas) < (17 if version == 2 else 21 if a_to_b else 23):
        raise anchor(3005)
    pool = context.pools.get(metas[0].key)
    if not isinstance(pool, PumpMarket):
        raise absent(context, metas[0].key)
    if not metas[1].signer:
        raise anchor(3010)
    spec = pool.spec
    fixed = (PUMP_AMM_CONFIG, spec.token_a.mint, spec.token_b.mint, spec.vault_a, spec.vault_b)
    if tuple(metas[at].key for at in (2, 3, 4, 7, 8)) != fixed:
        raise anchor(2012)
    users = metas[5].key, metas[6].key
    if tuple(context.token(key).mint for key in users) != (spec.token_a.mint, spec.token_b.mint):
        raise anchor(2003)
    writable(metas, (spec.address, *users, spec.vault_a, spec.vault_b))
    paid = _paid(context, pool, metas, buys=not a_to_b) if version == 1 else _kept(context, pool, metas)
    amount, threshold = _AMOUNTS.unpack_from(data, 8)
    source, target = users if a_to_b else users[::-1]
    return Call(pool, a_to_b, exact_in, amount, threshold, source, target, metas[1], version=version), paid


def _paid(context: Context, pool: PumpMarket, metas: tuple[Meta, ...], *, buys: bool) -> Paid:
    """Checks the accounts of the first version after the pool's and the user's own. Raises `ProgramError`."""
    keys = [meta.key for meta in metas]
    programs = (pool.spec.token_a.token_program, pool.spec.token_b.token_program, program.SYSTEM)
    if tuple(keys[11:14]) != programs or keys[14] != program.ASSOCIATED_TOKEN:
        raise anchor(3008)
    recipient, fee_account, creator_account = keys[_RECIPIENT_AT], keys[_RECIPIENT_AT + 1], keys[_CREATOR_AT]
    if recipient not in FEE_RECIPIENTS:
        raise anchor(6013, _ERRORS)
    if keys[15] != PUMP_AMM_EVENTS or keys[_CREATOR_AT + 1] != pool.creator_vault:
        raise anchor(2006)
    _check_account(context, pool, fee_account, recipient)
    _check_account(context, pool, creator_account, pool.creator_vault)
    at = 19
    if buys:
        if (keys[19], keys[20]) != (PUMP_AMM_VOLUME, pda(PUMP_AMM, _VOLUME, metas[1].key)):
            raise anchor(2006)
        at = 21
    if (keys[at], keys[at + 1]) != (PUMP_FEE_CONFIG, PUMP_FEES):
        raise anchor(2012)
    rest = keys[at + 2 + any(pool.account(context.get).pool.coin_creator) :]
    if len(rest) < 2:
        raise anchor(3005)
    if rest[0] not in BUYBACK_RECIPIENTS:
        raise anchor(6013, _ERRORS)
    _check_account(context, pool, rest[1], rest[0])
    writable(metas, (fee_account, creator_account))
    return Paid(recipient, fee_account, creator_account)


_VOLUME = b"user_volume_accumulator"


def _kept(context: Context, pool: PumpMarket, metas: tuple[Meta, ...]) -> Paid:
    """Checks the accounts of the second version after the pool's and the user's own. Raises `ProgramError`."""
    keys = tuple(meta.key for meta in metas)
    programs = (pool.spec.token_a.token_program, pool.spec.token_b.token_program, program.SYSTEM)
    if keys[9:12] != programs:
        raise anchor(3008)
    derived = (pda(PUMP_AMM, _VOLUME, metas[1].key), PUMP_FEE_CONFIG, PUMP_AMM_EVENTS)
    if (keys[12], keys[13], keys[15]) != derived:
        raise anchor(2006)
    if context.token(keys[14]).holder not in BUYBACK_RECIPIENTS:
        raise anchor(6013, _ERRORS)
    return Paid()


def _check_account(context: Context, pool: PumpMarket, key: bytes, holder: bytes) -> None:
    account = context.token(key)
    if (account.holder, account.mint) != (holder, pool.spec.token_b.mint):
        raise anchor(2003)


def _refusal(call: Call[PumpMarket], reason: Reason) -> int:
    asks_quote = call.exact_in and not call.a_to_b
    codes = {
        Reason.ZERO_AMOUNT: 6002 if asks_quote else 6001,
        Reason.ZERO_OUTPUT: 6002 if call.a_to_b else 6001,
        Reason.LIQUIDITY: 6003 if call.a_to_b else 6016,
        Reason.NOT_TRADABLE: 6021 if call.a_to_b else 6020,
        Reason.EMPTY_POOL: 6025,
    }
    return codes.get(reason, 6023)


def _move(context: Context, call: Call[PumpMarket], paid: Paid, fill: Fill, maths: PumpFill) -> None:
    """Moves the tokens by calls of the token programs. What fees stay in the pool are noted there."""
    spec = call.pool.spec
    if context.token(call.source).holder != call.owner.key:
        raise custom(4, "Error: owner does not match")
    fees = (maths.protocol_fee, maths.creator_fee)
    if call.version == 2:
        context.put(spec.address, call.pool.account(context.get).keeping(*fees))
    vault_in, vault_out = (spec.vault_a, spec.vault_b) if call.a_to_b else (spec.vault_b, spec.vault_a)
    payer = spec.vault_b if call.a_to_b else call.source
    into = fill.vault_in if call.version == 1 else fill.paid
    core_programs.transfer_call(context, call.source, vault_in, into, checked=True)
    core_programs.transfer_call(context, vault_out, call.target, fill.received, checked=True)
    for key, fee in zip((paid.fee_account, paid.creator_account), fees, strict=True):
        if fee and call.version == 1:
            core_programs.transfer_call(context, payer, key, fee, checked=True)


def _event(context: Context, call: Call[PumpMarket], paid: Paid, fill: Fill, fees: PumpFees) -> bytes:
    """Returns BuyEvent or SellEvent, as far as the interface of 2025 tells them."""
    maths, spec, account = fill.maths, call.pool.spec, call.pool.account(context.get)
    assert isinstance(maths, PumpFill)
    users = (call.source, call.target) if call.a_to_b else (call.target, call.source)
    base, user_quote = (fill.paid, fill.received) if call.a_to_b else (fill.received, fill.paid)
    quote = user_quote + maths.fee() if call.a_to_b else user_quote - maths.fee()
    with_lp = quote - maths.lp_fee if call.a_to_b else quote + maths.lp_fee
    held = vaults(call.pool, context.get)
    event = _EVENT.pack(
        _SELL_EVENT if call.a_to_b else _BUY_EVENT,
        context.now,
        base,
        call.threshold if call.a_to_b or not call.exact_in else call.amount,
        *(context.token(key).amount for key in users),
        *held,
        quote,
        fees.lp,
        maths.lp_fee,
        fees.protocol,
        maths.protocol_fee,
        with_lp,
        user_quote,
        spec.address,
        call.owner.key,
        *users,
        paid.recipient,
        paid.fee_account,
        account.pool.coin_creator,
        fees.creator,
        maths.creator_fee,
    )
    return event if call.a_to_b else event + _BUY_REST.pack(call.version == 1, 0, 0, 0, 0)
