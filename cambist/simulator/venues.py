"""Swaps through the pools: exact maths on account state, and the accounts after."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from cambist.engine.reference.amm_math import CpmmRates, QuoteError, Reason, raydium_cpmm, raydium_v4, whirlpool
from cambist.engine.reference.amm_math.whirlpool import Curve
from cambist.simulator.accounts import CpmmAccount, OracleAccount, TickArrayAccount, TokenBalance, WhirlpoolAccount

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.engine.reference.accounts import AmmV4, CpmmConfig, TransferFee
    from cambist.engine.reference.amm_math.whirlpool import WhirlpoolFill
    from cambist.engine.reference.tick_array_manager import Ticks
    from cambist.simulator.accounts import Account
    from cambist.simulator.catalogue import PoolSpec


class Pool:
    """A pool's fixed facts; all that changes is in its accounts."""

    __slots__ = (
        "arrays",
        "config",
        "config_address",
        "creator_rate",
        "info",
        "oracle",
        "scale",
        "spec",
        "taxes",
        "ticks",
    )

    def __init__(self, spec: PoolSpec) -> None:
        self.spec = spec
        self.info: AmmV4 | None = None
        """Of an AMM v4 pool."""
        self.config: CpmmConfig | None = None
        """Of a CPMM pool."""
        self.config_address = b""
        self.ticks: Ticks | None = None
        """Of a Whirlpool. Nobody adds or removes liquidity, so they stay."""
        self.arrays: dict[int, bytes] = {}
        """Start index → address of the tick arrays that exist."""
        self.oracle = b""
        """Address of a Whirlpool's oracle."""
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
    creator_fee: int
    creator_on_input: bool
    curves: tuple[Curve, WhirlpoolFill] | None
    """Of a Whirlpool: the curve before, and the fill."""


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


def swap(
    pool: Pool,
    find: Callable[[bytes], Account | None],
    amount: int,
    *,
    a_to_b: bool,
    exact_in: bool,
    now: int,
    epoch: int = 0,
    limit: int = 0,
) -> Fill:
    """Returns the swap of `amount` against the accounts that `find` gives, at `now` (unix s). Raises `QuoteError`."""
    if pool.spec.venue == "orca":
        return _swap_orca(pool, find, amount, a_to_b=a_to_b, exact_in=exact_in, now=now, limit=limit)
    if pool.spec.venue == "cpmm":
        return _swap_cpmm(pool, find, amount, a_to_b=a_to_b, exact_in=exact_in, now=now, epoch=epoch)
    return _swap_ray4(pool, find, amount, a_to_b=a_to_b, exact_in=exact_in, now=now)


def _swap_ray4(
    pool: Pool, find: Callable[[bytes], Account | None], amount: int, *, a_to_b: bool, exact_in: bool, now: int
) -> Fill:
    info = pool.info
    assert info is not None
    if info.status not in (1, 6, 7) or (info.status == 7 and now < info.pool_open_time):
        raise QuoteError(Reason.NOT_TRADABLE)
    held = vaults(pool, find)
    coin, pc = held.a - info.need_take_pnl_coin, held.b - info.need_take_pnl_pc
    reserves = (coin, pc) if a_to_b else (pc, coin)
    rate = (info.swap_fee_numerator, info.swap_fee_denominator)
    if exact_in:
        out, fee = raydium_v4.exact_in(reserves, rate, amount)
        paid = amount
    else:
        paid, fee = raydium_v4.exact_out(reserves, rate, amount)
        out = amount
    return Fill(paid, paid, out, out, {}, reserves, fee, 0, True, None)


