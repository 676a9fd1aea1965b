//! Events of Meteora DAMM v2, and the accounts of its swaps.

use super::program::PROGRAM;
use crate::chain::base58::Pubkey;
use crate::chain::log_parser::{SwapEvent, flag, sum};
use crate::chain::reader::{LayoutError, Reader};
use crate::venues::program::ReadEvent;
use crate::venues::swap_layout::{Layout, Places, tag};

/// Readers of its events, by discriminator.
pub(super) const EVENTS: &[(u64, ReadEvent)] = &[(0xbd42_33a8_2650_7599, damm_v2)];

const SWAP: u64 = 0xf8c6_9e91_e175_87c8;
const SWAP_2: u64 = 0x414b_3f4c_eb5b_5b88;

/// Returns the accounts of a swap, `None` if the data asks for something else.
pub(super) fn layout(accounts: &[Pubkey], data: &[u8]) -> Option<Layout> {
    let swaps = matches!(tag(data)?, SWAP | SWAP_2);
    let places = Places::ordered(1, [2, 3], [4, 5])
        .with_mints([6, 7])
        .unordered();
    places.of(accounts).filter(|_| swaps)
}

fn damm_v2(data: &[u8]) -> Result<SwapEvent, LayoutError> {
    const NAME: &str = "damm_v2_swap_2";
    let read = Reader::at_least(NAME, data, 188)?;
    let b_to_a = flag(NAME, "trade_direction", read.u8(40))?;
    let (amount_in, amount_out) = (read.u64(140), read.u64(148));
    let mut event = SwapEvent::new(&PROGRAM, amount_in, amount_out);
    event.pool = Some(read.key(8));
    event.a_to_b = Some(!b_to_a);
    let kept = |name, gross: u64, net: u64| {
        let kept = gross.checked_sub(net);
        kept.ok_or_else(|| LayoutError::field(NAME, name, gross))
    };
    event.transfer_fees = Some((
        kept("amount_in", amount_in, read.u64(60))?,
        kept("amount_out", amount_out, read.u64(156))?,
    ));
    let fees = [read.u64(108), read.u64(116), read.u64(124), read.u64(132)];
    let fee = sum(NAME, "fee", &fees)?;
    // Mode 0 takes the fee off the output, mode 1 always off token b; a later mode may do otherwise.
    event.fees = match read.u8(41) {
        1 if b_to_a => Some((fee, 0)),
        0 | 1 => Some((0, fee)),
        _ => None,
    };
    event.sqrt_price = Some(read.u128(92));
    Ok(event)
}
