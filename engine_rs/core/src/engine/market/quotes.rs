//! What an edge pays: for an amount, at the margin, and near its price.

use super::{Kind, Market};
use crate::book::order_book::{OrderBook, Side};
use crate::engine::book_scale::{Rate, Scale, TradingRules, power};
use crate::engine::books::BookEntry;
use crate::engine::registry::PoolState;
use crate::search::graph::EdgeId;
use crate::venues::pool::Pool;
use crate::venues::quote::ChainTime;
use crate::venues::quote_error::QuoteError;

/// A book's best level is taken for a pool so deep that its price hardly moves; sizing only starts from it.
const NEARLY_LINEAR: f64 = 1e6;

/// What one step pays.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hop {
    pub(crate) amount_in: u64,
    pub(crate) amount_out: u64,
    /// Everything the step kept, in atoms of the token in.
    pub(crate) fee: u64,
    pub(crate) ticks: u32,
}

/// Why a step can't be quoted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Refusal {
    Pool(QuoteError),
    Word(&'static str),
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pool(error) => error.fmt(f),
            Self::Word(word) => f.write_str(word),
        }
    }
}

impl Market {
    /// Returns what an edge pays for `amount_in`.
    ///
    /// # Errors
    /// Why it can't be quoted.
    pub(crate) fn quote(&self, edge: EdgeId, amount_in: u64) -> Result<Hop, Refusal> {
        let behind = self.behind(edge);
        match behind.kind {
            Kind::Pool => {}
            Kind::Book => {
                let entry = &self.books.entries[behind.at];
                let scale = self.scale(entry);
                return quote_book(&entry.book, scale, &entry.rules, amount_in, behind.first);
            }
            Kind::Equivalence => return self.quote_tie(edge, amount_in),
        }
        let pool = &self.registry.pools[behind.at];
        let ours = pool.ours();
        if ours.is_none() && pool.pool.is_some() {
            return Err(Refusal::Word("liquidity")); // what is observed can't take what we put in
        }
        let state = (ours, pool.state);
        quote_pool(state, self.registry.time.as_ref(), amount_in, behind.first)
    }

    /// Returns what an edge would pay for `amount_in` if its venue took orders of any quantity: within the depth never less
    /// than `quote`, and without the saw teeth of whole steps.
    ///
    /// # Errors
    /// Why it can't be quoted.
    pub(crate) fn quote_unrounded(&self, edge: EdgeId, amount_in: u64) -> Result<Hop, Refusal> {
        let behind = self.behind(edge);
        if behind.kind != Kind::Book {
            return self.quote(edge, amount_in);
        }
        let entry = &self.books.entries[behind.at];
        let (scale, rules) = (self.scale(entry), &TradingRules::NONE);
        quote_book(&entry.book, scale, rules, amount_in, behind.first)
    }

    /// Returns whether an edge's venue is known not to take orders of any quantity.
    pub(crate) fn is_rounded(&self, edge: EdgeId) -> bool {
        let behind = self.behind(edge);
        behind.kind == Kind::Book
            && self.books.entries[behind.at].rules.limits() != TradingRules::NONE.limits()
    }

    /// Returns an edge's marginal rate net of fee.
    pub(crate) fn rate(&self, edge: EdgeId) -> Option<Rate> {
        let behind = self.behind(edge);
        match behind.kind {
            Kind::Pool => {}
            Kind::Book => {
                let [sell, buy] = self.book_rates(&self.books.entries[behind.at]);
                return if behind.first { sell } else { buy };
            }
            Kind::Equivalence => return self.tie_rate(edge),
        }
        self.registry.pools[behind.at]
            .ours()?
            .rate(behind.first, self.registry.time.as_ref()?)
    }

    pub(super) fn book_rates(&self, entry: &BookEntry) -> [Option<Rate>; 2] {
        let Some(scale) = self.scale(entry).filter(|_| entry.live()) else {
            return [None, None];
        };
        let best = |side| entry.book.best_left(side);
        let sell = best(Side::Bid).and_then(|bid| scale.sell_rate(bid.0));
        let buy = best(Side::Ask).and_then(|ask| scale.buy_rate(ask.0));
        [sell, buy]
    }

