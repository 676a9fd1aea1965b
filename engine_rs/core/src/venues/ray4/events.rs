//! What Raydium AMM v4 logs, and the accounts of its swaps.

use super::ray_log::RayLog;
use crate::chain::base58::Pubkey;
use crate::chain::log_parser::SwapEvent;
use crate::chain::reader::LayoutError;
use crate::venues::swap_layout::{Layout, Places};

const RAY_LOG: &str = "ray_log: ";

/// Returns the swap of a `ray_log: …` text, `None` for another kind and for its remark `… mismatch: input:…`.
pub(super) fn line(text: &str) -> Result<Option<SwapEvent>, LayoutError> {
    match text.strip_prefix(RAY_LOG) {
        Some(record) if !record.contains(' ') => Ok(RayLog::decode(record)?.swap()),
        _ => Ok(None),
    }
}

/// Tags 9 and 11 with 18 accounts, or 17 without the target orders; 16 and 17 with 8, without the market.
pub(super) fn layout(accounts: &[Pubkey], data: &[u8]) -> Option<Layout> {
    data.first_chunk::<8>()?;
    let users = [
        accounts.len().checked_sub(3)?,
        accounts.len().checked_sub(2)?,
    ];
    let vaults = match (data[0], accounts.len()) {
        (9 | 11, 18) => [5, 6],
        (9 | 11, 17) => [4, 5],
        (16 | 17, 8) => [3, 4],
        _ => return None,
    };
    Places::ordered(1, users, vaults).unordered().of(accounts)
}
