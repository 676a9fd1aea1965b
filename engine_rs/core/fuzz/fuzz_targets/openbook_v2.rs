//! OpenBook v2 book sides and markets.
#![no_main]

use cambist_core::slab_decoder::{decode_openbook_v2_book, decode_openbook_v2_market};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = decode_openbook_v2_market(data);
    let _ = decode_openbook_v2_book(data, 1_760_000_000, Some(1_000));
    let _ = decode_openbook_v2_book(data, 1_760_000_000, None);
});
