"""Calls of programs, and what all swaps have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.chain import base58, program

if TYPE_CHECKING:
    from collections.abc import Iterable


class BuildError(ValueError):
    """Why an instruction, a message or a transaction can't be built."""


class AccountMeta(NamedTuple):
    """An account that an instruction names."""

    key: bytes
    signer: bool
    writable: bool


class Instruction(NamedTuple):
    """A call of a program."""

    program: bytes
    accounts: tuple[AccountMeta, ...]
    data: bytes


class User(NamedTuple):
    """Who swaps: the signer, and his token accounts that pay and are paid."""

    owner: bytes
    source: bytes
    target: bytes


class SwapAmounts(NamedTuple):
    """How much is swapped, in atoms."""

    exact_in: bool
    """Whether `amount` goes in (`limit` is the least that must come out), or comes out (the most that may go in)."""
    amount: int
    limit: int

    def in_and_out(self) -> tuple[int, int]:
        """Returns what goes in before what comes out."""
        return (self.amount, self.limit) if self.exact_in else (self.limit, self.amount)


def readonly(*keys: bytes) -> list[AccountMeta]:
    """Returns accounts that are only read."""
    return [AccountMeta(key, signer=False, writable=False) for key in keys]


def writable(*keys: bytes) -> list[AccountMeta]:
    """Returns accounts that are written."""
    return [AccountMeta(key, signer=False, writable=True) for key in keys]


def signer(key: bytes) -> AccountMeta:
    """Returns an account that signs."""
    return AccountMeta(key, signer=True, writable=False)


def payer(key: bytes) -> AccountMeta:
    """Returns an account that signs and pays."""
    return AccountMeta(key, signer=True, writable=True)


def tagged(tag: bytes, amounts: Iterable[int]) -> bytes:
    """Returns an instruction's data: its tag, then 64-bit amounts. Raises `OverflowError` for one that is none."""
    return tag + b"".join(amount.to_bytes(8, "little") for amount in amounts)


def turned(pair: tuple[bytes, bytes], *, forward: bool) -> tuple[bytes, bytes]:
    """Returns the two, turned around unless `forward`."""
    return pair if forward else pair[::-1]


def or_program(account: bytes | None, program_id: bytes) -> list[AccountMeta]:
    """Returns an optional account: the program itself stands for none."""
    return readonly(program_id) if account is None else writable(account)


def check_keys(keys: Iterable[bytes | None]) -> None:
    """Raises `BuildError` for a key that is not 32 bytes."""
    for key in keys:
        if key is not None and len(key) != 32:
            message = f"key was {len(key)} bytes, not 32"
            raise BuildError(message)


def check_token_programs(*programs: bytes) -> None:
    """Raises `BuildError` for a program that is neither SPL Token nor Token-2022."""
    for each in programs:
        if each not in (program.TOKEN, program.TOKEN_2022):
            message = f"{base58.encode(each)} is no token program"
            raise BuildError(message)


def check_first_token_program(*programs: bytes) -> None:
    """Raises `BuildError` for a program that isn't SPL Token, which an older swap calls for both mints."""
    for each in programs:
        if each != program.TOKEN:
            message = f"a mint of {base58.encode(each)} needs version 2 of the swap"
            raise BuildError(message)


def check_arrays(arrays: Iterable[bytes]) -> None:
    """Raises `BuildError` if there is no tick or bin array."""
    if not arrays:
        message = "no tick or bin array"
        raise BuildError(message)


def refuse_exact_out(name: str, amounts: SwapAmounts) -> None:
    """Raises `BuildError` for an exact amount out."""
    if not amounts.exact_in:
        message = f"{name} has no swap of an exact amount out"
        raise BuildError(message)
