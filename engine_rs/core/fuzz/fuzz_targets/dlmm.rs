//! DLMM pairs, bin arrays and bitmaps, and swaps over them.
#![no_main]

use std::sync::Arc;

use cambist_core::venues::dlmm::layout::{BinArray, BinArrayBitmapExtension, LbPair};
use cambist_core::venues::dlmm::maths::bins::Bins;
use cambist_core::venues::quote::ChainTime;
use cambist_core::venues::pool::Pool;
use libfuzzer_sys::fuzz_target;

const NOW: ChainTime = ChainTime {
    slot: 300_000_000,
    unix_timestamp: 1_760_000_000,
    epoch: 700,
};

fuzz_target!(|data: &[u8]| {
    let _ = BinArrayBitmapExtension::decode(data);
    let _ = BinArray::decode(data);
    let Ok(pair) = LbPair::decode(data) else {
        return;
    };
    let array = data.get(904..).and_then(|data| BinArray::decode(data).ok());
    let address = array.as_ref().map_or([0; 32], |array| array.lb_pair);
    let arrays = array.map(Arc::new);
    let Ok(bins) = Bins::new(&address, &pair, None, arrays) else {
        return;
    };
    let pool = Pool::dlmm(&pair, bins);
    for a_to_b in [true, false] {
        let _ = pool.weight(a_to_b, &NOW);
        let _ = pool.virtual_reserves(a_to_b, &NOW);
        let _ = pool.swap(a_to_b, 1 << (data.len() % 64), &NOW);
        let _ = pool.swap_exact_out(a_to_b, 1 << (data.len() % 64), &NOW);
    }
});
