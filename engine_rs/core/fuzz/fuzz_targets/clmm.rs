//! Raydium CLMM pools, configurations, tick arrays and bitmaps, and swaps over them.
#![no_main]

use std::sync::Arc;

use cambist_core::venues::clmm::layout::{ClmmBitmapExtension, ClmmConfig, ClmmPool, ClmmTickArray};
use cambist_core::venues::clmm::maths::ticks::ClmmTicks;
use cambist_core::venues::quote::ChainTime;
use cambist_core::venues::pool::Pool;
use cambist_core::venues::clmm::pool::ClmmState;
use libfuzzer_sys::fuzz_target;

const NOW: ChainTime = ChainTime {
    slot: 300_000_000,
    unix_timestamp: 1_760_000_000,
    epoch: 700,
};
const CONFIG: ClmmConfig = ClmmConfig {
    index: 0,
    protocol_fee_rate: 120_000,
    trade_fee_rate: 2_500,
    tick_spacing: 60,
    fund_fee_rate: 40_000,
};

fuzz_target!(|data: &[u8]| {
    let _ = ClmmBitmapExtension::decode(data);
    let _ = ClmmTickArray::decode(data);
    let _ = ClmmConfig::decode(data);
    let Ok(account) = ClmmPool::decode(data) else {
        return;
    };
    let array = data.get(1544..).and_then(|data| ClmmTickArray::decode(data).ok());
    let address = array.as_ref().map_or([0; 32], |array| array.pool);
    let arrays: Vec<_> = array.into_iter().collect();
    let Ok(ticks) = ClmmTicks::new(&address, &account, None, &arrays) else {
        return;
    };
    let pool = Pool::Clmm(Box::new(ClmmState {
        account,
        config: CONFIG,
        ticks: Arc::new(ticks),
        transfer_fees: [None, None],
    }));
    for a_to_b in [true, false] {
        let _ = pool.weight(a_to_b, &NOW);
        let _ = pool.virtual_reserves(a_to_b, &NOW);
        let _ = pool.swap(a_to_b, 1 << (data.len() % 64), &NOW);
        let _ = pool.swap_exact_out(a_to_b, 1 << (data.len() % 64), &NOW);
    }
});
