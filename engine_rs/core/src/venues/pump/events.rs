//! Events of Pump AMM, and the accounts of its swaps.

use super::program::PROGRAM;
use crate::chain::base58::Pubkey;
use crate::chain::log_parser::{SwapEvent, sum};
use crate::chain::reader::{LayoutError, Reader};
use crate::venues::program::ReadEvent;
use crate::venues::swap_layout::{Layout, Places, tag};

/// Readers of its events, by discriminator.
pub(super) const EVENTS: &[(u64, ReadEvent)] = &[
    (0x67f4_521f_2cf5_7777, |data| pump_amm(data, true)),
    (0x3e2f_370a_a503_dc2a, |data| pump_amm(data, false)),
];

const BUY: u64 = 0x6606_3d12_01da_ebea;
const BUY_EXACT_QUOTE: u64 = 0xc62e_1552_b4d9_e870;
const SELL: u64 = 0x33e6_85a4_017f_83ad;

/// Returns the accounts of a swap, `None` if the data asks for something else.
pub(super) fn layout(accounts: &[Pubkey], data: &[u8]) -> Option<Layout> {
    match tag(data)? {
        SELL => Places::ordered(0, [5, 6], [7, 8])
            .with_mints([3, 4])
            .of(accounts),
        BUY | BUY_EXACT_QUOTE => Places::ordered(0, [6, 5], [8, 7])
            .with_mints([4, 3])
            .of(accounts),
        _ => None,
    }
}

fn pump_amm(data: &[u8], buy: bool) -> Result<SwapEvent, LayoutError> {
    const NAME: &str = "pump_amm_event";
    let read = Reader::at_least(NAME, data, 152)?;
    let (base, quote) = (read.u64(16), read.u64(112));
    let (amount_in, amount_out) = if buy { (quote, base) } else { (base, quote) };
    let mut event = SwapEvent::new(&PROGRAM, amount_in, amount_out);
    event.pool = Some(read.key(120));
    event.a_to_b = Some(!buy);
    if data.len() >= 360 {
        let fee = sum(NAME, "fee", &[read.u64(80), read.u64(96), read.u64(352)])?;
        event.fees = Some(if buy { (fee, 0) } else { (0, fee) });
    }
    Ok(event)
}
