"""Swaps through Raydium AMM v4 and CPMM pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.venues import constant_product as raydium_v4
from cambist.engine.reference.venues.cpmm import maths as raydium_cpmm
from cambist.engine.reference.venues.cpmm.maths import CpmmRates
from cambist.engine.reference.venues.quote_error import QuoteError, Reason
from cambist.simulator.accounts import CpmmAccount
from cambist.simulator.venues.pool import Fill, Pool, vaults

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.simulator.accounts import Account


def swap_ray4(
    pool: Pool, find: Callable[[bytes], Account | None], amount: int, *, a_to_b: bool, exact_in: bool, now: int
) -> Fill:
    """Returns the swap through an AMM v4 pool. Raises `QuoteError`."""
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


def swap_cpmm(
    pool: Pool,
    find: Callable[[bytes], Account | None],
    amount: int,
    *,
    a_to_b: bool,
    exact_in: bool,
    now: int,
    epoch: int,
) -> Fill:
    """Returns the swap through a CPMM pool. Raises `QuoteError`."""
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
