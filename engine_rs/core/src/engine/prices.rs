//! What each token costs on each venue: pools in the quote token, books in the asset that they are quoted in; also the
//! reference that turns SOL into others.
//!
//! One file, as its twin is: rows, their sources and the reference prices are kept in step by the same two updates.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::book_scale::{Rate, power};
use super::books::BookEntry;
use super::market::Market;
use super::registry::PoolState;
use super::series::Series;
use super::setup::EngineSetup;
use crate::book::order_book::Side;

/// Reference prices keep this many bits each side, so that a product of two and an amount fits 128 bits.
const PRECISE_BITS: u32 = 38;
const MAX_LAMPORTS: u64 = 1 << 48;

/// One pool or book that prices a token directly in the quote token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source {
    /// Quote atoms …
    pub(crate) num: u64,
    /// … per token atoms, net of fee, each below 2^38.
    pub(crate) den: u64,
    pub(crate) mid: f64,
    /// Quote tokens in it near the price; 0 for a book.
    pub(crate) depth: f64,
}

/// The sources of one token, by name.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    by_name: BTreeMap<String, Source>,
    /// The deepest, of equals the first by name: each decision asks for it several times.
    best: Option<Source>,
}

impl Sources {
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Source)> {
        self.by_name.iter()
    }

    pub(crate) fn set(&mut self, name: &str, source: Source) {
        if let Some(known) = self.by_name.get_mut(name) {
            *known = source;
        } else {
            self.by_name.insert(name.to_owned(), source);
        }
        self.choose();
    }

    fn remove(&mut self, name: &str) {
        self.by_name.remove(name);
        self.choose();
    }

    fn choose(&mut self) {
        let deeper = |best: Source, source: Source| {
            if source.depth > best.depth {
                source
            } else {
                best
            }
        };
        self.best = self.by_name.values().copied().reduce(deeper);
    }
}

/// One token on one venue.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Empty for an instrument that no identity ties to a token.
    pub(crate) mint: String,
    pub(crate) symbol: String,
    pub(crate) venue: String,
    pub(crate) source: String,
    pub(crate) book: bool,
    /// Place of the pool or book that gives the price, the deepest of its venue; `None` for an outside price.
    pub(crate) at: Option<usize>,
    pub(crate) depth: f64,
    pub(crate) bid: Option<f64>,
    pub(crate) ask: Option<f64>,
    pub(crate) changed_ns: Option<i64>,
    /// Says what the price is not, for a perpetual.
    pub(crate) synthetic: String,
    /// Symbol of the asset that the source trades the token against; empty if it was not said.
    pub(crate) quote: String,
    /// Whether prices are in that asset, and comparable with no other.
    pub(crate) own: bool,
    pub(crate) series: Series,
}

impl Row {
    /// Mint, or `venue:symbol` where there is none or prices are in another asset than the quote token.
    pub(crate) fn key(&self) -> &str {
        if self.mint.is_empty() || self.own {
            &self.source
        } else {
            &self.mint
        }
    }

    /// Returns whether it stands beside the token's other rows, in another asset.
    pub(crate) fn is_apart(&self) -> bool {
        self.own && !self.mint.is_empty()
    }

    fn update(&mut self, bid: Option<f64>, ask: Option<f64>, now_ns: i64) {
        if (bid, ask) != (self.bid, self.ask) {
            (self.bid, self.ask, self.changed_ns) = (bid, ask, Some(now_ns));
        }
        if let (Some(bid), Some(ask)) = (bid, ask) {
            self.series.add(now_ns, 0.5 * (bid + ask));
        }
    }
}

/// Rows by mint (or `venue:symbol`) and venue, reference sources by mint.
#[derive(Debug)]
pub(crate) struct Prices {
    quote_mint: String,
    sol_mint: String,
    pub(crate) rows: BTreeMap<String, BTreeMap<String, Row>>,
    pub(crate) sources: BTreeMap<String, Sources>,
    symbols: HashMap<String, String>,
    pub(crate) ranks: HashMap<String, i64>,
}

