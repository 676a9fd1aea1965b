//! Events of Raydium CPMM, and the accounts of its swaps.

use super::program::PROGRAM;
use crate::chain::base58::Pubkey;
use crate::chain::log_parser::{SwapEvent, flag, sum};
use crate::chain::reader::{LayoutError, Reader};
use crate::venues::program::ReadEvent;
use crate::venues::swap_layout::{Layout, Places, tag};

/// Readers of its events, by discriminator.
pub(super) const EVENTS: &[(u64, ReadEvent)] = &[(0x40c6_cde8_2608_71e2, cpmm)];

const BASE_INPUT: u64 = 0x8fbe_5ada_c41e_33de;
const BASE_OUTPUT: u64 = 0x37d9_6256_a34a_b4ad;

/// Returns the accounts of a swap, `None` if the data asks for something else.
pub(super) fn layout(accounts: &[Pubkey], data: &[u8]) -> Option<Layout> {
    let places = Places::ordered(3, [4, 5], [6, 7]).with_mints([10, 11]);
    let swaps = matches!(tag(data)?, BASE_INPUT | BASE_OUTPUT);
    places.of(accounts).filter(|_| swaps)
}

fn cpmm(data: &[u8]) -> Result<SwapEvent, LayoutError> {
    const NAME: &str = "cpmm_swap_event";
    let read = Reader::at_least(NAME, data, 88)?;
    let transfer_fees = (read.u64(72), read.u64(80));
    let mut event = SwapEvent::new(
        &PROGRAM,
        sum(NAME, "amount_in", &[read.u64(56), transfer_fees.0])?,
        read.u64(64),
    );
    event.pool = Some(read.key(8));
    event.transfer_fees = Some(transfer_fees);
    event.reserves = Some((read.u64(40), read.u64(48)));
    if data.len() >= 170 {
        event.mint_in = Some(read.key(89));
        event.mint_out = Some(read.key(121));
        let (trade, creator) = (read.u64(153), read.u64(161));
        event.fees = Some(if flag(NAME, "creator_fee_on_input", read.u8(169))? {
            (sum(NAME, "fee", &[trade, creator])?, 0)
        } else {
            (trade, creator)
        });
    }
    Ok(event)
}
