//! Exchange books as edges: which instruments may be one, and the exact step between token atoms and book quantities.
//!
//! Prices and quantities of books are integers of 10⁻⁸. What one receives is rounded down, what one pays is rounded up.

use hashbrown::HashMap;

use super::setup::EngineSetup;
use crate::log2::log2_ratio;
use crate::order_book::{BookState, Continuity, OrderBook};

const ONE8: u128 = 100_000_000;
pub(crate) const PPM: u128 = 1_000_000;

/// A marginal rate: out atoms per in atom as numerator and denominator.
pub(crate) type Rate = (u128, u128);

/// One instrument's book and, if it may be traded against pools, its two edges.
#[derive(Clone, Debug)]
pub(crate) struct BookEntry {
    pub(crate) venue: String,
    pub(crate) symbol: String,
    pub(crate) base: String,
    pub(crate) quote: String,
    pub(crate) kind: String,
    /// `venue:symbol`.
    pub(crate) name: String,
    pub(crate) base_mint: String,
    pub(crate) quote_mint: String,
    pub(crate) taker_ppm: Option<u32>,
    /// Its first edge (sells base); the second one (buys base) follows.
    pub(crate) edge: Option<u32>,
    /// Why it is no edge: `perp`, `no_identity`, `unknown_fee`, `no_edge`.
    pub(crate) blocked: String,
    /// Channel that tells its changes.
    pub(crate) channel: Option<u16>,
    /// When its last event was known to be true: receive time less lag.
    pub(crate) as_of_ns: i64,
    pub(crate) book: OrderBook,
}

impl BookEntry {
    /// Whether its state machine says it can be traded on.
    pub(crate) fn live(&self) -> bool {
        self.book.usable()
    }

    /// The word for its state.
    pub(crate) fn state(&self) -> &'static str {
        match self.book.state() {
            BookState::Empty => "empty",
            BookState::Seeding => "seeding",
            BookState::Live if !self.book.usable() => "crossed",
            BookState::Live => "live",
            BookState::Suspect => "suspect",
            BookState::Stale => "stale",
        }
    }
}

/// Decimals of a book's two tokens and its taker fee: all that its exact steps need.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    pub(crate) base: u32,
    pub(crate) quote: u32,
    pub(crate) taker_ppm: u32,
}

impl Scale {
    /// Returns (atoms of quote, fee in atoms of base) for selling base; `None` if the book is too short.
    pub(crate) fn sell(&self, book: &OrderBook, amount: u64) -> Option<(u64, u64)> {
        let got8 = book.sell(u64::try_from(u128::from(amount) * ONE8 / power(self.base)).ok()?)?;
        Some((self.net(got8, self.quote)?, self.fee(amount)))
    }

    /// Returns (atoms of base, fee in atoms of quote) for spending quote; `None` if the book is too short.
    pub(crate) fn buy(&self, book: &OrderBook, amount: u64) -> Option<(u64, u64)> {
        let got8 = book.buy(u64::try_from(u128::from(amount) * ONE8 / power(self.quote)).ok()?)?;
        Some((self.net(got8, self.base)?, self.fee(amount)))
    }

    fn net(&self, got8: u64, decimals: u32) -> Option<u64> {
        let kept = u128::from(got8.checked_sub(self.fee(got8))?);
        u64::try_from(kept * power(decimals) / ONE8)
            .ok()
            .filter(|&atoms| atoms > 0)
    }

    fn fee(&self, amount: u64) -> u64 {
        (u128::from(amount) * u128::from(self.taker_ppm)).div_ceil(PPM) as u64
    }

    fn kept(&self) -> u128 {
        PPM.saturating_sub(u128::from(self.taker_ppm))
    }

    /// Returns quote atoms per base atom at the best bid, net of fee.
    pub(crate) fn sell_rate(&self, price8: u64) -> Option<Rate> {
        let num = u128::from(price8) * self.kept();
        rate(
            num.checked_mul(power(self.quote))?,
            ONE8 * PPM * power(self.base),
        )
    }

