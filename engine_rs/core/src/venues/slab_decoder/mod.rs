//! On-chain order books: Serum and `OpenBook` v1 slabs, `OpenBook` v2 book sides, Phoenix red-black trees.
//!
//! Prices and quantities stay in the market's own lots (ticks, for Phoenix); `Lots` turns them into atoms exactly. A
//! damaged tree is an error that names the node, never a book with a hole. Layouts: `openbook-dex/program`,
//! `openbook-dex/openbook-v2`, `Ellipsis-Labs/phoenix-v1`.

mod crit_bit;
mod error;
mod lots;
mod openbook_v2;
pub mod owned;
mod phoenix;
pub mod program;
mod serum;

pub use crate::book::order_book::Side;
use crate::chain::base58::Pubkey;
pub use error::SlabError;
pub use lots::{Level, Lots, levels};
pub use openbook_v2::{decode_openbook_v2_book, decode_openbook_v2_market};
pub use phoenix::{decode_phoenix_books, decode_phoenix_market};
pub use serum::{OpenOrders, decode_serum_book, decode_serum_market};

/// A resting order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Quote lots per base lot; ticks, for Phoenix.
    pub price: u64,
    /// Base lots.
    pub quantity: u64,
    /// Low half of the key: orders of one price stand in its order, bids with the larger first.
    pub sequence: u64,
    /// The open-orders account; the trader, for Phoenix.
    pub owner: Pubkey,
    /// The client's own id; 0 for Phoenix, which keeps none.
    pub client_order_id: u64,
}

impl Order {
    /// Returns what an order stands by in its tree.
    pub fn key(&self) -> u128 {
        u128::from(self.price) << 64 | u128::from(self.sequence)
    }
}

/// One side of a market, best order first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Book {
    pub side: Side,
    pub orders: Vec<Order>,
}

impl Book {
    /// Returns the order that fills first, `None` for an empty side.
    pub fn best(&self) -> Option<&Order> {
        self.orders.first()
    }

    /// Returns the quantity at each price, best first.
    pub fn levels(&self) -> Vec<Level> {
        levels(&self.orders)
    }
}

/// What a market trades, and in what lots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Market {
    pub base_mint: Pubkey,
    pub quote_mint: Pubkey,
    pub base_vault: Pubkey,
    pub quote_vault: Pubkey,
    /// The account of the bids; `None` where the market's own account holds them.
    pub bids: Option<Pubkey>,
    pub asks: Option<Pubkey>,
    pub lots: Lots,
    /// Parts per million of the quote amount; `None` where the program, not the account, sets it.
    pub taker_fee_ppm: Option<u64>,
    /// Serum: account flags. `OpenBook` v2: time of expiry, 0 for none. Phoenix: status.
    pub status: u64,
}

/// How many orders can't fill, by reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Skipped {
    /// Past the time or slot they live to.
    pub expired: u64,
    /// Pegged, and no oracle price was given.
    pub no_oracle_price: u64,
    /// Pegged to a price below 1 lot or beyond all prices.
    pub peg_price: u64,
    /// Pegged beyond their own limit.
    pub peg_limit: u64,
}

impl Skipped {
    /// Returns each reason that there was with its count.
    pub fn counts(&self) -> Vec<(&'static str, u64)> {
        [
            ("expired", self.expired),
            ("no_oracle_price", self.no_oracle_price),
            ("peg_price", self.peg_price),
            ("peg_limit", self.peg_limit),
        ]
        .into_iter()
        .filter(|&(_, count)| count > 0)
        .collect()
    }
}

/// Returns whether a key may follow another on a side: bids fall, asks rise.
fn follows(side: Side, before: u128, key: u128) -> bool {
    match side {
        Side::Bid => key < before,
        Side::Ask => key > before,
    }
}

#[cfg(test)]
mod tests;
