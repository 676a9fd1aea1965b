//! A picture of the market at a moment, for readers on other threads: immutable, so that they neither wait for the
//! engine nor hold it up.
//!
//! Made only at a moment, only if one was asked for since the last, and at most every 50 ms of the records' time. What did
//! not move is shared with the picture before and with the engine: a pool is built anew whenever its accounts change, a
//! book is copied to 400 levels a side. No decision, digest or snapshot knows of it.
//!
//! `answers` is what readers may ask.

mod answers;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use hashbrown::HashMap;

use super::Engine;
use super::book_scale::{Scale, TradingRules};
use super::books::BookEntry;
use super::channels::ChannelState;
use super::market::{Carrier, Market};
use super::registry::{PoolEntry, PoolState};
use crate::book::order_book::OrderBook;
use crate::chain::base58::Pubkey;
use crate::judge::scorer::Gates;
use crate::venues::pool::Pool;
use crate::venues::quote::ChainTime;
use cambist_record::Header;

pub use self::answers::Quoted;

/// Time of records between two pictures.
pub const EVERY_NS: i64 = 50_000_000;
/// Levels of a side that a picture holds.
pub const LEVELS: usize = 400;

/// Where readers ask for a picture and find the latest one: neither waits for the engine.
#[derive(Debug, Default)]
pub struct Pictures {
    wanted: AtomicBool,
    latest: Mutex<Option<Arc<Picture>>>,
}

impl Pictures {
    /// Asks for a picture newer than the latest one.
    pub fn ask(&self) {
        self.wanted.store(true, Ordering::Relaxed);
    }

    /// Returns the latest picture, `None` before any was made.
    pub fn latest(&self) -> Option<Arc<Picture>> {
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        latest.clone()
    }

    pub(super) fn put(&self, picture: Option<Arc<Picture>>) {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let _before = std::mem::replace(&mut *latest, picture);
        drop(latest); // what nobody else holds is freed once readers may go on
    }
}

/// The market as it was at a moment.
#[derive(Debug)]
pub struct Picture {
    seq: u64,
    now_ns: i64,
    /// Newest slot of any connection.
    slot: Option<u64>,
    time: Option<ChainTime>,
    gates: Arc<Gates>,
    carriers: BTreeMap<u16, PicturedCarrier>,
    pools: Vec<PicturedPool>,
    /// Places of pools, which stay the same.
    index: Arc<HashMap<Pubkey, usize>>,
    books: Vec<PicturedBook>,
    /// Places of books by `venue:symbol`: more of them become known, none goes.
    named: Arc<HashMap<String, usize>>,
    /// Whole quote tokens for a whole token.
    values: BTreeMap<String, f64>,
    fees: Fees,
}

/// What fees rest on; twin of `FeesPicture` in `cambist/engine/picture.py`.
#[derive(Clone, Copy, Debug, serde::Serialize)]
struct Fees {
    congestion: Option<u8>,
    bid_micro_lamports: Option<u64>,
    bid_percentile: u32,
    trade_lamports: (u64, Option<u64>, u64),
}

/// The connection that carries pools.
#[derive(Debug)]
struct PicturedCarrier {
    label: String,
    slot: u64,
    slot_ns: i64,
    is_down: bool,
    is_quarantined: bool,
}

impl PicturedCarrier {
    fn of(channel: &ChannelState) -> Option<Self> {
        Carrier::of(channel).map(|carrier| Self {
            label: carrier.label.to_owned(),
            slot: carrier.slot,
            slot_ns: carrier.slot_ns,
            is_down: carrier.is_down,
            is_quarantined: carrier.is_quarantined,
        })
    }

    fn carrier(&self) -> Carrier<'_> {
        Carrier {
            label: &self.label,
            slot: self.slot,
            slot_ns: self.slot_ns,
            is_down: self.is_down,
            is_quarantined: self.is_quarantined,
        }
    }
}

#[derive(Debug)]
struct PicturedPool {
    address: Pubkey,
    venue: &'static str,
    state: PoolState,
    mints: Option<[Pubkey; 2]>,
    is_edge: bool,
    carrier: Option<u16>,
    changed_ns: i64,
    pool: Option<Arc<Pool>>,
}

