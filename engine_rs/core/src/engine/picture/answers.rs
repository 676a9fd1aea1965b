//! What a picture answers: the same as the engine would have at its moment.

use serde::Serialize;

use super::{LEVELS, Picture, PicturedBook, PicturedCarrier, PicturedPool};
use crate::book::order_book::Side;
use crate::chain::base58;
use crate::engine::json;
use crate::engine::market::{
    Carried, Leg, Problem, Refusal, book_leg, pool_leg, quote_book, quote_pool,
};
use crate::exchanges::decimal::PriceScale;
use crate::exchanges::event::Level;
use crate::venues::quote::ChainTime;

/// (amount out, empty), or (0, why not).
pub type Quoted = (u64, String);

/// Twin of `PoolPicture` in `cambist/engine/picture.py`.
#[derive(Serialize)]
struct PoolPicture<'a> {
    address: &'a str,
    venue: &'static str,
    state: &'static str,
    problem: &'static str,
    mints: Vec<String>,
    changed_ns: i64,
}

/// Twin of `BookPicture` in `cambist/engine/picture.py`.
#[derive(Serialize)]
struct BookPicture<'a> {
    source: &'a str,
    state: &'static str,
    last_update_id: u64,
    best_bid: Option<Level>,
    best_ask: Option<Level>,
    bids: Vec<Level>,
    asks: Vec<Level>,
    as_of_ns: i64,
    cut: bool,
    price_decimals: PriceScale,
}

impl Picture {
    /// Returns the moment's record: its seq and when it was received.
    pub fn at(&self) -> (u64, i64) {
        (self.seq, self.now_ns)
    }

    /// Returns the chain's clock, `None` if it was not told yet.
    pub fn clock(&self) -> Option<ChainTime> {
        self.time
    }

    /// Returns JSON of a `FeesPicture`.
    pub fn fees(&self) -> Vec<u8> {
        json::encode(&self.fees)
    }

    /// Returns what a whole token is worth in whole quote tokens, `None` if that is unknown.
    pub fn value(&self, mint: &str) -> Option<f64> {
        self.values.get(mint).copied()
    }

    /// Returns the addresses of all pools, in the order of the setup.
    pub fn pools(&self) -> Vec<String> {
        let pools = self.pools.iter();
        pools.map(|pool| base58::encode(&pool.address)).collect()
    }

    /// Returns JSON of a `PoolPicture`, or `null` if there is no such pool.
    pub fn pool(&self, address: &str) -> Vec<u8> {
        let shown = self.find_pool(address).map(|pool| PoolPicture {
            address,
            venue: pool.venue,
            state: pool.state.as_str(),
            problem: self.pool_leg(address, pool).problem.as_str(),
            mints: pool.mints.iter().flatten().map(base58::encode).collect(),
            changed_ns: pool.changed_ns,
        });
        json::encode(&shown)
    }

    /// Returns JSON of a `BookPicture` with at most `depth` levels a side, or `null` if there is no such book.
    pub fn book(&self, source: &str, depth: usize) -> Vec<u8> {
        let shown = self.find_book(source).map(|entry| {
            let leg = self.book_leg(entry);
            let state = match leg.problem.as_str() {
                _ if !entry.book.usable() => entry.book.word(),
                "" => "live",
                problem => problem,
            };
            BookPicture {
                source,
                state,
                last_update_id: entry.book.last_update_id(),
                best_bid: entry.book.best(Side::Bid),
                best_ask: entry.book.best(Side::Ask),
                bids: entry.book.updated(Side::Bid, depth),
                asks: entry.book.updated(Side::Ask, depth),
                as_of_ns: entry.as_of_ns,
                cut: depth > LEVELS && entry.cut != [false; 2],
                price_decimals: entry.book.scale(),
            }
        });
        json::encode(&shown)
    }

    /// Returns what `amount_in` atoms of a token buy in a pool or a book (`venue:symbol`), as the engine would have quoted
    /// that edge; (0, `cut`) where the book goes on beyond what is held and what is held is not enough.
    pub fn quote(&self, name: &str, token_in: &str, amount_in: u64) -> Quoted {
        let paid = match self.find_pool(name) {
            Some(pool) => self.quote_of_pool(name, pool, token_in, amount_in),
            None => self
                .find_book(name)
                .map_or(Err("unknown_edge".to_owned()), |book| {
                    self.quote_of_book(book, token_in, amount_in)
                }),
        };
        match paid {
            Ok(amount_out) => (amount_out, String::new()),
            Err(reason) => (0, reason),
        }
    }

    fn quote_of_pool(
        &self,
        name: &str,
        pool: &PicturedPool,
        token_in: &str,
        amount_in: u64,
    ) -> Result<u64, String> {
        let sold = base58::decode(token_in).filter(|_| pool.is_edge);
        let mints = pool.mints.unwrap_or_default();
        let first = sold.and_then(|sold| mints.iter().position(|mint| *mint == sold));
        let first = first.ok_or("unknown_edge")? == 0;
        believed(&self.pool_leg(name, pool))?;
        let state = (pool.pool.as_deref(), pool.state);
        told(quote_pool(state, self.time.as_ref(), amount_in, first))
    }

    fn quote_of_book(
        &self,
        entry: &PicturedBook,
        token_in: &str,
        amount_in: u64,
    ) -> Result<u64, String> {
        let names = &entry.names;
        let mints = [&names.base_mint, &names.quote_mint];
        let first = mints.into_iter().position(|mint| mint == token_in);
        let first = first.filter(|_| entry.is_edge).ok_or("unknown_edge")? == 0;
        believed(&self.book_leg(entry))?;
        let paid = quote_book(&entry.book, entry.scale, &entry.rules, amount_in, first);
        if paid.is_err()
            && entry.cut[usize::from(!first)]
            && let Some(scale) = entry.scale
            && !scale.is_deep(&entry.book, amount_in, &entry.rules, first)
        {
            return Err("cut".to_owned());
        }
        told(paid)
    }

    fn find_pool(&self, address: &str) -> Option<&PicturedPool> {
        let at = self.index.get(&base58::decode(address)?)?;
        self.pools.get(*at)
    }

    fn find_book(&self, name: &str) -> Option<&PicturedBook> {
        self.books.get(*self.named.get(name)?)
    }

    fn pool_leg(&self, name: &str, pool: &PicturedPool) -> Leg {
        let carried = Carried {
            name,
            state: pool.state,
            changed_ns: pool.changed_ns,
            carrier: pool
                .carrier
                .and_then(|at| self.carriers.get(&at))
                .map(PicturedCarrier::carrier),
        };
        pool_leg(&carried, self.slot, &self.gates, self.now_ns)
    }

    fn book_leg(&self, entry: &PicturedBook) -> Leg {
        let named = (entry.names.name.as_str(), &*entry.book);
        book_leg(named, entry.as_of_ns, &self.gates, self.now_ns)
    }
}

/// Returns an error with what is wrong with a step's state, if anything is.
fn believed(leg: &Leg) -> Result<(), String> {
    match leg.problem {
        Problem::None => Ok(()),
        problem => Err(problem.as_str().to_owned()),
    }
}

fn told(paid: Result<crate::engine::market::Hop, Refusal>) -> Result<u64, String> {
    paid.map(|hop| hop.amount_out)
        .map_err(|refusal| refusal.to_string())
}