def _swap_cpmm(
    pool: Pool,
    find: Callable[[bytes], Account | None],
    amount: int,
    *,
    a_to_b: bool,
    exact_in: bool,
    now: int,
    epoch: int,
) -> Fill:
    account, config = find(pool.spec.address), pool.config
    assert isinstance(account, CpmmAccount)
    assert config is not None
    state = account.pool
    if state.status & 4 or now < state.open_time:
        raise QuoteError(Reason.NOT_TRADABLE)
    held, side = vaults(pool, find), 0 if a_to_b else 1
    owed = [state.protocol_fees[i] + state.fund_fees[i] + state.creator_fees[i] for i in (0, 1)]
    reserves = (held[side] - owed[side], held[1 - side] - owed[1 - side])
    on_input = state.creator_fee_on == 0 or state.creator_fee_on == 1 + side
    creator = config.creator_fee_rate if state.enable_creator_fee else 0
    rates = CpmmRates(config.trade_fee_rate, config.protocol_fee_rate, config.fund_fee_rate, creator, on_input)
    tax_in, tax_out = pool.taxes[side], pool.taxes[1 - side]
    if exact_in:
        fill = raydium_cpmm.exact_in(reserves, rates, amount - (tax_in.fee(amount) if tax_in else 0))
        paid, received = amount, fill.amount_out - (tax_out.fee(fill.amount_out) if tax_out else 0)
    else:
        fill = raydium_cpmm.exact_out(reserves, rates, tax_out.gross(amount) if tax_out else amount)
        paid, received = (tax_in.gross(fill.amount_in) if tax_in else fill.amount_in), amount
    fees = (fill.protocol_fee, fill.fund_fee, fill.creator_fee)
    after = account.charged(fees, side, side if on_input else 1 - side, epoch)
    changed: dict[bytes, Account] = {pool.spec.address: after}
    return Fill(
        paid,
        fill.amount_in,
        fill.amount_out,
        received,
        changed,
        reserves,
        fill.trade_fee,
        fill.creator_fee,
        on_input,
        None,
    )


def _swap_orca(
    pool: Pool,
    find: Callable[[bytes], Account | None],
    amount: int,
    *,
    a_to_b: bool,
    exact_in: bool,
    now: int,
    limit: int,
) -> Fill:
    account = find(pool.spec.address)
    assert isinstance(account, WhirlpoolAccount)
    assert pool.ticks is not None
    found = find(pool.oracle) if account.pool.has_adaptive_fee() else None
    oracle = found.oracle if isinstance(found, OracleAccount) else None
    before = Curve.of(account.pool)
    fill = whirlpool.swap(before, pool.ticks, oracle, amount, exact_in=exact_in, a_to_b=a_to_b, limit=limit, now=now)
    owed = (fill.protocol_fee, 0) if a_to_b else (0, fill.protocol_fee)
    changed: dict[bytes, Account] = {pool.spec.address: account.moved(fill.curve, *owed, now)}
    if oracle is not None and fill.variables is not None:
        changed[pool.oracle] = OracleAccount(replace(oracle, variables=fill.variables))
    span = 88 * pool.spec.tick_spacing
    for crossing in fill.crossings:
        address = pool.arrays[crossing.tick // span * span]
        array = changed.get(address) or find(address)
        assert isinstance(array, TickArrayAccount)
        changed[address] = array.crossed(crossing)
    held = vaults(pool, find)
    reserves = (held.a, held.b) if a_to_b else (held.b, held.a)
    return Fill(
        fill.amount_in,
        fill.amount_in,
        fill.amount_out,
        fill.amount_out,
        changed,
        reserves,
        fill.fee,
        0,
        True,
        (before, fill),
    )


def reserves_of(pool: Pool, find: Callable[[bytes], Account | None]) -> tuple[float, float]:
    """Returns the virtual reserves of a and b in atoms: what a constant-product pool with this slope would hold."""
    if pool.spec.venue == "orca":
        account = find(pool.spec.address)
        assert isinstance(account, WhirlpoolAccount)
        root = account.pool.sqrt_price / 18446744073709551616.0
        return account.pool.liquidity / root, account.pool.liquidity * root
    held = vaults(pool, find)
    if pool.spec.venue == "ray4":
        assert pool.info is not None
        return float(held.a - pool.info.need_take_pnl_coin), float(held.b - pool.info.need_take_pnl_pc)
    account = find(pool.spec.address)
    assert isinstance(account, CpmmAccount)
    state = account.pool
    owed = [state.protocol_fees[i] + state.fund_fees[i] + state.creator_fees[i] for i in (0, 1)]
    return float(held.a - owed[0]), float(held.b - owed[1])


def amount_for(pool: Pool, reserves: tuple[float, float], impact: float, *, a_to_b: bool) -> int:
    """Returns the atoms in that move the price by about `impact` (a fraction) on the virtual reserves."""
    reserve = reserves[0] if a_to_b else reserves[1]
    return int(reserve * (math.sqrt(1.0 + impact) - 1.0) / (1.0 - pool.spec.fee_ppm / 1_000_000.0))
