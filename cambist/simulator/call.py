"""A swap as an instruction asks for it, and what every pool program does with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from cambist.simulator import core_programs
from cambist.simulator.execution import Context, ProgramError, custom
from cambist.simulator.pool import Moment, Pool

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cambist.simulator.pool import Fill
    from cambist.simulator.transactions import Meta

EVENT_CALL = bytes.fromhex("e445a52e51cb9a1d")
ANCHOR = {
    2003: ("ConstraintRaw", "A raw constraint was violated"),
    2006: ("ConstraintSeeds", "A seeds constraint was violated"),
    2012: ("ConstraintAddress", "An address constraint was violated"),
    2021: ("ConstraintTokenTokenProgram", "A token account token program constraint was violated"),
    2501: ("RequireEqViolated", "A require_eq expression was violated"),
    2505: ("RequireGtViolated", "A require_gt expression was violated"),
    2506: ("RequireGteViolated", "A require_gte expression was violated"),
    3005: ("AccountNotEnoughKeys", "Not enough account keys given to the instruction"),
    3010: ("AccountNotSigner", "The given account did not sign"),
    3008: ("InvalidProgramId", "Program ID was not as expected"),
    3012: ("AccountNotInitialized", "The program expected this account to be already initialized"),
    3007: ("AccountOwnedByWrongProgram", "The given account is owned by a different program than expected"),
}
"""Anchor's own errors; those of programs are from 6000 on."""
UNKNOWN = "AnchorError occurred. Error Code: InstructionFallbackNotFound. Error Number: 101."
P = TypeVar("P", bound=Pool)


class Call(NamedTuple, Generic[P]):
    """A swap as an instruction asks for it."""

    pool: P
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
    """Tick or bin arrays that were passed, and their bitmap."""
    version: int = 1

    def fill(self, context: Context) -> Fill:
        """Returns the swap at the context's accounts and time. Raises `QuoteError`."""
        return self.pool.swap(context.get, self.amount, moment(context), a_to_b=self.a_to_b, exact_in=self.exact_in)


def moment(context: Context) -> Moment:
    """Returns when a transaction runs."""
    return Moment(context.now, context.slot, context.epoch)


def unknown() -> ProgramError:
    """Returns an Anchor program's error for an instruction that it doesn't have."""
    return ProgramError({"Custom": 101}, log=UNKNOWN)


def absent(context: Context, key: bytes) -> ProgramError:
    """Returns an Anchor program's error for an account that is no pool of its own."""
    return anchor(3007 if context.get(key) is not None else 3012)


def anchor(code: int, own: Mapping[int, tuple[str, str]] | None = None) -> ProgramError:
    """Returns an error of an Anchor program, logged as Anchor does; `own` are the program's errors from 6000 on."""
    name, message = (ANCHOR if code < 6_000 or own is None else own)[code]
    return custom(code, f"AnchorError occurred. Error Code: {name}. Error Number: {code}. Error Message: {message}.")


def writable(metas: tuple[Meta, ...], keys: tuple[bytes, ...], *, anchored: bool = True) -> None:
    """Raises `ProgramError` if an account that the swap changes isn't passed as writable."""
    passed = {meta.key for meta in metas if meta.writable}
    if not passed.issuperset(keys):
        raise anchor(2003) if anchored else ProgramError("InvalidArgument")


def settle(context: Context, call: Call[P], fill: Fill, *, checked: bool) -> None:
    """Moves the tokens by calls of the token programs and takes over the pool's accounts."""
    spec = call.pool.spec
    vault_in, vault_out = (spec.vault_a, spec.vault_b) if call.a_to_b else (spec.vault_b, spec.vault_a)
    tax_in, tax_out = call.pool.taxes_of(a_to_b=call.a_to_b)
    if context.token(call.source).holder != call.owner.key:
        raise custom(4, "Error: owner does not match")
    core_programs.transfer_call(context, call.source, vault_in, fill.paid, checked=checked, tax=tax_in)
    core_programs.transfer_call(context, vault_out, call.target, fill.vault_out, checked=checked, tax=tax_out)
    for key, account in fill.changed.items():
        context.put(key, account)


def emit_cpi(context: Context, program: bytes, event: bytes, units: int) -> None:
    """Sends an event in a call of the program to itself."""
    context.events.append(EVENT_CALL + event)
    context.invoke(program, lambda: context.consume(units))