impl Prices {
    pub(crate) fn new(setup: &EngineSetup) -> Self {
        let symbols: HashMap<String, String> = setup
            .tokens
            .iter()
            .map(|token| (token.mint.clone(), token.symbol.clone()))
            .collect();
        let based = setup.tokens.iter().filter(|token| token.base != 0);
        Self {
            quote_mint: setup.quote_mint.clone(),
            sol_mint: setup.sol_mint.clone(),
            rows: BTreeMap::new(),
            sources: BTreeMap::new(),
            symbols,
            ranks: based
                .map(|token| (token.mint.clone(), token.base))
                .collect(),
        }
    }

    // -- updates

    /// Takes over the price of a pool that has just changed.
    pub(crate) fn pool(&mut self, market: &Market, at: usize, now_ns: i64) {
        let pool = &market.registry.pools[at];
        let Some(edge) = pool.edge else { return };
        let (mint_a, mint_b) = market.ends(edge);
        let token_first = self.prices_first(mint_a, mint_b);
        let (token, other) = if token_first {
            (mint_a, mint_b)
        } else {
            (mint_b, mint_a)
        };
        if matches!(pool.state, PoolState::Closed | PoolState::Refused)
            && let Some(sources) = self.sources.get_mut(token)
        {
            sources.remove(&pool.name);
        }
        let (Some(built), Some(time), PoolState::Live) =
            (&pool.pool, &market.registry.time, pool.state)
        else {
            return;
        };
        let Some([places_a, places_b]) = market.pool_places(pool) else {
            return;
        };
        let (token_places, other_places) = if token_first {
            (places_a, places_b)
        } else {
            (places_b, places_a)
        };
        let (sold, bought) = (
            built.rate(token_first, time),
            built.rate(!token_first, time),
        );
        let scale = power(token_places) as f64 / power(other_places) as f64;
        let mut bid = sold.map(|(num, den)| num as f64 / den as f64 * scale);
        let mut ask = bought.map(|(num, den)| den as f64 / num as f64 * scale);
        let reserves = built.virtual_reserves(!token_first, time);
        let mut depth = reserves.map_or(0.0, |reserves| reserves.0 / power(other_places) as f64);
        if other == self.quote_mint {
            if let (Some(sold), Some(bid), Some(ask)) = (sold, bid, ask) {
                self.source(token, &pool.name, sold, 0.5 * (bid + ask), depth);
            }
        } else {
            let Some(unit) = self.mid(other) else { return };
            bid = bid.map(|bid| bid * unit);
            ask = ask.map(|ask| ask * unit);
            depth *= unit;
        }
        if let Some(row) = self.pool_row(market, (token, other), at, depth) {
            row.depth = depth;
            row.update(bid, ask, now_ns);
        }
    }

    /// Returns whether `token_a` is the one to price, in the other one.
    fn prices_first(&self, mint_a: &str, mint_b: &str) -> bool {
        for unit in [&self.quote_mint, &self.sol_mint] {
            if unit == mint_b {
                return true;
            }
            if unit == mint_a {
                return false;
            }
        }
        let rank = |mint| self.ranks.get(mint).copied().unwrap_or(1 << 30);
        rank(mint_a) >= rank(mint_b)
    }

    fn source(&mut self, mint: &str, name: &str, (num, den): Rate, mid: f64, depth: f64) {
        let (num, den) = precise(num, den);
        if num == 0 || den == 0 {
            return;
        }
        let source = Source {
            num,
            den,
            mid,
            depth,
        };
        if let Some(sources) = self.sources.get_mut(mint) {
            sources.set(name, source);
        } else {
            self.sources
                .entry(mint.to_owned())
                .or_default()
                .set(name, source);
        }
    }

    /// Returns the row that a pool gives the price of, `None` if another pool of the venue is deeper.
    fn pool_row(
        &mut self,
        market: &Market,
        (mint, other): (&str, &str),
        at: usize,
        depth: f64,
    ) -> Option<&mut Row> {
        let pool = &market.registry.pools[at];
        let venue = pool.kind.venue();
        if self
            .rows
            .get(mint)
            .is_none_or(|rows| !rows.contains_key(venue))
        {
            let mut row = new_row(mint, self.symbol(mint), venue, &pool.name, false, Some(at))?;
            row.quote = self.symbol(other);
            self.rows
                .entry(mint.to_owned())
                .or_default()
                .insert(venue.to_owned(), row);
        }
        let row = self.rows.get_mut(mint)?.get_mut(venue)?;
        if let Some(held) = row.at.filter(|&held| held != at) {
            if depth <= row.depth && market.registry.pools[held].state != PoolState::Closed {
                return None;
            }
            row.at = Some(at);
            row.quote = symbol(&self.symbols, other);
            row.source.clone_from(&pool.name);
        }
        Some(row)
    }

