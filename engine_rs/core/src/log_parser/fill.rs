//! Fills of order books, as their programs report them: one maker's order each, in the market's own lots.
//!
//! `OpenBook` v2 logs an event for each fill when the maker is paid: in the taker's transaction if the maker's account
//! was given to it, else in that of who turns the crank. Phoenix hands itself an instruction with tag 15, which only its
//! log authority can sign: a header, then the events of the call in borsh, in as many instructions as they need. Serum
//! and `OpenBook` v1 report nothing. Layouts: `openbook-dex/openbook-v2` logs.rs, `Ellipsis-Labs/phoenix-v1` events.rs.

use super::event::{Venue, flag};
use crate::accounts::{LayoutError, Reader, program};
use crate::base58::Pubkey;

/// Tag of the instruction that Phoenix hands to itself.
pub const PHOENIX_LOG: u8 = 15;
const FILL_LOG: u64 = 0x9617_2994_98a2_d740;
const HEADER: usize = 93;
const HEADER_EVENT: u8 = 1;
const FILL: u8 = 2;
/// Fill, place, reduce, evict, fill summary, fee, time in force, expired order, by kind from 2 on.
const EVENT_SIZES: [usize; 8] = [67, 43, 35, 59, 43, 11, 27, 59];

/// One maker's order that a taker met, wholly or in part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FillEvent {
    pub venue: Venue,
    pub market: Pubkey,
    pub maker: Pubkey,
    /// Phoenix: who signed the call.
    pub taker: Pubkey,
    pub taker_buys: bool,
    /// Quote lots per base lot; ticks, for Phoenix. Before fees.
    pub price: u64,
    pub base_lots: u64,
    /// Phoenix: of the maker's order. `OpenBook` v2: of the fill among the market's events.
    pub sequence: u64,
}

impl FillEvent {
    /// Both are i64 at `OpenBook` v2, and never that large.
    fn checked(self, layout: &'static str) -> Result<Self, LayoutError> {
        for (field, was) in [("price", self.price), ("quantity", self.base_lots)] {
            if was == 0 || was >> 63 != 0 {
                return Err(LayoutError::field(layout, field, was));
            }
        }
        Ok(self)
    }
}

/// Returns the fills that `data` reports: of an event of `OpenBook` v2, or of a log instruction of Phoenix. None for
/// another program, event or instruction.
///
/// # Errors
/// `Size` if it is cut short, `Field` for flags that are none, events of Phoenix that aren't known, and prices or
/// quantities that aren't positive.
pub fn decode_fills(program: &Pubkey, data: &[u8]) -> Result<Vec<FillEvent>, LayoutError> {
    match *program {
        program::OPENBOOK_V2 if data.starts_with(&FILL_LOG.to_be_bytes()) => {
            Ok(vec![openbook_v2(data)?])
        }
        program::PHOENIX if data.first() == Some(&PHOENIX_LOG) => phoenix(data),
        _ => Ok(Vec::new()),
    }
}

fn openbook_v2(data: &[u8]) -> Result<FillEvent, LayoutError> {
    const NAME: &str = "openbook_v2_fill";
    let read = Reader::at_least(NAME, data, 179)?;
    let fill = FillEvent {
        venue: Venue::OpenBookV2,
        market: read.key(8),
        maker: read.key(59),
        taker: read.key(115),
        taker_buys: !flag(NAME, "taker_side", read.u8(40))?,
        price: read.u64(163),
        base_lots: read.u64(171),
        sequence: read.u64(51),
    };
    fill.checked(NAME)
}

fn phoenix(data: &[u8]) -> Result<Vec<FillEvent>, LayoutError> {
    const NAME: &str = "phoenix_log";
    let head = Reader::at_least(NAME, data, HEADER)?;
    if head.u8(1) != HEADER_EVENT {
        return Err(LayoutError::field(NAME, "header", head.u8(1)));
    }
    let (market, taker) = (head.key(27), head.key(59));
    let (mut fills, mut at) = (Vec::new(), HEADER);
    for _ in 0..head.u16(91) {
        let kind = Reader::at_least(NAME, data, at + 1)?.u8(at);
        let size = kind.checked_sub(FILL).map(usize::from);
        let size = size.and_then(|kind| EVENT_SIZES.get(kind));
        let size = size.ok_or_else(|| LayoutError::field(NAME, "event", kind))?;
        let read = Reader::at_least(NAME, data, at + size)?;
        if kind == FILL {
            let sequence = read.u64(at + 35);
            let fill = FillEvent {
                venue: Venue::Phoenix,
                market,
                maker: read.key(at + 3),
                taker,
                // Bids are numbered downwards from 2^64 − 1.
                taker_buys: sequence >> 63 == 0,
                price: read.u64(at + 43),
                base_lots: read.u64(at + 51),
                sequence,
            };
            fills.push(fill.checked(NAME)?);
        }
        at += size;
    }
    Ok(fills)
}
