//! Transactions as nodes tell them.
#![no_main]

use cambist_core::venues::slab_decoder::Lots;
use cambist_core::chain::tx_parser::{Markets, parse_transactions};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    // The market of the seeds.
    let lots = Lots {
        base: 1_000_000,
        quote: u64::MAX >> 8,
    };
    let markets = Markets::from_iter([([40; 32], lots)]);
    let _ = parse_transactions(data, &markets);
});
