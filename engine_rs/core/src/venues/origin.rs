//! What the origin's formulas say of venues, by the names that it gives them.

/// Percent of a trade that is lost besides where `shares` says so of one side.
pub(crate) const SHARE_PERCENT: f64 = 0.2;

/// Returns the compute units of a swap, `None` for an operation that is none.
pub(crate) fn swap_units(operation: &str) -> Option<u64> {
    Some(match operation {
        "raydium_swap_v4" => 80_000,
        "raydium_swap_cpcc" => 120_000,
        "orca_whirlpool_swap" => 145_000,
        "meteora_dlmm_swap" => 70_000,
        "jupiter_aggregator" => 180_000,
        "phoenix_swap" => 25_000,
        _ => return None,
    })
}

/// Returns the share of a trade that a venue takes, `None` if it isn't known.
pub(crate) fn fee(venue: &str) -> Option<f64> {
    match venue.to_ascii_uppercase().as_str() {
        "JUPITER" => Some(0.0035),
        "RAYDIUM" | "ORCA" => Some(0.0025),
        "PUMPFUN" | "PUMP.FUN" => Some(0.01),
        _ => None,
    }
}

/// Returns whether a share of each trade at this venue is lost besides.
pub(crate) fn shares(venue: &str) -> bool {
    venue.eq_ignore_ascii_case("RAYDIUM")
}
