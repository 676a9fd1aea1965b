"""Swaps through Raydium CPMM pools."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.venues.cpmm import maths as raydium_cpmm
from cambist.engine.reference.venues.cpmm.maths import CpmmRates
from cambist.engine.reference.venues.quote_error import QuoteError, Reason
from cambist.simulator.pool import Fill, Moment, Pool, vaults
from cambist.simulator.venues.cpmm.accounts import CpmmAccount

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cambist.engine.reference.venues.cpmm.layout import CpmmConfig
    from cambist.simulator.pool import Find, PoolSpec


class CpmmTrade(NamedTuple):
    """What the program tells of a swap besides its amounts."""

    reserves: tuple[int, int]
    """In and out, before."""
    fee: int
    creator_fee: int
    creator_on_input: bool


class CpmmMarket(Pool):
    """A CPMM pool."""

    def __init__(self, spec: PoolSpec, config: CpmmConfig, config_address: bytes, history: bytes) -> None:
        super().__init__(spec)
        self.config, self.config_address = config, config_address
        self.history = history
        """Address of its prices' history."""

    def swap(self, find: Find, amount: int, at: Moment, *, a_to_b: bool, exact_in: bool) -> Fill:
        """Returns the swap. Raises `QuoteError`."""
        account = self._account(find)
        state = account.pool
        if state.status & 4 or at.now < state.open_time:
            raise QuoteError(Reason.NOT_TRADABLE)
        held, side = self._owned(find), 0 if a_to_b else 1
        reserves = held if a_to_b else held[::-1]
        on_input = state.creator_fee_on == 0 or state.creator_fee_on == 1 + side
        rates = self._rates(account, on_input=on_input)
        inside = self.untaxed(amount, a_to_b=a_to_b, exact_in=exact_in)
        if exact_in:
            fill = raydium_cpmm.exact_in(reserves, rates, inside)
            paid, received = amount, self.received(fill.amount_out, a_to_b=a_to_b)
        else:
            fill = raydium_cpmm.exact_out(reserves, rates, inside)
            paid, received = self.paid(fill.amount_in, a_to_b=a_to_b), amount
        if received == 0:
            raise QuoteError(Reason.ZERO_OUTPUT)
        fees = (fill.protocol_fee, fill.fund_fee, fill.creator_fee)
        after = account.charged(fees, side, side if on_input else 1 - side, at.epoch)
        trade = CpmmTrade(reserves, fill.trade_fee, fill.creator_fee, on_input)
        return Fill(paid, fill.amount_in, fill.amount_out, received, {self.spec.address: after}, trade)

    def reserves(self, find: Find) -> tuple[float, float]:
        """Returns what of its vaults is the pool's."""
        a, b = self._owned(find)
        return float(a), float(b)

    def named(self, find: Find) -> Iterable[bytes]:
        """Returns its config and its prices' history."""
        return (self.config_address, self.history)

    def _account(self, find: Find) -> CpmmAccount:
        account = find(self.spec.address)
        assert isinstance(account, CpmmAccount)
        return account

    def _owned(self, find: Find) -> tuple[int, int]:
        held, state = vaults(self, find), self._account(find).pool
        owed = [state.protocol_fees[i] + state.fund_fees[i] + state.creator_fees[i] for i in (0, 1)]
        return held.a - owed[0], held.b - owed[1]

    def _rates(self, account: CpmmAccount, *, on_input: bool) -> CpmmRates:
        config = self.config
        creator = config.creator_fee_rate if account.pool.enable_creator_fee else 0
        return CpmmRates(config.trade_fee_rate, config.protocol_fee_rate, config.fund_fee_rate, creator, on_input)
