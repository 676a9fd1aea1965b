//! Frames of one channel to the state they tell of: a venue's book, a node's accounts.
//!
//! For users of the engine: no screen and no order uses it.

use hashbrown::HashMap;

use crate::book::order_book::{Numbered, Numbering, OrderBook, Source};
use crate::chain::base58::Pubkey;
use crate::chain::session::SolanaSession;
use crate::chain::solana::decode_solana;
use crate::exchanges::Continuity;
use crate::exchanges::decimal::{PriceScale, PriceScales};
use crate::exchanges::decoded::decode_venue;
use crate::exchanges::event::Event;
use crate::exchanges::{DecodeError, Direction};

/// The book of one symbol, frame by frame.
#[derive(Debug)]
pub struct BookStream {
    protocol: String,
    symbol: String,
    scales: PriceScales,
    source: Source,
    book: OrderBook,
    numbering: Numbering,
    frames: i64,
}

impl BookStream {
    /// Returns an empty book of a channel, which may carry many symbols; the frames of others say nothing here. Its prices
    /// have eight decimals.
    pub fn new(protocol: &str, symbol: &str) -> Self {
        Self::of_scale(protocol, symbol, PriceScale::EIGHT)
    }

    /// Returns the same with prices of another scale.
    pub fn of_scale(protocol: &str, symbol: &str, scale: PriceScale) -> Self {
        Self {
            protocol: protocol.to_owned(),
            symbol: symbol.to_owned(),
            scales: PriceScales::all(scale),
            source: Source::of(protocol),
            book: OrderBook::of_scale(Continuity::of(protocol), scale),
            numbering: Numbering::default(),
            frames: 0,
        }
    }

    /// Takes a frame; false if it says nothing of the book. Frames are numbered in place of a time.
    ///
    /// # Errors
    /// The decoder's; the book is as it was.
    pub fn take(&mut self, body: &[u8]) -> Result<bool, DecodeError> {
        let events = decode_venue(&self.protocol, &self.symbol, body, &self.scales)?;
        let at = self.frames;
        self.frames += 1;
        let mut applied = false;
        for event in events {
            if let Event::Sequence { number } = event {
                match self.numbering.take(number) {
                    Numbered::Repeated => return Ok(false),
                    Numbered::Missed => drop(self.book.gap()),
                    Numbered::Next => {}
                }
            } else if event.symbol().is_none_or(|symbol| symbol == self.symbol) {
                applied |= self.book.take(event, self.source, at).is_some();
            }
        }
        Ok(applied)
    }

    /// Returns the book as it is.
    pub fn book(&self) -> &OrderBook {
        &self.book
    }
}

/// An account as a node told it last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountState {
    pub slot: u64,
    pub lamports: u64,
    pub owner: Pubkey,
    pub data: Vec<u8>,
}

/// What one connection of a node told of accounts.
#[derive(Debug, Default)]
pub struct AccountStream {
    session: SolanaSession,
    accounts: HashMap<Pubkey, AccountState>,
}

impl AccountStream {
    /// Returns a connection that told nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a frame; returns how many accounts it told of. An account never goes back to an earlier slot.
    ///
    /// # Errors
    /// The decoder's.
    pub fn take(&mut self, sent: bool, body: &[u8]) -> Result<usize, DecodeError> {
        let direction = if sent { Direction::Out } else { Direction::In };
        let mut updates = 0;
        for event in decode_solana(&mut self.session, 1, 1, direction, body)? {
            let Event::Account {
                key,
                slot,
                lamports,
                owner,
                data,
            } = event
            else {
                continue;
            };
            updates += 1;
            let update = AccountState {
                slot,
                lamports,
                owner,
                data,
            };
            match self.accounts.get_mut(&key) {
                Some(known) if slot < known.slot => {}
                Some(known) => *known = update,
                None => drop(self.accounts.insert(key, update)),
            }
        }
        Ok(updates)
    }

    /// Returns an account, `None` if nothing was told of it.
    pub fn account(&self, key: &Pubkey) -> Option<&AccountState> {
        self.accounts.get(key)
    }
}
