//! Serum v3 and `OpenBook` v1: every account is `serum`, its flags, its fields, `padding`.
//!
//! Market 388 bytes, 1476 with the authorities of a permissioned one. Book: flags at 5, slab header at 13 (bump index,
//! free list length and head, root, leaf count), nodes of 72 bytes from 45. Open orders 3228 bytes, 3220 before they
//! kept rebates.

use super::crit_bit::{Nodes, allocated};
use super::{Book, Lots, Market, Order, Side, SlabError};
use crate::chain::base58::Pubkey;
use crate::chain::reader::{LayoutError, Reader};

const HEAD: &[u8] = b"serum";
const TAIL: &[u8] = b"padding";
const MARKET_SIZES: [usize; 2] = [388, 1476];
const OPEN_ORDERS_SIZES: [usize; 2] = [3228, 3220];
const NODES: usize = 45;
const NODE_SIZE: usize = 72;
const SLOTS: usize = 128;

const INITIALIZED: u64 = 1;
const MARKET: u64 = 1 << 1;
const OPEN_ORDERS: u64 = 1 << 2;
const BIDS: u64 = 1 << 5;
const ASKS: u64 = 1 << 6;
const DISABLED: u64 = 1 << 7;
const PERMISSIONED: u64 = 1 << 9;
const CRANK_AUTHORITY: u64 = 1 << 10;

/// Returns one side of a market, best order first.
///
/// # Errors
/// `SlabError` for a wrong size, magic or flags, or a damaged tree.
pub fn decode_serum_book(data: &[u8]) -> Result<Book, SlabError> {
    const NAME: &str = "serum_book";
    let read = Reader::at_least(NAME, data, NODES + TAIL.len())?;
    check_magic(NAME, data)?;
    let flags = read.u64(5);
    let side = match flags {
        _ if flags == INITIALIZED | BIDS => Side::Bid,
        _ if flags == INITIALIZED | ASKS => Side::Ask,
        _ => return Err(LayoutError::field(NAME, "flags", flags).into()),
    };
    let room = (data.len() - NODES - TAIL.len()) / NODE_SIZE;
    let nodes = Nodes {
        layout: NAME,
        read,
        start: NODES,
        size: NODE_SIZE,
        tag_size: 4,
        allocated: allocated(NAME, read.u64(13), room)?,
    };
    let mut seen = vec![false; nodes.allocated as usize];
    let mut orders = Vec::new();
    for leaf in nodes.leaves(side, read.u32(33), read.u64(37), &mut seen)? {
        let order = Order {
            price: (leaf.key >> 64) as u64,
            quantity: read.u64(leaf.at + 56),
            sequence: leaf.key as u64,
            owner: read.key(leaf.at + 24),
            client_order_id: read.u64(leaf.at + 64),
        };
        for (field, was) in [("price", order.price), ("quantity", order.quantity)] {
            if was == 0 {
                return Err(SlabError::node(NAME, leaf.node, field, was));
            }
        }
        orders.push(order);
    }
    Ok(Book { side, orders })
}

/// Returns a market; one that is disabled still decodes, its flags say so.
///
/// # Errors
/// `SlabError` for a wrong size, magic or flags, or a lot of 0 atoms.
pub fn decode_serum_market(data: &[u8]) -> Result<Market, SlabError> {
    const NAME: &str = "serum_market";
    let read = Reader::exact(NAME, data, either(MARKET_SIZES, data))?;
    check_magic(NAME, data)?;
    let flags = read.u64(5);
    if flags & !(DISABLED | PERMISSIONED | CRANK_AUTHORITY) != INITIALIZED | MARKET {
        return Err(LayoutError::field(NAME, "flags", flags).into());
    }
    let lots = Lots {
        base: read.u64(349),
        quote: read.u64(357),
    };
    for (field, was) in [("base lot size", lots.base), ("quote lot size", lots.quote)] {
        if was == 0 {
            return Err(LayoutError::field(NAME, field, was).into());
        }
    }
    Ok(Market {
        base_mint: read.key(53),
        quote_mint: read.key(85),
        base_vault: read.key(117),
        quote_vault: read.key(165),
        bids: Some(read.key(285)),
        asks: Some(read.key(317)),
        lots,
        taker_fee_ppm: None,
        status: flags,
    })
}

/// What one trader has in a market: atoms free and in orders, and the keys of the orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenOrders {
    pub market: Pubkey,
    pub owner: Pubkey,
    pub base_free: u64,
    pub base_total: u64,
    pub quote_free: u64,
    pub quote_total: u64,
    /// (key, client's id) of each slot in use, bids and asks apart.
    pub bids: Vec<(u128, u64)>,
    pub asks: Vec<(u128, u64)>,
}

impl OpenOrders {
    /// Returns the fields of an open-orders account.
    ///
    /// # Errors
    /// `SlabError` for a wrong size, magic or flags.
    pub fn decode(data: &[u8]) -> Result<Self, SlabError> {
        const NAME: &str = "serum_open_orders";
        let read = Reader::exact(NAME, data, either(OPEN_ORDERS_SIZES, data))?;
        check_magic(NAME, data)?;
        let flags = read.u64(5);
        if flags != INITIALIZED | OPEN_ORDERS {
            return Err(LayoutError::field(NAME, "flags", flags).into());
        }
        let (free, is_bid) = (read.u128(109), read.u128(125));
        let slots = |bids: bool| {
            (0..SLOTS)
                .filter(|slot| free >> slot & 1 == 0 && (is_bid >> slot & 1 == 1) == bids)
                .map(|slot| (read.u128(141 + 16 * slot), read.u64(2189 + 8 * slot)))
                .collect()
        };
        Ok(Self {
            market: read.key(13),
            owner: read.key(45),
            base_free: read.u64(77),
            base_total: read.u64(85),
            quote_free: read.u64(93),
            quote_total: read.u64(101),
            bids: slots(true),
            asks: slots(false),
        })
    }
}

/// Returns the second size if that is what there is, else the first, which is then the one expected.
fn either(sizes: [usize; 2], data: &[u8]) -> usize {
    sizes[usize::from(data.len() == sizes[1])]
}

fn check_magic(layout: &'static str, data: &[u8]) -> Result<(), SlabError> {
    let (head, tail) = (&data[..HEAD.len()], &data[data.len() - TAIL.len()..]);
    for (part, was, expected) in [("head", head, HEAD), ("tail", tail, TAIL)] {
        if was != expected {
            return Err(SlabError::Magic {
                layout,
                part,
                was: hex(was),
            });
        }
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}
