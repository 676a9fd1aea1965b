//! The exact step between token atoms and book quantities, in orders that the venue takes.
//!
//! Quantities of books are integers of 10⁻⁸, prices of their instrument's scale. What one receives is rounded down, what one
//! pays is rounded up.

use crate::book::order_book::OrderBook;
use crate::exchanges::decimal::PriceScale;
use crate::exchanges::event::Instrument;
use crate::search::log2::log2_ratio;

pub(crate) const ONE8: u128 = 100_000_000;
pub(crate) const PPM: u128 = 1_000_000;

/// A marginal rate: out atoms per in atom as numerator and denominator.
pub(crate) type Rate = (u128, u128);

/// What a venue asks of an order on one instrument, × 10⁸, the tick at its book's scale; `None` if unknown, 0 if the venue
/// switched it off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TradingRules {
    /// Of prices.
    pub(crate) tick: Option<u64>,
    /// Of quantities of the base.
    pub(crate) step: Option<u64>,
    /// In the quote.
    pub(crate) min_notional: Option<u64>,
}

impl TradingRules {
    /// Any order: within the depth, what is quoted without them is never less.
    pub(crate) const NONE: Self = Self {
        tick: None,
        step: None,
        min_notional: None,
    };

    /// Returns what a venue's list says of an instrument whose book has this scale.
    pub(crate) fn of(instrument: &Instrument, scale: PriceScale) -> Self {
        let units = instrument.price_decimals.units_of(scale);
        Self {
            tick: instrument.tick.map(|tick| tick.saturating_mul(units)),
            step: instrument.step,
            min_notional: instrument.min_notional,
        }
    }

    /// Returns (step, least notional) as far as they bear on an order: quantities have no more than 8 places anyway.
    pub(crate) fn limits(&self) -> (u64, u64) {
        (self.step.unwrap_or(0).max(1), self.least8())
    }

    /// Returns the most of a quantity that can be ordered.
    fn whole(&self, quantity8: u64) -> u64 {
        quantity8 - quantity8 % self.limits().0
    }

    fn least8(&self) -> u64 {
        self.min_notional.unwrap_or(0)
    }
}

/// Decimals of a book's two tokens and its prices, and its taker fee: all that its exact steps need.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    pub(crate) base: u32,
    pub(crate) quote: u32,
    pub(crate) price: PriceScale,
    pub(crate) taker_ppm: u32,
}

impl Scale {
    /// Returns (atoms of quote, fee in atoms of base) for selling base; `None` if the book is too short or the order too
    /// small.
    ///
    /// The base beyond the last whole step counts as lost, though one keeps it: nothing of it is in what is paid.
    pub(crate) fn sell(
        &self,
        book: &OrderBook,
        amount: u64,
        rules: &TradingRules,
    ) -> Option<(u64, u64)> {
        let base8 = u64::try_from(u128::from(amount) * ONE8 / power(self.base)).ok()?;
        let got8 = book.sell(rules.whole(base8))?;
        if got8 < rules.least8() {
            return None;
        }
        Some((self.net(got8, self.quote)?, self.fee(amount)))
    }

    /// Returns (atoms of base, fee in atoms of quote) for spending quote; `None` if the book is too short or the order too
    /// small.
    ///
    /// The quote that would buy a part of a step counts as spent, though one keeps it.
    pub(crate) fn buy(
        &self,
        book: &OrderBook,
        amount: u64,
        rules: &TradingRules,
    ) -> Option<(u64, u64)> {
        let quote8 = u64::try_from(u128::from(amount) * ONE8 / power(self.quote)).ok()?;
        let got8 = rules.whole(book.buy(quote8)?);
        // The venue looks at what the order is worth, not at what one would have spent.
        if rules.least8() > 0 && book.cost(got8)? < rules.least8() {
            return None;
        }
        Some((self.net(got8, self.base)?, self.fee(amount)))
    }

    /// Returns the quantity of base that an order takes of a book; `None` if that is too short.
    pub(crate) fn ordered(
        &self,
        book: &OrderBook,
        amount: u64,
        rules: &TradingRules,
        sells: bool,
    ) -> Option<u64> {
        let places = power(if sells { self.base } else { self.quote });
        let given8 = u64::try_from(u128::from(amount) * ONE8 / places).ok()?;
        let base8 = if sells { given8 } else { book.buy(given8)? };
        Some(rules.whole(base8))
    }

