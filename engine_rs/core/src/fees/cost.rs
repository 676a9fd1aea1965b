//! What a trade pays the chain: signatures, priority fee on the compute units it asks for, tip.

use crate::venues::PoolKind;
use serde::{Deserialize, Serialize};

/// Lamports per signature.
pub const SIGNATURE_LAMPORTS: u64 = 5_000;
/// Most compute units a transaction may ask for.
pub const MAX_CU: u64 = 1_400_000;
/// Two compute-budget instructions.
const BUDGET_CU: u64 = 300;
/// Asked on top of the estimate: the price is paid on the limit, and a limit that is too low fails the trade.
const MARGIN_PERCENT: u64 = 10;

/// How a trade's chain cost is priced; `cambist/config/settings.py` documents each field and has its default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bidding {
    pub percentile: u32,
    pub floor_micro_lamports: u64,
    pub tip_ppm_of_gross: u64,
    pub min_tip_lamports: u64,
    pub signatures: u64,
    pub window_slots: u64,
    pub tip_percentile: u32,
    pub wanted_landing_ppm: u32,
    #[serde(deserialize_with = "Option::deserialize")]
    pub token_accounts: Option<Vec<String>>,
    pub rent_recoverable: bool,
}

impl Bidding {
    /// Returns what JSON describes; nothing may be left out.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_json(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
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
    /// The venue's word.
    pub venue: &'a str,
    /// Ticks or bins.
    pub ticks_crossed: u32,
    /// One of its mints is a Token-2022 mint.
    pub token_2022: bool,
    /// Its fees adapt.
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

/// Returns the compute units of one swap, `None` for a venue that was not measured.
///
/// Measured on the programs with p-token, for exact input; the limit asked for, a tenth more, covers every recorded swap:
/// a tick more than quoted may be crossed, as the price may move.
pub fn swap_cu(swap: &SwapShape) -> Option<u64> {
    PoolKind::named(swap.venue).map(|kind| kind.compute_units(swap))
}

/// Returns the compute-unit limit to ask for: the swaps, two budget instructions and 10 %, rounded up. `None` if a
/// venue is unknown or the sum is more than a transaction may have.
pub fn cu_limit(swaps: &[SwapShape]) -> Option<u64> {
    let units = swaps.iter().map(swap_cu);
    limit_of(units)
}

/// Returns the same of what swaps take, each `None` if its venue is unknown.
pub(crate) fn limit_of(mut units: impl Iterator<Item = Option<u64>>) -> Option<u64> {
    let sum = units.try_fold(BUDGET_CU, |sum, swap| Some(sum + swap?))?;
    let limit = (sum * (100 + MARGIN_PERCENT)).div_ceil(100);
    (limit <= MAX_CU).then_some(limit)
}

/// Returns the lamports that make an associated token account of a mint rent-exempt: 6,960 a byte, 128 bytes of them for
/// the account itself. `extensions` are the mint's Token-2022 extension types: some put a field into each account.
pub fn token_account_rent(token_2022: bool, extensions: &[u16]) -> u64 {
    let size = if token_2022 {
        // Base, account type and the owner that can't change, which the associated-token program always asks for.
        let fields: u64 = extensions.iter().map(|&kind| account_field(kind)).sum();
        TOKEN_ACCOUNT + 1 + EXTENSION_HEAD + fields
    } else {
        TOKEN_ACCOUNT
    };
    (ACCOUNT_OVERHEAD + size) * LAMPORTS_PER_BYTE
}

const TOKEN_ACCOUNT: u64 = 165;
const EXTENSION_HEAD: u64 = 4;
const ACCOUNT_OVERHEAD: u64 = 128;
const LAMPORTS_PER_BYTE: u64 = 6_960;

/// Returns the bytes that a mint's extension takes in each of its accounts.
fn account_field(mint_extension: u16) -> u64 {
    match mint_extension {
        1 => EXTENSION_HEAD + 8,  // transfer fee: the amount withheld
        9 | 26 => EXTENSION_HEAD, // not transferable, pausable: a mark
        14 => EXTENSION_HEAD + 1, // transfer hook: whether one runs
        _ => 0,
    }
}
