//! A token's price opened up: the bars of its reference venue.

use serde::Serialize;

use super::Engine;
use super::prices::Row;
use super::series::Point;

/// Twin of `PriceInspection` in `cambist/engine/protocol.py`.
#[derive(Serialize)]
pub(crate) struct PriceInspection<'a> {
    mint: &'a str,
    symbol: &'a str,
    venue: &'a str,
    source: &'a str,
    state: &'static str,
    synthetic: &'a str,
    depth: f64,
    current_ns: Option<i64>,
    changed_ns: Option<i64>,
    bars: Vec<Point>,
    provisional: Option<Point>,
    rsi: Option<f64>,
}

impl Engine {
    /// Returns a token's price opened up, `None` if it has none. Where no venue can be believed now, it is that of the
    /// deepest.
    pub(crate) fn price_inspection(&self, token: &str, now_ns: i64) -> Option<PriceInspection<'_>> {
        let row = self.reference_row(token, now_ns);
        let row = row.or_else(|| self.deepest_row(token))?;
        let (_, current_ns, state) = self.source(row, now_ns);
        let ahead = row.series.provisional();
        Some(PriceInspection {
            mint: &row.mint,
            symbol: &row.symbol,
            venue: &row.venue,
            source: &row.source,
            state,
            synthetic: &row.synthetic,
            depth: row.depth,
            current_ns,
            changed_ns: row.changed_ns,
            bars: row.series.trail().collect(),
            provisional: ahead.map(|(point, _)| point),
            rsi: ahead.and_then(|(_, rsi)| rsi),
        })
    }

    fn deepest_row(&self, token: &str) -> Option<&Row> {
        let rows = self.prices.rows.get(token)?.values();
        rows.reduce(|best, row| if row.depth > best.depth { row } else { best })
    }
}