    /// Returns whether a book has as much as an order takes, of bids if it sells.
    pub(crate) fn is_deep(
        &self,
        book: &OrderBook,
        amount: u64,
        rules: &TradingRules,
        sells: bool,
    ) -> bool {
        let places = power(if sells { self.base } else { self.quote });
        let Ok(given8) = u64::try_from(u128::from(amount) * ONE8 / places) else {
            return true;
        };
        if sells {
            book.sell(rules.whole(given8)).is_some()
        } else {
            book.buy(given8).is_some()
        }
    }

    pub(super) fn net(&self, got8: u64, decimals: u32) -> Option<u64> {
        let kept = u128::from(got8.checked_sub(self.fee(got8))?);
        u64::try_from(kept * power(decimals) / ONE8)
            .ok()
            .filter(|&atoms| atoms > 0)
    }

    fn fee(&self, amount: u64) -> u64 {
        (u128::from(amount) * u128::from(self.taker_ppm)).div_ceil(PPM) as u64
    }

    /// Returns a price of one.
    pub(super) fn one(&self) -> u128 {
        self.price.one().into()
    }

    fn kept(&self) -> u128 {
        PPM.saturating_sub(u128::from(self.taker_ppm))
    }

    /// Returns quote atoms per base atom at the best bid, net of fee.
    pub(crate) fn sell_rate(&self, price: u64) -> Option<Rate> {
        let num = u128::from(price) * self.kept();
        rate(
            num.checked_mul(power(self.quote))?,
            self.one() * PPM * power(self.base),
        )
    }

    /// Returns base atoms per quote atom at the best ask, net of fee.
    pub(crate) fn buy_rate(&self, price: u64) -> Option<Rate> {
        let den = u128::from(price) * PPM;
        rate(
            self.one() * self.kept() * power(self.base),
            den.checked_mul(power(self.quote))?,
        )
    }
}

/// Returns ten to the power of a token's decimals, which are at most 18.
pub(crate) fn power(decimals: u32) -> u128 {
    10_u128.pow(decimals)
}

fn rate(num: u128, den: u128) -> Option<Rate> {
    (num > 0 && den > 0).then_some((num, den))
}

