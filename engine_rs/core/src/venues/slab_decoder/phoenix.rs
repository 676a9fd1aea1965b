//! Phoenix v1: one account holds header, both sides and the traders, each a red-black tree of numbered nodes.
//!
//! Header 576 bytes, market fields from 832, trees from 880: bids, asks, traders. A tree is its root, 12 bytes, its
//! size, bump index, free head, then nodes of 16 bytes of registers (left, right, parent, colour), key and value. Node
//! numbers begin at 1; 0 is none.

use super::{Book, Lots, Market, Order, Side, Skipped, SlabError, follows};
use crate::chain::base58::Pubkey;
use crate::chain::reader::{LayoutError, Reader};

const NAME: &str = "phoenix_market";
/// Keccak-256 of the program's address and `phoenix::program::accounts::MarketHeader`.
const DISCRIMINANT: [u8; 8] = [0x77, 0xdf, 0x71, 0x73, 0xb7, 0x20, 0x58, 0x71];
const TREES: usize = 880;
const TREE_HEAD: usize = 32;
const ORDER_SIZE: u64 = 64;
const TRADER_SIZE: u64 = 144;
const BASIS_POINTS: u64 = 10_000;
const PPM_PER_BPS: u64 = 100;

/// Returns bids and asks that can fill in `slot` at `unix_timestamp`, and why others can't.
///
/// # Errors
/// `SlabError` for a wrong size or discriminant, a damaged tree, or an order without price, quantity or trader.
pub fn decode_phoenix_books(
    data: &[u8],
    slot: u64,
    unix_timestamp: u64,
) -> Result<([Book; 2], Skipped), SlabError> {
    let (read, [bids, asks, traders]) = trees(data)?;
    let mut skipped = Skipped::default();
    let mut book = |side, tree: &Tree| {
        let mut orders = Vec::new();
        for (node, at) in tree.sorted(side)? {
            let order = order(read, tree, &traders, node, at)?;
            let is_past = |at, now| read.u64(at) != 0 && read.u64(at) < now;
            if is_past(at + 48, slot) || is_past(at + 56, unix_timestamp) {
                skipped.expired += 1;
            } else {
                orders.push(order);
            }
        }
        Ok::<_, SlabError>(Book { side, orders })
    };
    let books = [book(Side::Bid, &bids)?, book(Side::Ask, &asks)?];
    Ok((books, skipped))
}

/// Returns a market; prices are ticks, a tick of a base lot is `lots.quote` atoms.
///
/// # Errors
/// `SlabError` for a wrong size or discriminant, a size of 0, ticks that are no whole number of atoms, a fee above 100 %.
pub fn decode_phoenix_market(data: &[u8]) -> Result<Market, SlabError> {
    let (read, _) = trees(data)?;
    let positive = |field, at| match read.u64(at) {
        0 => Err(LayoutError::field(NAME, field, 0)),
        value => Ok(value),
    };
    let base = positive("base lot size", 112)?;
    let quote_lot = positive("quote lot size", 192)?;
    let unit = positive("base lots per base unit", 832)?;
    let tick = positive("tick size", 840)?;
    if !tick.is_multiple_of(unit) {
        return Err(LayoutError::field(NAME, "tick size", tick).into());
    }
    let quote = (tick / unit)
        .checked_mul(quote_lot)
        .ok_or_else(|| LayoutError::field(NAME, "quote lot size", quote_lot))?;
    let bps = read.u64(856);
    if bps > BASIS_POINTS {
        return Err(LayoutError::field(NAME, "taker fee bps", bps).into());
    }
    Ok(Market {
        base_mint: read.key(48),
        quote_mint: read.key(128),
        base_vault: read.key(80),
        quote_vault: read.key(160),
        bids: None,
        asks: None,
        lots: Lots { base, quote },
        taker_fee_ppm: Some(bps * PPM_PER_BPS),
        status: read.u64(8),
    })
}

