//! One book over several venues, taker fees applied: what a size costs or brings, and where venues cross.
//!
//! Quantities are integers of 10⁻⁸ like a book's own, prices of the finest scale that any of the books has. A venue takes its
//! fee from what one receives: quote when selling, base when buying. Each level's rounding is against the trader.

use crate::book::order_book::Side;
use crate::exchanges::decimal::PriceScale;
use crate::exchanges::event::Level;

const PPM: u128 = 1_000_000;

/// One venue's book, best level first on each side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VenueBook {
    pub taker_ppm: u32,
    pub bids: Vec<Level>,
    pub asks: Vec<Level>,
    pub scale: PriceScale,
}

/// Why books can't be consolidated; `venue` is the book's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConsolidationError {
    #[error("venue {venue}: taker fee was {taker_ppm} ppm")]
    Fee { venue: usize, taker_ppm: u32 },
    #[error("venue {venue}: level {level} was {price} × {quantity}")]
    Level {
        venue: usize,
        level: usize,
        price: u64,
        quantity: u64,
    },
    #[error("venue {venue}: bid {bid} is not below ask {ask}")]
    Crossed { venue: usize, bid: u64, ask: u64 },
}

/// A level of the consolidated book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetLevel {
    /// After the taker fee: rounded down for a bid, up for an ask.
    pub net_price: u64,
    pub price: u64,
    /// As the venue shows it.
    pub quantity: u64,
    pub venue: usize,
}

/// What taking an amount of base moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Brought by a sale, or cost of a purchase, after fees.
    pub quote: u64,
    /// `quote` for one base: the depth-weighted price, rounded against the trader.
    pub price: u64,
    pub levels: u32,
}

/// Where one venue pays more than another asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crossing {
    /// Base that can be bought and sold at a gain, after fees.
    pub base: u64,
    pub cost: u64,
    pub proceeds: u64,
    /// Venues bought from and sold to, ascending, each once.
    pub bought_from: Vec<usize>,
    pub sold_to: Vec<usize>,
}

/// Several venues' books as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsolidatedBook {
    fees: Vec<u32>,
    scale: PriceScale,
    bids: Vec<NetLevel>,
    asks: Vec<NetLevel>,
}

impl ConsolidatedBook {
    /// Returns the books as one; of equal net prices the lower venue comes first.
    ///
    /// # Errors
    /// `ConsolidationError` for a fee of 100 % or more, a level of nothing or out of order, a price beyond the finest scale,
    /// a book that crosses itself.
    pub fn new(books: &[VenueBook]) -> Result<Self, ConsolidationError> {
        let mut all = Self {
            fees: books.iter().map(|book| book.taker_ppm).collect(),
            scale: books
                .iter()
                .map(|book| book.scale)
                .max()
                .unwrap_or_default(),
            bids: Vec::new(),
            asks: Vec::new(),
        };
        for (venue, book) in books.iter().enumerate() {
            let units = book.scale.units_of(all.scale);
            check(venue, book, units)?;
            let kept = PPM - u128::from(book.taker_ppm);
            all.bids.extend(book.bids.iter().map(|&(price, quantity)| {
                let net = u128::from(price * units) * kept / PPM;
                level(net, price * units, quantity, venue)
            }));
            all.asks.extend(book.asks.iter().map(|&(price, quantity)| {
                let net = (u128::from(price * units) * PPM).div_ceil(kept);
                level(net, price * units, quantity, venue)
            }));
        }
        all.bids
            .sort_by_key(|level| (std::cmp::Reverse(level.net_price), level.venue));
        all.asks.sort_by_key(|level| (level.net_price, level.venue));
        Ok(all)
    }

    /// Returns the scale of all prices.
    pub fn scale(&self) -> PriceScale {
        self.scale
    }

    /// Returns the levels of a side, best net price first.
    pub fn levels(&self, side: Side) -> &[NetLevel] {
        match side {
            Side::Bid => &self.bids,
            Side::Ask => &self.asks,
        }
    }

