//! Jupiter, a router: its events repeat the swaps of others.

use super::program::Program;
use crate::chain::base58::Pubkey;
use crate::chain::log_parser::SwapEvent;
use crate::chain::program::key;
use crate::chain::reader::{LayoutError, Reader};

pub const JUPITER: Pubkey = key(b"JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4");

pub(super) static PROGRAM: Program = Program {
    events: &[(0x40c6_cde8_2608_71e2, jupiter)],
    is_router: true,
    ..Program::new("jupiter", &[JUPITER], "sol_tx: recorded transactions")
};

fn jupiter(data: &[u8]) -> Result<SwapEvent, LayoutError> {
    let read = Reader::at_least("jupiter_swap_event", data, 120)?;
    let mut event = SwapEvent::new(&PROGRAM, read.u64(72), read.u64(112));
    event.pool = Some(read.key(8));
    event.mint_in = Some(read.key(40));
    event.mint_out = Some(read.key(80));
    Ok(event)
}