impl PicturedPool {
    fn of(entry: &PoolEntry) -> Self {
        Self {
            address: entry.address,
            venue: entry.kind.venue(),
            state: entry.state,
            mints: entry.mints,
            is_edge: entry.edge.is_some(),
            carrier: entry.carrier,
            changed_ns: entry.changed_ns,
            pool: entry.pool.clone(),
        }
    }
}

/// A book's names, which stay the same.
#[derive(Debug)]
struct BookNames {
    name: String,
    base_mint: String,
    quote_mint: String,
}

#[derive(Debug)]
struct PicturedBook {
    names: Arc<BookNames>,
    is_edge: bool,
    scale: Option<Scale>,
    rules: TradingRules,
    as_of_ns: i64,
    book: Arc<OrderBook>,
    /// Whether the book goes on beyond what is held: of bids, of asks.
    cut: [bool; 2],
}

impl PicturedBook {
    fn of(market: &Market, entry: &BookEntry, before: Option<&Self>) -> Self {
        let kept = before.filter(|before| !entry.moved && before.book.is_alike(&entry.book));
        let (book, cut) = kept.map_or_else(
            || {
                let (book, cut) = entry.book.cut(LEVELS);
                (Arc::new(book), cut)
            },
            |kept| (Arc::clone(&kept.book), kept.cut),
        );
        let names = before.map_or_else(
            || {
                Arc::new(BookNames {
                    name: entry.name.clone(),
                    base_mint: entry.base_mint.clone(),
                    quote_mint: entry.quote_mint.clone(),
                })
            },
            |before| Arc::clone(&before.names),
        );
        Self {
            names,
            is_edge: entry.edge.is_some(),
            scale: market.scale(entry),
            rules: entry.rules,
            as_of_ns: entry.as_of_ns,
            book,
            cut,
        }
    }
}

impl Engine {
    /// Returns where pictures are asked for and found, from any thread.
    pub fn pictures(&self) -> Arc<Pictures> {
        Arc::clone(&self.pictures)
    }

    /// Makes a picture of a moment if one is due.
    pub(super) fn take_picture(&mut self, header: &Header) {
        if !self.pictures.wanted.load(Ordering::Relaxed) {
            return;
        }
        let before = self.pictures.latest();
        let since = |before: &Arc<Picture>| header.recv_ns.wrapping_sub(before.now_ns);
        if before
            .as_ref()
            .is_some_and(|before| (0..EVERY_NS).contains(&since(before)))
        {
            return;
        }
        self.pictures.wanted.store(false, Ordering::Relaxed);
        let made = self.pictured(header, before.as_deref());
        self.pictures.put(Some(Arc::new(made)));
        for entry in &mut self.market.books.entries {
            entry.moved = false;
        }
    }

    fn pictured(&self, header: &Header, before: Option<&Picture>) -> Picture {
        let (market, registry) = (&self.market, &self.market.registry);
        let shared = |before: &Picture| (Arc::clone(&before.gates), Arc::clone(&before.index));
        let (gates, index) = before.map_or_else(
            || {
                (
                    Arc::new(self.setup.gates.clone()),
                    Arc::new(registry.index.clone()),
                )
            },
            shared,
        );
        let known = |at: usize| before.and_then(|before| before.books.get(at));
        let entries = &market.books.entries;
        let names = before.filter(|before| before.books.len() == entries.len());
        let named = names.map_or_else(
            || {
                let names = entries.iter().map(|entry| entry.name.clone());
                Arc::new(names.zip(0..).collect())
            },
            |before| Arc::clone(&before.named),
        );
        let books = entries.iter().enumerate();
        let channels = self.channels.iter();
        Picture {
            seq: header.seq,
            now_ns: header.recv_ns,
            slot: market.slot,
            time: registry.time,
            gates,
            carriers: channels
                .filter_map(|(&at, channel)| Some((at, PicturedCarrier::of(channel)?)))
                .collect(),
            pools: registry.pools.iter().map(PicturedPool::of).collect(),
            index,
            books: books
                .map(|(at, entry)| PicturedBook::of(market, entry, known(at)))
                .collect(),
            named,
            values: self.prices.values(),
            fees: self.fees_now(),
        }
    }

    fn fees_now(&self) -> Fees {
        Fees {
            congestion: self.congestion(),
            bid_micro_lamports: self.judge.bid.map(|bid| bid.micro_lamports),
            bid_percentile: self.sources.percent(&self.setup.bidding),
            trade_lamports: self.trade_lamports(),
        }
    }
}