/// Returns −log2 of a rate in fixed point.
pub(crate) fn weight(rate: Option<Rate>) -> Option<i64> {
    let (num, den) = rate?;
    log2_ratio(num, den).map(|log| -log)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::book::order_book::Source;
    use crate::exchanges::Continuity;

    const SCALE: Scale = Scale {
        base: 9,
        quote: 6,
        price: PriceScale::EIGHT,
        taker_ppm: 1_000,
    };

    fn book(levels: u64) -> OrderBook {
        let asks: Vec<_> = (0..levels)
            .map(|at| (ONE8 as u64 * (150 + at), 3 * ONE8 as u64))
            .collect();
        let bids: Vec<_> = (1..=levels)
            .map(|at| (ONE8 as u64 * (150 - at), 3 * ONE8 as u64))
            .collect();
        let mut book = OrderBook::new(Continuity::Spot);
        book.apply_snapshot(1, (&bids, &asks), Source::Fetched, 1);
        book
    }

    fn rules(step: u64, least: u64) -> TradingRules {
        TradingRules {
            tick: None,
            step: Some(step),
            min_notional: Some(least),
        }
    }

    #[test]
    fn an_order_is_of_whole_steps_and_worth_the_least() {
        let (book, ten) = (book(5), 10_000_000);
        let sell = |amount, rules| SCALE.sell(&book, amount, &rules).map(|paid| paid.0);
        let buy = |amount, rules| SCALE.buy(&book, amount, &rules).map(|paid| paid.0);
        assert_eq!(sell(1_099_999_999, rules(ten, 0)), Some(148_851_000));
        assert_eq!(
            sell(1_099_999_999, rules(ten, 149 * ONE8 as u64)),
            Some(148_851_000)
        );
        assert_eq!(sell(1_099_999_999, rules(ten, 149 * ONE8 as u64 + 1)), None);
        assert_eq!(sell(99_999_999, rules(ten, 0)), None);
        assert_eq!(buy(164_999_999, rules(ten, 0)), Some(999_000_000));
        assert_eq!(
            buy(164_999_999, rules(ten, 150 * ONE8 as u64)),
            Some(999_000_000)
        );
        assert_eq!(buy(164_999_999, rules(ten, 150 * ONE8 as u64 + 1)), None);
        assert_eq!(buy(14_999_999, rules(ten, 0)), None);
        assert_eq!(
            buy(150_000_000, rules(0, 0)),
            SCALE
                .buy(&book, 150_000_000, &TradingRules::NONE)
                .map(|paid| paid.0)
        );
    }

    #[test]
    fn a_book_is_deep_enough_for_the_whole_steps_of_an_order() {
        let (book, ten) = (book(2), 10_000_000);
        let six = 6_000_000_000;
        let deep = |amount, step, sells| SCALE.is_deep(&book, amount, &rules(step, 0), sells);
        assert!(deep(six, 1, true) && !deep(six + 10, 1, true));
        assert!(deep(six + 99_999_999, ten, true) && !deep(six + 100_000_000, ten, true));
        let all = 3 * (150 + 151) * 1_000_000;
        assert!(deep(all, ten, false) && !deep(all + 1, ten, false));
        assert!(deep(u64::MAX, 1, false), "no book counts so far");
    }

    #[test]
    fn a_finer_scale_of_prices_pays_and_weighs_what_the_prices_say() {
        let fine = Scale {
            base: 5,
            quote: 6,
            price: PriceScale::of(12),
            taker_ppm: 1_000,
        };
        let many = 1_000_000 * ONE8 as u64;
        let mut book = OrderBook::of_scale(Continuity::Spot, fine.price);
        // 3.456789 and 4 · 10⁻⁶
        let (bids, asks) = ([(3_456_789, many)], [(4_000_000, many)]);
        book.apply_snapshot(1, (&bids, &asks), Source::Fetched, 1);
        let sold = fine.sell(&book, 100_000 * 100_000, &TradingRules::NONE);
        assert_eq!(sold, Some((345_333, 10_000_000)));
        let bought = fine.buy(&book, 2_000_000, &TradingRules::NONE);
        assert_eq!(bought, Some((49_950_000_000, 2_000)));
        let same = |one: Rate, other: Rate| one.0 * other.1 == other.0 * one.1;
        let sells = fine.sell_rate(3_456_789).expect("a rate");
        assert!(
            same(sells, (3_456_789 * 999, 100_000_000_000_000)),
            "{sells:?}"
        );
        let buys = fine.buy_rate(4_000_000).expect("a rate");
        assert!(same(buys, (999 * 25, 1)), "{buys:?}");
        let most = Scale {
            base: 18,
            quote: 18,
            price: PriceScale::MOST,
            taker_ppm: 0,
        };
        let one = PriceScale::MOST.one();
        assert!(most.sell_rate(one).is_some_and(|rate| rate.0 == rate.1));
        assert!(most.buy_rate(one).is_some_and(|rate| rate.0 == rate.1));
    }

    proptest! {
        #[test]
        fn whole_steps_pay_what_that_many_do_and_never_more(
            levels in 0_u64..6,
            amount in 0_u64..20_000_000_000,
            step in 0_u64..500_000_000,
            least in prop::option::of(0_u64..100_000_000_000),
        ) {
            let (book, rules) = (book(levels), TradingRules { tick: None, step: Some(step), min_notional: least });
            let free = |paid: Option<(u64, u64)>| paid.map_or(u64::MAX, |paid| paid.0); // too much for the depth
            let sold = SCALE.sell(&book, amount, &rules);
            let all = SCALE.sell(&book, amount, &TradingRules::NONE);
            prop_assert!(sold.is_none() || free(sold) <= free(all));
            if let Some((paid, _)) = sold {
                let steps = amount / 10 / step.max(1);
                prop_assert_eq!(paid, free(SCALE.sell(&book, steps * step.max(1) * 10, &TradingRules::NONE)));
                prop_assert!(book.sell(steps * step.max(1)) >= Some(least.unwrap_or(0)));
            }
            let bought = SCALE.buy(&book, amount, &rules);
            let all = SCALE.buy(&book, amount, &TradingRules::NONE);
            prop_assert!(bought.is_none() || free(bought) <= free(all));
            if let Some((paid, _)) = bought {
                let whole = book.buy(amount * 100).unwrap() / step.max(1) * step.max(1);
                prop_assert_eq!(Some(paid), SCALE.net(whole, SCALE.base));
                prop_assert!(book.cost(whole) >= Some(least.unwrap_or(0)));
            }
        }
    }
}
