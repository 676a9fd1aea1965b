"""A Meteora DLMM pair."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace as with_fields
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace

from cambist.engine.reference.venues.dlmm import maths as dlmm
from cambist.engine.reference.venues.quote import (
    BASIS_POINTS,
    ChainTime,
    TransferFees,
    VaultFill,
    VaultPool,
    after_transfers,
    fit,
    share_left,
    transfer_fees_at,
)
from cambist.engine.reference.venues.quote_error import QuoteError, to_u64

if TYPE_CHECKING:
    from cambist.engine.reference.venues.dlmm.layout import LbPair


@dataclass(frozen=True)
class DlmmState(VaultPool[dlmm.DlmmFill]):
    """A Meteora DLMM pair; X is token A."""

    pays_nothing: ClassVar[bool] = False
    account: LbPair
    bins: dlmm.Bins
    transfer_fees: TransferFees = (None, None)

    def mints(self) -> tuple[bytes, bytes]:
        """Returns the mints of X and Y."""
        return self.account.mint_x, self.account.mint_y

    def rate(self, a_to_b: bool, time: ChainTime) -> tuple[int, int] | None:
        """Returns the marginal rate as (num, den)."""
        found = self._next(a_to_b, time)
        if found is None or found.fee_rate >= dlmm.FEE_PRECISION:
            return None
        fee_in, fee_out = transfer_fees_at(self.transfer_fees, a_to_b, time)
        net = (dlmm.FEE_PRECISION - found.fee_rate) * share_left(fee_in) * share_left(fee_out)
        whole, price = dlmm.FEE_PRECISION * BASIS_POINTS**2, found.bin.price
        return fit(price * net, whole << 64) if a_to_b else fit(net << 64, price * whole)

    def virtual_reserves(self, a_to_b: bool, time: ChainTime) -> tuple[float, float, float] | None:
        """Returns (reserve in, reserve out, share kept) as if every bin held what the first one does.

        Then the price moves by a bin for each.
        """
        found = self._next(a_to_b, time)
        if found is None or not found.bin.price or found.fee_rate >= dlmm.FEE_PRECISION:
            return None
        price = _price(found, a_to_b)
        other = found.bin.amount_x if a_to_b else found.bin.amount_y
        held = float(found.held) + float(other) * price
        reserve_out = held * 2.0 * float(BASIS_POINTS) / float(self.account.bin_step)
        kept = float(dlmm.FEE_PRECISION - found.fee_rate) / float(dlmm.FEE_PRECISION)
        fees = transfer_fees_at(self.transfer_fees, a_to_b, time)
        return after_transfers((reserve_out / price, reserve_out), kept, fees)

    def levels(self, a_to_b: bool, most: int, time: ChainTime) -> list[tuple[float, float]] | None:
        """Returns (atoms in, atoms out) of each bin, the first one first, until `most` are in or the bins end."""
        share_in, share_out = (float(share_left(fee)) for fee in transfer_fees_at(self.transfer_fees, a_to_b, time))
        if not share_in or not share_out:
            return None
        into, out = float(BASIS_POINTS) / share_in, share_out / float(BASIS_POINTS)
        now, slot = time.unix_timestamp, time.slot
        found = dlmm.levels(self.account, self.bins, most, x_to_y=a_to_b, now=now, slot=slot)
        return [(float(amount_in) * into, float(amount_out) * out) for amount_in, amount_out in found]

    def _next(self, a_to_b: bool, time: ChainTime) -> dlmm.NextBin | None:
        try:
            return dlmm.next_bin(self.account, self.bins, x_to_y=a_to_b, now=time.unix_timestamp, slot=time.slot)
        except QuoteError:
            return None

    def vault_swap(self, a_to_b: bool, amount: int, time: ChainTime, *, exact_in: bool) -> dlmm.DlmmFill:
        """Returns the swap as the program does it; amounts are inside the vaults. Raises `QuoteError`."""
        now, slot = time.unix_timestamp, time.slot
        fill = dlmm.swap(self.account, self.bins, amount, exact_in=exact_in, x_to_y=a_to_b, now=now, slot=slot)
        self._owed_after(a_to_b, fill)
        return fill

    def vault_fill(self, a_to_b: bool, fill: dlmm.DlmmFill) -> VaultFill:
        """Returns what `fill` moves between the vaults."""
        fees = (fill.fee, 0) if fill.fee_on_input else (0, fill.fee)
        return VaultFill(fill.amount_in, fill.amount_out, fees, max(len(fill.steps) - 1, 0))

    def swapped(self, a_to_b: bool, fill: dlmm.DlmmFill) -> DlmmState:
        """Returns the pair after `fill`. Raises `QuoteError` overflow."""
        owes = self._owed_after(a_to_b, fill)
        account = replace(self.account, active_id=fill.active_id, volatility=fill.volatility, **owes)
        return with_fields(self, account=account, bins=self.bins.after(fill.changed()))

    def _owed_after(self, a_to_b: bool, fill: dlmm.DlmmFill) -> dict[str, int]:
        """Returns what is owed to the protocol after `fill`, by the name of its field."""
        owed = "protocol_fee_x" if a_to_b == fill.fee_on_input else "protocol_fee_y"
        return {owed: to_u64(getattr(self.account, owed) + fill.protocol_fee)}


def _price(found: dlmm.NextBin, a_to_b: bool) -> float:
    """Returns atoms out per atom in, before fees, of a bin that has a price."""
    price = float(found.bin.price) / 2.0**64
    return price if a_to_b else 1.0 / price
