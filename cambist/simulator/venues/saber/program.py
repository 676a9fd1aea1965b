"""The swap instruction of Saber: decoding, checks, logs and error codes."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from cambist.engine.reference.venues.quote_error import QuoteError, Reason
from cambist.engine.reference.venues.saber.maths import StableFill
from cambist.simulator import core_programs
from cambist.simulator.call import Call, settle, writable
from cambist.simulator.execution import Context, ProgramError, custom, need
from cambist.simulator.venues.saber.market import SaberMarket

if TYPE_CHECKING:
    from cambist.simulator.pool import Fill
    from cambist.simulator.transactions import Instruction

SABER_SWAP = b"\x01"
_ARGS = struct.Struct("<QQ")
_NOTHING_UNITS, _UNITS = 2_093, 41_816
"""Of an empty swap, and of one besides its calls: the recorded least and median. It varies with Newton's steps."""
_A_TO_B, _B_TO_A = 2, 3
_ERRORS = {
    1: "Address of the admin fee account is incorrect",
    4: "Invalid program address generated from nonce and key",
    6: "Deserialized account is not an SPL Token account",
    11: "InvalidInput",
    12: "Address of the provided swap token account is incorrect",
    14: "CalculationFailure",
    15: "InvalidInstruction",
    17: "Swap instruction exceeds desired slippage limit",
    22: "Swap pool is paused",
}


def run(context: Context, instruction: Instruction) -> None:
    """Runs swap; nothing in is a success."""
    if instruction.data[:1] != SABER_SWAP or len(instruction.data) != 17:
        raise _refused(15)
    context.log("Program log: Instruction: Swap")
    if not any(instruction.data[1:9]):
        context.consume(_NOTHING_UNITS)
        return
    call, admin = call_of(context, instruction)
    context.consume(_UNITS)
    try:
        fill = call.fill(context)
    except QuoteError as error:
        raise _refused(22 if error.reason is Reason.NOT_TRADABLE else 14) from None
    if fill.received < call.threshold:
        _log_64(context, 0, 0, 0, call.threshold, fill.received)
        raise _refused(17)
    _pay(context, call, fill, admin)


def _pay(context: Context, call: Call[SaberMarket], fill: Fill, admin: bytes) -> None:
    """Moves the tokens, the admin's part of the fee last, and logs the event."""
    assert isinstance(fill.maths, StableFill)
    spec = call.pool.spec
    settle(context, call, fill, checked=False)
    core_programs.transfer_call(
        context, spec.vault_b if call.a_to_b else spec.vault_a, admin, fill.maths.admin_fee, checked=False
    )
    context.log(f"Program log: Event: Swap{'AToB' if call.a_to_b else 'BToA'}")
    amounts = (fill.paid, fill.received) if call.a_to_b else (fill.received, fill.paid)
    _log_64(context, _A_TO_B if call.a_to_b else _B_TO_A, *amounts, 0, fill.maths.fee)


def call_of(context: Context, instruction: Instruction) -> tuple[Call[SaberMarket], bytes]:
    """Returns the swap in a Saber instruction, and the admin's account of the token out. Raises `ProgramError`."""
    amount, threshold = _ARGS.unpack_from(instruction.data, 1)
    info, authority, owner, source, vault_in, vault_out, target, admin, _ = need(instruction, 9)[:9]
    if vault_in.key == vault_out.key:
        raise _refused(11)
    pool = context.pools.get(info.key)
    if not isinstance(pool, SaberMarket):
        msg = "InvalidAccountData"
        raise ProgramError(msg)
    state = pool.state
    if state.is_paused:
        raise _refused(22)
    if source.key in state.vaults:
        raise _refused(11)
    if authority.key != pool.authority:
        raise _refused(4)
    if (vault_in.key, vault_out.key) not in (state.vaults, state.vaults[::-1]):
        raise _refused(12)
    a_to_b = vault_in.key == state.vaults[0]
    if admin.key != state.admin_vaults[1 if a_to_b else 0]:
        raise _refused(1)
    if not owner.signer:
        msg = "MissingRequiredSignature"
        raise ProgramError(msg)
    writable(instruction.accounts, (source.key, vault_in.key, vault_out.key, target.key, admin.key), anchored=False)
    return Call(pool, a_to_b, True, amount, threshold, source.key, target.key, owner), admin.key


def _refused(code: int) -> ProgramError:
    return custom(code, f"Error: {_ERRORS[code]}")


def _log_64(context: Context, *values: int) -> None:
    context.log("Program log: " + ", ".join(f"{value:#x}" for value in values))
