"""Public calls of Raydium CLMM and Pump AMM, as `engine_rs/src/ranges.rs` gives them.

For users of the engine: no screen and no order uses this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from cambist.engine.reference.chain.token import Mint
from cambist.engine.reference.library.integers import chain_time, i32, i64, u64, u64s, u128
from cambist.engine.reference.venues import raydium_price
from cambist.engine.reference.venues.clmm import maths as raydium_clmm
from cambist.engine.reference.venues.clmm.pool import ClmmState
from cambist.engine.reference.venues.clmm.program import decode_clmm
from cambist.engine.reference.venues.pump.pool import PumpState
from cambist.engine.reference.venues.pump.program import decode_pump
from cambist.engine.reference.venues.quote_error import QuoteError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cambist.engine.reference.venues.quote import ChainTime, Pool, Quote, TransferFees

_A = TypeVar("_A")
_T = TypeVar("_T")
Asked = tuple[bool, bool, int]
Quoted = tuple[tuple[int, ...], tuple[int, int] | None, tuple[float, float, float] | None]
Orders = tuple[int, int, int, int, int]
Filled = tuple[
    tuple[int, int, int, int, int, int],
    tuple[int, int, int, int],
    tuple[int, int, int, int] | None,
    list[Orders],
    list[int],
]


def clmm_sqrt_price(tick: int) -> int:
    """Returns √price at a tick of Raydium CLMM in Q64.64: √1.0001^tick by the program's own table.

    Raises `QuoteError` price_limit beyond ±443636, `TypeError` for what is no integer.

    >>> clmm_sqrt_price(1)
    18447666387855957090
    """
    return raydium_price.sqrt_price_from_tick(i32(tick))


def clmm_swaps(
    address: bytes,
    accounts: Sequence[bytes],
    amounts: Sequence[int],
    *,
    exact_in: bool,
    zero_for_one: bool,
    limit: int,
    now: int,
) -> list[Filled | str]:
    """Returns what each amount, swapped alone, moves and leaves, or a refusal's word.

    `accounts` are the pool at `address`, its configuration, its bitmap extension (or empty), its tick arrays. Amounts
    are atoms inside the vaults: in, or out if not `exact_in`; `limit` is a √price in Q64.64 or 0, `now` unix s. A swap
    is ((amount in, amount out, fee, protocol fee, fund fee, left), (√price, tick, liquidity, fee growth of the fee's
    token), (index reference, volatility reference, accumulator, last update unix s) of a dynamic fee, [(tick, untouched
    orders, begun orders, phase, unfilled ratio Q64.64)], [indexes of initialised arrays]). The rules are those of the
    program's source of July 2026, recorded in `svm_vectors/raydium_clmm_native2026`. Raises `ValueError` if an account
    can't be read or a number is out of range, `TypeError` for what is no integer.

    >>> clmm_swaps(bytes(32), [], [1], exact_in=True, zero_for_one=True, limit=0, now=0)
    Traceback (most recent call last):
    ValueError: clmm of 0 accounts
    """
    asked, limit, now = u64s(amounts), u128(limit), i64(now)
    pool, config, ticks = decode_clmm(address, accounts)

    def swap(amount: int) -> Filled:
        fill = raydium_clmm.swap(
            pool, config, ticks, amount, exact_in=exact_in, zero_for_one=zero_for_one, limit=limit, now=now
        )
        return _filled(fill, ticks)

    return [_answer(swap, amount) for amount in asked]


def clmm_quotes(
    address: bytes,
    accounts: Sequence[bytes],
    mints: tuple[bytes, bytes],
    asks: Sequence[Asked],
    time: tuple[int, int, int],
) -> list[Quoted | str]:
    """Returns each ask's quote with the rate and the virtual reserves after it, or a refusal's word.

    `accounts` are those of `clmm_swaps`, `mints` the accounts of mints 0 and 1 (or empty: no transfer fee), an ask is
    (sell token 0, exact in, amount in atoms of the trader), `time` (slot, unix s, epoch). A quote is ((amount in,
    amount out, fee, fee out, transfer fee in, transfer fee out, ticks crossed), (num, den), (reserve in, reserve out,
    share kept)). Raises `ValueError` if an account can't be read or a number is out of range, `TypeError` for what is
    no integer.

    >>> clmm_quotes(bytes(31), [], (b"", b""), [], (0, 0, 0))
    Traceback (most recent call last):
    ValueError: key of 31 bytes
    """
    wanted, when = _asked(asks), chain_time(time)
    account, config, ticks = decode_clmm(address, accounts)
    pool = ClmmState(account, config, ticks, _transfer_fees(mints))

    def quote(ask: Asked) -> Quoted:
        return _quoted(pool, ask, when)[0]

    return [_answer(quote, ask) for ask in wanted]


def pump_quotes(
    accounts: tuple[bytes, bytes, bytes],
    amounts: tuple[int, int],
    base_supply: int | None,
    mints: tuple[bytes, bytes],
    asks: Sequence[Asked],
    time: tuple[int, int, int],
) -> list[tuple[Quoted, tuple[int, int]] | str]:
    """Returns each ask's quote, with rate and virtual reserves, and the vaults' balances after it, or a refusal's word.

    `accounts` are a Pump AMM pool, the program's configuration and the fee program's (or empty), `amounts` the balances
    of the base and the quote vault, `base_supply` atoms of the base mint, which canonical pools need; the rest is as in
    `clmm_quotes`, base being token 0. From the program's published formulas. Raises `ValueError` if an account can't be
    read or a number is out of range, `TypeError` for what is no integer.

    >>> pump_quotes((b"", b"", b""), (1, 1), None, (b"", b""), [], (0, 0, 0))
    Traceback (most recent call last):
    cambist.engine.reference.chain.reader.LayoutError: pump_pool: size was 0, expected 8
    """
    base, held = u64s(amounts)
    supply = None if base_supply is None else u64(base_supply)
    wanted, when = _asked(asks), chain_time(time)
    pool = decode_pump(accounts, (base, held), supply, mints)

    def quote(ask: Asked) -> tuple[Quoted, tuple[int, int]]:
        quoted, after = _quoted(pool, ask, when)
        assert isinstance(after, PumpState)
        return quoted, after.amounts

    return [_answer(quote, ask) for ask in wanted]


def _asked(asks: Sequence[Asked]) -> list[Asked]:
    return [(a_to_b, exact_in, u64(amount)) for a_to_b, exact_in, amount in asks]


def _answer(call: Callable[[_A], _T], ask: _A) -> _T | str:
    try:
        return call(ask)
    except QuoteError as error:
        return str(error)


def _filled(fill: raydium_clmm.ClmmFill, ticks: raydium_clmm.ClmmTicks) -> Filled:
    seen = fill.dynamic_fee
    volatility = None
    if seen is not None:
        volatility = (
            seen.index_reference,
            seen.volatility_reference,
            seen.volatility_accumulator,
            seen.last_update_timestamp,
        )
    return (
        (fill.amount_in, fill.amount_out, fill.fee, fill.protocol_fee, fill.fund_fee, fill.left),
        (fill.sqrt_price, fill.tick, fill.liquidity, fill.fee_growth),
        volatility,
        [(tick, *orders) for tick, orders in fill.changed.items()],
        ticks.after(fill.changed).initialised,
    )


def _quoted(pool: Pool, ask: Asked, time: ChainTime) -> tuple[Quoted, Pool]:
    a_to_b, exact_in, amount = ask
    quote, after = (pool.swap if exact_in else pool.swap_exact_out)(a_to_b, amount, time)
    return (_numbers(quote), after.rate(a_to_b, time), after.virtual_reserves(a_to_b, time)), after


def _numbers(quote: Quote) -> tuple[int, ...]:
    return tuple(quote)


def _transfer_fees(mints: tuple[bytes, bytes]) -> TransferFees:
    first, second = (Mint.decode(data).transfer_fee if data else None for data in mints)
    return first, second
