"""The account of a Saber stable swap."""

from __future__ import annotations

import msgspec

from cambist.engine.reference.chain.reader import LayoutError, check_size, key, signed, unsigned


class StableSwap(msgspec.Struct, frozen=True):
    """`SwapInfo` of Saber. 395 bytes, no discriminator. Pairs are (token A, token B), fees (numerator, denominator).

    Withdrawal fees are left out: no swap reads them.
    """

    is_paused: bool
    nonce: int
    initial_amp: int
    target_amp: int
    """Of A; reached at `ramp_stop`."""
    ramp_start: int
    """Unix seconds."""
    ramp_stop: int
    """Unix seconds; 0 where there was no ramp."""
    vaults: tuple[bytes, bytes]
    pool_mint: bytes
    mints: tuple[bytes, bytes]
    admin_vaults: tuple[bytes, bytes]
    admin_fee: tuple[int, int]
    """Share of the trade fee that leaves the pool."""
    trade_fee: tuple[int, int]
    """Share of what the curve pays."""

    @staticmethod
    def decode(data: bytes) -> StableSwap:
        """Returns the fields. Raises `LayoutError` for a wrong size, a flag that is none, or no initialised pool."""
        check_size("stable_swap", data, 395, may_grow=False)
        for field, offset, allowed in (("is_initialized", 0, (1,)), ("is_paused", 1, (0, 1))):
            if data[offset] not in allowed:
                msg = f"stable_swap: {field} was {data[offset]}"
                raise LayoutError(msg)
        return StableSwap(
            is_paused=data[1] == 1,
            nonce=data[2],
            initial_amp=unsigned(data, 3, 8),
            target_amp=unsigned(data, 11, 8),
            ramp_start=signed(data, 19, 8),
            ramp_stop=signed(data, 27, 8),
            vaults=(key(data, 107), key(data, 139)),
            pool_mint=key(data, 171),
            mints=(key(data, 203), key(data, 235)),
            admin_vaults=(key(data, 267), key(data, 299)),
            admin_fee=(unsigned(data, 331, 8), unsigned(data, 339, 8)),
            trade_fee=(unsigned(data, 363, 8), unsigned(data, 371, 8)),
        )
