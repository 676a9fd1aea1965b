//! Exchange books as edges: which instruments may be one, who tells of them, what their venue's list says.

use std::collections::BTreeSet;

use hashbrown::HashMap;

use super::book_scale::TradingRules;
use super::setup::EngineSetup;
use crate::book::order_book::{BookChange, OrderBook, Outcome, Source};
use crate::exchanges::Continuity;
use crate::exchanges::decimal::{PriceScale, PriceScales};
use crate::exchanges::event::{Event, Instrument};

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
    /// Why it is no edge: `perp`, `multiplier`, `no_identity`, `unknown_fee`, `no_edge`.
    pub(crate) blocked: String,
    /// Channel that tells its changes.
    pub(crate) channel: Option<u16>,
    /// When its last event was known to be true: receive time less lag.
    pub(crate) as_of_ns: i64,
    pub(crate) book: OrderBook,
    /// Connection whose frames the book is made of.
    pub(crate) generation: u32,
    /// The book as the connection tells it that is about to take over; it becomes the book once it can be traded on.
    pub(crate) next: Option<Successor>,
    /// The venue's list says that the pair is traded.
    pub(crate) listed: bool,
    /// What that list asks of an order; the latest one counts.
    pub(crate) rules: TradingRules,
    /// Since the last picture.
    pub(crate) moved: bool,
}

/// A book in the making, told by another connection.
#[derive(Clone, Debug)]
pub(crate) struct Successor {
    pub(crate) generation: u32,
    pub(crate) book: Box<OrderBook>,
}

/// How an event came to a book.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delivery {
    pub(crate) generation: u32,
    /// Whether that is a connection about to take over.
    pub(crate) next: bool,
    pub(crate) source: Source,
    pub(crate) now_ns: i64,
}

impl BookEntry {
    /// Whether its state machine says it can be traded on.
    pub(crate) fn live(&self) -> bool {
        self.book.usable()
    }

    /// Takes over what an event says of the book, from whichever of two connections; `None` if it says nothing.
    pub(crate) fn take(&mut self, event: Event<'_>, delivery: Delivery) -> Option<BookChange> {
        let Delivery { source, now_ns, .. } = delivery;
        if source == Source::Fetched {
            if let Some(next) = &mut self.next {
                next.book.take(event.clone(), source, now_ns);
                self.take_over();
            }
            return self.book.take(event, source, now_ns);
        }
        if delivery.generation < self.generation {
            return None;
        }
        if !delivery.next || self.generation == delivery.generation {
            self.generation = delivery.generation;
            return self.book.take(event, source, now_ns);
        }
        let next = self.next.get_or_insert_with(|| Successor {
            generation: delivery.generation,
            book: Box::new(OrderBook::of_scale(
                self.book.continuity(),
                self.book.scale(),
            )),
        });
        let change = next.book.take(event, source, now_ns)?;
        let outcome = if self.take_over() {
            change.outcome
        } else {
            Outcome::Ignored
        };
        Some(BookChange { outcome, ..change })
    }

    /// Makes the next book the book if it can be traded on; returns whether it did.
    fn take_over(&mut self) -> bool {
        let Some(mut next) = self.next.take_if(|next| next.book.usable()) else {
            return false;
        };
        next.book.succeed(&self.book);
        (self.book, self.generation) = (*next.book, next.generation);
        true
    }

    /// The connection of the book is gone, and the one that was to take over is all there is.
    pub(crate) fn inherit(&mut self, generation: u32) {
        if self.generation >= generation {
            return;
        }
        self.book.disconnect();
        self.book.connect();
        if let Some(mut next) = self.next.take() {
            next.book.succeed(&self.book);
            self.book = *next.book;
        }
        self.generation = generation;
    }

    /// The connection that was to take over is gone; `generation` is the one that stays.
    pub(crate) fn disinherit(&mut self, generation: u32) {
        self.next = None;
        if self.generation > generation {
            self.book.disconnect();
            self.book.connect();
            self.generation = generation;
        }
    }

    /// The word for its state.
    pub(crate) fn state(&self) -> &'static str {
        self.book.word()
    }
}

