//! What a trade pays the chain: signatures, priority fee on the compute units it asks for, tip.

use serde::{Deserialize, Serialize};

/// Lamports per signature.
pub const SIGNATURE_LAMPORTS: u64 = 5_000;
/// Most compute units a transaction may ask for.
pub const MAX_CU: u64 = 1_400_000;
/// Two compute-budget instructions.
const BUDGET_CU: u64 = 300;
/// Asked on top of the estimate: the price is paid on the limit, and a limit that is too low fails the trade.
const MARGIN_PERCENT: u64 = 10;

/// How a trade's chain cost is priced; twin of `Bidding` in `cambist/engine/protocol.py`, which documents each field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bidding {
    pub percentile: u32,
    pub floor_micro_lamports: u64,
    pub tip_ppm_of_gross: u64,
    pub min_tip_lamports: u64,
    pub signatures: u64,
    pub window_slots: u64,
}

impl Default for Bidding {
    fn default() -> Self {
        Self {
            percentile: 75,
            floor_micro_lamports: 1_000,
            tip_ppm_of_gross: 50_000,
            min_tip_lamports: 1_000,
            signatures: 1,
            window_slots: 150,
        }
    }
}

/// What one trade pays the chain, in lamports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TradeCost {
    pub base_fee: u64,
    pub priority_fee: Option<u64>,
    pub tip: Option<u64>,
}

/// A swap in a transaction, as far as its compute units go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SwapShape<'a> {
    /// `ray4`, `cpmm` or `orca`.
    pub venue: &'a str,
    pub ticks_crossed: u32,
    /// One of its mints is a Token-2022 mint.
    pub token_2022: bool,
    /// A Whirlpool with adaptive fees.
    pub adaptive: bool,
}

/// Returns the fee of the signatures, in lamports.
pub fn base_fee(signatures: u64) -> u64 {
    signatures.saturating_mul(SIGNATURE_LAMPORTS)
}

/// Returns `ceil(price · limit / 10^6)` lamports: charged on the limit, whatever is used. `None` beyond a u64.
pub fn priority_fee(micro_lamports: u64, cu_limit: u64) -> Option<u64> {
    u64::try_from((u128::from(micro_lamports) * u128::from(cu_limit)).div_ceil(1_000_000)).ok()
}

/// Returns the tip: a share of the gross (lamports), rounded down, at least the minimum. `None` beyond a u64.
pub fn tip(gross_lamports: u64, bidding: &Bidding) -> Option<u64> {
    let share = u128::from(gross_lamports) * u128::from(bidding.tip_ppm_of_gross) / 1_000_000;
    u64::try_from(share)
        .ok()
        .map(|share| share.max(bidding.min_tip_lamports))
}

/// Returns the compute units of one swap, `None` for a venue that was not measured. Measured on the programs with
/// p-token (highest for the constant-product pools; 30.6 k + 7.0 k per crossed tick for Whirlpools, one crossing more
/// than quoted because the price may move; adaptive fees step through tick groups, 20 k more).
pub fn swap_cu(swap: &SwapShape) -> Option<u64> {
    match (swap.venue, swap.token_2022) {
        ("ray4", _) => Some(23_219),
        ("cpmm", false) => Some(36_668),
        ("cpmm", true) => Some(47_684),
        ("orca", token_2022) => {
            let extras =
                if swap.adaptive { 20_000 } else { 0 } + if token_2022 { 6_000 } else { 0 };
            Some(30_600 + 7_000 * (u64::from(swap.ticks_crossed) + 1) + extras)
        }
        _ => None,
    }
}

/// Returns the compute-unit limit to ask for: the swaps, two budget instructions and 10 %, rounded up. `None` if a
/// venue is unknown or the sum is more than a transaction may have.
pub fn cu_limit(swaps: &[SwapShape]) -> Option<u64> {
    let sum = swaps
        .iter()
        .try_fold(BUDGET_CU, |sum, swap| Some(sum + swap_cu(swap)?))?;
    let limit = (sum * (100 + MARGIN_PERCENT)).div_ceil(100);
    (limit <= MAX_CU).then_some(limit)
}