    /// Returns what selling `base` into the bids brings, or what buying it from the asks costs; `None` if the depth is
    /// short or a sum leaves a u64.
    pub fn take(&self, side: Side, base: u64) -> Option<Taken> {
        let (mut left, mut quote, mut levels) = (base, 0_u64, 0);
        for level in self.levels(side) {
            if left == 0 {
                break;
            }
            let part = left.min(self.net_quantity(side, level));
            quote = quote.checked_add(self.quote_of(side, level, part)?)?;
            left -= part;
            levels += u32::from(part > 0);
        }
        if left > 0 || base == 0 {
            return None;
        }
        let scaled = u128::from(quote) * u128::from(self.scale.one());
        let price = match side {
            Side::Bid => scaled / u128::from(base),
            Side::Ask => scaled.div_ceil(base.into()),
        };
        Some(Taken {
            quote,
            price: u64::try_from(price).ok()?,
            levels,
        })
    }

    /// Returns where the venues cross after fees, `None` if nowhere or a sum leaves a u64.
    pub fn crossing(&self) -> Option<Crossing> {
        let mut found = Crossing {
            base: 0,
            cost: 0,
            proceeds: 0,
            bought_from: Vec::new(),
            sold_to: Vec::new(),
        };
        let (mut bids, mut asks) = (self.bids.iter(), self.asks.iter());
        let (mut bid, mut ask) = (bids.next(), asks.next());
        let (mut sold, mut bought) = (0, 0);
        while let (Some(pays), Some(asked)) = (bid, ask) {
            if pays.net_price <= asked.net_price {
                break;
            }
            let demand = pays.quantity - sold;
            let supply = self.net_quantity(Side::Ask, asked) - bought;
            let part = demand.min(supply);
            if part > 0 {
                let proceeds = self.quote_of(Side::Bid, pays, part)?;
                let cost = self.quote_of(Side::Ask, asked, part)?;
                if proceeds <= cost {
                    break;
                }
                found.base = found.base.checked_add(part)?;
                found.proceeds = found.proceeds.checked_add(proceeds)?;
                found.cost = found.cost.checked_add(cost)?;
                found.sold_to.push(pays.venue);
                found.bought_from.push(asked.venue);
            }
            (sold, bought) = (sold + part, bought + part);
            if part == supply {
                (ask, bought) = (asks.next(), 0);
            }
            if part == demand {
                (bid, sold) = (bids.next(), 0);
            }
        }
        for venues in [&mut found.sold_to, &mut found.bought_from] {
            venues.sort_unstable();
            venues.dedup();
        }
        (found.base > 0).then_some(found)
    }

    /// Returns the base that taking the whole level leaves in hand, or takes out of it.
    fn net_quantity(&self, side: Side, level: &NetLevel) -> u64 {
        match side {
            Side::Bid => level.quantity,
            Side::Ask => {
                (u128::from(level.quantity) * (PPM - u128::from(self.fees[level.venue])) / PPM)
                    as u64
            }
        }
    }

    /// Returns the quote that `base` of a level brings or costs; `None` beyond a u64.
    fn quote_of(&self, side: Side, level: &NetLevel, base: u64) -> Option<u64> {
        let kept = PPM - u128::from(self.fees[level.venue]);
        let one = u128::from(self.scale.one());
        let quote = match side {
            Side::Bid => {
                // Below 2^(64 + 64), and what the fee leaves of it once more in two steps, rounded down in each.
                u128::from(level.price) * u128::from(base) / one * kept / PPM
            }
            Side::Ask => {
                let gross = (u128::from(base) * PPM).div_ceil(kept);
                u128::from(level.price).checked_mul(gross)?.div_ceil(one)
            }
        };
        u64::try_from(quote).ok()
    }
}

fn level(net_price: u128, price: u64, quantity: u64, venue: usize) -> NetLevel {
    NetLevel {
        net_price: u64::try_from(net_price).unwrap_or(u64::MAX),
        price,
        quantity,
        venue,
    }
}

