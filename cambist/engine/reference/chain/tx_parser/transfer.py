"""Transfers of tokens and SOL, out of the instructions that make them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.chain import program

if TYPE_CHECKING:
    from collections.abc import Sequence

_TRANSFER = 3
_TRANSFER_CHECKED = 12
_TRANSFER_FEE = 26
"""Transfer fee extension; its transfer has number 1."""
_BATCH = 255
"""Several instructions in one: accounts, length and data of each."""
_SYSTEM_TRANSFER = bytes([2, 0, 0, 0])


class Transfer(NamedTuple):
    """Atoms from one account to another; SOL counts under the mint of wrapped SOL."""

    source: bytes
    destination: bytes
    amount: int
    mint: bytes | None
    decimals: int | None


def transfers_of(called: bytes, accounts: Sequence[bytes], data: bytes) -> list[Transfer]:
    """Returns the transfers of a call; what is too short or not a transfer has none."""
    if called == program.SYSTEM:
        found = [_of_system(accounts, data)]
    elif called == program.TOKEN and data[:1] == bytes([_BATCH]):
        found = _of_batch(accounts, data[1:])
    elif called in (program.TOKEN, program.TOKEN_2022):
        found = [_of_token(accounts, data)]
    else:
        found = []
    return [each for each in found if each is not None]


def _of_batch(accounts: Sequence[bytes], data: bytes) -> list[Transfer | None]:
    found: list[Transfer | None] = []
    while len(data) >= 2:
        count, length = data[0], data[1]
        data = data[2:]
        if len(accounts) < count or len(data) < length:
            break
        found.append(_of_token(accounts[:count], data[:length]))
        accounts, data = accounts[count:], data[length:]
    return found


def _of_token(accounts: Sequence[bytes], data: bytes) -> Transfer | None:
    tag = data[0] if data else None
    if tag == _TRANSFER:
        if len(accounts) < 2 or len(data) < 9:
            return None
        return Transfer(accounts[0], accounts[1], int.from_bytes(data[1:9], "little"), None, None)
    if tag == _TRANSFER_CHECKED:
        return _of_checked(accounts, data[1:])
    if tag == _TRANSFER_FEE and data[1:2] == b"\1":
        return _of_checked(accounts, data[2:])
    return None


def _of_checked(accounts: Sequence[bytes], rest: bytes) -> Transfer | None:
    if len(accounts) < 3 or len(rest) < 9:
        return None
    return Transfer(accounts[0], accounts[2], int.from_bytes(rest[:8], "little"), accounts[1], rest[8])


def _of_system(accounts: Sequence[bytes], data: bytes) -> Transfer | None:
    if data[:4] != _SYSTEM_TRANSFER or len(accounts) < 2 or len(data) < 12:
        return None
    return Transfer(accounts[0], accounts[1], int.from_bytes(data[4:12], "little"), program.WRAPPED_SOL, 9)


def system(lamports: int) -> bytes:
    """Returns the data of a system transfer."""
    return _SYSTEM_TRANSFER + lamports.to_bytes(8, "little")


def plain(amount: int) -> bytes:
    """Returns the data of a token transfer."""
    return bytes([_TRANSFER]) + amount.to_bytes(8, "little")


def checked(amount: int, decimals: int) -> bytes:
    """Returns the data of a checked token transfer."""
    return bytes([_TRANSFER_CHECKED]) + amount.to_bytes(8, "little") + bytes([decimals])
