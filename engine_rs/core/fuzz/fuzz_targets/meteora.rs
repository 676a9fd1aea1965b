//! DAMM v2 pools and swaps in them.
#![no_main]

use cambist_core::venues::damm2::layout::DammV2Pool;
use cambist_core::venues::quote::ChainTime;
use cambist_core::venues::pool::Pool;
use libfuzzer_sys::fuzz_target;

const NOW: ChainTime = ChainTime {
    slot: 300_000_000,
    unix_timestamp: 1_760_000_000,
    epoch: 700,
};

fuzz_target!(|data: &[u8]| {
    let Ok(pool) = DammV2Pool::decode(data) else {
        return;
    };
    let (pool, amount) = (Pool::damm_v2(&pool), pool.protocol_fees[0] | 1);
    for a_to_b in [true, false] {
        let _ = pool.weight(a_to_b, &NOW);
        let _ = pool.virtual_reserves(a_to_b, &NOW);
        let _ = pool.swap(a_to_b, amount, &NOW);
        let _ = pool.swap_exact_out(a_to_b, amount, &NOW);
    }
});
