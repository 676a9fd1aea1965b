"""What goes around swaps: compute budget, token accounts, wrapped SOL, tips, memos."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.build.instruction_builder.addresses import associated_token_address
from cambist.engine.reference.build.instruction_builder.call import (
    BuildError,
    Instruction,
    check_keys,
    check_token_programs,
    payer,
    readonly,
    signer,
    writable,
)
from cambist.engine.reference.chain import program

if TYPE_CHECKING:
    from collections.abc import Sequence


def compute_unit_limit(units: int) -> Instruction:
    """Returns what sets the compute units a transaction may use.

    >>> compute_unit_limit(100_000).data.hex()
    '02a0860100'
    """
    return Instruction(program.COMPUTE_BUDGET, (), b"\x02" + units.to_bytes(4, "little"))


def compute_unit_price(micro_lamports: int) -> Instruction:
    """Returns what sets the priority fee, in micro-lamports for each compute unit asked for.

    >>> compute_unit_price(1_500_001).data.hex()
    '0361e3160000000000'
    """
    return Instruction(program.COMPUTE_BUDGET, (), b"\x03" + micro_lamports.to_bytes(8, "little"))


def loaded_data_limit(size: int) -> Instruction:
    """Returns what sets how many bytes of accounts a transaction may load; fewer cost less of a block.

    Raises `BuildError` for 0, with which no transaction runs.
    """
    if size == 0:
        message = "limit of loaded data was 0"
        raise BuildError(message)
    return Instruction(program.COMPUTE_BUDGET, (), b"\x04" + size.to_bytes(4, "little"))


def create_associated_token(funder: bytes, owner: bytes, mint: bytes, token_program: bytes) -> Instruction:
    """Returns what creates a wallet's associated token account, or does nothing where it exists.

    Raises `BuildError` unless the program is SPL Token or Token-2022.
    """
    check_keys((funder, owner, mint, token_program))
    check_token_programs(token_program)
    account = associated_token_address(owner, mint, token_program)
    accounts = (payer(funder), *writable(account), *readonly(owner, mint, program.SYSTEM, token_program))
    return Instruction(program.ASSOCIATED_TOKEN, accounts, b"\x01")


def transfer(source: bytes, target: bytes, lamports: int) -> Instruction:
    """Returns what sends lamports: to a wrapped SOL account, or as a tip.

    A tip account must not be read from a lookup table: pin it when the message is compiled. Raises `BuildError` for a
    key that is not 32 bytes.
    """
    check_keys((source, target))
    data = b"\x02\0\0\0" + lamports.to_bytes(8, "little")
    return Instruction(program.SYSTEM, (payer(source), *writable(target)), data)


def sync_native(account: bytes) -> Instruction:
    """Returns what makes a wrapped SOL account's amount its lamports. Raises `BuildError`."""
    check_keys((account,))
    return Instruction(program.TOKEN, tuple(writable(account)), bytes([17]))


def close_account(account: bytes, target: bytes, owner: bytes, token_program: bytes) -> Instruction:
    """Returns what closes a token account; its lamports, wrapped SOL included, go to `target`.

    Raises `BuildError` unless the program is SPL Token or Token-2022.
    """
    check_keys((account, target, owner, token_program))
    check_token_programs(token_program)
    return Instruction(token_program, (*writable(account, target), signer(owner)), bytes([9]))


def wrap_sol(owner: bytes, lamports: int) -> list[Instruction]:
    """Returns what wraps lamports: creates the owner's account where it is missing, pays in, syncs.

    Raises `BuildError` for a key that is not 32 bytes.
    """
    account = _wrapped(owner)
    return [
        create_associated_token(owner, owner, program.WRAPPED_SOL, program.TOKEN),
        transfer(owner, account, lamports),
        sync_native(account),
    ]


def unwrap_sol(owner: bytes) -> Instruction:
    """Returns what turns all of the owner's wrapped SOL, and the account's rent, into lamports. Raises `BuildError`."""
    return close_account(_wrapped(owner), owner, owner, program.TOKEN)


def memo(text: str, signers: Sequence[bytes]) -> Instruction:
    """Returns a note in the log, vouched for by the signers. Raises `BuildError` for a key that is not 32 bytes."""
    check_keys(signers)
    return Instruction(program.MEMO, tuple(signer(key) for key in signers), text.encode())


def _wrapped(owner: bytes) -> bytes:
    return associated_token_address(owner, program.WRAPPED_SOL, program.TOKEN)
