//! Phoenix markets.
#![no_main]

use cambist_core::venues::slab_decoder::{decode_phoenix_books, decode_phoenix_market};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = decode_phoenix_market(data);
    let _ = decode_phoenix_books(data, 300_000_000, 1_760_000_000);
});
