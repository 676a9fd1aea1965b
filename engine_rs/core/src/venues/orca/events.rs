//! Events of Orca Whirlpools, and the accounts of their swaps.

use super::program::PROGRAM;
use crate::chain::base58::Pubkey;
use crate::chain::log_parser::{SwapEvent, flag, sum};
use crate::chain::reader::{LayoutError, Reader};
use crate::venues::program::ReadEvent;
use crate::venues::swap_layout::{Layout, Places, tag};

/// Readers of their events, by discriminator.
pub(super) const EVENTS: &[(u64, ReadEvent)] = &[(0xe1ca_49af_932b_a096, traded)];

const SWAP: u64 = 0xf8c6_9e91_e175_87c8;
const SWAP_V2: u64 = 0x2b04_ed0b_1ac9_1e62;

/// Returns the accounts of a swap, `None` if the data asks for something else.
pub(super) fn layout(accounts: &[Pubkey], data: &[u8]) -> Option<Layout> {
    let places = match tag(data)? {
        SWAP => Places::ordered(2, [3, 5], [4, 6]),
        SWAP_V2 => Places::ordered(4, [7, 9], [8, 10]).with_mints([5, 6]),
        _ => return None,
    };
    turned(places.of(accounts)?, *data.get(41)?)
}

/// Returns a layout that was token a first, input first.
fn turned(mut layout: Layout, a_to_b: u8) -> Option<Layout> {
    if a_to_b == 0 {
        layout.users.reverse();
        layout.vaults.reverse();
        if let Some(mints) = &mut layout.mints {
            mints.reverse();
        }
    }
    (a_to_b <= 1).then_some(layout)
}

fn traded(data: &[u8]) -> Result<SwapEvent, LayoutError> {
    const NAME: &str = "whirlpool_traded";
    let read = Reader::at_least(NAME, data, 121)?;
    let mut event = SwapEvent::new(&PROGRAM, read.u64(73), read.u64(81));
    event.pool = Some(read.key(8));
    event.a_to_b = Some(flag(NAME, "a_to_b", read.u8(40))?);
    event.transfer_fees = Some((read.u64(89), read.u64(97)));
    event.fees = Some((sum(NAME, "fee", &[read.u64(105), read.u64(113)])?, 0));
    event.sqrt_price = Some(read.u128(57));
    Ok(event)
}
