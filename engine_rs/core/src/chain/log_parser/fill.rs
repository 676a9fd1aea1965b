//! Fills of order books, as their programs report them: one maker's order each, in the market's own lots.

use super::event::Venue;
use crate::chain::base58::Pubkey;
use crate::chain::reader::LayoutError;
use crate::venues::program::Fills;
use crate::venues::program_of;

/// One maker's order that a taker met, wholly or in part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FillEvent {
    pub venue: Venue,
    pub market: Pubkey,
    pub maker: Pubkey,
    /// The account that took, or who signed the call.
    pub taker: Pubkey,
    pub taker_buys: bool,
    /// Quote lots per base lot, or ticks where the market counts these. Before fees.
    pub price: u64,
    pub base_lots: u64,
    /// Of the maker's order, or of the fill among the market's events.
    pub sequence: u64,
}

impl FillEvent {
    /// Returns the fill if price and quantity are positive; both are below 2⁶³ wherever they come from.
    pub(crate) fn checked(self, layout: &'static str) -> Result<Self, LayoutError> {
        for (field, was) in [("price", self.price), ("quantity", self.base_lots)] {
            if was == 0 || was >> 63 != 0 {
                return Err(LayoutError::field(layout, field, was));
            }
        }
        Ok(self)
    }
}

/// Returns the fills that `data` reports: of an event, or of an instruction that a program hands to itself. None for
/// another program, event or instruction.
///
/// # Errors
/// `Size` if it is cut short, `Field` for flags that are none, events that aren't known, and prices or quantities that
/// aren't positive.
pub fn decode_fills(program: &Pubkey, data: &[u8]) -> Result<Vec<FillEvent>, LayoutError> {
    match program_of(program).and_then(|row| row.fills) {
        Some(fills) => read(fills, data),
        None => Ok(Vec::new()),
    }
}

/// Returns the same of a known kind of fills.
pub(super) fn read(fills: Fills, data: &[u8]) -> Result<Vec<FillEvent>, LayoutError> {
    if data.starts_with(fills.tag) {
        (fills.read)(data)
    } else {
        Ok(Vec::new())
    }
}