struct Tree<'a> {
    layout: &'static str,
    read: Reader<'a>,
    start: usize,
    node_size: usize,
    /// The first node number that was never used.
    bump: u32,
}

/// Returns the account and its three trees, whose sizes the header gives.
fn trees(data: &[u8]) -> Result<(Reader<'_>, [Tree<'_>; 3]), SlabError> {
    let read = Reader::tagged(NAME, data, DISCRIMINANT, TREES)?;
    let mut start = TREES as u128;
    let layouts = ["phoenix_bids", "phoenix_asks", "phoenix_traders"];
    let places = [(16, ORDER_SIZE), (24, ORDER_SIZE), (32, TRADER_SIZE)].map(|(at, size)| {
        let here = start;
        start += TREE_HEAD as u128 + u128::from(read.u64(at)) * u128::from(size);
        (here, read.u64(at), size)
    });
    let read = Reader::at_least(NAME, data, usize::try_from(start).unwrap_or(usize::MAX))?;
    let tree = |which: usize| {
        let (start, room, size) = places[which];
        let start = start as usize;
        let bump = read.u32(start + 24);
        if u64::from(bump) > room + 1 {
            return Err(LayoutError::field(layouts[which], "bump index", bump));
        }
        Ok(Tree {
            layout: layouts[which],
            read,
            start,
            node_size: size as usize,
            bump,
        })
    };
    Ok((read, [tree(0)?, tree(1)?, tree(2)?]))
}

impl Tree<'_> {
    fn at(&self, node: u32) -> usize {
        self.start + TREE_HEAD + (node as usize - 1) * self.node_size
    }

    /// Returns the number and place of each order, best first: the tree's own order on both sides.
    fn sorted(&self, side: Side) -> Result<Vec<(u32, usize)>, SlabError> {
        let layout = self.layout;
        let count = self.read.u64(self.start + 16);
        let mut seen = vec![false; self.bump as usize];
        let (mut found, mut stack, mut last) = (Vec::new(), Vec::new(), None);
        let mut node = if count == 0 {
            0
        } else {
            self.read.u32(self.start)
        };
        loop {
            while node != 0 {
                match seen.get_mut(node as usize) {
                    None => {
                        return Err(SlabError::Index {
                            layout,
                            index: node,
                            bound: self.bump,
                        });
                    }
                    Some(true) => return Err(SlabError::Cycle { layout, node }),
                    Some(fresh) => *fresh = true,
                }
                stack.push(node);
                node = self.read.u32(self.at(node));
            }
            let Some(next) = stack.pop() else { break };
            let at = self.at(next);
            let key = u128::from(self.read.u64(at + 16)) << 64 | u128::from(self.read.u64(at + 24));
            if last.is_some_and(|last| !follows(side, last, key)) {
                return Err(SlabError::Unsorted { layout, node: next });
            }
            last = Some(key);
            found.push((next, at));
            node = self.read.u32(at + 4);
        }
        let number = found.len() as u64;
        if number != count {
            return Err(SlabError::Count {
                layout,
                was: count,
                found: number,
            });
        }
        Ok(found)
    }
}

fn order(
    read: Reader,
    tree: &Tree,
    traders: &Tree,
    node: u32,
    at: usize,
) -> Result<Order, SlabError> {
    let [price, sequence, trader, quantity] = [16, 24, 32, 40].map(|offset| read.u64(at + offset));
    for (field, was) in [("price", price), ("quantity", quantity)] {
        if was == 0 {
            return Err(SlabError::node(tree.layout, node, field, was));
        }
    }
    let owner: Pubkey = match u32::try_from(trader) {
        Ok(index @ 1..) if index < traders.bump => read.key(traders.at(index) + 16),
        _ => return Err(SlabError::node(tree.layout, node, "trader", trader)),
    };
    Ok(Order {
        price,
        quantity,
        sequence,
        owner,
        client_order_id: 0,
    })
}