    /// Returns (reserve in, reserve out, share kept after fees) near the current price; where sizing starts.
    pub(crate) fn virtual_reserves(&self, edge: EdgeId) -> Option<(f64, f64, f64)> {
        let behind = self.behind(edge);
        match behind.kind {
            Kind::Pool => {
                let pool = self.registry.pools[behind.at].ours()?;
                return pool.virtual_reserves(behind.first, self.registry.time.as_ref()?);
            }
            Kind::Book => {}
            Kind::Equivalence => return self.tie_reserves(edge),
        }
        let entry = &self.books.entries[behind.at];
        let best = entry.book.best_left(sold_to(behind.first));
        Some(reserves(&self.scale(entry)?, best?, behind.first))
    }
}

/// Returns what a pool in this state pays for `amount_in` of its first token, or of its second.
///
/// # Errors
/// Why it can't be quoted.
pub(crate) fn quote_pool(
    (pool, state): (Option<&Pool>, PoolState),
    time: Option<&ChainTime>,
    amount_in: u64,
    first: bool,
) -> Result<Hop, Refusal> {
    let (Some(built), Some(time)) = (pool, time) else {
        return Err(Refusal::Word(state.as_str()));
    };
    let quote = built.quote(first, amount_in, time).map_err(Refusal::Pool)?;
    if quote.amount_out == 0 {
        return Err(Refusal::Word("liquidity"));
    }
    let mut fee = u128::from(quote.fee) + u128::from(quote.transfer_fee_in);
    let kept_out = u128::from(quote.fee_out) + u128::from(quote.transfer_fee_out);
    if kept_out > 0 {
        fee += kept_out * u128::from(amount_in) / (u128::from(quote.amount_out) + kept_out);
    }
    let fee = u64::try_from(fee).unwrap_or(u64::MAX);
    Ok(Hop {
        amount_in,
        amount_out: quote.amount_out,
        fee,
        ticks: quote.ticks_crossed,
    })
}

/// Returns what a book pays for `amount_in` of its base, or of its quote; `scale` is `None` while decimals are unknown.
///
/// # Errors
/// Why it can't be quoted.
pub(crate) fn quote_book(
    book: &OrderBook,
    scale: Option<Scale>,
    rules: &TradingRules,
    amount_in: u64,
    first: bool,
) -> Result<Hop, Refusal> {
    let scale = scale.ok_or(Refusal::Word("unknown_decimals"))?;
    if !book.usable() {
        return Err(Refusal::Word(book.word()));
    }
    let got = if first {
        scale.sell(book, amount_in, rules)
    } else {
        scale.buy(book, amount_in, rules)
    };
    let (amount_out, fee) = got.ok_or(Refusal::Word("liquidity"))?;
    Ok(Hop {
        amount_in,
        amount_out,
        fee,
        ticks: 0,
    })
}

/// Returns the side of a book that an edge takes of.
pub(crate) fn sold_to(first: bool) -> Side {
    if first { Side::Bid } else { Side::Ask }
}

/// Returns a level (price, quantity) as a pool: reserve in, reserve out, share kept.
pub(super) fn reserves(scale: &Scale, level: (u64, u64), first: bool) -> (f64, f64, f64) {
    let base = level.1 as f64 * power(scale.base) as f64 / 1e8 * NEARLY_LINEAR;
    let quote = base / power(scale.base) as f64 * level.0 as f64 / scale.one() as f64
        * power(scale.quote) as f64;
    let keep = 1.0 - f64::from(scale.taker_ppm) / 1e6;
    if first {
        (base, quote, keep)
    } else {
        (quote, base, keep)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchanges::decimal::PriceScale;

    #[test]
    fn a_level_is_as_deep_at_any_scale_of_its_price() {
        let scale = |decimals| Scale {
            base: 5,
            quote: 6,
            price: PriceScale::of(decimals),
            taker_ppm: 1_000,
        };
        let level = |price| (price, 400_000_000);
        let coarse = reserves(&scale(8), level(2_500), true);
        assert_eq!(
            coarse,
            (400_000.0 * NEARLY_LINEAR, 100.0 * NEARLY_LINEAR, 0.999)
        );
        assert_eq!(reserves(&scale(12), level(25_000_000), true), coarse);
        let (base, quote, kept) = coarse;
        assert_eq!(
            reserves(&scale(12), level(25_000_000), false),
            (quote, base, kept)
        );
    }
}
