"""SPL Token and Token-2022 accounts, and the clock sysvar."""

from __future__ import annotations

import msgspec

from cambist.engine.reference.chain.reader import LayoutError, check_size, key, other, signed, unsigned

_ACCOUNT_SIZE = 165
_MINT_SIZE = 82
_TLV_START = 166
_MINT_TYPE, _ACCOUNT_TYPE = 1, 2
_TRANSFER_FEE_CONFIG = 1
_TRANSFER_FEE_CONFIG_SIZE = 108
_BASIS_POINTS = 10_000


class TokenAccount(msgspec.Struct, frozen=True):
    """A token balance."""

    mint: bytes
    owner: bytes
    amount: int
    state: int
    """1 initialised, 2 frozen."""

    @staticmethod
    def decode(data: bytes) -> TokenAccount:
        """Returns the fields of an initialised account. Raises `LayoutError`."""
        check_base("token_account", data, _ACCOUNT_SIZE, _ACCOUNT_TYPE)
        if data[108] not in (1, 2):
            msg = f"token_account: state was {data[108]}"
            raise LayoutError(msg)
        return TokenAccount(key(data, 0), key(data, 32), unsigned(data, 64, 8), data[108])


class TransferFee(msgspec.Struct, frozen=True):
    """A Token-2022 transfer fee: `bps` of the amount, rounded up, at most `max_fee` atoms."""

    epoch: int
    max_fee: int
    bps: int

    def fee(self, amount: int) -> int:
        """Returns what a transfer of `amount` atoms withholds."""
        if self.bps == 0 or amount == 0:
            return 0
        return min(-(-amount * self.bps // _BASIS_POINTS), self.max_fee, amount)

    def gross(self, net: int) -> int:
        """Returns the least amount to send, by the program's own inverse, so that `net` atoms arrive."""
        if self.bps == 0 or net == 0:
            return net
        if self.bps >= _BASIS_POINTS:
            return net + self.max_fee
        return min(-(-net * _BASIS_POINTS // (_BASIS_POINTS - self.bps)), net + self.max_fee)


class TransferFeeConfig(msgspec.Struct, frozen=True):
    """The two fees of a mint: the newer holds from its epoch on."""

    older: TransferFee
    newer: TransferFee

    def at(self, epoch: int) -> TransferFee:
        """Returns the fee that holds in `epoch`."""
        return self.newer if epoch >= self.newer.epoch else self.older


class Mint(msgspec.Struct, frozen=True):
    """A token's mint, with its transfer fee if it has one."""

    decimals: int
    supply: int
    transfer_fee: TransferFeeConfig | None
    extensions: tuple[int, ...]
    """Types of all Token-2022 extensions, in order; a mint with hooks or a permanent delegate is told by them."""

    @staticmethod
    def decode(data: bytes) -> Mint:
        """Returns the fields of an initialised mint. Raises `LayoutError`."""
        check_base("mint", data, _MINT_SIZE, _MINT_TYPE)
        if data[45] != 1:
            msg = f"mint: is_initialized was {data[45]}"
            raise LayoutError(msg)
        fee, types = None, []
        for kind, at, length in extensions("mint", data):
            types.append(kind)
            if kind == _TRANSFER_FEE_CONFIG:
                fee = _transfer_fee_config(data, at, length)
        return Mint(data[44], unsigned(data, 36, 8), fee, tuple(types))


class Clock(msgspec.Struct, frozen=True):
    """The clock sysvar."""

    slot: int
    epoch: int
    unix_timestamp: int

    @staticmethod
    def decode(data: bytes) -> Clock:
        """Returns slot, epoch and time in seconds. Raises `LayoutError`."""
        check_size("clock", data, 40, may_grow=False)
        return Clock(unsigned(data, 0, 8), unsigned(data, 16, 8), signed(data, 32, 8))


def check_base(name: str, data: bytes, size: int, account_type: int) -> None:
    """Checks a base size, or a longer account whose type byte says what it extends."""
    if len(data) == size:
        return
    if len(data) < _TLV_START:
        msg = f"{name}: size was {len(data)}, expected {size}"
        raise other(msg)
    if data[_ACCOUNT_SIZE] != account_type:
        msg = f"{name}: account type was {data[_ACCOUNT_SIZE]}"
        raise LayoutError(msg)


def extensions(name: str, data: bytes) -> list[tuple[int, int, int]]:
    """Returns (type, offset of the value, length) of each extension. Raises `LayoutError` if one is cut off."""
    found, at = [], _TLV_START
    while at + 4 <= len(data):
        kind, length = unsigned(data, at, 2), unsigned(data, at + 2, 2)
        if kind == 0:
            break
        if at + 4 + length > len(data):
            msg = f"{name}: extension {kind} ends at {at + 4 + length} of {len(data)}"
            raise LayoutError(msg)
        found.append((kind, at + 4, length))
        at += 4 + length
    return found


def _transfer_fee_config(data: bytes, at: int, length: int) -> TransferFeeConfig:
    if length < _TRANSFER_FEE_CONFIG_SIZE:
        msg = f"mint: transfer fee size was {length}"
        raise LayoutError(msg)
    older, newer = (
        TransferFee(unsigned(data, fee, 8), unsigned(data, fee + 8, 8), unsigned(data, fee + 16, 2))
        for fee in (at + 72, at + 90)
    )
    for fee in (older, newer):
        if fee.bps > _BASIS_POINTS:
            msg = f"mint: transfer fee bps was {fee.bps}"
            raise LayoutError(msg)
    return TransferFeeConfig(older, newer)
