//! Transactions as nodes tell them.
#![no_main]

use cambist_core::tx_parser::parse_transactions;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = parse_transactions(data);
});
