//! Python binding of `cambist-core`. No logic lives here.

mod aggregator;
mod bins;
mod curves;
mod engine;
mod error;
mod modules;
mod plumbing;
mod series;
mod signals;
mod slabs;

use pyo3::prelude::*;

/// The Rust engine of cambist.
#[pymodule(gil_used = false)]
mod _native {
    use super::{Bound, PyModule, PyModuleMethods, PyResult};

    #[pymodule_export]
    use crate::aggregator::WssAggregator;
    #[pymodule_export]
    use crate::bins::{py_dlmm_bin_price, py_dlmm_swaps};
    #[pymodule_export]
    use crate::curves::{py_damm_v2, py_stable_swap};
    #[pymodule_export]
    use crate::engine::Engine;
    #[pymodule_export]
    use crate::error::BlockError;
    #[pymodule_export]
    use crate::modules::{
        py_base58_decode, py_base58_encode, py_best_input, py_bollinger, py_cycle_keys,
        py_decode_binance, py_decode_solana, py_ema, py_find_cycles, py_log2_ratio, py_quote,
        py_replay_book, py_rsi, py_search,
    };
    #[pymodule_export]
    use crate::plumbing::{
        PdaCache, py_base58_decode_many, py_base58_encode_many, py_distributor_claim,
        py_is_on_curve, py_merkle_prove, py_merkle_root, py_merkle_verify, py_pda_create,
        py_pda_find, py_pda_find_many, py_tip_claim, py_verify_claim,
    };
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