/// Books by `venue:symbol`, in the order in which they became known.
#[derive(Debug, Default)]
pub(crate) struct Books {
    pub(crate) entries: Vec<BookEntry>,
    /// Venue → symbol → place.
    index: HashMap<String, HashMap<String, usize>>,
    /// Of the prices of each venue that has one which is not the usual.
    scales: HashMap<String, PriceScales>,
    pub(crate) refused: Vec<&'static str>,
    identities: HashMap<(String, String), String>,
    fees: HashMap<String, u32>,
    /// Venues that said they don't trade now.
    pub(crate) shut: BTreeSet<String>,
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
            let at = books.declare(
                &each.venue,
                &each.symbol,
                &each.base,
                &each.quote,
                &each.kind,
            );
            books.refine(at, PriceScale::of(each.price_decimals));
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
            let known = self.identities.get(&key).filter(|_| !is_multiple(asset));
            known.cloned().unwrap_or_default()
        };
        let (base_mint, quote_mint) = (mint(base), mint(quote));
        let taker_ppm = self.fees.get(venue).copied();
        let blocked = if kind != "spot" {
            "perp"
        } else if is_multiple(base) || is_multiple(quote) {
            "multiplier"
        } else if base_mint.is_empty() || quote_mint.is_empty() {
            "no_identity"
        } else if taker_ppm.is_none() {
            self.refused.push("unknown_fee");
            "unknown_fee"
        } else {
            ""
        };
        let at = self.entries.len();
        let continuity = Continuity::of_kind(kind);
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
            generation: 0,
            next: None,
            listed: true,
            rules: TradingRules::default(),
            moved: true,
        });
        self.index
            .entry(venue.to_owned())
            .or_default()
            .insert(symbol.to_owned(), at);
        at
    }

    /// Returns the place of a book, made from its symbol alone if the venue's list did not name it.
    /// It follows the rules of the channel that tells of it.
    pub(crate) fn find(&mut self, venue: &str, symbol: &str, rules: Continuity) -> usize {
        let kind = if rules.is_perpetual() { "perp" } else { "spot" };
        let at = self
            .place(venue, symbol)
            .unwrap_or_else(|| self.declare(venue, symbol, symbol, "", kind));
        let entry = &mut self.entries[at];
        if entry.book.continuity() != rules {
            entry.book = OrderBook::of_scale(rules, entry.book.scale());
            entry.book.trade(entry.listed && !self.shut.contains(venue));
        }
        at
    }

    /// Returns the scales of a venue's prices.
    pub(crate) fn scales(&self, venue: &str) -> &PriceScales {
        const USUAL: &PriceScales = &PriceScales::EIGHT;
        self.scales.get(venue).unwrap_or(USUAL)
    }

    /// Gives a book's prices a finer scale, if it is one. Returns whether it is.
    fn refine(&mut self, at: usize, scale: PriceScale) -> bool {
        let entry = &mut self.entries[at];
        if let Some(next) = &mut entry.next {
            next.book.refine(scale);
        }
        let finer = entry.book.refine(scale);
        self.note_scale(at);
        finer
    }

    /// Takes over the scale that a book has.
    pub(crate) fn note_scale(&mut self, at: usize) {
        let BookEntry {
            venue,
            symbol,
            book,
            ..
        } = &self.entries[at];
        if book.scale() != self.scales(venue).of(symbol) {
            let scales = self.scales.entry(venue.clone()).or_default();
            scales.set(symbol, book.scale());
        }
    }

    /// Takes an instrument of a venue's list. Returns its place if it opened or closed, or limits or its scale changed.
    pub(crate) fn list(&mut self, venue: &str, instrument: &Instrument) -> Option<usize> {
        let Instrument {
            symbol,
            base,
            quote,
            ..
        } = instrument;
        let at = self.declare(venue, symbol, base, quote, "spot");
        let finer = self.refine(at, instrument.price_decimals);
        let entry = &mut self.entries[at];
        entry.listed = is_open(&instrument.status);
        let rules = TradingRules::of(instrument, entry.book.scale());
        let before = std::mem::replace(&mut entry.rules, rules);
        let is_new = finer || before.limits() != entry.rules.limits();
        (self.review(at) || is_new).then_some(at)
    }

    /// A venue as a whole trades, or doesn't. Returns the places of books that opened or closed.
    pub(crate) fn status(&mut self, venue: &str, status: &str) -> Vec<usize> {
        if is_open(status) {
            self.shut.remove(venue);
        } else {
            self.shut.insert(venue.to_owned());
        }
        let places = (0..self.entries.len()).filter(|&at| self.entries[at].venue == venue);
        let places: Vec<usize> = places.collect();
        places.into_iter().filter(|&at| self.review(at)).collect()
    }

    fn review(&mut self, at: usize) -> bool {
        let entry = &mut self.entries[at];
        let open = entry.listed && !self.shut.contains(&entry.venue);
        if let Some(next) = &mut entry.next {
            next.book.trade(open);
        }
        entry.book.trade(open)
    }

    /// Returns the place of the book of a `venue:symbol`.
    pub(crate) fn named(&self, source: &str) -> Option<usize> {
        let (venue, symbol) = source.split_once(':')?;
        self.place(venue, symbol)
    }

    fn place(&self, venue: &str, symbol: &str) -> Option<usize> {
        self.index
            .get(venue)
            .and_then(|symbols| symbols.get(symbol))
            .copied()
    }
}

/// Returns whether a ticker is of many tokens at once, as `1000BONK`, `1MBABYDOGE` and `SHIB1000`: it is not the token.
pub(crate) fn is_multiple(asset: &str) -> bool {
    let letters = |text: &str, least: usize| {
        text.chars().count() >= least && text.starts_with(|first: char| first.is_ascii_uppercase())
    };
    let thousands = |text: &str| text.len() >= 3 && text.bytes().all(|digit| digit == b'0');
    if let Some(rest) = asset.strip_prefix("1M") {
        return letters(rest, 3);
    }
    if let Some(rest) = asset.strip_prefix('1') {
        let token = rest.trim_start_matches('0');
        return thousands(&rest[..rest.len() - token.len()]) && letters(token, 1);
    }
    let token = asset.trim_end_matches('0');
    thousands(&asset[token.len()..])
        && token
            .strip_suffix('1')
            .is_some_and(|token| letters(token, 1))
}

/// Returns whether a pair or a venue with this status trades; each venue has its own word for it.
fn is_open(status: &str) -> bool {
    let words = ["", "trading", "online", "live"];
    words.iter().any(|word| status.eq_ignore_ascii_case(word))
}
