"""Swaps of Whirlpools."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.build.instruction_builder.call import (
    BuildError,
    Instruction,
    SwapAmounts,
    User,
    check_arrays,
    check_first_token_program,
    check_keys,
    check_token_programs,
    readonly,
    signer,
    tagged,
    turned,
    writable,
)
from cambist.engine.reference.chain import program

if TYPE_CHECKING:
    from collections.abc import Sequence
from cambist.engine.reference.chain import pda

_ARRAYS = 3
_SWAP = bytes.fromhex("f8c69e91e17587c8")
_SWAP_V2 = bytes.fromhex("2b04ed0b1ac91e62")
_SUPPLEMENTAL = 6


class WhirlpoolAccounts(NamedTuple):
    """A Whirlpool's accounts."""

    program: bytes
    """The mutable or the immutable deployment."""
    pool: bytes
    oracle: bytes
    vault_a: bytes
    vault_b: bytes
    mint_a: bytes
    mint_b: bytes
    program_a: bytes
    program_b: bytes


def whirlpool_swap(
    pool: WhirlpoolAccounts,
    tick_arrays: Sequence[bytes],
    user: User,
    amounts: SwapAmounts,
    sqrt_price_limit: int,
    *,
    a_to_b: bool,
    is_adaptive: bool,
) -> Instruction:
    """Returns the older swap on a Whirlpool, of SPL Token mints only.

    `tick_arrays` are one to three in the order in which the price passes them; the last fills up. `sqrt_price_limit` 0
    means none; the oracle is written iff fees adapt. Raises `BuildError` for a key that is not 32 bytes, a Token-2022
    mint and another number of tick arrays.
    """
    check_keys((*pool, *tick_arrays, *user))
    check_first_token_program(pool.program_a, pool.program_b)
    arrays = _three(tick_arrays)
    accounts = (
        *readonly(program.TOKEN),
        signer(user.owner),
        *writable(pool.pool, *_sides(pool, user, a_to_b=a_to_b), *arrays),
        *(writable(pool.oracle) if is_adaptive else readonly(pool.oracle)),
    )
    return Instruction(pool.program, accounts, _arguments(_SWAP, amounts, sqrt_price_limit, a_to_b=a_to_b))


def whirlpool_swap_v2(
    pool: WhirlpoolAccounts,
    tick_arrays: Sequence[bytes],
    supplemental: Sequence[bytes],
    user: User,
    amounts: SwapAmounts,
    sqrt_price_limit: int,
    *,
    a_to_b: bool,
) -> Instruction:
    """Returns the newer swap on a Whirlpool, which also takes Token-2022 mints; arguments as of `whirlpool_swap`.

    Up to three `supplemental` tick arrays let the price go farther. Raises `BuildError` for a key that is not 32 bytes,
    a program that is no token program and another number of arrays.
    """
    check_keys((*pool, *tick_arrays, *supplemental, *user))
    check_token_programs(pool.program_a, pool.program_b)
    arrays = _three(tick_arrays)
    _at_most_three(supplemental)
    accounts = (
        *readonly(pool.program_a, pool.program_b, program.MEMO),
        signer(user.owner),
        *writable(pool.pool),
        *readonly(pool.mint_a, pool.mint_b),
        *writable(*_sides(pool, user, a_to_b=a_to_b), *arrays, pool.oracle, *supplemental),
    )
    data = _arguments(_SWAP_V2, amounts, sqrt_price_limit, a_to_b=a_to_b)
    data += bytes([1, 1, 0, 0, 0, _SUPPLEMENTAL, len(supplemental)]) if supplemental else b"\0"
    return Instruction(pool.program, accounts, data)


def _sides(pool: WhirlpoolAccounts, user: User, *, a_to_b: bool) -> tuple[bytes, bytes, bytes, bytes]:
    """Returns the user's and the pool's account of token A, then of B."""
    user_a, user_b = turned((user.source, user.target), forward=a_to_b)
    return user_a, pool.vault_a, user_b, pool.vault_b


def _three(tick_arrays: Sequence[bytes]) -> list[bytes]:
    _at_most_three(tick_arrays)
    check_arrays(tick_arrays)
    return [*tick_arrays, *[tick_arrays[-1]] * (_ARRAYS - len(tick_arrays))]


def _at_most_three(arrays: Sequence[bytes]) -> None:
    if len(arrays) > _ARRAYS:
        message = f"{len(arrays)} arrays, at most {_ARRAYS}"
        raise BuildError(message)


def _arguments(tag: bytes, amounts: SwapAmounts, sqrt_price_limit: int, *, a_to_b: bool) -> bytes:
    data = tagged(tag, (amounts.amount, amounts.limit))
    return data + sqrt_price_limit.to_bytes(16, "little") + bytes([amounts.exact_in, a_to_b])


def whirlpool_tick_array(program_id: bytes, pool: bytes, start: int) -> bytes:
    """Returns a Whirlpool's tick array by its first tick; the program is the mutable or the immutable deployment.

    Raises `BuildError` for a key that is not 32 bytes.

    >>> from cambist.engine.reference.chain import base58
    >>> from cambist.engine.reference.venues.orca import owned
    >>> pool = base58.decode("2kJmUjxWBwL2NGPBV2PiA5hWtmLCqcKY6reQgkrPtaeS")
    >>> base58.encode(whirlpool_tick_array(owned.WHIRLPOOL, pool, 0))
    '8PhPzk7n4wU98Z6XCbVtPai2LtXSxYnfjkmgWuoAU8Zy'
    """
    check_keys((program_id, pool))
    return pda.find([b"tick_array", pool, str(start).encode()], program_id)[0]


def whirlpool_oracle(program_id: bytes, pool: bytes) -> bytes:
    """Returns a Whirlpool's oracle, which exists iff its fees adapt. Raises `BuildError`."""
    check_keys((program_id, pool))
    return pda.find([b"oracle", pool], program_id)[0]
