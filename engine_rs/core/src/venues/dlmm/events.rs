//! Events of Meteora DLMM, and the accounts of its swaps.

use super::program::PROGRAM;
use crate::chain::base58::Pubkey;
use crate::chain::log_parser::{SwapEvent, flag, sum};
use crate::chain::reader::{LayoutError, Reader};
use crate::venues::program::ReadEvent;
use crate::venues::swap_layout::{Layout, Places, tag};

/// Readers of its events, by discriminator.
pub(super) const EVENTS: &[(u64, ReadEvent)] = &[
    (0x516c_e3be_cdd0_0ac4, dlmm_swap),
    (0x2e74_52d7_941b_544d, dlmm_swap_2),
];

const SWAP: u64 = 0xf8c6_9e91_e175_87c8;
const SWAP_2: u64 = 0x414b_3f4c_eb5b_5b88;
const EXACT_OUT: u64 = 0xfa49_6521_26cf_4bb8;
const EXACT_OUT_2: u64 = 0x2bd7_f784_893c_f351;

/// Returns the accounts of a swap, `None` if the data asks for something else.
pub(super) fn layout(accounts: &[Pubkey], data: &[u8]) -> Option<Layout> {
    let swaps = matches!(tag(data)?, SWAP | SWAP_2 | EXACT_OUT | EXACT_OUT_2);
    let places = Places::ordered(0, [4, 5], [2, 3])
        .with_mints([6, 7])
        .unordered();
    places.of(accounts).filter(|_| swaps)
}

fn dlmm_swap(data: &[u8]) -> Result<SwapEvent, LayoutError> {
    const NAME: &str = "dlmm_swap";
    let read = Reader::at_least(NAME, data, 137)?;
    let mut event = SwapEvent::new(&PROGRAM, read.u64(80), read.u64(88));
    event.pool = Some(read.key(8));
    event.a_to_b = Some(flag(NAME, "swap_for_y", read.u8(96))?);
    Ok(event)
}

/// What `Swap` of the same swap says, and which side the fee is on.
fn dlmm_swap_2(data: &[u8]) -> Result<SwapEvent, LayoutError> {
    const NAME: &str = "dlmm_swap_2";
    let read = Reader::at_least(NAME, data, 155)?;
    let mut event = SwapEvent::new(&PROGRAM, read.u64(97), read.u64(113));
    event.pool = Some(read.key(8));
    event.a_to_b = Some(flag(NAME, "swap_for_y", read.u8(80))?);
    let fee = sum(NAME, "fee", &[read.u64(121), read.u64(129), read.u64(137)])?;
    event.fees = Some(if flag(NAME, "fees_on_input", read.u8(153))? {
        (fee, 0)
    } else {
        (0, fee)
    });
    Ok(event)
}
