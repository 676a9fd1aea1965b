"""A pool's fixed facts, and what a swap through it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.simulator.accounts import TokenBalance

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.engine.reference.chain.token import TransferFee
    from cambist.engine.reference.venues.clmm.layout import ClmmBitmapExtension, ClmmConfig
    from cambist.engine.reference.venues.clmm.maths import ClmmFill
    from cambist.engine.reference.venues.cpmm.layout import CpmmConfig
    from cambist.engine.reference.venues.damm2.maths import DammV2Fill
    from cambist.engine.reference.venues.dlmm.maths import Bins, DlmmFill
    from cambist.engine.reference.venues.orca.maths import Curve, WhirlpoolFill
    from cambist.engine.reference.venues.pump.maths import PumpFill
    from cambist.engine.reference.venues.ray4.layout import AmmV4
    from cambist.engine.reference.venues.saber.layout import StableSwap
    from cambist.engine.reference.venues.saber.maths import StableFill
    from cambist.engine.reference.venues.tick_array_manager import Ticks
    from cambist.simulator.accounts import Account
    from cambist.simulator.catalogue import PoolSpec
    from cambist.simulator.venues.pump import PumpFacts


class Pool:
    """A pool's fixed facts; all that changes is in its accounts."""

    __slots__ = (
        "arrays",
        "authority",
        "bins",
        "bitmap",
        "clmm_bitmap",
        "clmm_config",
        "config",
        "config_address",
        "creator_rate",
        "info",
        "oracle",
        "pump",
        "scale",
        "spec",
        "stable",
        "taxes",
        "ticks",
    )

    def __init__(self, spec: PoolSpec) -> None:
        self.spec = spec
        self.info: AmmV4 | None = None
        """Of an AMM v4 pool."""
        self.config: CpmmConfig | None = None
        """Of a CPMM pool."""
        self.clmm_config: ClmmConfig | None = None
        """Of a CLMM pool."""
        self.clmm_bitmap: ClmmBitmapExtension | None = None
        """Of a CLMM pool. Its positions stay and its limit orders are near the price, so it stays too."""
        self.config_address = b""
        """Of a CPMM or CLMM pool."""
        self.ticks: Ticks | None = None
        """Of a Whirlpool. Nobody adds or removes liquidity, so they stay."""
        self.arrays: dict[int, bytes] = {}
        """Start → address of the tick arrays that exist; index → address of a DLMM pair's bin arrays."""
        self.oracle = b""
        """Address of a Whirlpool's or DLMM pair's oracle, or of a CPMM or CLMM pool's price history."""
        self.bins: Bins | None = None
        """Of a DLMM pair at the opening. Nobody adds or removes liquidity, so which arrays have any stays."""
        self.bitmap = b""
        """Address of a DLMM pair's bitmap extension if it has one, and of a CLMM pool's."""
        self.stable: StableSwap | None = None
        """Of a Saber pool."""
        self.authority = b""
        """Who signs for a Saber pool; the creator's vault of a Pump AMM pool."""
        self.pump: PumpFacts | None = None
        """Of a Pump AMM pool."""
        self.taxes: tuple[TransferFee | None, TransferFee | None] = (None, None)
        """Transfer fees of token a and b."""
        self.scale = float(10**spec.token_a.decimals) / float(10**spec.token_b.decimals)
        """Price in whole b per whole a over price in atoms."""


class Fill(NamedTuple):
    """What a swap moves, and the accounts that it leaves changed besides token balances."""

    paid: int
    """Atoms the user pays."""
    vault_in: int
    """Atoms that reach the vault: `paid` less the transfer fee."""
    vault_out: int
    """Atoms that leave the vault."""
    received: int
    """Atoms that reach the user."""
    changed: dict[bytes, Account]
    reserves: tuple[int, int]
    """Reserves in and out before the swap, of a constant-product pool."""
    fee: int
    """Venue fee, atoms of the token in (creator's share on the output not counted)."""
    creator_fee: int = 0
    creator_on_input: bool = True
    curves: tuple[Curve, WhirlpoolFill] | None = None
    """Of a Whirlpool: the curve before, and the fill."""
    maths: ClmmFill | DammV2Fill | DlmmFill | PumpFill | StableFill | None = None
    """What the venue's maths said, of a CLMM, Meteora, Pump or Saber pool."""


class Vaults(NamedTuple):
    """Balances of a pool's vaults."""

    a: int
    b: int


def vaults(pool: Pool, find: Callable[[bytes], Account | None]) -> Vaults:
    """Returns the vault balances."""
    a, b = find(pool.spec.vault_a), find(pool.spec.vault_b)
    assert isinstance(a, TokenBalance)
    assert isinstance(b, TokenBalance)
    return Vaults(a.amount, b.amount)
