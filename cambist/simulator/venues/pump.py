"""Swaps through Pump AMM pools, by the program's published formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.venues.pump.pool import PumpState
from cambist.simulator.accounts import PumpAccount
from cambist.simulator.venues.pool import Fill, Pool, vaults

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.engine.reference.venues.pump.layout import PumpConfig, PumpFeeConfig
    from cambist.simulator.accounts import Account


class PumpFacts(NamedTuple):
    """What doesn't change of a Pump AMM pool."""

    config: PumpConfig
    schedule: PumpFeeConfig
    supply: int
    """Atoms of the base token."""
    canonical: bool
    """Whether Pump made the pool."""


def pump_state(pool: Pool, find: Callable[[bytes], Account | None]) -> PumpState:
    """Returns the pool as the engine holds it. Its tokens have no transfer fee."""
    account, facts = find(pool.spec.address), pool.pump
    assert isinstance(account, PumpAccount)
    assert facts is not None
    held = vaults(pool, find)
    return PumpState(
        account.pool, facts.config, facts.schedule, facts.supply, facts.canonical, (held.a, held.b), (None, None)
    )


def swap_pump(
    pool: Pool, find: Callable[[bytes], Account | None], amount: int, *, a_to_b: bool, exact_in: bool
) -> Fill:
    """Returns the swap through a Pump AMM pool, its fees paid out at once. Raises `QuoteError`.

    The program sells exact in only; a sale for an exact output is the least that brings it.
    """
    state = pump_state(pool, find)
    fill = state.fill(a_to_b, amount, exact_in=exact_in)
    owed = fill.owed()
    return Fill(
        paid=fill.amount_in,
        vault_in=fill.amount_in - (0 if a_to_b else owed),
        vault_out=fill.amount_out + (owed if a_to_b else 0),
        received=fill.amount_out,
        changed={},
        reserves=state.amounts if a_to_b else state.amounts[::-1],
        fee=fill.fee(),
        maths=fill,
    )


def reserves_pump(pool: Pool, find: Callable[[bytes], Account | None]) -> tuple[float, float]:
    """Returns the reserves that make the price."""
    account, held = find(pool.spec.address), vaults(pool, find)
    assert isinstance(account, PumpAccount)
    return float(held.a), float(held.b + account.pool.virtual_quote_reserves)