    /// Takes over the best prices of a book that has just changed.
    pub(crate) fn book(&mut self, market: &Market, at: usize, now_ns: i64) {
        let entry = &market.books.entries[at];
        let (Some(best_bid), Some(best_ask)) =
            (entry.book.best(Side::Bid), entry.book.best(Side::Ask))
        else {
            return;
        };
        let own = self.is_own(entry);
        let key = if own { &entry.name } else { &entry.base_mint };
        if self
            .rows
            .get(key)
            .is_none_or(|rows| !rows.contains_key(&entry.venue))
        {
            let symbol = if entry.base_mint.is_empty() {
                entry.base.clone()
            } else {
                self.symbol(&entry.base_mint)
            };
            let Some(mut row) = new_row(
                &entry.base_mint,
                symbol,
                &entry.venue,
                &entry.name,
                true,
                Some(at),
            ) else {
                return;
            };
            row.quote = self.quoted(entry);
            row.own = own;
            if entry.kind == "perp" {
                "basis (synthetic)".clone_into(&mut row.synthetic);
            }
            self.rows
                .entry(key.clone())
                .or_default()
                .insert(entry.venue.clone(), row);
        }
        let Some(row) = self
            .rows
            .get_mut(key)
            .and_then(|rows| rows.get_mut(&entry.venue))
        else {
            return;
        };
        if row.at != Some(at) {
            return;
        }
        let scale = entry.book.scale();
        let (bid, ask) = (scale.real(best_bid.0), scale.real(best_ask.0));
        row.update(Some(bid), Some(ask), now_ns);
        if entry.live() {
            self.book_source(market, entry, best_bid.0, 0.5 * (bid + ask));
        }
    }

    /// Returns whether a book's prices are in another asset than the quote token, or of what is tied to no token.
    fn is_own(&self, entry: &BookEntry) -> bool {
        entry.base_mint.is_empty() || entry.quote_mint != self.quote_mint
    }

    /// Returns the symbol of a book's quote asset.
    fn quoted(&self, entry: &BookEntry) -> String {
        if entry.quote_mint.is_empty() {
            entry.quote.clone()
        } else {
            self.symbol(&entry.quote_mint)
        }
    }

    fn book_source(&mut self, market: &Market, entry: &BookEntry, bid: u64, mid: f64) {
        if !entry.blocked.is_empty() || entry.quote_mint != self.quote_mint {
            return;
        }
        let rate = market.scale(entry).and_then(|scale| scale.sell_rate(bid));
        if let Some(rate) = rate {
            self.source(&entry.base_mint, &entry.name, rate, mid, 0.0);
        }
    }

    /// Takes an outside price of a token.
    pub(crate) fn inject(&mut self, mint: &str, price: f64, now_ns: i64) {
        const VENUE: &str = "injected";
        if self
            .rows
            .get(mint)
            .is_none_or(|rows| !rows.contains_key(VENUE))
        {
            let Some(mut row) = new_row(mint, self.symbol(mint), VENUE, VENUE, true, None) else {
                return;
            };
            row.quote = self.symbol(&self.quote_mint);
            self.rows
                .entry(mint.to_owned())
                .or_default()
                .insert(VENUE.to_owned(), row);
        }
        if let Some(row) = self.rows.get_mut(mint).and_then(|rows| rows.get_mut(VENUE)) {
            row.update(Some(price), Some(price), now_ns);
        }
    }

    // -- reference prices

    /// Returns the deepest direct source of a token's price; of equals the one whose name is smallest.
    fn best(&self, mint: &str) -> Option<&Source> {
        self.sources.get(mint)?.best.as_ref()
    }

    /// Returns a token's price in whole quote tokens.
    pub(crate) fn mid(&self, mint: &str) -> Option<f64> {
        if mint == self.quote_mint {
            Some(1.0)
        } else {
            self.best(mint).map(|source| source.mid)
        }
    }

