"""Accounts of Pump AMM: the pool, the program's configuration, the fee program's schedule."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import msgspec

from cambist.engine.reference.chain.reader import LayoutError, check_discriminator, check_size, key, signed, unsigned

_POOL = bytes.fromhex("f19a6d0411b16dbc")
_CONFIG = bytes.fromhex("95089ccaa0fcb0d9")
_FEE_CONFIG = bytes.fromhex("8f3492bbdb7b4c9b")
# Without the fields that accounts got since: the creator, the modes, the virtual reserves.
_FIRST_POOL_SIZE = 211
_TIERS_AT = 69
_TIER_SIZE = 40
_BASIS_POINTS = 10_000


class PumpPool(msgspec.Struct, frozen=True):
    """A pool of Pump AMM. Base is token A, quote token B; all fees are in quote."""

    index: int
    creator: bytes
    base_mint: bytes
    quote_mint: bytes
    lp_mint: bytes
    base_vault: bytes
    quote_vault: bytes
    lp_supply: int
    coin_creator: bytes
    """Who gets the creator's fee; zero: nobody, and there is none."""
    is_mayhem: bool
    is_cashback: bool
    virtual_quote_reserves: int
    """What to add to the quote vault's balance for the price. Negative where fees wait in the vault."""

    @staticmethod
    def decode(data: bytes) -> PumpPool:
        """Returns the fields; what an account written before a field existed lacks is zero. Raises `LayoutError`."""
        check_discriminator("pump_pool", data, _POOL)
        check_size("pump_pool", data, _FIRST_POOL_SIZE, may_grow=True)
        return PumpPool(
            index=unsigned(data, 9, 2),
            creator=key(data, 11),
            base_mint=key(data, 43),
            quote_mint=key(data, 75),
            lp_mint=key(data, 107),
            base_vault=key(data, 139),
            quote_vault=key(data, 171),
            lp_supply=unsigned(data, 203, 8),
            coin_creator=key(data, 211) if len(data) >= 243 else bytes(32),
            is_mayhem=len(data) >= 244 and data[243] != 0,
            is_cashback=len(data) >= 245 and data[244] != 0,
            virtual_quote_reserves=signed(data, 245, 16) if len(data) >= 261 else 0,
        )


class PumpFees(NamedTuple):
    """Fees in bps of what the curve takes or gives in quote."""

    lp: int = 0
    """Stays in the pool."""
    protocol: int = 0
    creator: int = 0


def _checked(layout: str, fees: PumpFees) -> PumpFees:
    for field, was in zip(("lp_fee_bps", "protocol_fee_bps", "creator_fee_bps"), fees, strict=True):
        if was > _BASIS_POINTS:
            msg = f"{layout}: {field} was {was}"
            raise LayoutError(msg)
    return fees


class PumpConfig(msgspec.Struct, frozen=True):
    """`GlobalConfig` of Pump AMM."""

    disable_flags: int
    """Bit 3 (value 8): buys are off; bit 4 (value 16): sells."""
    fees: PumpFees
    """Those before the fee program."""

    @staticmethod
    def decode(data: bytes) -> PumpConfig:
        """Returns the fields. Raises `LayoutError`, for a fee beyond the whole too."""
        check_discriminator("pump_config", data, _CONFIG)
        check_size("pump_config", data, 321, may_grow=True)
        fees = PumpFees(unsigned(data, 40, 8), unsigned(data, 48, 8), unsigned(data, 313, 8))
        return PumpConfig(data[56], _checked("pump_config", fees))


class PumpFeeConfig(msgspec.Struct, frozen=True):
    """`FeeConfig` of the Pump fee program."""

    flat: PumpFees
    """Of pools that Pump didn't make."""
    tiers: tuple[tuple[int, PumpFees], ...]
    """(least market cap in quote atoms, fees), ascending."""

    @staticmethod
    def decode(data: bytes) -> PumpFeeConfig:
        """Returns the fields. Raises `LayoutError`, for a fee beyond the whole or tiers that don't ascend too."""
        layout = "pump_fee_config"
        check_discriminator(layout, data, _FEE_CONFIG)
        check_size(layout, data, _TIERS_AT, may_grow=True)
        end = _TIERS_AT + _TIER_SIZE * unsigned(data, _TIERS_AT - 4, 4)
        check_size(layout, data, end, may_grow=True)
        flat = _fees(layout, data, 41)
        tiers = tuple(
            (unsigned(data, at, 16), _fees(layout, data, at + 16)) for at in range(_TIERS_AT, end, _TIER_SIZE)
        )
        for (low, _), (high, _) in pairwise(tiers):
            if low > high:
                msg = f"{layout}: fee_tiers was {high}"
                raise LayoutError(msg)
        return PumpFeeConfig(flat, tiers)


def _fees(layout: str, data: bytes, at: int) -> PumpFees:
    return _checked(layout, PumpFees(*(unsigned(data, at + 8 * index, 8) for index in range(3))))
