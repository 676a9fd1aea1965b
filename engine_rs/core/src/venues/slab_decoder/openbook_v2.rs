//! `OpenBook` v2: a book side holds two crit-bit trees over one set of nodes, fixed prices and prices that follow an
//! oracle.
//!
//! Book side 90,952 bytes: roots at 8, tree type at 312, bump index at 316, 1,024 nodes of 88 bytes from 840. Market 848
//! bytes.

use super::crit_bit::{Leaf, Nodes, allocated};
use super::{Book, Lots, Market, Order, Side, Skipped, SlabError};
use crate::chain::reader::{LayoutError, Reader};

const MARKET: [u8; 8] = [0xdb, 0xbe, 0xd5, 0x37, 0x00, 0xe3, 0xc6, 0x9a];
const MARKET_SIZE: usize = 848;
const BOOK: [u8; 8] = [0x48, 0x2c, 0xe1, 0x8d, 0xb2, 0x82, 0x61, 0x39];
const BOOK_NAME: &str = "openbook_v2_book";
const ROOM: usize = 1024;
const NODES: usize = 840;
const NODE_SIZE: usize = 88;
const NO_LIMIT: i64 = -1;

/// Returns the orders that can fill at `unix_timestamp`, pegged ones at the oracle's price in lots, and why others can't.
///
/// # Errors
/// `SlabError` for a wrong size, discriminator or type, a damaged tree, or an order without price or quantity.
pub fn decode_openbook_v2_book(
    data: &[u8],
    unix_timestamp: u64,
    oracle_price_lots: Option<i64>,
) -> Result<(Book, Skipped), SlabError> {
    let read = Reader::tagged(BOOK_NAME, data, BOOK, NODES + ROOM * NODE_SIZE)?;
    let side = match read.u8(312) {
        0 => Side::Bid,
        1 => Side::Ask,
        other => return Err(LayoutError::field(BOOK_NAME, "order tree type", other).into()),
    };
    let nodes = Nodes {
        layout: BOOK_NAME,
        read,
        start: NODES,
        size: NODE_SIZE,
        tag_size: 1,
        allocated: allocated(BOOK_NAME, read.u32(316).into(), ROOM)?,
    };
    let mut seen = vec![false; nodes.allocated as usize];
    let fixed = nodes.leaves(side, read.u32(8), read.u32(12).into(), &mut seen)?;
    let pegged = nodes.leaves(side, read.u32(16), read.u32(20).into(), &mut seen)?;
    let (mut orders, mut skipped) = (Vec::new(), Skipped::default());
    for leaf in &fixed {
        let order = order(read, leaf)?;
        if order.price == 0 || i64::try_from(order.price).is_err() {
            return Err(SlabError::node(BOOK_NAME, leaf.node, "price", order.price));
        }
        if is_expired(read, leaf, unix_timestamp) {
            skipped.expired += 1;
        } else {
            orders.push(order);
        }
    }
    for leaf in &pegged {
        let order = order(read, leaf)?;
        if is_expired(read, leaf, unix_timestamp) {
            skipped.expired += 1;
        } else if let Some(oracle) = oracle_price_lots {
            let limit = read.i64(leaf.at + 72);
            let price = pegged_price(side, oracle, order.price, limit, &mut skipped);
            orders.extend(price.map(|price| Order { price, ..order }));
        } else {
            skipped.no_oracle_price += 1;
        }
    }
    match side {
        Side::Bid => orders.sort_by_key(|order| std::cmp::Reverse(order.key())),
        Side::Ask => orders.sort_by_key(Order::key),
    }
    Ok((Book { side, orders }, skipped))
}

/// Returns a market; its status is the time it expires, 0 for never.
///
/// # Errors
/// `SlabError` for a wrong size or discriminator, a lot below 1 atom, or a negative fee or time.
pub fn decode_openbook_v2_market(data: &[u8]) -> Result<Market, SlabError> {
    const NAME: &str = "openbook_v2_market";
    let read = Reader::tagged(NAME, data, MARKET, MARKET_SIZE)?;
    let at_least = |field, at, least: u64| match u64::try_from(read.i64(at)) {
        Ok(value) if value >= least => Ok(value),
        _ => Err(LayoutError::field(NAME, field, read.i64(at))),
    };
    Ok(Market {
        base_mint: read.key(576),
        quote_mint: read.key(608),
        base_vault: read.key(640),
        quote_vault: read.key(680),
        bids: Some(read.key(200)),
        asks: Some(read.key(232)),
        lots: Lots {
            base: at_least("base lot size", 456, 1)?,
            quote: at_least("quote lot size", 448, 1)?,
        },
        taker_fee_ppm: Some(at_least("taker fee", 488, 0)?),
        status: at_least("time expiry", 48, 0)?,
    })
}

/// Returns a leaf as an order; the price of a pegged one is still its offset, shifted to be positive.
fn order(read: Reader, leaf: &Leaf) -> Result<Order, SlabError> {
    let quantity = read.i64(leaf.at + 56);
    match u64::try_from(quantity) {
        Ok(lots @ 1..) => Ok(Order {
            price: (leaf.key >> 64) as u64,
            quantity: lots,
            sequence: leaf.key as u64,
            owner: read.key(leaf.at + 24),
            client_order_id: read.u64(leaf.at + 80),
        }),
        _ => Err(SlabError::node(BOOK_NAME, leaf.node, "quantity", quantity)),
    }
}

fn is_expired(read: Reader, leaf: &Leaf, now: u64) -> bool {
    let (lives, placed) = (read.u16(leaf.at + 2), read.u64(leaf.at + 64));
    lives > 0 && u128::from(now) >= u128::from(placed) + u128::from(lives)
}

/// Returns what an order pegged at `data` − 2⁶³ lots from the oracle pays, `None` where it can't fill.
fn pegged_price(
    side: Side,
    oracle: i64,
    data: u64,
    limit: i64,
    skipped: &mut Skipped,
) -> Option<u64> {
    let price = i128::from(oracle) + i128::from(data) - (1 << 63);
    if price < 1 || price >= i128::from(i64::MAX) {
        skipped.peg_price += 1;
        return None;
    }
    let beyond = match side {
        Side::Bid => price > i128::from(limit),
        Side::Ask => price < i128::from(limit),
    };
    if limit != NO_LIMIT && beyond {
        skipped.peg_limit += 1;
        return None;
    }
    u64::try_from(price).ok()
}
