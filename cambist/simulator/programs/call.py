"""A swap as an instruction asks for it, and what every pool program does with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.simulator import native, venues
from cambist.simulator.execution import Context, ProgramError, custom

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cambist.engine.reference.venues.clmm.maths import ClmmTicks
    from cambist.simulator.transactions import Meta
    from cambist.simulator.venues import Fill, Pool

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
    """Tick arrays passed to a Whirlpool, bin or tick arrays and bitmap to a DLMM pair or CLMM pool."""
    version: int = 1

    def fill(
        self,
        context: Context,
        *,
        limit: int = 0,
        partial: bool = False,
        passed: frozenset[bytes] | None = None,
        ticks: ClmmTicks | None = None,
    ) -> Fill:
        """Returns the swap at the context's accounts and time; see `venues.swap`. Raises `QuoteError`."""
        return venues.swap(
            self.pool,
            context.get,
            self.amount,
            a_to_b=self.a_to_b,
            exact_in=self.exact_in,
            now=context.now,
            slot=context.slot,
            epoch=context.epoch,
            limit=limit,
            partial=partial,
            passed=passed,
            ticks=ticks,
        )


def anchor(code: int, own: Mapping[int, tuple[str, str]] = ANCHOR) -> ProgramError:
    """Returns an error of an Anchor program, logged as Anchor does; `own` are the program's errors from 6000 on."""
    name, message = (ANCHOR if code < 6_000 else own)[code]
    return custom(code, f"AnchorError occurred. Error Code: {name}. Error Number: {code}. Error Message: {message}.")


def writable(pool: Pool, metas: tuple[Meta, ...], keys: tuple[bytes, ...]) -> None:
    """Raises `ProgramError` if an account that the swap changes isn't passed as writable."""
    passed = {meta.key for meta in metas if meta.writable}
    if not passed.issuperset(keys):
        raise anchor(2003) if pool.spec.venue not in ("ray4", "saber") else ProgramError("InvalidArgument")


def settle(context: Context, call: Call, fill: Fill, *, checked: bool) -> None:
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


def tell(context: Context, program: bytes, event: bytes, units: int) -> None:
    """Sends an event in a call of the program to itself."""
    context.events.append(EVENT_CALL + event)
    context.invoke(program, lambda: context.consume(units))
