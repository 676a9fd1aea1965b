"""A token account in full."""

from __future__ import annotations

from typing import NamedTuple

from cambist.engine.reference.chain import program
from cambist.engine.reference.chain.reader import LayoutError, check_size, key, unsigned
from cambist.engine.reference.chain.token import check_base, extensions

_NAME = "token_account"
_SIZE = 165
_TYPE = 2
_TRANSFER_FEE_AMOUNT = 2


class RawAccount(NamedTuple):
    """An account as the chain gives it."""

    address: bytes
    program: bytes
    """The program that owns the account."""
    lamports: int
    data: bytes


class Holding(NamedTuple):
    """One token account: SPL Token, or Token-2022 with its extensions."""

    address: bytes
    program: bytes
    """The token program."""
    mint: bytes
    owner: bytes
    amount: int
    frozen: bool
    delegate: bytes | None
    delegated_amount: int
    """What the delegate may take; 0 without one."""
    native_reserve: int | None
    """Lamports kept for rent if this is wrapped SOL, else `None`."""
    unsynced: int | None
    """Lamports beyond rent and amount, which `SyncNative` would add; `None` if not wrapped SOL or short."""
    close_authority: bytes | None
    withheld: int
    """Transfer fees withheld on this account."""
    extensions: list[int]
    """Types of all extensions, in order; type 5 hides a balance that no one but the owner can read."""

    @staticmethod
    def decode(account: RawAccount) -> Holding | None:
        """Returns the fields of a token account, `None` if it is not initialised.

        Raises `LayoutError` for a wrong size, account type, state or option tag, or a damaged extension.
        """
        data = account.data
        if account.program == program.TOKEN:
            check_size(_NAME, data, _SIZE, may_grow=False)
        else:
            check_base(_NAME, data, _SIZE, _TYPE)
        state = data[108]
        if state == 0:
            return None
        if state > 2:
            raise _wrong(state, "state")
        delegate = key(data, 76) if _option(data, "delegate tag", 72) else None
        reserve = unsigned(data, 113, 8) if _option(data, "native tag", 109) else None
        close_authority = key(data, 133) if _option(data, "close authority tag", 129) else None
        withheld, kinds = _read_extensions(data)
        amount = unsigned(data, 64, 8)
        unsynced = None if reserve is None else account.lamports - reserve - amount
        return Holding(
            address=account.address,
            program=account.program,
            mint=key(data, 0),
            owner=key(data, 32),
            amount=amount,
            frozen=state == 2,
            delegate=delegate,
            delegated_amount=0 if delegate is None else unsigned(data, 121, 8),
            native_reserve=reserve,
            unsynced=None if unsynced is None or unsynced < 0 else unsynced,
            close_authority=close_authority,
            withheld=withheld,
            extensions=kinds,
        )


def _option(data: bytes, field: str, at: int) -> bool:
    """Returns whether a `COption` holds a value."""
    tag = unsigned(data, at, 4)
    if tag > 1:
        raise _wrong(tag, field)
    return tag == 1


def _read_extensions(data: bytes) -> tuple[int, list[int]]:
    """Returns the withheld fees and the types of all extensions."""
    withheld, kinds = 0, []
    for kind, at, length in extensions(_NAME, data):
        kinds.append(kind)
        if kind == _TRANSFER_FEE_AMOUNT:
            if length < 8:
                raise _wrong(length, "transfer fee amount size")
            withheld = unsigned(data, at, 8)
    return withheld, kinds


def _wrong(was: int, field: str) -> LayoutError:
    return LayoutError(f"{_NAME}: {field} was {was}")
