//! Serum and OpenBook v1 slabs, markets, open orders.
#![no_main]

use cambist_core::venues::slab_decoder::{OpenOrders, decode_serum_book, decode_serum_market};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = decode_serum_market(data);
    let _ = OpenOrders::decode(data);
    if let Ok(book) = decode_serum_book(data) {
        let _ = book.levels();
    }
});