fn check(venue: usize, book: &VenueBook, units: u64) -> Result<(), ConsolidationError> {
    let taker_ppm = book.taker_ppm;
    if u128::from(taker_ppm) >= PPM {
        return Err(ConsolidationError::Fee { venue, taker_ppm });
    }
    for (levels, falls) in [(&book.bids, true), (&book.asks, false)] {
        for (at, &(price, quantity)) in levels.iter().enumerate() {
            let before = at.checked_sub(1).map(|before| levels[before].0);
            let ordered = before.is_none_or(|before| {
                if falls {
                    price < before
                } else {
                    price > before
                }
            });
            let fits = price.checked_mul(units).is_some();
            if price == 0 || quantity == 0 || !ordered || !fits {
                return Err(ConsolidationError::Level {
                    venue,
                    level: at,
                    price,
                    quantity,
                });
            }
        }
    }
    if let (Some(&(bid, _)), Some(&(ask, _))) = (book.bids.first(), book.asks.first())
        && bid >= ask
    {
        return Err(ConsolidationError::Crossed { venue, bid, ask });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const COIN: u64 = 100_000_000;

    fn book(taker_ppm: u32, bids: &[(u64, u64)], asks: &[(u64, u64)]) -> VenueBook {
        let levels = |levels: &[(u64, u64)]| {
            let scaled = levels
                .iter()
                .map(|&(price, qty)| (price * COIN, qty * COIN));
            scaled.collect()
        };
        VenueBook {
            taker_ppm,
            bids: levels(bids),
            asks: levels(asks),
            scale: PriceScale::EIGHT,
        }
    }

    #[test]
    fn levels_rise_or_fall_strictly() {
        let one = |bids: &[(u64, u64)], asks: &[(u64, u64)]| {
            ConsolidatedBook::new(&[book(0, bids, asks)]).is_ok()
        };
        assert!(one(&[(9, 1), (8, 1)], &[(10, 1), (11, 1)]));
        for prices in [(9, 9), (8, 9)] {
            assert!(!one(&[(prices.0, 1), (prices.1, 1)], &[]));
        }
        for prices in [(9, 9), (9, 8)] {
            assert!(!one(&[], &[(prices.0, 1), (prices.1, 1)]));
        }
    }

    #[test]
    fn a_dear_venue_falls_behind_a_cheap_one_with_a_worse_price() {
        let dear = book(20_000, &[(100, 1)], &[(101, 1)]);
        let cheap = book(0, &[(99, 1)], &[(102, 1)]);
        let all = ConsolidatedBook::new(&[dear, cheap]).expect("two books");
        let best = |side| all.levels(side)[0];
        assert_eq!(
            (best(Side::Bid).venue, best(Side::Bid).net_price),
            (1, 99 * COIN)
        );
        assert_eq!(
            (best(Side::Ask).venue, best(Side::Ask).net_price),
            (1, 102 * COIN)
        );
    }

    #[test]
    fn a_size_is_priced_by_depth() {
        let books = [
            book(1_000, &[(100, 2)], &[(101, 2)]),
            book(1_000, &[(99, 4)], &[(102, 4)]),
        ];
        let all = ConsolidatedBook::new(&books).expect("two books");
        let sold = all.take(Side::Bid, 3 * COIN).expect("deep enough");
        assert_eq!((sold.quote, sold.levels), (29_870_100_000, 2));
        assert_eq!(sold.price, 9_956_700_000);
        assert_eq!(all.take(Side::Bid, 7 * COIN), None);
    }

    #[test]
    fn venues_cross_where_one_pays_more_than_another_asks_after_fees() {
        let books = [
            book(1_000, &[(100, 5)], &[(101, 5)]),
            book(1_000, &[(97, 5)], &[(99, 2), (100, 9)]),
        ];
        let all = ConsolidatedBook::new(&books).expect("two books");
        let found = all.crossing().expect("99 is asked and 100 paid");
        assert_eq!((found.bought_from, found.sold_to), (vec![1], vec![0]));
        assert_eq!(
            (found.base, found.proceeds, found.cost),
            (199_800_000, 19_960_020_000, 19_800_000_000)
        );
        let fees = books.map(|mut book| {
            book.taker_ppm = 6_000;
            book
        });
        assert_eq!(
            ConsolidatedBook::new(&fees).expect("two books").crossing(),
            None
        );
    }

    #[test]
    fn what_is_no_book_is_named() {
        let refusal = |book: VenueBook| {
            ConsolidatedBook::new(&[book])
                .expect_err("no book")
                .to_string()
        };
        assert_eq!(
            refusal(book(1_000_000, &[], &[])),
            "venue 0: taker fee was 1000000 ppm"
        );
        assert_eq!(
            refusal(book(0, &[(1, 0)], &[])),
            "venue 0: level 0 was 100000000 × 0"
        );
        assert_eq!(
            refusal(book(0, &[], &[(2, 1), (2, 1)])),
            "venue 0: level 1 was 200000000 × 100000000"
        );
        assert_eq!(
            refusal(book(0, &[(2, 1)], &[(2, 1)])),
            "venue 0: bid 200000000 is not below ask 200000000"
        );
    }
}
