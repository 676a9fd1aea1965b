"""Swaps through Orca Whirlpools."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from cambist.engine.reference.venues.orca import maths as whirlpool
from cambist.engine.reference.venues.orca.layout import TICKS_PER_ARRAY
from cambist.engine.reference.venues.orca.maths import Curve
from cambist.simulator.pool import Fill, Moment, Pool
from cambist.simulator.venues.orca.accounts import OracleAccount, TickArrayAccount, WhirlpoolAccount
from cambist.simulator.venues.orca.catalogue import tick_array_address
from cambist.simulator.venues.ranges import virtual_reserves

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cambist.engine.reference.venues.orca.maths import WhirlpoolFill
    from cambist.engine.reference.venues.tick_array_manager import Ticks
    from cambist.simulator.accounts import Account
    from cambist.simulator.pool import Find, PoolSpec


class Move(NamedTuple):
    """What a swap did to the curve."""

    before: Curve
    fill: WhirlpoolFill


class OrcaMarket(Pool):
    """A Whirlpool. Nobody adds or removes liquidity, so its ticks stay."""

    def __init__(self, spec: PoolSpec, oracle: bytes, arrays: dict[int, bytes], ticks: Ticks) -> None:
        super().__init__(spec)
        self.oracle, self.ticks = oracle, ticks
        self.arrays = arrays
        """Start → address of the tick arrays that exist."""
        self._absent: dict[int, bytes] = {}

    def swap(self, find: Find, amount: int, at: Moment, *, a_to_b: bool, exact_in: bool, limit: int = 0) -> Fill:
        """Returns the swap, up to √price `limit` unless it is 0. Raises `QuoteError`."""
        account = self.account(find)
        found = find(self.oracle) if account.pool.has_adaptive_fee() else None
        oracle = found.oracle if isinstance(found, OracleAccount) else None
        before = Curve.of(account.pool)
        fill = whirlpool.swap(
            before, self.ticks, oracle, amount, exact_in=exact_in, a_to_b=a_to_b, limit=limit, now=at.now
        )
        owed = (fill.protocol_fee, 0) if a_to_b else (0, fill.protocol_fee)
        changed: dict[bytes, Account] = {self.spec.address: account.moved(fill.curve, *owed, at.now)}
        if oracle is not None and fill.variables is not None:
            changed[self.oracle] = OracleAccount(replace(oracle, variables=fill.variables))
        span = TICKS_PER_ARRAY * self.spec.tick_spacing
        for crossing in fill.crossings:
            address = self.arrays[crossing.tick // span * span]
            array = changed.get(address) or find(address)
            assert isinstance(array, TickArrayAccount)
            changed[address] = array.crossed(crossing)
        return Fill(fill.amount_in, fill.amount_in, fill.amount_out, fill.amount_out, changed, Move(before, fill))

    def reserves(self, find: Find) -> tuple[float, float]:
        """Returns the virtual reserves at the price."""
        state = self.account(find).pool
        return virtual_reserves(state.sqrt_price, state.liquidity)

    def parts(self) -> list[bytes]:
        """Returns the pool, its vaults, its oracle and its tick arrays."""
        return [*super().parts(), self.oracle, *self.arrays.values()]

    def named(self, find: Find) -> Iterable[bytes]:
        """Returns the oracle and the tick arrays at the price."""
        span = TICKS_PER_ARRAY * self.spec.tick_spacing
        home = self.account(find).pool.tick // span * span
        return (self.oracle, *(key for start, key in self.arrays.items() if abs(start - home) <= span))

    def array(self, start: int) -> bytes:
        """Returns the address of a tick array, whether it exists or not."""
        key = self.arrays.get(start) or self._absent.get(start)
        if key is None:
            key = self._absent[start] = tick_array_address(self.spec.address, start)
        return key

    def account(self, find: Find) -> WhirlpoolAccount:
        """Returns its account."""
        account = find(self.spec.address)
        assert isinstance(account, WhirlpoolAccount)
        return account
