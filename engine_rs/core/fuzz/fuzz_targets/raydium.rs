//! Raydium accounts, and swaps in the pools that they make.
#![no_main]

use cambist_core::venues::ray4::layout::AmmV4;
use cambist_core::venues::cpmm::layout::{CpmmConfig, CpmmPool};
use cambist_core::venues::quote::ChainTime;
use cambist_core::venues::pool::Pool;
use libfuzzer_sys::fuzz_target;

const NOW: ChainTime = ChainTime {
    slot: 300_000_000,
    unix_timestamp: 1_760_000_000,
    epoch: 700,
};
const CONFIG: CpmmConfig = CpmmConfig {
    index: 0,
    trade_fee_rate: 2_500,
    protocol_fee_rate: 120_000,
    fund_fee_rate: 40_000,
    creator_fee_rate: 500,
};

fuzz_target!(|data: &[u8]| {
    let _ = CpmmConfig::decode(data);
    let amounts = [u64::MAX >> (data.len() % 60), 1 << (data.len() % 64)];
    let pools = [
        AmmV4::decode(data).map(|pool| Pool::amm_v4(&pool, amounts[0], amounts[1])),
        CpmmPool::decode(data).map(|pool| Pool::cpmm(&pool, &CONFIG, amounts, [None, None])),
    ];
    for pool in pools.into_iter().flatten() {
        for a_to_b in [true, false] {
            let _ = pool.weight(a_to_b, &NOW);
            let _ = pool.swap(a_to_b, amounts[1], &NOW);
            let _ = pool.swap_exact_out(a_to_b, amounts[1], &NOW);
        }
    }
});
