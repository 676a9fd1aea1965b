//! Single figures that an operator's rule reads.

use super::Engine;
use super::prices::Row;

impl Engine {
    /// Returns what a gauge shows at the state as it is, `None` where that is unknown or there is no such gauge.
    ///
    /// `price`, `rsi`, `ema`, `kama`, `band_low` and `band_high` are of a token, by its reference venue; `congestion` is
    /// of the chain, whatever the mint.
    pub fn gauge(&self, name: &str, mint: &str, now_ns: i64) -> Option<f64> {
        if name == "congestion" {
            return self.fees.congestion().map(f64::from);
        }
        let row = self.reference_row(mint, now_ns)?;
        match name {
            "price" => Some(0.5 * (row.bid? + row.ask?)),
            "rsi" => row.series.rsi.value(),
            "ema" => row.series.ema.value(),
            "kama" => row.series.kama.value(),
            "band_low" => row.series.bands.value().map(|bands| bands.low),
            "band_high" => row.series.bands.value().map(|bands| bands.high),
            _ => None,
        }
    }

    /// Returns those of the pools, by address, whose account as last seen asks for a form of the quote that was never
    /// recorded from the program; a pool that is not known is one of them.
    pub fn unrecorded<'a>(&self, pools: &'a [String]) -> Vec<&'a str> {
        let pools = pools.iter().map(String::as_str);
        pools
            .filter(|pool| !self.market.registry.is_recorded(pool))
            .collect()
    }

    /// Returns a token on the deepest of its venues that can be believed now; of equals the first by name.
    pub(super) fn reference_row(&self, mint: &str, now_ns: i64) -> Option<&Row> {
        let rows = self.prices.rows.get(mint)?.values();
        let believed = rows.filter(|row| {
            row.synthetic.is_empty() && matches!(self.source(row, now_ns).2, "live" | "injected")
        });
        believed.reduce(|best, row| if row.depth > best.depth { row } else { best })
    }
}
