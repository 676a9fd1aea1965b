//! A book carried over to a finer scale of prices.

use super::{Delta, OrderBook};
use crate::exchanges::decimal::PriceScale;
use crate::exchanges::event::Level;

impl OrderBook {
    /// Takes over a finer scale, and every price with it; a coarser one would lose what prices say and is not taken.
    /// Returns whether it did.
    ///
    /// Levels beyond the largest price of the scale go, as the decoders leave them out. A best price beyond it is a gap.
    pub fn refine(&mut self, scale: PriceScale) -> bool {
        if scale <= self.scale {
            return false;
        }
        let units = self.scale.units_of(scale);
        self.scale = scale;
        self.refine_used(units);
        let (bids, asks) = (self.bids.best_first(), self.asks.best_first());
        let (bids, asks) = (multiplied(bids, units), multiplied(asks, units));
        self.bids.replace(&bids);
        self.asks.replace(&asks);
        for Delta { bids, asks, .. } in &mut self.buffer {
            *bids = multiplied(bids.iter().copied(), units);
            *asks = multiplied(asks.iter().copied(), units);
        }
        if let Some(ticker) = &mut self.ticker {
            let both = ticker
                .bid
                .checked_mul(units)
                .zip(ticker.ask.checked_mul(units));
            let Some((bid, ask)) = both else {
                self.gap();
                return true;
            };
            (ticker.bid, ticker.ask) = (bid, ask);
        }
        true
    }
}

fn multiplied(levels: impl Iterator<Item = Level>, units: u64) -> Vec<Level> {
    levels
        .filter_map(|(price, quantity)| Some((price.checked_mul(units)?, quantity)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::order_book::{BookState, Side, Source, Ticker};
    use crate::exchanges::Continuity;

    fn delta(last: u64, bids: &[Level]) -> Delta {
        Delta {
            first: last,
            last,
            prev: None,
            bids: bids.to_vec(),
            asks: Vec::new(),
            venue_ns: 0,
        }
    }

    fn live() -> OrderBook {
        let mut book = OrderBook::new(Continuity::Spot);
        book.apply_snapshot(1, (&[(3, 50)], &[(5, 60)]), Source::Fetched, 1);
        book
    }

    #[test]
    fn all_prices_of_a_book_become_finer_and_what_it_pays_stays() {
        let mut book = live();
        let ticker = Ticker {
            update_id: 2,
            bid: 4,
            bid_qty: 10,
            ask: 5,
            ask_qty: 60,
        };
        book.apply_ticker(ticker, 2);
        let before = (book.sell(40), book.cost(60), book.buy(2));
        let finer = PriceScale::of(10);
        assert!(book.refine(finer));
        assert_eq!((book.scale(), book.state()), (finer, BookState::Live));
        assert_eq!(book.levels(Side::Bid, 9), [(400, 10), (300, 50)]);
        assert_eq!(book.levels(Side::Ask, 9), [(500, 60)]);
        assert_eq!((book.sell(40), book.cost(60), book.buy(2)), before);
        for other in [PriceScale::EIGHT, PriceScale::of(9), finer] {
            assert!(!book.refine(other));
        }
        assert_eq!((book.scale(), book.best_bid()), (finer, Some((400, 10))));
        assert_eq!(OrderBook::from_parts(book.parts()).as_ref(), Ok(&book));
    }

    #[test]
    fn what_waits_for_a_seed_becomes_finer_with_its_book() {
        let mut book = OrderBook::new(Continuity::Spot);
        book.apply_delta(delta(2, &[(4, 7)]), 1);
        assert!(book.refine(PriceScale::of(9)));
        book.apply_snapshot(1, (&[(30, 50)], &[(50, 60)]), Source::Fetched, 1);
        assert_eq!(book.levels(Side::Bid, 9), [(40, 7), (30, 50)]);
    }

    #[test]
    fn a_level_beyond_the_largest_price_goes() {
        let most = u64::MAX / 10;
        let mut book = OrderBook::new(Continuity::Spot);
        let asks = [(5, 60), (most, 1), (most + 1, 1)];
        book.apply_snapshot(1, (&[(3, 50)], &asks), Source::Fetched, 1);
        assert!(book.refine(PriceScale::of(9)));
        assert_eq!(book.levels(Side::Ask, 9), [(50, 60), (most * 10, 1)]);
        assert!(book.refine(PriceScale::of(10)));
        assert_eq!(book.levels(Side::Ask, 9), [(500, 60)]);
        assert_eq!((book.state(), book.counts().gaps), (BookState::Live, 0));
    }

    #[test]
    fn a_best_price_beyond_the_largest_is_a_gap() {
        for (bid, ask) in [(u64::MAX / 10 + 1, 0), (4, u64::MAX / 10 + 1)] {
            let mut book = live();
            let ticker = Ticker {
                update_id: 2,
                bid,
                bid_qty: 1,
                ask,
                ask_qty: 1,
            };
            book.apply_ticker(ticker, 2);
            assert!(book.refine(PriceScale::of(9)));
            assert_eq!((book.state(), book.counts().gaps), (BookState::Suspect, 1));
            assert_eq!(book.levels(Side::Bid, 9), [(30, 50)]);
        }
    }
}
