//! Python binding of `cambist-core` and `cambist-transport`. No logic lives here.

mod addresses;
mod aggregator;
mod bars;
mod bins;
mod books;
mod codec;
mod costs;
mod curves;
mod engine;
mod error;
mod instructions;
mod integers;
mod modules;
mod parsers;
mod picture;
mod plumbing;
mod pools;
mod quotes;
mod ranges;
mod results;
mod rules;
mod search;
mod series;
mod signals;
mod slabs;
mod table;
mod transport;
mod trend;

use pyo3::prelude::*;

/// The Rust engine of cambist.
#[pymodule(gil_used = false)]
mod _native {
    use super::{Bound, PyModule, PyModuleMethods, PyResult};

    #[pymodule_export]
    use crate::addresses::PdaCache;
    #[pymodule_export]
    use crate::aggregator::WssAggregator;
    #[pymodule_export]
    use crate::bars::py_bar_columns;
    #[pymodule_export]
    use crate::bins::{py_dlmm_bin_price, py_dlmm_swaps};
    #[pymodule_export]
    use crate::books::py_consolidate_books;
    #[pymodule_export]
    use crate::codec::{
        py_decode_quote_block, py_decode_quotes, py_encode_quotes, py_quote_blocks,
        py_quotes_between,
    };
    #[pymodule_export]
    use crate::costs::{
        py_consumed_units, py_decode_tip_floor, py_estimate_trades, py_is_tip_worth,
        py_learned_tip_share, py_multi_hop_tip, py_origin_priority_sol, py_origin_tip,
        py_origin_units, py_score_columns, py_swap_cu, py_token_account_rent,
    };
    #[pymodule_export]
    use crate::curves::{py_damm_v2, py_stable_swap};
    #[pymodule_export]
    use crate::engine::{Engine, Keyframe};
    #[pymodule_export]
    use crate::error::BlockError;
    #[pymodule_export]
    use crate::instructions::swaps::{
        py_clmm_swap, py_clmm_swap_v2, py_cpmm_swap, py_damm_v2_swap, py_damm_v2_swap2,
        py_dlmm_swap, py_dlmm_swap2, py_pump_accounts, py_pump_swap, py_pump_swap_v2,
        py_raydium_v4_swap, py_saber_swap, py_whirlpool_swap, py_whirlpool_swap_v2,
    };
    #[pymodule_export]
    use crate::instructions::{
        Instruction, LookupTable, Message, py_associated_token_address, py_clmm_bitmap_extension,
        py_clmm_tick_array, py_close_account, py_compile_legacy, py_compile_v0,
        py_compute_unit_limit, py_compute_unit_price, py_create_associated_token,
        py_dlmm_bin_array, py_loaded_data_limit, py_memo, py_saber_authority, py_sync_native,
        py_transfer, py_unwrap_sol, py_whirlpool_oracle, py_whirlpool_tick_array, py_wrap_sol,
    };
    #[pymodule_export]
    use crate::modules::{
        py_best_input, py_bollinger, py_cycle_keys, py_decode_binance, py_decode_okx,
        py_decode_solana, py_decode_venue, py_ema, py_find_cycles, py_kraken_checksum,
        py_log2_ratio, py_okx_checksum, py_replay_book, py_rfc3339_ns, py_rsi, py_search,
    };
    #[pymodule_export]
    use crate::parsers::{
        py_decode_events, py_decode_fills, py_decode_ray_logs, py_parse_logs, py_parse_transactions,
    };
    #[pymodule_export]
    use crate::picture::Picture;
    #[pymodule_export]
    use crate::plumbing::{
        py_base58_decode, py_base58_decode_many, py_base58_encode, py_base58_encode_many,
        py_distributor_claim, py_is_on_curve, py_merkle_prove, py_merkle_root, py_merkle_verify,
        py_pda_create, py_pda_find, py_pda_find_many, py_tip_claim, py_verify_claim,
    };
    #[pymodule_export]
    use crate::pools::{py_pool_weights, py_quote};
    #[pymodule_export]
    use crate::quotes::{
        AccountStream, BookStream, py_constant_product, py_optimal_input, py_optimal_inputs,
        py_scan_pools,
    };
    #[pymodule_export]
    use crate::ranges::{py_clmm_quotes, py_clmm_sqrt_price, py_clmm_swaps, py_pump_quotes};
    #[pymodule_export]
    use crate::rules::{Rule, py_compile_rule};
    #[pymodule_export]
    use crate::search::PoolGraph;
    #[pymodule_export]
    use crate::series::{
        py_atr_array, py_average_array, py_bollinger_array, py_ema_array, py_equity_array,
        py_fixed_kama_array, py_kama_array, py_macd_array, py_rsi_array, py_rsi_of_oldest,
        py_runs_array, py_up_down_array, py_vwap_array,
    };
    #[pymodule_export]
    use crate::signals::{py_detect_spreads, py_score_signals};
    #[pymodule_export]
    use crate::slabs::{py_decode_books, py_decode_markets, py_lots_to_atoms, py_scan_wallet};
    #[pymodule_export]
    use crate::table::IndicatorTable;
    #[pymodule_export]
    use crate::transport::Transport;
    #[pymodule_export]
    use crate::trend::py_trend_array;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let profile = if cfg!(debug_assertions) {
            "debug"
        } else {
            "release"
        };
        module.add("BUILD_PROFILE", profile)
    }
}
