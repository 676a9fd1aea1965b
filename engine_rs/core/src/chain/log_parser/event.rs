//! Swap events of the programs: an 8-byte discriminator and fields, little-endian.
//!
//! Programs share discriminators, so the program decides first. Events grow at their end: more bytes are no error, and
//! what an older program didn't say is `None`.

use crate::chain::base58::Pubkey;
use crate::chain::reader::LayoutError;
use crate::venues::program::Program;
use crate::venues::program_of;

/// Stands before an event that a program hands to itself as an instruction.
pub const CPI_EVENT: [u8; 8] = 0xe445_a52e_51cb_9a1d_u64.to_be_bytes();

/// The row of the program that reports.
pub type Venue = &'static Program;

/// A swap as its program reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwapEvent {
    pub venue: Venue,
    pub pool: Option<Pubkey>,
    pub mint_in: Option<Pubkey>,
    pub mint_out: Option<Pubkey>,
    /// Whether token a (coin, 0, x, base) is sold.
    pub a_to_b: Option<bool>,
    /// Atoms that left the trader, the mint's transfer fee and the venue's fees included as far as the event names them.
    pub amount_in: u64,
    /// Atoms sent to the trader, the mint's transfer fee not yet taken.
    pub amount_out: u64,
    /// Transfer fees that the mints kept, of the input and of the output.
    pub transfer_fees: Option<(u64, u64)>,
    /// The venue's fees, in atoms of the input and of the output.
    pub fees: Option<(u64, u64)>,
    /// Reserves of the input and of the output before the swap.
    pub reserves: Option<(u64, u64)>,
    /// √price after the swap, Q64.64, token b per token a.
    pub sqrt_price: Option<u128>,
}

impl SwapEvent {
    pub(crate) fn new(venue: Venue, amount_in: u64, amount_out: u64) -> Self {
        Self {
            venue,
            pool: None,
            mint_in: None,
            mint_out: None,
            a_to_b: None,
            amount_in,
            amount_out,
            transfer_fees: None,
            fees: None,
            reserves: None,
            sqrt_price: None,
        }
    }
}

/// Returns the swap that `data` of a program's event reports, `None` for an unknown program or another event.
///
/// # Errors
/// `Size` if it is too short for its discriminator, `Field` for a flag that is neither 0 nor 1 and amounts that don't add
/// up.
pub fn decode_event(program: &Pubkey, data: &[u8]) -> Result<Option<SwapEvent>, LayoutError> {
    program_of(program).map_or(Ok(None), |row| read(row, data))
}

/// Returns the same for a known program.
pub(super) fn read(row: Venue, data: &[u8]) -> Result<Option<SwapEvent>, LayoutError> {
    let Some(tag) = data.first_chunk::<8>() else {
        return Ok(None);
    };
    let tag = u64::from_be_bytes(*tag);
    match row.events.iter().find(|(known, _)| *known == tag) {
        Some((_, read)) => read(data).map(Some),
        None => Ok(None),
    }
}

/// Returns a byte as a flag.
///
/// # Errors
/// `Field` if it is neither 0 nor 1.
pub(crate) fn flag(
    layout: &'static str,
    field: &'static str,
    byte: u8,
) -> Result<bool, LayoutError> {
    match byte {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(LayoutError::field(layout, field, byte)),
    }
}

/// Returns the sum, or the error of a field whose parts are more than 2⁶⁴ − 1.
pub(crate) fn sum(
    layout: &'static str,
    field: &'static str,
    parts: &[u64],
) -> Result<u64, LayoutError> {
    let sum: u128 = parts.iter().copied().map(u128::from).sum();
    u64::try_from(sum).map_err(|_| LayoutError::field(layout, field, sum))
}
