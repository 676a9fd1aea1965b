//! Events of Raydium CLMM, and the accounts of its swaps.

use super::program::PROGRAM;
use crate::chain::base58::Pubkey;
use crate::chain::log_parser::{SwapEvent, flag, sum};
use crate::chain::reader::{LayoutError, Reader};
use crate::venues::program::ReadEvent;
use crate::venues::swap_layout::{Layout, Places, tag};

/// Readers of its events, by discriminator.
pub(super) const EVENTS: &[(u64, ReadEvent)] = &[(0x40c6_cde8_2608_71e2, clmm)];

const SWAP: u64 = 0xf8c6_9e91_e175_87c8;
const SWAP_V2: u64 = 0x2b04_ed0b_1ac9_1e62;

/// Returns the accounts of a swap, `None` if the data asks for something else.
pub(super) fn layout(accounts: &[Pubkey], data: &[u8]) -> Option<Layout> {
    let places = Places::ordered(2, [3, 4], [5, 6]);
    match tag(data)? {
        SWAP => places.of(accounts),
        SWAP_V2 => places.with_mints([11, 12]).of(accounts),
        _ => None,
    }
}

fn clmm(data: &[u8]) -> Result<SwapEvent, LayoutError> {
    const NAME: &str = "clmm_swap_event";
    let read = Reader::at_least(NAME, data, 205)?;
    let a_to_b = flag(NAME, "zero_for_one", read.u8(168))?;
    let (in_at, out_at) = if a_to_b { (136, 152) } else { (152, 136) };
    let transfer_fees = (read.u64(in_at + 8), read.u64(out_at + 8));
    // It tells what the pool got and what the trader got: a mint's fee is in neither.
    let mut event = SwapEvent::new(
        &PROGRAM,
        sum(NAME, "amount_in", &[read.u64(in_at), transfer_fees.0])?,
        sum(NAME, "amount_out", &[read.u64(out_at), transfer_fees.1])?,
    );
    event.pool = Some(read.key(8));
    event.a_to_b = Some(a_to_b);
    event.transfer_fees = Some(transfer_fees);
    event.sqrt_price = Some(read.u128(169));
    if data.len() >= 221 {
        let fees = (read.u64(205), read.u64(213));
        event.fees = Some(if a_to_b { fees } else { (fees.1, fees.0) });
    }
    Ok(event)
}
