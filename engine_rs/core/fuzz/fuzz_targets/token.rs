//! Token accounts and mints of both token programs, and the clock.
#![no_main]

use cambist_core::chain::token::{Clock, Mint, TokenAccount};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = Clock::decode(data);
    let _ = TokenAccount::decode(data);
    if let Ok(mint) = Mint::decode(data)
        && let Some(fee) = mint.transfer_fee
    {
        for epoch in [0, 700, u64::MAX] {
            let fee = fee.at(epoch);
            assert!(fee.fee(u64::MAX) <= u64::MAX);
            let _ = fee.gross(u64::MAX);
        }
    }
});
