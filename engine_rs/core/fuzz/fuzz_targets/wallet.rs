//! A wallet scan over one account, taken as a token account and as a mint.
#![no_main]

use cambist_core::chain::program;
use cambist_core::library::balance_scanner::{RawAccount, scan_wallet};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let (wallet, key) = ([1; 32], [2; 32]);
    for owner in [program::TOKEN, program::TOKEN_2022, program::SYSTEM] {
        let account = RawAccount {
            address: key,
            program: owner,
            lamports: 1,
            data,
        };
        let _ = scan_wallet(&wallet, &[account], &[(key, data)], 700);
    }
});
