"""Accounts of Raydium AMM v4."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.simulator.layout import Layout, Value

if TYPE_CHECKING:
    from cambist.engine.reference.venues.quote import Quote

_SWAP_ONLY, _WAITING_TRADE = 6, 7

AMM_V4 = Layout(
    "amm_v4",
    b"",
    """status:u64 nonce:u64 order_num:u64 depth:u64 coin_decimals:u64 pc_decimals:u64 state:u64 reset_flag:u64
    min_size:u64 vol_max_cut_ratio:u64 amount_wave:u64 coin_lot_size:u64 pc_lot_size:u64 min_price_multiplier:u64
    max_price_multiplier:u64 sys_decimal_value:u64 min_separate_numerator:u64 min_separate_denominator:u64
    trade_fee_numerator:u64 trade_fee_denominator:u64 pnl_numerator:u64 pnl_denominator:u64 swap_fee_numerator:u64
    swap_fee_denominator:u64 need_take_pnl_coin:u64 need_take_pnl_pc:u64 total_pnl_pc:u64 total_pnl_coin:u64
    pool_open_time:u64 padding_0:16 orderbook_to_init_time:u64 swap_coin_in_amount:u128 swap_pc_out_amount:u128
    swap_acc_pc_fee:u64 swap_pc_in_amount:u128 swap_coin_out_amount:u128 swap_acc_coin_fee:u64 coin_vault:key
    pc_vault:key coin_mint:key pc_mint:key lp_mint:key open_orders:key market:key market_program:key target_orders:key
    padding_1:64 amm_owner:key lp_amount:u64 client_order_id:u64 recent_epoch:u64 padding_2:8""",
)
_V4_DEFAULTS: dict[str, Value] = {
    "status": _SWAP_ONLY,
    "state": 2,
    "min_separate_numerator": 5,
    "min_separate_denominator": 10_000,
    "trade_fee_numerator": 25,
    "trade_fee_denominator": 10_000,
    "pnl_numerator": 12,
    "pnl_denominator": 100,
    "swap_fee_numerator": 25,
    "swap_fee_denominator": 10_000,
}


def encode_amm_v4(**values: Value) -> bytes:
    """Returns an `AmmInfo` with the program's default fees where none are given, status SwapOnly."""
    return AMM_V4.encode(**(_V4_DEFAULTS | values))


def patch_amm_v4_swap(data: bytes, quote: Quote, *, a_to_b: bool) -> bytes:
    """Returns the `AmmInfo` after a swap: its running totals, and its status once trading began."""
    before = {name: int(value) for name, value in AMM_V4.decode(data).items() if isinstance(value, int)}
    amount_in, amount_out, fee = (
        ("swap_coin_in_amount", "swap_pc_out_amount", "swap_acc_coin_fee")
        if a_to_b
        else ("swap_pc_in_amount", "swap_coin_out_amount", "swap_acc_pc_fee")
    )
    values: dict[str, Value] = {
        amount_in: before[amount_in] + quote.amount_in,
        amount_out: before[amount_out] + quote.amount_out,
        fee: before[fee] + quote.fee,
    }
    if before["status"] == _WAITING_TRADE:
        values["status"] = _SWAP_ONLY
    return AMM_V4.patch(data, **values)
