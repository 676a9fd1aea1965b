"""Swaps through Pump AMM pools, by the program's published formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.venues.pump.owned import (
    PUMP_AMM_CONFIG,
    PUMP_AMM_EVENTS,
    PUMP_AMM_VOLUME,
    PUMP_FEE_CONFIG,
    PUMP_FEES,
)
from cambist.engine.reference.venues.pump.pool import PumpState
from cambist.simulator.addresses import associated
from cambist.simulator.pool import Fill, Moment, Pool, vaults
from cambist.simulator.venues.pump.accounts import PumpAccount

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cambist.engine.reference.venues.pump.layout import PumpConfig, PumpFeeConfig
    from cambist.simulator.pool import Find, PoolSpec

SHARED_KEYS = (
    PUMP_AMM_CONFIG,
    PUMP_AMM_EVENTS,
    PUMP_AMM_VOLUME,
    PUMP_FEE_CONFIG,
    PUMP_FEES,
)


class PumpFacts(NamedTuple):
    """What doesn't change of a Pump AMM pool."""

    config: PumpConfig
    schedule: PumpFeeConfig
    supply: int
    """Atoms of the base token."""
    canonical: bool
    """Whether Pump made the pool."""


class PumpKeys(NamedTuple):
    """Addresses of one wallet's swaps on one pool."""

    recipient: bytes
    """Who gets the protocol's fee: one of those that the config names, as the wallet picks."""
    fee_account: bytes
    buyer: bytes
    buyer_account: bytes
    creator_account: bytes
    volume: bytes
    """Where the wallet's volume would be kept."""
    pool_v2: bytes | None


class PumpMarket(Pool):
    """A Pump AMM pool. Its tokens have no transfer fee."""

    def __init__(self, spec: PoolSpec, facts: PumpFacts, creator_vault: bytes) -> None:
        super().__init__(spec)
        self.facts = facts
        self.creator_vault = creator_vault
        """Who holds what the coin's creator gets."""
        self.users: dict[bytes, PumpKeys] = {}
        """By wallet; they are costly to derive."""

    def swap(self, find: Find, amount: int, at: Moment, *, a_to_b: bool, exact_in: bool) -> Fill:
        """Returns the swap, its fees paid out at once. Raises `QuoteError`.

        The program sells exact in only; a sale for an exact output is the least that brings it.
        """
        fill = self.state(find).fill(a_to_b, amount, exact_in=exact_in)
        owed = fill.owed()
        return Fill(
            paid=fill.amount_in,
            vault_in=fill.amount_in - (0 if a_to_b else owed),
            vault_out=fill.amount_out + (owed if a_to_b else 0),
            received=fill.amount_out,
            changed={},
            maths=fill,
        )

    def reserves(self, find: Find) -> tuple[float, float]:
        """Returns the reserves that make the price."""
        held = vaults(self, find)
        return float(held.a), float(held.b + self.account(find).pool.virtual_quote_reserves)

    def named(self, find: Find) -> Iterable[bytes]:
        """Returns the creator's vault and account, and what all its program's swaps name."""
        return (self.creator_vault, associated(self.creator_vault, self.spec.token_b), *SHARED_KEYS)

    def state(self, find: Find) -> PumpState:
        """Returns the pool as the engine holds it."""
        facts, held = self.facts, vaults(self, find)
        return PumpState(
            self.account(find).pool,
            facts.config,
            facts.schedule,
            facts.supply,
            facts.canonical,
            (held.a, held.b),
            (None, None),
        )

    def account(self, find: Find) -> PumpAccount:
        """Returns its account."""
        account = find(self.spec.address)
        assert isinstance(account, PumpAccount)
        return account