    /// Returns base atoms per quote atom at the best ask, net of fee.
    pub(crate) fn buy_rate(&self, price8: u64) -> Option<Rate> {
        let den = u128::from(price8) * PPM;
        rate(
            ONE8 * self.kept() * power(self.base),
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

/// Books by `venue:symbol`, in the order in which they became known.
#[derive(Debug, Default)]
pub(crate) struct Books {
    pub(crate) entries: Vec<BookEntry>,
    /// Venue → symbol → place.
    index: HashMap<String, HashMap<String, usize>>,
    pub(crate) refused: Vec<&'static str>,
    identities: HashMap<(String, String), String>,
    fees: HashMap<String, u32>,
}

impl Books {
    pub(crate) fn new(setup: &EngineSetup) -> Self {
        let identities = setup
            .identities
            .iter()
            .map(|i| ((i.venue.clone(), i.asset.clone()), i.mint.clone()));
        let fees = setup
            .venue_fees
            .iter()
            .map(|fee| (fee.venue.clone(), fee.taker_ppm));
        let mut books = Self {
            identities: identities.collect(),
            fees: fees.collect(),
            ..Self::default()
        };
        for each in &setup.instruments {
            books.declare(
                &each.venue,
                &each.symbol,
                &each.base,
                &each.quote,
                &each.kind,
            );
        }
        books
    }

    /// Returns the place of an instrument's book, made if it is new.
    pub(crate) fn declare(
        &mut self,
        venue: &str,
        symbol: &str,
        base: &str,
        quote: &str,
        kind: &str,
    ) -> usize {
        if let Some(at) = self.place(venue, symbol) {
            return at;
        }
        let mint = |asset: &str| {
            let key = (venue.to_owned(), asset.to_owned());
            self.identities.get(&key).cloned().unwrap_or_default()
        };
        let (base_mint, quote_mint) = (mint(base), mint(quote));
        let taker_ppm = self.fees.get(venue).copied();
        let blocked = if kind != "spot" {
            "perp"
        } else if base_mint.is_empty() || quote_mint.is_empty() {
            "no_identity"
        } else if taker_ppm.is_none() {
            self.refused.push("unknown_fee");
            "unknown_fee"
        } else {
            ""
        };
        let at = self.entries.len();
        let continuity = if kind == "perp" {
            Continuity::Usdm
        } else if venue.starts_with("okx") {
            Continuity::Okx
        } else {
            Continuity::Spot
        };
        self.entries.push(BookEntry {
            venue: venue.to_owned(),
            symbol: symbol.to_owned(),
            base: base.to_owned(),
            quote: quote.to_owned(),
            kind: kind.to_owned(),
            name: format!("{venue}:{symbol}"),
            base_mint,
            quote_mint,
            taker_ppm,
            edge: None,
            blocked: blocked.to_owned(),
            channel: None,
            as_of_ns: 0,
            book: OrderBook::new(continuity),
        });
        self.index
            .entry(venue.to_owned())
            .or_default()
            .insert(symbol.to_owned(), at);
        at
    }

    /// Returns the place of a book, made from its symbol alone if the venue's list did not name it.
    pub(crate) fn find(&mut self, venue: &str, symbol: &str, kind: &str) -> usize {
        self.place(venue, symbol)
            .unwrap_or_else(|| self.declare(venue, symbol, symbol, "", kind))
    }

    /// Takes an instrument of a venue's list.
    pub(crate) fn list(&mut self, venue: &str, instrument: &crate::decode::Instrument) {
        self.declare(
            venue,
            &instrument.symbol,
            &instrument.base,
            &instrument.quote,
            "spot",
        );
    }

    fn place(&self, venue: &str, symbol: &str) -> Option<usize> {
        self.index
            .get(venue)
            .and_then(|symbols| symbols.get(symbol))
            .copied()
    }
}
