//! OpenBook v2 book sides and markets.
#![no_main]

use cambist_core::venues::slab_decoder::{decode_openbook_v2_book, decode_openbook_v2_market};
use libfuzzer_sys::fuzz_target;

/// Bytes of a side. Most are room for orders to come, which a seed leaves out.
const SIDE: usize = 840 + 1_024 * 88;

fuzz_target!(|data: &[u8]| {
    let _ = decode_openbook_v2_market(data);
    let mut side = data.to_vec();
    side.resize(SIDE, 0);
    let _ = decode_openbook_v2_book(&side, 1_760_000_000, Some(1_000));
    let _ = decode_openbook_v2_book(&side, 1_760_000_000, None);
});
