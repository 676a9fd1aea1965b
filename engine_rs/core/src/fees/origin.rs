//! The origin's fee, congestion and tip formulas (origins 2.1 to 2.3), beside ours: same numbers.
//!
//! One fault is had only by its name: the floor of the origin's multi-hop tip may exceed half the profit.

use crate::venues::origin::swap_units;

const FLOOR_UNITS: u64 = 5_000;
const OTHER_UNITS: u64 = 10_000;
/// Lamports.
const BASE_TIP: u64 = 10_000;
const MOST_TIP: u64 = 100_000;

/// Returns the compute units of an operation by the origin's table.
fn operation_units(name: &str) -> u64 {
    match name {
        "transfer_sol" => 500,
        "transfer_spl" => 4_500,
        "create_ata" => 25_000,
        "close_account" => 3_000,
        "memo" => 100,
        _ => swap_units(name).unwrap_or(OTHER_UNITS),
    }
}

/// Returns the origin's estimate of a transaction's compute units, rounded up, at least 5,000; `None` beyond a u64.
pub fn origin_units(
    signers: u64,
    accounts: u64,
    operations: &[impl AsRef<str>],
    margin_percent: u64,
) -> Option<u64> {
    let sum = operations.iter().try_fold(0_u64, |sum, name| {
        sum.checked_add(operation_units(name.as_ref()))
    })?;
    let plain = 1_500_u128 * u128::from(signers) + 850 * u128::from(accounts) + u128::from(sum);
    let wanted = plain
        .checked_mul(100 + u128::from(margin_percent))?
        .div_ceil(100);
    u64::try_from(wanted)
        .ok()
        .map(|units| units.max(FLOOR_UNITS))
}

/// Returns the origin's priority fee in lamports: the upper median of the last twenty samples at 200,000 compute units,
/// between 100,000 and 10,000,000; the default of 500,000 without a sample.
pub fn origin_priority_sol(samples: &[u64]) -> u64 {
    let mut last = samples[samples.len().saturating_sub(20)..].to_vec();
    last.sort_unstable();
    let Some(&median) = last.get(last.len() / 2) else {
        return 500_000;
    };
    (median / 5).clamp(100_000, 10_000_000)
}

/// Returns the origin's congestion by the mean lag of the last five fills: 5 above 1,000 ms, 3 above 500, 2 above 100,
/// else 1.
pub fn congestion_multiplier(lags_ms: &[u64]) -> u64 {
    let last = &lags_ms[lags_ms.len().saturating_sub(5)..];
    let sum: u128 = last.iter().map(|&lag| u128::from(lag)).sum();
    let beyond = |limit: u128| sum > limit * last.len() as u128;
    match () {
        () if beyond(1_000) => 5,
        () if beyond(500) => 3,
        () if beyond(100) => 2,
        () => 1,
    }
}

/// Returns the origin's tip in lamports, 10,000 times the congestion, at most 100,000.
pub fn origin_tip(lags_ms: &[u64]) -> u64 {
    (BASE_TIP * congestion_multiplier(lags_ms)).min(MOST_TIP)
}

/// Returns whether a tip is worth it: there is a profit, and the tip is at most half of it.
pub fn is_tip_worth(tip: u64, profit: i64) -> bool {
    profit > 0 && 2 * u128::from(tip) <= profit.unsigned_abs().into()
}

/// Returns the origin's learned share of the profit to tip, in ppm: five percent more where less than 60 % were included,
/// two less where more than 80 % gained; unchanged under three samples, between 5 % and 50 %.
pub fn learned_tip_share(
    share_ppm: u64,
    inclusion_ppm: u64,
    success_ppm: u64,
    samples: u64,
) -> u64 {
    if samples < 3 {
        return share_ppm;
    }
    let mut share = share_ppm;
    if inclusion_ppm < 600_000 {
        share = share.saturating_add(50_000);
    }
    if success_ppm > 800_000 {
        share = share.saturating_sub(20_000);
    }
    share.clamp(50_000, 500_000)
}

/// Returns the tip of several hops in lamports: 10,000 · (1 + ¼ · (legs − 2)) · (1 + congestion), at most half the profit.
/// `None` where that is less than 10,000, which the origin (`compat_floor`) then pays although it is more than half.
pub fn multi_hop_tip(
    legs: u64,
    congestion_ppm: u64,
    profit: u64,
    compat_floor: bool,
) -> Option<u64> {
    let quarters = 4 + i128::from(legs) - 2;
    let wanted = i128::from(BASE_TIP) * quarters * (1_000_000 + i128::from(congestion_ppm));
    let tip = (wanted / 4_000_000).min(i128::from(profit / 2));
    if tip >= i128::from(BASE_TIP) {
        u64::try_from(tip).ok()
    } else {
        compat_floor.then_some(BASE_TIP)
    }
}

/// Returns the origin's compute units of a trade of several hops; `None` beyond a u64.
pub fn multi_hop_units(legs: u64) -> Option<u64> {
    legs.checked_mul(60_000)?.checked_add(50_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tips_of_the_origin() {
        assert_eq!(multi_hop_tip(3, 500_000, 1_000_000, false), Some(18_750));
        assert_eq!(multi_hop_tip(4, 2_000_000, 30_000, false), Some(15_000));
        assert_eq!(multi_hop_tip(4, 2_000_000, 10_000, false), None);
        assert_eq!(multi_hop_tip(4, 2_000_000, 10_000, true), Some(10_000));
        assert_eq!(multi_hop_units(3), Some(230_000));
        assert_eq!(origin_tip(&[2_000]), 50_000);
        assert_eq!(origin_tip(&[]), 10_000);
    }

    #[test]
    fn the_priority_fee_of_the_origin() {
        assert_eq!(origin_priority_sol(&[500_000]), 100_000);
        assert_eq!(origin_priority_sol(&[1_000_000]), 200_000);
        assert_eq!(origin_priority_sol(&[]), 500_000);
    }

    #[test]
    fn the_units_of_the_origin() {
        assert_eq!(origin_units(1, 10, &["memo"], 0), Some(10_100));
        assert_eq!(origin_units(1, 0, &[] as &[&str], 20), Some(5_000));
        assert_eq!(
            origin_units(1, 20, &["transfer_spl", "else"], 10),
            Some(36_300)
        );
    }
}
