//! Single figures that an operator's rule reads.

use super::Engine;
use super::prices::Row;

/// What a whole token is worth, and who says so; the quote token itself by default.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TokenValue<'a> {
    /// In whole quote tokens.
    pub price: f64,
    /// Empty for the quote token.
    pub venue: &'a str,
    /// How long ago the price was known to be current.
    pub age_ns: i64,
}

impl Default for TokenValue<'_> {
    fn default() -> Self {
        Self {
            price: 1.0,
            venue: "",
            age_ns: 0,
        }
    }
}

impl Engine {
    /// Returns what a gauge shows at the state as it is, `None` where that is unknown or there is no such gauge.
    ///
    /// `price`, `rsi`, `ema`, `kama`, `band_low` and `band_high` are of a token, by its reference venue; `congestion` is
    /// of the chain, whatever the mint, and as it is shown.
    pub fn gauge(&self, name: &str, mint: &str, now_ns: i64) -> Option<f64> {
        if name == "congestion" {
            return self.congestion().map(f64::from);
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

    /// Returns what a whole token is worth in whole quote tokens now: the mid of the deepest of its venues that can be
    /// believed, of equals the first by name; only of `venues` unless that is empty, and not of a price that is older.
    pub fn token_value(
        &self,
        mint: &str,
        venues: &[String],
        max_age_ns: i64,
        now_ns: i64,
    ) -> Option<TokenValue<'_>> {
        if mint == self.setup.quote_mint {
            return Some(TokenValue::default());
        }
        let rows = self.prices.rows.get(mint)?.values();
        let known = rows.filter_map(|row| self.valued(row, venues, now_ns));
        let young = known.filter(|(value, _)| value.age_ns <= max_age_ns);
        young
            .reduce(|best, next| if next.1 > best.1 { next } else { best })
            .map(|(value, _)| value)
    }

    /// Returns what a row says of its token, and its depth, if it can be believed and may be asked.
    fn valued<'a>(
        &self,
        row: &'a Row,
        venues: &[String],
        now_ns: i64,
    ) -> Option<(TokenValue<'a>, f64)> {
        let asked = venues.is_empty() || venues.contains(&row.venue);
        if !asked || !row.synthetic.is_empty() {
            return None;
        }
        let (_, current_ns, state) = self.source(row, now_ns);
        if !matches!(state, "live" | "injected") {
            return None;
        }
        let value = TokenValue {
            price: 0.5 * (row.bid? + row.ask?),
            venue: &row.venue,
            age_ns: now_ns.saturating_sub(current_ns?).max(0),
        };
        Some((value, row.depth))
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
