"""Swaps through Meteora DLMM pairs."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from cambist.engine.reference.venues.dlmm import maths as dlmm
from cambist.engine.reference.venues.quote_error import QuoteError, Reason
from cambist.simulator.pool import Fill, Moment, Pool
from cambist.simulator.venues.dlmm.accounts import BinArrayAccount, LbPairAccount

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cambist.engine.reference.venues.dlmm.layout import LbPair
    from cambist.simulator.accounts import Account
    from cambist.simulator.pool import Find, PoolSpec

_ONE = 18446744073709551616.0
"""2^64."""


class DlmmMarket(Pool):
    """A DLMM pair. Nobody adds or removes liquidity, so which of its arrays have any stays."""

    def __init__(
        self, spec: PoolSpec, oracle: bytes, arrays: dict[int, bytes], bins: dlmm.Bins, bitmap: bytes = b""
    ) -> None:
        super().__init__(spec)
        self.oracle = oracle
        self.arrays = arrays
        """Index → address of its bin arrays."""
        self.bins = bins
        """At the opening."""
        self.bitmap = bitmap
        """Address of its bitmap extension, if it has one."""

    def swap(
        self,
        find: Find,
        amount: int,
        at: Moment,
        *,
        a_to_b: bool,
        exact_in: bool,
        passed: frozenset[bytes] | None = None,
    ) -> Fill:
        """Returns the swap; `passed` are the bin arrays and bitmap that it may use, else all. Raises `QuoteError`."""
        account = self.account(find)
        inside = self.untaxed(amount, a_to_b=a_to_b, exact_in=exact_in)
        bins = self._bins(account.pair, find, passed)
        fill = dlmm.swap(account.pair, bins, inside, exact_in=exact_in, x_to_y=a_to_b, now=at.now, slot=at.slot)
        received = self.received(fill.amount_out, a_to_b=a_to_b)
        if received == 0:
            raise QuoteError(Reason.ZERO_OUTPUT)
        changed: dict[bytes, Account] = {self.spec.address: account.swapped(fill, x_to_y=a_to_b)}
        for index, steps in groupby(fill.steps, key=lambda step: dlmm.array_index(step.bin_id)):
            changed[self.arrays[index]] = self._array(find, index).swapped(steps, fee_in_x=a_to_b == fill.fee_on_input)
        return Fill(
            paid=amount if exact_in else self.paid(fill.amount_in, a_to_b=a_to_b),
            vault_in=fill.amount_in,
            vault_out=fill.amount_out,
            received=received,
            changed=changed,
            maths=fill,
        )

    def reserves(self, find: Find) -> tuple[float, float]:
        """Returns the reserves of the constant product that bends as if every bin held what the active one does."""
        pair = self.account(find).pair
        bins = self._array(find, dlmm.array_index(pair.active_id)).array.bins
        active = bins[pair.active_id % len(bins)]
        price = dlmm.bin_price(pair.active_id, pair.bin_step) / _ONE
        reserve = 2.0 * (active.amount_x * price + active.amount_y) * 10_000.0 / pair.bin_step
        return reserve / price, reserve

    def parts(self) -> list[bytes]:
        """Returns the pair, its reserves, its oracle, its bitmap and its bin arrays."""
        return [*super().parts(), self.oracle, *filter(None, (self.bitmap,)), *self.arrays.values()]

    def named(self, find: Find) -> Iterable[bytes]:
        """Returns the oracle, the bitmap and the bin arrays at the price."""
        home = dlmm.array_index(self.account(find).pair.active_id)
        near = [key for index, key in self.arrays.items() if abs(index - home) <= 1]
        return (self.oracle, *filter(None, (self.bitmap,)), *near)

    def account(self, find: Find) -> LbPairAccount:
        """Returns its account."""
        account = find(self.spec.address)
        assert isinstance(account, LbPairAccount)
        return account

    def _array(self, find: Find, index: int) -> BinArrayAccount:
        array = find(self.arrays[index])
        assert isinstance(array, BinArrayAccount)
        return array

    def _bins(self, pair: LbPair, find: Find, passed: frozenset[bytes] | None) -> dlmm.Bins:
        """Returns the bins as they are now."""
        bins = self.bins.after(())
        bins.arrays = {
            index: self._array(find, index).array
            for index, key in self.arrays.items()
            if passed is None or key in passed
        }
        if passed is not None and self.bitmap and self.bitmap not in passed:
            bins.liquid = dlmm.liquid_arrays(pair, None)
        return bins