    /// Returns the price of each token that has one, in whole quote tokens.
    pub(crate) fn values(&self) -> BTreeMap<String, f64> {
        let mints = self.sources.keys().chain([&self.quote_mint]);
        let value = |mint: &String| Some((mint.clone(), self.mid(mint)?));
        mints.filter_map(value).collect()
    }

    /// Returns what an atom of a token is worth in whole quote tokens, `None` if that is unknown.
    pub(crate) fn atom_value(&self, market: &Market, mint: &str) -> Option<f64> {
        Some(self.mid(mint)? / power(market.places(mint)?) as f64)
    }

    /// Returns how many atoms of a token cost what a lamport does, `None` if a price is unknown.
    pub(crate) fn per_lamport(&self, mint: &str) -> Option<f64> {
        if mint == self.sol_mint {
            return Some(1.0);
        }
        let (sol, token) = (self.rate(&self.sol_mint)?, self.rate(mint)?);
        Some(sol.0 as f64 * token.1 as f64 / (sol.1 as f64 * token.0 as f64))
    }

    /// Returns what `lamports` cost in atoms of a token, rounded up; `None` if a price is unknown.
    pub(crate) fn lamports_to(&self, lamports: u64, mint: &str) -> Option<u64> {
        if mint == self.sol_mint {
            return Some(lamports);
        }
        let (sol, token) = (self.rate(&self.sol_mint)?, self.rate(mint)?);
        if lamports >= MAX_LAMPORTS {
            return None;
        }
        let cost = u128::from(lamports) * u128::from(sol.0) * u128::from(token.1);
        u64::try_from(cost.div_ceil(u128::from(sol.1) * u128::from(token.0))).ok()
    }

    /// Returns how many lamports cost what `atoms` of a token do, rounded up; `None` if a price is unknown.
    pub(crate) fn lamports_of(&self, atoms: u64, mint: &str) -> Option<u64> {
        if mint == self.sol_mint {
            return Some(atoms);
        }
        let (sol, token) = (self.rate(&self.sol_mint)?, self.rate(mint)?);
        if atoms >= MAX_LAMPORTS {
            return None;
        }
        let cost = u128::from(atoms) * u128::from(sol.1) * u128::from(token.0);
        u64::try_from(cost.div_ceil(u128::from(sol.0) * u128::from(token.1))).ok()
    }

    fn rate(&self, mint: &str) -> Option<(u64, u64)> {
        if mint == self.quote_mint {
            Some((1, 1))
        } else {
            self.best(mint).map(|source| (source.num, source.den))
        }
    }

    /// Returns a token's symbol, or its short address.
    pub(crate) fn symbol(&self, mint: &str) -> String {
        symbol(&self.symbols, mint)
    }
}

fn symbol(symbols: &HashMap<String, String>, mint: &str) -> String {
    match symbols.get(mint).filter(|symbol| !symbol.is_empty()) {
        Some(symbol) => symbol.clone(),
        None => short(mint),
    }
}

/// Returns a row without a price.
fn new_row(
    mint: &str,
    symbol: String,
    venue: &str,
    source: &str,
    book: bool,
    at: Option<usize>,
) -> Option<Row> {
    Some(Row {
        mint: mint.to_owned(),
        symbol,
        venue: venue.to_owned(),
        source: source.to_owned(),
        book,
        at,
        depth: 0.0,
        bid: None,
        ask: None,
        changed_ns: None,
        synthetic: String::new(),
        quote: String::new(),
        own: false,
        series: Series::new()?,
    })
}

/// Returns the first and last four characters of an address.
fn short(mint: &str) -> String {
    let chars: Vec<char> = mint.chars().collect();
    let (head, tail) = (
        chars.iter().take(4),
        chars.iter().skip(chars.len().saturating_sub(4)),
    );
    head.chain([&'…']).chain(tail).collect()
}

/// Returns a rate with each side below 2^38.
fn precise(num: u128, den: u128) -> (u64, u64) {
    let bits = 128 - num.leading_zeros().min(den.leading_zeros());
    let shift = bits.saturating_sub(PRECISE_BITS);
    ((num >> shift) as u64, (den >> shift) as u64)
}
